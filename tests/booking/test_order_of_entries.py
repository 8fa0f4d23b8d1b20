"""The order of entries within a day: what was taken over, trades, settlements, cash, marks."""

from __future__ import annotations

from tests.booking.entries import SHARE, booked
from tests.laws.facts import day, trade


def test_a_day_is_written_in_the_order_in_which_its_events_can_depend_on_each_other() -> None:
    on = {"currency": "USD", "broker_account": "K1", "batch": 1}
    lot = {"lot_id": "L", "instrument": "AAA", "side": "short", "quantity": 1, "cost": 9}
    lot |= {"cost_base": 9, "opened_on": day(0), "book": "B2", "strategy": "S1"}
    booking = booked(
        trade("Z", "buy", 2, price="10", held=SHARE, status="settled", settlement_date=day(0)),
        cash=[on | {"event_id": "A", "kind": "contribution", "date": day(0), "amount": 5}
              | {"settled_date": day(0)}],
        journals=[
            {"journal_id": "J", "line": n, "date": day(0), "currency": "USD", "reason": "r"}
            | {"account": account, "amount": amount, "amount_base": amount}
            for n, account, amount in ((1, "6410", 1), (2, "2480", -1))
        ],
        opening_lots=[on | lot | {"as_of": day(0)}],
        opening_balances=[on | {"as_of": day(0), "account": "1020", "amount": 1, "amount_base": 1}],
        prices={day(0): {"AAA": "11"}},
    )  # fmt: skip
    kinds = ["opening_balance", "trade", "opening_lot", "settlement", "contribution", "journal"]
    assert booking.entries["event_kind"].to_pylist() == [*kinds, "mark", "mark"]
    assert booking.entries["seq"].to_pylist() == list(range(8))
