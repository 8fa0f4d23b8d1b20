"""Closing seals a month: in order, whole, and for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.operations.desk import Desk, grid, refusal

from subledger.errors import CODES, Exit
from subledger.operations.exporting import export
from subledger.store.segments import SEGMENTS

TRADE = "trade_id trade_date settled_date side quantity price"
JANUARY = f"{TRADE}\nT1 01-05 01-07 buy 100 10.00"
PRICES = "date price\n01-30 11.00\n02-27 12.00\n03-31 13.00"


@pytest.fixture
def traded(desk: Desk) -> Desk:
    desk.takes("prices", PRICES)
    desk.takes("trades", JANUARY)
    return desk


def test_months_close_in_order_and_once(traded: Desk) -> None:
    assert refusal(traded.close, "2025-12") == ["PERIOD_ORDER"]
    assert refusal(traded.close, "2025-12", "US-GAAP") == ["PERIOD_ORDER"]
    assert refusal(traded.close, "2026-02") == ["PERIOD_ORDER"]
    traded.close("2026-01")
    assert refusal(traded.close, "2026-01") == ["PERIOD_CLOSED"]
    assert refusal(traded.close, "2026-03") == ["PERIOD_ORDER"]
    assert refusal(traded.mark, "01-31") == ["PERIOD_CLOSED"]
    assert refusal(traded.close, "2026-Q1") == ["NOT_A_PERIOD"]
    assert refusal(traded.close, "2026-13") == ["NOT_A_PERIOD"]
    traded.close("2026-02")
    assert {CODES[code].exit for code in ("PERIOD_CLOSED", "PERIOD_ORDER")} == {Exit.CLOSED}


def test_a_close_posts_what_is_not_posted_yet_marks_and_says_what_it_checked(traded: Desk) -> None:
    gaap, tax = traded.close("2026-01")
    assert [check.id for check in gaap.checks] == [
        "TB", "TB-BOOK", "TB-STRATEGY", "TB-CURRENCY", "ENTRIES", "ROLL", "EQUATION", "LOTS-UNITS",
        "LOTS-COST", "UNSETTLED", "DIVIDENDS", "REALISED", "UNREALISED", "MONEY", "REVALUED",
        "CASH-LOTS", "FX-TRADING", "NUMBERS", "COMPLETE",
    ]  # fmt: skip
    assert all(check.passed for check in [*gaap.checks, *tax.checks])
    columns = "account opening debit credit closing"
    assert traded.report("trial-balance", "2026-01", columns) == grid("""
        account opening debit   credit  closing
        1020    0.00    0.00    1000.00 -1000.00
        1210    0.00    1000.00 0.00    1000.00
        1211    0.00    100.00  0.00    100.00
        2110    0.00    1000.00 1000.00 0.00
        4210    0.00    0.00    100.00  -100.00
    """)
    assert traded.report("trial-balance", "2026-01", columns, basis="US-TAX")[1:] == grid("""
        1020    0.00    0.00    1000.00 -1000.00
        1210    0.00    1000.00 0.00    1000.00
        2110    0.00    1000.00 1000.00 0.00
    """)


def test_all_that_stops_a_close_is_named_at_once_listed_and_nothing_is_sealed(
    desk: Desk,
) -> None:
    desk.takes(
        "trades",
        f"""
        {TRADE} instrument
        T1 01-05 01-07 buy 100 10.00 ACME
        T2 01-05 01-07 buy 100 10.00 BOLT
        T3 01-05 01-07 buy 100 10.00 RITE
        """,
    )
    desk.takes("prices", "date price instrument\n01-29 11.00 ACME")
    assert refusal(desk.close, "2026-01") == [
        "LATER_ASSET_CLASS", "MISSING_PRICE", "STALE_PRICE", "LATER_ASSET_CLASS",
    ]  # fmt: skip
    assert desk.books.control.read().closes() == []
    assert desk.report("journal", "2026-01")[1:] == []
    assert desk.exceptions("code status") == grid("""
        code              status
        LATER_ASSET_CLASS open
        MISSING_PRICE     open
        STALE_PRICE       open
    """)
    assert not (desk.folder / "ledgers" / "US-GAAP").exists()


def test_a_dry_close_writes_nothing_whether_it_would_pass_or_not(traded: Desk) -> None:
    last = traded.batch
    assert [result.period for result in traded.close("2026-01", dry_run=True)] == ["2026-01"] * 2
    traded.takes("trades", f"{TRADE} instrument\nT3 01-05 01-07 buy 100 10.00 BOLT")
    assert refusal(traded.close, "2026-01", dry_run=True) == ["MISSING_PRICE"]
    assert (traded.batch, traded.exceptions()[1:]) == (last + 1, [])
    assert not (traded.folder / "ledgers" / "US-GAAP").exists()


def test_an_event_of_a_closed_month_is_taken_as_a_fact_and_waits(traded: Desk) -> None:
    traded.close("2026-01")
    taken = traded.takes("trades", f"{TRADE}\nT2 01-09 01-13 sell 5 10.00")
    assert taken.rows_new == 1
    assert traded.post()[0].entries == 0
    assert traded.exceptions()[1:] == [("LATE", "2026-02", "T2", "open")]


def test_the_next_month_opens_from_what_was_sealed(traded: Desk) -> None:
    traded.close("2026-01")
    traded.takes("trades", f"{TRADE}\nT2 02-03 02-05 sell 40 12.00")
    (gaap, _) = traded.close("2026-02")
    opening = {check.id: check for check in gaap.checks}["OPENING"]
    assert (opening.passed, opening.compared > 0) == (True, True)
    # 40 of 100 sold at 12: gain 80, mark released 40; the other 60 are marked from 60 to 120
    assert traded.report(
        "trial-balance", "2026-02", "account opening debit credit closing"
    ) == grid("""
        account opening  debit  credit closing
        1020    -1000.00 480.00 0.00   -520.00
        1110    0.00     480.00 480.00 0.00
        1210    1000.00  0.00   400.00 600.00
        1211    100.00   60.00  40.00  120.00
        4110    0.00     0.00   80.00  -80.00
        4210    -100.00  40.00  60.00  -120.00
    """)


def test_a_sealed_file_that_was_changed_stops_the_next_close(traded: Desk) -> None:
    traded.close("2026-01")
    lots = [path for path in (traded.folder / "store" / SEGMENTS).rglob("*") if "lots" in str(path)]
    victim = next(path for path in lots if path.is_file() and "US-GAAP" in str(path))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.chmod(0o644)
    victim.write_bytes(bytes(data))
    assert refusal(traded.close, "2026-02") == ["SEGMENT_CHANGED"]


def test_when_all_lots_are_sold_the_next_month_has_none(traded: Desk) -> None:
    traded.close("2026-01")
    traded.takes("trades", f"{TRADE}\nT2 02-03 02-05 sell 100 12.00")
    traded.close("2026-02")
    assert traded.report("lots", "2026-01", "lot_id quantity")[1:] == [("T1", "100")]
    for month in ("2026-02", "2026-03"):
        for name in ("lots", "unrealised", "positions"):
            assert traded.report(name, month)[1:] == []
    traded.close("2026-03")


def test_a_month_without_any_event_closes_too(traded: Desk) -> None:
    traded.close("2026-01")
    (_, tax) = traded.close("2026-02")
    assert traded.report("journal", "2026-02", basis="US-TAX")[1:] == []
    assert all(check.passed for check in tax.checks)
    assert (traded.folder / "ledgers/US-TAX/2026-02.beancount").is_file()
    traded.close("2026-03")
    assert traded.report("lots", "2026-03", "quantity", basis="US-TAX")[1:] == [("100",)]


def test_nothing_is_closed_where_nothing_is_known(desk: Desk) -> None:
    assert refusal(desk.close, "2026-01") == ["PERIOD_ORDER"]


def test_bases_may_close_one_after_the_other(traded: Desk) -> None:
    traded.close("2026-01", "US-TAX")
    assert refusal(traded.close, "2026-01", "US-TAX") == ["PERIOD_CLOSED"]
    traded.close("2026-01", "US-GAAP")
    traded.takes("trades", f"{TRADE}\nT2 02-03 02-05 sell 40 12.00")
    traded.close("2026-02", "US-GAAP")
    assert [c.period for c in traded.books.control.read().closes("US-TAX")] == ["2026-01"]


def test_marking_a_day_twice_posts_once_and_the_month_end_replaces_nothing(traded: Desk) -> None:
    traded.takes("prices", "date price\n01-15 10.40")
    marked = [(result.basis, result.entries) for result in traded.mark("01-15")]
    # Trade, settlement and mark; a basis at cost has no mark.
    assert marked == [("US-GAAP", 3), ("US-TAX", 2)]
    last = traded.batch
    assert [result.entries for result in traded.mark("01-15")] == [0, 0]
    assert traded.batch == last
    traded.close("2026-01")
    columns = "accounting_date account debit credit"
    marks = [row for row in traded.report("journal", "2026-01", columns) if row[1] == "1211"]
    assert marks == grid("""
        2026-01-15 1211 40.00 0.00
        2026-01-31 1211 60.00 0.00
    """)


def test_an_interrupted_ledger_is_written_again_by_export(traded: Desk, tmp_path: Path) -> None:
    traded.close("2026-01")
    ledger = traded.folder / "ledgers/US-GAAP/2026-01.beancount"
    text = ledger.read_bytes()
    ledger.unlink()
    export(traded.books, "beancount", label="2026-01", basis="US-GAAP")
    assert ledger.read_bytes() == text
    ledger.chmod(0o644)
    ledger.write_bytes(text.replace(b"1000.00", b"1000.01"))
    written = export(traded.books, "beancount", label="2026-01", basis="US-GAAP")
    assert ([path.name for path in written], ledger.read_bytes()) == (["2026-01.beancount"], text)
    assert refusal(export, traded.books, "beancount", label="2026-02") == ["NOT_CLOSED"]
