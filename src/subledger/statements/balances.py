"""Balances that a journal leads to, and the sides on which its lines stand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from subledger import columns, numbers, tables
from subledger.journal.journal import Journal
from subledger.statements import grouping

BoolArray = npt.NDArray[np.bool_]
_AMOUNTS = ("amount", "amount_base", "quantity")


def debit_and_credit(
    amounts: numbers.Int64Array, reversal: BoolArray
) -> tuple[numbers.Int64Array, numbers.Int64Array]:
    """Split debit-positive amounts into a debit and a credit column.

    A reversal's line stands, negative, on the side of the line that it reverses, so that an entry
    and its reversal cancel on both sides. Debit less credit is the amount.
    """
    on_debit = (amounts > 0) ^ (reversal & (amounts != 0))
    return np.where(on_debit, amounts, 0), np.where(on_debit, 0, -amounts)


def movements(posted: Journal, *, closing: bool = False) -> pa.Table:
    """Return what entries move, as `tables.BALANCES`; closing entries only where asked for.

    Raises `NumberOverflow` where a sum does not fit in 64 bits.
    """
    chosen = posted if closing else posted.before_closing()
    return balances_after(tables.BALANCES.empty(), chosen.lines)


def balances_after(opening: pa.Table, lines: pa.Table) -> pa.Table:
    """Return the balances (`tables.BALANCES`) after lines, all lines being counted.

    Rows that are zero in amount, base and quantity are dropped. Raises `NumberOverflow` where a
    sum does not fit in 64 bits.
    """
    order = tables.BALANCES.order
    names = [*order, *_AMOUNTS]
    # Lines are many: they are added up before they meet what was there.
    moved = grouping.add_up(grouping.plain(lines.select(names)), order, amounts=_AMOUNTS)
    before = grouping.plain(opening.select(names))
    both = pa.concat_tables([before, moved.select(names).cast(before.schema)])
    sums = grouping.add_up(both, order, amounts=_AMOUNTS) if before.num_rows else moved
    zero = np.ones(sums.num_rows, np.bool_)
    for amount in _AMOUNTS:
        zero &= columns.numbers(sums, amount) == 0
    kept = sums.filter(pa.array(~zero)).combine_chunks()
    return kept.select(tables.BALANCES.schema.names).cast(tables.BALANCES.schema)
