"""Premiums and discounts over a bond's life: published figures, yields, and cost reaching face."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.numbers import Int64Array, NumberOverflow
from subledger.valuation.amortising import (
    YIELD_DECIMALS,
    Repayments,
    Yield,
    effective_interest,
    straight_line,
    yield_of,
)

ONE = 10**YIELD_DECIMALS
Lot = tuple[int, int, int, int]  # cost, face, coupon, periods

# The posting model, 2.11: 400,000 at 12 % a year in half-years, bought to yield 11 %.
PREMIUM: Lot = (409_991_12, 400_000_00, 24_000_00, 6)
ZERO: Lot = (17_800_00, 20_000_00, 0, 2)


def lots(*rows: Lot) -> Repayments:
    return Repayments(*(np.array([row[n] for row in rows], np.int64) for n in range(4)))


def rates(*values: Fraction) -> Int64Array:
    return np.array([round(value * ONE) for value in values], np.int64)


def listed(changes: Int64Array, lot: int = 0) -> list[int]:
    return [int(change) for change in changes[:, lot]]


def present_value(rate: Fraction, face: int, *, coupon: int, periods: int) -> Fraction:
    growth = 1 + rate
    return sum((coupon / growth**n for n in range(1, periods + 1)), face / growth**periods)


def test_a_premium_is_amortised_in_equal_parts_by_straight_line() -> None:
    """The posting model, 2.11: 1,665.19 (9,991.12 / 6 = 1,665.1867)."""
    changes = listed(straight_line(lots(PREMIUM)))
    assert changes == [-1_665_19, -1_665_18, -1_665_19, -1_665_19, -1_665_18, -1_665_19]
    assert sum(changes) == -9_991_12


def test_a_premium_is_amortised_by_the_interest_method() -> None:
    """The posting model, 2.11: 24,000 - 409,991.12 x 5.5 % = 1,450.49, and so on."""
    changes = listed(effective_interest(lots(PREMIUM), rates(Fraction(55, 1000))))
    assert changes == [-1_450_49, -1_530_27, -1_614_43, -1_703_22, -1_796_90, -1_895_81]
    assert sum(changes) == -9_991_12


def test_a_zero_coupon_bond_accretes_to_its_face_and_its_last_period_takes_the_rest() -> None:
    """The posting model, 2.11: 1,068 and 1,132; 18,868 x 6 % would be 1,132.08."""
    changes = listed(effective_interest(lots(ZERO), rates(Fraction(6, 100))))
    assert changes == [1_068_00, 1_132_00]


def test_a_bill_at_a_discount_accretes_by_days() -> None:
    """An own example: 100,000 at a discount of 4.25 % for 91 days of 360 costs 98,925.69."""
    changes = listed(straight_line(lots((98_925_69, 100_000_00, 0, 91))))
    assert (changes[0], sum(changes[:31]), sum(changes)) == (11_81, 365_97, 1_074_31)
    assert set(changes) == {11_80, 11_81}


def test_lots_of_different_lives_are_amortised_side_by_side() -> None:
    both = lots(PREMIUM, ZERO)
    yields = rates(Fraction(55, 1000), Fraction(6, 100))
    alone = effective_interest(lots(PREMIUM), yields[:1])
    together = effective_interest(both, yields)
    assert listed(together) == listed(alone)
    assert listed(together, 1) == [1_068_00, 1_132_00, 0, 0, 0, 0]
    assert listed(straight_line(both), 1) == [1_100_00, 1_100_00, 0, 0, 0, 0]


def test_no_lots_have_no_periods() -> None:
    assert straight_line(lots()).size == 0
    assert effective_interest(lots(), rates()).size == 0


def test_a_short_lot_is_amortised_like_a_long_one_with_the_other_sign() -> None:
    cost, face, coupon, periods = PREMIUM
    mirror = lots((-cost, -face, -coupon, periods))
    half = rates(Fraction(55, 1000))
    assert listed(straight_line(mirror)) == [-n for n in listed(straight_line(lots(PREMIUM)))]
    assert listed(effective_interest(mirror, half)) == [
        -n for n in listed(effective_interest(lots(PREMIUM), half))
    ]


def test_a_yield_that_is_a_decimal_is_found_exactly() -> None:
    """100 paid back as 110, as 121 after two periods, and at face with coupons of 5.5 %."""
    assert yield_of(100, 110, coupon=0, periods=1) == Yield(ONE // 10, 0)
    assert yield_of(100, 121, coupon=0, periods=2) == Yield(ONE // 10, 0)
    assert yield_of(1_000_00, 1_000_00, coupon=55_00, periods=6) == Yield(55 * ONE // 1000, 0)


def test_a_yield_may_be_negative_or_more_than_everything() -> None:
    assert yield_of(110, 99, coupon=0, periods=1) == Yield(-ONE // 10, 0)
    assert yield_of(100, 4_000, coupon=0, periods=1) == Yield(39 * ONE, 0)


def test_the_yield_of_the_published_premium_is_a_trace_below_11_percent() -> None:
    """At 5.5 % a half-year it is worth 409,991.06, which is 6 cents less than its price."""
    cost, face, coupon, periods = PREMIUM
    worth = present_value(Fraction(55, 1000), face, coupon=coupon, periods=periods)
    assert round(worth) == 409_991_06
    assert yield_of(cost, face, coupon=coupon, periods=periods) == Yield(54_999_970_745, 0)


def test_what_12_decimals_cannot_say_is_told_in_money() -> None:
    """30 trillion units for a period at a third: a decimal more or less is worth 22 units."""
    cost = 3 * 10**13
    found = yield_of(cost, 4 * 10**13, coupon=0, periods=1)
    worth = Fraction(4 * 10**13) / (1 + Fraction(found.mantissa, ONE))
    assert found == Yield(ONE // 3, round(worth - cost))
    assert found.residual == 8


@pytest.mark.parametrize(
    ("cost", "face", "coupon", "periods"),
    [(0, 1, 0, 1), (1, 0, 0, 1), (1, 1, -1, 1), (1, 1, 0, 0), (1, 10**5, 0, 1)],
)
def test_a_bond_that_cannot_be_has_no_yield(
    cost: int, face: int, coupon: int, periods: int
) -> None:
    with pytest.raises(ValueError, match=r"are positive|no yield below"):
        yield_of(cost, face, coupon=coupon, periods=periods)


def test_a_bond_is_paid_back_after_a_period_or_more() -> None:
    with pytest.raises(ValueError, match="one period or more"):
        lots((1, 1, 0, 0))


def test_an_amount_beyond_64_bits_is_refused_and_not_wrapped() -> None:
    with pytest.raises(NumberOverflow):
        straight_line(lots((-(2**62), 2**62, 0, 2)))


amounts = st.integers(1, 10**12)
bonds = st.tuples(amounts, amounts, st.integers(0, 10**10), st.integers(1, 60))


@given(st.lists(bonds, min_size=1, max_size=4), st.integers(-(10**10), 10**11))
def test_cost_reaches_face_to_the_last_unit_by_either_method(
    rows: Sequence[Lot], mantissa: int
) -> None:
    held = lots(*rows)
    expected = (held.face - held.cost).tolist()
    assert straight_line(held).sum(axis=0).tolist() == expected
    yields = np.full(len(rows), mantissa, np.int64)
    assert effective_interest(held, yields).sum(axis=0).tolist() == expected


@given(bonds)
def test_equal_parts_differ_by_less_than_two_units(bond: Lot) -> None:
    changes = listed(straight_line(lots(bond)))
    exact = Fraction(bond[1] - bond[0], bond[3])
    assert all(abs(change - exact) <= 1 for change in changes)


@st.composite
def priced(draw: st.DrawFn) -> Lot:
    """Draw a bond bought at its present value at a yield of whole percent."""
    face, coupon = draw(st.integers(10**4, 10**10)), draw(st.integers(0, 10**8))
    periods, percent = draw(st.integers(1, 40)), draw(st.integers(-5, 30))
    worth = present_value(Fraction(percent, 100), face, coupon=coupon, periods=periods)
    return max(1, round(worth)), face, coupon, periods


@given(priced())
def test_a_yield_is_the_last_decimal_at_which_the_bond_is_worth_its_cost(bond: Lot) -> None:
    cost, face, coupon, periods = bond
    found = yield_of(cost, face, coupon=coupon, periods=periods)
    worth, less = (
        present_value(Fraction(mantissa, ONE), face, coupon=coupon, periods=periods)
        for mantissa in (found.mantissa, found.mantissa + 1)
    )
    assert worth >= cost > less
    assert found.residual == round(worth - cost)


@given(priced())
def test_at_its_own_yield_the_last_period_differs_by_rounding_alone(bond: Lot) -> None:
    cost, face, coupon, periods = bond
    found = yield_of(cost, face, coupon=coupon, periods=periods)
    *before, last = listed(effective_interest(lots(bond), np.array([found.mantissa])))
    earned = (cost + sum(before)) * Fraction(found.mantissa, ONE) - coupon
    # Each period rounds by half a unit at most, which then grows at the yield.
    growth = max(1 + Fraction(found.mantissa, ONE), Fraction(1))
    assert abs(last - earned) <= sum(growth**n for n in range(periods + 1))
