"""Trades and lots for the tests of the lot engine, written as steps, and results read as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from subledger.lots import engines
from subledger.lots.engine import AUTO, FIFO, Lots, Picks, Relieved, Trades
from subledger.lots.engines import KERNEL, REFERENCE
from subledger.numbers import Int64Array, NumberOverflow

LONG, SHORT = 1, -1
YEAR = 366
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
    on: int = 0  # day of the trade; what it opens is long-term from 366 days later


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
    """Return lots; a row without its days was opened on day 0."""
    width = len(Lots._fields)
    return Lots(*_columns([(*row, 0, YEAR)[:width] for row in rows], width))


def trades_of(steps: Sequence[Step], *, may_short: bool = True, first: int = 0) -> Trades:
    """Return steps as trades; trade n is named first + n."""
    return Trades(
        **{name: _column(getattr(step, name) for step in steps) for name in _PLAIN},
        gross_base=_column(_either(step.gross_base, step.gross) for step in steps),
        fees_base=_column(_either(step.fees_base, step.fees) for step in steps),
        ranking_fees=_column(_either(step.ranking_fees, step.fees) for step in steps),
        name=_column(range(first, first + len(steps))),
        picks_from=_column(np.cumsum([0, *(len(step.picks) for step in steps)])),
        may_short=np.full(len(steps), may_short),
        traded_on=_column(step.on for step in steps),
        long_from=_column(step.on + YEAR for step in steps),
    )


def picks_of(steps: Sequence[Step]) -> Picks:
    return Picks(*_columns([pick for step in steps for pick in step.picks], 3))


def run(
    *steps: Step,
    held: Lots | None = None,
    method: int | None = None,
    may_short: bool = True,
    first: int = 0,
) -> Relieved:
    """Run the engines; trade n is named first + n, and `method` holds for every step."""
    named = [step if method is None else step._replace(method=method) for step in steps]
    trades = trades_of(named, may_short=may_short, first=first)
    return relieved(lots() if held is None else held, trades, picks_of(named))


def relieved(held: Lots, trades: Trades, picks: Picks, *, threads: int = 1) -> Relieved:
    """Relieve with the reference, and see that the kernel does the same to the last bit."""
    try:
        expected = engines.engine(REFERENCE)(held, trades, picks=picks)
    except NumberOverflow:
        if engines.has_kernel():
            with pytest.raises(NumberOverflow):
                engines.engine(KERNEL)(held, trades, picks=picks)
        raise
    if engines.has_kernel():
        from subledger.lots import kernel  # noqa: PLC0415 - needs numba

        found = kernel.relieve(held, trades, picks=picks, threads=threads)
        for table, ours in zip(expected[:4], found[:4], strict=True):
            for column, mine in zip(table, ours, strict=True):
                assert column.dtype == mine.dtype
                assert column.tolist() == mine.tolist()
        assert found.refused.tolist() == expected.refused.tolist()
    return expected


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
