"""Which day counts: the sessions of an exchange, and the business days on which trades settle.

Sessions come from the package exchange_calendars, always for an explicit range of dates, so that
no answer depends on today. An instrument without an exchange, and one whose exchange has no
calendar there, is taken to trade on every weekday: such a price is asked for more often than a
true calendar would ask, so a stale one is listed rather than missed.

Trades in the United States settle on days that are a session of XNYS and no holiday of the bond
market. The package carries no calendar of the bond market; the two holidays on which the exchange
is open (Columbus Day, Veterans Day) are taken away here by their rules. Closures of the bond
market for one occasion are not known.
"""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from functools import lru_cache

US_EXCHANGE = "XNYS"
_WEEK = timedelta(days=7)
_SATURDAY = 5


def is_known(exchange: str) -> bool:
    """Say whether the exchange (a market identifier code) has a calendar of its own."""
    return _calendar_name(exchange) != ""


def sessions(exchange: str, *, start: date, end: date) -> list[date]:
    """Return the days from start to end, both included, on which the exchange trades, in order.

    Every weekday counts where the exchange is "" or has no calendar.
    """
    days: list[date] = []
    for year in range(start.year, end.year + 1):
        days.extend(day for day in _sessions_of(exchange, year) if start <= day <= end)
    return days


@lru_cache(maxsize=4096)
def last_session(exchange: str, on: date) -> date:
    """Return the latest session on or before a date: a price older than that is stale."""
    start = on
    while True:
        start -= _WEEK
        found = sessions(exchange, start=start, end=on)
        if found:
            return found[-1]


def add_business_days(day: date, count: int, *, exchange: str = US_EXCHANGE) -> date:
    """Return the count-th settlement day after a date (count is 1 or more).

    A trade of 2022 in the United States settles on the second: `add_business_days(day, 2)`.
    """
    reached = day
    for _ in range(count):
        reached += timedelta(days=1)
        while not is_business_day(reached, exchange=exchange):
            reached += timedelta(days=1)
    return reached


def is_business_day(day: date, *, exchange: str = US_EXCHANGE) -> bool:
    """Say whether trades made on the exchange settle on that day."""
    if day not in _sessions_of(exchange, day.year):
        return False
    return _calendar_name(exchange) != US_EXCHANGE or day not in _bond_holidays(day.year)


@lru_cache(maxsize=256)
def _calendar_name(exchange: str) -> str:
    """Return the package's own name of an exchange (XNAS keeps the days of XNYS), or ""."""
    import exchange_calendars  # noqa: PLC0415 - loaded when a calendar is asked for

    if exchange not in exchange_calendars.get_calendar_names():
        return ""
    return str(exchange_calendars.resolve_alias(exchange))


@lru_cache(maxsize=256)
def _sessions_of(exchange: str, year: int) -> tuple[date, ...]:
    """Return the sessions of one year, in order."""
    name = _calendar_name(exchange)
    if name and (found := _calendar_sessions(name, year)):
        return found
    start, end = date(year, 1, 1), date(year, 12, 31)
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    return tuple(day for day in days if day.weekday() < _SATURDAY)


def _calendar_sessions(name: str, year: int) -> tuple[date, ...]:
    """Return the sessions that the package knows; none for a range beyond its calendar."""
    import exchange_calendars  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            # The package calls what pandas is about to change; its own tests guard its answers.
            warnings.simplefilter("ignore", DeprecationWarning)
            calendar = exchange_calendars.get_calendar(
                name, start=f"{year}-01-01", end=f"{year}-12-31"
            )
    except (ValueError, NotImplementedError, exchange_calendars.errors.CalendarError):
        return ()
    return tuple(session.date() for session in calendar.sessions)


@lru_cache(maxsize=64)
def _bond_holidays(year: int) -> frozenset[date]:
    """Return the days on which the bond market rests although the exchange trades."""
    from pandas.tseries.holiday import (  # noqa: PLC0415
        Holiday,
        USColumbusDay,
        sunday_to_monday,
    )

    veterans_day = Holiday("Veterans Day", month=11, day=11, observance=sunday_to_monday)
    start, end = f"{year}-01-01", f"{year}-12-31"
    return frozenset(
        day.date() for rule in (USColumbusDay, veterans_day) for day in rule.dates(start, end)
    )
