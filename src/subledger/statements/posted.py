"""What was posted: entries with their lines, and the balances that they lead to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers, tables
from subledger.errors import InvariantError
from subledger.statements import grouping

BoolArray = npt.NDArray[np.bool_]
_AMOUNTS = ("amount", "amount_base", "quantity")


@dataclass(frozen=True, slots=True)
class Posted:
    """Entries (`tables.ENTRIES`) with their lines (`tables.LINES`), joined on `seq`."""

    entries: pa.Table
    lines: pa.Table

    def before_closing(self) -> Posted:
        """Return the same without entries of kind `closing`, which clear P&L at a year's end."""
        entries = self.entries.filter(pc.not_equal(self.entries["kind"], "closing"))
        kept = pc.is_in(self.lines["seq"], entries["seq"].combine_chunks())
        return Posted(entries, self.lines.filter(kept))

    def entry_rows(self) -> grouping.IndexArray:
        """Return the row in `entries` of each line; a line without its entry is a bug."""
        rows = grouping.lookup(self.lines, self.entries, on=["seq"])
        if (rows < 0).any():
            raise InvariantError("a line has no entry")
        return rows

    def reversal_lines(self) -> BoolArray:
        """Say of each line whether its entry is a reversal."""
        reversals = pc.equal(self.entries["kind"], "reversal").to_numpy()
        return np.asarray(reversals, np.bool_)[self.entry_rows()]


def debit_and_credit(
    amounts: numbers.Int64Array, reversal: BoolArray
) -> tuple[numbers.Int64Array, numbers.Int64Array]:
    """Split debit-positive amounts into a debit and a credit column.

    A reversal's line stands, negative, on the side of the line that it reverses, so that an entry
    and its reversal cancel on both sides. Debit less credit is the amount.
    """
    on_debit = (amounts > 0) ^ (reversal & (amounts != 0))
    return np.where(on_debit, amounts, 0), np.where(on_debit, 0, -amounts)


def movements(posted: Posted, *, closing: bool = False) -> pa.Table:
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
    both = pa.concat_tables([_balance_like(part.select(names)) for part in (opening, lines)])
    sums = grouping.add_up(both, order, amounts=_AMOUNTS)
    zero = np.ones(sums.num_rows, np.bool_)
    for amount in _AMOUNTS:
        zero &= columns.numbers(sums, amount) == 0
    kept = sums.filter(pa.array(~zero)).combine_chunks()
    return kept.select(tables.BALANCES.schema.names).cast(tables.BALANCES.schema)


def _balance_like(table: pa.Table) -> pa.Table:
    plain = [pa.field(field.name, field.type) for field in table.schema]
    return table.cast(pa.schema(plain))
