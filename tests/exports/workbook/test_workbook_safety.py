"""What a workbook must not do: calculate a text, lose a digit, cut a text, or change its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.errors import Refused
from subledger.exports.workbook import ClosePack, write_workbook
from subledger.exports.workbook_columns import excel_safe, number_column, rounded
from subledger.exports.workbook_details import daily_totals
from subledger.exports.workbook_rows import MAX_ROWS, Rows, check_rows
from subledger.numbers import to_text
from subledger.statements.exact import decimal_texts

HOSTILE = (
    "=1+1",
    '+cmd|"/C calc"!A0',
    "@SUM(A1:A9)",
    "-1+2",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("https://example.org","x")',
    "https://example.org",
    "<r><t>rich</t></r>",
    "a & b < c > d \" e '",
    "_x0041_",
    "a\x01b\x1fc\x7f",
    "naïve 日本語 🙂 \u202eright to left",
    " leading and trailing ",
    "12345678901234567890",
)
INT64 = st.integers(-(2**63), 2**63 - 1)


def journal_reasons(path: Path) -> list[tuple[object, str]]:
    sheet = openpyxl.load_workbook(path)["Journal"]
    place = next(cell.column for cell in sheet[6] if cell.value == "Reason")
    cells = [row[place - 1] for row in sheet.iter_rows(min_row=7)]
    return [(cell.value, cell.data_type) for cell in cells]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_stays_a_text(
    with_text: Callable[[str], ClosePack], tmp_path: Path, text: str
) -> None:
    path = tmp_path / "hostile.xlsx"
    write_workbook(path, replace(with_text(text), entity=text, status=text))
    shown = journal_reasons(path)
    assert {kind for _, kind in shown} == {"s"}
    index = openpyxl.load_workbook(path)["Index"]
    assert index["A1"].data_type == "s"
    # XlsxWriter and Excel code a control character as _xHHHH_ and a line break as a line feed.
    plain = text.isprintable() and not text.startswith("_x")
    if plain:
        assert {value for value, _ in shown} == {text}
        assert str(index["A1"].value).strip() == text.strip()


def test_a_text_that_no_cell_takes_is_refused_and_nothing_is_written(
    with_text: Callable[[str], ClosePack], tmp_path: Path
) -> None:
    path = tmp_path / "long.xlsx"
    with pytest.raises(Refused) as refused:
        write_workbook(path, with_text("x" * 40_000))
    assert [finding.code for finding in refused.value.findings] == ["WORKBOOK_LIMIT"]
    with pytest.raises(Refused):
        write_workbook(path, replace(with_text("x"), entity="x" * 40_000))
    assert not path.exists()


def test_more_rows_than_a_sheet_takes_are_refused() -> None:
    values = pa.array(np.zeros(MAX_ROWS, np.int64))
    column = number_column("n", "N", values=values, decimals=np.zeros(MAX_ROWS, np.int64))
    with pytest.raises(Refused, match="1048576 rows"):
        check_rows("Journal", Rows([column], 7))


def test_above_its_limit_the_journal_holds_daily_totals_and_says_so(
    pack: ClosePack, tmp_path: Path
) -> None:
    path = tmp_path / "daily.xlsx"
    lines = pack.reports["journal"].table.num_rows
    write_workbook(path, pack, journal_lines=lines - 1)
    book = openpyxl.load_workbook(path, data_only=True)
    sheet = book["Journal"]
    assert [cell.value for cell in sheet[6]] == [
        "Date", "Kind", "Account", "Account name", "Lines", "Debit", "Credit",
    ]  # fmt: skip
    assert "Daily totals" in str(sheet["A4"].value)
    assert "Daily totals" in str(book["Index"]["C29"].value)
    assert book["Checks"]["B5"].value == "ALL CHECKS PASS"
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=7)]
    assert sum(int(str(row[4])) for row in rows) == lines
    write_workbook(path, pack, journal_lines=lines)
    assert openpyxl.load_workbook(path)["Journal"]["A6"].value == "Entry"


def test_above_its_limit_a_schedule_holds_totals_and_says_where_its_rows_are(
    pack: ClosePack, tmp_path: Path
) -> None:
    path = tmp_path / "totals.xlsx"
    elsewhere = {"lots": "lots-2022-09-00000007.parquet", "journal": "lines.parquet"}
    write_workbook(path, replace(pack, elsewhere=elsewhere), schedule_rows=5)
    book = openpyxl.load_workbook(path, data_only=True)
    assert book["Checks"]["B5"].value == "ALL CHECKS PASS"
    notes = {name: str(book[name]["A4"].value) for name in ("Realised", "Tax lots")}
    assert "Totals by instrument, side and currency" in notes["Realised"]
    assert "the rows are in realised.csv" in notes["Realised"]
    assert "the rows are in lots-2022-09-00000007.parquet" in notes["Tax lots"]
    for sheet, report in (("Realised", "realised"), ("Tax lots", "lots")):
        heading = [cell.value for cell in book[sheet][6]]
        column = heading.index("Rows")
        rows = [row[column].value for row in book[sheet].iter_rows(min_row=7)]
        assert sum(int(str(count)) for count in rows) == pack.reports[report].table.num_rows
    assert "Totals by" in " ".join(str(row[2].value) for row in book["Index"].iter_rows())


def test_a_journal_that_is_given_in_daily_totals_says_where_its_lines_are(
    pack: ClosePack, tmp_path: Path
) -> None:
    path = tmp_path / "given.xlsx"
    daily = daily_totals(pack.reports["journal"])
    reports = {**pack.reports, "journal": daily}
    write_workbook(path, replace(pack, reports=reports, elsewhere={"journal": "lines.parquet"}))
    book = openpyxl.load_workbook(path, data_only=True)
    assert "the rows are in lines.parquet" in str(book["Journal"]["A4"].value)
    assert book["Checks"]["B5"].value == "ALL CHECKS PASS"


def test_the_same_pack_gives_the_same_bytes(pack: ClosePack, tmp_path: Path) -> None:
    hashes = set()
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(tmp_path / name, pack)
        hashes.add(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest())
    assert len(hashes) == 1


def test_a_figure_beyond_float64_stands_beside_its_exact_text(
    rich_pack: ClosePack, tmp_path: Path
) -> None:
    path = tmp_path / "rich.xlsx"
    write_workbook(path, rich_pack)
    book = openpyxl.load_workbook(path, data_only=True)
    balances = rich_pack.reports["trial-balance"].table.to_pylist()
    cash = next(row for row in balances if row["account"] == "1020")
    exact = str(Decimal(cash["closing"]) / 100)
    ledger = book["Trial balance"]
    assert ledger["J6"].value == float(rounded(exact)) != Decimal(exact)
    assert f"J6 = {exact}" in str(ledger["N6"].value)
    listed = [(row[0].value, row[1].value) for row in book["Checks"].iter_rows(min_row=8)]
    assert ("Trial balance!J6", exact) in listed


@given(st.lists(st.tuples(INT64, st.integers(0, 8)), min_size=1, max_size=20))
def test_a_number_cell_is_exact_or_has_its_exact_text(rows: list[tuple[int, int]]) -> None:
    amounts = [amount for amount, _ in rows]
    decimals = np.array([places for _, places in rows], np.int64)
    column = number_column("n", "N", values=pa.array(amounts, pa.int64()), decimals=decimals)
    for row, literal in enumerate(column.literals.to_pylist()):
        exact = Decimal(amounts[row]).scaleb(-int(decimals[row]))
        if row in column.inexact:
            assert Decimal(column.inexact[row]) == exact
            assert literal == rounded(str(exact))
        else:
            assert Decimal(literal) == exact
            assert excel_safe(literal)


@given(st.lists(st.one_of(st.none(), INT64), min_size=1), st.integers(0, 8))
def test_scaled_integers_become_exact_decimal_texts(
    amounts: list[int | None], decimals: int
) -> None:
    places = np.full(len(amounts), decimals, np.int64)
    texts = decimal_texts(pa.array(amounts, pa.int64()), places).to_pylist()
    assert texts == [None if a is None else to_text(a, decimals) for a in amounts]
