"""The rate of a date: direct, inverse or through the pivot, fresh before stale, always exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import facts

from subledger.tables import CONVERSIONS, RATES
from subledger.valuation.rates import RateTerms, conversions_on

FRIDAY = date(2025, 1, 31)
DECIMALS = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0, "BTC": 8}
TERMS = RateTerms("USD", "EUR", max_age=5, decimals=DECIMALS)


class Quote(NamedTuple):
    """One base = rate quote, observed so many days before Friday."""

    pair: str
    rate: str
    age: int = 0


class Way(NamedTuple):
    """An exact rate into dollars and the days since the older of its halves."""

    ratio: Fraction
    age: int


def observed(quotes: Iterable[Quote]) -> list[facts.Row]:
    rows = []
    for quote in quotes:
        left, right = quote.pair.split("/")
        mantissa, scale = facts.decimal(quote.rate)
        ratio = {"rate_mantissa": mantissa, "rate_scale": scale, "version": 1, "source": "ECB"}
        on = FRIDAY - timedelta(days=quote.age)
        rows.append({"date": on, "base": left, "quote": right, **ratio})
    return rows


def found(
    *quotes: Quote, currency: str = "GBP", terms: RateTerms = TERMS, on: Sequence[date] = (FRIDAY,)
) -> list[tuple[object, ...]]:
    """Return path, rate, date of the rate and whether it is stale, for each of the dates."""
    table = facts.table(RATES, observed(quotes))
    conversions = conversions_on(table, on, currencies=[currency], terms=terms)
    assert conversions.schema == CONVERSIONS.schema
    return [
        (row["path"], row["rate"], row["rate_date"].isoformat(), row["stale"])
        for row in conversions.to_pylist()
    ]


DIRECT, INVERSE = Quote("GBP/USD", "1.2416"), Quote("USD/GBP", "0.8")
FIRST, SECOND = Quote("GBP/EUR", "1.1946"), Quote("EUR/USD", "1.0393")


def test_a_pair_is_taken_as_it_is_quoted_before_its_inverse_and_before_the_pivot() -> None:
    direct = [("GBP/USD 2025-01-31", "1.2416", "2025-01-31", False)]
    inverse = [("1/(USD/GBP 2025-01-31)", "1.25", "2025-01-31", False)]
    crossed = [("GBP/EUR 2025-01-31 * EUR/USD 2025-01-31", "1.24154778", "2025-01-31", False)]
    assert found(DIRECT, INVERSE, FIRST, SECOND) == direct
    assert found(INVERSE, FIRST, SECOND) == inverse
    assert found(FIRST, SECOND) == crossed


def test_each_half_of_a_cross_may_be_inverted() -> None:
    quotes = Quote("EUR/JPY", "160.99"), Quote("USD/EUR", "0.9622")
    path = "1/(EUR/JPY 2025-01-31) * 1/(USD/EUR 2025-01-31)"
    assert found(*quotes, currency="JPY") == [(path, "0.0064555871", "2025-01-31", False)]


def test_the_latest_on_or_before_the_date_counts_whatever_the_order_of_rows() -> None:
    quotes = [Quote("GBP/USD", f"1.{5 + age}", age) for age in (3, -1, 0, 1)]
    on = [FRIDAY, FRIDAY - timedelta(days=2), FRIDAY - timedelta(days=4), FRIDAY]
    rates = [
        ("GBP/USD 2025-01-28", "1.8", "2025-01-28", False),
        ("GBP/USD 2025-01-31", "1.5", "2025-01-31", False),
    ]
    assert found(*quotes, on=on) == rates
    assert found(*quotes[::-1], on=on) == rates


def test_a_rate_is_stale_when_it_is_older_than_the_greatest_age() -> None:
    assert [found(DIRECT._replace(age=age))[0][3] for age in (5, 6)] == [False, True]


def test_a_fresh_way_comes_before_a_stale_one_and_stale_ones_keep_the_order() -> None:
    stale = DIRECT._replace(age=6)
    assert found(stale, INVERSE)[0][0] == "1/(USD/GBP 2025-01-31)"
    assert found(stale, FIRST, SECOND)[0][0] == "GBP/EUR 2025-01-31 * EUR/USD 2025-01-31"
    assert found(stale, INVERSE._replace(age=8), FIRST, SECOND._replace(age=6)) == [
        ("GBP/USD 2025-01-25", "1.2416", "2025-01-25", True)
    ]
    half = FIRST._replace(age=9), Quote("EUR/GBP", "0.8", 1), SECOND
    assert found(*half)[0][0] == "1/(EUR/GBP 2025-01-30) * EUR/USD 2025-01-31"


def test_a_cross_is_as_old_as_its_older_half() -> None:
    path = "GBP/EUR 2025-01-31 * EUR/USD 2025-01-24"
    assert found(FIRST, SECOND._replace(age=7)) == [(path, "1.24154778", "2025-01-24", True)]


def test_without_any_rate_there_is_no_row() -> None:
    assert found() == []
    assert found(FIRST) == []
    assert found(DIRECT._replace(age=-1)) == []
    assert found(FIRST, SECOND, terms=RateTerms("USD", "", 5, DECIMALS)) == []
    assert found(DIRECT, currency="USD") == []


def test_the_decimals_of_both_ledger_units_are_in_the_ratio() -> None:
    quotes = [Quote("EUR/USD", "1.5"), Quote("USD/JPY", "150"), Quote("BTC/USD", "100000")]
    table = conversions_on(
        facts.table(RATES, observed(quotes)),
        [FRIDAY],
        currencies=["JPY", "EUR", "BTC", "USD", "EUR"],
        terms=TERMS,
    )
    assert table.select(["currency", "numerator", "denominator", "rate"]).to_pylist() == [
        {"currency": "BTC", "numerator": "1", "denominator": "10", "rate": "100000"},
        {"currency": "EUR", "numerator": "3", "denominator": "2", "rate": "1.5"},
        {"currency": "JPY", "numerator": "2", "denominator": "3", "rate": "0.0066666667"},
    ]


pairs = st.sampled_from([f"{a}/{b}" for a in DECIMALS for b in DECIMALS if a != b])
rates = st.integers(1, 10**10).map(lambda mantissa: str(Decimal(mantissa).scaleb(-4)))
some_quotes = st.lists(
    st.builds(Quote, pairs, rates, st.integers(-2, 12)),
    max_size=30,
    unique_by=lambda quote: (quote.pair, quote.age),
)


def freshest(ways: Sequence[Way]) -> list[Way]:
    """Return the first way that is fresh, else the first; a list of one, or of none."""
    return sorted(ways, key=lambda way: way.age > TERMS.max_age)[:1]


def between(quotes: Sequence[Quote], left: str, right: str) -> list[Way]:
    """Return the one rate of a pair on Friday, as it is quoted or inverted."""
    ways = []
    for pair, power in ((f"{left}/{right}", 1), (f"{right}/{left}", -1)):
        past = [quote for quote in quotes if quote.pair == pair and quote.age >= 0]
        latest = sorted(past, key=lambda quote: quote.age)[:1]
        ways += [Way(Fraction(quote.rate) ** power, quote.age) for quote in latest]
    return freshest(ways)


def expected(quotes: Sequence[Quote], currency: str) -> list[Way]:
    """Return rate and age of a currency in dollars on Friday, said again the long way."""
    ways = between(quotes, currency, "USD")
    if currency != "EUR":
        ways += [
            Way(first.ratio * second.ratio, max(first.age, second.age))
            for first in between(quotes, currency, "EUR")
            for second in between(quotes, "EUR", "USD")
        ]
    return freshest(ways)


@settings(max_examples=200)
@given(some_quotes)
def test_every_ratio_is_the_exact_product_of_the_rates_it_names(quotes: list[Quote]) -> None:
    table = facts.table(RATES, observed(quotes))
    names = ["EUR", "GBP", "JPY", "BTC"]
    rows = conversions_on(table, [FRIDAY], currencies=names, terms=TERMS).to_pylist()
    ratios: dict[str, list[Way]] = {name: [] for name in names}
    for row in rows:
        units = Fraction(10 ** DECIMALS["USD"], 10 ** DECIMALS[row["currency"]])
        ratio = Fraction(int(row["numerator"]), int(row["denominator"])) / units
        ratios[row["currency"]].append(Way(ratio, (FRIDAY - row["rate_date"]).days))
    assert ratios == {name: expected(quotes, name) for name in names}


@settings(max_examples=100)
@given(rates, st.integers(1, 10**6))
def test_scaling_every_rate_scales_every_ratio(rate: str, factor: int) -> None:
    """Invariant 15 of base redenomination, before amounts are rounded."""

    def ratio(*quotes: Quote) -> Fraction:
        table = facts.table(RATES, observed(quotes))
        row = conversions_on(table, [FRIDAY], currencies=["GBP"], terms=TERMS).to_pylist()[0]
        return Fraction(int(row["numerator"]), int(row["denominator"]))

    scaled = str(Decimal(rate) * factor)
    assert ratio(Quote("GBP/USD", scaled)) == factor * ratio(Quote("GBP/USD", rate))
    crossed = ratio(FIRST, Quote("EUR/USD", scaled))
    assert crossed == factor * ratio(FIRST, Quote("EUR/USD", rate))


def test_a_constant_rate_is_the_same_ratio_on_every_day() -> None:
    """Invariant 13: nothing then can become an exchange difference."""
    quotes = [Quote("USD/GBP", "0.8123", age) for age in range(0, 30, 3)]
    on = [FRIDAY - timedelta(days=age) for age in range(28)]
    table = conversions_on(
        facts.table(RATES, observed(quotes)), on, currencies=["GBP"], terms=TERMS
    )
    ratios = list(zip(*(table[n].to_pylist() for n in ("numerator", "denominator")), strict=True))
    assert len(ratios) == 28
    assert all(one == other for one, other in pairwise(ratios))
