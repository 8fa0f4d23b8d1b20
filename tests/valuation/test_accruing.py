"""Day counts at the ends of months, accrued interest with worked figures, and its laws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.valuation.accruing import (
    FREQUENCIES,
    CouponPeriod,
    DayCount,
    YearFraction,
    accrued,
    day_count,
    days_30_360,
    fraction,
)

THIRTY, ACT_360, ACT_365F, ICMA = DayCount


def period(
    start: date, end: date, *, frequency: int = 2, since: date | None = None, ends: bool = False
) -> CouponPeriod:
    return CouponPeriod(start, end, since or start, frequency, ends)


HALF_YEAR = period(date(2023, 1, 1), date(2023, 7, 1))


def interest(
    face: int, how: DayCount, within: CouponPeriod, *, on: date, coupon: tuple[int, int] = (6, 0)
) -> int:
    """Return accrued interest in cents on a face in cents; the coupon is mantissa and scale."""
    part = fraction(how, within, on=on)
    found = accrued(np.array([face]), part, mantissa=coupon[0], scale=coupon[1])
    return int(found[0])


@pytest.mark.parametrize(
    ("start", "end", "days", "days_at_month_ends"),
    [
        # A start on the 31st is the 30th; an end on the 31st is the 30th after such a start.
        ("2023-01-31", "2023-02-28", 28, 28),
        ("2023-01-30", "2023-01-31", 0, 0),
        ("2023-01-31", "2023-02-01", 1, 1),
        ("2023-01-30", "2023-03-31", 60, 60),
        ("2023-01-31", "2023-03-31", 60, 60),
        # After any other start the 31st stays, and is as far as the 1st of the next month.
        ("2023-01-29", "2023-03-31", 62, 62),
        ("2023-01-29", "2023-04-01", 62, 62),
        # The end of February is the 28th or 29th, or the 30th for bonds at the ends of months.
        ("2023-02-28", "2023-03-01", 3, 1),
        ("2023-02-28", "2023-03-31", 33, 30),
        ("2024-02-28", "2024-02-29", 1, 1),
        ("2024-02-28", "2024-03-01", 3, 3),
        ("2024-02-29", "2024-03-31", 32, 30),
        ("2024-02-29", "2024-08-31", 182, 180),
        ("2023-08-31", "2024-02-28", 178, 178),
        ("2023-08-31", "2024-02-29", 179, 179),
        ("2023-02-28", "2024-02-29", 361, 360),
        ("2024-02-29", "2025-02-28", 359, 360),
        # Years of 360 days, whatever the calendar's.
        ("2020-01-15", "2024-01-15", 1440, 1440),
    ],
)
def test_months_of_30_days_at_their_ends(
    start: str, end: str, days: int, days_at_month_ends: int
) -> None:
    """Both columns are what QuantLib 1.44 counts: its conventions BondBasis and USA."""
    dates = date.fromisoformat(start), date.fromisoformat(end)
    assert days_30_360(*dates, ends_months=False) == days
    assert days_30_360(*dates, ends_months=True) == days_at_month_ends


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (THIRTY, YearFraction(50, 360)),
        (ACT_360, YearFraction(51, 360)),
        (ACT_365F, YearFraction(51, 365)),
        (ICMA, YearFraction(51, 362)),
    ],
)
def test_a_day_of_a_period_is_a_fraction_of_the_year_in_whole_days(
    how: DayCount, expected: YearFraction
) -> None:
    """From 1 January to 21 February 2023, of a half-year of 181 days."""
    assert fraction(how, HALF_YEAR, on=date(2023, 2, 21)) == expected


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (period(date(2003, 11, 1), date(2004, 5, 1)), Fraction(1, 2)),
        (
            period(date(1998, 7, 1), date(1999, 7, 1), frequency=1, since=date(1999, 2, 1)),
            Fraction(150, 365),
        ),
        (period(date(1999, 7, 1), date(2000, 7, 1), frequency=1), Fraction(1)),
        (period(date(1999, 7, 30), date(2000, 1, 30)), Fraction(1, 2)),
    ],
)
def test_periods_of_icma_are_fractions_as_published(
    within: CouponPeriod, expected: Fraction
) -> None:
    """The cases of QuantLib's tests of ActualActual.ISMA: 0.5, 0.41095890, 1 and 0.5."""
    assert Fraction(*fraction(ICMA, within, on=within.end)) == expected


def test_a_bond_of_60000_bought_with_500_of_interest_earns_1300_of_its_coupon_of_1800() -> None:
    """The posting model, 2.11; with 6 % a year, 500 are 50 days of 30/360."""
    bought = interest(60_000_00, THIRTY, HALF_YEAR, on=date(2023, 2, 21))
    coupon = interest(60_000_00, THIRTY, HALF_YEAR, on=date(2023, 7, 1))
    assert (bought, coupon, coupon - bought) == (500_00, 1_800_00, 1_300_00)


def test_a_sale_of_15000_at_97_brings_14475_with_75_of_interest_and_a_commission_of_150() -> None:
    """The posting model, 2.11; with 6 % a year, 75 are 30 days of 30/360."""
    sold = interest(15_000_00, THIRTY, HALF_YEAR, on=date(2023, 2, 1))
    assert sold == 75_00
    assert 15_000_00 * 97 // 100 + sold - 150_00 == 14_475_00


def test_45_days_of_6_percent_on_60000_are_450() -> None:
    """The figure of the posting model, 2.11, which gives no terms; these are an own example."""
    within = period(date(2023, 11, 16), date(2024, 5, 16))
    assert interest(60_000_00, THIRTY, within, on=date(2023, 12, 31)) == 450_00


def test_a_bill_at_a_discount_and_a_repo_count_the_days_over_360() -> None:
    """10,000 at 3 % for 14 days (the posting model, 2.9), and 100,000 at 4.25 % for 91 days."""
    within = period(date(2023, 1, 1), date(2023, 7, 1))
    assert interest(10_000_00, ACT_360, within, on=date(2023, 1, 15), coupon=(3, 0)) == 11_67
    bill = interest(100_000_00, ACT_360, within, on=date(2023, 4, 2), coupon=(425, 2))
    assert bill == 1_074_31  # 1,074.3056


def test_a_short_first_period_accrues_from_the_issue_date() -> None:
    """Issued on 15 March, coupons on 1 January and 1 July: 106 of 360 days, and 108 of 362."""
    first = period(date(2023, 1, 1), date(2023, 7, 1), since=date(2023, 3, 15))
    assert fraction(THIRTY, first, on=date(2023, 3, 15)) == YearFraction(0, 360)
    assert fraction(THIRTY, first, on=date(2023, 7, 1)) == YearFraction(106, 360)
    assert fraction(ICMA, first, on=date(2023, 7, 1)) == YearFraction(108, 362)


def test_a_period_from_february_pays_its_share_of_the_year_and_accrues_no_more() -> None:
    """From 28 February 181 days of 30/360 are counted to 29 August, of a coupon of 180."""
    within = period(date(2023, 2, 28), date(2023, 8, 30))
    reached = [
        fraction(THIRTY, within, on=date(2023, 8, day)).numerator for day in (27, 28, 29, 30)
    ]
    assert reached == [179, 180, 180, 180]


def test_a_period_to_february_pays_its_share_of_the_year_though_less_is_counted() -> None:
    """From 31 August 177 days of 30/360 are counted to 27 February, and 178 to the 28th."""
    within = period(date(2022, 8, 31), date(2023, 2, 28), ends=True)
    assert fraction(THIRTY, within, on=date(2023, 2, 27)) == YearFraction(177, 360)
    assert fraction(THIRTY, within, on=date(2023, 2, 28)) == YearFraction(180, 360)


def test_interest_on_a_short_bond_is_that_of_a_long_one_with_the_other_sign() -> None:
    on = date(2023, 2, 21)
    assert interest(-60_000_00, THIRTY, HALF_YEAR, on=on) == -500_00


@pytest.mark.parametrize("on", [date(2022, 12, 31), date(2023, 7, 2)])
def test_a_day_outside_its_period_is_refused(on: date) -> None:
    with pytest.raises(ValueError, match="is not between 2023-01-01 and 2023-07-01"):
        fraction(THIRTY, HALF_YEAR, on=on)


@pytest.mark.parametrize(
    ("start", "end", "since", "frequency"),
    [
        (date(2023, 1, 1), date(2023, 1, 1), None, 2),
        (date(2023, 1, 1), date(2023, 7, 1), date(2022, 12, 31), 2),
        (date(2023, 1, 1), date(2023, 7, 1), date(2023, 7, 1), 2),
        (date(2023, 1, 1), date(2023, 7, 1), None, 0),
        (date(2023, 1, 1), date(2023, 7, 1), None, 3),
    ],
)
def test_a_period_that_cannot_be_is_no_period(
    start: date, end: date, since: date | None, frequency: int
) -> None:
    with pytest.raises(ValueError, match=r"a period accrues|coupons a year"):
        period(start, end, since=since, frequency=frequency)


def test_a_day_count_is_known_by_its_name_in_capitals_or_not() -> None:
    names: Sequence[str] = ["30/360", "act/360", "ACT/365F", "Act/Act ICMA"]
    assert [day_count(name) for name in names] == [THIRTY, ACT_360, ACT_365F, ICMA]
    assert [day_count(name) for name in ("", "30E/360", "ACT/365", "ACT/ACT")] == [None] * 4


def months_before(day: date, months: int, *, ends: bool) -> date:
    """Return the same day some months earlier, or the last one of its month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, last if ends else min(day.day, last))


@st.composite
def periods(draw: st.DrawFn) -> CouponPeriod:
    frequency = draw(st.sampled_from(FREQUENCIES))
    end = draw(st.dates(date(1990, 1, 1), date(2060, 12, 31)))
    ends = (end + timedelta(days=1)).day == 1
    return period(
        months_before(end, 12 // frequency, ends=ends), end, frequency=frequency, ends=ends
    )


@given(periods(), st.sampled_from([THIRTY, ICMA]), st.integers(-(10**12), 10**12))
def test_a_whole_period_pays_the_coupon_divided_by_the_coupons_a_year(
    within: CouponPeriod, how: DayCount, face: int
) -> None:
    assert Fraction(*fraction(how, within, on=within.end)) == Fraction(1, within.frequency)
    coupon = interest(face, how, within, on=within.end, coupon=(425, 2))
    assert coupon == round(Fraction(face * 425, 10_000 * within.frequency))


@given(periods(), st.sampled_from(DayCount), st.integers(0, 10**10), st.integers(0, 27))
def test_interest_never_falls_and_its_days_add_up_to_the_coupon(
    within: CouponPeriod, how: DayCount, face: int, late: int
) -> None:
    since = within.start + timedelta(days=late)
    part = period(
        within.start,
        within.end,
        since=since,
        frequency=within.frequency,
        ends=within.ends_months,
    )
    count = (within.end - since).days
    reached = [interest(face, how, part, on=since + timedelta(days=n)) for n in range(count + 1)]
    daily = [later - before for before, later in pairwise(reached)]
    assert reached[0] == 0
    assert min(daily) >= 0
    assert sum(daily) == interest(face, how, part, on=within.end)
