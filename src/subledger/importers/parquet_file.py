"""Parquet: typed columns to the text that a CSV file would have in their place."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from subledger.errors import Finding
from subledger.importers.source import Intake, Source

FIRST_BYTES = b"PAR1"
_HEADER_ROWS = 2  # the first row counts as line 2, as in a file with a header
_EPOCH = date(1970, 1, 1)
_DAY = 86_400_000  # milliseconds
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z", re.ASCII)

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
    except (pa.ArrowException, OSError, ValueError):
        # Arrow's own words change with its version; what matters is that no row is taken.
        message = "not a Parquet file, or a damaged one"
        return _nothing(Finding("FORMAT_UNREADABLE", message, intake.file))


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
    writers = {field.name: _writer(field.type) for field in schema}
    # Read as codes into their distinct values, repeated text takes no memory.
    coded = [field.name for field in schema if pa.types.is_string(field.type)]
    file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=coded)
    table = file.read(columns=[name for name, writer in writers.items() if writer])
    table.validate(full=True)
    unreadable = [
        Finding(*problem, intake.file, column=field.name)
        for field in schema
        if (problem := _problem(field.type))
    ]
    columns: dict[str, list[str]] = {}
    room = intake.limits.size
    for name, writer in writers.items():
        if writer is None:
            columns[name] = [""] * table.num_rows
            continue
        columns[name], size = _texts(_combined(table, name), writer, room=room)
        room -= size
    numbers = list(range(_HEADER_ROWS, table.num_rows + _HEADER_ROWS))
    texts = tuple(columns[name] for name in header)
    return Source(header, texts, numbers, unreadable=unreadable)


def _combined(table: pa.Table, name: str) -> pa.Array:
    """Return a column in one piece; of two of one name, which are refused, the first."""
    column = table.column(table.schema.get_all_field_indices(name)[0])
    return column.unify_dictionaries().combine_chunks()


def _texts(column: pa.Array, writer: Writer, *, room: int) -> tuple[list[str], int]:
    """Return a column as text, each distinct value written once, and the characters of it."""
    if pa.types.is_null(column.type):
        return [""] * len(column), 0
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = column.dictionary
    distinct = np.empty(len(values) + 1, object)
    present = values.is_valid().to_numpy(zero_copy_only=False)
    distinct[:] = ""
    distinct[:-1][present] = writer(values.drop_null())
    codes = column.indices.cast(pa.int64()).fill_null(len(values)).to_numpy()
    lengths = np.fromiter((len(text) for text in distinct), np.int64, len(distinct))
    size = int(lengths[codes].sum())
    if size > room:
        raise _TooLarge
    return distinct[codes].tolist(), size


def _problem(kind: pa.DataType) -> tuple[str, str] | None:
    """Return the code and message of a column whose type states no value of a file."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_floating(kind):
        return "INEXACT_COLUMN", f"a column of type {kind}"
    if _writer(kind) is None:
        return "VALUE_TYPE", f"a column of type {kind}"
    return None


def _writer(kind: pa.DataType) -> Writer | None:
    """Return what writes values of a type as text, or None when nothing does."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_timestamp(kind):
        zone = _zone(kind.tz)
        if kind.tz is not None and zone is None:
            return None
        return lambda values: [_moment(v, kind.unit, zone=zone) for v in _integers(values)]
    return next((write for holds, write in _WRITERS if holds(kind)), None)


def _zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    if match := _OFFSET.match(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None


def _moment(value: int, unit: str, *, zone: tzinfo | None) -> str:
    """Return an instant in its zone with the offset, or a time without zone without one."""
    whole, part = divmod(value, _PER_SECOND[unit])
    nanoseconds = part * (10**9 // _PER_SECOND[unit])
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole)
        moment = moment.astimezone(zone) if zone else moment.replace(tzinfo=None)
    except OverflowError:
        return str(value)
    text = moment.isoformat()
    decimals = f".{nanoseconds:09}".removesuffix("000") if nanoseconds else ""
    clock = len("2026-01-31T09:30:00")
    return f"{text[:clock]}{decimals}{text[clock:]}"


def _integers(values: pa.Array) -> list[int]:
    integers: list[int] = values.cast(pa.int64()).to_pylist()
    return integers


def _days(values: pa.Array) -> list[str]:
    if pa.types.is_date32(values.type):
        return [_day(days) for days in values.cast(pa.int32()).to_pylist()]
    return [_day(milliseconds // _DAY) for milliseconds in _integers(values)]


def _day(days: int) -> str:
    try:
        return (_EPOCH + timedelta(days=days)).isoformat()
    except OverflowError:
        return str(days)


def _decimals(values: pa.Array) -> list[str]:
    """Return plain decimals; the zeros that fill up the type's scale are no digits of the value."""
    texts = (format(value, "f") for value in values.to_pylist())
    return [text.rstrip("0").removesuffix(".") if "." in text else text for text in texts]


def _strings(values: pa.Array) -> list[str]:
    strings: list[str] = values.to_pylist()
    return strings


_WRITERS: tuple[tuple[Callable[[pa.DataType], bool], Writer], ...] = (
    (pa.types.is_string, _strings),
    (pa.types.is_large_string, _strings),
    (pa.types.is_integer, lambda values: [str(value) for value in values.to_pylist()]),
    (pa.types.is_decimal, _decimals),
    (pa.types.is_boolean, lambda values: ["true" if v else "false" for v in values.to_pylist()]),
    (pa.types.is_date, _days),
    (pa.types.is_floating, lambda values: [repr(value) for value in values.to_pylist()]),
    (pa.types.is_null, lambda values: [""] * len(values)),
)
