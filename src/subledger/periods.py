"""What a period is: months, quarters and fiscal years as labels and dates.

A label is `2026-01` (a month), `2026-Q1` (a quarter) or `2026` (a fiscal year, named after the
calendar year in which it ends). Months are what a close seals; quarters and years are made of them.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])\Z", re.ASCII)
_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])\Z", re.ASCII)
_YEAR = re.compile(r"([0-9]{4})\Z", re.ASCII)


class NotAPeriod(ValueError):
    """A text is neither a month, nor a quarter, nor a year."""


@dataclass(frozen=True, slots=True)
class Period:
    """A month, quarter or fiscal year; both dates belong to it."""

    label: str
    start: date
    end: date

    @property
    def is_month(self) -> bool:
        """Say whether this is one calendar month, the unit that a close seals."""
        return _MONTH.match(self.label) is not None

    @property
    def is_year(self) -> bool:
        """Say whether this is a fiscal year."""
        return _YEAR.match(self.label) is not None

    def months(self) -> list[Period]:
        """Return the months of this period, in order."""
        months = [month_of(self.start)]
        while months[-1].end < self.end:
            months.append(next_month(months[-1]))
        return months


def month_of(day: date) -> Period:
    """Return the calendar month that a date belongs to."""
    start = day.replace(day=1)
    end = day.replace(day=monthrange(day.year, day.month)[1])
    return Period(f"{day.year:04d}-{day.month:02d}", start, end)


def next_month(month: Period) -> Period:
    """Return the month after a month."""
    return month_of(month.end + timedelta(days=1))


def previous_month(month: Period) -> Period:
    """Return the month before a month."""
    return month_of(month.start - timedelta(days=1))


def fiscal_year_of(day: date, first_month: int = 1) -> Period:
    """Return the fiscal year of a date, given the month it starts with (1 to 12)."""
    start_year = day.year if day.month >= first_month else day.year - 1
    return _fiscal_year(start_year, first_month)


def _fiscal_year(start_year: int, first_month: int) -> Period:
    start = date(start_year, first_month, 1)
    last_month = date(start_year + (first_month > 1), (first_month - 2) % 12 + 1, 1)
    return Period(f"{last_month.year:04d}", start, month_of(last_month).end)


def _quarter(year: Period, number: int) -> Period:
    months = year.months()[3 * number - 3 : 3 * number]
    return Period(f"{year.label}-Q{number}", months[0].start, months[-1].end)


def parse_period(label: str, first_month: int = 1) -> Period:
    """Return the period of a label; raise NotAPeriod for anything else, and before 1970.

    `first_month` is the month with which the fiscal year starts (1 to 12).
    """
    if label < "1970":
        raise NotAPeriod(label)
    if match := _MONTH.match(label):
        return month_of(date(int(match[1]), int(match[2]), 1))
    if match := _QUARTER.match(label):
        return _quarter(_year_ending_in(int(match[1]), first_month), int(match[2]))
    if match := _YEAR.match(label):
        return _year_ending_in(int(match[1]), first_month)
    raise NotAPeriod(label)


def _year_ending_in(year: int, first_month: int) -> Period:
    return _fiscal_year(year if first_month == 1 else year - 1, first_month)


def previous_period(period: Period, first_month: int = 1) -> Period:
    """Return the period of the same length before this one."""
    day = period.start - timedelta(days=1)
    if period.is_month:
        return month_of(day)
    year = fiscal_year_of(day, first_month)
    if period.is_year:
        return year
    quarter = next(n for n in range(1, 5) if year.months()[3 * n - 1].end >= day)
    return _quarter(year, quarter)
