"""A firm: facts, rates and marks, with the policies of one basis; booked when asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, cycle, takewhile
from typing import Any

import pyarrow as pa
from tests.laws import facts
from tests.laws.facts import BASE, CURRENCIES, IN_CENTS, day

from subledger import tables
from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried, Events, Terms
from subledger.booking.policy import BasisPolicy
from subledger.closing.knowledge import Known, Sealed
from subledger.closing.window import open_window
from subledger.events.known import known_trades
from subledger.valuation.rates import RateTerms, conversions_on

LAST = 13  # the last day of a random firm, counted from facts.DAY; a month ends in between
FIRST_RATE, LAST_RATE = -3, 41
MAX_AGE = 5


@dataclass(frozen=True)
class Quoted:
    """Rates of one pair, one `base` = rate `quote`: mantissas in turn, and the steps in days."""

    base: str
    quote: str
    mantissas: Sequence[int]
    scale: int
    steps: Sequence[int] = (MAX_AGE,)

    def rows(self) -> Iterator[facts.Row]:
        """Yield rows of RATES over all days on which anything can happen."""
        on = accumulate(cycle(self.steps), initial=FIRST_RATE)
        days_ = takewhile(lambda number: number < LAST_RATE, on)
        for number, mantissa in zip(days_, cycle(self.mantissas), strict=False):
            yield {
                "date": day(number),
                "base": self.base,
                "quote": self.quote,
                "version": 1,
                "rate_mantissa": mantissa,
                "rate_scale": self.scale,
            }


@dataclass(frozen=True)
class Firm:
    """One firm's facts, its marks and rates, and the policies of one basis.

    It closes on every date of its marks: open lots are valued, foreign money is revalued.
    """

    policy: BasisPolicy
    held: Sequence[facts.Row]
    trades: Sequence[facts.Row] = ()
    cash: Sequence[facts.Row] = ()
    actions: Sequence[facts.Row] = ()
    journals: Sequence[facts.Row] = ()
    opening_lots: Sequence[facts.Row] = ()
    opening_balances: Sequence[facts.Row] = ()
    marks: Sequence[facts.Row] = ()
    settlements: Sequence[facts.Row] = field(default=())
    rates: Sequence[Quoted] = ()
    pivot: str = ""
    decimals: Mapping[str, int] = field(default_factory=lambda: IN_CENTS)

    @property
    def terms(self) -> Terms:
        """Return the terms of the basis."""
        return facts.terms(self.policy, held=self.held, decimals=self.decimals)

    @property
    def closes(self) -> Sequence[date]:
        """Return the dates on which the firm closes."""
        return sorted({row["mark_date"] for row in self.marks})

    def known(self) -> Known:
        """Return all facts, nothing being closed."""
        trades = facts.table(tables.TRADES, self.trades)
        settlements = facts.table(tables.SETTLEMENTS, self.settlements)
        now, odd = known_trades(trades, settlements)
        return Known(
            trades=now,
            trades_when_sealed=now.slice(0, 0),
            odd_settlements=odd,
            cash=facts.table(tables.CASH, self.cash),
            corporate_actions=facts.table(tables.CORPORATE_ACTIONS, self.actions),
            journals=facts.table(tables.JOURNALS, self.journals),
            opening_lots=facts.table(tables.OPENING_LOTS, self.opening_lots),
            opening_balances=facts.table(tables.OPENING_BALANCES, self.opening_balances),
        )

    def mark_table(self) -> pa.Table:
        """Return MARKS; none where the basis values at cost."""
        marks = () if self.policy.valuation == "cost" else self.marks
        return facts.table(tables.MARKS, marks)

    def conversions(self) -> pa.Table:
        """Return CONVERSIONS of every day on which anything can happen."""
        return conversions_of(self.rates, self.decimals, pivot=self.pivot)

    def factor(self, currency: str, on: date) -> Fraction:
        """Return what one ledger unit of a currency is worth in those of the base currency."""
        if currency == BASE:
            return Fraction(1)
        return factors_of(self.rates, self.decimals, pivot=self.pivot)[currency, on]

    def in_base(self, amount: int, currency: str, on: date) -> int:
        """Return an amount in base at the rate of a date, rounded half to even."""
        return round(amount * self.factor(currency, on))

    def worth(self, instrument: str, quantity: int, price: str) -> int:
        """Return quantity x price x multiplier in ledger units of the instrument's currency."""
        held = self.held_as(instrument)
        return facts.worth(held, quantity, price, decimals=self.decimals[held["currency"]])

    def events(self) -> Events:
        """Return the dated events of the firm, as a window over nothing closed gives them."""
        window = open_window(
            self.known(),
            Sealed(),
            policy=self.policy,
            marks=self.mark_table(),
            mark_dates=self.closes,
        )
        return replace(window.events, conversions=self.conversions())

    def booked(self) -> Booking:
        """Return the firm booked at once; many laws look at one firm, so it is kept."""
        return _booked(_Same(self, repr(self)))

    def but(self, **changes: Any) -> Firm:
        """Return the firm with other facts."""
        return replace(self, **changes)

    def under(self, **policy: Any) -> Firm:
        """Return the firm with other policies."""
        return replace(self, policy=replace(self.policy, **policy))

    def held_as(self, name: str) -> facts.Row:
        """Return the row of an instrument."""
        return next(row for row in self.held if row["instrument"] == name)


@dataclass(frozen=True)
class _Same:
    """A firm that equals another when all its facts do."""

    firm: Firm = field(compare=False)
    facts: str


@lru_cache(maxsize=256)
def _booked(same: _Same) -> Booking:
    firm = same.firm
    return book(firm.events(), Carried(), terms=firm.terms)


@dataclass(frozen=True)
class _Rates:
    rates: Sequence[Quoted] = field(compare=False)
    decimals: Mapping[str, int] = field(compare=False)
    pivot: str
    facts: str


def conversions_of(rates: Sequence[Quoted], decimals: Mapping[str, int], *, pivot: str) -> pa.Table:
    """Return CONVERSIONS of the rates on every day on which anything can happen."""
    return _conversions(_Rates(rates, decimals, pivot, repr((rates, decimals))))


def factors_of(
    rates: Sequence[Quoted], decimals: Mapping[str, int], *, pivot: str
) -> Mapping[tuple[str, date], Fraction]:
    """Return what one ledger unit of a currency is worth in base, by currency and day."""
    return _factors(_Rates(rates, decimals, pivot, repr((rates, decimals))))


@lru_cache(maxsize=64)
def _conversions(known: _Rates) -> pa.Table:
    on = [day(number) for number in range(FIRST_RATE, LAST_RATE)]
    terms = RateTerms(BASE, known.pivot, MAX_AGE, known.decimals)
    table = facts.table(tables.RATES, [row for quoted in known.rates for row in quoted.rows()])
    return conversions_on(table, on, currencies=CURRENCIES, terms=terms)


@lru_cache(maxsize=64)
def _factors(known: _Rates) -> Mapping[tuple[str, date], Fraction]:
    return {
        (row["currency"], row["date"]): Fraction(int(row["numerator"]), int(row["denominator"]))
        for row in _conversions(known).to_pylist()
    }
