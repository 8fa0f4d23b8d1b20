"""The workbook read back: its sheets, its formulas and what is cached in them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from subledger import numbers
from subledger.exports.workbook import Check, ClosePack, write_workbook

SHEETS = [
    "Index", "Checks", "Balance sheet", "Income statement", "Trial balance",
    "P&L", "Realised", "Unrealised", "Tax lots", "Unsettled", "Dividends", "Journal",
]  # fmt: skip
FIRST_DETAIL_ROW = 7


@pytest.fixture(scope="module")
def formulas(written: Path) -> Workbook:
    return openpyxl.load_workbook(written)


@pytest.fixture(scope="module")
def values(written: Path) -> Workbook:
    return openpyxl.load_workbook(written, data_only=True)


def column_of(book: Workbook, sheet: str, heading: str, row: int) -> int:
    """Return the column of a heading in a row."""
    headings = [cell.value for cell in book[sheet][row]]
    return headings.index(heading) + 1


def test_the_sheets_are_those_of_a_close_package(values: Workbook) -> None:
    assert values.sheetnames == SHEETS


def test_statement_and_trial_balance_figures_are_formulas_down_to_the_journal(
    formulas: Workbook, pack: ClosePack
) -> None:
    statement = formulas["Balance sheet"]
    cash, total = statement["B7"].value, statement["B10"].value
    assert cash == "=SUMIFS(TB_Closing,TB_Line,$F7)"
    assert statement["F7"].value == "cash"
    assert total == "=B7+B8+B9"
    ledger = formulas["Trial balance"]
    row = ['=SUMIFS(JE_Debit,JE_Account,$A6,JE_Kind,"<>closing")']
    row += ['=SUMIFS(JE_Credit,JE_Account,$A6,JE_Kind,"<>closing")', "=G6+H6-I6"]
    assert [ledger[cell].value for cell in ("H6", "I6", "J6")] == row
    for sheet, least in (("Balance sheet", 40), ("Income statement", 28), ("Trial balance", 30)):
        cells = [cell for line in formulas[sheet] for cell in line if cell.data_type == "f"]
        assert len(cells) >= least


def test_net_income_reaches_the_balance_sheet_from_the_accounts(formulas: Workbook) -> None:
    rows = {row[5].value: row[1].value for row in formulas["Balance sheet"].iter_rows(min_row=6)}
    assert rows["current-year"] == '=-SUMIFS(TB_Closing,TB_Statement,"Income statement")'
    assert rows["securities-owned"].endswith("+SUMIFS(Netting_Amount,Netting_Line,$F9)")


def test_every_formula_carries_the_figure_of_the_engine(values: Workbook, pack: ClosePack) -> None:
    compared = 0
    for report, sheet in (
        ("balance-sheet", "Balance sheet"),
        ("income-statement", "Income statement"),
    ):
        shown = {
            row[5].value: (row[1].value, row[2].value)
            for row in values[sheet].iter_rows(min_row=6)
            if row[5].value
        }
        for line in pack.reports[report].table.to_pylist():
            if line["amount"] is not None:
                exact = (line["amount"], line["prior"])
                expected = tuple(float(numbers.to_decimal(amount, 2)) for amount in exact)
                assert shown[line["line"]] == expected
                compared += 1
    assert compared > 20


def test_all_checks_pass_by_formula_and_by_the_engine(values: Workbook) -> None:
    checks = values["Checks"]
    found = [
        [cell.value for cell in row]
        for row in checks.iter_rows(min_row=7, max_col=7)
        if row[5].value
    ]
    assert checks["B5"].value == "ALL CHECKS PASS"
    assert {tuple(row[5:7]) for row in found} == {("OK", "OK")}
    assert [row[0] for row in found] == [
        "trial-balance-opening", "TB", "trial-balance-movement", "ROLL", "EQUATION",
        "journal-entries", "journal-trial-balance", "balance-sheet", "balance-sheet-booked",
        "income-statement", "pnl", "income-statement-booked", "LOTS-COST", "UNREALISED",
        "REALISED", "UNSETTLED", "DIVIDENDS", "positions",
    ]  # fmt: skip
    assert values["Index"]["B16"].value == "ALL CHECKS PASS"


def test_a_check_that_the_engine_failed_fails_the_workbook(pack: ClosePack, tmp_path: Path) -> None:
    failed = Check("stale-prices", "Every price is fresh", 1, 0, 0, verdict=False, note="GE")
    path = tmp_path / "failed.xlsx"
    write_workbook(path, replace(pack, checks=[failed]))
    book = openpyxl.load_workbook(path, data_only=True)
    assert book["Checks"]["B5"].value == "CHECKS FAIL"
    last = [cell.value for cell in book["Checks"][24]]
    assert last[:8] == ["stale-prices", "Every price is fresh", 1, 0, 1, "FAIL", "FAIL", "GE"]


def test_the_journal_sheet_holds_every_line_as_booked(values: Workbook, pack: ClosePack) -> None:
    sheet, table = values["Journal"], pack.reports["journal"].table
    shown = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST_DETAIL_ROW)]
    headings = [cell.value for cell in sheet[6]]
    assert headings[:7] == [
        "Entry", "Line", "Date", "Account", "Account name", "Debit", "Credit",
    ]  # fmt: skip
    expected = [
        [
            row["entry_id"], row["line"], _moment(row["accounting_date"]),
            row["account"], pack.accounts[row["account"]].name,
            float(Decimal(row["debit"]) / 100), float(Decimal(row["credit"]) / 100),
        ]
        for row in table.to_pylist()
    ]  # fmt: skip
    assert [row[:7] for row in shown] == expected


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - as openpyxl returns dates


def test_quantities_carry_the_decimals_of_their_instrument(
    values: Workbook, pack: ClosePack
) -> None:
    sheet = values["Tax lots"]
    place = column_of(values, "Tax lots", "Quantity", 6)
    formats = {
        row[1].value: row[place - 1].number_format
        for row in sheet.iter_rows(min_row=FIRST_DETAIL_ROW)
    }
    assert formats["AMD"].startswith("#,##0.000_)")
    assert formats["BAC"].startswith("#,##0_)")


def test_detail_rows_hold_no_formula(written: Path) -> None:
    with ZipFile(written) as archive:
        for number in range(6, len(SHEETS) + 1):
            sheet = archive.read(f"xl/worksheets/sheet{number}.xml").decode()
            rows = re.findall(r'<row r="([0-9]+)".*?</row>', sheet, re.DOTALL)
            assert len(rows) > 2
            with_formula = re.findall(r'<row r="([0-9]+)"[^>]*>(?:(?!</row>).)*<f>', sheet)
            assert set(with_formula) <= {"5"}


def test_sheets_are_set_up_for_print_and_for_reading(formulas: Workbook) -> None:
    for name in SHEETS:
        sheet = formulas[name]
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) in {(1, 0), (2, 0)}
        assert "Page &P of &N" in (sheet.oddFooter.right.text or "")
        assert sheet.oddHeader.left.text == "Example Trading && Partners LLC"
    journal = formulas["Journal"]
    assert (journal.freeze_panes, journal.print_title_rows) == ("C7", "$6:$6")
    assert (
        journal.auto_filter.ref
        == f"A6:{journal.cell(journal.max_row, journal.max_column).coordinate}"
    )
    assert formulas["Balance sheet"].sheet_view.showGridLines is False


def test_without_a_prior_period_there_are_no_comparatives(pack: ClosePack, tmp_path: Path) -> None:
    path = tmp_path / "first.xlsx"
    write_workbook(path, replace(pack, prior=None, prior_label="", netting={}, schedules={}))
    book = openpyxl.load_workbook(path)
    assert [cell.value for cell in book["Balance sheet"][5]] == [None, "2022-09", "Line"]
    assert "TB_PriorClosing" not in book.defined_names


def test_an_empty_schedule_is_a_sheet_that_says_so(pack: ClosePack, tmp_path: Path) -> None:
    path = tmp_path / "quiet.xlsx"
    empty = {
        name: replace(pack.reports[name], table=pack.reports[name].table.slice(0, 0))
        for name in ("realised", "unsettled")
    }
    schedules = {number: name for number, name in pack.schedules.items() if name not in empty}
    write_workbook(path, replace(pack, reports={**pack.reports, **empty}, schedules=schedules))
    book = openpyxl.load_workbook(path, data_only=True)
    assert str(book["Realised"]["A4"].value).endswith("Nothing to show for this period.")
    assert (book["Realised"].max_row, book["Unsettled"].max_row) == (7, 7)
    assert book["Checks"]["B5"].value == "ALL CHECKS PASS"
