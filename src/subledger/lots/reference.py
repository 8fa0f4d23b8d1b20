"""Relief of lots in plain Python: slow, obvious, and the definition of every method."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from subledger.lots.choosing import Disposal, Pick, chosen, why_not_chosen
from subledger.lots.engine import (
    AVERAGE,
    BEST_TAX,
    BOOKED,
    CLOSE,
    OPEN,
    OVER_CLOSE,
    SHORT_NOT_ALLOWED,
    SPECIFIC,
    Legs,
    Lots,
    Moves,
    Picks,
    Reliefs,
    Relieved,
    Trades,
)
from subledger.lots.opened import Lot, OpenLots
from subledger.lots.pooling import joined
from subledger.numbers import Int64Array, check_range, part_of


class _Trade(NamedTuple):
    """One trade, in the columns of `Trades`, with the lots it names."""

    row: int
    picks: Sequence[Pick]
    pool: int
    direction: int
    effect: int
    quantity: int
    gross: int
    fees: int
    gross_base: int
    fees_base: int
    ranking_fees: int
    method: int
    name: int
    may_short: bool
    traded_on: int
    long_from: int

    def disposal(self) -> Disposal:
        """Return how the trade chooses lots."""
        unit_price = Fraction(0)
        if self.method == BEST_TAX:
            consideration = check_range(self.gross + self.direction * self.fees)
            unit_price = Fraction(consideration, self.quantity)
        return Disposal(self.method, self.picks, self.traded_on, unit_price)


class _Part(NamedTuple):
    """The part of a trade that one leg takes: quantity and its cumulative share of amounts."""

    quantity: int
    gross: int
    fees: int
    gross_base: int
    fees_base: int
    ranking_fees: int

    def first(self, quantity: int) -> _Part:
        """Return the share of the first units."""
        shares = (part_of(amount, quantity, self.quantity) for amount in self[1:])
        return _Part(quantity, *shares)

    def without(self, first: _Part) -> _Part:
        """Return what is left after a first share."""
        return _Part(*(whole - part for whole, part in zip(self, first, strict=True)))


@dataclass(slots=True)
class _Run:
    """The state of one run."""

    lots: list[Lot] = field(default_factory=list)
    open: dict[tuple[int, int], OpenLots] = field(default_factory=lambda: defaultdict(OpenLots))
    legs: list[tuple[int, ...]] = field(default_factory=list)
    reliefs: list[tuple[int, ...]] = field(default_factory=list)
    moves: list[tuple[int, ...]] = field(default_factory=list)

    def enter(self, row: int) -> None:
        """Let a lot stand behind the others of its pool and side."""
        lot = self.lots[row]
        self.open[lot.pool, lot.side].enter(row, lot)


def relieve(lots: Lots, trades: Trades, *, picks: Picks) -> Relieved:
    """Use up lots as each trade's method says and open lots for what remains.

    A trade closes lots of the opposite side in its pool (all of it under CLOSE, none under OPEN),
    then opens a lot with what is left. Amounts are split over the two legs, and cost over reliefs,
    cumulatively and half to even, so that parts add up to the whole. A trade that would close more
    than is open under CLOSE, open a short where that is not allowed, or for which lots cannot be
    chosen, is refused whole.
    """
    run = _Run(lots=[Lot(*given) for given in _rows(lots)])
    coming = deque(sorted(range(len(run.lots)), key=lambda row: run.lots[row].since))
    refused = np.zeros(len(trades.pool), np.int64)
    for trade in _trades(trades, picks):
        while coming and run.lots[coming[0]].since <= trade.row:
            run.enter(coming.popleft())
        held = run.open[trade.pool, -trade.direction]
        closing = 0 if trade.effect == OPEN else min(trade.quantity, held.units)
        refused[trade.row] = _why_refused(trade, held, closing=closing)
        if refused[trade.row] != BOOKED:
            continue
        # From here the trade is booked: every refusal has been passed.
        whole = _Part(*(getattr(trade, name) for name in _Part._fields))
        first = whole.first(closing)
        if closing:
            _close(run, trade, part=first)
        if closing < trade.quantity:
            _open(run, trade, part=whole.without(first))
    return _result(run, refused)


def _why_refused(trade: _Trade, held: OpenLots, *, closing: int) -> int:
    """Return why a trade is refused, or BOOKED; the first reason counts."""
    opening = closing < trade.quantity
    if opening and trade.effect == CLOSE:
        return OVER_CLOSE
    if opening and trade.direction < 0 and not trade.may_short:
        return SHORT_NOT_ALLOWED
    return why_not_chosen(held, closing, method=trade.method, picks=trade.picks)


def _close(run: _Run, trade: _Trade, *, part: _Part) -> None:
    """Relieve lots of one side by a quantity that is known to be open."""
    leg, side = len(run.legs), -trade.direction
    held = run.open[trade.pool, side]
    run.legs.append((trade.row, 0, side, *part[:5], -1))
    if trade.method == AVERAGE and len(held) > 1:
        nothing = _acquired(trade, side, part=_Part(0, 0, 0, 0, 0, 0))
        _join(run, nothing, leg=leg)
    for row, units in chosen(held, part.quantity, disposal=trade.disposal()):
        cost, cost_base = held.take(row, units)
        run.reliefs.append((leg, row, units, cost, cost_base))


def _open(run: _Run, trade: _Trade, *, part: _Part) -> None:
    """Open a lot, which joins those that are open where cost is averaged."""
    leg, side, row = len(run.legs), trade.direction, len(run.lots)
    run.legs.append((trade.row, 1, side, *part[:5], row))
    acquired = _acquired(trade, side, part=part)
    if trade.method == AVERAGE and len(run.open[trade.pool, side]):
        _join(run, acquired, leg=leg)
    else:
        run.lots.append(acquired)
        run.enter(row)


def _acquired(trade: _Trade, side: int, *, part: _Part) -> Lot:
    """Return a lot of the trade's own: a long costs gross plus fees, a short brought gross less."""
    return Lot(
        pool=trade.pool,
        side=side,
        opened=part.quantity,
        closed=0,
        cost=check_range(part.gross + side * part.fees),
        relieved=0,
        cost_base=check_range(part.gross_base + side * part.fees_base),
        relieved_base=0,
        trade=trade.row,
        since=trade.row + 1,
        ranking_cost=check_range(part.gross + side * part.ranking_fees),
        name=trade.name,
        version=1,
        opened_on=trade.traded_on,
        long_from=trade.long_from,
    )


def _join(run: _Run, acquired: Lot, *, leg: int) -> None:
    """Let one new lot stand for all that are open on a side and what is acquired."""
    row = len(run.lots)
    lot, moves = joined(run.open[acquired.pool, acquired.side], acquired, row=row)
    run.lots.append(lot)
    run.enter(row)
    run.moves += [(leg, *move) for move in moves]


def _trades(trades: Trades, picks: Picks) -> Iterator[_Trade]:
    """Yield the trades in Python integers; one that names lots is SPECIFIC."""
    named = [Pick(*pick) for pick in _rows(picks)]
    bounds = trades.picks_from.tolist()
    columns = [getattr(trades, name).tolist() for name in _Trade._fields[2:]]
    for row, values in enumerate(zip(*columns, strict=True)):
        trade = _Trade(row, named[bounds[row] : bounds[row + 1]], *values)
        yield trade._replace(method=SPECIFIC) if trade.picks else trade


def _rows(table: Sequence[Int64Array]) -> Iterator[tuple[int, ...]]:
    """Yield the rows of equally long columns in Python integers, which cannot overflow."""
    return zip(*(column.tolist() for column in table), strict=True)


def _result(run: _Run, refused: Int64Array) -> Relieved:
    in_order = attrgetter(*(column.name for column in fields(Lot)))
    legs = _columns(run.legs, len(Legs._fields))
    legs[1] = legs[1].astype(bool)
    return Relieved(
        Legs(*legs),
        Reliefs(*_columns(run.reliefs, len(Reliefs._fields))),
        Moves(*_columns(run.moves, len(Moves._fields))),
        Lots(*_columns([in_order(lot) for lot in run.lots], len(Lots._fields))),
        refused,
    )


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> list[Any]:
    table = np.array(rows, dtype=np.int64).reshape(len(rows), width)
    return [np.ascontiguousarray(table[:, n]) for n in range(width)]
