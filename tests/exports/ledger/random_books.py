"""Two months of a random firm in several currencies, booked by the program, posted in two steps."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from tests.laws import facts

from subledger import tables
from subledger.booking.book import book
from subledger.booking.inputs import Carried, Terms
from subledger.booking.policy import BasisPolicy
from subledger.closing.knowledge import Known, Sealed
from subledger.closing.window import Window, open_window
from subledger.columns import concatenate
from subledger.events.known import known_trades
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.journal.difference import difference
from subledger.journal.journal import Journal, joined
from subledger.numbers import to_text
from subledger.periods import Period, parse_period
from subledger.statements.balances import balances_after
from subledger.statements.report import Units
from subledger.valuation.rates import RateTerms, conversions_on

MONTHS = ("2022-09", "2022-10")
FIRST = date(2022, 9, 22)
# Mantissa and scale of what one unit is worth in the base currency, whichever that is.
RATES = {"EUR": (97_213, 5), "JPY": (691_837, 8), "USD": (10_317, 4), "CHF": (10_204, 4)}
# Two of them are named like currencies.
HELD = (("ACME", "USD", 0), ("EUR", "EUR", 0), ("ALL", "JPY", 2), ("kSHIB", "USD", 8))
OWNERS = (("B1", "S1", "K1"), ("B1", "S1", "K1"), ("B2", "S1", "K1"), ("b-2", "S2", "K2"))


@dataclass(frozen=True)
class Booked:
    """What the ledger is written from, and the balances that it has to lead to."""

    context: LedgerContext
    months: Sequence[LedgerMonth]
    balances: pa.Table


@dataclass
class RandomFirm:
    """A firm under one policy; the same seed gives the same firm."""

    policy: BasisPolicy
    decimals: Mapping[str, int]
    seed: int

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)  # noqa: S311 - trades, not secrets
        self.held = [
            facts.instrument(name, decimals=places, currency=currency)
            for name, currency, places in HELD
        ]

    @property
    def terms(self) -> Terms:
        """Return the terms of the basis."""
        held = facts.table(tables.INSTRUMENTS, self.held)
        return Terms(self.policy, facts.CHART, held, self.decimals)

    def trades(self, count: int) -> list[facts.Row]:
        """Return trades of both months: many per pool, fees that may exceed what was paid."""
        return [self._trade(number) for number in range(count)]

    def _trade(self, number: int) -> facts.Row:
        draw, held = self.draw, self.draw.choice(self.held)
        currency = held["currency"]
        on = FIRST + timedelta(days=draw.randrange(18))
        other = draw.random() < 0.3
        book, strategy, broker = draw.choice(OWNERS)
        row = facts.trade(
            f"T{number:02d}",
            draw.choice(("buy", "buy", "sell")),
            draw.choice((1, 3, 7, 10, 10 ** held["quantity_decimals"])),
            price="1",
            held=held,
            trade_date=on,
            settlement_date=on + timedelta(days=draw.randrange(4)),
            status="settled",
            book=book,
            strategy=strategy,
            broker_account=broker,
            currency=currency,
            fee_currency="CHF" if other else currency,
            settlement_currency=currency,
            commission=draw.choice((0, 1, 7, 2000, -3)),
            gross=draw.choice((0, 1, 10, 999, 100_000, 33_333_333)),
            sequence=number,
            row=number + 2,
        )
        sign = 1 if row["side"] == "buy" else -1
        row["net"] = row["gross"] + (0 if other else sign * row["commission"])
        return row

    def window(self, trades: Sequence[facts.Row]) -> Window:
        """Return the dated events, with marks at both month ends."""
        now, odd = known_trades(
            facts.table(tables.TRADES, trades), facts.table(tables.SETTLEMENTS, [])
        )
        known = Known(trades=now, trades_when_sealed=now.slice(0, 0), odd_settlements=odd)
        ends = [parse_period(label).end for label in MONTHS]
        prices = {"price_mantissa": 123_457, "price_scale": 3, "level": 1, "source": "X"}
        marks = [
            prices | {"mark_date": on, "price_date": on, "session": on, "instrument": name}
            for on in ends
            for name, _, _ in HELD
        ]
        at_cost = self.policy.valuation == "cost"
        table = facts.table(tables.MARKS, [] if at_cost else marks)
        return open_window(known, Sealed(), policy=self.policy, marks=table, mark_dates=ends)

    def conversions(self, month: Period) -> pa.Table:
        """Return CONVERSIONS of every day of a month, rates that drift from day to day."""
        base = self.policy.base_currency
        pivot = "USD" if base != "USD" else "EUR"
        dates = [month.start + timedelta(days=n) for n in range((month.end - month.start).days + 1)]
        rows = [
            {"date": on, "base": currency, "quote": base, "version": 1, "rate_scale": scale}
            | {"rate_mantissa": mantissa + on.toordinal() % 7}
            for on in dates
            for currency, (mantissa, scale) in RATES.items()
            if currency != base
        ]
        terms = RateTerms(base, pivot, 5, self.decimals)
        rates = facts.table(tables.RATES, rows)
        return conversions_on(rates, dates, currencies=sorted(RATES), terms=terms)

    def naming_lots(self, trades: Sequence[facts.Row]) -> list[facts.Row]:
        """Return the trades with the lots that they take under LIFO, named one by one."""
        firm = replace(self, policy=replace(self.policy, lot_method="LIFO"))
        taken: dict[str, list[str]] = {}
        for booking in firm.bookings(trades):
            for row in booking.reliefs.to_pylist():
                places = next(h for h in self.held if h["instrument"] == row["instrument"])
                units = to_text(row["quantity"], places["quantity_decimals"])
                taken.setdefault(row["trade_id"], []).append(f"{row['lot_id']}:{units}")
        return [row | {"lots": ";".join(taken.get(row["trade_id"], []))} for row in trades]

    def bookings(self, trades: Sequence[facts.Row]) -> list[Any]:
        """Return both months booked one after the other."""
        window, carried, found = self.window(trades), Carried(), []
        for label in MONTHS:
            month = parse_period(label)
            events = replace(window.within(month), conversions=self.conversions(month))
            found.append(book(events, carried, terms=self.terms))
            carried = found[-1].carried
        return found

    def posted(self, *states: Sequence[facts.Row]) -> Booked:
        """Return the journal after each state of the trades was posted, the last one closed."""
        journals = dict.fromkeys(MONTHS, Journal.empty())
        seq, bookings = 1, []
        for trades in states:
            bookings = self.bookings(trades)
            for label, booking in zip(MONTHS, bookings, strict=True):
                booked = Journal(booking.entries, booking.lines)
                held = journals[label]
                added = difference(booked, held, basis=self.policy.name, next_seq=seq)
                journals[label] = joined([held, added])
                seq += added.entries.num_rows
        return self._written(journals, bookings)

    def _written(self, journals: Mapping[str, Journal], bookings: Sequence[Any]) -> Booked:
        balances, lots, months = tables.BALANCES.empty(), tables.LOTS.empty(), []
        for (label, journal), booking in zip(journals.items(), bookings, strict=True):
            balances = balances_after(balances, journal.lines)
            months.append(
                LedgerMonth(
                    label,
                    journal.entries,
                    journal.lines,
                    lots=concatenate(tables.LOTS, [lots]),
                    conversions=booking.conversions,
                    balances=balances,
                )
            )
            lots = booking.carried.lots
        places = {row["instrument"]: row["quantity_decimals"] for row in self.held}
        units = Units(self.policy.base_currency, self.decimals, places)
        chart = facts.CHART.accounts
        instruments = self.terms.instruments
        context = LedgerContext("Random firm", self.policy.name, units, chart, instruments)
        return Booked(context, months, balances)
