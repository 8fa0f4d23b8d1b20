"""Reading CSV: the same verdict and rows as csv.reader, with the line of every row."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from subledger.errors import Finding
from subledger.events.context import Limits
from subledger.importers.csv_columns import read_columns
from subledger.importers.csv_file import parse_csv, read_rows
from subledger.importers.source import Source

FORM = {"UNCLOSED_QUOTE", "MALFORMED_QUOTE", "FIELD_TOO_LONG"}
TEXTS = st.text(st.sampled_from(list('ab",\r\n \u00e9\u2028')), max_size=40)


def codes(source: Source) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.row) for finding in source.findings]


def read(source: Source) -> tuple[tuple[str, ...], list[list[str]], list[int], list[Finding]]:
    """Return header, columns, line numbers and findings of a file, whoever read it."""
    columns = [pa.array(column, pa.string()).to_pylist() for column in source.columns]
    return source.header, columns, list(source.numbers), source.findings


def strictly(text: str) -> tuple[list[tuple[int, list[str]]], bool]:
    """Return the records that csv.reader gives, with their first line, and whether it raised."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    try:
        while True:
            line = reader.line_num + 1
            records.append((line, next(reader)))
    except StopIteration:
        return records, False
    except csv.Error:
        return records, True


@given(TEXTS)
def test_the_verdict_and_the_rows_are_those_of_the_strict_csv_reader(text: str) -> None:
    records, raised = strictly(text)
    source = parse_csv(text.encode(), "f.csv")
    if raised and not (records and not records[0][1]):
        assert FORM & {code for code, _ in codes(source)}
    if not source.findings:
        assert not raised
        rows = [record for record in records if record[1]]
        assert source.header == tuple(rows[0][1])
        assert read(source)[2] == [line for line, _ in rows[1:]]
        assert [list(row) for row in zip(*read(source)[1], strict=True)] == [r for _, r in rows[1:]]
    if not raised and records and records[0][1]:
        width = len(records[0][1])
        last = max(place for place, (_, row) in enumerate(records) if row)
        expected = [
            (line, "WRONG_FIELD_COUNT" if row else "BLANK_LINE")
            for line, row in records[1 : last + 1]
            if len(row) != width
        ]
        assert sorted((row, code) for code, row in codes(source)) == sorted(expected)


@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), min_size=1, max_size=6))
def test_whatever_a_csv_writer_writes_is_read_back_with_its_lines(rows: list[list[str]]) -> None:
    rows = [[cell.replace("\0", "").replace("\r", "") for cell in row] for row in rows]
    out = io.StringIO(newline="")
    writer, lines = csv.writer(out, quoting=csv.QUOTE_ALL), []
    for row in rows:
        lines.append(out.getvalue().count("\n") + 1)
        writer.writerow(row)
    data = out.getvalue().encode("utf-8", "replace")
    source = parse_csv(data, "f.csv")
    assert source.findings == []
    replaced = [[c.encode("utf-8", "replace").decode() for c in row] for row in rows]
    assert [list(source.header), *map(list, zip(*read(source)[1], strict=True))] == replaced
    assert read(source)[2] == lines[1:]


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    source = parse_csv(data, "f.csv")
    assert source.findings or source.header


PLAIN = st.lists(
    st.sampled_from(["a", "b", "1", "\u00e9", ",", ",", ",", "\n", "\n", "\r\n", "\ufeff", " "]),
    max_size=30,
)
TRICKY = st.lists(
    st.sampled_from(
        [
            *(b"a", b"b,c", b",", b",", b"\n", b"\r\n", b"\r", b'"', b'""', b"\0", b" "),
            *(b"\xff", b"\xc3", b"\xc3\xa9", b"\xef\xbb\xbf", "\u2028".encode()),
            *(b"x" * 70_000, b"\x0b", b"\x1c"),
        ]
    ),
    max_size=20,
)


@given(st.one_of(TRICKY.map(b"".join), PLAIN.map(lambda parts: "".join(parts).encode())))
def test_whole_columns_are_read_as_rows_are_or_left_to_them(data: bytes) -> None:
    try:
        data.decode()
    except UnicodeDecodeError:
        assert codes(parse_csv(data, "f.csv")) != []
        return
    columns = read_columns(data, "f.csv", limits=Limits(rows=3))
    if columns is not None:
        assert read(columns) == read(read_rows(data, "f.csv", limits=Limits(rows=3)))


@given(st.integers(1, 30), st.integers(2, 4), st.sampled_from(["\n", "\r\n"]))
def test_a_plain_file_is_read_by_whole_columns(rows: int, width: int, end: str) -> None:
    lines = [",".join(f"{row % 7}{column}" for column in range(width)) for row in range(rows)]
    source = read_columns(end.join(lines).encode(), "f.csv", limits=Limits())
    assert source is not None
    assert read(source) == read(read_rows(end.join(lines).encode(), "f.csv", limits=Limits()))


def test_rows_beyond_what_is_held_at_once_are_read_one_by_one_too() -> None:
    data = b'a,b\n"x",1\n' + b"y,2\n" * 60_000
    source = parse_csv(data, "f.csv")
    assert len(source.numbers) == 60_001
    assert read(source)[1] == [["x", *["y"] * 60_000], ["1", *["2"] * 60_000]]


def test_a_byte_order_mark_and_crlf_are_accepted() -> None:
    source = parse_csv(b"\xef\xbb\xbfa,b\r\n1,2\r\n", "f.csv")
    assert read(source) == (("a", "b"), [["1"], ["2"]], [2], [])


def test_rows_are_numbered_by_the_line_on_which_they_start() -> None:
    source = parse_csv(b'a,b\n"1\n1",2\n3,4\n', "f.csv")
    assert read(source) == (("a", "b"), [["1\n1", "3"], ["2", "4"]], [2, 4], [])


def test_a_header_alone_is_a_file_without_rows() -> None:
    assert read(parse_csv(b"a,b", "f.csv")) == (("a", "b"), [[], []], [], [])


def test_all_damaged_rows_are_reported_and_blank_lines_at_the_end_are_not() -> None:
    source = parse_csv(b"a,b\n1\n\n1,2\n1,2,3\n\n\n", "f.csv")
    assert codes(source) == [
        ("WRONG_FIELD_COUNT", 2),
        ("BLANK_LINE", 3),
        ("WRONG_FIELD_COUNT", 5),
    ]
    assert read(source)[2] == [4]


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    assert codes(parse_csv(b"a\n1\n\xff\n", "f.csv")) == [("INVALID_UTF8", 3)]
    assert codes(parse_csv("a\n1\n".encode("utf-16"), "f.csv")) == [("INVALID_UTF8", 1)]
    assert codes(parse_csv(b"a\n\0\n1\n\0", "f.csv")) == [("NUL_BYTE", 2), ("NUL_BYTE", 4)]


def test_a_file_beyond_a_limit_is_refused() -> None:
    assert codes(parse_csv(b"a\n1\n2\n", "f", limits=Limits(size=5))) == [("FILE_TOO_LARGE", None)]
    assert codes(parse_csv(b"a\n1\n2\n", "f", limits=Limits(rows=1))) == [("TOO_MANY_ROWS", 3)]
    assert codes(parse_csv(b"a\n1\n2\n", "f", limits=Limits(rows=2))) == []
