"""What post_status leaves out of the books, and what a close says about it."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.operations.desk import Desk, grid

CONFIRMED: dict[str, object] = {
    "basis.US-GAAP.post_status": "confirmed",
    "basis.US-TAX.post_status": "confirmed",
}
TRADES = """
trade_id status    trade_date settled_date settlement_date side quantity price
T1       settled   01-05      01-07        01-07           buy  100      10.00
T2       confirmed 01-29      -            02-02           sell 40       12.00
T3       failed    01-14      -            01-16           buy  10       11.00
T4       cancelled 01-14      -            01-16           buy  70       11.00
"""
PRICES = "date price\n01-30 11.00"


def test_under_settled_only_what_has_settled_is_posted_and_the_rest_is_listed(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    assert desk.post()[0].withheld == 2
    columns = "trade_id status days_late quantity amount posted"
    assert desk.report("unsettled", "2026-01", columns) == grid("""
        trade_id status    days_late quantity amount  posted
        T3       failed    15        10       -110.00 false
        T2       confirmed 0         40       480.00  false
    """)


def test_the_seal_holds_what_was_withheld_and_what_posting_it_would_change(desk: Desk) -> None:
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    gaap, tax = desk.close("2026-01")
    # T2 realises 480 - 400; T3 is marked at cost. The 60 of T1 left carry a mark of 60, not 100.
    # Assets: receivable 480, stock -400 + 110, marks -40 + 0. Liabilities: payable 110.
    assert gaap.withheld == {
        "trades": [
            {"trade_id": "T2", "status": "confirmed", "instrument": "ACME", "side": "sell"}
            | {"quantity": "40", "net": "480.00"},
            {"trade_id": "T3", "status": "failed", "instrument": "ACME", "side": "buy"}
            | {"quantity": "10", "net": "110.00"},
        ],
        "effect": {
            "assets": "150.00",
            "liabilities": "110.00",
            "profit_and_loss": "40.00",
            "units": "-30",
        },
    }
    assert tax.withheld["effect"] == {
        "assets": "190.00",
        "liabilities": "110.00",
        "profit_and_loss": "80.00",
        "units": "-30",
    }
    seals = desk.books.control.read().closes("US-GAAP")
    assert json.loads(seals[0].seal)["withheld"] == gaap.withheld


def test_a_trade_that_a_closed_month_withheld_still_counts_in_the_next_months_effect(
    desk: Desk,
) -> None:
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES + "\n02-27 11.00")
    desk.close("2026-01")
    gaap = desk.close("2026-02")[0]
    assert gaap.withheld["effect"] == {
        "assets": "150.00",
        "liabilities": "110.00",
        "profit_and_loss": "40.00",
        "units": "-30",
    }


def test_under_confirmed_a_failed_trade_stays_in_the_unsettled_account_and_is_listed(
    desk_with: Callable[[dict[str, object]], Desk],
) -> None:
    desk = desk_with(CONFIRMED)
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    (gaap, _) = desk.close("2026-01")
    assert gaap.withheld == {}
    columns = "trade_id status days_late quantity amount amount_base posted"
    assert desk.report("unsettled", "2026-01", columns) == grid("""
        trade_id status    days_late quantity amount  amount_base posted
        T3       failed    15        10       -110.00 -110.00     true
        T2       confirmed 0         40       480.00  480.00      true
    """)
    assert desk.report("trial-balance", "2026-01", "account closing") == grid("""
        account closing
        1020    -1000.00
        1110    480.00
        1210    710.00
        1211    60.00
        2110    -110.00
        4110    -80.00
        4210    -60.00
    """)


def test_a_failed_trade_that_is_cured_and_settles_next_month_is_relieved_then(
    desk_with: Callable[[dict[str, object]], Desk],
) -> None:
    desk = desk_with(CONFIRMED)
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES + "\n02-27 11.00")
    desk.close("2026-01")
    desk.takes(
        "settlements",
        """
        trade_id event_id date  status
        T3       S1       02-03 cured
        T3       S2       02-04 settled
        """,
    )
    desk.post()
    columns = "event_id accounting_date account amount"
    assert desk.report("journal", "2026-02", columns) == grid("""
        event_id accounting_date account amount
        T3       2026-02-04      2110    110.00
        T3       2026-02-04      1020    -110.00
    """)
    desk.close("2026-02")
    columns = "trade_id status days_late posted"
    assert desk.report("unsettled", "2026-02", columns) == grid("""
        trade_id status    days_late posted
        T2       confirmed 26        true
    """)
    assert desk.report("unsettled", "2026-01", "trade_id status") == grid("""
        trade_id status
        T3       failed
        T2       confirmed
    """)
