"""Workbooks that are damaged, hostile, or hold what no text states."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger.errors import CODES
from subledger.events.context import Limits
from subledger.importers.formats import FORMATS
from subledger.importers.source import Intake, Source

SHEET = "xl/worksheets/sheet1.xml"
NOON = datetime.fromisoformat("2026-01-31T12:00:00")
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def read(data: bytes, *, limits: Limits | None = None) -> Source:
    return FORMATS["xlsx"](data, Intake(file="f", kind="trades", limits=limits or Limits()))


def codes(source: Source) -> list[tuple[str, int | None, str]]:
    return [(f.code, f.row, f.column) for f in [*source.findings, *source.unreadable]]


def workbook(rows: list[list[Any]], *, date_1904: bool = False, chart_first: bool = False) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "date_1904": date_1904})
    if chart_first:
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Sheet1!$A$1:$A$2"})
        book.add_chartsheet("Chart").set_chart(chart)
    sheet = book.add_worksheet("Sheet1")
    formats = {
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        date: book.add_format({"num_format": "dd/mm/yyyy"}),
        time: book.add_format({"num_format": "hh:mm"}),
        timedelta: book.add_format({"num_format": "[h]:mm"}),
    }
    for line, row in enumerate(rows):
        for place, cell in enumerate(row):
            if type(cell) in formats:
                sheet.write_datetime(line, place, cell, formats[type(cell)])
            elif cell is not None:
                sheet.write(line, place, cell)
    book.add_worksheet("Second").write(0, 0, "not read")
    book.close()
    return out.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive(contents: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in contents.items():
            made.writestr(name, content)
    return out.getvalue()


def sheet(cells: str, **more: bytes) -> bytes:
    """Return a workbook whose sheet data is given as XML."""
    xml = f'<worksheet xmlns="{NAMESPACE}"><sheetData>{cells}</sheetData></worksheet>'
    return archive(parts(workbook([["a"]])) | {SHEET: xml.encode()} | more)


def test_cells_become_the_text_of_a_csv_file() -> None:
    source = read(
        workbook(
            [
                ["a", "b", "c"],
                [100.0, 12.5, " as is "],
                [date(2026, 1, 31), NOON, True],
                [1e-7, 123456789012345, 0],
                [-0.1, 1e20, False],
            ]
        )
    )
    assert codes(source) == []
    assert source.header == ("a", "b", "c")
    assert source.numbers == [2, 3, 4, 5]
    assert source.columns == (
        ["100", "2026-01-31", "0.0000001", "-0.1"],
        ["12.5", "2026-01-31T12:00:00", "123456789012345", "100000000000000000000"],
        [" as is ", "true", "0", "false"],
    )


def test_the_first_sheet_of_cells_is_read_whatever_stands_before_it() -> None:
    data = workbook([["a"], [date(2026, 1, 5)]], date_1904=True, chart_first=True)
    assert read(data).columns == (["2026-01-05"],)


def test_blank_rows_between_rows_are_refused_and_those_at_the_end_ignored() -> None:
    source = read(workbook([["a", "b"], [1, 2], [], [3], [4, 5, 6], [""], [None]]))
    assert codes(source) == [("BLANK_LINE", 3, ""), ("WRONG_FIELD_COUNT", 5, "")]
    assert (source.numbers, source.columns) == ([2, 4], (["1", "3"], ["2", ""]))
    assert not source.complete


def test_a_sheet_without_a_header_in_row_1_is_empty() -> None:
    for rows in ([], [[], ["a"]]):
        assert codes(read(workbook(rows))) == [("EMPTY_FILE", 1, "")]


def test_a_number_of_16_digits_is_refused_and_one_of_15_is_not() -> None:
    source = read(workbook([["n"], [0.123456789012345], [1234567890123456], [1e15]]))
    assert codes(source) == [("EXCESS_PRECISION", 3, "n")]
    assert source.unreadable[0].value == "1234567890123456"
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2">{}</c></row>'
    assert codes(read(sheet(cells.format("<v>0.30000000000000004</v>")))) == [
        ("EXCESS_PRECISION", 2, "1")
    ]


def test_times_of_day_and_durations_are_refused() -> None:
    source = read(workbook([["t"], [time(9, 30)], [timedelta(hours=30)]]))
    assert codes(source) == [("VALUE_TYPE", 2, "t"), ("VALUE_TYPE", 3, "t")]


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_errors_and_uncomputed_formulas_are_no_empty_cells(prefix: str) -> None:
    cells = [
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>',
        '<row r="2"><c r="A2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>',
        "<row r='3'><c t='e' r='A3'><v>#N/A</v></c></row>",
        '<row r="4"><c r="A4"><f>1+1</f></c></row>',
        '<row r="5"><c r="A5" s="0"><f t="shared" si="0"/><v/></c></row>',
        '<row r="6"><c r="A6" t="str"><f>""</f><v></v></c></row>',
        '<row r="7"><c r="A7"><f>1+1</f><v>2</v></c></row>',
        '<row r="8"><c r="A8"><f>1+1</f><v></v></c></row>',
    ]
    xml = "".join(cells).replace("</", "\0").replace("<", f"<{prefix}").replace("\0", f"</{prefix}")
    root = f'<{prefix}worksheet xmlns{":x" if prefix else ""}="{NAMESPACE}">'
    whole = f"{root}<{prefix}sheetData>{xml}</{prefix}sheetData></{prefix}worksheet>"
    source = read(archive(parts(workbook([["a"]])) | {SHEET: whole.encode()}))
    assert codes(source) == [
        ("BLANK_LINE", 6, ""),  # a formula whose value is the empty text is an empty cell
        ("CELL_ERROR", 2, "a"),
        ("CELL_ERROR", 3, "a"),
        ("FORMULA_WITHOUT_VALUE", 4, "a"),
        ("FORMULA_WITHOUT_VALUE", 5, "a"),
        ("FORMULA_WITHOUT_VALUE", 8, "a"),
    ]
    assert source.columns == (["#DIV/0!", "#N/A", "=", "=", "2", "="],)


def test_a_zip_bomb_is_refused_before_it_is_inflated() -> None:
    bomb = archive(parts(workbook([["a"]])) | {"xl/media/image1.png": bytes(10**7)})
    assert len(bomb) < 50_000
    source = read(bomb, limits=Limits(inflated=10**6))
    assert codes(source) == [("FILE_TOO_LARGE", None, "")]
    assert codes(read(bomb)) == []


def test_a_directory_that_lies_about_sizes_inflates_no_further_than_it_says() -> None:
    data = archive({"xl/workbook.xml": bytes(10**6)})
    lying = data.replace((10**6).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert codes(read(lying)) == [("FORMAT_UNREADABLE", None, "")]


def test_one_far_cell_does_not_take_the_memory_of_the_rectangle_before_it() -> None:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576">{}</c></row>'
    assert codes(read(sheet(cells.format("<v>1</v>")))) == [("FILE_TOO_LARGE", None, "")]
    coloured = '<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="XFD9" s="0"/></row>'
    assert codes(read(sheet(coloured))) == []


def test_a_text_shared_by_many_cells_is_counted_once_per_cell() -> None:
    rows = [["a"], *(["x" * 10_000] for _ in range(50))]
    assert codes(read(workbook(rows), limits=Limits(size=10**5))) == [("FILE_TOO_LARGE", None, "")]
    assert codes(read(workbook(rows), limits=Limits(size=10**6))) == []


def test_more_rows_than_the_limit_are_refused() -> None:
    source = read(workbook([["a"], [1], [2], [3]]), limits=Limits(rows=2))
    assert codes(source) == [("TOO_MANY_ROWS", 4, "")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a,b\n1,2\n",
        b"PK\x03\x04",
        workbook([["a"], [1]])[:3000],
        archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}),
        archive({"xl/workbook.xml": b"<workbook/>", "xl/_rels/workbook.xml.rels": b""}),
        sheet('<row r="1"><c><v>1</v></c></row>'),
        sheet('<row r="1"><c r="A1"><v>1</v></row>'),
        sheet('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    assert codes(read(data)) == [("FORMAT_UNREADABLE", None, "")]


SOUND = workbook([["date", "price"], [date(2026, 1, 5), 12.5], [date(2026, 1, 6), "x"]])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SOUND) - 1), st.binary(max_size=8), st.integers(0, 60))
def test_bytes_that_change_in_a_workbook_end_in_rows_or_findings(
    place: int, put: bytes, cut: int
) -> None:
    source = read(SOUND[:place] + put + SOUND[place + cut :])
    assert {finding.code for finding in source.findings} <= set(CODES)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_text_that_changes_in_a_sheet_ends_in_rows_or_findings(data: st.DataObject) -> None:
    contents = parts(SOUND)
    name = data.draw(st.sampled_from(sorted(contents)))
    content = contents[name]
    place = data.draw(st.integers(0, len(content)))
    cut = data.draw(st.integers(0, 60))
    put = data.draw(
        st.sampled_from([b"", b"<c>", b"</v>", b'"', b"99", b"<f/>", b"&amp;", b"\xff"])
    )
    contents[name] = content[:place] + put + content[place + cut :]
    source = read(archive(contents))
    assert {f.code for f in [*source.findings, *source.unreadable]} <= set(CODES)
