"""An entry explained: its lines, the rule and slots, the measures, the lots, file and row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subledger.booking.items import ITEMS
from subledger.explain.actions import action_of, units_node
from subledger.explain.derivations import derivation, trade_of
from subledger.explain.events import source_node
from subledger.explain.figures import added, subtracted
from subledger.explain.journal import entry_text, event_text, live_entries
from subledger.explain.lines import Derivation, lines_node, rule_node
from subledger.explain.lot_history import require_history
from subledger.explain.lots import join_step_node, opening_node
from subledger.explain.marks import mark_step_node
from subledger.explain.material import Material, Month, Row, rows_where
from subledger.explain.measures import measures_node
from subledger.explain.moves import measures_of, reliefs_of, touched
from subledger.explain.nodes import Arithmetic, Node, facts_of
from subledger.explain.reliefs import relief_step_node
from subledger.explain.shares import marked_lots
from subledger.tables import FEES


@dataclass(frozen=True, slots=True)
class Links:
    """What became of an entry: its reversal, and what replaced it; for a reversal, its original."""

    original: Row | None = None
    reversal: Row | None = None
    replacement: Row | None = None


def entry_node(material: Material, month: Month, *, entry: Row, links: Links) -> Node:
    """Return an entry in full.

    `material` is what was known when the entry was posted, if it was reversed since.
    """
    lines = rows_where(month.lines, seq=entry["seq"])
    parts = [_lines(material, entry, lines=lines)]
    if entry["kind"] != "reversal":
        derived = derivation(material, month, entry=entry, lines=lines)
        if derived is not None:
            parts.append(_rule(material, derived, entry=entry, lines=lines))
            parts.append(measures_node(material, month, entry=entry, derived=derived))
            parts += _lot_nodes(material, month, entry=entry, lines=lines)
        parts += _item(material, entry)
    if entry["event_kind"] == "year_end":
        parts.append(_cleared(material, lines))
    parts += source_node(material, entry)
    return _head(material, entry, links=links).with_children(*parts)


def posted_node(material: Material, month: Month, *, entry: Row) -> Node:
    """Return an entry as a step of its trade: its lines and its rule."""
    lines = rows_where(month.lines, seq=entry["seq"])
    derived = derivation(material, month, entry=entry, lines=lines)
    parts = [_lines(material, entry, lines=lines)]
    if derived is not None:
        parts.append(_rule(material, derived, entry=entry, lines=lines))
    return _head(material, entry, links=Links()).with_children(*parts)


def _head(material: Material, entry: Row, *, links: Links) -> Node:
    batch = material.batch_of(entry["seq"])
    command = material.commands[batch]
    reason = entry["reason"] if entry["kind"] in ("reversal", "manual") else ""
    in_period = entry["activity_period"] != entry["period"]
    activity = f"{entry['activity_date']}"
    activity += f" in {entry['activity_period']}" if in_period else ""
    facts = facts_of(
        [
            ("basis", material.policy.name),
            ("kind", entry["kind"]),
            ("accounting date", f"{entry['accounting_date']} in {entry['period']}"),
            ("activity date", activity),
            ("event", event_text(entry)),
            ("narration", entry["narration"]),
            ("reason", reason),
            ("posted", f"{command.at} by {command.actor} (batch {batch}, {command.command})"),
            ("reverses", _linked(links.original)),
            ("reversed by", _linked(links.reversal)),
            ("replaced by", _linked(links.replacement)),
        ]
    )
    return Node("entry", f"Entry {entry['entry_id']}", facts, batches=(batch,))


def _linked(entry: Row | None) -> str:
    if entry is None:
        return ""
    return entry_text(entry) + (f" ({entry['reason']})" if entry["reverses"] else "")


def _lines(material: Material, entry: Row, *, lines: Sequence[Row]) -> Node:
    chart = material.chart_at(material.batch_of(entry["seq"]))
    return lines_node(material, entry, lines=lines, chart=chart)


def _rule(material: Material, derived: Derivation, *, entry: Row, lines: Sequence[Row]) -> Node:
    chart = material.chart_at(material.batch_of(entry["seq"]))
    return rule_node(material, derived, entry=entry, lines=lines, chart=chart)


def _lot_nodes(material: Material, month: Month, *, entry: Row, lines: Sequence[Row]) -> list[Node]:
    """Return the reliefs of an entry, the lots that it opened or ended, or those that it marked."""
    if entry["event_kind"] == "trade":
        return trade_lot_nodes(material, month, entry=entry, lines=lines, with_openings=True)
    if entry["event_kind"] == "corporate_action":
        return _action_nodes(material, month, entry=entry, lines=lines)
    nodes = []
    if entry["event_kind"] == "mark":
        for lot_id in marked_lots(lines):
            history = require_history(material, lot_id)
            marked = history.mark_on(entry["accounting_date"])
            if marked is not None:
                nodes.append(mark_step_node(material, history, step=marked))
    return nodes


def _action_nodes(
    material: Material, month: Month, *, entry: Row, lines: Sequence[Row]
) -> list[Node]:
    """Return the units after a corporate action, and each lot that it ended."""
    one = touched(month, entry, measures=measures_of(month, entry), lines=lines)
    nodes = [units_node(material, action_of(material, entry["event_id"]), one=one)]
    for move in one.moves:
        history = require_history(material, move.lot_id)
        if move.quantity < 0 and history.joining is not None:
            nodes.append(join_step_node(material, history, step=history.joining))
    return nodes


def trade_lot_nodes(
    material: Material,
    month: Month,
    *,
    entry: Row,
    lines: Sequence[Row],
    with_openings: bool,
) -> list[Node]:
    """Return what a leg did to lots: those that ended in a pool, reliefs, and the lot it opened.

    `with_openings` adds to each relief what opened its lot.
    """
    one = touched(month, entry, measures=measures_of(month, entry), lines=lines)
    nodes = []
    for move in one.moves:
        history = require_history(material, move.lot_id)
        if move.quantity < 0 and history.joining is not None:
            nodes.append(join_step_node(material, history, step=history.joining))
        elif move.lot_id != one.opened:
            nodes.append(opening_node(material, history))
    for row in reliefs_of(month, entry):
        history = require_history(material, row["lot_id"])
        step = relief_step_node(material, history, step=history.relief(row["relief_id"]))
        opening = (opening_node(material, history),) if with_openings else ()
        nodes.append(step.with_children(*opening))
    if one.opened:
        nodes.append(opening_node(material, require_history(material, one.opened)))
    return nodes


def _item(material: Material, entry: Row) -> list[Node]:
    """Return the item that a settlement relieves: a receivable or payable of the trade."""
    if entry["event_kind"] == "dividend_settlement":
        return _dividend_item(material, entry)
    if entry["event_kind"] != "settlement":
        return []
    trade = trade_of(material, entry)
    opened = [
        row
        for kind in ("trade", "fx_trade")
        for row in live_entries(
            material, event_kind=kind, event_id=trade["trade_id"], stage="trade"
        )
    ]
    facts = facts_of(
        [
            ("opened by", "; ".join(entry_text(row) for row in opened)),
            ("due on", trade["settlement_date"]),
            ("trade", material.place(trade)),
        ]
    )
    item = ITEMS[entry["leg"]]
    receives = (trade["side"] == "sell") != (item == "traded")
    name = "Fees" if item == "fees" else "Receivable" if receives else "Payable"
    written = item_arithmetic(material, trade) if item == "amount" else ()
    title = f"{name} of trade {trade['trade_id']}"
    return [Node("settlement", title, facts, written, batches=(trade["batch"],))]


def _dividend_item(material: Material, entry: Row) -> list[Node]:
    """Return the entitlement that a payment relieves: the entry that recognised it."""
    stage = entry["stage"].replace("dividend_settlement:", "dividend:", 1)
    key = {"event_kind": "dividend", "event_id": entry["event_id"], "stage": stage}
    opened = [entry_text(row) for row in live_entries(material, **key)]
    name = "Receivable" if stage.endswith("/long") else "Payable"
    facts = facts_of([("opened by", "; ".join(opened))])
    return [Node("settlement", f"{name} of dividend {entry['event_id']}", facts)] if opened else []


def item_arithmetic(material: Material, trade: Row) -> tuple[Arithmetic, ...]:
    """Write out the net amount of a trade: gross, and its fees added or taken off.

    Fees in another currency are settled apart.
    """
    figures = material.figures(trade["currency"])
    if trade["fee_currency"] not in ("", trade["currency"]):
        return (
            added(
                figures.money(trade["net"]),
                [figures.money(trade["gross"])],
                formula="amount = gross; fees are settled in their own currency",
            ),
        )
    gross, net = figures.money(trade["gross"]), figures.money(trade["net"])
    fees = figures.money(sum(trade[fee] for fee in FEES))
    if trade["side"] == "buy":
        return (added(net, [gross, fees], formula="amount = gross + fees"),)
    return (subtracted(net, gross, right=fees, formula="amount = gross - fees"),)


def _cleared(material: Material, lines: Sequence[Row]) -> Node:
    """Return what a year-end closing carries to retained earnings, per owner."""
    written = []
    for kept in (line for line in lines if line["slot"]):
        figures = material.figures(kept["currency"])
        owner = [kept[name] for name in ("book", "strategy", "broker_account", "currency")]
        parts = [
            figures.base(-line["amount_base"])
            for line in lines
            if not line["slot"]
            and [line[name] for name in ("book", "strategy", "broker_account", "currency")] == owner
        ]
        words = " ".join(name for name in owner[:3] if name) or "no book"
        formula = f"balance of {words} = sum of its income and expenses, debit positive"
        written.append(added(figures.base(kept["amount_base"]), parts, formula=formula))
    return Node("event", "Cleared to retained earnings", (), tuple(written))
