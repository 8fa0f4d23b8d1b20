"""Amounts at their conversions: rounded once, by currency and date, and never without a rate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import facts

from subledger.columns import Days, Texts
from subledger.conversion import Conversions
from subledger.errors import InvariantError
from subledger.numbers import NumberOverflow
from subledger.tables import RATES
from subledger.valuation.rates import RateTerms, conversions_on

DAYS = (date(2025, 1, 29), date(2025, 1, 30), date(2025, 1, 31))
LAST = DAYS[-1]
Rate = tuple[str, date, str]  # EUR/USD, the day, one base = rate quote


def conversions(
    *rates: Rate, base: str = "USD", pivot: str = "", currencies: Sequence[str] = ("EUR", "GBP")
) -> Conversions:
    """Return the conversions of three days in January; every currency has cents."""
    rows = []
    for pair, on, rate in rates:
        left, right = pair.split("/")
        mantissa, scale = facts.decimal(rate)
        row = {"date": on, "base": left, "quote": right, "version": 1}
        rows.append(row | {"rate_mantissa": mantissa, "rate_scale": scale})
    terms = RateTerms(base, pivot, 1, dict.fromkeys([*currencies, base], 2))
    table = conversions_on(facts.table(RATES, rows), DAYS, currencies=currencies, terms=terms)
    return Conversions(table, base)


def column(*names: str) -> Texts:
    return Texts.of(names)


def days(*on: date) -> Days:
    return np.array(on, "datetime64[D]")


def test_lots_sold_at_another_rate_split_as_lusid_splits_them() -> None:
    """150,000 AAPL sold first in, first out at a gain of USD 46,500 (support.lusid.com).

    The page states the cost of USD 24,912,000 of both lots together; their shares are those that
    its total gives. Market 35,635.5, currency -90,080.9, total -54,445.3
    pounds, to a tenth of one.
    """
    known = conversions(
        *(
            ("USD/GBP", on, r)
            for on, r in zip(DAYS, ("0.772475", "0.76482", "0.766355"), strict=True)
        ),
        base="GBP",
        currencies=["USD"],
    )
    amounts = np.array([16_763_000_00, 8_149_000_00, 24_958_500_00, 46_500_00])
    on = days(DAYS[0], DAYS[1], LAST, LAST)
    first, second, proceeds, market = known.to_base(
        amounts, column("USD", "USD", "USD", "USD"), dates=on
    ).tolist()
    assert market == 35_635_51
    assert (total := proceeds - first - second) == -54_445_33
    assert total - market == -90_080_84


def test_a_currency_bought_and_sold_at_inverse_rates() -> None:
    """HKD 10,200 at 7.7884 cost 1,309.64 dollars and at 7.7933 brought 1,308.82 of them."""
    known = conversions(
        ("USD/HKD", DAYS[0], "7.7884"), ("USD/HKD", LAST, "7.7933"), currencies=["HKD"]
    )
    amounts = np.array([10_200_00, -10_200_00])
    in_base = known.to_base(amounts, column("HKD", "HKD"), dates=days(DAYS[0], LAST))
    assert in_base.tolist() == [1_309_64, -1_308_82]


def test_the_base_currency_is_always_known_and_unchanged() -> None:
    known = conversions()
    none = np.array([], np.int64), column(), days()
    assert known.to_base(none[0], none[1], dates=none[2]).tolist() == []
    assert known.known(*none[1:]).tolist() == []
    on = days(LAST, LAST)
    assert known.known(column("USD", "EUR"), on).tolist() == [True, False]
    assert known.stale(column("USD", "EUR"), on).tolist() == [False, False]
    assert known.to_base(np.array([7, -7]), column("USD", "USD"), dates=on).tolist() == [7, -7]
    assert known.factors("USD", LAST) == (1, 1)


def test_a_stale_rate_is_known_and_says_so() -> None:
    known = conversions(("EUR/USD", DAYS[0], "1.04"))
    names, on = column("EUR", "EUR", "EUR", "USD"), days(*DAYS, LAST)
    assert known.known(names, on).tolist() == [True] * 4
    assert known.stale(names, on).tolist() == [False, False, True, False]


def test_an_amount_without_a_rate_is_a_broken_promise() -> None:
    known = conversions(("EUR/USD", DAYS[1], "1.04"))
    assert known.factors("EUR", LAST) == (26, 25)
    with pytest.raises(InvariantError, match="no rate of EUR on 2025-01-29"):
        known.factors("EUR", DAYS[0])
    with pytest.raises(InvariantError, match="no rate of GBP on 2025-01-31"):
        known.to_base(np.array([1]), column("GBP"), dates=days(LAST))


def test_an_amount_beyond_64_bits_raises_and_does_not_wrap() -> None:
    known = conversions(("EUR/USD", LAST, "10"))
    with pytest.raises(NumberOverflow):
        known.to_base(np.array([2**62]), column("EUR"), dates=days(LAST))


def test_a_cross_is_rounded_once() -> None:
    """One cent of a pound is 0.495 cents of a dollar and 0.99 cents of a euro."""
    known = conversions(("GBP/USD", LAST, "0.495"), ("EUR/USD", LAST, "0.5"))
    names = column("GBP", "EUR", "GBP", "USD", "GBP")
    into = column("EUR", "GBP", "USD", "EUR", "GBP")
    crossed = known.cross(
        np.array([1, 1, 1, 1, 9]), names, to_currencies=into, dates=days(*[LAST] * 5)
    )
    assert crossed.tolist() == [1, 1, 0, 2, 9]


amounts = st.integers(-(10**12), 10**12)
rates = st.integers(1, 10**9).map(lambda mantissa: f"{mantissa // 10**6}.{mantissa % 10**6:06}")
names = st.sampled_from(["USD", "EUR", "GBP"])


@settings(max_examples=150)
@given(
    st.lists(st.tuples(amounts, names, names, st.sampled_from(DAYS)), max_size=8),
    st.lists(rates, min_size=6, max_size=6),
)
def test_every_amount_is_its_exact_value_rounded_half_to_even(
    rows: list[tuple[int, str, str, date]], quoted: list[str]
) -> None:
    pairs = [(pair, on) for pair in ("EUR/USD", "USD/GBP") for on in DAYS]
    known = conversions(*((*pair, rate) for pair, rate in zip(pairs, quoted, strict=True)))
    value = {("USD", on): Fraction(1) for on in DAYS}
    value |= {("EUR", on): Fraction(rate) for on, rate in zip(DAYS, quoted[:3], strict=True)}
    value |= {("GBP", on): 1 / Fraction(rate) for on, rate in zip(DAYS, quoted[3:], strict=True)}
    units = np.array([row[0] for row in rows], np.int64)
    left, right = column(*(row[1] for row in rows)), column(*(row[2] for row in rows))
    on = days(*(row[3] for row in rows))
    in_base = [round(amount * value[name, day]) for amount, name, _, day in rows]
    assert known.to_base(units, left, dates=on).tolist() == in_base
    crossed = [round(a * value[name, day] / value[into, day]) for a, name, into, day in rows]
    if all(abs(amount) < 2**63 for amount in crossed):
        assert known.cross(units, left, to_currencies=right, dates=on).tolist() == crossed
    else:
        with pytest.raises(NumberOverflow):
            known.cross(units, left, to_currencies=right, dates=on)


@settings(max_examples=150)
@given(amounts, rates, rates, rates)
def test_the_pivot_and_the_direct_rate_differ_by_their_inconsistency_at_most(
    amount: int, first: str, second: str, direct: str
) -> None:
    """Invariant 48; each of the two amounts is rounded by half a unit at most."""
    rows = np.array([amount]), column("GBP")
    halves = conversions(("GBP/EUR", LAST, first), ("EUR/USD", LAST, second), pivot="EUR")
    whole = conversions(("GBP/USD", LAST, direct))
    inconsistency = abs(Fraction(first) * Fraction(second) - Fraction(direct))
    through, straight = (
        int(known.to_base(*rows, dates=days(LAST))[0]) for known in (halves, whole)
    )
    assert abs(through - straight) <= abs(amount) * inconsistency + 1
