"""The posting matrix: what each event posts in each case, from the charts as shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from subledger.chart import Chart, Rule, RuleLine, load_chart
from subledger.chart.decision import boxes
from subledger.chart.explaining import THE_BALANCE
from subledger.chart.measures import BALANCE_SLOT, EVENTS, Cell, cells, values_of
from subledger.config import TEMPLATES

Table: TypeAlias = Callable[[Sequence[str], Iterable[Sequence[str]]], str]

COLUMNS = ("event", "rule", "basis", "debit", "credit", "measure", "citation")
_INTRODUCTION = """\
One row per line of an entry, in the order of the decision table: the event with the case in which
the line is there, the rule, the bases that it holds in, the account debited or credited, the
measure that is its amount, and on whose authority. What does not depend on a dimension of the event
does not name it. A negative amount turns the side; a line of amount zero is left out. Where asset
classes have accounts of their own, they stand behind the account. The measures of an event, and the
identities that hold among them, are in [rules.md](rules.md), which has the same rules entry by
entry.
"""


@dataclass
class _Won:
    """Where a rule wins, or one of its lines applies: cells in their order, bases and dates."""

    cells: dict[Cell, None] = field(default_factory=dict)
    bases: dict[str, None] = field(default_factory=dict)
    dates: dict[date, None] = field(default_factory=dict)

    def add(self, cell: Cell, *, basis: str, on: date) -> None:
        """Add one cell of the decision table as it is in a basis from a date on."""
        self.cells[cell] = None
        self.bases[basis] = None
        self.dates[on] = None


def matrix_page(root: Path, table: Table) -> Iterator[str]:
    """Yield the posting matrix of every shipped template, a table for each event.

    Args:
        root: The folder in which `chart_of_accounts` stands.
        table: What makes a table of a heading and rows.
    """
    yield _INTRODUCTION
    for name, settings in TEMPLATES.items():
        folder = root / settings["chart"]
        chart = load_chart({file.name: file.read_bytes() for file in sorted(folder.glob("*.toml"))})
        bases = tuple(settings["basis"])
        rows = list(matrix(chart, bases))
        yield f"## {name}\n\nBases: {', '.join(bases)}. {len(rows)} lines.\n"
        for event, found in groupby(rows, key=lambda row: row[0].partition(":")[0]):
            yield f"### {name}: {event}\n"
            yield table(COLUMNS, found)
        yield f"### {name}: not booked\n"
        yield table(("event", "id", "why"), _unbooked(chart))


def matrix(chart: Chart, bases: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of a chart's posting matrix, as COLUMNS names them."""
    for event in EVENTS:
        lines: dict[tuple[str, date | None, int], _Won] = {}
        rules: dict[tuple[str, date | None], Rule] = {}
        for basis, on, cell, rule in _winners(chart, bases, event=event):
            rules.setdefault((rule.id, rule.from_), rule)
            for line in rule.lines:
                won = lines.setdefault((rule.id, rule.from_, line.number), _Won())
                won.add(cell, basis=basis, on=on)
        whole = {(one.id, one.from_): one for one in chart.rules}
        for key in rules:
            for line in whole[key].lines:
                if (found := lines.get((*key, line.number))) is not None:
                    yield _row(chart, whole[key], line=line, won=found)


def _winners(
    chart: Chart, bases: Sequence[str], *, event: str
) -> Iterator[tuple[str, date, Cell, Rule]]:
    """Yield the rule of every cell of an event, reduced to its lines there; bases innermost."""
    for cell in cells(event):
        for on in (date.min, *chart.decisions.starts):
            for basis in bases:
                rule = chart.rule_for(event, values_of(event, cell), basis=basis, on=on)
                if isinstance(rule, Rule):
                    yield basis, on, cell, rule


def _row(chart: Chart, rule: Rule, *, line: RuleLine, won: _Won) -> tuple[str, ...]:
    accounts = _accounts(chart, line.slot, event=rule.event, won=won)
    basis = ", ".join(won.bases)
    return (
        _case(rule.event, won.cells),
        rule.id,
        f"{basis} from {rule.from_.isoformat()}" if rule.from_ else basis,
        accounts if line.sign > 0 else "",
        accounts if line.sign < 0 else "",
        f"{line.amount}, per lot" if line.per else line.amount,
        rule.source,
    )


def _case(event: str, some: Iterable[Cell]) -> str:
    """Return an event with the cells that are meant: `trade: side = long, effect = open`."""
    texts = [box.removeprefix(event)[1:-1] for box in boxes(event, some)]
    words = [text.replace("=", " = ").replace("|", " or ") for text in texts]
    return event if words == ["any"] else f"{event}: {'; '.join(words)}"


def _accounts(chart: Chart, slot_name: str, *, event: str, won: _Won) -> str:
    """Return the accounts of a slot, each with its asset classes where they decide about it."""
    if slot_name == BALANCE_SLOT:
        return THE_BALANCE
    slot = chart.slots[slot_name]
    classes: dict[str, dict[str, None]] = {}
    every = list(dict.fromkeys(values_of(event, c).get("asset_class", "") for c in won.cells))
    for asset_class in every:
        for basis in won.bases:
            for on in won.dates:
                for number in slot.possible(asset_class, basis=basis, on=on):
                    classes.setdefault(number, {})[asset_class] = None
    named = (
        f"{number} {chart.accounts[number].name}{_of(found, every)}"
        for number, found in classes.items()
    )
    return ", ".join(named)


def _of(found: Mapping[str, None], every: Sequence[str]) -> str:
    return "" if len(found) == len(every) else f" ({' or '.join(found)})"


def _unbooked(chart: Chart) -> Iterator[tuple[str, str, str]]:
    for one in chart.unbooked:
        when = ", ".join(f"{name} = {' or '.join(of)}" for name, of in one.when.items())
        yield f"{one.event}: {when}" if when else one.event, one.id, one.reason
