"""The year: closed after its months, cleared to retained earnings, and required before January."""

from __future__ import annotations

import pytest
from tests.operations.desk import Desk, grid, refusal

from subledger.store.reading import Reading
from subledger.tables import ENTRIES, LINES

TB = "account opening debit credit closing"
TRADES = """
trade_id trade_date settled_date side quantity price commission strategy
T1       2025-11-05 2025-11-07   buy  100      10.00 1.00       S1
T2       2025-12-09 2025-12-11   sell 60       13.00 2.00       S1
T3       2025-12-09 2025-12-11   buy  10       13.00 3.00       S2
"""
PRICES = """
date       price
2025-11-28 11.00
2025-12-31 12.00
2026-01-30 12.50
"""


@pytest.fixture
def december(desk: Desk) -> Desk:
    """Return books that begin in November 2025 and are closed through December."""
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    desk.close("2025-11")
    desk.close("2025-12")
    return desk


def reading(desk: Desk) -> Reading:
    return desk.books.control.read()


def test_a_year_closes_after_its_months_and_before_the_next_january(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    desk.close("2025-11")
    assert refusal(desk.close, "2025") == ["PERIOD_ORDER"]
    desk.close("2025-12")
    assert refusal(desk.close, "2026-01") == ["PERIOD_ORDER"]
    assert refusal(desk.close, "2026") == ["PERIOD_ORDER"]
    desk.close("2025")
    assert refusal(desk.close, "2025") == ["PERIOD_CLOSED"]
    desk.close("2026-01")
    periods = [close.period for close in reading(desk).closes("US-GAAP")]
    assert periods == ["2025-11", "2025-12", "2025", "2026-01"]


def test_the_clearing_is_one_entry_per_year_that_is_zero_per_book_and_strategy(
    december: Desk,
) -> None:
    december.close("2025")
    read = reading(december)
    entries = read.rows(ENTRIES, basis="US-GAAP", period="2025").to_pylist()
    assert [(row["kind"], str(row["accounting_date"])) for row in entries] == [
        ("closing", "2025-12-31")
    ]
    lines = read.rows(LINES, basis="US-GAAP", period="2025").to_pylist()
    # S1: sold 60 at 13 for a gain of 180, 40 left are marked 80, fees 3: 257.
    # S2: 10 bought at 13 are marked -10, fees 3: -13.
    cleared = sorted((line["strategy"], line["account"], line["amount_base"]) for line in lines)
    assert cleared == [
        ("S1", "3030", -25700),
        ("S1", "4110", 18000),
        ("S1", "4210", 8000),
        ("S1", "6110", -300),
        ("S2", "3030", 1300),
        ("S2", "4210", -1000),
        ("S2", "6110", -300),
    ]


def test_december_and_the_year_are_shown_before_the_clearing_and_january_after_it(
    december: Desk,
) -> None:
    before = {
        (name, period): december.report(name, period)
        for period in ("2025-12", "2025", "2025-Q4")
        for name in ("trial-balance", "income-statement", "balance-sheet", "pnl", "journal")
    }
    december.close("2025")
    assert {key: december.report(*key) for key in before} == before
    assert december.report("trial-balance", "2025", TB) == grid("""
        account opening debit   credit  closing
        1020    0.00    778.00  1134.00 -356.00
        1110    0.00    778.00  778.00  0.00
        1210    0.00    1130.00 600.00  530.00
        1211    0.00    140.00  70.00   70.00
        2110    0.00    1134.00 1134.00 0.00
        4110    0.00    0.00    180.00  -180.00
        4210    0.00    70.00   140.00  -70.00
        6110    0.00    6.00    0.00    6.00
    """)
    december.close("2026-01")
    assert december.report("trial-balance", "2026-01", TB) == grid("""
        account opening debit credit closing
        1020    -356.00 0.00  0.00   -356.00
        1210    530.00  0.00  0.00   530.00
        1211    70.00   25.00 0.00   95.00
        3030    -244.00 0.00  0.00   -244.00
        4210    0.00    0.00  25.00  -25.00
    """)


def test_the_year_closes_where_nothing_was_earned(desk: Desk) -> None:
    desk.takes("cash", "event_id date amount\nC1 2025-12-05 500.00")
    desk.close("2025-12")
    desk.close("2025")
    desk.close("2026-01")
    assert desk.report("trial-balance", "2026-01", "account closing")[1:] == [
        ("1020", "500.00"),
        ("3010", "-500.00"),
    ]


def test_all_lots_may_be_sold_before_the_year_closes(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    desk.close("2025-11")
    desk.takes(
        "trades",
        """
        trade_id trade_date settled_date side quantity price strategy
        T4       2025-12-10 2025-12-12   sell 40       13.00 S1
        T5       2025-12-10 2025-12-12   sell 10       13.00 S2
        """,
    )
    desk.close("2025-12")
    desk.close("2025")
    assert desk.report("lots", "2025")[1:] == []
    desk.close("2026-01")


def test_a_dry_close_of_a_year_seals_nothing(december: Desk) -> None:
    last = december.batch
    assert [result.period for result in december.close("2025", dry_run=True)] == ["2025"] * 2
    assert december.batch == last
    assert refusal(december.close, "2026-01") == ["PERIOD_ORDER"]


def test_an_event_of_a_closed_year_is_late(december: Desk) -> None:
    december.close("2025")
    december.takes("cash", "event_id date amount\nC1 2025-12-05 500.00")
    december.post()
    assert december.exceptions()[1:] == [("LATE", "2026-01", "C1", "open")]
