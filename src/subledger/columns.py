"""Columns of Arrow tables as numpy arrays, and declared tables from columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.numbers import Int64Array
from subledger.tables import Table

Texts: TypeAlias = npt.NDArray[np.object_]
Days: TypeAlias = npt.NDArray[np.datetime64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.intp]


def texts(table: pa.Table, name: str) -> Texts:
    """Return a text column as an object array of str; equal texts are one object."""
    encoded = table.column(name).combine_chunks().dictionary_encode()
    distinct = np.asarray(encoded.dictionary.to_numpy(zero_copy_only=False), dtype=object)
    return np.asarray(distinct[encoded.indices.to_numpy()], dtype=object)


def numbers(table: pa.Table, name: str, *, missing: int = 0) -> Int64Array:
    """Return an integer column as int64; nulls become `missing`."""
    return np.asarray(pc.fill_null(table.column(name), missing).to_numpy(), dtype=np.int64)


def days(table: pa.Table, name: str) -> Days:
    """Return a date column as datetime64[D]; nulls become NaT."""
    return np.asarray(table.column(name).to_numpy(), dtype="datetime64[D]")


def flags(table: pa.Table, name: str) -> Flags:
    """Return a yes-or-no column."""
    return np.asarray(table.column(name).to_numpy(), dtype=bool)


def column(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """Return any column in the array type of its Arrow type."""
    kind = table.schema.field(name).type
    if pa.types.is_string(kind):
        return texts(table, name)
    if pa.types.is_date(kind):
        return days(table, name)
    return flags(table, name) if pa.types.is_boolean(kind) else numbers(table, name)


def build(declared: Table, columns: Mapping[str, Any]) -> pa.Table:
    """Return a declared table from its columns, every one of which must be given.

    A scalar text or number is repeated; NaT becomes null; a masked array's masked rows too.
    """
    length = max((len(c) for c in columns.values() if np.ndim(c)), default=0)
    arrays = [_array(columns[field.name], field.type, length=length) for field in declared.schema]
    return pa.Table.from_arrays(arrays, schema=declared.schema)


def _array(values: Any, kind: pa.DataType, *, length: int) -> pa.Array:  # noqa: ANN401 - any column
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks().cast(kind)
    if np.ndim(values) == 0:
        return pa.repeat(pa.scalar(values, kind), length)
    if isinstance(values, np.ma.MaskedArray):
        return pa.array(values.data, type=kind, mask=np.ma.getmaskarray(values))
    return pa.array(values, type=kind)


def concatenate(declared: Table, parts: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of several tables of one declaration, one after another."""
    tables = [part.select(declared.schema.names) for part in parts if part.num_rows]
    return pa.concat_tables(tables).combine_chunks() if tables else declared.empty()


def ordered(declared: Table, table: pa.Table) -> pa.Table:
    """Return the table sorted by its declared order."""
    return table.sort_by([(name, "ascending") for name in declared.order])


def group_codes(columns: Sequence[npt.NDArray[Any]]) -> tuple[Codes, Int64Array]:
    """Number the distinct combinations of several columns in order of first appearance.

    Returns the code of each row and, per code, the first row that has it.
    """
    if not len(columns[0]):
        return np.empty(0, np.intp), np.empty(0, np.int64)
    combined = np.zeros(len(columns[0]), np.int64)
    for values in columns:
        codes = pc.dictionary_encode(pa.array(values)).indices.to_numpy().astype(np.int64)
        combined = combined * (int(codes.max()) + 1) + codes
        combined = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    return rank[inverse], first[order].astype(np.int64)


def run_starts(sorted_codes: npt.NDArray[Any]) -> Int64Array:
    """Return the row at which each run of equal values begins."""
    if not len(sorted_codes):
        return np.empty(0, np.int64)
    changes = np.flatnonzero(sorted_codes[1:] != sorted_codes[:-1]) + 1
    return np.concatenate([np.zeros(1, np.int64), changes.astype(np.int64)])


def running_totals(values: Int64Array, groups: Codes) -> Int64Array:
    """Return the sum so far within each group; rows of a group stand together, in order."""
    totals = np.cumsum(values)
    starts = run_starts(groups)
    lengths = np.diff(np.append(starts, len(values)))
    return totals - np.repeat(totals[starts] - values[starts], lengths)
