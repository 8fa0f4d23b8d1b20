"""The decision table: which rule wins in each cell, per basis and effective date."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from subledger.chart.measures import EVENTS, Cell, cells
from subledger.chart.rules import Rule, Ruling, Unbooked, applies, specificity

Key: TypeAlias = tuple[str, Cell]  # event and cell


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """The most specific rulings of every cell.

    `candidates[basis, interval][event, cell]` holds none (a gap), one (the winner) or several (a
    tie); the basis "" stands for every basis that no rule names. `winners` holds the sole
    candidates only, each rule reduced to the lines that apply in the cell. Interval 0 lies before
    the first effective date, interval n starts at `starts[n - 1]`.
    """

    starts: tuple[date, ...]
    bases: tuple[str, ...]
    candidates: Mapping[tuple[str, int], Mapping[Key, tuple[Ruling, ...]]]
    winners: Mapping[tuple[str, int], Mapping[Key, Ruling]]

    def interval(self, basis: str, on: date) -> tuple[str, int]:
        """Return the part of the table that holds for a basis on a date."""
        return (basis if basis in self.bases else ""), bisect_right(self.starts, on)


def decide(rulings: Sequence[Ruling], starts: Iterable[date]) -> DecisionTable:
    """Build the decision table of all rules and declared gaps."""
    days = tuple(sorted({*starts, *(one.from_ for one in rulings if one.from_)}))
    named = ("", *sorted({basis for one in rulings for basis in one.bases}))
    candidates: dict[tuple[str, int], Mapping[Key, tuple[Ruling, ...]]] = {}
    winners: dict[tuple[str, int], Mapping[Key, Ruling]] = {}
    before: tuple[Ruling, ...] | None = None
    for interval, day in enumerate((date.min, *days)):
        current = in_force(rulings, day)
        for basis in named:
            part = basis, interval
            if current == before:  # a date on which accounts change, but no rule
                candidates[part] = candidates[basis, interval - 1]
                winners[part] = winners[basis, interval - 1]
            else:
                candidates[part] = dict(_most_specific(current, basis))
                winners[part] = _sole(candidates[part])
        before = current
    return DecisionTable(days, named, candidates, winners)


def in_force(rulings: Iterable[Ruling], on: date) -> tuple[Ruling, ...]:
    """Return the latest version of each rule on a date; a rule's versions share its id."""
    latest: dict[tuple[object, ...], Ruling] = {}
    for one in sorted(rulings, key=lambda each: each.from_ or date.min):
        if (one.from_ or date.min) <= on:
            latest[(one.id, one.event if isinstance(one, Unbooked) else None)] = one
    return tuple(latest.values())


def boxes(event: str, some: Iterable[Cell]) -> list[str]:
    """Return cells as text, joined where they fill a box: `trade(side=long, effect=open|close)`.

    A dimension with all its values is left out; `trade(any)` are all cells.
    """
    merged: list[tuple[tuple[str, ...], ...]] = [tuple((v,) for v in cell) for cell in some]
    domains = EVENTS[event]
    for place in range(len(domains)):
        groups: dict[tuple[tuple[str, ...], ...], tuple[str, ...]] = {}
        for box in merged:
            rest = box[:place] + box[place + 1 :]
            groups[rest] = groups.get(rest, ()) + box[place]
        merged = [(*rest[:place], values, *rest[place:]) for rest, values in groups.items()]
    return [_box_text(event, box) for box in merged]


def _box_text(event: str, box: tuple[tuple[str, ...], ...]) -> str:
    parts = [
        f"{name}={'|'.join(values)}"
        for (name, domain), values in zip(EVENTS[event].items(), box, strict=True)
        if len(values) < len(domain)
    ]
    return f"{event}({', '.join(parts) or 'any'})"


def _most_specific(
    current: Sequence[Ruling], basis: str
) -> Iterator[tuple[Key, tuple[Ruling, ...]]]:
    for event in EVENTS:
        ranked = [(specificity(one), one) for one in current if one.event == event]
        for cell in cells(event):
            found = [(rank, one) for rank, one in ranked if applies(one, cell, basis=basis)]
            top = max((rank for rank, _ in found), default=0)
            best = sorted((one for rank, one in found if rank == top), key=lambda one: one.id)
            yield (event, cell), tuple(best)


def _sole(table: Mapping[Key, tuple[Ruling, ...]]) -> Mapping[Key, Ruling]:
    shared: dict[tuple[str, tuple[int, ...]], Rule] = {}
    winners: dict[Key, Ruling] = {}
    for (event, cell), best in table.items():
        if len(best) != 1:
            continue
        ruling = best[0]
        if isinstance(ruling, Rule):
            ruling = ruling.for_cell(cell)
            numbers = tuple(line.number for line in ruling.lines)
            ruling = shared.setdefault((ruling.id, numbers), ruling)
        winners[event, cell] = ruling
    return winners
