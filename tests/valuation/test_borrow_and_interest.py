"""Borrowed stock and interest: published figures, rounding by day or together, day bases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.columns import Days
from subledger.numbers import Int64Array
from subledger.valuation.fee_schedules import (
    BorrowTerms,
    DayBasis,
    Decimals,
    Refusal,
    borrow_fees,
    borrowed_days,
    day_basis,
    interest,
)

CENTS = Decimals(amount=2, quantity=0, price=2)
CLEARING = BorrowTerms(
    rate=Fraction(6, 100),
    collateral_factor=Fraction(102, 100),
    round_up_to=Fraction(1),
    day_basis=DayBasis.DAYS_360,
    rounding="per_day",
    decimals=2,
)
PLAIN = replace(
    CLEARING, collateral_factor=Fraction(1), round_up_to=None, day_basis=DayBasis.DAYS_365
)
SETTLED = date(2024, 1, 3)


def column(values: Sequence[int]) -> Int64Array:
    return np.array(values, np.int64)


def run(settled: date, count: int) -> Days:
    days = borrowed_days(settled, settled + timedelta(days=count))
    assert not isinstance(days, Refusal)
    return days


def lent(
    terms: BorrowTerms, *, days: int = 1, units: int = 1_000, decimals: Decimals = CENTS
) -> list[int]:
    """Return what 13.00 a unit costs, day by day."""
    price = 13 * 10**decimals.price
    found = borrow_fees(
        np.full(days, units),
        np.full(days, price),
        days=run(SETTLED, days),
        terms=terms,
        decimals=decimals,
    )
    assert found.refused.tolist() == [0] * days
    return [int(amount) for amount in found.amounts]


def test_a_thousand_shares_at_13_cost_2_33_a_day_where_the_lender_rounds_up() -> None:
    """The posting model, 2.2: 13.00 x 1.02 = 13.26, up to 14, x 1,000 x 6 % / 360 = 2.3333."""
    assert lent(CLEARING) == [2_33]


def test_and_2_14_a_day_at_the_plain_price_and_365_days() -> None:
    """13.00 x 1,000 x 6 % / 365 = 2.1370."""
    assert lent(PLAIN) == [2_14]


def test_a_price_that_is_secured_by_a_whole_amount_is_not_rounded_up_further() -> None:
    """14.00 at factor 1 stays 14; 13.26 rounded up to 0.05 is 13.30, and costs 2.2167."""
    assert lent(replace(CLEARING, collateral_factor=Fraction(14, 13))) == [2_33]
    assert lent(replace(CLEARING, round_up_to=Fraction(5, 100))) == [2_22]


def test_each_day_is_rounded_by_itself_or_all_of_them_together() -> None:
    """Thirty days: 30 x 2.33 = 69.90; 30 x 2.3333... = 70.00."""
    assert lent(CLEARING, days=30) == [2_33] * 30
    cumulative = lent(replace(CLEARING, rounding="cumulative"), days=30)
    assert cumulative == [2_33, 2_34, 2_33] * 10
    assert sum(cumulative) == 70_00


def test_decimals_of_ledger_quantity_and_price_change_the_unit_and_not_the_fee() -> None:
    wide = Decimals(amount=6, quantity=2, price=8)
    assert lent(CLEARING, units=1_000_00, decimals=wide) == [2_330_000]


def test_a_day_of_the_actual_year_is_a_part_of_that_year() -> None:
    """An own example: 780.00 a year costs 780 / 365 on 31 December 2023, then 780 / 366."""
    terms = replace(PLAIN, day_basis=DayBasis.ACTUAL, decimals=4)
    found = borrow_fees(
        column([1_000, 1_000]),
        column([13_00, 13_00]),
        days=run(date(2023, 12, 31), 2),
        terms=terms,
        decimals=Decimals(amount=4, quantity=0, price=2),
    )
    assert found.amounts.tolist() == [2_1370, 2_1311]


def test_stock_is_paid_for_from_settlement_until_before_its_return() -> None:
    days = borrowed_days(date(2024, 2, 28), date(2024, 3, 1))
    assert not isinstance(days, Refusal)
    assert days.tolist() == [date(2024, 2, 28), date(2024, 2, 29)]
    assert len(run(SETTLED, 0)) == 0
    assert borrowed_days(SETTLED, date(2024, 1, 2)) is Refusal.DAYS_REVERSED


def test_a_negative_number_of_units_or_price_is_refused_on_its_day() -> None:
    found = borrow_fees(
        column([1_000, -1, 1_000]),
        column([13_00, 13_00, -1]),
        days=run(SETTLED, 3),
        terms=CLEARING,
        decimals=CENTS,
    )
    assert found.amounts.tolist() == [2_33, 0, 0]
    refused = [Refusal.NEGATIVE_UNITS.value, Refusal.NEGATIVE_AMOUNT.value]
    assert found.refused.tolist() == [0, *refused]


@given(
    st.lists(st.tuples(st.integers(0, 10**5), st.integers(0, 10**5)), min_size=1, max_size=20),
    st.sampled_from(DayBasis),
    st.sampled_from([Fraction(1), Fraction(5, 100), None]),
    st.integers(0, 20),
)
def test_days_add_up_to_the_exact_amount_rounded_once(
    held: list[tuple[int, int]], basis: DayBasis, step: Fraction | None, cut: int
) -> None:
    terms = replace(CLEARING, day_basis=basis, round_up_to=step, rounding="cumulative")
    days = run(date(2023, 12, 25), len(held))
    exact = Fraction(0)
    for (units, price), day in zip(held, days.tolist(), strict=True):
        secured = Fraction(price, 100) * Fraction(102, 100)
        if step is not None:
            secured = ceil(secured / step) * step
        year = 365 + (day.year == 2024) if basis is DayBasis.ACTUAL else int(basis.value)
        exact += units * secured * Fraction(6, 100) / year * 100
    lent_units, prices = (column([row[n] for row in held]) for n in range(2))
    whole = borrow_fees(lent_units, prices, days=days, terms=terms, decimals=CENTS).amounts
    assert sum(whole.tolist()) == round(exact)
    assert min(whole.tolist()) >= 0
    first = borrow_fees(
        lent_units[:cut], prices[:cut], days=days[:cut], terms=terms, decimals=CENTS
    )
    assert first.amounts.tolist() == whole.tolist()[:cut]


def month(balance: int, rate: Fraction, *, days: int, basis: DayBasis = DayBasis.DAYS_360) -> int:
    found = interest(
        column([balance]), rate, start=SETTLED, end=SETTLED + timedelta(days=days), basis=basis
    )
    assert not isinstance(found, Refusal)
    return int(found[0])


def test_margin_interest_on_5000_at_7_and_a_half_percent_for_30_days_is_31_25() -> None:
    """The posting model, 2.2."""
    assert month(5_000_00, Fraction(75, 1000), days=30) == 31_25


def test_a_repo_of_10000_at_3_percent_for_14_days_costs_11_67() -> None:
    """The posting model, 2.9 and 8: the 25 of a published example disagrees with its own terms."""
    assert month(10_000_00, Fraction(3, 100), days=14) == 11_67


def test_interest_has_the_sign_of_its_balance_and_of_its_rate() -> None:
    assert month(-5_000_00, Fraction(75, 1000), days=30) == -31_25
    assert month(5_000_00, Fraction(-75, 1000), days=30) == -31_25


@pytest.mark.parametrize(
    ("basis", "expected"), [("360", 1_016_67), ("365", 1_002_74), ("ACT", 1_000_00)]
)
def test_a_leap_year_of_1_percent_on_100000_depends_on_the_day_basis(
    basis: str, expected: int
) -> None:
    """366 days: over 360 and 365 more than a year, over the actual 366 a whole one."""
    named = day_basis(basis)
    assert isinstance(named, DayBasis)
    found = interest(
        column([100_000_00]),
        Fraction(1, 100),
        start=date(2024, 1, 1),
        end=date(2025, 1, 1),
        basis=named,
    )
    assert not isinstance(found, Refusal)
    assert found.tolist() == [expected]


def test_days_in_two_years_are_each_a_part_of_their_own() -> None:
    """An own example: 1,000,000 at 1 % over one day of 2023 and one of 2024."""
    found = interest(
        column([1_000_000_00]),
        Fraction(1, 100),
        start=date(2023, 12, 31),
        end=date(2024, 1, 2),
        basis=DayBasis.ACTUAL,
    )
    assert not isinstance(found, Refusal)
    assert found.tolist() == [round(Fraction(10_000_00, 365) + Fraction(10_000_00, 366))]


def test_days_that_end_before_they_start_are_refused_and_no_days_cost_nothing() -> None:
    before, basis = SETTLED - timedelta(days=1), DayBasis.DAYS_360
    found = interest(column([1]), Fraction(1), start=SETTLED, end=before, basis=basis)
    assert found is Refusal.DAYS_REVERSED
    assert month(5_000_00, Fraction(1), days=0) == 0


@pytest.mark.parametrize("text", ["", "364", "30/360", "act", "ACT/ACT"])
def test_a_day_basis_is_360_or_365_or_act(text: str) -> None:
    assert day_basis(text) is Refusal.DAY_BASIS


@given(
    st.integers(-(10**12), 10**12),
    st.integers(0, 2_000),
    st.sampled_from(DayBasis),
    st.integers(0, 40),
)
def test_interest_day_by_day_adds_up_to_that_of_all_days(
    balance: int, permille: int, basis: DayBasis, days: int
) -> None:
    rate = Fraction(permille, 1_000)
    reached = [month(balance, rate, days=count, basis=basis) for count in range(days + 1)]
    daily = [later - before for before, later in pairwise(reached)]
    assert sum(daily) == reached[-1]
    assert all(amount * balance >= 0 for amount in daily)
