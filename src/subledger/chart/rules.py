"""Posting rules: one balanced entry template per cell of an event's decision table.

A rule applies to a cell when each dimension that it gives has the cell's value. Its specificity is
the number of dimensions that it narrows: a dimension counts once, whether it gives one value or a
list, and does not count when it lists every value; the basis counts like a dimension. The most
specific rule wins, so the order of rules in the file never matters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from subledger.chart.measures import EVENTS, Cell


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One line of an entry template: side, slot and the measure that is its amount.

    `per = "lot"`: one line per lot, with the lot's owner; otherwise the line carries the event's.
    The measure decides the currency of the line (`measures.CURRENCY_OF`). `only` narrows the line
    to some cells of its rule. `quantity`: the line carries the units, positive on the debit side.
    """

    number: int
    sign: int
    slot: str
    amount: str
    per: str = ""
    quantity: bool = False
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def side(self) -> str:
        """Return dr or cr."""
        return "dr" if self.sign > 0 else "cr"


@dataclass(frozen=True, slots=True)
class Rule:
    """A posting rule; `bases` empty means every basis, `from_` None since ever."""

    id: str
    event: str
    when: Mapping[str, tuple[str, ...]]
    bases: tuple[str, ...]
    from_: date | None
    lines: tuple[RuleLine, ...]
    source: str
    narration: str
    hash: str = ""
    row: int | None = None

    def for_cell(self, cell: Cell) -> Rule:
        """Return the rule with the lines that apply in a cell; its hash stays that of the whole."""
        lines = tuple(line for line in self.lines if _holds(line.only, self.event, cell=cell))
        return self if len(lines) == len(self.lines) else replace(self, lines=lines)


@dataclass(frozen=True, slots=True)
class Unbooked:
    """Cells that deliberately have no rule, and why; an event there becomes an exception."""

    id: str
    event: str
    when: Mapping[str, tuple[str, ...]]
    bases: tuple[str, ...]
    from_: date | None
    reason: str
    row: int | None = None


Ruling = Rule | Unbooked


def applies(ruling: Ruling, cell: Cell, *, basis: str) -> bool:
    """Return whether a rule of the cell's event covers the cell in a basis."""
    return (not ruling.bases or basis in ruling.bases) and _holds(
        ruling.when, ruling.event, cell=cell
    )


def specificity(ruling: Ruling) -> int:
    """Return how many dimensions a rule narrows; the basis counts as one."""
    domains = EVENTS[ruling.event]
    narrowed = sum(set(values) != set(domains[name]) for name, values in ruling.when.items())
    return narrowed + bool(ruling.bases)


def _holds(when: Mapping[str, tuple[str, ...]], event: str, *, cell: Cell) -> bool:
    return all(
        name not in when or value in when[name]
        for name, value in zip(EVENTS[event], cell, strict=True)
    )
