"""What a bond's cost gains or loses until it is paid back at face, period by period.

Laws: cost plus all changes is the face amount, exactly, whatever the method; the last period takes
what rounding left. A discount accretes (positive), a premium is amortised (negative).
Refuses: `ValueError` for terms that cannot be, and for a yield that does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from subledger.numbers import (
    Int64Array,
    add_columns,
    mul_div,
    mul_div_columns,
    subtract_columns,
)

YIELD_DECIMALS = 12
_ONE = 10**YIELD_DECIMALS


@dataclass(frozen=True, slots=True)
class Repayments:
    """What lots of bonds cost and will be paid; columns of equal length, one row per lot.

    Attributes:
        cost: What was paid without accrued interest, in ledger units; negative for a short lot, as
            are its face and coupon.
        face: What is paid back at the end, in ledger units.
        coupon: What is paid in each period, in ledger units; 0 for a zero coupon bond.
        periods: From purchase to the end, 1 or more. For straight line they may be days.
    """

    cost: Int64Array
    face: Int64Array
    coupon: Int64Array
    periods: Int64Array

    def __post_init__(self) -> None:
        if np.any(self.periods < 1):
            raise ValueError("a bond is paid back after one period or more")


class Yield(NamedTuple):
    """A yield per period as a decimal, and how far what it is worth at it is from its cost.

    Attributes:
        mantissa: The yield as an integer at 12 decimals: 5.5 % is 55,000,000,000.
        residual: Present value at that yield less cost, in ledger units, half to even: how far the
            decimals are from the yield itself, seen in money.
    """

    mantissa: int
    residual: int


def straight_line(lots: Repayments) -> Int64Array:
    """Return the change of cost in each period, in equal parts.

    After k periods the change so far is k / periods of the whole, half to even; a period is the
    difference to the one before it. A bill bought at a discount accretes so by days.

    Returns:
        Ledger units, a row per period and a column per lot; 0 in periods after a lot's last.
    """
    whole = subtract_columns(lots.face, lots.cost)
    reached = [
        mul_div_columns(whole, np.minimum(number, lots.periods), lots.periods)
        for number in range(_longest(lots) + 1)
    ]
    return np.array([subtract_columns(*pair) for pair in zip(reached[1:], reached, strict=False)])


def effective_interest(lots: Repayments, yields: Int64Array) -> Int64Array:
    """Return the change of cost in each period by the interest method.

    The interest of a period is the amortised cost at its start times the yield, half to even; the
    change is that less the coupon. A lot's last period takes the rest.

    Args:
        lots: What they cost and will be paid.
        yields: The yield per period of each lot, at 12 decimals (`yield_of`).

    Returns:
        Ledger units, a row per period and a column per lot; 0 in periods after a lot's last.
    """
    amortised, changes = lots.cost, []
    for number in range(1, _longest(lots) + 1):
        earned = subtract_columns(mul_div_columns(amortised, yields, _ONE), lots.coupon)
        rest = subtract_columns(lots.face, amortised)
        # After the last period cost is face, so that the rest is nothing.
        change = np.where(number < lots.periods, earned, rest)
        amortised = add_columns(amortised, change)
        changes.append(change)
    return np.array(changes)


def yield_of(cost: int, face: int, *, coupon: int, periods: int) -> Yield:
    """Return the yield per period at which coupons and face are worth the cost.

    A yield is seldom a decimal: this is the greatest one of 12 decimals at which they are still
    worth the cost or more, found by bisection over integers. Values are compared exactly.

    Args:
        cost: Ledger units, positive.
        face: Ledger units, positive.
        coupon: Ledger units per period, not negative.
        periods: 1 or more.

    Raises:
        ValueError: If an argument is out of its range, or the yield 1,000,000 % or more.
    """
    if cost <= 0 or face <= 0 or coupon < 0 or periods < 1:
        raise ValueError("cost and face are positive, coupons not negative, periods 1 or more")

    def excess(mantissa: int) -> tuple[int, int]:
        """Return present value less cost as numerator and positive denominator."""
        growth, value, scale = _ONE + mantissa, cost, 1
        for _ in range(periods):
            scale *= _ONE
            value = value * growth - coupon * scale
        return face * scale - value, growth**periods

    # At a yield of -100 % anything is worth more than any cost; the excess falls as it grows.
    low, high = 1 - _ONE, _ONE
    while excess(high)[0] >= 0:
        low, high = high, 10 * high
        if high > 10**4 * _ONE:
            raise ValueError("no yield below 1,000,000 % per period gives that cost")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if excess(middle)[0] >= 0 else (low, middle)
    return Yield(low, mul_div(1, *excess(low)))


def _longest(lots: Repayments) -> int:
    return int(lots.periods.max(initial=0))
