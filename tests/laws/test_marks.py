"""Marks: repeated they post nothing, and their path changes no balance.

8 examples each; the tolerance is zero.
"""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import firms, mark, prices
from tests.laws.facts import GAAP, day
from tests.laws.firm import LAST, Firm
from tests.laws.flat import marked
from tests.laws.reading import (
    FX_MARK_ACCOUNTS,
    MARK_ACCOUNTS,
    OWNER,
    by,
    is_profit,
    lines_of,
    on_accounts,
    price_part,
    until,
)
from tests.laws.test_profit import price_of_each
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.store.hashing import same
from subledger.tables import STATES

MONTH_END = date(2022, 9, 30)
paths = st.lists(
    st.tuples(st.integers(0, LAST), st.tuples(prices, prices, prices, prices)),
    max_size=5,
    unique_by=lambda one: one[0],
)


@settings(max_examples=8)
@given(firms(policy=GAAP, moving=False), price_of_each)
def test_marking_again_at_the_same_price_posts_nothing(firm: Firm, at: dict[str, str]) -> None:
    """Invariant 10, tolerance zero: on a later date on which nothing, no rate either, has moved."""
    firm = firm.but(marks=marked(firm, at, day(20)))
    again = firm.but(marks=marked(firm, at, day(20), day(21)))
    first, second = firm.booked(), again.booked()
    assert same(second.entries, first.entries)
    assert same(second.lines, first.lines)
    for state in STATES:
        assert same(second.carried.state(state), first.carried.state(state)), state.name


@settings(max_examples=8)
@given(firms(policy=GAAP), price_of_each, price_of_each, paths)
def test_daily_marks_and_one_at_the_month_end_lead_to_the_same_balances(
    firm: Firm,
    first: dict[str, str],
    second: dict[str, str],
    path: list[tuple[int, tuple[str, str, str, str]]],
) -> None:
    """Invariant 11, tolerance zero: at both month ends, per account, owner and instrument."""
    ends = [*marked(firm, first, MONTH_END), *marked(firm, second, day(20))]
    between_them = [
        mark(row["instrument"], day(on), price)
        for on, at in path
        if day(on) != MONTH_END
        for row, price in zip(firm.held, at, strict=True)
    ]
    once = firm.but(marks=ends).booked()
    daily = firm.but(marks=[*ends, *between_them]).booked()
    columns = ("account", *OWNER, "instrument", "lot_id")
    for end in (MONTH_END, day(20)):
        held, also = (by(until(lines_of(each), end), *columns) for each in (once, daily))
        assert also == held
        gained, too = (
            by(filter(is_profit, until(lines_of(each), end)), *columns) for each in (once, daily)
        )
        assert too == gained
    for state in STATES:
        assert same(daily.carried.state(state), once.carried.state(state)), state.name


@settings(max_examples=8)
@given(firms(policy=GAAP), price_of_each, st.integers(0, LAST))
def test_unrealised_is_market_value_less_cost_of_every_lot(
    firm: Firm, at: dict[str, str], last: int
) -> None:
    """Invariant 12 for unrealised gains, tolerance zero: quantity x price, at the closing rate."""
    firm = firm.but(marks=[*firm.marks, *marked(firm, at, day(30))])
    booking = book(between(firm.events(), -500, last), Carried(), terms=firm.terms)
    closing = book(between(firm.events(), 30, 31), booking.carried, terms=firm.terms)
    gains = []
    for lot in closing.carried.lots.to_pylist():
        name, side = lot["instrument"], 1 if lot["side"] == "long" else -1
        value = firm.worth(name, lot["opened"] - lot["closed"], at[name])
        in_base = firm.in_base(value, lot["currency"], day(30))
        gain = side * (value - (lot["cost"] - lot["relieved"]))
        gain_base = side * (in_base - (lot["cost_base"] - lot["relieved_base"]))
        price = price_part(firm, lot, gain, on=day(30))
        gains.append((lot["lot_id"], gain, price, gain_base - price))
    lines = [*lines_of(booking), *lines_of(closing)]
    local = by(filter(on_accounts(MARK_ACCOUNTS), lines), "lot_id", of="amount")
    assert local == {(lot,): gain for lot, gain, _, _ in gains if gain}
    for position, accounts in ((2, MARK_ACCOUNTS), (3, FX_MARK_ACCOUNTS)):
        ledger = by(filter(on_accounts(accounts), lines), "lot_id")
        assert ledger == {(gain[0],): gain[position] for gain in gains if gain[position]}
