"""The lines of an entry: which line of which rule, measure and slot gave each, and the account.

The rule is applied again to the measures; lines that come out otherwise than they were posted
raise InvariantError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from subledger.chart import Account, Chart, Rule, RuleLine
from subledger.chart.measures import BALANCE_SLOT, CURRENCY_OF
from subledger.errors import InvariantError
from subledger.explain.material import Material, Row
from subledger.explain.nodes import Arithmetic, Node, facts_of, grid_of

_COLUMNS = (
    *("line", "account", "name", "debit", "credit", "local", "currency", "units", "lot"),
    *("book", "strategy", "broker account", "instrument", "counterparty"),
)
_ORIGIN = (*("line", "rule line", "measure", "amount", "of lot", "slot", "account", "chosen by"),)
_FIGURES = ("debit", "credit", "local", "units", "amount")


@dataclass(frozen=True, slots=True)
class LotShare:
    """The measures of an entry that belong to one lot, in the currency and in base.

    `units` are those that go with a measure, where it moves any.
    """

    lot_id: str
    local: Mapping[str, int]
    base: Mapping[str, int]
    units: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Derivation:
    """What an entry was made from: its measures, the cell of its event, the lots it touches."""

    rule: Rule
    cell: Mapping[str, str]
    measures: Row
    lots: Sequence[LotShare] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one line came from: a line of the rule and a measure, of a lot where it says so."""

    template: RuleLine
    lot_id: str
    local: int
    base: int
    units: int = 0


def currency_of(measures: Row, role: str) -> str:
    """Return the currency that a role of `chart.measures.CURRENCY_OF` has in an event."""
    own = measures.get(f"{role}_currency") if role in ("fee", "settlement", "traded") else ""
    return str(own or measures["currency"])


def rederive(derived: Derivation, lines: Sequence[Row]) -> list[Origin] | None:
    """Apply a rule again; return the origin of each line, None where other lines come out."""
    found = [
        origin
        for template in derived.rule.lines
        for origin in _origins(derived, template)
        if origin.local or origin.base or origin.units
    ]
    if len(found) != len(lines):
        return None
    for origin, line in zip(found, lines, strict=True):
        template = origin.template
        currency = currency_of(derived.measures, CURRENCY_OF[template.amount])
        amounts = (template.sign * origin.local, template.sign * origin.base)
        expected = (template.slot, currency, *amounts)
        if expected != tuple(line[name] for name in ("slot", "currency", "amount", "amount_base")):
            return None
        if line["lot_id"] not in ("", origin.lot_id):
            return None
    return found


def _origins(derived: Derivation, template: RuleLine) -> list[Origin]:
    name, counted = template.amount, template.quantity
    if template.per == "lot":
        return [
            Origin(
                template,
                lot.lot_id,
                lot.local.get(name, 0),
                lot.base.get(name, 0),
                lot.units.get(name, 0) if counted else 0,
            )
            for lot in derived.lots
        ]
    measures = derived.measures
    units = measures["quantity"] if counted else 0
    return [Origin(template, "", measures[name], measures[f"{name}_base"], units)]


def lines_node(material: Material, entry: Row, *, lines: Sequence[Row], chart: Chart) -> Node:
    """Return the lines of an entry as debits and credits, and that both sides are equal."""
    reversal = entry["kind"] == "reversal"
    sides = [_sides(line["amount_base"], reversal=reversal) for line in lines]
    rows = [
        _line_row(material, line, sides=side, account=chart.accounts[line["account"]])
        for line, side in zip(lines, sides, strict=True)
    ]
    figures = material.figures(material.units.base)
    debit, credit = sum(one for one, _ in sides), sum(one for _, one in sides)
    equal = Arithmetic(
        "sum of debits = sum of credits", f"{figures.base(debit)} = {figures.base(credit)}"
    )
    return Node("lines", "Lines", (), (equal,), grid_of(_COLUMNS, rows, figures=_FIGURES))


def _sides(amount: int, *, reversal: bool) -> tuple[int, int]:
    """Return debit and credit; a reversal's line stands, negative, on the side it reverses."""
    if amount and (amount > 0) != reversal:
        return amount, 0
    return 0, -amount


def _line_row(
    material: Material, line: Row, *, sides: tuple[int, int], account: Account
) -> dict[str, str]:
    figures = material.figures(line["currency"], line["instrument"])
    debit, credit = sides
    foreign = line["currency"] != material.units.base
    return {
        "line": str(line["line"]),
        "account": account.number,
        "name": account.name,
        "debit": figures.base(debit) if debit else "",
        "credit": figures.base(credit) if credit or not debit else "",
        "local": figures.money(line["amount"]) if foreign else "",
        "currency": line["currency"] if foreign else "",
        "units": "" if line["quantity"] is None else figures.units(line["quantity"]),
        "lot": line["lot_id"],
        "broker account": line["broker_account"],
        **{name: line[name] for name in ("book", "strategy", "instrument", "counterparty")},
    }


def rule_node(
    material: Material, derived: Derivation, *, entry: Row, lines: Sequence[Row], chart: Chart
) -> Node:
    """Return the rule of an entry, and per line its template line, slot, account and measure.

    Raises InvariantError when the rule and the measures do not give the lines.
    """
    rule = derived.rule
    origins = rederive(derived, lines)
    if origins is None or rule.hash != entry["rule_hash"]:
        raise InvariantError(f"{entry['entry_id']}: rule {rule.id} does not give its lines")
    when = ", ".join(f"{name} = {' or '.join(values)}" for name, values in rule.when.items())
    cell = ", ".join(f"{name} = {value}" for name, value in derived.cell.items())
    figures = material.figures(derived.measures["currency"])
    rows = [
        {
            "line": str(line["line"]),
            "rule line": f"{origin.template.number} {origin.template.side}",
            "measure": origin.template.amount,
            "amount": figures.base(origin.base),
            "of lot": origin.lot_id,
            "slot": line["slot"],
            "account": line["account"],
            "chosen by": _chosen_by(material, chart, line=line, cell=derived.cell, entry=entry),
        }
        for origin, line in zip(origins, lines, strict=True)
    ]
    facts = facts_of(
        [("this event", cell), ("applies when", when), ("source", rule.source), ("hash", rule.hash)]
    )
    grid = grid_of(_ORIGIN, rows, figures=_FIGURES)
    return Node("rule", f"Rule {rule.id}", facts, grid=grid)


def _chosen_by(
    material: Material, chart: Chart, *, line: Row, cell: Mapping[str, str], entry: Row
) -> str:
    """Return why a slot stands for the line's account: its default, or the override that won."""
    if line["slot"] == BALANCE_SLOT:
        return "the balance itself"
    slot = chart.slots[line["slot"]]
    conditions = {name: line[name] for name in ("book", "strategy", "broker_account")}
    conditions["asset_class"] = cell.get("asset_class", "")
    active = slot.active(material.policy.name, entry["accounting_date"])
    matching = [one for one in active if one.matches(conditions)]
    return str(max(matching, key=lambda one: one.specificity)) if matching else "default"
