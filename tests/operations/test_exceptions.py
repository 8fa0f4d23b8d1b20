"""The exception queue: what waits in it, what a waiver does, and what cannot be waived."""

from __future__ import annotations

import pytest
from tests.operations.desk import Desk, grid, refusal

from subledger.operations.books import open_books
from subledger.operations.exceptions import waive
from subledger.operations.posting import post

TRADE = "trade_id trade_date settled_date side quantity price"
ONE = f"{TRADE}\nT1 01-05 01-07 buy 100 10.00"

LATER = {
    "LATER_ASSET_CLASS": ("trades", f"{TRADE} instrument\nX1 01-05 01-07 buy 100 10.00 RITE"),
    "LATER_ACCRUED_INTEREST": (
        "trades",
        f"{TRADE} accrued_interest\nX1 01-05 01-07 buy 100 10.00 1.00",
    ),
    "LOTS_MISMATCH": ("trades", f"{TRADE} lots\nX1 01-05 01-07 sell 10 10.00 T1:9"),
    "LOT_UNKNOWN": ("trades", f"{TRADE} lots\nX1 01-05 01-07 sell 10 10.00 T9:10"),
    "LATER_CASH_KIND": (
        "cash",
        "event_id date kind amount instrument\nX1 01-05 coupon 17.00 ACME",
    ),
}


@pytest.mark.parametrize("code", LATER)
def test_what_cannot_be_booked_waits_blocks_the_close_and_can_be_waived(
    desk: Desk, code: str
) -> None:
    kind, text = LATER[code]
    desk.takes("trades", ONE)
    desk.takes("prices", "date price\n01-30 10.00")
    desk.takes(kind, text)
    assert [result.exceptions for result in desk.post()] == [1, 1]
    assert desk.exceptions("code period event_id status") == grid(f"""
        code   period  event_id status
        {code} 2026-01 X1       open
    """)
    assert {row[0] for row in desk.report("journal", "2026-01", "event_id")[1:]} == {"T1"}
    assert refusal(desk.close, "2026-01") == [code, code]
    desk.waive(code)
    desk.waive(code, basis="US-TAX")
    closed = desk.close("2026-01")
    assert [result.period for result in closed] == ["2026-01", "2026-01"]
    assert desk.exceptions("code status reason") == grid(f"""
        code   status reason
        {code} waived agreed_with_the_auditor
    """)


def test_a_part_settlement_and_one_of_an_unknown_trade_wait_with_their_amounts(desk: Desk) -> None:
    desk.takes("trades", f"{TRADE} status\nT1 01-05 - buy 100 10.00 confirmed")
    desk.takes("settlements", "trade_id event_id date quantity amount\nT1 S1 01-07 40 400.00")
    desk.takes("settlements", "trade_id event_id date\nT9 S2 01-07")
    desk.post()
    assert desk.exceptions("code event_id amount_at_risk status file row") == grid("""
        code                     event_id amount_at_risk status file              row
        LATER_PARTIAL_SETTLEMENT S1       400.00         open   settlements-3.csv 2
        UNKNOWN_TRADE            S2       0.00           open   settlements-4.csv 2
    """)
    desk.takes("trades", f"{TRADE} status\nT9 01-05 - buy 10 10.00 confirmed")
    desk.post()
    assert desk.exceptions("code event_id status") == grid("""
        code                     event_id status
        LATER_PARTIAL_SETTLEMENT S1       open
        UNKNOWN_TRADE            S2       fixed
    """)
    assert desk.report("positions", "2026-01", "instrument quantity settled_quantity") == grid("""
        instrument quantity settled_quantity
        ACME       10       10
    """)


def test_a_rule_that_begins_later_leaves_a_gap_and_nothing_is_posted(desk: Desk) -> None:
    rules = desk.folder / "chart_of_accounts/prop-us/posting_rules.toml"
    text = rules.read_text()
    rule = 'id = "trade.long.open"\n'
    rules.write_text(text.replace(rule, f"{rule}from = 2026-01-10\n"))
    desk.takes("trades", ONE)
    assert set(refusal(post, open_books(desk.folder))) == {"RULE_GAP"}


def test_a_missing_price_blocks_the_close_and_cannot_be_waived(desk: Desk) -> None:
    desk.takes("trades", ONE)
    assert refusal(desk.close, "2026-01") == ["MISSING_PRICE"]
    assert desk.exceptions("code period event_id amount_at_risk status") == grid("""
        code          period  event_id             amount_at_risk status
        MISSING_PRICE 2026-01 mark:2026-01-31:ACME 1000.00        open
    """)
    assert refusal(desk.waive, "MISSING_PRICE") == ["NOT_WAIVABLE"]
    desk.takes("prices", "date price\n01-30 10.50")
    desk.close("2026-01")
    assert desk.exceptions("code status")[1:] == [("MISSING_PRICE", "fixed")]


FOREIGN = f"{TRADE} instrument currency\nT1 01-05 01-07 buy 100 10.00 EURO EUR"
EURO_PRICE = "date price instrument\n01-30 10.00 EURO"


def test_a_missing_rate_blocks_the_close_and_cannot_be_waived(desk: Desk) -> None:
    desk.takes("trades", FOREIGN)
    desk.takes("prices", EURO_PRICE)
    desk.post()
    assert desk.exceptions("code period event_id amount_at_risk currency status") == grid("""
        code         period  event_id amount_at_risk currency status
        MISSING_RATE 2026-01 T1       1000.00        EUR      open
    """)
    assert refusal(desk.close, "2026-01") == ["MISSING_RATE", "MISSING_RATE"]
    assert refusal(desk.waive, "MISSING_RATE") == ["NOT_WAIVABLE"]
    desk.takes("rates", "date base quote rate\n01-05 EUR USD 1.10\n01-07 EUR USD 1.20")
    desk.takes("rates", "date base quote rate\n01-30 EUR USD 1.25")
    desk.close("2026-01")
    assert desk.exceptions("code status")[1:] == [("MISSING_RATE", "fixed")]


def test_a_stale_rate_is_used_and_accepted_once_per_currency_and_day(desk: Desk) -> None:
    """A rate is stale when it is older than the five days of the template."""
    desk.takes("trades", FOREIGN)
    desk.takes("prices", EURO_PRICE)
    rates = "date base quote rate\n01-01 EUR USD 1.10\n01-30 EUR USD 1.25"
    desk.takes("rates", rates)
    desk.post()
    assert desk.exceptions("code event_id amount_at_risk status") == grid("""
        code       event_id            amount_at_risk status
        STALE_RATE rate:2026-01-07:EUR 1100.00        open
    """)
    assert desk.report("lots", "2026-01", "lot_id cost cost_base")[1:] == [
        ("T1", "1000.00", "1100.00")
    ]
    assert refusal(desk.close, "2026-01") == ["STALE_RATE", "STALE_RATE"]
    desk.waive("STALE_RATE")
    desk.waive("STALE_RATE", basis="US-TAX")
    desk.close("2026-01")
    assert desk.exceptions("code status")[1:] == [("STALE_RATE", "waived")]


def test_a_dividend_without_an_event_is_booked_listed_and_stops_no_close(desk: Desk) -> None:
    desk.takes("trades", ONE)
    desk.takes("prices", "date price\n01-30 10.00")
    desk.takes("cash", "event_id date kind amount instrument\nX1 01-09 dividend 17.00 ACME")
    desk.post()
    assert desk.exceptions() == grid("""
        code     period  event_id status
        NO_EVENT 2026-01 X1       open
    """)
    assert [result.period for result in desk.close("2026-01")] == ["2026-01", "2026-01"]
    assert desk.report("trial-balance", "2026-01", "account closing")[1:] == [
        ("1020", "-983.00"), ("1210", "1000.00"), ("2110", "0.00"), ("5110", "-17.00"),
    ]  # fmt: skip


def test_a_stale_price_is_used_once_it_is_accepted(desk: Desk) -> None:
    desk.takes("trades", ONE)
    desk.takes("prices", "date price\n01-29 10.50")
    assert refusal(desk.close, "2026-01") == ["STALE_PRICE"]
    desk.post()  # nobody looked at the price: it still waits
    assert desk.exceptions("code status")[1:] == [("STALE_PRICE", "open")]
    desk.waive("STALE_PRICE")
    desk.close("2026-01")
    assert desk.report("unrealised", "2026-01", "lot_id price price_date unrealised") == grid("""
        lot_id price price_date unrealised
        T1     10.5  2026-01-29 50.00
    """)


def test_a_waiver_needs_an_open_exception_and_a_reason(desk: Desk) -> None:
    desk.takes("trades", ONE)
    desk.takes(*LATER["LATER_ACCRUED_INTEREST"])
    desk.post()
    found = desk.exception_id("LATER_ACCRUED_INTEREST")
    assert refusal(waive, desk.books, found, reason=" ") == ["REASON_MISSING"]
    assert refusal(waive, desk.books, "X-000000000000", reason="why") == ["UNKNOWN_EXCEPTION"]
    waive(desk.books, found, reason="why", dry_run=True)
    assert desk.exceptions("status")[1:] == [("open",)]
    waive(desk.books, found, reason="why")
    assert refusal(waive, desk.books, found, reason="why") == ["UNKNOWN_EXCEPTION"]


def test_a_close_beyond_the_position_waits_whole(desk: Desk) -> None:
    desk.takes(
        "trades",
        f"""
        {TRADE} position_effect
        T1 01-05 01-07 buy 100 10 auto
        T2 01-06 01-08 sell 101 11 close
        """,
    )
    desk.post()
    assert desk.exceptions("code event_id amount_at_risk") == grid("""
        code       event_id amount_at_risk
        OVER_CLOSE T2       1111.00
    """)
    assert desk.report("lots", "2026-01", "lot_id quantity")[1:] == [("T1", "100")]
