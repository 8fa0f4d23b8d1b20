"""Books in several currencies as a workbook: each currency proved, gains split, rates shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.workbook import Workbook

from subledger import tables
from subledger.exports.workbook import Check, ClosePack, write_workbook
from subledger.statements.report import Report


@pytest.fixture(scope="module")
def formulas(foreign_pack: ClosePack, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return openpyxl.load_workbook(_written(foreign_pack, tmp_path_factory.mktemp("formulas")))


@pytest.fixture(scope="module")
def values(foreign_pack: ClosePack, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    path = _written(foreign_pack, tmp_path_factory.mktemp("values"))
    return openpyxl.load_workbook(path, data_only=True)


def _written(pack: ClosePack, folder: Path) -> Path:
    path = folder / "workbook.xlsx"
    write_workbook(path, pack)
    return path


def rows_of(book: Workbook, sheet: str, first: int) -> list[list[object]]:
    return [[cell.value for cell in row] for row in book[sheet].iter_rows(min_row=first)]


def section(book: Workbook, title: str) -> list[list[object]]:
    """Return the rows of a section of the sheet FX, below its headings, up to the empty row."""
    rows = rows_of(book, "FX", 1)
    start = next(place for place, row in enumerate(rows) if str(row[0]).startswith(title)) + 2
    end = next(
        (place for place in range(start, len(rows)) if not any(rows[place])), len(rows)
    )  # fmt: skip
    return rows[start:end]


def test_only_books_in_several_currencies_have_the_sheets_of_currencies(
    values: Workbook, written: Path
) -> None:
    assert values.sheetnames == [
        "Index", "Checks", "Balance sheet", "Income statement", "Trial balance", "TB by currency",
        "FX", "P&L", "Realised", "Unrealised", "Tax lots", "Unsettled", "Dividends", "Journal",
    ]  # fmt: skip
    assert not {"TB by currency", "FX"} & set(openpyxl.load_workbook(written).sheetnames)
    linked = [row[0] for row in rows_of(values, "Index", 18)]
    assert {"TB by currency", "FX"} <= set(linked)


def test_every_check_passes_by_formula_and_by_the_engine(values: Workbook) -> None:
    found = [row for row in rows_of(values, "Checks", 7) if row[5]]
    assert values["Checks"]["B5"].value == "ALL CHECKS PASS"
    assert {tuple(row[5:7]) for row in found} == {("OK", "OK")}
    checks = {str(row[0]): (row[2], row[3]) for row in found}
    # 105.00 of price and 25.00 lost on the euro when half of the share was sold.
    of_price, of_fx = checks["realised-price"], checks["realised-fx"]
    assert of_price[0] == of_price[1]
    assert of_fx == (-25, -25)
    assert checks["unrealised-fx"] == (-50, -50)
    assert checks["fx-gains 4410"] == (-10, -10)
    assert checks["fx-gains 4420"] == (-98.4, -98.4)
    assert checks["FX-TRADING"] == (0, 0)
    assert checks["REVALUED"] == (1667.5, 1667.5)
    assert checks["DIVIDENDS"] == (42.5, 42.5)
    for currency in ("EUR", "JPY", "USD"):
        assert checks[f"TB-CURRENCY {currency}"] == (0, 0)


def test_the_trial_balance_by_currency_is_opening_and_the_lines_of_the_journal(
    formulas: Workbook, values: Workbook
) -> None:
    rows = [row for row in rows_of(values, "TB by currency", 6) if row[3] and row[0]]
    shown = {(row[0], row[3]): row[4:9] for row in rows}
    assert shown["1020", "EUR"] == [2000, 600, 500, 2100, 2100]
    assert shown["1020", "JPY"] == [0, 70000, 0, 70000, 525]
    assert shown["4420", "EUR"] == [0, 0, 0, 0, 83.4]
    place = next(
        row[0].row for row in formulas["TB by currency"].iter_rows(min_row=6)
        if (row[0].value, row[3].value) == ("1020", "JPY")
    )  # fmt: skip
    cells = formulas["TB by currency"][place]
    assert cells[7].value == (
        f"=E{place}+SUMIFS(JE_Amount,JE_Account,$A{place},"
        f'JE_Currency,$D{place},JE_Kind,"<>closing")'
    )
    assert cells[7].number_format.startswith("#,##0_)")
    assert cells[8].number_format.startswith("#,##0.00_)")


def test_gains_on_foreign_currency_stand_by_currency_and_account(values: Workbook) -> None:
    assert section(values, "Gains and losses") == [
        ["EUR", "Booked in EUR", None, -25, -50, 0, -83.4, -158.4, None],
        ["JPY", "Booked in JPY", None, 0, 0, 0, -15, -15, None],
        ["USD", "Booked in USD", None, 0, 0, -10, 0, -10, None],
        ["Total", None, None, -25, -50, -10, -98.4, -183.4, None],
    ]


def test_balances_stand_beside_their_value_at_the_closing_rate(
    formulas: Workbook, values: Workbook
) -> None:
    rows = section(values, "Monetary balances")
    assert [[*row[:1], *row[2:9]] for row in rows] == [
        ["1020", "EUR", 2100, 1, 1, 2100, 2100, 0],
        ["1020", "JPY", 70000, 0.0075, 0.0075, 525, 525, 0],
        ["1410", "EUR", 42.5, 1, 1, 42.5, 42.5, 0],
        ["2110", "EUR", -1000, 1, 1, -1000, -1000, 0],
        ["Total", None, None, None, None, 1667.5, 1667.5, 0],
    ]
    first = section(formulas, "Monetary balances")[0]
    assert str(first[3]).startswith("=SUMIFS(TBC_Closing,TBC_Account,$A")
    assert str(first[7]).startswith("=SUMIFS(TBC_ClosingBase,TBC_Account,$A")
    trading = [[row[2], row[3], row[7]] for row in section(values, "FX trading")]
    assert trading == [["EUR", 500, 550], ["JPY", -70000, -540], ["USD", -10, -10], [None, None, 0]]


def test_the_rates_used_name_their_path_their_source_and_whether_they_are_stale(
    values: Workbook,
) -> None:
    end = datetime(2022, 9, 30)  # noqa: DTZ001 - as openpyxl returns dates
    last = section(values, "Rates used")[-1]
    assert last[:7] == [end, "JPY/USD 2022-09-30", "JPY", 0.0075, end, "ECB", "stale"]


def test_schedules_show_the_currency_the_rate_and_the_split_of_gains(values: Workbook) -> None:
    headings = [cell.value for cell in values["Unrealised"][6]]
    lot = next(row for row in rows_of(values, "Unrealised", 7) if row[0] == "T-SAP")
    shown = dict(zip(headings, lot, strict=True))
    assert [shown[name] for name in ("Currency", "Cost", "Market value", "Unrealised")] == [
        "EUR", 500, 650, 150,
    ]  # fmt: skip
    assert [
        shown[name]
        for name in ("Closing rate", "Cost USD", "Unrealised, price USD", "Unrealised, FX USD")
    ] == [1, 550, 150, -50]
    headings = [cell.value for cell in values["Unsettled"][6]]
    item = next(row for row in rows_of(values, "Unsettled", 7) if row[0] == "T-SAP")
    shown = dict(zip(headings, item, strict=True))
    assert [shown[name] for name in ("Amount", "Amount as booked USD", "Unrealised FX USD")] == [
        -1000, -1100, 100,
    ]  # fmt: skip


def test_a_balance_that_was_not_swept_or_revalued_fails_the_workbook(
    foreign_pack: ClosePack, tmp_path: Path
) -> None:
    off = Check("REVALUED", "at the closing rate", 5, 4, 2, verdict=False, note="1020: 0.01")
    book = openpyxl.load_workbook(
        _written(replace(foreign_pack, checks=[off]), tmp_path), data_only=True
    )
    assert book["Checks"]["B5"].value == "CHECKS FAIL"
    last = [row for row in rows_of(book, "Checks", 7) if row[5]][-1]
    assert last[:8] == [
        "REVALUED",
        "at the closing rate",
        0.05,
        0.04,
        0.01,
        "FAIL",
        "FAIL",
        off.note,
    ]


def test_a_period_that_was_not_valued_leaves_fx_trading_as_it_stands(
    foreign_pack: ClosePack, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(_written(replace(foreign_pack, valued=False), tmp_path))
    assert "FX-TRADING" not in {row[0] for row in rows_of(book, "Checks", 7)}


def test_the_journal_prints_on_one_page_beside_each_other_and_wide_schedules_on_two(
    formulas: Workbook,
) -> None:
    journal, realised = formulas["Journal"], formulas["Realised"]
    printed = journal.print_area.replace("$", "").partition("!")[2].split(":")[1]
    last = journal[printed].column
    assert journal.cell(6, last).value == "Event"
    assert [cell.value for cell in journal[6]][last:][:3] == ["Kind", "Lot ID", "Strategy"]
    assert realised.page_setup.fitToWidth == 2
    assert realised.print_title_cols == "$A:$A"
    assert "$A$5:" in realised.print_area


def test_accepted_exceptions_stand_below_the_checks_with_amount_and_reason(
    pack: ClosePack, tmp_path: Path
) -> None:
    """What a close accepted is part of what a reviewer signs."""
    schema = pa.schema(
        [
            *(tables.text(name) for name in ("exception_id", "code", "event_id", "status")),
            tables.money("amount_at_risk"),
            *(tables.text(name) for name in ("currency", "message", "reason")),
        ]
    )
    row = {
        "exception_id": "X-1",
        "code": "LATER_ASSET_CLASS",
        "event_id": "T-9",
        "status": "waived",
        "amount_at_risk": 4_987_500,
        "currency": "USD",
        "message": "no rule books the class bond",
        "reason": "booked by hand",
    }
    listed = Report("exceptions", "Exceptions", pa.Table.from_pylist([row], schema))
    path = _written(replace(pack, reports={**pack.reports, "exceptions": listed}), tmp_path)
    cells = [
        [cell for cell in line if cell is not None]
        for line in openpyxl.load_workbook(path, data_only=True)["Checks"].iter_rows(
            values_only=True
        )
    ]
    at = cells.index(["Exceptions of the period"])
    assert cells[at + 1] == [
        "Exception", "What it is", "Amount at risk", "Currency", "Status", "Reason",
    ]  # fmt: skip
    assert cells[at + 2] == [
        "X-1",
        "LATER_ASSET_CLASS T-9: no rule books the class bond",
        49_875,
        "USD",
        "waived",
        "booked by hand",
    ]
