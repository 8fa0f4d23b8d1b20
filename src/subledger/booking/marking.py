"""Marks on lots: the unrealised gain set on mark dates and released by what leaves the lot since.

A lot keeps one mark: the unrealised gain at its last mark date, local and in base, price and FX
apart, and the units then open. Reliefs release it cumulatively, like cost; the next mark posts the
difference to its target. So marks telescope: the path of marks in between changes no balance. A
lot that is joined to a pool at average cost releases all of it; the pool is marked on the next
date.

Source of the split: ASC 946-830-45 (read in a secondary source).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger.booking.gains import price_gain
from subledger.booking.inputs import Terms
from subledger.booking.lot_facts import LotFacts, by_arrival
from subledger.booking.trading import Traded
from subledger.columns import Codes, Days, Texts, days, numbers, rows_named, texts
from subledger.conversion import Conversions
from subledger.numbers import (
    Int64Array,
    exact_sum,
    mul_div_columns,
    product_columns,
    subtract_columns,
)
from subledger.tables import MARK_DATES


class Levels(NamedTuple):
    """A mark in its parts, debit positive: local, and in base the price part and the FX part."""

    local: Int64Array
    price: Int64Array
    fx: Int64Array

    @classmethod
    def zero(cls, count: int) -> Levels:
        """Return no mark for a number of rows."""
        return cls(*(np.zeros(count, np.int64) for _ in cls._fields))

    def at(self, rows: Codes) -> Levels:
        """Return the marks of some rows."""
        return Levels(*(part[rows] for part in self))


@dataclass(slots=True)
class LotMarks:
    """The marks of all lots while time passes; one row per lot."""

    mark: Levels
    released: Levels
    marked_quantity: Int64Array
    since: Int64Array  # units that left since the mark
    closed: Int64Array
    relieved: Int64Array
    relieved_base: Int64Array


class Leaving(NamedTuple):
    """What leaves lots, leg by leg: reliefs, and the rest of lots that are joined to a pool."""

    leg: Int64Array
    lot: Int64Array
    quantity: Int64Array
    cost: Int64Array
    cost_base: Int64Array
    relief: Int64Array  # row of the relief, -1 for a lot that is joined


@dataclass(slots=True)
class Marked:
    """What marking gives: changes per (mark date, lot), what each leaving released, marks left.

    `unpriced`, `unrated` and `stale` name instruments or currencies in doubt on a mark date, with
    the cost of the open lots concerned.
    """

    left: LotMarks
    leaving: Leaving
    released: Levels
    date: list[Days] = field(default_factory=list)
    lot: list[Codes] = field(default_factory=list)
    change: list[Levels] = field(default_factory=list)
    unpriced: list[tuple[np.datetime64, str, int]] = field(default_factory=list)
    unrated: list[tuple[np.datetime64, str, int]] = field(default_factory=list)
    stale: list[tuple[np.datetime64, str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one mark date by instrument, with the multiplier folded in."""

    mantissa: Mapping[str, int]
    shift: Mapping[str, int]  # decimals of quantity and price less those of the currency
    stale: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Run:
    """What stays the same from one mark date to the next."""

    traded: Traded
    terms: Terms
    rates: Conversions
    owners: LotFacts
    recognised: Days
    order: Codes  # of lots, by arrival


def leaving_lots(traded: Traded) -> Leaving:
    """Return what leaves lots in the order of legs; a joining stands before its leg's reliefs."""
    reliefs, moves = traded.relieved.reliefs, traded.relieved.moves
    out = np.flatnonzero(moves.quantity < 0)
    joined = Leaving(
        moves.leg[out],
        moves.lot[out],
        -moves.quantity[out],
        -moves.cost[out],
        -moves.cost_base[out],
        np.full(len(out), -1),
    )
    relieved = Leaving(*reliefs, np.arange(len(reliefs.leg)))
    both = Leaving(*(np.concatenate(pair) for pair in zip(joined, relieved, strict=True)))
    order = np.argsort(both.leg, kind="stable")
    return Leaving(*(part[order] for part in both))


def mark_lots(
    traded: Traded,
    marks: pa.Table,
    *,
    terms: Terms,
    rates: Conversions,
    dates: pa.Table | None = None,
) -> Marked:
    """Set and release marks along the mark dates; a lot without price or rate is left as it is.

    The dates are those of MARKS and of MARK_DATES.
    """
    leaving = leaving_lots(traded)
    marked = Marked(_carried(traded), leaving, Levels.zero(len(leaving.leg)))
    left_on = traded.dates[traded.relieved.legs.trade[leaving.leg]]
    engine = traded.relieved.lots
    run = _Run(traded, terms, rates, traded.facts, traded.recognised, by_arrival(engine))
    done = 0
    stated = days(MARK_DATES.empty() if dates is None else dates, "mark_date")
    for mark_date in np.union1d(days(marks, "mark_date"), stated):
        upto = int(np.searchsorted(left_on, mark_date, side="right"))
        _release(marked, slice(done, upto))
        done = upto
        prices = prices_on(marks, mark_date, terms=terms)
        _mark(run, marked, on=mark_date, prices=prices)
    _release(marked, slice(done, len(leaving.leg)))
    return marked


def _carried(traded: Traded) -> LotMarks:
    """Return the marks that the carried lots bring; new lots have none."""
    lots, count = traded.opening_lots, len(traded.relieved.lots.pool)

    def padded(values: Int64Array) -> Int64Array:
        return np.concatenate([values, np.zeros(count - len(values), np.int64)])

    def levels(ending: str) -> Levels:
        names = ("mark_local", "mark", "mark_fx")
        return Levels(*(padded(numbers(lots, name + ending)) for name in names))

    still_open = numbers(lots, "opened") - numbers(lots, "closed")
    marked_quantity = numbers(lots, "marked_quantity")
    return LotMarks(
        mark=levels(""),
        released=levels("_released"),
        marked_quantity=padded(marked_quantity),
        since=padded(np.where(marked_quantity > 0, marked_quantity - still_open, 0)),
        closed=padded(numbers(lots, "closed")),
        relieved=padded(numbers(lots, "relieved")),
        relieved_base=padded(numbers(lots, "relieved_base")),
    )


def _release(marked: Marked, rows: slice) -> None:
    """Release marks for some of what leaves, cumulatively per lot."""
    state, leaving = marked.left, marked.leaving
    lot, quantity = leaving.lot[rows], leaving.quantity[rows]
    np.add.at(state.relieved, lot, leaving.cost[rows])
    np.add.at(state.relieved_base, lot, leaving.cost_base[rows])
    np.add.at(state.closed, lot, quantity)
    order = np.argsort(lot, kind="stable")
    by_lot = lot[order]
    so_far = np.cumsum(quantity[order])
    first = np.searchsorted(by_lot, by_lot, side="left")
    since = so_far - so_far[first] + quantity[order][first] + state.since[by_lot]
    whole = state.marked_quantity[by_lot]
    is_first = first == np.arange(len(first))
    for mark, released, total in zip(state.mark, marked.released, state.released, strict=True):
        # A lot that came after the last mark has nothing to release.
        part = mul_div_columns(mark[by_lot], since, np.maximum(whole, 1))
        reached = np.where(whole > 0, part, 0)
        before = np.concatenate([np.zeros(1, np.int64), reached[:-1]])[: len(reached)]
        amounts = np.where(whole > 0, reached - np.where(is_first, total[by_lot], before), 0)
        found = np.empty(len(lot), np.int64)
        found[order] = amounts
        released[rows] = found
        np.add.at(total, lot, found)
    np.add.at(state.since, lot, quantity)


def prices_on(marks: pa.Table, on: np.datetime64, *, terms: Terms) -> Prices:
    """Return the prices of one date of MARKS by instrument."""
    instruments = terms.instruments
    rows = np.flatnonzero(days(marks, "mark_date") == on)
    part = marks.take(rows)
    where = rows_named(texts(part, "instrument"), among=texts(instruments, "instrument"))
    multiplier = numbers(instruments, "multiplier_mantissa")[where]
    currencies = texts(instruments, "currency")[where]
    shift = (
        numbers(instruments, "quantity_decimals")[where]
        + numbers(instruments, "multiplier_scale")[where]
        + numbers(part, "price_scale")
        - currencies.looked_up(terms.decimals)
    )
    names = texts(part, "instrument")
    mantissa = mul_div_columns(numbers(part, "price_mantissa"), multiplier, 1)
    late = names[days(part, "price_date") < days(part, "session")]
    return Prices(
        dict(zip(names, mantissa.tolist(), strict=True)),
        dict(zip(names, shift.tolist(), strict=True)),
        frozenset(late),
    )


def _mark(run: _Run, marked: Marked, *, on: np.datetime64, prices: Prices) -> None:
    """Bring every open lot to its target: market value less cost, or cost less market value."""
    state, lots = marked.left, run.traded.relieved.lots
    held = run.order[((lots.opened > state.closed) & (run.recognised <= on))[run.order]]
    held = _valued(run, marked, held=held, on=on, prices=prices)
    target = _targets(run, state, held=held, on=on, prices=prices)
    change = Levels(
        *(
            subtract_columns(part, subtract_columns(mark[held], released[held]))
            for part, mark, released in zip(target, state.mark, state.released, strict=True)
        )
    )
    for part, mark, released in zip(target, state.mark, state.released, strict=True):
        mark[held], released[held] = part, 0
    state.marked_quantity[held] = lots.opened[held] - state.closed[held]
    state.since[held] = 0
    moved = np.flatnonzero((change.local != 0) | (change.price != 0) | (change.fx != 0))
    marked.date.append(np.full(len(moved), on, "datetime64[D]"))
    marked.lot.append(held[moved])
    marked.change.append(change.at(moved))


def _targets(
    run: _Run, state: LotMarks, *, held: Codes, on: np.datetime64, prices: Prices
) -> Levels:
    """Return the unrealised gain of held lots in its parts, at the prices and rates of a date."""
    lots, names = run.traded.relieved.lots, run.owners.instrument[held]
    value = product_columns(
        lots.opened[held] - state.closed[held],
        names.looked_up(prices.mantissa),
        names.looked_up(prices.shift),
    )
    side, currencies = lots.side[held], run.owners.currency[held]
    dates = np.full(len(held), on)
    cost = subtract_columns(lots.cost[held], state.relieved[held])
    cost_base = subtract_columns(lots.cost_base[held], state.relieved_base[held])
    local = side * subtract_columns(value, cost)
    price = price_gain(
        local,
        fx_split=run.terms.policy.fx_split,
        cost=(lots.cost[held], lots.cost_base[held]),
        at=(currencies, dates),
        rates=run.rates,
    )
    value_base = run.rates.to_base(value, currencies, dates=dates)
    gain_base = side * subtract_columns(value_base, cost_base)
    return Levels(local, price, subtract_columns(gain_base, price))


def _valued(run: _Run, marked: Marked, *, held: Codes, on: np.datetime64, prices: Prices) -> Codes:
    """Return the held lots that have a price and a rate; list those in doubt."""
    state, lots = marked.left, run.traded.relieved.lots
    names, currencies = run.owners.instrument[held], run.owners.currency[held]
    cost = lots.cost_base[held] - state.relieved_base[held]
    priced = names.looked_up(prices.mantissa.__contains__, bool)
    rated = run.rates.known(currencies, np.full(len(held), on))
    late = names.looked_up(prices.stale.__contains__, bool)
    for found, doubtful, subjects in (
        (marked.unpriced, ~priced, names),
        (marked.stale, late, names),
        (marked.unrated, ~rated, currencies),
    ):
        _list_doubts(found, on, subjects=subjects[doubtful], cost=cost[doubtful])
    return held[priced & rated]


def _list_doubts(
    found: list[tuple[np.datetime64, str, int]],
    on: np.datetime64,
    *,
    subjects: Texts,
    cost: Int64Array,
) -> None:
    found.extend(
        (on, subject, exact_sum(cost[subjects == subject]))
        for subject in sorted(subjects.distinct())
    )
