"""What posting appends: entries that are new, and reversals of those that are no longer right.

Nothing is edited or deleted. Posting twice posts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import (
    Codes,
    Texts,
    build,
    column,
    group_codes,
    joined_columns,
    numbers,
    rows_named,
    texts,
)
from subledger.journal.journal import Journal, joined
from subledger.numbers import Int64Array
from subledger.tables import ENTRIES, LINES

KEY = ("event_kind", "event_id", "event_version", "stage", "leg")
_COMPARED_ENTRY = ("kind", "accounting_date", "activity_date", "activity_period", "rule", "reason")
_COMPARED_LINE = tuple(name for name in LINES.schema.names if name not in ("seq", "line"))


def live(journal: Journal) -> Journal:
    """Return the entries that stand: neither a reversal nor reversed."""
    entries = journal.entries
    is_reversal = texts(entries, "kind") == "reversal"
    if not is_reversal.any():
        return journal
    gone = rows_named(texts(entries, "entry_id"), among=texts(entries, "reverses")) >= 0
    return journal.take(np.flatnonzero(~(gone | is_reversal)))


def difference(booked: Journal, posted: Journal, *, basis: str, next_seq: int) -> Journal:
    """Return what is to be appended so that the live entries become what booking says.

    First the reversals of entries that are no longer right, the latest first, each on its
    original's own date; then the new entries in the order of the booking. `posted` holds all
    entries of the same open months, `next_seq` the next free number of the basis.
    """
    standing = live(posted)
    if not standing.entries.num_rows:
        return _numbered([booked], basis=basis, next_seq=next_seq)
    old, new = _keys(standing, booked)
    same = _same(standing, booked, old=old, new=new)
    stale = np.flatnonzero(~np.isin(old, same))[::-1]
    fresh = np.flatnonzero(~np.isin(new, same))
    reasons = Texts.either(np.isin(old[stale], new), "rebooked", "no longer booked")
    reversals = _reversals(standing.take(stale), reasons)
    return _numbered([reversals, booked.take(fresh)], basis=basis, next_seq=next_seq)


def _keys(first: Journal, second: Journal) -> tuple[Codes, Codes]:
    """Number the keys of two journals' entries alike."""
    columns = [
        joined_columns([column(first.entries, name), column(second.entries, name)]) for name in KEY
    ]
    codes, _ = group_codes(columns)
    count = first.entries.num_rows
    return codes[:count], codes[count:]


def _same(first: Journal, second: Journal, *, old: Codes, new: Codes) -> Codes:
    """Return the keys whose entries, with all their lines, are equal in both journals."""
    common = np.intersect1d(old, new)
    size = int(max(old.max(initial=-1), new.max(initial=-1))) + 1
    differs = np.zeros(size, bool)
    heads = [np.zeros(size, np.intp), np.zeros(size, np.intp)]
    heads[0][old], heads[1][new] = np.arange(len(old)), np.arange(len(new))
    for name in _COMPARED_ENTRY:
        left = column(first.entries, name)[heads[0][common]]
        right = column(second.entries, name)[heads[1][common]]
        differs[common[left != right]] = True
    left_rows, left_code = _lines_of(first, old)
    right_rows, right_code = _lines_of(second, new)
    left_count = np.bincount(left_code, minlength=size)
    right_count = np.bincount(right_code, minlength=size)
    differs |= left_count != right_count
    comparable = np.zeros(size, bool)
    comparable[common] = True
    comparable &= ~differs
    left_rows, left_code = left_rows[comparable[left_code]], left_code[comparable[left_code]]
    right_rows = right_rows[comparable[right_code]]
    for name in _COMPARED_LINE:
        unequal = _values(first.lines, name)[left_rows] != _values(second.lines, name)[right_rows]
        differs[left_code[unequal]] = True
    return np.asarray(common[~differs[common]], np.intp)


def _values(lines: pa.Table, name: str) -> npt.NDArray[Any]:
    return numbers(lines, name, missing=0) if name == "quantity" else column(lines, name)


def _lines_of(journal: Journal, codes: Codes) -> tuple[Int64Array, Codes]:
    """Return the rows of the lines sorted by key and line number, and the key of each."""
    code = codes[journal.entry_rows()]
    rows = np.lexsort((numbers(journal.lines, "line"), code))
    return rows, code[rows]


def _reversals(journal: Journal, reasons: Texts) -> Journal:
    """Return entries that undo a journal's: equal but for the sign, on the same dates."""
    entries = {name: journal.entries.column(name) for name in ENTRIES.schema.names}
    entries |= {
        "kind": "reversal",
        "reverses": texts(journal.entries, "entry_id"),
        "reason": reasons,
        "narration": "Reversal: " + texts(journal.entries, "narration"),
    }
    lines = {name: journal.lines.column(name) for name in LINES.schema.names}
    for name in ("amount", "amount_base", "quantity"):
        lines[name] = pc.negate_checked(journal.lines.column(name))
    return Journal(build(ENTRIES, entries), build(LINES, lines))


def _numbered(parts: Sequence[Journal], *, basis: str, next_seq: int) -> Journal:
    """Join journals and give their entries the numbers that follow."""
    numbered = []
    for journal in parts:
        count = journal.entries.num_rows
        given = np.arange(next_seq, next_seq + count)
        next_seq += count
        ids = entry_ids(basis, given)
        entries = {name: journal.entries.column(name) for name in ENTRIES.schema.names}
        lines = {name: journal.lines.column(name) for name in LINES.schema.names}
        numbered.append(
            Journal(
                build(ENTRIES, entries | {"seq": given, "entry_id": ids}),
                build(LINES, lines | {"seq": given[journal.entry_rows()]}),
            )
        )
    return joined(numbered)


def entry_ids(basis: str, seq: Int64Array) -> pa.StringArray:
    """Return the ids of entries by their numbers, of eight digits or more."""
    digits = pc.utf8_lpad(pa.array(seq).cast(pa.string()), 8, padding="0")
    return pc.binary_join_element_wise(basis, digits, "-")
