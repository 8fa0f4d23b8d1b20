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
import pyarrow as pa

from subledger import columns
from subledger.columns import Codes, Flags
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_lots import LotTerms, entry_rows, lot_terms, signs
from subledger.numbers import Int64Array, group_sums


@dataclass(frozen=True, slots=True)
class OrderedMonth:
    """Entries and lines in the order of the file; `first` is where the lines of each entry begin.

    `cancelled` is per entry, `live` per line: it carries units of a lot.
    """

    entries: pa.Table
    lines: pa.Table
    first: list[int]
    cancelled: list[bool]
    live: list[bool]
    terms: Mapping[str, LotTerms]


def in_file_order(context: LedgerContext, month: LedgerMonth) -> OrderedMonth:
    """Return the month's entries and lines as they stand in the file, with the terms of lots."""
    entry = entry_rows(month.entries, columns.numbers(month.lines, "seq"))
    cancelled = cancelled_entries(month.entries)
    terms = lot_terms(context, month, live=live_lines(month, cancelled[entry]))
    month = _netted(month, live_lines(month, cancelled[entry]))
    entry = entry_rows(month.entries, columns.numbers(month.lines, "seq"))
    live = live_lines(month, cancelled[entry])
    adds = _adds(month, live, terms=terms)
    order = _entry_order(month, entry=entry, live=live, adds=adds)
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    line = columns.numbers(month.lines, "line")
    line_order = np.lexsort((line, ~(live & ~adds), place[entry]))
    first = np.searchsorted(place[entry][line_order], np.arange(len(order) + 1))
    return OrderedMonth(
        month.entries.take(pa.array(order)),
        month.lines.take(pa.array(line_order)),
        first.tolist(),
        cancelled[order].tolist(),
        live[line_order].tolist(),
        terms,
    )


_SIGNED = ("amount", "amount_base", "quantity")


def _netted(month: LedgerMonth, live: Flags) -> LedgerMonth:
    """Return the month with one line where an entry both adds to a lot and takes from it.

    Beancount does not see what a transaction adds to a lot when it takes from the lot. A line of
    which nothing is left is dropped.
    """
    rows, lines = np.flatnonzero(live), month.lines
    keys = [
        columns.numbers(lines, "seq"),
        *(columns.texts(lines, k) for k in ("account", "lot_id")),
    ]
    group, first = columns.group_codes([key[rows] for key in keys])
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
    ids, reverses = columns.texts(entries, "entry_id"), columns.texts(entries, "reverses")
    period = columns.texts(entries, "period")
    own = dict(zip(ids, period, strict=True))
    reversed_in = {
        entry_id: label for entry_id, label in zip(reverses, period, strict=True) if entry_id
    }
    return np.array(
        [
            reversed_in.get(entry_id) == label or (back != "" and own.get(back) == label)
            for entry_id, back, label in zip(ids, reverses, period, strict=True)
        ],
        dtype=bool,
    )


def live_lines(month: LedgerMonth, cancelled: Flags) -> Flags:
    """Say for each line whether it stands in units of a lot; `cancelled` is given per line."""
    quantity = columns.numbers(month.lines, "quantity")
    lot = columns.texts(month.lines, "lot_id") != ""
    return np.asarray((quantity != 0) & lot & ~cancelled, dtype=bool)


def _adds(month: LedgerMonth, live: Flags, *, terms: Mapping[str, LotTerms]) -> Flags:
    adds = np.zeros(len(live), bool)
    rows = np.flatnonzero(live)
    quantity = columns.numbers(month.lines, "quantity")[rows]
    adds[rows] = np.sign(quantity) == signs(columns.texts(month.lines, "lot_id")[rows], terms)
    return adds


def _entry_order(month: LedgerMonth, *, entry: Codes, live: Flags, adds: Flags) -> Codes:
    """Return the rows of entries by (date, seq), each adding entry before those that take."""
    seq = columns.numbers(month.entries, "seq")
    dates = columns.days(month.entries, "accounting_date").astype(np.int64)
    order = np.lexsort((seq, dates))
    rows = np.flatnonzero(live)
    if not len(rows):
        return order
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    owner = entry[rows]
    lot = columns.texts(month.lines, "lot_id")[rows]
    group, _ = columns.group_codes([dates[owner], lot])
    groups = int(group.max()) + 1
    last_add, first_take = np.full(groups, -1), np.full(groups, len(order))
    adding = adds[rows]
    np.maximum.at(last_add, group[adding], place[owner[adding]])
    np.minimum.at(first_take, group[~adding], place[owner[~adding]])
    if not (last_add > first_take).any():
        return order
    before = _adding_entries(group, place[owner], adding=adding)
    return order[list(_in_need_order(len(order), before))]


def _adding_entries(group: Codes, place: Codes, *, adding: Flags) -> dict[int, list[int]]:
    """Return, per place of an entry that takes from lots, the places of those that add to them."""
    adders: dict[int, set[int]] = {}
    for lot, of in zip(group[adding].tolist(), place[adding].tolist(), strict=True):
        adders.setdefault(lot, set()).add(of)
    needs: dict[int, set[int]] = {}
    for lot, of in zip(group[~adding].tolist(), place[~adding].tolist(), strict=True):
        needs.setdefault(of, set()).update(adders.get(lot, ()))
    return {of: sorted(found - {of}) for of, found in needs.items()}


def _in_need_order(count: int, before: Mapping[int, Sequence[int]]) -> Iterator[int]:
    """Yield the places in order, but each after those that it needs."""
    begun: set[int] = set()
    done: set[int] = set()
    for start in range(count):
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
