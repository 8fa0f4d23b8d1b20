"""Small random firms: what hypothesis draws when a law is to hold for all books.

Amounts, dates and owners are few, so that events collide: on one day, in one pool, at one price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.facts import GAAP, TAX, day

from subledger import tables
from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried, Events, Terms
from subledger.booking.policy import BasisPolicy, Override
from subledger.closing.window import Known, Sealed, open_window
from subledger.events.known import known_trades

LAST = 13  # the last day of a random firm, counted from facts.DAY; a month ends in between
BOOKS, STRATEGIES, BROKERS = ("B1", "B2"), ("S1", "S2"), ("K1", "K2")
POOLS = (
    ("book", "strategy", "broker_account", "instrument"),
    ("broker_account", "instrument"),
    ("instrument",),
    ("book", "instrument"),
)


@dataclass(frozen=True)
class Firm:
    """One firm's facts, its marks and the policies of one basis."""

    policy: BasisPolicy
    held: Sequence[facts.Row]
    trades: Sequence[facts.Row] = ()
    cash: Sequence[facts.Row] = ()
    journals: Sequence[facts.Row] = ()
    opening_lots: Sequence[facts.Row] = ()
    opening_balances: Sequence[facts.Row] = ()
    marks: Sequence[facts.Row] = ()
    settlements: Sequence[facts.Row] = field(default=())

    @property
    def terms(self) -> Terms:
        """Return the terms of the basis."""
        return facts.terms(self.policy, held=self.held)

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
            journals=facts.table(tables.JOURNALS, self.journals),
            opening_lots=facts.table(tables.OPENING_LOTS, self.opening_lots),
            opening_balances=facts.table(tables.OPENING_BALANCES, self.opening_balances),
        )

    def mark_table(self) -> pa.Table:
        """Return MARKS; none where the basis values at cost."""
        marks = () if self.policy.valuation == "cost" else self.marks
        return facts.table(tables.MARKS, marks)

    def events(self) -> Events:
        """Return the dated events of the firm, as a window over nothing closed gives them."""
        return open_window(
            self.known(), Sealed(), policy=self.policy, marks=self.mark_table()
        ).events

    def booked(self, carried: Carried | None = None) -> Booking:
        """Return the firm booked at once."""
        return book(self.events(), carried or Carried(), terms=self.terms)

    def but(self, **changes: Any) -> Firm:
        """Return the firm with other facts."""
        return replace(self, **changes)

    def under(self, **policy: Any) -> Firm:
        """Return the firm with other policies."""
        return replace(self, policy=replace(self.policy, **policy))

    def held_as(self, name: str) -> facts.Row:
        """Return the row of an instrument."""
        return next(row for row in self.held if row["instrument"] == name)


days = st.integers(0, LAST)
prices = st.tuples(st.integers(0, 2500), st.integers(0, 3)).map(
    lambda pair: f"{pair[0] / 10 ** pair[1]:.{pair[1]}f}"
)
_no_fees = st.just((0, 0, 0, 0, 0))
_some_fees = st.tuples(*[st.integers(-9, 15)] * 5)
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
_which = st.sampled_from((0, 0, 0, 0, 1, 1, 2))


@st.composite
def instruments(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw two equities and an ETF with some decimals and multipliers."""
    places = draw(st.tuples(*[st.sampled_from((0, 0, 2, 5, 8))] * 3))
    multiplier = draw(st.sampled_from(("1", "1", "0.01", "2.5")))
    return [
        facts.instrument("AAA", decimals=places[0]),
        facts.instrument("BBB", "etf", decimals=places[1]),
        facts.instrument("CCC", decimals=places[2], multiplier=multiplier),
    ]


_status = st.sampled_from(("settled", "settled", "settled", "confirmed", "failed"))
_effect = st.sampled_from(("auto", "auto", "auto", "auto", "open", "close"))
_quantity = st.tuples(st.integers(1, 40), st.sampled_from((1, 1, 3, 7)))
_trade = st.tuples(
    _which,
    owners,
    st.sampled_from(("buy", "sell")),
    _effect,
    _quantity,
    prices,
    _no_fees | _some_fees,
    days,
    st.integers(0, 4),
    _status,
    st.none() | st.integers(0, 3),
    st.integers(-1, 1),
)


def _trade_row(number: int, drawn: tuple[Any, ...], held: Sequence[facts.Row]) -> dict[str, Any]:
    which, owner, side, effect, (count, part), price, fees, on, lag, status, sequence, off = drawn
    row = held[which]
    quantity = max(1, count * 10 ** row["quantity_decimals"] // part)
    # A source may state its gross a little off; a zero price stays free of charge.
    gross = facts.worth(row, quantity, price)
    return facts.trade(
        f"T{number:02d}",
        side,
        quantity,
        price=price,
        held=row,
        gross=max(gross + off, 0) if gross else 0,
        position_effect=effect,
        status=status,
        trade_date=day(on),
        settlement_date=day(on + lag),
        sequence=sequence,
        row=number + 2,
        **owner,
        **dict(zip(tables.FEES, fees, strict=True)),
    )


@st.composite
def trades(
    draw: st.DrawFn, held: Sequence[facts.Row], *, least: int = 1, most: int = 12
) -> list[dict[str, Any]]:
    """Draw trades in any order of days, crossing zero and boxed ones among them."""
    drawn = draw(st.lists(_trade, min_size=least, max_size=most))
    return [_trade_row(number, one, held) for number, one in enumerate(drawn)]


@st.composite
def cash(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw contributions and withdrawals, paid at once or later."""
    one = st.tuples(st.booleans(), st.integers(1, 10**7), days, st.integers(0, 3), owners)
    drawn = draw(st.lists(one, max_size=3))
    return [
        {
            "event_id": f"C{number}",
            "kind": "contribution" if comes else "withdrawal",
            "date": day(on),
            "settled_date": day(on + lag),
            "currency": "USD",
            "amount": amount if comes else -amount,
            "batch": 1,
            "row": number + 2,
            **owner,
        }
        for number, (comes, amount, on, lag, owner) in enumerate(drawn)
    ]


@st.composite
def journals(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw accruals (some with a reversal) and capital that one strategy hands to the other."""
    one = st.tuples(
        st.booleans(), st.integers(1, 10**6), days, st.none() | st.integers(0, 5), owners
    )
    rows: list[dict[str, Any]] = []
    for number, (moves, amount, on, later, owner) in enumerate(draw(st.lists(one, max_size=2))):
        other = owner | {"strategy": "S2" if owner["strategy"] == "S1" else "S1"}
        lines: list[tuple[str, int, dict[str, str]]] = (
            [
                *(("3050", amount, owner), ("1020", -amount, owner)),
                *(("1020", amount, other), ("3050", -amount, other)),
            ]
            if moves
            else [("6410", amount, owner), ("2480", -amount, owner)]
        )
        rows += [
            {
                "journal_id": f"J{number}",
                "line": line,
                "date": day(on),
                "reverse_on": None if later is None else day(on + later),
                "account": account,
                "currency": "USD",
                "amount": value,
                "amount_base": value,
                "reason": "because",
                "batch": 1,
                "row": len(rows) + line,
                **dimensions,
            }
            for line, (account, value, dimensions) in enumerate(lines, 1)
        ]
    return rows


@st.composite
def opening_lots(draw: st.DrawFn, held: Sequence[facts.Row]) -> list[dict[str, Any]]:
    """Draw lots taken over the day before the first, or on a later day."""
    one = st.tuples(
        _which,
        owners,
        st.booleans(),
        _quantity,
        st.integers(0, 10**5),
        st.integers(0, 400),
        st.sampled_from((-1, -1, -1, 4)),
    )
    rows = []
    for number, drawn in enumerate(draw(st.lists(one, max_size=3))):
        which, owner, is_long, (count, part), cost, age, taken_over = drawn
        as_of = day(taken_over)
        units = max(1, count * 10 ** held[which]["quantity_decimals"] // part)
        rows.append(
            {
                "as_of": as_of,
                "lot_id": f"L{number}",
                "instrument": held[which]["instrument"],
                "side": "long" if is_long else "short",
                "quantity": units,
                "opened_on": as_of - timedelta(days=age),
                "currency": "USD",
                "cost": cost,
                "cost_base": cost,
                "batch": 1,
                "row": number + 2,
                **owner,
            }
        )
    return rows


@st.composite
def opening_balances(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw cash and capital taken over the day before the first."""
    one = st.tuples(st.sampled_from(("1020", "3010", "3030")), st.integers(-(10**6), 10**6), owners)
    unique = st.lists(one, max_size=2, unique_by=lambda drawn: (drawn[0], *drawn[2].values()))
    return [
        {
            "as_of": day(-1),
            "account": account,
            "currency": "USD",
            "amount": amount,
            "amount_base": amount,
            "batch": 1,
            "row": number + 2,
            **owner,
        }
        for number, (account, amount, owner) in enumerate(draw(unique))
    ]


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
def policies(draw: st.DrawFn) -> BasisPolicy:
    """Draw one of the two shipped bases, or any mixture of their policies with overrides."""
    kind = draw(st.sampled_from(("US-GAAP", "US-TAX", "mixed")))
    if kind != "mixed":
        return GAAP if kind == "US-GAAP" else TAX
    overrides = [
        Override({"book": "B2"}, {"fees": draw(st.sampled_from(("expense", "capitalise")))}),
        Override({"asset_class": "etf"}, {"allow_short": draw(st.booleans())}, start=day(5)),
    ]
    return BasisPolicy(
        "MIXED",
        "USD",
        post_status=draw(st.sampled_from(("settled", "confirmed"))),
        valuation=draw(st.sampled_from(("fair_value", "cost"))),
        fees=draw(st.sampled_from(("expense", "capitalise"))),
        pool_by=draw(st.sampled_from(POOLS)),
        allow_short=draw(st.sampled_from((True, True, False))),
        overrides=overrides[: draw(st.integers(0, 2))],
    )


@st.composite
def firms(
    draw: st.DrawFn, *, policy: BasisPolicy | None = None, openings: bool = True, most: int = 12
) -> Firm:
    """Draw a firm: facts of every kind that is booked, over two weeks in two months."""
    held = draw(instruments())
    return Firm(
        policy=policy or draw(policies()),
        held=held,
        trades=draw(trades(held, most=most)),
        cash=draw(cash()),
        journals=draw(journals()),
        opening_lots=draw(opening_lots(held)) if openings else (),
        opening_balances=draw(opening_balances()) if openings else (),
        marks=draw(marks(held)),
    )
