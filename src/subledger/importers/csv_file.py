"""Canonical CSV: bytes to a header, columns of text and the line number of every row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from subledger.errors import Finding
from subledger.events.context import Limits
from subledger.importers.source import Source

_BOM = b"\xef\xbb\xbf"
_UNCLOSED = "unexpected end of data"
_TOO_LONG = "field larger"


def parse_csv(data: bytes, file: str, *, limits: Limits | None = None) -> Source:
    """Read comma-separated UTF-8 with a header; a byte-order mark and CRLF are accepted.

    Rows are numbered by the line of the file on which they start; the header is line 1. Blank
    lines at the end are ignored. Findings: FILE_TOO_LARGE, INVALID_UTF8, NUL_BYTE, EMPTY_FILE,
    BLANK_LINE, WRONG_FIELD_COUNT, UNCLOSED_QUOTE, MALFORMED_QUOTE, FIELD_TOO_LONG, TOO_MANY_ROWS.
    """
    limits = limits or Limits()
    text, findings = _decode(data, file, limits=limits)
    if findings:
        return Source((), (), [], findings)
    return _Reader(file, limits).read(text)


def _decode(data: bytes, file: str, *, limits: Limits) -> tuple[str, list[Finding]]:
    if len(data) > limits.size:
        message = f"{len(data)} bytes, more than {limits.size}"
        return "", [Finding("FILE_TOO_LARGE", message, file)]
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        place = error.start + (len(data) - len(error.object))
        row = data.count(b"\n", 0, place) + 1
        message = f"byte {place + 1} of the file is not UTF-8"
        return "", [Finding("INVALID_UTF8", message, file, row, "", f"0x{data[place]:02x}")]
    if "\0" in text:
        lines = enumerate(text.split("\n"), start=1)
        message = "a NUL character"
        return "", [Finding("NUL_BYTE", message, file, row) for row, line in lines if "\0" in line]
    return text, []


class _Reader:
    """Reads one text, collecting what is wrong with its form."""

    def __init__(self, file: str, limits: Limits) -> None:
        self.file, self.limits = file, limits
        self.findings: list[Finding] = []

    def read(self, text: str) -> Source:
        """Return the rows that have the header's fields, and the findings for all others."""
        records = self._records(text)
        _, header = next(records, (1, []))
        if not header:
            if not self.findings:
                self._find("EMPTY_FILE", "the first line is not a header", row=1)
            return Source((), (), [], self.findings)
        rows: list[list[str]] = []
        numbers: list[int] = []
        for number, row in self._without_blanks(records):
            if len(row) != len(header):
                message = f"{len(row)} fields, where the header has {len(header)}"
                self._find("WRONG_FIELD_COUNT", message, row=number)
                continue
            if len(rows) == self.limits.rows:
                self._find("TOO_MANY_ROWS", f"more than {self.limits.rows} rows", row=number)
                break
            rows.append(row)
            numbers.append(number)
        columns = tuple([row[place] for row in rows] for place in range(len(header)))
        return Source(tuple(header), columns, numbers, self.findings)

    def _records(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Yield each record with the line on which it starts, until the form breaks."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
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
