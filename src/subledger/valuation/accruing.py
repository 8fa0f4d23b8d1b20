"""Day counts as exact fractions of a year, and the interest that has accrued on a face amount.

Laws: a whole regular period of 30/360 and of ACT/ACT ICMA is exactly 1 / coupons a year; what has
accrued never falls from one day to the next within a period, and never exceeds its coupon; so the
differences from day to day add up to the coupon.
Refuses: `ValueError` for a day outside the period, and for a period that cannot be.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import NamedTuple

from subledger.numbers import Int64Array, ratio_columns

FREQUENCIES = (1, 2, 4, 12)  # coupons a year
_DAY = timedelta(days=1)
_MONTH, _YEAR, _FIXED_YEAR = 30, 360, 365
_FEBRUARY = 2


class DayCount(Enum):
    """How days become a part of a year; the values are how an instrument writes them."""

    THIRTY_360 = "30/360"
    ACT_360 = "ACT/360"
    ACT_365F = "ACT/365F"
    ACT_ACT_ICMA = "ACT/ACT ICMA"


class YearFraction(NamedTuple):
    """A part of a year, as days over days: not reduced, so that it can be read."""

    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class CouponPeriod:
    """One period of a bond, from coupon to coupon.

    Attributes:
        start: The coupon date before; for a short first period the day it would have been.
        end: The coupon date at which the period ends, not adjusted for business days.
        accrues_from: The first day that counts: `start`, or the issue date of a short first period.
        frequency: Coupons a year: 1, 2, 4 or 12.
        ends_months: Whether the bond pays on the last day of each month that it pays in.
    """

    start: date
    end: date
    accrues_from: date
    frequency: int
    ends_months: bool

    def __post_init__(self) -> None:
        if not self.start <= self.accrues_from < self.end:
            raise ValueError("a period accrues from its start or later, and ends after that")
        if self.frequency not in FREQUENCIES:
            raise ValueError(f"coupons a year are one of {FREQUENCIES}, not {self.frequency}")


def day_count(text: str) -> DayCount | None:
    """Return the day count that an instrument names, in capitals or not; None if it is unknown."""
    return next((known for known in DayCount if known.value == text.upper()), None)


def fraction(how: DayCount, period: CouponPeriod, *, on: date) -> YearFraction:
    """Return the part of a year from where a period accrues until before a day.

    30/360 counts each month as 30 days (`days_30_360`). Where that makes more of a period than its
    share of 360 days, as from 28 February to 29 August, the share is what has accrued; and a whole
    regular period is its share also where less was counted, since that is what its coupon pays.
    ACT/ACT ICMA divides by the days of the whole regular period times the coupons a year. The
    other two divide the days by 360, or by 365 in leap years too.

    Args:
        how: The day count of the bond.
        period: The period in which the day lies.
        on: A day from `period.accrues_from` to `period.end`; on the latter all has accrued.

    Raises:
        ValueError: If the day lies outside the period.

    Source: 2006 ISDA Definitions 4.16 (d) to (f), as the FIX protocol's field 1950 quotes them;
        ACT/ACT ICMA as QuantLib's ActualActual.ISMA takes it within one period.
    """
    if not period.accrues_from <= on <= period.end:
        raise ValueError(f"{on} is not between {period.accrues_from} and {period.end}")
    days = (on - period.accrues_from).days
    if how is DayCount.ACT_360:
        return YearFraction(days, _YEAR)
    if how is DayCount.ACT_365F:
        return YearFraction(days, _FIXED_YEAR)
    if how is DayCount.ACT_ACT_ICMA:
        return YearFraction(days, (period.end - period.start).days * period.frequency)
    share = _YEAR // period.frequency
    if period.accrues_from == period.start and on == period.end:
        return YearFraction(share, _YEAR)
    counted = days_30_360(period.accrues_from, on, ends_months=period.ends_months)
    return YearFraction(min(counted, share), _YEAR)


def days_30_360(start: date, end: date, *, ends_months: bool) -> int:
    """Return the days from one date to another in months of 30 days.

    A start on the 31st counts as the 30th; an end on the 31st counts as the 30th if the start is
    the 30th or the 31st. For a bond that pays on the last days of months, a start on the last day
    of February counts as the 30th first, and with it an end on the last day of February.

    Source: 2006 ISDA Definitions 4.16(f) ("30/360", "Bond Basis") as the FIX protocol's field 1950
        quotes it, with its rules for an investment at month end.
    """
    first, last = start.day, end.day
    if ends_months and _ends_february(start):
        first = _MONTH
        last = _MONTH if _ends_february(end) else last
    first = min(first, _MONTH)
    if first == _MONTH:
        last = min(last, _MONTH)
    return (end.year - start.year) * _YEAR + (end.month - start.month) * _MONTH + last - first


def accrued(faces: Int64Array, part: YearFraction, *, mantissa: int, scale: int) -> Int64Array:
    """Return the interest on face amounts over a part of a year, half to even.

    What accrues between two days of a period is the difference of what has accrued until each; so
    a run of days adds up. The sign is that of the face: negative for a bond sold short.

    Args:
        faces: Face amounts in ledger units.
        part: From `fraction`.
        mantissa: The coupon in percent a year as an integer: 4.25 is 425 at scale 2.
        scale: Decimals of the coupon.
    """
    return ratio_columns(faces, mantissa * part.numerator, 10 ** (scale + 2) * part.denominator)


def _ends_february(day: date) -> bool:
    return day.month == _FEBRUARY and (day + _DAY).month != _FEBRUARY
