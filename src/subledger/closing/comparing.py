"""How two sets of figures are compared, place by place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.chart import Chart
from subledger.columns import Flags, Texts, group_codes, numbers, texts
from subledger.numbers import Int64Array, exact_sum, group_sums
from subledger.texts import from_arrow

_LISTED = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One check: two figures that must be equal, how many were compared, and what differs.

    `unit` is base (amounts in ledger units), quantity or count. `differences` names the first
    places that differ.
    """

    id: str
    description: str
    left: int
    right: int
    compared: int
    unit: str = "base"
    differences: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Say whether the figures agree, in total and place by place."""
        return self.left == self.right and not self.differences


@dataclass(frozen=True, slots=True)
class Places:
    """Where figures stand: some columns, compared as codes and written out only to be shown."""

    columns: tuple[Texts, ...]

    def __len__(self) -> int:
        return len(self.columns[0])

    def __getitem__(self, rows: Any) -> Places:  # noqa: ANN401 - rows of any kind
        return Places(tuple(column[rows] for column in self.columns))

    def shown(self) -> Texts:
        """Return the values of each row as one text."""
        codes, first = group_codes(self.columns)
        written = pc.binary_join_element_wise(*(one[first].plain() for one in self.columns), " / ")
        return from_arrow(pc.utf8_rtrim(written, " /"))[codes]


class Figures(NamedTuple):
    """Amounts by the place where they stand: in the currency of the place, and in base."""

    place: Places
    local: Int64Array
    base: Int64Array

    def at(self, rows: Flags) -> Figures:
        """Return the figures of some rows."""
        return Figures(self.place[rows], self.local[rows], self.base[rows])

    @property
    def total(self) -> int:
        """Return the sum in base."""
        return exact_sum(self.base)


def places(table: pa.Table, names: Sequence[str]) -> Places:
    """Return the values of columns as the place of each row."""
    return Places(tuple(texts(table, name) for name in names))


def joined_figures(parts: Sequence[Figures]) -> Figures:
    """Return several figures one after the other."""
    columns = zip(*(one.place.columns for one in parts), strict=True)
    return Figures(
        Places(tuple(Texts.joined(column) for column in columns)),
        np.concatenate([one.local for one in parts]),
        np.concatenate([one.base for one in parts]),
    )


def compare(left: Sequence[Figures], right: Sequence[Figures]) -> tuple[tuple[str, ...], int]:
    """Return the places at which two sides differ, in the currency or in base, and how many were.

    The sums of a side are those of all its figures.
    """
    signed = [one._replace(local=-one.local, base=-one.base) for one in right]
    both = joined_figures([*left, *signed])
    place = both.place
    codes, first = group_codes(place.columns)
    count = len(first)
    local, base = (group_sums(codes, amounts, count) for amounts in (both.local, both.base))
    differing = np.flatnonzero((local != 0) | (base != 0))[:_LISTED]
    found = [
        f"{name}: {amount} {view}"
        for row, name in zip(differing, place[first[differing]].shown().tolist(), strict=True)
        for amount, view in ((local[row], "local"), (base[row], "in base"))
        if amount
    ]
    return tuple(found), count


def within(values: Texts, wanted: Iterable[str]) -> Flags:
    """Say row by row whether a text is one of those wanted."""
    return values.isin(list(wanted))


def balances_on(balances: pa.Table, accounts: Iterable[str], *, by: Sequence[str]) -> Figures:
    """Return BALANCES, or LINES, of some accounts by columns."""
    rows = balances.filter(pa.array(within(texts(balances, "account"), accounts)))
    return Figures(places(rows, by), numbers(rows, "amount"), numbers(rows, "amount_base"))


def slots_of(chart: Chart, event: str, *, measures: Iterable[str], sign: int = 0) -> set[str]:
    """Return the slots to which rules post the measures of an event (sign: that side only)."""
    wanted = set(measures)
    return {
        line.slot
        for rule in chart.rules
        if rule.event == event
        for line in rule.lines
        if line.amount in wanted and sign in (0, line.sign)
    }


def accounts_of(chart: Chart, event: str, *, measures: Iterable[str], sign: int = 0) -> set[str]:
    """Return the accounts to which rules post the measures of an event (sign: that side only)."""
    slots = slots_of(chart, event, measures=measures, sign=sign)
    found = [chart.slots[name] for name in slots if name in chart.slots]
    return {slot.default for slot in found} | {
        override.account for slot in found for override in slot.overrides
    }
