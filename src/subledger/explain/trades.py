"""A trade explained: its facts, legs, lots, entries of both stages, settlement, exceptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from subledger.errors import CODES
from subledger.events.known import known_trades
from subledger.explain.derivations import derivation
from subledger.explain.entries import item_arithmetic, posted_node, trade_lot_nodes
from subledger.explain.events import trade_facts
from subledger.explain.journal import live_entries
from subledger.explain.legs import OPENS
from subledger.explain.lots import owner_text
from subledger.explain.material import Material, Month, Row, rows_where, table_where
from subledger.explain.measures import measures_node
from subledger.explain.moves import owner_of
from subledger.explain.nodes import Node, facts_of, grid_of
from subledger.explain.prices import price_text

_ENTRIES = ("entry", "kind", "date", "stage", "leg", "version", "reverses", "reason", "batch")


def trade_node(material: Material, trade_id: str) -> Node:
    """Return a trade in full, under one basis."""
    known = known_trade(material, trade_id)
    live = live_entries(material, event_id=trade_id)
    posted = [row for row in live if row["stage"] == "trade"]
    settled = [row for row in live if row["stage"] == "settlement"]
    exceptions = exceptions_of(material, trade_id)
    children = [
        trade_facts(material, trade_id),
        *(_leg_node(material, entry) for entry in posted),
        *_settlement(material, known, settled=settled),
        *_reversed(material, trade_id),
        *(exception_node(material, row) for row in exceptions),
    ]
    standing = "yes" if posted else _why_not(material, known, exceptions=exceptions)
    return _head(material, known, posted=standing).with_children(*children)


def _head(material: Material, known: Row, *, posted: str) -> Node:
    figures = material.figures(known["currency"], known["instrument"])
    instrument = material.instrument(known["instrument"])
    words = ", ".join(n for n in (instrument["name"], instrument["asset_class"]) if n)
    currency = "" if figures.is_base else f" {known['currency']}"
    facts = facts_of(
        [
            ("basis", material.policy.name),
            ("known now", f"version {known['version']}, {known['status']}"),
            ("instrument", f"{known['instrument']} ({words})"),
            (known["side"], f"{figures.units(known['quantity'])} at {price_text(known)}{currency}"),
            ("trade date", known["trade_date"]),
            ("settlement date", known["settlement_date"]),
            ("settled on", known["settled_date"]),
            ("owner", owner_text(owner_of(known))),
            *((label, known[label]) for label in ("counterparty", "venue", "trader")),
            ("order", known["order_id"]),
            ("posted", posted),
        ]
    )
    return Node("trade", f"Trade {known['trade_id']}", facts)


def known_trade(material: Material, trade_id: str) -> Row:
    """Return a trade in its latest state."""
    facts, moves = (
        table_where(material.facts[kind], trade_id=trade_id) for kind in ("trades", "settlements")
    )
    row: Row = known_trades(facts, moves)[0].to_pylist()[0]
    return row


def _why_not(material: Material, known: Row, *, exceptions: Sequence[Row]) -> str:
    if known["status"] == "cancelled":
        return "no: cancelled"
    if any(row["status"] in ("open", "waived") for row in exceptions):
        return "no: see its exception"
    if known["status"] != "settled" and material.policy.post_status == "settled":
        return "no: trades are posted once they are known to have settled (post_status)"
    return "no: not yet, run subledger post"


def _leg_node(material: Material, entry: Row) -> Node:
    """Return a leg: what it closed or opened, its measures, its entry."""
    month = month_of_entry(material, entry)
    lines = rows_where(month.lines, seq=entry["seq"])
    derived = derivation(material, month, entry=entry, lines=lines)
    posted = posted_node(material, month, entry=entry)
    if derived is None:
        return posted
    measures = derived.measures
    measured = measures_node(material, month, entry=entry, derived=derived)
    if entry["event_kind"] == "fx_trade":
        return Node("leg", "Exchange of currencies", children=(measured, posted))
    trade = material.fact_rows("trades", trade_id=entry["event_id"])[0]
    units = material.figures(trade["currency"], trade["instrument"]).units(measures["quantity"])
    verb = "opens" if entry["leg"] == OPENS else "closes"
    lots = trade_lot_nodes(material, month, entry=entry, lines=lines, with_openings=False)
    title = f"Leg {entry['leg']} {verb} {units} {measures['side']}"
    return Node("leg", title, children=(measured, *lots, posted))


def month_of_entry(material: Material, entry: Row) -> Month:
    """Return the month that an entry of the months at hand was posted in."""
    return next(month for month in material.months if month.label == entry["period"])


def _settlement(material: Material, known: Row, *, settled: Sequence[Row]) -> list[Node]:
    """Return the settlement of a trade, or since when it is due."""
    written = item_arithmetic(material, known)
    posted = tuple(_settled_node(material, entry) for entry in settled)
    if posted:
        return [Node("settlement", "Settlement", (), written, children=posted)]
    if known["status"] == "cancelled":
        return []
    facts = facts_of([("due on", known["settlement_date"]), ("settled on", known["settled_date"])])
    return [Node("settlement", "Settlement is not posted", facts, written)]


def _settled_node(material: Material, entry: Row) -> Node:
    """Return the settlement of an item: its measures and its entry."""
    month = month_of_entry(material, entry)
    posted = posted_node(material, month, entry=entry)
    lines = rows_where(month.lines, seq=entry["seq"])
    derived = derivation(material, month, entry=entry, lines=lines)
    if derived is None:
        return posted
    return posted.with_children(measures_node(material, month, entry=entry, derived=derived))


def _reversed(material: Material, trade_id: str) -> Iterator[Node]:
    """Yield the entries of a trade that were reversed, and their reversals."""
    every = [row for _, row in material.rows("entries", event_id=trade_id)]
    gone = {row["reverses"] for row in every if row["reverses"]}
    found = [row for row in every if row["reverses"] or row["entry_id"] in gone]
    if not found:
        return
    rows = [
        {
            "entry": row["entry_id"],
            "kind": row["kind"],
            "date": str(row["accounting_date"]),
            "stage": row["stage"],
            "leg": str(row["leg"] or ""),
            "version": str(row["event_version"]),
            "reverses": row["reverses"],
            "reason": row["reason"],
            "batch": str(material.batch_of(row["seq"])),
        }
        for row in sorted(found, key=lambda row: int(row["seq"]))
    ]
    batches = tuple(sorted({material.batch_of(row["seq"]) for row in found}))
    yield Node("entries", "Reversed entries", grid=grid_of(_ENTRIES, rows), batches=batches)


def exceptions_of(material: Material, event_id: str) -> list[Row]:
    """Return the exceptions of an event, or of a settlement of a trade, under the basis."""
    rows = rows_where(material.exceptions, basis=material.policy.name)
    return [row for row in rows if event_id in (row["event_id"], row["subject"])]


def exception_node(material: Material, row: Row) -> Node:
    """Return an exception: what it says, where it stands, from which file and row."""
    code = CODES[row["code"]]
    figures = material.figures(row["currency"])
    facts = facts_of(
        [
            ("basis", row["basis"]),
            ("code", f"{row['code']}: {code.meaning}"),
            ("message", row["message"]),
            ("status", row["status"]),
            ("reason", row["reason"]),
            ("swept to", row["swept_to"]),
            ("period", row["period"]),
            ("event", f"{row['event_id']} version {row['event_version']}"),
            ("subject", row["subject"]),
            ("amount at risk", f"{figures.money(row['amount_at_risk'])} {row['currency']}"),
            ("source", material.place(row)),
            ("what to do", code.remedy if row["status"] == "open" else ""),
        ]
    )
    batches = (row["batch"],) if row["batch"] in material.commands else ()
    return Node("exception", f"Exception {row['exception_id']}", facts, batches=batches)
