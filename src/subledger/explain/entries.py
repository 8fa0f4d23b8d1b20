"""An entry explained: its lines, the rule and slots, the measures, the lots, file and row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from subledger.explain.derivations import (
    derivation,
    marked_lots,
    reliefs_of,
    trade_of,
)
from subledger.explain.events import source_node
from subledger.explain.figures import added, subtracted
from subledger.explain.journal import entry_text, event_text, live_entries
from subledger.explain.legs import (
    gross_arithmetic,
    identity_arithmetic,
    split_arithmetic,
    sum_arithmetic,
)
from subledger.explain.lines import Derivation, lines_node, rule_node
from subledger.explain.lots import mark_step_node, opening_node, relief_step_node, require_history
from subledger.explain.material import Material, Month, Row, rows_where
from subledger.explain.nodes import Arithmetic, Fact, Node, facts_of
from subledger.tables import FEES, MEASURE_NAMES


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


def measures_node(material: Material, month: Month, *, entry: Row, derived: Derivation) -> Node:
    """Return the measures of an entry with their identities and sums written out."""
    measures, kind = derived.measures, entry["event_kind"]
    currency = measures["currency"]
    if kind == "trade":
        return Node(
            "measures",
            "Measures",
            (),
            _trade_measures(material, month, derived=derived, entry=entry),
        )
    figures = material.figures(currency)
    if kind == "mark":
        changes = [figures.base(lot.base["mark_change"]) for lot in derived.lots]
        total = figures.base(measures["mark_change_base"])
        written = (added(total, changes, formula="mark_change = change of each lot"),)
        return Node("measures", "Measures", (), written)
    named = [(name, measures[name]) for name in MEASURE_NAMES if measures[name]]
    return Node(
        "measures",
        "Measures",
        tuple(Fact(name, f"{figures.money(amount)} {currency}") for name, amount in named),
    )


def _trade_measures(
    material: Material, month: Month, *, derived: Derivation, entry: Row
) -> tuple[Arithmetic, ...]:
    trade, measures = trade_of(material, entry), derived.measures
    figures = material.figures(measures["currency"], trade["instrument"])
    key = {"event_kind": "trade", "event_id": entry["event_id"]}
    legs = rows_where(month.measures, **key, event_version=entry["event_version"])
    ordered = sorted(legs, key=lambda row: int(row["leg"]))
    sums: tuple[Arithmetic, ...] = ()
    if measures["effect"] == "close":
        sums = sum_arithmetic(measures, reliefs_of(month, entry), figures=figures)
    return (
        *gross_arithmetic(material, trade),
        *split_arithmetic(material, trade, legs=ordered, leg=entry["leg"]),
        *sums,
        *identity_arithmetic(measures, derived.cell, figures=figures),
    )


def _lot_nodes(material: Material, month: Month, *, entry: Row, lines: Sequence[Row]) -> list[Node]:
    """Return the reliefs of an entry, the lot that it opened, or the lots that it marked."""
    nodes = []
    for row in reliefs_of(month, entry):
        history = require_history(material, row["lot_id"])
        step = relief_step_node(material, history, step=history.relief(row["relief_id"]))
        nodes.append(step.with_children(opening_node(material, history)))
    if entry["event_kind"] == "trade" and not nodes:
        nodes.append(opening_node(material, require_history(material, entry["event_id"])))
    if entry["event_kind"] == "mark":
        for lot_id in marked_lots(lines):
            history = require_history(material, lot_id)
            marked = history.mark_on(entry["accounting_date"])
            if marked is not None:
                nodes.append(mark_step_node(material, history, step=marked))
    return nodes


def _item(material: Material, entry: Row) -> list[Node]:
    """Return the item that a settlement relieves: the trade's receivable or payable."""
    if entry["event_kind"] != "settlement":
        return []
    trade = trade_of(material, entry)
    opened = live_entries(material, event_kind="trade", event_id=trade["trade_id"], stage="trade")
    facts = facts_of(
        [
            ("opened by", "; ".join(entry_text(row) for row in opened)),
            ("due on", trade["settlement_date"]),
            ("trade", material.place(trade)),
        ]
    )
    receives = trade["side"] == "sell"
    title = f"{'Receivable' if receives else 'Payable'} of trade {trade['trade_id']}"
    written = item_arithmetic(material, trade)
    return [Node("settlement", title, facts, written, batches=(trade["batch"],))]


def item_arithmetic(material: Material, trade: Row) -> tuple[Arithmetic, ...]:
    """Write out the amount that settles a trade: gross, and its fees added or taken off."""
    figures = material.figures(trade["currency"])
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
