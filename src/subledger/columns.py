"""Columns of Arrow tables as numpy arrays, and declared tables from columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.errors import InvariantError
from subledger.numbers import Int64Array
from subledger.tables import Table, is_text
from subledger.texts import Texts, found_in, from_arrow

__all__ = ["Texts"]

Days: TypeAlias = npt.NDArray[np.datetime64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Codes: TypeAlias = npt.NDArray[np.intp]


def texts(table: pa.Table, name: str) -> Texts:
    """Return a text column."""
    return from_arrow(table.column(name))


def numbers(table: pa.Table, name: str, *, missing: int = 0) -> Int64Array:
    """Return an integer column as int64; nulls become `missing`."""
    return filled(table.column(name), missing)


def filled(column: pa.ChunkedArray, missing: int) -> Int64Array:
    """Return an Arrow column of integers as int64; nulls become `missing`."""
    known = pc.fill_null(column, missing) if column.null_count else column
    return np.asarray(known.to_numpy(), dtype=np.int64)


def days(table: pa.Table, name: str) -> Days:
    """Return a date column as datetime64[D]; nulls become NaT."""
    return np.asarray(table.column(name).to_numpy(), dtype="datetime64[D]")


def flags(table: pa.Table, name: str) -> Flags:
    """Return a yes-or-no column."""
    return np.asarray(table.column(name).to_numpy(), dtype=bool)


def column(table: pa.Table, name: str) -> Any:  # noqa: ANN401 - a column of any kind
    """Return any column in the array type of its Arrow type."""
    kind = table.schema.field(name).type
    if is_text(kind):
        return texts(table, name)
    if pa.types.is_date(kind):
        return days(table, name)
    return flags(table, name) if pa.types.is_boolean(kind) else numbers(table, name)


def build(declared: Table, columns: Mapping[str, Any]) -> pa.Table:
    """Return a declared table from its columns, every one of which must be given.

    A scalar text or number is repeated; NaT becomes null; a masked array's masked rows too.
    """
    length = max((len(c) for c in columns.values() if _is_column(c)), default=0)
    arrays = [_array(columns[field.name], field.type, length=length) for field in declared.schema]
    return pa.Table.from_arrays(arrays, schema=declared.schema)


def _is_column(values: Any) -> bool:  # noqa: ANN401 - any column or scalar
    return isinstance(values, (Texts, pa.Array, pa.ChunkedArray)) or np.ndim(values) > 0


def _array(values: Any, kind: pa.DataType, *, length: int) -> pa.Array:  # noqa: ANN401 - any column
    if is_text(kind):
        return _text_array(values, kind, length=length)
    if isinstance(values, pa.ChunkedArray):
        return (values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()).cast(kind)
    if np.ndim(values) == 0:
        return pa.repeat(pa.scalar(values, kind), length)
    if isinstance(values, np.ma.MaskedArray):
        return pa.array(values.data, type=kind, mask=np.ma.getmaskarray(values))
    return pa.array(values, type=kind)


def _text_array(
    values: Any,  # noqa: ANN401 - any column or scalar
    kind: pa.DataType,
    *,
    length: int,
) -> pa.Array:
    if isinstance(values, str):
        values = Texts.repeated(values, length)
    if isinstance(values, pa.ChunkedArray) and values.type == kind:
        values = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
    if isinstance(values, pa.Array) and values.type == kind:
        return values
    if isinstance(values, pa.ChunkedArray | pa.Array):
        values = from_arrow(values)
    if not isinstance(values, Texts):
        values = Texts.of(values)
    return values.dictionary() if pa.types.is_dictionary(kind) else values.plain()


def concatenate(declared: Table, parts: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of several tables of one declaration, one after another."""
    tables = [part.select(declared.schema.names) for part in parts if part.num_rows]
    if not tables:
        return declared.empty()
    if len(tables) == 1:
        return tables[0].combine_chunks()
    arrays = [
        Texts.joined([from_arrow(table.column(field.name)) for table in tables]).dictionary()
        if pa.types.is_dictionary(field.type)
        else pa.chunked_array([c for table in tables for c in table.column(field.name).chunks])
        for field in declared.schema
    ]
    return pa.Table.from_arrays(arrays, schema=declared.schema).combine_chunks()


def side_by_side(makers: Sequence[Callable[[], Any]], *, rows: int) -> list[Any]:
    """Return what each function makes, two at work at once where columns are long.

    numpy and Arrow let go of Python while they work on a column.
    """
    if rows < _LONG:
        return [make() for make in makers]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda make: make(), makers))


_LONG = 200_000
_AT_ONCE = 2


def with_own_texts(table: pa.Table) -> pa.Table:
    """Return a table whose text columns hold no text but their own: a small part of a large one."""
    for place, field in enumerate(table.schema):
        if is_text(field.type):
            own = texts(table, field.name).canonical()
            column = own.dictionary() if pa.types.is_dictionary(field.type) else own.plain()
            table = table.set_column(place, field, column)
    return table


def with_numbers(table: pa.Table, name: str, *, values: Int64Array) -> pa.Table:
    """Return a table with the values of a number column replaced."""
    if len(values) != table.num_rows:
        raise InvariantError(f"{len(values)} values for {table.num_rows} rows")
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, pa.int64()))


def ordered(declared: Table, table: pa.Table) -> pa.Table:
    """Return the table sorted by its declared order."""
    return sorted_by(table, declared.order)


def sorted_by(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return a table sorted by some columns, ascending, texts by code point."""
    if not names or table.num_rows < 2:  # noqa: PLR2004 - nothing to sort
        return table
    return taken(table, sorting(table, names))


def taken(table: pa.Table, rows: Codes | Int64Array) -> pa.Table:
    """Return some rows of a table in the order given; the table itself where these are all."""
    if len(rows) == table.num_rows and np.array_equal(rows, np.arange(len(rows))):
        return table
    return table.take(pa.array(rows))


def chosen(table: pa.Table, wanted: Flags) -> pa.Table:
    """Return the rows of a table that are wanted; the table itself where all are."""
    return table if wanted.all() else table.filter(pa.array(wanted))


def sorting(table: pa.Table, names: Sequence[str]) -> Codes:
    """Return the rows of a table in the order of some columns; equal ones keep theirs."""
    return order_of([_sortable(table, name) for name in names])


def order_of(keys: Sequence[npt.NDArray[Any]]) -> Codes:
    """Return the rows in the order of whole-number keys, the first before the second and so on.

    Rows with equal keys keep their order. Keys that fit in one number are sorted as one: rows that
    come in long sorted stretches then cost little more than a look at each.
    """
    packed, size = np.zeros(len(keys[0]), np.int64), 1
    for key in keys:
        whole = np.asarray(key).astype(np.int64, copy=False)
        lowest, highest = (int(whole.min()), int(whole.max())) if len(whole) else (0, 0)
        size *= highest - lowest + 1
        if size > _DENSE:
            return np.lexsort([np.asarray(one) for one in reversed(keys)])
        packed = packed * (highest - lowest + 1) + (whole - lowest)
    return np.argsort(packed, kind="stable")


def joined_columns(parts: Sequence[Any]) -> Any:  # noqa: ANN401 - columns of one kind
    """Return the rows of several columns of one kind, one after another."""
    return Texts.joined(parts) if isinstance(parts[0], Texts) else np.concatenate(parts)


def _sortable(table: pa.Table, name: str) -> npt.NDArray[Any]:
    """Return a column as numbers of the same order; unknown dates and numbers come last."""
    field = table.schema.field(name)
    if is_text(field.type):
        return texts(table, name).ranks()
    if pa.types.is_date(field.type):
        whole = table.column(name).cast(pa.int32()).cast(pa.int64())
    elif pa.types.is_boolean(field.type):
        return flags(table, name)
    else:
        whole = table.column(name)
    return filled(whole, np.iinfo(np.int64).max)


def group_codes(columns: Sequence[Any]) -> tuple[Codes, Int64Array]:
    """Number the distinct combinations of several columns in order of first appearance.

    Returns the code of each row and, per code, the first row that has it.
    """
    if not len(columns[0]):
        return np.empty(0, np.intp), np.empty(0, np.int64)
    combined, size = np.zeros(len(columns[0]), np.int64), 1
    for values in columns:
        codes, count = _coded(values)
        if count == 1:
            continue
        if size * count > _DENSE:
            combined, size = _numbered(combined)
        combined, size = combined * count + codes, size * count
    if size > max(_DENSE_PER_ROW * len(combined), _DENSE_AT_LEAST):
        combined, size = _numbered(combined)
    return _by_appearance(combined, size)


_DENSE = 2**62
_DENSE_PER_ROW = 4
_DENSE_AT_LEAST = 2**16


def _coded(values: Any) -> tuple[Int64Array, int]:  # noqa: ANN401 - a column of any kind
    """Return a column as numbers from 0, equal ones for equal values, and a bound above them."""
    if isinstance(values, Texts):
        small = values.compact()
        return small.codes.astype(np.int64), max(len(small.values), 1)
    given = np.asarray(values)
    if given.dtype.kind == "O":
        coded = from_arrow(pa.array(given, pa.string()))
        return coded.codes.astype(np.int64), max(len(coded.values), 1)
    if given.dtype.kind == "M":
        given = given.astype("datetime64[D]").astype(np.int64)
    whole = given.astype(np.int64)
    lowest, highest = int(whole.min()), int(whole.max())
    if highest - lowest < max(_DENSE_PER_ROW * len(whole), _DENSE_AT_LEAST):
        return whole - lowest, highest - lowest + 1
    return _numbered(whole)


def _numbered(values: Int64Array) -> tuple[Int64Array, int]:
    """Return numbers from 0, equal ones for equal values, and how many there are."""
    encoded = pa.array(values).dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), len(encoded.dictionary)


def _by_appearance(codes: Int64Array, size: int) -> tuple[Codes, Int64Array]:
    """Renumber codes below `size` in the order of their first rows; return those rows too."""
    rows = len(codes)
    # 32 bits where they do: what is looked up here and there should stay near the processor.
    kind = np.int32 if rows < np.iinfo(np.int32).max else np.int64
    first: npt.NDArray[Any] = np.full(size, rows, kind)
    # Written from the last row to the first, so that the first one stays.
    first[codes[::-1]] = np.arange(rows - 1, -1, -1, dtype=kind)
    used = np.flatnonzero(first < rows)
    order = used[np.argsort(first[used], kind="stable")]
    found = first[order].astype(np.int64)
    first[order] = np.arange(len(order), dtype=kind)
    return first[codes].astype(np.intp), found


def rows_named(names: Texts, *, among: Texts) -> Int64Array:
    """Return for each name the row that has it among others, the last one; -1 where none has."""
    names, among = names.compact(), among.compact()
    if len(names.values) < len(among.values):
        # What is looked up in the shorter list, which stays near the processor, is not sorted in.
        known = found_in(among, names.values)
        place = np.full(len(names.values) + 1, -1, np.int64)  # the last is for what is not asked
        place[known] = np.arange(len(known))
        return place[names.codes]
    place = np.full(len(among.values) + 1, -1, np.int64)
    place[among.codes] = np.arange(len(among))
    return place[found_in(names, among.values)]


def rows_numbered(wanted: Int64Array, *, among: Int64Array) -> Int64Array:
    """Return for each number the row that has it among others, all distinct; -1 where none has."""
    if not len(among):
        return np.full(len(wanted), -1, np.int64)
    lowest, highest = int(among.min()), int(among.max())
    if highest - lowest < max(_DENSE_PER_ROW * len(among), _DENSE_AT_LEAST):
        found = np.full(highest - lowest + 2, -1, np.int64)  # the last is for what is outside
        found[among - lowest] = np.arange(len(among))
        inside = (wanted >= lowest) & (wanted <= highest)
        return found[np.where(inside, wanted - lowest, -1)]
    order = np.argsort(among, kind="stable")
    place = np.minimum(np.searchsorted(among[order], wanted), len(among) - 1)
    rows = order[place]
    return np.where(among[rows] == wanted, rows, -1)


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
