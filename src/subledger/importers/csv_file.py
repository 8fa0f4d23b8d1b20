"""Canonical CSV: bytes to a header, columns of text and the line number of every row."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator

import pyarrow as pa

from subledger.errors import Finding, InvariantError
from subledger.events.context import Limits
from subledger.importers.csv_columns import BOM, is_utf8, read_columns
from subledger.importers.source import Source

_UNCLOSED = "unexpected end of data"
_TOO_LONG = "field larger"
_AT_ONCE = 50_000  # rows that are held as Python's texts


def parse_csv(data: bytes, file: str, *, limits: Limits | None = None) -> Source:
    """Read comma-separated UTF-8 with a header; a byte-order mark and CRLF are accepted.

    Rows are numbered by the line of the file on which they start; the header is line 1. Blank
    lines at the end are ignored. Findings: FILE_TOO_LARGE, INVALID_UTF8, NUL_BYTE, EMPTY_FILE,
    BLANK_LINE, WRONG_FIELD_COUNT, UNCLOSED_QUOTE, MALFORMED_QUOTE, FIELD_TOO_LONG, TOO_MANY_ROWS.
    """
    limits = limits or Limits()
    findings = _judge_bytes(data, file, limits=limits)
    if findings:
        return Source((), (), [], findings)
    return read_columns(data, file, limits=limits) or read_rows(data, file, limits=limits)


def read_rows(data: bytes, file: str, *, limits: Limits) -> Source:
    """Read bytes that are text row by row, as `csv.reader` does in its strict form."""
    return _Reader(file, limits).read(data)


def _judge_bytes(data: bytes, file: str, *, limits: Limits) -> list[Finding]:
    if len(data) > limits.size:
        message = f"{len(data)} bytes, more than {limits.size}"
        return [Finding("FILE_TOO_LARGE", message, file)]
    if not is_utf8(data):
        return [_not_utf8(data, file)]
    if b"\0" in data:
        lines = enumerate(data.split(b"\n"), start=1)
        message = "a NUL character"
        return [Finding("NUL_BYTE", message, file, row) for row, line in lines if b"\0" in line]
    return []


def _not_utf8(data: bytes, file: str) -> Finding:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        message = f"byte {error.start + 1} of the file is not UTF-8"
        return Finding("INVALID_UTF8", message, file, row, "", f"0x{data[error.start]:02x}")
    raise InvariantError("bytes that are no UTF-8 could be decoded")


class _Reader:
    """Reads one text, collecting what is wrong with its form."""

    def __init__(self, file: str, limits: Limits) -> None:
        self.file, self.limits = file, limits
        self.findings: list[Finding] = []

    def read(self, data: bytes) -> Source:
        """Return the rows that have the header's fields, and the findings for all others."""
        records = self._records(data)
        _, header = next(records, (1, []))
        if not header:
            if not self.findings:
                self._find("EMPTY_FILE", "the first line is not a header", row=1)
            return Source((), (), [], self.findings)
        rows: list[list[str]] = []
        numbers = array("q")
        parts: list[list[pa.Array]] = [[] for _ in header]
        for number, row in self._without_blanks(records):
            if len(row) != len(header):
                message = f"{len(row)} fields, where the header has {len(header)}"
                self._find("WRONG_FIELD_COUNT", message, row=number)
                continue
            if len(numbers) == self.limits.rows:
                self._find("TOO_MANY_ROWS", f"more than {self.limits.rows} rows", row=number)
                break
            rows.append(row)
            numbers.append(number)
            if len(rows) == _AT_ONCE:
                _add(parts, rows)
        _add(parts, rows)
        columns = tuple(pa.concat_arrays(part) for part in parts)
        return Source(tuple(header), columns, numbers, self.findings)

    def _records(self, data: bytes) -> Iterator[tuple[int, list[str]]]:
        """Yield each record with the line on which it starts, until the form breaks."""
        stream = io.BytesIO(data)
        stream.seek(len(BOM) if data.startswith(BOM) else 0)
        reader = csv.reader(io.TextIOWrapper(stream, "utf-8", newline=""), strict=True)
        while True:
            number = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                self._malformed(str(error), number)
                return
            if record is None:
                return
            yield number, record

    def _without_blanks(
        self, records: Iterator[tuple[int, list[str]]]
    ) -> Iterator[tuple[int, list[str]]]:
        """Yield the records that are not blank lines; one with rows after it is refused."""
        blank: list[int] = []
        for number, record in records:
            if not record:
                blank.append(number)
                continue
            for line in blank:
                self._find("BLANK_LINE", "a blank line between rows", row=line)
            blank.clear()
            yield number, record

    def _malformed(self, error: str, number: int) -> None:
        if error.startswith(_UNCLOSED):
            self._find(
                "UNCLOSED_QUOTE", "a quote that opens in this row is never closed", row=number
            )
        elif error.startswith(_TOO_LONG):
            message = f"a field of more than {csv.field_size_limit()} characters"
            self._find("FIELD_TOO_LONG", message, row=number)
        else:
            message = "a quoted field goes on after its closing quote"
            self._find("MALFORMED_QUOTE", message, row=number)

    def _find(self, code: str, message: str, *, row: int) -> None:
        self.findings.append(Finding(code, message, self.file, row))


def _add(parts: list[list[pa.Array]], rows: list[list[str]]) -> None:
    """Move rows to the end of the columns."""
    for place, part in enumerate(parts):
        part.append(pa.array([row[place] for row in rows], pa.string()))
    rows.clear()
