"""First-in first-out relief in plain Python: slow, obvious, and the definition.

Source: 26 CFR 1.1012-1(c)(1), the earliest acquired lot is relieved first where lots are not
adequately identified.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from subledger.lots.engine import (
    BOOKED,
    CLOSE,
    OPEN,
    OVER_CLOSE,
    SHORT_NOT_ALLOWED,
    Legs,
    Lots,
    Reliefs,
    Relieved,
    Trades,
)
from subledger.numbers import Int64Array, check_range, part_of


@dataclass(slots=True)
class _Lot:
    """One lot while the engine runs, in the columns of `Lots`."""

    pool: int
    side: int
    opened: int
    closed: int
    cost: int
    relieved: int
    cost_base: int
    relieved_base: int
    trade: int
    since: int


@dataclass(slots=True)
class _Part:
    """The part of a trade that one leg takes: quantity and its cumulative share of amounts."""

    quantity: int
    gross: int
    fees: int
    gross_base: int
    fees_base: int


@dataclass(slots=True)
class _Run:
    """The state of one run."""

    lots: list[_Lot] = field(default_factory=list)
    queues: dict[tuple[int, int], deque[int]] = field(default_factory=lambda: defaultdict(deque))
    open_units: dict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    legs: list[tuple[int, ...]] = field(default_factory=list)
    reliefs: list[tuple[int, ...]] = field(default_factory=list)

    def enter(self, number: int) -> None:
        """Let a lot queue behind the others of its pool and side."""
        lot = self.lots[number]
        if lot.closed < lot.opened:
            self.open_units[lot.pool, lot.side] += lot.opened - lot.closed
            self.queues[lot.pool, lot.side].append(number)


def relieve_fifo(lots: Lots, trades: Trades) -> Relieved:
    """Consume the oldest lots first and open lots for what remains.

    A trade closes lots of the opposite side in its pool (all of it under CLOSE, none under OPEN),
    then opens a lot with what is left. Amounts are split over the two legs, and cost over reliefs,
    cumulatively and half to even, so that parts add up to the whole. A trade that would close more
    than is open under CLOSE, or open a short where that is not allowed, is refused whole.
    """
    run = _Run()
    for given in zip(*(column.tolist() for column in lots), strict=True):
        run.lots.append(_Lot(*given))
    coming = deque(sorted(range(len(run.lots)), key=lambda number: run.lots[number].since))
    refused = np.zeros(len(trades.pool), np.int64)
    for row, trade in enumerate(zip(*(column.tolist() for column in trades), strict=True)):
        pool, direction, effect, quantity = trade[:4]
        amounts, may_short = trade[4:8], trade[8]
        while coming and run.lots[coming[0]].since <= row:
            run.enter(coming.popleft())
        closing = 0 if effect == OPEN else min(quantity, run.open_units[pool, -direction])
        opening = quantity - closing
        if opening and effect == CLOSE:
            refused[row] = OVER_CLOSE
        elif opening and direction < 0 and not may_short:
            refused[row] = SHORT_NOT_ALLOWED
        if refused[row] != BOOKED:
            continue
        # From here the trade is booked: both refusals have been passed.
        first = _Part(closing, *(part_of(amount, closing, quantity) for amount in amounts))
        whole = _Part(quantity, *amounts)
        if closing:
            _close(run, row, pool=pool, side=-direction, part=first)
        if opening:
            _open(run, row, pool=pool, side=direction, part=_rest(whole, first))
    return _result(run, refused)


def _rest(whole: _Part, first: _Part) -> _Part:
    return _Part(
        whole.quantity - first.quantity,
        whole.gross - first.gross,
        whole.fees - first.fees,
        whole.gross_base - first.gross_base,
        whole.fees_base - first.fees_base,
    )


def _close(run: _Run, trade: int, *, pool: int, side: int, part: _Part) -> None:
    """Relieve the oldest lots of one side by a quantity that is known to be open."""
    leg = len(run.legs)
    run.legs.append((trade, 0, side, *_amounts(part), -1))
    queue, left = run.queues[pool, side], part.quantity
    run.open_units[pool, side] -= left
    while left:
        number = queue[0]
        lot = run.lots[number]
        taken = min(left, lot.opened - lot.closed)
        lot.closed += taken
        relieved = part_of(lot.cost, lot.closed, lot.opened)
        relieved_base = part_of(lot.cost_base, lot.closed, lot.opened)
        cost, cost_base = relieved - lot.relieved, relieved_base - lot.relieved_base
        lot.relieved, lot.relieved_base = relieved, relieved_base
        run.reliefs.append((leg, number, taken, cost, cost_base))
        if lot.closed == lot.opened:
            queue.popleft()
        left -= taken


def _open(run: _Run, trade: int, *, pool: int, side: int, part: _Part) -> None:
    """Open a lot: a long costs gross plus fees, a short brought gross less fees."""
    cost = check_range(part.gross + side * part.fees)
    cost_base = check_range(part.gross_base + side * part.fees_base)
    lot = len(run.lots)
    run.lots.append(_Lot(pool, side, part.quantity, 0, cost, 0, cost_base, 0, trade, trade + 1))
    run.enter(lot)
    run.legs.append((trade, 1, side, *_amounts(part), lot))


def _amounts(part: _Part) -> tuple[int, ...]:
    return part.quantity, part.gross, part.fees, part.gross_base, part.fees_base


def _result(run: _Run, refused: Int64Array) -> Relieved:
    lot_rows = [
        (
            *(lot.pool, lot.side, lot.opened, lot.closed, lot.cost, lot.relieved),
            *(lot.cost_base, lot.relieved_base, lot.trade, lot.since),
        )
        for lot in run.lots
    ]
    legs = _columns(run.legs, len(Legs._fields))
    legs[1] = legs[1].astype(bool)
    return Relieved(
        Legs(*legs),
        Reliefs(*_columns(run.reliefs, len(Reliefs._fields))),
        Lots(*_columns(lot_rows, len(Lots._fields))),
        refused,
    )


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> list[Any]:
    table = np.array(rows, dtype=np.int64).reshape(len(rows), width)
    return [np.ascontiguousarray(table[:, n]) for n in range(width)]
