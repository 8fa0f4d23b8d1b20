"""CSV by whole columns: files whose bytes show that every reader would read them the same.

A file qualifies without quotes, NUL and lone carriage returns, in UTF-8, with the header's fields
in each line. Of any other, `csv_file` decides row by row.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from subledger.errors import Finding
from subledger.events.context import Limits
from subledger.importers.source import Block, Intake, Source
from subledger.tables import TEXT
from subledger.texts import from_arrow

BOM = b"\xef\xbb\xbf"
_BLOCK = 4 * 2**20  # bytes that one thread reads at a time
_SAMPLE = 2**18  # bytes at the beginning that tell in which columns texts repeat
_PIECE = 16 * 2**20
_OF_A_FILE = 6 * 2**20  # bytes of a long file that are read and judged at a time
_FIRST_ROW = 2
_FIRST_WIDTH = 2  # a line of one empty field looks like a blank line


def is_utf8(data: bytes) -> bool:
    """Say whether bytes are UTF-8, without holding all of their text."""
    if data.isascii():
        return True
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(data)
    try:
        for start in range(0, len(data), _PIECE):
            decoder.decode(view[start : start + _PIECE], final=start + _PIECE >= len(data))
    except UnicodeDecodeError:
        return False
    return True


def read_columns(data: bytes, file: str, *, limits: Limits) -> Source | None:
    """Return the rows of a plain file of UTF-8; None for one that is to be read row by row."""
    begin = len(BOM) if data.startswith(BOM) else 0
    header, start = _header(data, begin)
    end = len(data)
    while end > start and data[end - 1] in b"\r\n":
        end -= 1
    if len(header) < _FIRST_WIDTH or not _is_plain(data, start):
        return None
    try:
        columns = _columns(memoryview(data)[start:end], header)
    except pa.ArrowInvalid:
        return None
    count = len(columns[0])
    blank = count != data.count(b"\n", start, end) + (end > start)
    if blank or any(_longest(column) > csv.field_size_limit() for column in columns):
        return None
    findings = []
    if count > limits.rows:
        message, row = f"more than {limits.rows} rows", limits.rows + _FIRST_ROW
        findings = [Finding("TOO_MANY_ROWS", message, file, row)]
        columns, count = [column[: limits.rows] for column in columns], limits.rows
    return Source(tuple(header), tuple(columns), range(_FIRST_ROW, count + _FIRST_ROW), findings)


def blocks(content: BinaryIO, intake: Intake) -> Iterator[Block]:
    """Yield what reads each part of a long file, whole lines each."""
    del intake
    first = content.readline()
    begin = len(BOM) if first.startswith(BOM) else 0
    header, _ = _header(first, begin) if _is_sound(first[begin:]) else ([], 0)
    row, options = _FIRST_ROW, None
    while lines := content.read(_OF_A_FILE):
        lines += content.readline()
        options = options or _options(memoryview(lines), len(header))
        after = row + lines.count(b"\n") + (not lines.endswith(b"\n"))
        yield partial(_lines, lines, tuple(header), numbers=range(row, after), options=options)
        row = after


def _lines(
    lines: bytes, header: tuple[str, ...], *, numbers: range, options: Mapping[str, Any]
) -> Source | None:
    """Return the rows of some lines, whose numbers are given; None if they are not plain."""
    if len(header) < _FIRST_WIDTH or not _is_sound(lines):
        return None
    names = [str(place) for place in range(len(header))]
    at_once = pyarrow.csv.ReadOptions(column_names=names, block_size=len(lines), use_threads=False)
    try:
        table = pyarrow.csv.read_csv(pa.BufferReader(lines), read_options=at_once, **options)
    except pa.ArrowInvalid:
        return None
    columns = [_in_one(column) for column in table.columns]
    blank = table.num_rows != len(numbers)
    if blank or any(_longest(column) > csv.field_size_limit() for column in columns):
        return None
    return Source(header, tuple(columns), numbers)


def _is_sound(lines: bytes) -> bool:
    return is_utf8(lines) and _is_plain(lines, 0)


def _header(data: bytes, begin: int) -> tuple[list[str], int]:
    """Return the names in the first line and where the second one begins."""
    end = data.find(b"\n", begin)
    end = len(data) if end < 0 else end
    line = data[begin:end].removesuffix(b"\r")
    return (line.decode().split(",") if line else []), min(end + 1, len(data))


def _is_plain(data: bytes, start: int) -> bool:
    """Say whether lines and commas alone make the rows; a second mark would be dropped unseen."""
    if b'"' in data or b"\0" in data or data.startswith(BOM, start):
        return False
    return b"\r" not in data or data.count(b"\r") == data.count(b"\r\n")


def _columns(rows: memoryview, header: Sequence[str]) -> list[pa.Array]:
    """Return the fields of all rows; raise ArrowInvalid where their number is another."""
    names = [str(place) for place in range(len(header))]
    if not rows:
        return [pa.array([], pa.string()) for _ in names]
    # Read block by block, since all blocks at once would take the memory of the file once more.
    batches = pyarrow.csv.open_csv(
        pa.BufferReader(pa.py_buffer(rows)),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK),
        **_options(rows, len(names)),
    )
    table = pa.Table.from_batches(batches, batches.schema).unify_dictionaries()
    chunked = table.columns[::-1]
    del batches, table
    columns = []
    while chunked:  # one after the other, so that no two copies of all of them are held
        columns.append(_in_one(chunked.pop()))
        pa.default_memory_pool().release_unused()
    return columns


def _options(rows: memoryview, width: int) -> dict[str, Any]:
    """Return how Arrow reads the lines of a file: as text, coded where the first ones repeat."""
    kinds = [TEXT if again else pa.string() for again in _repeated(rows, width)]
    convert = pyarrow.csv.ConvertOptions(
        column_types={str(place): kind for place, kind in enumerate(kinds)},
        null_values=[],
        strings_can_be_null=False,
    )
    parse = pyarrow.csv.ParseOptions(quote_char=False, ignore_empty_lines=True)
    return {"parse_options": parse, "convert_options": convert}


def _in_one(column: pa.ChunkedArray) -> pa.Array:
    if column.type == TEXT:
        return from_arrow(column).dictionary()
    return column.combine_chunks()


def _repeated(rows: memoryview, width: int) -> list[bool]:
    """Say in which columns texts repeat at the beginning of the file: those are coded."""
    lines = bytes(rows[:_SAMPLE]).splitlines()
    lines = lines[:-1] if len(rows) > _SAMPLE else lines
    fields = [line.split(b",") for line in lines]
    fields = [row for row in fields if len(row) == width]
    return [2 * len(set(values)) <= len(fields) for values in zip(*fields, strict=True)] or [
        False
    ] * width


def _longest(column: pa.Array) -> int:
    texts = column.dictionary if column.type == TEXT else column
    return pc.max(pc.binary_length(texts)).as_py() or 0
