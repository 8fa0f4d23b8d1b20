"""Random currencies: their decimals, their rates and how these are quoted, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.facts import BASE, CURRENCIES, IN_CENTS
from tests.laws.firm import MAX_AGE, Quoted

# What one unit of a currency is about worth in another, and the steps in days between two rates.
_LEVELS = ("0.0067", "0.85", "1.1", "112")
_STEPS = ((1,), (1, 3, 5), (2, MAX_AGE))
_wobbles = st.lists(st.integers(-60, 60), min_size=1, max_size=6)


@dataclass(frozen=True)
class Currencies:
    """The decimals of each currency, and their rates over all days."""

    decimals: Mapping[str, int]
    rates: Sequence[Quoted]
    pivot: str


ONLY_BASE = Currencies(IN_CENTS, (), "")


@st.composite
def currencies(draw: st.DrawFn, *, moving: bool = True) -> Currencies:
    """Draw decimals from 0 to 8 and rates: quoted directly, inversely, or through the pivot."""
    decimals = {name: draw(st.integers(0, 8)) for name in CURRENCIES}
    pivot = draw(st.sampled_from(("", "EUR", "GBP")))
    rates = []
    for name in CURRENCIES[1:]:
        other = pivot if pivot not in {"", name} and draw(st.booleans()) else BASE
        pair = (name, other) if draw(st.booleans()) else (other, name)
        mantissa, scale = facts.decimal(draw(st.sampled_from(_LEVELS)))
        wobbles = draw(_wobbles) if moving else [draw(st.integers(-60, 60))]
        mantissas = [mantissa * (1000 + wobble) for wobble in wobbles]
        rates.append(Quoted(*pair, mantissas, scale + 3, draw(st.sampled_from(_STEPS))))
    return Currencies(decimals, rates, pivot)


@st.composite
def instruments(
    draw: st.DrawFn, known: Currencies | None = None, *, only: Sequence[str] = CURRENCIES
) -> list[dict[str, Any]]:
    """Draw an equity, an ETF, one of any class and, with currencies, an exchange of two of them."""
    places = draw(st.tuples(*[st.sampled_from((0, 0, 2, 5, 8))] * 3))
    multiplier = draw(st.sampled_from(("1", "1", "0.01", "2.5")))
    inside = ["USD"] * 3 if known is None else draw(st.tuples(*[st.sampled_from(only)] * 3))
    other = draw(st.sampled_from(("equity", "option", "crypto", "fund")))
    held = [
        facts.instrument("AAA", decimals=places[0], currency=inside[0]),
        facts.instrument("BBB", "etf", decimals=places[1], currency=inside[1]),
        facts.instrument(
            "CCC", other, decimals=places[2], multiplier=multiplier, currency=inside[2]
        ),
    ]
    if known is None:
        return held
    bought, paid = draw(st.permutations(only))[:2]
    exchange = facts.instrument(
        "DDD", "fx_spot", decimals=known.decimals[bought], currency=paid, base_currency=bought
    )
    return [*held, exchange]
