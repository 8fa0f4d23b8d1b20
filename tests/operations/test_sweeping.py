"""Late events: kept, posted nowhere, and swept into the open period where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from tests.operations.desk import Desk, grid, refusal

from subledger.operations.importing import Delivery, import_bytes

TRADE = "trade_id version trade_date settled_date side quantity price"
FIRST = f"{TRADE}\nT1 1 01-05 01-07 buy 100 10.00"
ENTRY = "event_id event_version accounting_date activity_date account amount"
PRICES = "date price\n01-30 11.00\n02-27 12.00\n03-31 13.00"
CONFIRMED: dict[str, object] = {
    "basis.US-GAAP.post_status": "confirmed",
    "basis.US-TAX.post_status": "confirmed",
}


@pytest.fixture
def closed(desk: Desk) -> Desk:
    """Return books of which January is closed, with 100 units."""
    desk.takes("prices", PRICES)
    desk.takes("trades", FIRST)
    desk.close("2026-01")
    return desk


def sealed(desk: Desk) -> str:
    return desk.books.control.read().closes("US-GAAP")[0].hash


def test_a_late_trade_is_listed_and_posted_nowhere(closed: Desk) -> None:
    before = [closed.report(name, "2026-01") for name in ("journal", "lots", "trial-balance")]
    closed.takes("trades", f"{TRADE}\nT2 1 01-20 01-22 buy 10 9.00")
    closed.post()
    assert closed.exceptions("code period event_id amount_at_risk currency message") == grid("""
        code period  event_id amount_at_risk currency message
        LATE 2026-02 T2       90.00          USD      dated_in_a_closed_period
    """)
    assert closed.report("journal", "2026-02")[1:] == []
    assert refusal(closed.close, "2026-02") == ["LATE", "LATE"]
    after = [closed.report(name, "2026-01") for name in ("journal", "lots", "trial-balance")]
    assert after == before


def test_a_late_trade_is_swept_to_the_first_open_day_with_its_own_date_as_activity(
    closed: Desk,
) -> None:
    seal = sealed(closed)
    closed.takes("trades", f"{TRADE}\nT2 1 01-20 01-22 buy 10 9.00")
    closed.post()
    assert closed.sweep("LATE", "T2") == date(2026, 2, 1)
    closed.sweep("LATE", "T2", basis="US-TAX")
    closed.post()
    assert closed.report("journal", "2026-02", ENTRY)[1:5] == grid("""
        T2 1 2026-02-01 2026-01-20 1210 90.00
        T2 1 2026-02-01 2026-01-20 2110 -90.00
        T2 1 2026-02-01 2026-01-22 2110 90.00
        T2 1 2026-02-01 2026-01-22 1020 -90.00
    """)
    closed.takes("trades", f"{TRADE}\nT3 1 02-03 02-05 sell 105 12.00")
    closed.close("2026-02")
    assert closed.report("lots", "2026-02", "lot_id opened_on quantity") == grid("""
        lot_id opened_on  quantity
        T2     2026-01-20 5
    """)
    assert sealed(closed) == seal
    assert closed.exceptions("code event_id status")[1:] == [("LATE", "T2", "swept")]


def test_a_late_settlement_of_a_sealed_item_is_swept_and_the_trade_is_not_booked_again(
    desk_with: Callable[[dict[str, object]], Desk],
) -> None:
    desk = desk_with(CONFIRMED)
    desk.takes("prices", PRICES)
    desk.takes("trades", f"{TRADE} status\nT1 1 01-05 - buy 100 10.00 confirmed")
    desk.close("2026-01")
    desk.takes("settlements", "trade_id event_id date\nT1 S1 01-08")
    desk.post()
    desk.sweep("LATE", "T1")
    desk.sweep("LATE", "T1", basis="US-TAX")
    desk.post()
    assert desk.report("journal", "2026-02", ENTRY) == grid("""
        event_id event_version accounting_date activity_date account amount
        T1       1             2026-02-01      2026-01-08    2110    1000.00
        T1       1             2026-02-01      2026-01-08    1020    -1000.00
    """)
    desk.close("2026-02")
    desk.close("2026-03")
    assert desk.report("lots", "2026-03", "lot_id quantity")[1:] == [("T1", "100")]
    assert desk.report("unsettled", "2026-03")[1:] == []


def test_a_cancellation_after_a_swept_settlement_is_late_again_and_stays(
    desk_with: Callable[[dict[str, object]], Desk],
) -> None:
    desk = desk_with(CONFIRMED)
    desk.takes("prices", PRICES)
    desk.takes("trades", f"{TRADE} status\nT1 1 01-05 - buy 100 10.00 confirmed")
    desk.close("2026-01")
    desk.takes("settlements", "trade_id event_id date\nT1 S1 01-08")
    desk.post()
    desk.sweep("LATE", "T1")
    desk.post()
    desk.takes("trades", f"{TRADE} status\nT1 2 01-05 - buy 100 10.00 cancelled")
    desk.post()
    assert desk.exceptions("code event_id status")[1:] == [
        ("LATE", "T1", "swept"),
        ("LATE", "T1", "open"),
    ]
    assert refusal(desk.sweep, "LATE", "T1") == ["NOT_SWEEPABLE"]


@pytest.mark.parametrize(
    "change",
    [
        f"{TRADE}\nT1 2 01-05 01-07 buy 100 10.50",
        f"{TRADE} status\nT1 1 01-05 - buy 100 10.00 cancelled",
    ],
    ids=["amended", "cancelled"],
)
def test_a_late_change_of_a_sealed_trade_cannot_be_swept_but_waived(
    closed: Desk, change: str
) -> None:
    closed.takes("trades", change)
    closed.post()
    assert refusal(closed.sweep, "LATE", "T1") == ["NOT_SWEEPABLE"]
    closed.waive("LATE", "T1")
    closed.waive("LATE", "T1", basis="US-TAX")
    closed.close("2026-02")
    assert closed.report("lots", "2026-02", "lot_id quantity cost")[1:] == [
        ("T1", "100", "1000.00")
    ]


def test_a_cancelled_item_that_a_close_left_unsettled_cannot_be_swept(
    desk_with: Callable[[dict[str, object]], Desk],
) -> None:
    desk = desk_with(CONFIRMED)
    desk.takes("prices", PRICES)
    desk.takes("trades", f"{TRADE} status\nT1 1 01-05 - buy 100 10.00 confirmed")
    desk.close("2026-01")
    desk.takes("trades", f"{TRADE} status\nT1 1 01-05 - buy 100 10.00 cancelled")
    desk.post()
    assert desk.exceptions()[1:] == [("LATE", "2026-02", "T1", "open")]
    assert refusal(desk.sweep, "LATE", "T1") == ["NOT_SWEEPABLE"]


def test_a_swept_trade_that_is_amended_in_the_open_period_is_swept_anew(closed: Desk) -> None:
    closed.takes("trades", f"{TRADE}\nT2 1 01-20 01-22 buy 10 9.00")
    closed.post()
    closed.sweep("LATE", "T2")
    closed.post()
    closed.takes("trades", f"{TRADE}\nT2 2 01-20 01-22 buy 10 9.50")
    closed.post()
    assert closed.report("trial-balance", "2026-02", "account closing")[1:4] == grid("""
        1020 -1000.00
        1210 1000.00
        1211 100.00
    """)
    closed.sweep("LATE", "T2")
    closed.post()
    assert closed.report("lots", "2026-02", "lot_id cost")[1:] == [
        ("T1", "1000.00"),
        ("T2", "95.00"),
    ]


def test_ids_are_per_kind_of_file_so_sweeping_cash_moves_no_trade(closed: Desk) -> None:
    closed.takes("cash", "event_id date amount\nT1 01-20 500.00")
    closed.post()
    closed.sweep("LATE", "T1")
    closed.post()
    assert closed.report("journal", "2026-02", ENTRY) == grid("""
        event_id event_version accounting_date activity_date account amount
        T1       1             2026-02-01      2026-01-20    1020    500.00
        T1       1             2026-02-01      2026-01-20    3010    -500.00
    """)


def test_an_event_that_later_work_books_is_swept_from_month_to_month(desk: Desk) -> None:
    desk.takes("trades", f"{TRADE} instrument\nX1 1 01-05 01-07 buy 100 10.00 RITE")
    desk.takes("trades", FIRST)
    desk.takes("prices", PRICES)
    desk.post()
    for basis in ("US-GAAP", "US-TAX"):
        assert desk.sweep("LATER_ASSET_CLASS", basis=basis) == date(2026, 2, 1)
    desk.close("2026-01")
    assert desk.exceptions()[1:] == [
        ("LATER_ASSET_CLASS", "2026-01", "X1", "swept"),
        ("LATER_ASSET_CLASS", "2026-02", "X1", "open"),
    ]
    assert refusal(desk.close, "2026-02") == ["LATER_ASSET_CLASS"] * 2
    for basis in ("US-GAAP", "US-TAX"):
        assert desk.sweep("LATER_ASSET_CLASS", basis=basis) == date(2026, 3, 1)
    desk.close("2026-02")
    assert desk.exceptions()[1:][-1] == ("LATER_ASSET_CLASS", "2026-03", "X1", "open")


def test_a_price_or_a_part_settlement_cannot_be_swept(desk: Desk) -> None:
    desk.takes("trades", f"{TRADE} status\nT1 1 01-05 - buy 100 10.00 confirmed")
    desk.takes("trades", f"{TRADE}\nT2 1 01-05 01-07 buy 100 10.00")
    desk.takes("settlements", "trade_id event_id date quantity\nT1 S1 01-07 40")
    assert refusal(desk.close, "2026-01", "US-GAAP") == [
        "LATER_PARTIAL_SETTLEMENT",
        "MISSING_PRICE",
    ]
    assert refusal(desk.sweep, "LATER_PARTIAL_SETTLEMENT") == ["NOT_SWEEPABLE"]
    assert refusal(desk.sweep, "MISSING_PRICE") == ["NOT_SWEEPABLE"]


def test_a_late_change_of_a_sealed_exchange_cannot_be_swept_or_it_would_be_booked_twice(
    desk: Desk,
) -> None:
    exchange = b"instrument,asset_class,currency,base_currency,quantity_decimals\n"
    pair = Delivery("instruments", "pair.csv", exchange + b"EUR.USD,fx_spot,USD,EUR,2\n")
    import_bytes(desk.books, pair)
    desk.takes("rates", "date base quote rate\n01-05 EUR USD 1.10\n01-30 EUR USD 1.20")
    header = f"{TRADE} instrument"
    desk.takes("trades", f"{header}\nX1 1 01-05 01-07 buy 100.00 1.10 EUR.USD")
    desk.close("2026-01")
    desk.takes("trades", f"{header}\nX1 2 01-05 01-07 buy 100.00 1.15 EUR.USD")
    desk.post()
    assert desk.exceptions()[1:] == [("LATE", "2026-02", "X1", "open")]
    assert refusal(desk.sweep, "LATE", "X1") == ["NOT_SWEEPABLE"]
