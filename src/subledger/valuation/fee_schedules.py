"""Fees by schedule, the daily price of borrowed stock, and interest on balances, exactly.

Laws: a fee that is rounded up is never below the exact one and less than one unit above it; what
accrues cumulatively adds up, over any run of days, to the exact amount of the run rounded once.
Refuses, as values: a day before the first rate, negative units and amounts, days that end before
they start, an unknown day basis. Nothing defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction
from math import gcd
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from subledger.columns import Days
from subledger.numbers import (
    MAX_DECIMALS,
    Int64Array,
    ceil_columns,
    check_range,
    exact_sum,
    mul_div_columns,
    ratio_columns,
)

MAX_RATE_DECIMALS = 10  # with 8 decimals of what is charged, a divisor still fits in 64 bits
_YEAR, _LEAP_YEAR = 365, 366


class Refusal(Enum):
    """Why nothing is charged; the numbers stand in the column `refused`, where 0 is charged."""

    NO_RATE = 1
    NEGATIVE_UNITS = 2
    NEGATIVE_AMOUNT = 3
    DAYS_REVERSED = 4
    DAY_BASIS = 5


class DayBasis(Enum):
    """How many days a year of interest has; the values are how a setting writes them."""

    DAYS_360 = "360"
    DAYS_365 = "365"
    ACTUAL = "ACT"  # each day is a part of its own calendar year, of 365 days or 366


class Decimals(NamedTuple):
    """Decimals of the integers that are given: ledger amounts, quantities, prices."""

    amount: int
    quantity: int
    price: int = 0


class Charged(NamedTuple):
    """What is charged, one row per row that was given.

    Attributes:
        amounts: Ledger units, positive for what is owed; 0 where refused.
        refused: 0, or the number of the first Refusal that applies.
    """

    amounts: Int64Array
    refused: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FeeRate:
    """A fee as it stands in a schedule from a day on, until the next rate begins.

    Attributes:
        from_: The first trade date it holds for.
        basis: What it is a share of: the gross amount, or the number of units.
        mantissa: The rate as an integer, not negative: 8.00 per million of an amount is 8 at scale
            6; 0.000145 a share is 145 at scale 6.
        scale: Decimals of the rate, at most 10.
        minimum: The least that is charged for a trade, in charged units; None where none is known.
        maximum: The most, likewise.
        rounding: To charged units: "up", or "half_even".
        decimals: Decimals of the charged unit: 2 where a fee is charged in cents.
    """

    from_: date
    basis: Literal["amount", "units"]
    mantissa: int
    scale: int
    minimum: int | None
    maximum: int | None
    rounding: Literal["up", "half_even"]
    decimals: int

    def __post_init__(self) -> None:
        if self.mantissa < 0 or not 0 <= self.scale <= MAX_RATE_DECIMALS:
            raise ValueError(f"a rate is not negative and has at most {MAX_RATE_DECIMALS} decimals")
        if not 0 <= self.decimals <= MAX_DECIMALS:
            raise ValueError(f"a fee has from 0 to {MAX_DECIMALS} decimals")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("the least fee is above the greatest")


@dataclass(frozen=True, slots=True)
class BorrowTerms:
    """What a lender of stock asks, which is a parameter of the broker.

    Attributes:
        rate: A year, as a fraction: 6 % is 6/100.
        collateral_factor: The share of its price that a unit is secured by: 102/100, or 1.
        round_up_to: The amount of which the secured price is a multiple, rounded up: 1 for a whole
            unit of the currency; None where it is not rounded.
        day_basis: The days of a year.
        rounding: "per_day" rounds each day by itself, as a statement shows it; "cumulative" rounds
            what has come together so far, so that the days add up to the exact amount.
        decimals: Decimals of the charged unit: 2 where a fee is charged in cents.
    """

    rate: Fraction
    collateral_factor: Fraction
    round_up_to: Fraction | None
    day_basis: DayBasis
    rounding: Literal["per_day", "cumulative"]
    decimals: int


def day_basis(text: str) -> DayBasis | Refusal:
    """Return the day basis that a setting names: 360, 365 or ACT."""
    return next((basis for basis in DayBasis if basis.value == text), Refusal.DAY_BASIS)


def rate_on(rates: Sequence[FeeRate], day: date) -> FeeRate | Refusal:
    """Return the rate that holds on a trade date: the latest that began on it or before.

    A day before the first rate has none, and no other rate stands in for it.
    """
    begun = [rate for rate in rates if rate.from_ <= day]
    return max(begun, key=lambda rate: rate.from_) if begun else Refusal.NO_RATE


def fees(rate: FeeRate, gross: Int64Array, *, units: Int64Array, decimals: Decimals) -> Charged:
    """Return the fee of each trade, rounded trade by trade, then kept within its bounds.

    Which trades a fee is charged for is the caller's to say: section 31 and TAF fall on sales only.
    A trade that gives nothing to take a share of costs nothing, and a rate of zero costs no more
    than its minimum: nothing is not rounded up.

    Args:
        rate: The rate of the trade date.
        gross: Price times quantity in ledger units, not negative.
        units: Quantities, not negative, at the instrument's decimals.
        decimals: Of ledger amounts and of quantities; amounts have no fewer than the fee.
    """
    refused = _refused(NEGATIVE_UNITS=units < 0, NEGATIVE_AMOUNT=gross < 0)
    of_amount = rate.basis == "amount"
    share = np.where(refused == 0, gross if of_amount else units, 0)
    shift = rate.scale + (decimals.amount if of_amount else decimals.quantity) - rate.decimals
    multiple, divisor = rate.mantissa * 10 ** max(-shift, 0), 10 ** max(shift, 0)
    rounded = ceil_columns if rate.rounding == "up" else mul_div_columns
    fee = rounded(share, check_range(multiple), divisor)
    if rate.minimum is not None:
        fee = np.maximum(fee, rate.minimum)
    if rate.maximum is not None:
        fee = np.minimum(fee, rate.maximum)
    return Charged(
        _ledger(np.where(share > 0, fee, 0), rate.decimals, ledger=decimals.amount), refused
    )


def borrowed_days(settled: date, returned: date) -> Days | Refusal:
    """Return the days a loan of stock is paid for: from settlement until before its return."""
    if returned < settled:
        return Refusal.DAYS_REVERSED
    return _each_day(settled, returned)


def borrow_fees(
    units: Int64Array,
    prices: Int64Array,
    *,
    days: Days,
    terms: BorrowTerms,
    decimals: Decimals,
) -> Charged:
    """Return what borrowed stock costs on each day.

    A day costs units x secured price x rate / days of the year. The secured price is the price
    times the collateral factor, rounded up where the lender does that.

    Args:
        units: Borrowed on each day, not negative, at the instrument's decimals.
        prices: The price of a unit on each day, not negative, all at the same decimals.
        days: The days, in order; under "cumulative" they are those of one loan.
        terms: Those of the lender.
        decimals: Of ledger amounts, of quantities and of prices; amounts have no fewer than the
            fee.
    """
    refused = _refused(NEGATIVE_UNITS=units < 0, NEGATIVE_AMOUNT=prices < 0)
    step = terms.round_up_to
    per_price = terms.collateral_factor / 10**decimals.price
    secured = prices
    if step is not None:
        steps = per_price / step
        secured, per_price = ceil_columns(prices, steps.numerator, steps.denominator), step
    parts, year = _parts_of_year(days, terms.day_basis)
    value = mul_div_columns(np.where(refused == 0, units, 0), secured, 1)
    value = mul_div_columns(value, parts, 1)
    exact = per_price * terms.rate * 10**terms.decimals / (year * 10**decimals.quantity)
    if terms.rounding == "cumulative":
        check_range(exact_sum(value))
        value = np.cumsum(value)
    fee = ratio_columns(value, exact.numerator, exact.denominator)
    if terms.rounding == "cumulative":
        fee = np.diff(fee, prepend=np.int64(0))
    return Charged(_ledger(fee, terms.decimals, ledger=decimals.amount), refused)


def interest(
    balances: Int64Array, rate: Fraction, *, start: date, end: date, basis: DayBasis
) -> Int64Array | Refusal:
    """Return the interest on balances from a day until before another, half to even.

    Cumulative accrual to a day is this with `start` left where it is; the interest of a day is the
    difference to that of the day before.

    Args:
        balances: Ledger units; the interest has the sign of the balance, and of the rate.
        rate: A year, as a fraction: 7.5 % is 75/1000.
        start: The first day that counts.
        end: The first day that no longer counts.
        basis: The days of a year.
    """
    if end < start:
        return Refusal.DAYS_REVERSED
    parts, year = _parts_of_year(_each_day(start, end), basis)
    exact = rate * exact_sum(parts) / year
    return ratio_columns(balances, exact.numerator, exact.denominator)


def _refused(**conditions: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return the number of the first refusal that applies to each row, by the refusals' names."""
    numbers = [np.uint8(Refusal[name].value) for name in conditions]
    return np.select(list(conditions.values()), numbers, np.uint8(0)).astype(np.uint8)


def _each_day(start: date, end: date) -> Days:
    return np.arange(np.datetime64(start, "D"), np.datetime64(end, "D"))


def _parts_of_year(days: Days, basis: DayBasis) -> tuple[Int64Array, int]:
    """Return what part of a year each day is: numerators, and their one denominator."""
    if basis is not DayBasis.ACTUAL:
        return np.ones(len(days), np.int64), int(basis.value)
    years = days.astype("datetime64[Y]")
    lengths = (years + 1).astype("datetime64[D]") - years.astype("datetime64[D]")
    # A day is 366 parts of a year of 365 days, or 365 parts of one of 366; where all the days are
    # of one length of year it is one part, so that what is multiplied stays small.
    parts = _YEAR + _LEAP_YEAR - lengths.astype(np.int64)
    common = gcd(*parts.tolist()) or 1
    return parts // common, _YEAR * _LEAP_YEAR // common


def _ledger(charged: Int64Array, decimals: int, *, ledger: int) -> Int64Array:
    """Return charged units as ledger units, of which there are as many decimals or more."""
    if ledger < decimals:
        raise ValueError(f"amounts of {ledger} decimals cannot hold a fee of {decimals}")
    return mul_div_columns(charged, 10 ** (ledger - decimals), 1)
