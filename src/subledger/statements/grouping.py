"""Grouping and joining of columns: rows that share a key, summed without wrapping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from subledger import columns, numbers
from subledger.tables import is_text

IndexArray = npt.NDArray[np.intp]


class Groups(NamedTuple):
    """Rows grouped by key: the group of each row, and the key of each group as a table."""

    of_row: IndexArray
    keys: pa.Table

    def sums(self, values: npt.ArrayLike) -> numbers.Int64Array:
        """Return the sum of values per group; raise NumberOverflow instead of wrapping."""
        return numbers.group_sums(self.of_row, values, self.keys.num_rows)


def group(table: pa.Table, names: Sequence[str]) -> Groups:
    """Group the rows of a table by columns; the groups are in ascending order of the key."""
    of_row, first = columns.group_codes([_known(table, name) for name in names])
    keys = table.select(list(names)).take(pa.array(first, pa.int64()))
    order = columns.sorting(keys, names)
    rank = np.empty(len(first), np.intp)
    rank[order] = np.arange(len(first))
    return Groups(rank[of_row], keys.take(pa.array(order)))


def lookup(table: pa.Table, other: pa.Table, *, on: Sequence[str]) -> IndexArray:
    """Return, row by row of a table, the first row of another with the same key; -1 for none."""
    both = [columns.joined_columns([_known(part, name) for part in (other, table)]) for name in on]
    code, first = columns.group_codes(both)
    found = first[code[other.num_rows :]]
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
    return columns.sorted_by(table, names)


def add_up(table: pa.Table, names: Sequence[str], *, amounts: Sequence[str]) -> pa.Table:
    """Return one row per key with the sums of the amount columns, in order of the key."""
    groups = group(table, names)
    sums = groups.keys
    for amount in amounts:
        summed = groups.sums(columns.numbers(table, amount))
        sums = sums.append_column(amount, pa.array(summed, pa.int64()))
    return sums


def _known(table: pa.Table, name: str) -> Any:  # noqa: ANN401 - a column of any kind
    """Return a key column; an unknown date or number is a key like any other."""
    column = table.column(name)
    if pa.types.is_date(column.type):
        column = column.cast(pa.int32()).cast(pa.int64())
    elif is_text(column.type) or not column.null_count:
        return columns.column(table, name)
    return columns.filled(column, np.iinfo(np.int64).min)
