"""What lines move: debits and credits by account, and by whatever else they are split.

A journal is summed once, in pieces, on more than one core; trial balance, P&L and daily totals are
drawn from the sums.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from subledger import columns, numbers, tables
from subledger.journal.journal import Journal
from subledger.numbers import Int64Array
from subledger.statements import grouping
from subledger.statements.balances import debit_and_credit
from subledger.statements.exact import in_order
from subledger.statements.report import Report

AMOUNTS = ("debit", "credit", "debit_base", "credit_base", "lines")
OF_ENTRY = ("accounting_date", "kind")
DAILY = ("accounting_date", "kind", "account", "currency")
_LOCAL = ("debit", "credit")
_PIECE = 2**20
_DAILY = pa.schema(
    [
        tables.day("accounting_date"),
        *(tables.text(name) for name in ("kind", "account", "currency")),
        tables.whole("lines"),
        *(tables.base(name) for name in ("debit", "credit")),
        tables.money("amount"),
    ]
)


def turnover(
    posted: Journal, by: Sequence[str], *, accounts: Collection[str] | None = None
) -> pa.Table:
    """Return the sums of lines by some of their columns, sorted, with the amounts `AMOUNTS`.

    `by` may name columns `OF_ENTRY` as well; `clearing` tells apart what clears P&L at a year's
    end. Only lines of `accounts` count where they are given. A reversal's line counts, negative,
    on the side of the line that it reverses. Of entries `seq`, `kind` and what `by` names are read,
    of lines `seq`, `amount`, `amount_base` and what `by` names.

    Raises NumberOverflow where a sum does not fit in 64 bits.
    """
    lines = posted.lines
    kind = columns.texts(posted.entries, "kind")
    odd = any(name in ("reversal", "closing") for name in kind.distinct())
    found = _Entries(posted.entries, kind, needed=odd or any(name in OF_ENTRY for name in by))
    pieces = (lines.slice(start, _PIECE) for start in range(0, lines.num_rows, _PIECE))

    def sums(piece: pa.Table) -> pa.Table:
        return found.sums(_of_accounts(piece, accounts), by)

    parts = list(in_order(sums, pieces)) or [found.sums(lines, by)]
    return grouping.add_up(pa.concat_tables(parts), [*by, "clearing"], amounts=AMOUNTS)


def _of_accounts(lines: pa.Table, accounts: Collection[str] | None) -> pa.Table:
    if accounts is None:
        return lines
    return lines.filter(pa.array(columns.texts(lines, "account").isin(list(accounts))))


def daily_totals(sums: pa.Table) -> Report:
    """Return the totals per day, kind of entry, account and currency from sums by `DAILY`."""
    added = grouping.add_up(sums, DAILY, amounts=["lines", "debit_base", "credit_base", *_LOCAL])
    columns_of = {name: added[name] for name in (*DAILY, "lines")}
    columns_of |= {side: added[f"{side}_base"] for side in _LOCAL}
    columns_of["amount"] = pa.chunked_array([pa.array(net(added, ""))])
    table = pa.table(columns_of).select(_DAILY.names).cast(_DAILY)
    return Report("journal", "Journal, daily totals", table, ("debit", "credit"))


def is_daily(journal: Report) -> bool:
    """Say whether a journal is given in daily totals."""
    return list(journal.table.column_names) == list(_DAILY.names)


def without_clearing(sums: pa.Table) -> pa.Table:
    """Return the sums of lines that do not clear P&L at a year's end."""
    clearing = columns.flags(sums, "clearing")
    return sums.filter(pa.array(~clearing)) if clearing.any() else sums


def net(sums: pa.Table, suffix: str = "_base") -> Int64Array:
    """Return what lines moved, debit positive."""
    sides = (columns.numbers(sums, f"{side}{suffix}") for side in ("debit", "credit"))
    return numbers.subtract_columns(*sides)


class _Entries:
    """What lines need to know of their entries, looked up only where it is needed."""

    def __init__(self, entries: pa.Table, kind: columns.Texts, *, needed: bool) -> None:
        self._entries, self._kind, self._needed = entries, kind, needed
        self._seq = columns.numbers(entries, "seq") if needed else np.empty(0, np.int64)

    def sums(self, piece: pa.Table, by: Sequence[str]) -> pa.Table:
        """Return the sums of some lines by key."""
        count = piece.num_rows
        none = np.zeros(count, np.bool_)
        rows, reversal, clearing = np.empty(0, np.int64), none, none
        if self._needed:
            rows = columns.rows_numbered(columns.numbers(piece, "seq"), among=self._seq)
            kind = self._kind[rows]
            reversal, clearing = kind == "reversal", kind == "closing"
        keys: list[Any] = [
            columns.column(self._entries, name)[rows]
            if name in OF_ENTRY
            else columns.column(piece, name)
            for name in by
        ]
        code, first = columns.group_codes([*keys, clearing])
        amounts = _amounts(piece, code, count=len(first), reversal=reversal)
        given = {name: _arrow(key[first]) for name, key in zip(by, keys, strict=True)}
        return pa.table(given | {"clearing": pa.array(clearing[first])} | amounts)


def _amounts(
    piece: pa.Table, code: columns.Codes, *, count: int, reversal: columns.Flags
) -> dict[str, pa.Array]:
    """Return the sums of both sides, in base and in the lines' currency, and of lines."""
    base, local = (columns.numbers(piece, name) for name in ("amount_base", "amount"))
    in_base = [numbers.group_sums(code, side, count) for side in debit_and_credit(base, reversal)]
    in_local = in_base
    if not np.array_equal(base, local):
        sides = debit_and_credit(local, reversal)
        in_local = [numbers.group_sums(code, side, count) for side in sides]
    lines = np.bincount(code, minlength=count)
    found = (*in_local, *in_base, lines)
    return {name: pa.array(one, pa.int64()) for name, one in zip(AMOUNTS, found, strict=True)}


def _arrow(key: Any) -> pa.Array:  # noqa: ANN401 - a column of any kind
    return key.dictionary() if isinstance(key, columns.Texts) else pa.array(key)
