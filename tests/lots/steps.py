"""Trades and lots for the tests of the lot engine, written as steps, and results read as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from subledger.lots.engine import AUTO, FIFO, Lots, Picks, Relieved, Trades
from subledger.lots.reference import relieve
from subledger.numbers import Int64Array

LONG, SHORT = 1, -1
GIVEN = 1000  # the name of the first lot that is given; the others follow it

Rows = list[tuple[int, ...]]


class Step(NamedTuple):
    """One trade; base amounts are the local ones unless stated, ranking fees the fees."""

    direction: int
    quantity: int
    gross: int
    fees: int = 0
    effect: int = AUTO
    method: int = FIFO
    ranking_fees: int | None = None
    picks: tuple[tuple[int, int, int], ...] = ()  # (name, version, quantity)
    pool: int = 0
    gross_base: int | None = None
    fees_base: int | None = None


def buy(
    quantity: int, gross: int, fees: int = 0, *, effect: int = AUTO, method: int = FIFO
) -> Step:
    return Step(1, quantity, gross, fees, effect, method)


def sell(
    quantity: int, gross: int, fees: int = 0, *, effect: int = AUTO, method: int = FIFO
) -> Step:
    return Step(-1, quantity, gross, fees, effect, method)


def naming(step: Step, *picks: tuple[int, int] | tuple[int, int, int]) -> Step:
    """Return a trade that names lots, each as (name[, version], quantity)."""
    return step._replace(
        picks=tuple((pick[0], pick[1] if len(pick) > 2 else 1, pick[-1]) for pick in picks)
    )


def lots(*rows: tuple[int, int], side: int = LONG, since: int = 0) -> Lots:
    """Return lots of pool 0, each as (units, cost)."""
    return lot_columns(
        (0, side, units, 0, cost, 0, cost, 0, -1, since, cost, GIVEN + number, 1)
        for number, (units, cost) in enumerate(rows)
    )


def lot_columns(rows: Iterable[Sequence[int]]) -> Lots:
    return Lots(*_columns(list(rows), len(Lots._fields)))


def run(
    *steps: Step,
    held: Lots | None = None,
    method: int | None = None,
    may_short: bool = True,
    first: int = 0,
) -> Relieved:
    """Run the engine; trade n is named first + n, and `method` holds for every step."""
    named = [step if method is None else step._replace(method=method) for step in steps]
    trades = Trades(
        **{name: _column(getattr(step, name) for step in named) for name in _PLAIN},
        gross_base=_column(_either(step.gross_base, step.gross) for step in named),
        fees_base=_column(_either(step.fees_base, step.fees) for step in named),
        ranking_fees=_column(_either(step.ranking_fees, step.fees) for step in named),
        name=_column(range(first, first + len(named))),
        picks_from=_column(np.cumsum([0, *(len(step.picks) for step in named)])),
        may_short=np.full(len(named), may_short),
    )
    picks = Picks(*_columns([pick for step in named for pick in step.picks], 3))
    return relieve(lots() if held is None else held, trades, picks=picks)


_PLAIN = ("pool", "direction", "effect", "quantity", "gross", "fees", "method")


def _either(stated: int | None, otherwise: int) -> int:
    return otherwise if stated is None else stated


def _column(values: Iterable[int]) -> Int64Array:
    return np.array(list(values), np.int64)


def _columns(rows: Sequence[Sequence[int]], width: int) -> list[Int64Array]:
    table = np.array(rows, np.int64).reshape(len(rows), width)
    return [table[:, n] for n in range(width)]


def rows_of(*columns: npt.NDArray[Any]) -> Rows:
    """Return columns as rows of Python integers."""
    return list(zip(*(column.tolist() for column in columns), strict=True))


def reliefs(result: Relieved) -> Rows:
    """Return (lot, quantity, cost) of each relief."""
    assert result.reliefs.cost.tolist() == result.reliefs.cost_base.tolist()
    return rows_of(result.reliefs.lot, result.reliefs.quantity, result.reliefs.cost)


def costs(result: Relieved) -> list[int]:
    """Return the cost of each relief."""
    return [int(cost) for cost in result.reliefs.cost]


def moves(result: Relieved) -> Rows:
    """Return (leg, lot, quantity, cost) of each move."""
    assert result.moves.cost.tolist() == result.moves.cost_base.tolist()
    return rows_of(*result.moves[:4])


def legs(result: Relieved) -> Rows:
    """Return (trade, opens, side, quantity, gross, fees) of each leg."""
    return rows_of(*result.legs[:6])


def left(result: Relieved) -> Rows:
    """Return (side, open units, open cost) of each lot that is open."""
    lots = result.lots
    table = rows_of(lots.side, lots.opened - lots.closed, lots.cost - lots.relieved)
    return [row for row in table if row[1]]


def left_ids(result: Relieved) -> Rows:
    """Return (name, version, open units) of each lot that is open."""
    lots = result.lots
    table = rows_of(lots.name, lots.version, lots.opened - lots.closed)
    return [row for row in table if row[2]]
