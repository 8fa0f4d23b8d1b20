"""What a rule posts, line by line: for one cell of the decision table, and as a manual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from subledger.chart.chart import Chart
from subledger.chart.measures import BALANCE_SLOT, EVENTS, cell_of, contract
from subledger.chart.rules import Rule, RuleLine

THE_BALANCE = "the account of the balance"


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """One line that an event would get: `side` is dr or cr, `per` lot or empty.

    `currency` is that of the measure, as in `measures.CURRENCY_OF`; fees in the event's own
    currency have `event`.
    """

    rule: str
    line: int
    side: str
    slot: str
    account: str
    name: str
    measure: str
    currency: str
    per: str


@dataclass(frozen=True, slots=True)
class ManualRow:
    """One line of the manual: debit or credit names the account, source the rule's authority."""

    rule: str
    event: str
    basis: str
    when: str
    debit: str
    credit: str
    measure: str
    source: str


def explain_cell(
    chart: Chart, event: str, *, cell: Mapping[str, str], basis: str, on: date
) -> list[ExplainedLine]:
    """Return the lines that an event in a cell would get; none where no rule books it.

    Overrides of slots by book, strategy or broker account are not applied, since a cell has none.
    """
    rule = chart.rule_for(event, cell, basis=basis, on=on)
    if not isinstance(rule, Rule):
        return []
    given = {"asset_class": cell["asset_class"]} if "asset_class" in cell else {}
    currencies = contract(event, cell_of(event, cell)).currencies
    rows = []
    for line in rule.lines:
        at_balance = line.slot == BALANCE_SLOT
        number = "" if at_balance else chart.account_for(line.slot, basis=basis, on=on, **given)
        rows.append(
            ExplainedLine(
                rule=rule.id,
                line=line.number,
                side=line.side,
                slot=line.slot,
                account=number,
                name=THE_BALANCE if at_balance else chart.accounts[number].name,
                measure=line.amount,
                currency=currencies[line.amount],
                per=line.per,
            )
        )
    return rows


def manual_table(chart: Chart) -> list[ManualRow]:
    """Return every line of every rule for a generated manual, in the order of events and rules."""
    order = tuple(EVENTS)
    rules = sorted(chart.rules, key=lambda rule: (order.index(rule.event), rule.id))
    return [_manual_row(chart, rule, line=line) for rule in rules for line in rule.lines]


def _manual_row(chart: Chart, rule: Rule, *, line: RuleLine) -> ManualRow:
    accounts = _accounts(chart, line.slot)
    basis = ", ".join(rule.bases) or "all"
    return ManualRow(
        rule=rule.id,
        event=rule.event,
        basis=f"{basis} from {rule.from_.isoformat()}" if rule.from_ else basis,
        when=_conditions({**rule.when, **line.only}),
        debit=accounts if line.sign > 0 else "",
        credit=accounts if line.sign < 0 else "",
        measure=line.amount,
        source=rule.source,
    )


def _accounts(chart: Chart, slot_name: str) -> str:
    if slot_name == BALANCE_SLOT:
        return THE_BALANCE
    slot = chart.slots[slot_name]
    numbers = dict.fromkeys([slot.default, *(one.account for one in slot.overrides)])
    return ", ".join(f"{number} {chart.accounts[number].name}" for number in numbers)


def _conditions(when: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(f"{name} = {' or '.join(values)}" for name, values in when.items())
