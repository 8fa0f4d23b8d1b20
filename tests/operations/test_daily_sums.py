"""Months that the ledger tells in daily sums, among others: closed, verified, written in full."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.operations.desk import Desk

from subledger.errors import Refused
from subledger.exports.bean_check import run_bean_check
from subledger.operations.books import open_books
from subledger.operations.closing import close
from subledger.operations.exporting import export
from subledger.operations.verifying import VerifyResult, verify
from subledger.operations.verifying_ledgers import verify_ledgers

TRADES = """
trade_id trade_date settled_date side quantity price commission
T1       2025-10-06 2025-10-08   buy  30       10.01 1.00
T2       2025-11-05 2025-11-07   buy  40       11.03 1.00
T3       2025-11-06 2025-11-10   sell 50       12.00 0.50
T4       2025-11-06 2025-11-10   sell 60       12.50 0.50
T5       2025-12-09 2025-12-11   buy  20       13.00 0.25
T6       2025-12-10 2025-12-12   buy  70       9.99  0.25
"""
PRICES = """
date       price
2025-10-31 10.50
2025-11-28 12.25
2025-12-31 9.75
"""
DETAIL = {"2025-10": "full", "2025-11": "summary", "2025-12": "full"}


def set_detail(folder: Path, detail: str) -> None:
    path = folder / "subledger.toml"
    text = path.read_text().partition("\n[ledger]")[0]
    path.write_text(f'{text}\n[ledger]\ndetail = "{detail}"\n')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return books whose middle month is told in sums."""
    books = tmp_path_factory.mktemp("sums") / "books"
    desk = Desk(books, {})
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    for label, detail in DETAIL.items():
        set_detail(books, detail)
        results = close(open_books(books), label)
        assert [one.summary for one in results] == [detail == "summary"] * len(results)
    return books


def notes(found: Sequence[VerifyResult]) -> str:
    return "; ".join(note for result in found for note in result.notes)


def test_a_month_in_sums_and_the_one_after_it_are_verified(folder: Path) -> None:
    found = verify(open_books(folder))
    assert [finding for result in found for finding in result.findings] == []
    assert "daily sums without lots: 2025-11" in notes(found)
    assert "beancount agrees on" in notes(found)
    alone = verify_ledgers(folder)
    assert [finding for result in alone for finding in result.findings] == []
    assert "daily sums without lots: 2025-11" in notes(alone)


def test_each_file_tells_its_month_as_the_setting_said_when_it_was_closed(folder: Path) -> None:
    ledger = folder / "ledgers" / "US-GAAP"
    for label, detail in DETAIL.items():
        text = (ledger / f"{label}.beancount").read_text()
        assert (";; A daily summary: " in text) == (detail == "summary")
    # The lots of the month in sums are relieved at their price.
    december = (ledger / "2025-12.beancount").read_text()
    assert '    lot: "T4"\n' in december
    assert 'ACME {9.99 USD, 2025-12-10, "T6"}' in december


def test_full_detail_of_every_month_is_written_on_request(folder: Path, tmp_path: Path) -> None:
    books = open_books(folder)
    written = export(books, "beancount-full", label="2025-12", output=tmp_path)
    text = {path.name: path.read_text() for path in written}
    assert "daily" not in "".join(text.values())
    assert 'ACME {11.03 USD, 2025-11-05, "T2"}' in text["2025-11.beancount"]
    assert run_bean_check(tmp_path) == []
    with pytest.raises(Refused, match="--output"):
        export(books, "beancount-full", label="2025-12")


def test_a_ledger_that_is_written_anew_keeps_its_months_in_sums(
    folder: Path, tmp_path: Path
) -> None:
    """An account that is renamed has its new name in every month."""
    books = tmp_path / "books"
    shutil.copytree(folder, books)
    chart = books / "chart_of_accounts" / "prop-us" / "accounts.toml"
    text = chart.read_text()
    chart.write_text(text.replace('name = "Unsettled sales"', 'name = "Sales to settle"'))
    close(open_books(books), "2025", bases=["US-GAAP"])
    november = (books / "ledgers" / "US-GAAP" / "2025-11.beancount").read_text()
    assert ";; A daily summary: " in november
    assert "Assets:Sales-To-Settle" in november
    found = verify(open_books(books), bases=["US-GAAP"])
    assert [finding for result in found for finding in result.findings] == []
