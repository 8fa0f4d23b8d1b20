"""Settlement: what is unsettled is listed, moves cash once, and earns nothing.

25 examples each; the tolerance is zero.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import Firm, days, firms
from tests.laws.facts import day
from tests.laws.flat import booked_trades, paid
from tests.laws.reading import (
    UNSETTLED_ACCOUNTS,
    by,
    dates_of,
    lines_of,
    on_accounts,
    plain,
    rows,
    total,
    until,
)
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried


@settings(max_examples=25)
@given(firms())
def test_receivables_less_payables_are_the_unsettled_trades_on_every_date(firm: Firm) -> None:
    """Invariant 17, tolerance zero; settled cash and they together are trade-date cash."""
    lines = lines_of(firm.booked())
    trades = booked_trades(firm)
    settled_on = {
        row["trade_id"]: row["accounting_date"] for row in firm.events().settling.to_pylist()
    }
    for on in dates_of(lines):
        traded = [trade for trade in trades if trade["accounting_date"] <= on]
        pending = [trade for trade in traded if settled_on.get(trade["trade_id"], day(999)) > on]
        known = until(lines, on)
        unsettled = total(known, on_accounts(UNSETTLED_ACCOUNTS))
        assert unsettled == sum(map(paid, pending))
        of_trades = [line for line in known if line["event_kind"] in ("trade", "settlement")]
        cash = total(of_trades, on_accounts({"1020"}))
        assert cash + unsettled == sum(map(paid, traded))


@settings(max_examples=25)
@given(firms(), days)
def test_the_list_of_unsettled_items_is_the_ledger_item_by_item(firm: Firm, last: int) -> None:
    """Invariant 17 for each trade, tolerance zero, at any cut."""
    booking = book(between(firm.events(), -500, last), Carried(), terms=firm.terms)
    items = booking.carried.unsettled.to_pylist()
    open_lines = filter(on_accounts(UNSETTLED_ACCOUNTS), lines_of(booking))
    dimensions = ("book", "strategy", "broker_account", "instrument")
    columns = ("account", *dimensions)
    assert by(items, "trade_id", *columns) == by(open_lines, "event_id", *columns)
    assert len({item["trade_id"] for item in items}) == len(items)


@settings(max_examples=25)
@given(firms())
def test_settling_earns_nothing(firm: Firm) -> None:
    """Invariant 18, tolerance zero: cash against the open item, in one currency."""
    lines = lines_of(firm.booked())
    settled = [line for line in lines if line["event_kind"] == "settlement"]
    assert {line["account"] for line in settled} <= {"1020", *UNSETTLED_ACCOUNTS}
    capital = [line for line in lines if line["event_kind"] == "capital_settlement"]
    assert {line["account"] for line in capital} <= {"1020", "1490", "2610"}


@settings(max_examples=25)
@given(firms(), st.booleans())
def test_a_fail_and_its_cure_move_neither_profit_nor_cash(
    firm: Firm,
    by_fact: bool,  # noqa: FBT001 - drawn
) -> None:
    """Invariant 19, tolerance zero: a failed trade stands exactly where a confirmed one does."""
    confirmed = firm.under(post_status="confirmed").but(
        trades=[trade | {"status": "confirmed", "settled_date": None} for trade in firm.trades]
    )
    facts = [
        {
            "event_id": f"F{number}",
            "trade_id": trade["trade_id"],
            "date": trade["settlement_date"],
            "status": "failed",
            "batch": 2,
            "row": number + 2,
        }
        for number, trade in enumerate(confirmed.trades)
    ]
    failed = (
        confirmed.but(settlements=facts)
        if by_fact
        else confirmed.but(trades=[trade | {"status": "failed"} for trade in confirmed.trades])
    )
    cured = confirmed.but(
        settlements=[
            *facts,
            *(f | {"event_id": f"{f['event_id']}c", "status": "cured"} for f in facts),
        ]
    )
    expected = confirmed.booked()
    for other in (failed, cured):
        booking = other.booked()
        assert plain(booking.entries, booking.lines) == plain(expected.entries, expected.lines)
        assert rows(booking.carried.unsettled.drop_columns(["status"])) == rows(
            expected.carried.unsettled.drop_columns(["status"])
        )
    pending = failed.booked().carried.unsettled["status"].to_pylist()
    assert set(pending) <= {"failed"}
