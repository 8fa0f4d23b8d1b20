"""The order of entries and lines in the ledger text, and which of them cancel each other there.

Beancount books by date, then by place in the file, and a lot must be opened before it is relieved.
Entries stand by (accounting_date, seq); one that adds to a lot is moved up to stand before the
first entry of its day that takes from it. Within an entry reliefs stand first; what one entry adds
to a lot and takes from it again stands as one line.

An entry and its reversal in one month carry no units: a rebooked lot may have been relieved under
its old terms in between, which no order of the two can express. Both stand in base alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from subledger import columns
from subledger.columns import Codes, Flags, Texts
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_lots import LotTerms, entry_rows, in_order, lot_terms
from subledger.numbers import Int64Array, group_sums


@dataclass(frozen=True, slots=True)
class OrderedMonth:
    """A month with the order in which its entries and lines stand in the file.

    `entry_order` and `line_order` are rows of `entries` and `lines`; `first` is where the lines of
    each entry begin, and where the last ones end. `cancelled` is per entry and `lot` per line, in
    the order of the file: the row among `terms` of the lot whose units the line carries, else -1.
    """

    entries: pa.Table
    lines: pa.Table
    entry_order: Codes
    line_order: npt.NDArray[np.int32]
    first: Int64Array
    cancelled: Flags
    lot: npt.NDArray[np.int32]
    terms: LotTerms

    @property
    def entry(self) -> Codes:
        """Return the place in the file of each line's entry."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def in_file(self, column: Texts) -> Texts:
        """Return a column of the entries in the order of the file."""
        order = self.entry_order
        return column if np.array_equal(order, np.arange(len(order))) else column[order]


def in_file_order(context: LedgerContext, month: LedgerMonth) -> OrderedMonth:
    """Return the month's entries and lines as they stand in the file, with the terms of lots."""
    entry = entry_rows(month.entries, columns.numbers(month.lines, "seq"))
    cancelled = cancelled_entries(month.entries)
    live = live_lines(month, cancelled[entry])
    terms = lot_terms(context, month, live=live)
    netted = _netted(month, entry=entry, live=live)
    if netted is not month:
        month = netted
        entry = entry_rows(month.entries, columns.numbers(month.lines, "seq"))
        live = live_lines(month, cancelled[entry])
    lot = _lot_rows(month, live, terms=terms)
    adds = np.zeros(len(live), bool)
    rows = np.flatnonzero(live)
    adds[rows] = (columns.numbers(month.lines, "quantity")[rows] < 0) == terms.short[lot[rows]]
    order = _entry_order(month, entry=entry, live=live, adds=adds)
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    of = place[entry]
    line = columns.numbers(month.lines, "line")
    line_order = in_order(line, ~(live & ~adds), of).astype(np.int32)
    return OrderedMonth(
        month.entries,
        month.lines,
        order,
        line_order,
        np.searchsorted(of[line_order], np.arange(len(order) + 1)),
        cancelled[order],
        lot[line_order],
        terms,
    )


_SIGNED = ("amount", "amount_base", "quantity")


def _netted(month: LedgerMonth, *, entry: Codes, live: Flags) -> LedgerMonth:
    """Return the month with one line where an entry both adds to a lot and takes from it.

    Beancount does not see what a transaction adds to a lot when it takes from the lot. A line of
    which nothing is left is dropped.
    """
    lines = month.lines
    rows = _of_both_signs(columns.numbers(lines, "quantity"), np.flatnonzero(live), entry=entry)
    if not len(rows):
        return month
    owned = (columns.texts(lines, name)[rows] for name in ("account", "lot_id"))
    group, first = columns.group_codes([entry[rows], *owned])
    signed = columns.numbers(lines, "quantity")[rows]
    both = np.isin(group, group[signed > 0]) & np.isin(group, group[signed < 0])
    if not both.any():
        return month
    values = {name: columns.numbers(lines, name).copy() for name in _SIGNED}
    kept = np.ones(len(live), bool)
    kept[rows[both]] = False
    chosen = np.unique(group[both])
    left = rows[first[chosen]]
    for amounts in values.values():
        amounts[left] = group_sums(group, amounts[rows], len(first))[chosen]
    kept[left] = np.any([amounts[left] != 0 for amounts in values.values()], axis=0)
    return replace(month, lines=_with_amounts(lines, values).filter(pa.array(kept)))


def _of_both_signs(quantity: Int64Array, rows: Int64Array, *, entry: Codes) -> Int64Array:
    """Return those rows whose entry both adds units and takes units."""
    above = np.zeros(int(entry.max(initial=0)) + 1, bool)
    below = above.copy()
    signed = quantity[rows]
    above[entry[rows[signed > 0]]] = True
    below[entry[rows[signed < 0]]] = True
    return rows[(above & below)[entry[rows]]]


def _with_amounts(lines: pa.Table, values: Mapping[str, Int64Array]) -> pa.Table:
    none = lines.column("quantity").is_null().to_numpy()
    for name, amounts in values.items():
        mask = none if name == "quantity" else None
        place = lines.schema.get_field_index(name)
        column = pa.array(amounts, pa.int64(), mask=mask)
        lines = lines.set_column(place, lines.schema.field(name), column)
    return lines


def cancelled_entries(entries: pa.Table) -> Flags:
    """Say for each entry whether it and its reversal stand in the same period of these entries."""
    reverses = columns.texts(entries, "reverses")
    cancelled = np.zeros(len(reverses), bool)
    rows = np.flatnonzero(reverses != "")
    if not len(rows):
        return cancelled
    ids, period = columns.texts(entries, "entry_id"), columns.texts(entries, "period")
    reversal = columns.rows_named(ids, among=reverses[rows])
    reversed_ = np.flatnonzero(reversal >= 0)
    cancelled[reversed_] = period[rows[reversal[reversed_]]] == period[reversed_]
    origin = columns.rows_named(reverses[rows], among=ids)
    known = origin >= 0
    cancelled[rows[known]] |= period[origin[known]] == period[rows[known]]
    return cancelled


def live_lines(month: LedgerMonth, cancelled: Flags) -> Flags:
    """Say for each line whether it stands in units of a lot; `cancelled` is given per line."""
    quantity = columns.numbers(month.lines, "quantity")
    lot = columns.texts(month.lines, "lot_id") != ""
    return np.asarray((quantity != 0) & lot & ~cancelled, dtype=bool)


def _lot_rows(month: LedgerMonth, live: Flags, *, terms: LotTerms) -> npt.NDArray[np.int32]:
    """Return the row among the terms of each line's lot; -1 of a line that is not live."""
    found = np.full(len(live), -1, np.int32)
    rows = np.flatnonzero(live)
    found[rows] = terms.rows_of(columns.texts(month.lines, "lot_id")[rows])
    return found


def _entry_order(month: LedgerMonth, *, entry: Codes, live: Flags, adds: Flags) -> Codes:
    """Return the rows of entries by (date, seq), each adding entry before those that take."""
    seq = columns.numbers(month.entries, "seq")
    dates = columns.days(month.entries, "accounting_date").astype(np.int64)
    order = in_order(seq, dates)
    rows = np.flatnonzero(live)
    if not len(rows):
        return order
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    owner = entry[rows]
    day = dates[owner]
    group, first = columns.group_codes([day, columns.texts(month.lines, "lot_id")[rows]])
    last_add, first_take = np.full(len(first), -1), np.full(len(first), len(order))
    adding, at = adds[rows], place[owner]
    np.maximum.at(last_add, group[adding], at[adding])
    np.minimum.at(first_take, group[~adding], at[~adding])
    late = last_add > first_take
    if not late.any():
        return order
    # Entries move within their day only, so that days without a late addition stay as they are.
    days = np.unique(day[first[late]])
    within = np.isin(day, days)
    before = _adding_entries(group[within], at[within], adding=adding[within])
    places = np.flatnonzero(np.isin(dates[order], days)).tolist()
    moved = order.copy()
    moved[places] = order[list(_in_need_order(places, before))]
    return moved


def _adding_entries(group: Codes, place: Codes, *, adding: Flags) -> dict[int, list[int]]:
    """Return, per place of an entry that takes from lots, the places of those that add to them."""
    adders: dict[int, set[int]] = {}
    for lot, of in zip(group[adding].tolist(), place[adding].tolist(), strict=True):
        adders.setdefault(lot, set()).add(of)
    needs: dict[int, set[int]] = {}
    for lot, of in zip(group[~adding].tolist(), place[~adding].tolist(), strict=True):
        needs.setdefault(of, set()).update(adders.get(lot, ()))
    return {of: sorted(found - {of}) for of, found in needs.items()}


def _in_need_order(places: Sequence[int], before: Mapping[int, Sequence[int]]) -> Iterator[int]:
    """Yield the places in order, but each after those that it needs."""
    begun: set[int] = set()
    done: set[int] = set()
    for start in places:
        waiting = [start]
        while waiting:
            place = waiting[-1]
            needed = [] if place in begun else before.get(place, [])
            begun.add(place)
            if needed := [one for one in needed if one not in begun]:
                waiting += reversed(needed)
                continue
            waiting.pop()
            if place not in done:
                done.add(place)
                yield place
