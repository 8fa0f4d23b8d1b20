"""Months, quarters and fiscal years: labels, dates, and what comes before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger.periods import (
    NotAPeriod,
    Period,
    fiscal_year_of,
    month_of,
    next_month,
    parse_period,
    previous_month,
    previous_period,
)

dates = st.dates(date(1970, 1, 1), date(2200, 12, 31))
first_months = st.integers(1, 12)


@pytest.mark.parametrize(
    ("label", "first_month", "start", "end"),
    [
        ("2024-02", 1, date(2024, 2, 1), date(2024, 2, 29)),
        ("2022-12", 7, date(2022, 12, 1), date(2022, 12, 31)),
        ("2022-Q1", 1, date(2022, 1, 1), date(2022, 3, 31)),
        ("2022-Q4", 1, date(2022, 10, 1), date(2022, 12, 31)),
        ("2022", 1, date(2022, 1, 1), date(2022, 12, 31)),
        ("2022", 7, date(2021, 7, 1), date(2022, 6, 30)),
        ("2022-Q1", 7, date(2021, 7, 1), date(2021, 9, 30)),
        ("2022-Q3", 7, date(2022, 1, 1), date(2022, 3, 31)),
    ],
)
def test_a_label_is_a_span_of_days(label: str, first_month: int, start: date, end: date) -> None:
    assert parse_period(label, first_month) == Period(label, start, end)


@pytest.mark.parametrize(
    "label",
    [
        "",
        "2022-13",
        "2022-00",
        "2022-Q5",
        "2022-Q0",
        "22",
        "2022-1",
        "2022 ",
        "2022-01-01",
        "٢٠٢٢",
        "0000",
        "0000-01",
        "1969-12",
    ],
)
def test_anything_else_is_not_a_period(label: str) -> None:
    with pytest.raises(NotAPeriod):
        parse_period(label)


def test_the_last_month_of_the_calendar_is_a_month() -> None:
    assert month_of(date(9999, 12, 31)) == parse_period("9999-12")
    assert parse_period("9999").end == date(9999, 12, 31)


@settings(max_examples=100)
@given(dates, first_months)
def test_a_day_lies_in_its_month_and_its_fiscal_year(on: date, first_month: int) -> None:
    month, year = month_of(on), fiscal_year_of(on, first_month)
    for period in (month, year):
        assert period.start <= on <= period.end
        assert parse_period(period.label, first_month) == period
    assert month in year.months()
    assert (month.is_month, month.is_year) == (True, False)
    assert (year.is_month, year.is_year) == (False, True)


@settings(max_examples=100)
@given(dates, first_months)
def test_a_year_is_its_quarters_and_a_quarter_its_three_months(on: date, first: int) -> None:
    year = fiscal_year_of(on, first)
    quarters = [parse_period(f"{year.label}-Q{number}", first) for number in (1, 2, 3, 4)]
    assert [month for quarter in quarters for month in quarter.months()] == year.months()
    assert [len(quarter.months()) for quarter in quarters] == [3] * 4
    assert (quarters[0].start, quarters[-1].end) == (year.start, year.end)


@settings(max_examples=100)
@given(dates, first_months)
def test_the_period_before_ends_the_day_before(on: date, first: int) -> None:
    year = fiscal_year_of(on, first)
    for label in (month_of(on).label, year.label, f"{year.label}-Q1", f"{year.label}-Q3"):
        period = parse_period(label, first)
        before = previous_period(period, first)
        assert before.end == period.start - timedelta(days=1)
        assert len(before.months()) == len(period.months())
    month = month_of(on)
    assert next_month(previous_month(month)) == month == previous_month(next_month(month))
