"""Grouping and joining of columns: rows that share a key, summed without wrapping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers

IndexArray = npt.NDArray[np.intp]
# Codes of several key columns are packed into one int64 as long as they stay below this bound.
_PACKED = 2**62


class Groups(NamedTuple):
    """Rows grouped by key: the group of each row, and the key of each group as a table."""

    of_row: IndexArray
    keys: pa.Table

    def sums(self, values: npt.ArrayLike) -> numbers.Int64Array:
        """Return the sum of values per group; raise NumberOverflow instead of wrapping."""
        return numbers.group_sums(self.of_row, values, self.keys.num_rows)


def group(table: pa.Table, names: Sequence[str]) -> Groups:
    """Group the rows of a table by columns; the groups are in ascending order of the key."""
    _, first, of_row = np.unique(_codes(table, names), return_index=True, return_inverse=True)
    keys = table.select(list(names)).take(pa.array(first, pa.int64()))
    order = pc.sort_indices(keys, [(name, "ascending") for name in names])
    rank = np.empty(len(first), np.intp)
    rank[order.to_numpy()] = np.arange(len(first))
    return Groups(rank[of_row.reshape(-1)], keys.take(order))


def lookup(table: pa.Table, other: pa.Table, *, on: Sequence[str]) -> IndexArray:
    """Return, row by row of a table, the first row of another with the same key; -1 for none."""
    both = pa.concat_tables([plain(part.select(list(on))) for part in (other, table)])
    _, first, code = np.unique(_codes(both, on), return_index=True, return_inverse=True)
    found = first[code.reshape(-1)[other.num_rows :]]
    return np.where(found < other.num_rows, found, -1).astype(np.intp)


def plain(table: pa.Table) -> pa.Table:
    """Return a table whose columns are declared by name and type alone, to be joined to others."""
    fields = [pa.field(field.name, field.type) for field in table.schema]
    return table.cast(pa.schema(fields))


def pick(column: pa.ChunkedArray, rows: IndexArray) -> pa.ChunkedArray:
    """Return the values of a column at rows; null where a row is -1."""
    return column.take(pa.array(rows, pa.int64(), mask=rows < 0))


def ordered(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return a table sorted by columns; rows of one key keep their order."""
    return table.take(pc.sort_indices(table, [(name, "ascending") for name in names]))


def add_up(table: pa.Table, names: Sequence[str], *, amounts: Sequence[str]) -> pa.Table:
    """Return one row per key with the sums of the amount columns, in order of the key."""
    groups = group(table, names)
    sums = groups.keys
    for amount in amounts:
        summed = groups.sums(columns.numbers(table, amount))
        sums = sums.append_column(amount, pa.array(summed, pa.int64()))
    return sums


def _codes(table: pa.Table, names: Sequence[str]) -> npt.NDArray[np.int64]:
    packed = np.zeros(table.num_rows, np.int64)
    size = 1
    for name in names:
        codes, count = _encode(table.column(name))
        if size * count >= _PACKED:
            distinct, packed = np.unique(packed, return_inverse=True)
            packed, size = packed.reshape(-1).astype(np.int64), len(distinct)
        packed = packed * count + codes
        size *= count
    return packed


def _encode(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int64], int]:
    encoded = column.combine_chunks().dictionary_encode("encode")
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, max(len(encoded.dictionary), 1)
