"""Profit and loss: against net assets, over buckets and periods, and over a whole life.

8 to 25 examples each; the tolerance is zero unless a test states another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import POOLS, UNNAMED, days, firms, for_any_firm, prices
from tests.laws.facts import CHART, day
from tests.laws.firm import Firm
from tests.laws.flat import booked_trades, flattened, marked, paid
from tests.laws.reading import (
    FX_ACCOUNTS,
    FX_TRADING,
    LOT_ACCOUNTS,
    MARK_ACCOUNTS,
    OWNER,
    Line,
    by,
    is_net_asset,
    is_profit,
    journal_of,
    lines_of,
    on_accounts,
    posted_of,
    total,
    until,
)
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.booking.policy import BasisPolicy
from subledger.columns import days as dates_in
from subledger.journal.journal import Journal
from subledger.statements.pnl import KEYS, buckets_of, pnl
from subledger.tables import FEES

BUCKETS = buckets_of(CHART.accounts)
price_of_each = st.fixed_dictionaries({"AAA": prices, "BBB": prices, "CCC": prices, "DDD": prices})
plain_policies = st.builds(
    BasisPolicy,
    st.just("PLAIN"),
    st.just("USD"),
    post_status=st.just("confirmed"),
    valuation=st.sampled_from(("fair_value", "cost")),
    fees=st.sampled_from(("expense", "capitalise")),
    pool_by=st.sampled_from(POOLS),
)


def reported(journal: Journal, by_columns: Sequence[str] = ()) -> list[dict[str, int]]:
    """Return the rows of the P&L report of a journal."""
    rows: list[dict[str, int]] = pnl(
        posted_of(journal), buckets=BUCKETS, by=by_columns
    ).table.to_pylist()
    return rows


def total_reported(journal: Journal, by_columns: Sequence[str] = ()) -> int:
    return sum(row["total"] for row in reported(journal, by_columns))


def after_until(journal: Journal, start: date, end: date) -> Journal:
    """Return the entries after one date and up to another."""
    on = dates_in(journal.entries, "accounting_date")
    inside = (on > np.datetime64(start)) & (on <= np.datetime64(end))
    return journal.take(np.flatnonzero(inside))


@settings(max_examples=8)
@given(firms(), st.lists(days, min_size=2, max_size=2, unique=True))
def test_profit_is_the_change_in_net_assets_less_what_owners_brought(
    firm: Firm, span: list[int]
) -> None:
    """Invariant 4, tolerance zero; what was taken over counts as brought in."""
    start, end = day(min(span)), day(max(span))
    booking, events = firm.booked(), firm.events()
    lines = lines_of(booking)
    brought = [
        (row["told_on"], firm.in_base(row["amount"], row["currency"], row["told_on"]))
        for row in events.cash.to_pylist()
        if row["stage"] == "capital"
    ]
    brought += [
        (row["as_of"], row["cost_base"] if row["side"] == "long" else -row["cost_base"])
        for row in firm.opening_lots
    ]
    brought += [
        (row["as_of"], row["amount_base"])
        for row in firm.opening_balances
        if row["account"] == "1020"
    ]

    def net_assets(line: Line) -> bool:
        # What has passed through FX trading is a gain or loss that a close has yet to sweep.
        return is_net_asset(line) or line["account"] == FX_TRADING

    until_end, until_start = until(lines, end), until(lines, start)
    gained = total(until_end, net_assets) - total(until_start, net_assets)
    gained -= sum(amount for on, amount in brought if start < on <= end)
    assert total_reported(after_until(journal_of(booking), start, end)) == gained


@for_any_firm
def test_total_profit_is_the_sum_over_buckets_strategies_and_instruments(firm: Firm) -> None:
    """Invariant 5, tolerance zero: any view of the P&L adds up to the income and expenses."""
    booking = firm.booked()
    journal = journal_of(booking)
    whole = -total(lines_of(booking), is_profit)
    for columns in ((), *((key,) for key in KEYS), ("strategy", "instrument")):
        rows = reported(journal, columns)
        assert sum(row["total"] for row in rows) == whole
        assert sum(row[bucket] for row in rows for bucket in set(BUCKETS.values())) == whole


@settings(max_examples=8)
@given(firms(foreign=False), price_of_each, st.integers(-3, 9))
def test_a_flat_firm_has_no_cost_no_marks_and_earned_its_net_cash(
    firm: Firm, at: dict[str, str], fee: int
) -> None:
    """Invariant 8, tolerance zero, per instrument."""
    flat = flattened(firm, at, fee=fee)
    booking = flat.booked()
    lines = lines_of(booking)
    assert booking.carried.lots.num_rows == 0
    on_lots = on_accounts(LOT_ACCOUNTS | MARK_ACCOUNTS)
    assert by(filter(on_lots, lines), "account", "instrument", *OWNER) == {}
    assert by(filter(on_lots, lines), "account", "instrument", "lot_id", of="quantity") == {}
    cash = [{"instrument": t["instrument"], "amount": paid(t)} for t in booked_trades(flat)]
    cash += [
        {
            "instrument": lot["instrument"],
            "amount": -lot["cost"] if lot["side"] == "long" else lot["cost"],
        }
        for lot in flat.opening_lots
    ]
    earned = {
        key: -amount
        for key, amount in by(filter(is_profit, lines), "instrument").items()
        if key != ("",)
    }
    assert earned == by(cash, "instrument", of="amount")


@settings(max_examples=8)
@given(firms(methods=UNNAMED), price_of_each)
def test_profit_over_a_life_is_the_same_whatever_the_marks_in_between(
    firm: Firm, at: dict[str, str]
) -> None:
    """Invariant 9, tolerance zero: per owner, instrument and account, after one last close."""
    flat = flattened(firm, at)
    last = marked(firm, at, day(30))
    many, one = (
        by(filter(is_profit, lines_of(each.booked())), "account", "instrument", *OWNER)
        for each in (flat.but(marks=[*flat.marks, *last]), flat.but(marks=last))
    )
    assert many == one


@settings(max_examples=10)
@given(firms(foreign=False))
def test_gains_are_proceeds_less_cost_and_fx_buckets_are_zero_in_one_currency(firm: Firm) -> None:
    """Invariants 12 and 13, tolerance zero."""
    booking = firm.booked()
    for relief in booking.reliefs.to_pylist():
        assert relief["gain_base"] == relief["proceeds_base"] - relief["cost_base"]
        assert relief["gain_base"] == relief["gain_price_base"] + relief["gain_fx_base"]
        assert relief["gain"] == relief["proceeds"] - relief["cost"]
        assert (relief["gain_fx_base"], relief["mark_fx_released"]) == (0, 0)
    assert [line for line in lines_of(booking) if line["account"] in FX_ACCOUNTS] == []
    assert all(line["amount"] == line["amount_base"] for line in lines_of(booking))


@settings(max_examples=8)
@given(st.data(), plain_policies, days)
def test_expensed_and_capitalised_fees_differ_by_those_in_open_lots(
    data: st.DataObject, policy: BasisPolicy, last: int
) -> None:
    """Invariant 20 at any date: exact against open cost, one unit a lot against pro-rata fees.

    A fee's share of an open lot is the difference of two costs, each rounded once.
    """
    firm = data.draw(firms(policy=policy, foreign=False)).under(valuation="cost")
    until_then = between(firm.events(), -500, last)
    expensed, capitalised = (
        book(until_then, Carried(), terms=firm.under(fees=fees).terms)
        for fees in ("expense", "capitalise")
    )
    gained = total(lines_of(expensed), is_profit) - total(lines_of(capitalised), is_profit)
    fees = {trade["trade_id"]: trade for trade in firm.trades}
    embedded = 0
    pairs = zip(
        expensed.carried.lots.to_pylist(), capitalised.carried.lots.to_pylist(), strict=True
    )
    for plain, with_fees in pairs:
        assert (plain["lot_id"], plain["closed"]) == (with_fees["lot_id"], with_fees["closed"])
        side = 1 if plain["side"] == "long" else -1
        here = (with_fees["cost"] - with_fees["relieved"]) - (plain["cost"] - plain["relieved"])
        embedded += side * here
        opened_by = fees.get(plain["lot_id"])
        share = Fraction(0)
        if opened_by is not None:
            whole = sum(opened_by[fee] for fee in FEES)
            share = Fraction(whole * (plain["opened"] - plain["closed"]), opened_by["quantity"])
        assert abs(side * here - share) <= 1 + Fraction(1, 2)  # and half a unit for a second leg
    assert gained == embedded


@settings(max_examples=8)
@given(st.data(), plain_policies, price_of_each)
def test_expensed_and_capitalised_fees_give_one_profit_over_a_life(
    data: st.DataObject, policy: BasisPolicy, at: dict[str, str]
) -> None:
    """Invariant 20 when flat, tolerance zero: per instrument."""
    flat = flattened(data.draw(firms(policy=policy)), at, fee=3)
    expensed, capitalised = (
        by(filter(is_profit, lines_of(flat.under(fees=fees).booked())), "instrument")
        for fees in ("expense", "capitalise")
    )
    assert expensed == capitalised


@settings(max_examples=8)
@given(st.data(), plain_policies)
def test_a_short_gains_what_the_long_loses(data: st.DataObject, policy: BasisPolicy) -> None:
    """Invariant 21, tolerance zero: every gain of the mirrored firm is the negative, by owner."""
    drawn = data.draw(firms(policy=policy))
    other = {"buy": "sell", "sell": "buy", "long": "short", "short": "long"}
    free = [trade | dict.fromkeys(FEES, 0) | {"net": trade["gross"]} for trade in drawn.trades]
    firm = drawn.but(trades=free)
    mirrored = firm.but(
        trades=[trade | {"side": other[trade["side"]]} for trade in free],
        opening_lots=[lot | {"side": other[lot["side"]]} for lot in firm.opening_lots],
    )
    ours, theirs = (
        by(
            filter(on_accounts({"4110", "4210"}), lines_of(each.booked())),
            *("account", "accounting_date", "instrument", *OWNER),
        )
        for each in (firm, mirrored)
    )
    assert theirs == {key: -gain for key, gain in ours.items()}


@settings(max_examples=8)
@given(firms(), days)
def test_days_add_up_to_months_and_months_to_the_year(firm: Firm, cut: int) -> None:
    """Invariant 40, tolerance zero: MTD + prior = YTD, day sums = MTD, in every cell."""
    journal = journal_of(firm.booked())
    before, end = day(-500), day(500)

    def cells(part: Journal) -> dict[tuple[str, ...], int]:
        return by(reported(part), *KEYS, of="total")

    def added(parts: list[Journal]) -> dict[tuple[str, ...], int]:
        return by([row for part in parts for row in reported(part)], *KEYS, of="total")

    whole = cells(after_until(journal, before, end))
    for middle in (day(cut), date(2022, 9, 30)):
        halves = [after_until(journal, before, middle), after_until(journal, middle, end)]
        assert added(halves) == whole
    singles = [
        after_until(journal, day(number) - timedelta(days=1), day(number))
        for number in range(-1, 40)
    ]
    assert added(singles) == whole
