"""Rows of the detail sheets, rendered as sheet XML a column at a time and put into the file.

XlsxWriter writes every sheet with its headings, formats and formulas. A detail sheet ends with
pattern rows: empty cells that carry the formats of its columns. `fill_rows` replaces them by the
data, so that a journal of 150,000 lines costs seconds; a text stays an inline string, whatever it
begins with, and a number stands in the file with its exact digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_col_to_name

from subledger.errors import InvariantError, refuse
from subledger.exports.workbook_columns import Column
from subledger.statements.exact import bytes_of, in_order

MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
_CHUNK = 20_000
_COMPRESSION = 2  # four fifths of the best ratio at a third of its time
_ROW = re.compile(r'<row r="([0-9]+)".*?</row>', re.DOTALL)
_CELL = re.compile(r'<c r="[A-Z]+[0-9]+"(?: s="([0-9]+)")?')
_DIMENSION = re.compile(r'<dimension ref="[^"]*"/>')
_UNSAID = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]|_x[0-9A-Fa-f]{4}_")
# Where none of this is met, a text stands in the sheet as it is.
_ODD = "[&<>\\x00-\\x1f\\x7f-\\x{9f}\\x{fffe}\\x{ffff}]|_x"


@dataclass(frozen=True, slots=True)
class Rows:
    """The data of one detail sheet: its columns and the row (from 1) at which they start."""

    columns: Sequence[Column]
    first: int

    def __len__(self) -> int:
        return len(self.columns[0].literals)


def check_rows(sheet: str, rows: Rows) -> None:
    """Refuse WORKBOOK_LIMIT for what a sheet cannot hold: too many rows, too long a text."""
    if rows.first + len(rows) - 1 > MAX_ROWS:
        raise refuse("WORKBOOK_LIMIT", f"sheet {sheet} takes {MAX_ROWS} rows", value=str(len(rows)))
    for column in rows.columns:
        if column.kind != "text" or not len(column.literals):
            continue
        lengths = pc.utf8_length(column.literals)
        if (longest := pc.max(lengths).as_py()) > MAX_TEXT // 2:
            where = pc.index(lengths, longest).as_py()
            check_text(column.literals[where].as_py(), f"{sheet} row {rows.first + where}")


def check_text(text: str, where: str) -> str:
    """Return a text that fits into a cell; refuse WORKBOOK_LIMIT for a longer one."""
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if length > MAX_TEXT:
        message = f"a cell takes {MAX_TEXT} characters, {where} has {length}"
        raise refuse("WORKBOOK_LIMIT", message, value=text[:40])
    return text


def cell_text(text: str) -> str:
    """Return a text as it stands in sheet XML; control characters in the format's own escape."""
    coded = _UNSAID.sub(_code, text)
    return escape(coded)


def _code(match: re.Match[str]) -> str:
    found = match.group()
    return f"_x{ord(found):04X}_" if len(found) == 1 else f"_x005F{found}"


def fill_rows(source: IO[bytes], target: Path, *, sheets: Mapping[int, Rows]) -> None:
    """Write an XlsxWriter file to `target` with the rows of its detail sheets filled in.

    `sheets` maps the number of a sheet (from 1) to its rows. The members keep their order and
    their fixed date, so that the same content gives the same bytes.
    """
    parts = {f"xl/worksheets/sheet{number}.xml": rows for number, rows in sheets.items()}
    with ZipFile(source) as given, ZipFile(target, "w", ZIP_DEFLATED, True, _COMPRESSION) as made:
        for member in given.infolist():
            info = ZipInfo(member.filename, member.date_time)
            info.compress_type = ZIP_DEFLATED
            info.external_attr = member.external_attr
            content = given.read(member)
            with made.open(info, "w") as out:
                if rows := parts.get(member.filename):
                    for piece in _filled(content.decode(), rows):
                        out.write(piece)
                else:
                    out.write(content)


def _filled(sheet: str, rows: Rows) -> Iterator[bytes]:
    found = [match for match in _ROW.finditer(sheet) if int(match.group(1)) >= rows.first]
    if not found:
        raise InvariantError("a detail sheet has no pattern row")
    styles = [
        [match.group(1) or "0" for match in _CELL.finditer(pattern.group())] for pattern in found
    ]
    last = max(rows.first + len(rows) - 1, rows.first)
    corner = f"{xl_col_to_name(len(rows.columns) - 1)}{last}"
    head = _DIMENSION.sub(f'<dimension ref="A1:{corner}"/>', sheet[: found[0].start()], count=1)
    yield head.encode()
    yield from in_order(
        lambda start: _chunk(rows, styles, start=start), range(0, len(rows), _CHUNK)
    )
    yield sheet[found[-1].end() :].encode()


def _chunk(rows: Rows, styles: Sequence[Sequence[str]], *, start: int) -> bytes:
    count = min(_CHUNK, len(rows) - start)
    first = rows.first + start
    numbers = pa.array(range(first, first + count), pa.int64()).cast(pa.string())
    cells = []
    for place, column in enumerate(rows.columns):
        coded = [row[place] for row in styles]
        letter = xl_col_to_name(place)
        cells.append(_cells(column, numbers, letter=letter, styles=coded, start=start))
    lines = pc.binary_join_element_wise('<row r="', numbers, '">', *cells, "</row>", "")
    return bytes_of(lines)


def _cells(
    column: Column, numbers: pa.Array, *, letter: str, styles: Sequence[str], start: int
) -> pa.Array:
    values = column.literals.slice(start, len(numbers))
    given = pc.fill_null(pc.not_equal(values, ""), False)
    tail = "</v></c>"
    match column.kind:
        case "text":
            values, tail = _escaped(values), "</t></is></c>"
            head = pa.scalar(f'" s="{styles[0]}" t="inlineStr"><is><t xml:space="preserve">')
        case "date" | "number":
            heads = pa.array([f'" s="{style}"><v>' for style in styles])
            variants = column.variants
            head = heads[0] if variants is None else heads.take(variants[start:][: len(numbers)])
    cell = pc.binary_join_element_wise(f'<c r="{letter}', numbers, head, values, tail, "")
    return pc.if_else(given, cell, "")


def _escaped(values: pa.Array) -> pa.Array:
    odd = pc.fill_null(pc.match_substring_regex(values, _ODD), False)
    if not pc.any(odd).as_py():
        return values
    coded = values.dictionary_encode()
    known = pa.array([cell_text(text) for text in coded.dictionary.to_pylist()], pa.string())
    return known.take(coded.indices)
