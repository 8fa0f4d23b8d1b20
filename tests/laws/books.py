"""Small random firms: what hypothesis draws when a law is to hold for all books.

Amounts, dates and owners are few, so that events collide: on one day, in one pool, at one price.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from hypothesis import given, seed, settings
from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.currencies import ONLY_BASE, currencies, instruments
from tests.laws.dividends import dividend_cash, dividends
from tests.laws.drawn import days, owners, prices
from tests.laws.drawn_cash import cash
from tests.laws.drawn_journals import journals
from tests.laws.drawn_openings import opening_balances, opening_lots
from tests.laws.drawn_trades import trades
from tests.laws.facts import BASE, CURRENCIES, GAAP, TAX, day
from tests.laws.firm import Firm

from subledger.booking.policy import BasisPolicy, Override

__all__ = [
    "POOLS",
    "UNNAMED",
    "days",
    "firms",
    "for_any_firm",
    "mark",
    "owners",
    "policies",
    "prices",
]

POOLS = (
    ("book", "strategy", "broker_account", "instrument"),
    ("broker_account", "instrument"),
    ("instrument",),
    ("book", "instrument"),
)
# SPECIFIC needs named lots: `named_like` gives them, in the laws that compare methods.
UNNAMED = ("FIFO", "FIFO", "LIFO", "HIFO", "LOFO", "AVERAGE", "AVERAGE")
METHODS = (*UNNAMED, "SPECIFIC")


@st.composite
def marks(
    draw: st.DrawFn, held: Sequence[facts.Row], *, dates: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """Draw a price of every instrument on some days, or on the days given."""
    chosen = draw(st.lists(days, min_size=1, max_size=4, unique=True)) if dates is None else dates
    return [
        mark(row["instrument"], day(on), price)
        for on in chosen
        for row, price in zip(held, draw(st.tuples(*[prices] * len(held))), strict=True)
    ]


def mark(instrument: str, on: date, price: str) -> dict[str, Any]:
    """Return a row of MARKS that is not stale."""
    mantissa, scale = facts.decimal(price)
    return {
        "mark_date": on,
        "price_date": on,
        "session": on,
        "instrument": instrument,
        "price_mantissa": mantissa,
        "price_scale": scale,
        "source": "X",
        "level": 1,
    }


@st.composite
def policies(draw: st.DrawFn, *, methods: Sequence[str] = METHODS) -> BasisPolicy:
    """Draw one of the two shipped bases, or any mixture of their policies with overrides."""
    kind = draw(st.sampled_from(("US-GAAP", "US-TAX", "mixed", "mixed")))
    if kind != "mixed":
        return GAAP if kind == "US-GAAP" else TAX
    method = st.sampled_from(methods)
    overrides = [
        Override({"book": "B2"}, {"fees": draw(st.sampled_from(("expense", "capitalise")))}),
        Override({"asset_class": "etf"}, {"allow_short": draw(st.booleans())}, start=day(5)),
        Override({"broker_account": "K1"}, {"lot_method": draw(method)}, start=day(6)),
    ]
    return BasisPolicy(
        "MIXED",
        BASE,
        post_status=draw(st.sampled_from(("settled", "confirmed"))),
        valuation=draw(st.sampled_from(("fair_value", "cost"))),
        fees=draw(st.sampled_from(("expense", "capitalise"))),
        fx_split=draw(st.sampled_from(("disposal_rate", "acquisition_rate"))),
        cash_fx=draw(st.sampled_from(("day_rate", "average", "fifo"))),
        dividends=draw(st.sampled_from(("ex_date", "pay_date"))),
        lot_method=draw(method),
        pool_by=draw(st.sampled_from(POOLS)),
        allow_short=draw(st.sampled_from((True, True, False))),
        overrides=overrides[draw(st.integers(0, 3)) :],
    )


@st.composite
def firms(
    draw: st.DrawFn,
    *,
    policy: BasisPolicy | None = None,
    openings: bool = True,
    most: int = 12,
    foreign: bool = True,
    moving: bool = True,
    only: Sequence[str] = CURRENCIES,
    methods: Sequence[str] = METHODS,
) -> Firm:
    """Draw a firm: facts of every kind that is booked, over two weeks in two months.

    It is in four currencies, or only in some of them; or not `foreign`, then in the base currency.
    """
    known = draw(currencies(moving=moving)) if foreign else ONLY_BASE
    held = draw(instruments(known if foreign else None, only=only))
    firm = Firm(
        policy=policy or draw(policies(methods=methods)),
        held=held,
        trades=draw(trades(held, known=known, most=most)),
        cash=draw(cash(known, only=only)),
        journals=draw(journals(known, only=only)),
        opening_lots=draw(opening_lots(held, known=known)) if openings else (),
        opening_balances=draw(opening_balances(known, only=only)) if openings else (),
        marks=draw(marks(held)),
        rates=known.rates,
        decimals=known.decimals,
        pivot=known.pivot,
    )
    if not foreign:
        return firm
    announced = firm.but(actions=draw(dividends(held, only=only)))
    return announced.but(cash=[*firm.cash, *draw(dividend_cash(announced))])


def for_any_firm(law: Callable[[Firm], None]) -> Callable[[], None]:
    """Hold a law against random firms: all such laws see the same ones, each booked once."""
    seen: Callable[[], None] = seed(0)(settings(max_examples=25)(given(firms())(law)))
    return seen
