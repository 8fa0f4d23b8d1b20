"""Fees by schedule: published figures, rounding, bounds, the day of a rate, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.numbers import Int64Array
from subledger.valuation.fee_schedules import (
    Decimals,
    FeeRate,
    Refusal,
    fees,
    rate_on,
)

CENTS = Decimals(amount=2, quantity=0, price=2)


def section_31(from_: date, mantissa: int, scale: int) -> FeeRate:
    """A share of the gross amount, up to the cent."""
    return FeeRate(from_, "amount", mantissa, scale, None, None, "up", 2)


def taf(from_: date, mantissa: int, *, maximum: int | None = None) -> FeeRate:
    """Millionths a share, up to the cent."""
    return FeeRate(from_, "units", mantissa, 6, None, maximum, "up", 2)


# The published values are those of the posting model, 1.6; the day of the last one stands there,
# the other days are examples.
SECTION_31 = [
    section_31(date(2021, 1, 1), 51, 7),  # 5.10 per million
    section_31(date(2023, 1, 1), 8, 6),  # 8.00 per million
    section_31(date(2025, 5, 14), 0, 0),
]
TAF = [taf(date(2021, 1, 1), 119), taf(date(2023, 1, 1), 145)]
EIGHT = SECTION_31[1]


def column(values: Sequence[int]) -> Int64Array:
    return np.array(values, np.int64)


def listed(values: Int64Array) -> list[int]:
    return [int(value) for value in values]


def charged(
    rate: FeeRate, gross: Sequence[int], units: Sequence[int], decimals: Decimals = CENTS
) -> list[int]:
    """Return fees in ledger units, none of them refused."""
    found = fees(rate, column(gross), units=column(units), decimals=decimals)
    assert found.refused.tolist() == [0] * len(gross)
    return listed(found.amounts)


def test_a_sale_of_150_costs_a_cent_of_section_31_and_a_cent_of_taf() -> None:
    """The posting model, 1.6: 150.00 -> 0.01 + 0.01 (0.0012 and, for 10 shares, 0.00145)."""
    assert charged(EIGHT, [150_00], [10]) == [1]
    assert charged(TAF[1], [150_00], [10]) == [1]


def test_an_exact_cent_is_not_rounded_up() -> None:
    """8.00 per million of 1,250.00 is one cent, and of 125,000.00 one dollar."""
    assert charged(EIGHT, [1_250_00, 1_250_01, 125_000_00], [1, 1, 1]) == [1, 2, 100]


def test_a_rate_of_zero_costs_nothing_and_not_a_cent() -> None:
    assert charged(SECTION_31[2], [150_00, 10**15], [10, 10]) == [0, 0]


def test_a_trade_for_nothing_costs_no_share_of_its_amount_whatever_the_minimum() -> None:
    assert charged(replace(EIGHT, minimum=100), [0, 1], [10, 10]) == [0, 100]


def test_the_least_and_the_greatest_fee_bound_what_is_already_rounded() -> None:
    """An own example: 0.000145 a share, at least 0.02 and at most 5.00 a trade."""
    bounded = replace(TAF[1], minimum=2, maximum=500)
    assert charged(bounded, [1] * 4, [1, 100, 34_482, 10**6]) == [2, 2, 500, 500]
    assert charged(bounded, [1], [34_400]) == [499]


def test_a_fee_in_cents_is_booked_in_the_units_of_the_ledger() -> None:
    """At six decimals of the ledger, 150.00 is 150,000,000 and a cent 10,000."""
    wide = Decimals(amount=6, quantity=0)
    assert charged(EIGHT, [150_000_000], [10], wide) == [10_000]
    assert charged(TAF[1], [150_000_000], [10], wide) == [10_000]


def test_units_count_at_the_decimals_of_the_instrument() -> None:
    """0.000145 x 200.00000000 shares is 0.029."""
    assert charged(TAF[1], [1], [200 * 10**8], Decimals(amount=2, quantity=8)) == [3]


def test_half_even_is_the_other_rounding() -> None:
    """1 % of 0.50, 1.50 and 2.50 is 0.005, 0.015 and 0.025."""
    rate = replace(section_31(date(2024, 1, 1), 1, 2), rounding="half_even")
    assert charged(rate, [50, 150, 250], [1, 1, 1]) == [0, 2, 2]


def test_a_fee_in_whole_units_of_money_a_unit_needs_no_division() -> None:
    """An own example: 3 a unit, charged in cents."""
    assert charged(FeeRate(date(2024, 1, 1), "units", 3, 0, None, None, "up", 2), [0], [7]) == [
        21_00
    ]


@pytest.mark.parametrize(
    ("day", "section", "activity"),
    [
        (date(2021, 1, 1), SECTION_31[0], TAF[0]),
        (date(2022, 12, 31), SECTION_31[0], TAF[0]),
        (date(2023, 1, 1), SECTION_31[1], TAF[1]),
        (date(2025, 5, 13), SECTION_31[1], TAF[1]),
        (date(2025, 5, 14), SECTION_31[2], TAF[1]),
    ],
)
def test_a_rate_holds_from_its_day_until_the_next(
    day: date, section: FeeRate, activity: FeeRate
) -> None:
    assert rate_on(SECTION_31, day) == section
    assert rate_on(SECTION_31[::-1], day) == section
    assert rate_on(TAF, day) == activity


def test_a_day_before_the_first_rate_has_none() -> None:
    assert rate_on(TAF, date(2020, 12, 31)) is Refusal.NO_RATE
    assert rate_on([], date(2021, 1, 1)) is Refusal.NO_RATE


def test_negative_units_and_amounts_are_refused_by_row_and_the_others_are_charged() -> None:
    found = fees(
        EIGHT, column([150_00, -1, 150_00, -1]), units=column([1, 1, -1, -1]), decimals=CENTS
    )
    assert found.amounts.tolist() == [1, 0, 0, 0]
    assert found.refused.tolist() == [
        0,
        Refusal.NEGATIVE_AMOUNT.value,
        Refusal.NEGATIVE_UNITS.value,
        Refusal.NEGATIVE_UNITS.value,
    ]


@pytest.mark.parametrize(
    "change",
    [{"mantissa": -1}, {"scale": 11}, {"scale": -1}, {"decimals": 9}, {"minimum": 2, "maximum": 1}],
)
def test_a_rate_that_cannot_be_is_no_rate(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"rate|decimals|least"):
        replace(EIGHT, **change)  # type: ignore[arg-type]


def test_a_ledger_without_cents_cannot_hold_a_fee_in_cents() -> None:
    with pytest.raises(ValueError, match="cannot hold a fee of 2"):
        charged(EIGHT, [150], [1], Decimals(amount=0, quantity=0))


gross_amounts = st.integers(0, 10**15)
rates = st.builds(
    FeeRate,
    from_=st.just(date(2024, 1, 1)),
    basis=st.sampled_from(["amount", "units"]),
    mantissa=st.integers(0, 10**4),
    scale=st.integers(0, 10),
    minimum=st.none(),
    maximum=st.none(),
    rounding=st.sampled_from(["up", "half_even"]),
    decimals=st.integers(0, 2),
)


@given(rates, st.lists(gross_amounts, min_size=1, max_size=5), st.integers(0, 8))
def test_a_fee_is_its_exact_share_rounded_once(
    rate: FeeRate, shares: list[int], quantity_decimals: int
) -> None:
    decimals = Decimals(amount=2, quantity=quantity_decimals)
    shares = [share // 10**6 for share in shares]
    of = decimals.amount if rate.basis == "amount" else quantity_decimals
    exact = [
        Fraction(share * rate.mantissa * 10**rate.decimals, 10 ** (of + rate.scale))
        for share in shares
    ]
    nearest = [ceil(value) if rate.rounding == "up" else round(value) for value in exact]
    # A share of 0 costs 0, which both roundings give too.
    assert charged(rate, shares, shares, decimals) == [
        fee * 10 ** (2 - rate.decimals) for fee in nearest
    ]


@given(gross_amounts, st.integers(0, 10**12), st.integers(0, 10**6))
def test_a_greater_sale_never_costs_less_and_rounding_up_adds_less_than_a_cent(
    gross: int, more: int, mantissa: int
) -> None:
    rate = section_31(date(2024, 1, 1), mantissa, 8)
    one, other = charged(rate, [gross, gross + more], [1, 1])
    assert one <= other
    assert 0 <= one - Fraction(gross * mantissa, 10**8) < 1
