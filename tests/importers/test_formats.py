"""A file's format is no part of its verdict: CSV, Parquet and xlsx of the same rows agree."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger.errors import Refused
from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.kinds import KINDS
from subledger.events.reading import Reading
from subledger.events.typed import texts_of
from subledger.importers.canonical import read_canonical
from subledger.importers.formats import FORMATS, format_of
from subledger.importers.source import Intake

ISSUED = b"instrument,asset_class,currency,quantity_decimals\nACME,equity,USD,8\n"
PLAIN = Context(base_currency="USD", decimals={"USD": 2, "JPY": 0}, bases=("US-GAAP",))
CONTEXT = Context(
    base_currency="USD",
    decimals=PLAIN.decimals,
    bases=PLAIN.bases,
    instruments=read_canonical("instruments", ISSUED, file="i.csv", context=PLAIN).table,
)

TEXTS = st.sampled_from(
    ["", "1", "-1", "1e5", "NaN", "+1", "1 000", "0.000000000000000001", "9" * 29, "2026-02-30",
     "2026-01-31T09:30:00", "2026-01-31T09:30:00Z", "ACME", "NOPE", "USD", "equity", "buy", "true",
     "TRUE", "T1:1;T2:2", "=1+1", "#N/A", "\u202e", "e\u0301", "a b", "settled"]
)  # fmt: skip
SOUND = {
    "date": ["2026-01-31", "2026-02-01", "1969-12-31", ""],
    "number": ["", "1", "-1", "0.5", "12.345", "92233720368547758.07", "90000000000"],
    "price": ["", "1", "0", "-2", "12.5", "0.000001", "9223372036854775807"],
    "integer": ["", "0", "1", "2"],
    "boolean": ["", "true", "false"],
    "instant": ["", "2026-01-31T09:30:00.125000+00:00"],
    "moment": ["", "2026-01-31"],
}
NAMED = {"instrument": ["ACME", "NOPE"], "currency": ["USD", "JPY", "ABC"]}
ARROW = {
    "date": pa.date32(),
    "number": pa.decimal128(38, 18),
    "price": pa.decimal128(38, 18),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "instant": pa.timestamp("us", tz="UTC"),
}
CELL_DIGITS = 15
INTAKE = Intake(file="f", kind="trades")


def cells_of(column: Column) -> st.SearchStrategy[str]:
    if column.name in NAMED:
        return st.sampled_from(NAMED[column.name])
    choices = [*column.choices, "other"] if column.choices else SOUND.get(column.kind, ["A", "B"])
    return st.sampled_from(choices)


def typed(column: Column, text: str) -> object:
    """Return a cell as the program that keeps it would: a day, a number, a truth, or text."""
    if column.choices or not text or column.kind not in ARROW:
        return text
    if column.kind == "date":
        return date.fromisoformat(text)
    if column.kind == "boolean":
        return text == "true"
    if column.kind == "instant":
        return datetime.fromisoformat(text)
    return int(text) if column.kind == "integer" else Decimal(text)


def as_csv(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> bytes:
    lines = [[column.name for column in columns], *rows]
    return "".join(",".join(cells) + "\n" for cells in lines).encode()


def as_parquet(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> bytes:
    arrays = []
    for place, column in enumerate(columns):
        values = [None if row[place] == "" else row[place] for row in rows]
        texts = column.choices or any(isinstance(value, str) for value in values)
        kind = pa.string() if texts else ARROW.get(column.kind, pa.string())
        arrays.append(pa.array(values, kind))
    out = io.BytesIO()
    pq.write_table(pa.table(arrays, names=[column.name for column in columns]), out)
    return out.getvalue()


def as_xlsx(columns: Sequence[Column], rows: Sequence[Sequence[object]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for line, row in enumerate([[column.name for column in columns], *rows]):
        for place, cell in enumerate(row):
            write_cell(sheet, (line, place), cell, day=day)
    book.close()
    return out.getvalue()


def write_cell(sheet: Any, place: tuple[int, int], cell: object, *, day: object) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(*place, cell)
    elif isinstance(cell, datetime):
        sheet.write_string(*place, cell.isoformat())
    elif isinstance(cell, date) and cell.year >= 1970:
        sheet.write_datetime(*place, cell, day)
    elif isinstance(cell, int | Decimal) and len(str(cell)) <= CELL_DIGITS:
        sheet.write_number(*place, cell)
    elif cell != "":
        sheet.write_string(*place, str(cell))


def verdict(reading: Reading) -> tuple[object, ...]:
    return reading.findings, reading.notes, reading.rows_read, reading.table.to_pydict()


def read(kind: str, data: bytes) -> Reading:
    return read_canonical(kind, data, file="f", context=CONTEXT)


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_text_gets_the_same_verdict_in_every_format(kind: str, data: st.DataObject) -> None:
    columns = KINDS[kind].columns
    # A row of a sheet without any text would be no row; a row of commas is one.
    first = TEXTS.filter(bool)
    rows = data.draw(st.lists(st.tuples(first, *(TEXTS for _ in columns[1:])), max_size=3))
    expected = verdict(read(kind, as_csv(columns, rows)))
    assert verdict(read(kind, as_parquet(columns, rows))) == expected
    assert verdict(read(kind, as_xlsx(columns, rows))) == expected


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_typed_cells_get_the_verdict_of_their_text(kind: str, data: st.DataObject) -> None:
    """Days, numbers and truths as such, in Parquet by column, in a sheet cell by cell."""
    columns = KINDS[kind].columns
    drawn = data.draw(st.lists(st.tuples(*map(cells_of, columns)), max_size=3))
    rows = [row for row in drawn if any(row)]
    expected = verdict(read(kind, as_csv(columns, rows)))
    cells = [[typed(c, text) for c, text in zip(columns, row, strict=True)] for row in rows]
    assert verdict(read(kind, as_parquet(columns, cells))) == expected
    assert verdict(read(kind, as_xlsx(columns, cells))) == expected


def test_sound_rows_become_the_same_table_in_every_format() -> None:
    """The laws above could hold because everything is refused; these rows are taken."""
    names = ["trade_id", "status", "trade_date", "settlement_date", "settled_date", "executed_at",
             "book", "broker_account", "instrument", "side", "quantity", "price", "currency",
             "commission", "sequence"]  # fmt: skip
    known = {column.name: column for column in KINDS["trades"].columns}
    columns = [known[name] for name in names]
    row = ["T1", "settled", "2026-01-05", "2026-01-06", "2026-01-06",
           "2026-01-05T09:30:00.125000+00:00", "B1", "PB1", "ACME", "buy", "100.5", "12.25", "USD",
           "-0.5", "7"]  # fmt: skip
    cells = [typed(column, text) for column, text in zip(columns, row, strict=True)]
    taken = read("trades", as_csv(columns, [row]))
    assert (taken.findings, taken.table.num_rows) == ([], 1)
    for data in (as_parquet(columns, [cells]), as_xlsx(columns, [cells])):
        assert read("trades", data).table.equals(taken.table)


def test_the_first_bytes_tell_the_format_and_a_named_format_wins() -> None:
    assert format_of(b"a,b\n") == "csv"
    assert format_of(b"") == "csv"
    assert format_of(as_parquet(KINDS["prices"].columns, [])) == "parquet"
    assert format_of(as_xlsx(KINDS["prices"].columns, [])) == "xlsx"
    assert format_of(b"PAR1", "csv") == "csv"
    with pytest.raises(Refused) as refused:
        format_of(b"", "xls")
    (finding,) = refused.value.findings
    assert (finding.code, finding.value) == ("UNKNOWN_FORMAT", "xls")
    assert finding.message == f"formats: auto, {', '.join(FORMATS)}"


def test_an_instant_of_a_parquet_file_keeps_the_offset_of_its_zone() -> None:
    moment = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    kinds = {
        "America/New_York": "2026-01-05T09:30:00-05:00",
        "+05:30": "2026-01-05T20:00:00+05:30",
        "UTC": "2026-01-05T14:30:00+00:00",
    }
    for zone, text in kinds.items():
        out = io.BytesIO()
        pq.write_table(pa.table({"executed_at": pa.array([moment], pa.timestamp("s", zone))}), out)
        reading = read("trades", out.getvalue())
        assert {found.code for found in reading.findings} == {"MISSING_COLUMN"}
        source = FORMATS["parquet"](out.getvalue(), INTAKE)
        assert [texts_of(column) for column in source.columns] == [[text]]
