"""Parquet: typed columns to the texts that a CSV file would have in their place, or to numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from typing import BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from subledger.errors import Finding
from subledger.events.typed import is_number, written
from subledger.importers.parquet_moments import moments, zone_of
from subledger.importers.source import Block, Intake, Source
from subledger.numbers import Int64Array
from subledger.tables import TEXT
from subledger.texts import Texts

FIRST_BYTES = b"PAR1"
DAMAGED = (pa.ArrowException, OSError, ValueError)  # raised of a file that Arrow cannot read
_BLOCK_ROWS = 2**15
_CODE_BYTES = 4  # of one row's code
_HEADER_ROWS = 2  # the first row counts as line 2, as in a file with a header
_EPOCH = date(1970, 1, 1)
_DAY = 86_400_000  # milliseconds
_WIDEST = 80  # characters of a number of the widest type

Writer: TypeAlias = Callable[[pa.Array], list[str]]


class _TooLarge(Exception):
    """The columns would be more text than the limit of a file."""


def read_parquet(data: bytes, intake: Intake) -> Source:
    """Read the columns of a Parquet file as text; the first row is row 2, as in CSV.

    Text and integers stay as they are; decimals lose the zeros of their scale; dates are ISO, as
    are timestamps, with the offset of their zone (without one they get none, and are refused
    where they stand); null is empty. Findings: FILE_TOO_LARGE, TOO_MANY_ROWS, FORMAT_UNREADABLE,
    EMPTY_FILE; of a column INEXACT_COLUMN (floats) and VALUE_TYPE (lists, bytes, times of day).
    """
    limit = intake.limits.size
    if len(data) > limit:
        message = f"{len(data)} bytes, more than {limit}"
        return _nothing(Finding("FILE_TOO_LARGE", message, intake.file))
    try:
        return _read(data, intake)
    except _TooLarge:
        message = f"more than {limit} bytes of text"
        return _nothing(Finding("FILE_TOO_LARGE", message, intake.file))
    except DAMAGED:
        # Arrow's own words change with its version; what matters is that no row is taken.
        message = "not a Parquet file, or a damaged one"
        return _nothing(Finding("FORMAT_UNREADABLE", message, intake.file))


def blocks(content: BinaryIO, intake: Intake) -> Iterator[Block]:
    """Yield what reads each part of a long file; of a damaged one `DAMAGED` is raised."""
    data = pa.py_buffer(content.read())
    plain = pq.ParquetFile(pa.BufferReader(data))
    schema = plain.schema_arrow
    if not len(schema) or any(_problem(field.type) for field in schema):
        yield lambda: None
        return
    file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=_repeating(plain))
    row, room = _HEADER_ROWS, intake.limits.size // max(file.metadata.num_rows, 1)
    for batch in file.iter_batches(_BLOCK_ROWS):
        yield partial(_rows_of, batch, row=row, room=room * len(batch))
        row += len(batch)
    if row != file.metadata.num_rows + _HEADER_ROWS:
        raise ValueError("a file of another length")


def _rows_of(batch: pa.RecordBatch, *, row: int, room: int) -> Source | None:
    """Return the rows of a batch as text; None for more text than its share of a file's limit."""
    batch.validate(full=True)
    columns = [_column(column) for column in batch.columns]
    try:
        _require_room(columns, room)
    except _TooLarge:
        return None
    return Source(tuple(batch.schema.names), tuple(columns), range(row, row + len(batch)))


def _nothing(finding: Finding, header: tuple[str, ...] = ()) -> Source:
    return Source(header, tuple([] for _ in header), [], [finding])


def _read(data: bytes, intake: Intake) -> Source:
    file = pq.ParquetFile(pa.BufferReader(data))
    schema = file.schema_arrow
    header = tuple(schema.names)
    if not header:
        return _nothing(Finding("EMPTY_FILE", "there are no columns", intake.file))
    groups = (file.metadata.row_group(place).num_rows for place in range(file.num_row_groups))
    if max(file.metadata.num_rows, sum(groups)) > intake.limits.rows:
        row = intake.limits.rows + _HEADER_ROWS
        message = f"more than {intake.limits.rows} rows"
        return _nothing(Finding("TOO_MANY_ROWS", message, intake.file, row), header)
    file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=_repeating(file))
    readable = {field.name: _is_readable(_values_of(field.type)) for field in schema}
    unreadable = [
        Finding(*problem, intake.file, column=field.name)
        for field in schema
        if (problem := _problem(field.type))
    ]
    count = file.metadata.num_rows
    columns = {
        name: _column(_in_one(file, name)) if read else _empty(count)
        for name, read in readable.items()
    }
    _require_room([*columns.values()], intake.limits.size)
    numbers = range(_HEADER_ROWS, count + _HEADER_ROWS)
    return Source(header, tuple(columns[name] for name in header), numbers, unreadable=unreadable)


def _repeating(file: pq.ParquetFile) -> list[str]:
    """Return the columns of text that take few bytes a row: read as codes, they stay small."""
    sizes = np.zeros(len(file.schema), np.int64)
    for group in range(file.num_row_groups):
        chunks = file.metadata.row_group(group)
        sizes += [chunks.column(n).total_uncompressed_size for n in range(len(sizes))]
    small = sizes <= _CODE_BYTES * file.metadata.num_rows
    leaves = {file.schema.column(n).path for n in np.flatnonzero(small).tolist()}
    text = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
    return [name for name in text if name in leaves]


def _in_one(file: pq.ParquetFile, name: str) -> pa.Array:
    """Return a column in one piece; of two of one name, which are refused, the first."""
    pa.default_memory_pool().release_unused()  # what the column before needed while it was read
    table = file.read(columns=[name])
    table.validate(full=True)
    column = table.column(table.schema.get_all_field_indices(name)[0])
    if len(column) != file.metadata.num_rows:
        raise ValueError("a column of another length")
    return column.unify_dictionaries().combine_chunks()


def _empty(count: int) -> pa.Array:
    return Texts.repeated("", count).dictionary()


def _column(column: pa.Array) -> pa.Array:
    """Return a column as numbers, or as texts of which each distinct one is written once."""
    if pa.types.is_dictionary(column.type) and not _is_text(column.type.value_type):
        column = column.dictionary_decode()
    if pa.types.is_null(column.type):
        return _empty(len(column))
    if pa.types.is_timestamp(column.type):
        return moments(column)
    if is_number(column):
        return column
    if pa.types.is_string(column.type):
        return column.fill_null("")
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if not _is_text(coded.dictionary.type):
        write = next(write for holds, write in _WRITERS if holds(coded.dictionary.type))
        values = pa.array(write(coded.dictionary), pa.string())
    else:
        values = coded.dictionary.cast(pa.string()).fill_null("")
    return _coded(coded.indices, values)


def _coded(indices: pa.Array, values: pa.StringArray) -> pa.DictionaryArray:
    """Return texts by their positions among values, each value once and none of them null."""
    if indices.null_count:
        indices = indices.cast(pa.int32()).fill_null(len(values))
        values = pa.concat_arrays([values, pa.array([""])])
    codes = indices.to_numpy(zero_copy_only=False)
    if not pc.all(pc.less(values[:-1], values[1:]), min_count=0).as_py():
        distinct = values.dictionary_encode()
        codes, values = distinct.indices.to_numpy()[codes], distinct.dictionary
    return Texts(codes.astype(np.int32, copy=False), values).dictionary()


def _require_room(columns: list[pa.Array], limit: int) -> None:
    """Raise _TooLarge for columns of more characters than a file may have bytes."""
    numbers = [column for column in columns if is_number(column)]
    size = sum(_characters(column) for column in columns if not is_number(column))
    if size + sum(_WIDEST * len(column) for column in numbers) > limit:
        size += sum(_characters(written(column)) for column in numbers)
    if size > limit:
        raise _TooLarge


def _characters(column: pa.Array) -> int:
    if column.type != TEXT:
        return pc.sum(pc.utf8_length(column)).as_py() or 0
    lengths: Int64Array = pc.utf8_length(column.dictionary).to_numpy().astype(np.int64)
    return int(lengths[column.indices.to_numpy()].sum())


def _problem(kind: pa.DataType) -> tuple[str, str] | None:
    """Return the code and message of a column whose type states no value of a file."""
    kind = _values_of(kind)
    if pa.types.is_floating(kind):
        return "INEXACT_COLUMN", f"a column of type {kind}"
    return None if _is_readable(kind) else ("VALUE_TYPE", f"a column of type {kind}")


def _values_of(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_readable(kind: pa.DataType) -> bool:
    """Say whether values of a type can be written as text at all."""
    if pa.types.is_timestamp(kind):
        return kind.tz is None or zone_of(kind.tz) is not None
    named = _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    return bool(named or pa.types.is_null(kind) or any(holds(kind) for holds, _ in _WRITERS))


def _days(values: pa.Array) -> list[str]:
    if pa.types.is_date32(values.type):
        return [_day(days) for days in values.cast(pa.int32()).to_pylist()]
    return [_day(milliseconds // _DAY) for milliseconds in values.cast(pa.int64()).to_pylist()]


def _day(days: int) -> str:
    try:
        return (_EPOCH + timedelta(days=days)).isoformat()
    except OverflowError:
        return str(days)


_WRITERS: tuple[tuple[Callable[[pa.DataType], bool], Writer], ...] = (
    (pa.types.is_boolean, lambda values: ["true" if v else "false" for v in values.to_pylist()]),
    (pa.types.is_date, _days),
    (pa.types.is_floating, lambda values: [repr(value) for value in values.to_pylist()]),
)
