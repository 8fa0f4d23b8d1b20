"""The order of entries and lines in the ledger text, and which of them cancel each other there.

Beancount books by date, then by place in the file, and a lot must be opened before it is relieved.
Entries stand by (accounting_date, seq); an entry that only adds to lots is moved up to stand before
the first entry of its day that relieves one of them. Within an entry reliefs stand first.

An entry and its reversal in one month carry no units: a rebooked lot may have been relieved under
its old terms in between, which no order of the two can express. Both stand in base alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger import columns
from subledger.columns import Codes, Flags
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_lots import LotTerms, entry_rows, lot_terms, signs


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
    live = live_lines(month, cancelled[entry])
    terms = lot_terms(context, month, live=live)
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
    seq = columns.numbers(month.entries, "seq")
    dates = columns.days(month.entries, "accounting_date").astype(np.int64)
    key, opens = seq.copy(), np.zeros(len(seq), bool)
    rows = np.flatnonzero(live)
    if len(rows):
        owner = entry[rows]
        lot = columns.texts(month.lines, "lot_id")[rows]
        group, _ = columns.group_codes([dates[owner], lot])
        earliest = np.full(int(group.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(earliest, group, seq[owner])
        opens[owner] = True
        opens[owner[~adds[rows]]] = False
        moved = opens[owner]
        np.minimum.at(key, owner[moved], earliest[group[moved]])
    return np.lexsort((seq, ~opens, key, dates))
