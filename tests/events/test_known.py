"""What is known of trades once settlement facts are folded in."""

from __future__ import annotations

from typing import Any

FAILED = {"status": "failed"}


def state(trade: dict[str, Any]) -> tuple[str, str, int, str]:
    settled = str(trade["settled_date"])
    return trade["status"], settled, trade["last_batch"], trade["settlement_event"]


def test_without_facts_nothing_is_known(books: Any) -> None:
    trades, odd = books.folded()
    assert (trades.num_rows, odd.num_rows) == (0, 0)


def test_a_settlement_settles_the_trade_that_it_names(books: Any) -> None:
    books.add("trades", {}, {"trade_id": "T0"})
    books.add("settlements", {})
    assert [state(trade) for trade in books.trades()] == [
        ("confirmed", "None", 1, ""),
        ("settled", "2026-01-06", 2, "S1"),
    ]


def test_a_failure_and_its_cure_follow_their_dates_and_settlement_ends_them(books: Any) -> None:
    books.add("trades", {})
    books.add("settlements", {"event_id": "S2", "date": "2026-01-07", "status": "cured"})
    books.add("settlements", {"event_id": "S1", "date": "2026-01-06", "status": "failed"})
    assert [state(trade) for trade in books.trades()] == [("confirmed", "None", 3, "")]
    books.add("settlements", {"event_id": "S3", "date": "2026-01-08", "status": "failed"})
    assert [state(trade) for trade in books.trades()] == [("failed", "None", 4, "")]
    books.add("settlements", {"event_id": "S4", "date": "2026-01-09"})
    assert [state(trade) for trade in books.trades()] == [("settled", "2026-01-09", 5, "S4")]


def test_the_whole_quantity_and_amount_settle_and_a_part_is_left_for_an_exception(
    books: Any,
) -> None:
    books.add("trades", {}, {"trade_id": "T2"}, {"trade_id": "T3"})
    books.add(
        "settlements",
        {"quantity": "100", "amount": "1250.00"},
        {"trade_id": "T2", "event_id": "S2", "quantity": "60"},
        {"trade_id": "T3", "event_id": "S3", "amount": "1249.99"},
        {"trade_id": "T9", "event_id": "S9"},
    )
    trades, odd = books.folded()
    assert trades["status"].to_pylist() == ["settled", "confirmed", "confirmed"]
    assert odd.select(["event_id", "code"]).to_pylist() == [
        {"event_id": "S2", "code": "LATER_PARTIAL_SETTLEMENT"},
        {"event_id": "S3", "code": "LATER_PARTIAL_SETTLEMENT"},
        {"event_id": "S9", "code": "UNKNOWN_TRADE"},
    ]


def test_a_settlement_that_came_before_its_trade_settles_it_on_arrival(books: Any) -> None:
    books.add("settlements", {})
    books.add("trades", {})
    assert [state(trade) for trade in books.trades()] == [("settled", "2026-01-06", 2, "S1")]


def test_a_cancelled_trade_stays_cancelled(books: Any) -> None:
    books.add("trades", {})
    books.add("settlements", {})
    books.add("trades", {"status": "cancelled"})
    trades, odd = books.folded()
    assert [state(trade) for trade in trades.to_pylist()] == [("cancelled", "None", 3, "")]
    assert odd.num_rows == 0
