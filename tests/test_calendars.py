"""Sessions and settlement days, against days that are known."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from subledger.calendars import (
    add_business_days,
    is_business_day,
    is_known,
    last_session,
    sessions,
)


def test_the_exchange_rests_on_thanksgiving() -> None:
    found = sessions("XNYS", start=date(2022, 11, 21), end=date(2022, 11, 28))
    assert [day.day for day in found] == [21, 22, 23, 25, 28]


def test_sessions_run_over_the_end_of_a_year() -> None:
    found = sessions("XNAS", start=date(2022, 12, 30), end=date(2023, 1, 3))
    assert found == [date(2022, 12, 30), date(2023, 1, 3)]


@pytest.mark.parametrize(
    ("exchange", "on", "expected"),
    [
        ("XNYS", date(2022, 10, 31), date(2022, 10, 31)),
        ("XNYS", date(2022, 9, 5), date(2022, 9, 2)),  # Labor Day
        ("XNAS", date(2023, 1, 2), date(2022, 12, 30)),
        ("XLON", date(2022, 9, 19), date(2022, 9, 16)),  # a holiday of that year alone
        ("24/7", date(2022, 12, 31), date(2022, 12, 31)),
    ],
)
def test_the_last_session_is_on_or_before_the_date(exchange: str, on: date, expected: date) -> None:
    assert last_session(exchange, on) == expected


@pytest.mark.parametrize("exchange", ["", "XFOO", "Nasdaq"])
def test_without_a_calendar_every_weekday_is_a_session(exchange: str) -> None:
    assert not is_known(exchange)
    assert last_session(exchange, date(2022, 9, 5)) == date(2022, 9, 5)
    assert last_session(exchange, date(2022, 9, 4)) == date(2022, 9, 2)


def test_a_listed_exchange_is_known_under_each_of_its_codes() -> None:
    assert all(is_known(exchange) for exchange in ("XNYS", "XNAS", "ARCX", "BATS", "XLON"))


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        (date(2022, 9, 1), date(2022, 9, 6)),  # over Labor Day
        (date(2022, 9, 29), date(2022, 10, 3)),
        (date(2022, 10, 6), date(2022, 10, 11)),  # over Columbus Day
        (date(2022, 10, 10), date(2022, 10, 12)),  # on Columbus Day the exchange trades
        (date(2022, 11, 9), date(2022, 11, 14)),  # over Veterans Day
        (date(2022, 11, 23), date(2022, 11, 28)),  # over Thanksgiving
    ],
)
def test_a_trade_of_2022_settles_on_the_second_settlement_day(traded: date, settles: date) -> None:
    assert add_business_days(traded, 2) == settles


def test_the_bond_market_rests_on_two_days_of_2026_on_which_the_exchange_trades() -> None:
    found = sessions("XNYS", start=date(2026, 1, 1), end=date(2026, 12, 31))
    resting = [day for day in found if not is_business_day(day)]
    assert resting == [date(2026, 10, 12), date(2026, 11, 11)]


def test_veterans_day_on_a_saturday_moves_nothing() -> None:
    assert is_business_day(date(2023, 11, 10))


def test_another_exchange_settles_on_its_own_sessions() -> None:
    assert add_business_days(date(2022, 10, 7), 1, exchange="XLON") == date(2022, 10, 10)


def test_the_calendars_are_loaded_when_they_are_asked_for() -> None:
    code = "import sys, subledger.calendars; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
