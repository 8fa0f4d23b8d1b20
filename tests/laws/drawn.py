"""What every kind of random event shares: days, prices, quantities, owners, currencies."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from tests.laws.currencies import Currencies
from tests.laws.facts import BASE, CURRENCIES, day
from tests.laws.firm import LAST, factors_of

BOOKS, STRATEGIES, BROKERS = ("B1", "B2"), ("S1", "S2"), ("K1", "K2")

days = st.integers(0, LAST)
prices = st.tuples(st.integers(0, 2500), st.integers(0, 3)).map(
    lambda pair: f"{pair[0] / 10 ** pair[1]:.{pair[1]}f}"
)
# Most events are of one owner and one instrument, so that lots are relieved many times.
_often = (5, 1)
owners = st.tuples(
    *(
        st.sampled_from(
            [name for name, times in zip(names, _often, strict=True) for _ in range(times)]
        )
        for names in (BOOKS, STRATEGIES, BROKERS)
    )
).map(lambda owner: dict(zip(("book", "strategy", "broker_account"), owner, strict=True)))
# Which of the instruments held: those of which there are lots.
securities = st.sampled_from((0, 0, 0, 0, 1, 1, 2))
# A count and what it is divided by: whole units, and broken ones where the instrument has decimals.
quantities = st.tuples(st.integers(1, 40), st.sampled_from((1, 1, 3, 7)))


def inside(known: Currencies, only: Sequence[str] = CURRENCIES) -> st.SearchStrategy[str]:
    """Return the currencies of a firm."""
    return st.sampled_from(only if known.rates else (BASE,))


def in_base(known: Currencies, amount: int, currency: str, on: int) -> int:
    """Return an amount in base currency at the rate of a day, counted from the first."""
    if currency == BASE:
        return amount
    factors = factors_of(known.rates, known.decimals, pivot=known.pivot)
    return round(amount * factors[currency, day(on)])
