"""A batch for the kernel: columns of one kind, trades and lots gathered by pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from subledger.lots import kernel_order
from subledger.lots.engine import AVERAGE, BEST_TAX, INTRADAY_FIFO, Lots, Picks, Trades
from subledger.lots.kernel_state import (
    DAY_PLACE,
    FACTS,
    LONG_FROM,
    NAME,
    NAME_PLACE,
    OPENED_ON,
    TRADE_WORDS,
    Int32Array,
)
from subledger.numbers import Int64Array

Table = TypeVar("Table", Trades, Lots, Picks)
Each = Callable[[Callable[..., Any], Sequence[tuple[Any, ...]]], list[Any]]


class Batch(NamedTuple):
    """Trades in rows by pool and where each stands; given lots by pool, in the order of arrival."""

    rows: Int64Array
    position: Int32Array
    starts: Int64Array
    given: Int64Array
    given_order: Int64Array
    given_starts: Int64Array
    facts: Int64Array
    picks: Int64Array
    methods: set[int]


def plain(table: Table) -> Table:
    """Return columns of one kind, int64 or bool and not to be written, so that one kernel fits."""
    columns = []
    for column in table:
        kind = np.bool_ if column.dtype == np.bool_ else np.int64
        view: npt.NDArray[Any] = np.ascontiguousarray(column, kind).view()
        view.flags.writeable = False
        columns.append(view)
    return type(table)(*columns)


def dense_pools(lots: Lots, trades: Trades) -> tuple[Lots, Trades, Int64Array | None]:
    """Return lots and trades with pools numbered from 0, and the pools as given if they differ."""
    both = (lots.pool, trades.pool)
    lowest = min((int(pool.min()) for pool in both if len(pool)), default=0)
    highest = max((int(pool.max()) for pool in both if len(pool)), default=0)
    if lowest >= 0 and highest <= 4 * sum(map(len, both)):
        return lots, trades, None
    own, codes = np.unique(np.concatenate(both), return_inverse=True)
    codes = np.ascontiguousarray(codes.reshape(-1), np.int64)
    codes.flags.writeable = False
    given = len(lots.pool)
    return lots._replace(pool=codes[:given]), trades._replace(pool=codes[given:]), own


def gathered(trades: Trades, lots: Lots, *, picks: Picks, each: Each, workers: int) -> Batch:
    """Gather trades and lots by pool."""
    count = len(trades.pool)
    pools = 1 + max((int(pool.max()) for pool in (lots.pool, trades.pool) if len(pool)), default=-1)
    ranges = list(pairwise(count * part // workers for part in range(workers + 1)))
    places = np.zeros((workers, pools), np.int64)
    counting = [(trades.pool, places[n], *part) for n, part in enumerate(ranges)]
    each(kernel_order.count_pools, counting)
    starts = begins(places.sum(axis=0))
    before = np.cumsum(places, axis=0) - places + starts[:-1]
    rows, position = np.empty((count, TRADE_WORDS), np.int64), np.empty(count, np.int32)
    gathering = [(trades, before[n], rows, position, *part) for n, part in enumerate(ranges)]
    each(kernel_order.gather, gathering)
    methods = set(np.flatnonzero(np.bincount(trades.method, minlength=1)).tolist())
    in_pools = np.zeros(pools, np.int64)
    kernel_order.count_pools(lots.pool, in_pools, 0, len(lots.pool))
    given_starts = begins(in_pools)
    order = _by_arrival(lots, given_starts)
    facts, picked = _facts(trades, lots, methods=methods, picks=picks)
    given = _given_rows(lots, order, trades=count)
    return Batch(rows, position, starts, given, order, given_starts, facts, picked, methods)


def begins(counts: Int64Array) -> Int64Array:
    """Return where each of some parts begins, and the end."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def _by_arrival(lots: Lots, starts: Int64Array) -> Int64Array:
    """Return the rows of given lots by pool, in the order in which they come."""
    if len(lots.since) and bool((lots.since != lots.since[0]).any()):
        return np.lexsort((lots.since, lots.pool)).astype(np.int64)
    order = np.empty(len(lots.pool), np.int64)
    kernel_order.order_by_pool(lots.pool, starts[:-1].copy(), order)
    return order


def _given_rows(lots: Lots, order: Int64Array, *, trades: int) -> Int64Array:
    """Return given lots as rows; their facts stand behind those of the trades."""
    words = (
        lots.opened, lots.closed, lots.cost, lots.relieved, lots.cost_base, lots.relieved_base,
        lots.ranking_cost, lots.version, np.arange(trades, trades + len(order)), lots.since,
        lots.side,
    )  # fmt: skip
    return np.stack(words, axis=1)[order]


def _facts(
    trades: Trades, lots: Lots, *, methods: set[int], picks: Picks
) -> tuple[Int64Array, Int64Array]:
    """Return FACTS of trades and then lots, and picks with the places of the names they pick.

    Facts that no method asks for stay unset.
    """
    count = len(trades.pool)
    facts = np.empty((FACTS, count + len(lots.pool)), np.int64)
    named = len(picks.lot) > 0
    for row, asked, columns in (
        (NAME, named or AVERAGE in methods, (trades.name, lots.name)),
        (OPENED_ON, bool({INTRADAY_FIFO, BEST_TAX} & methods), (trades.traded_on, lots.opened_on)),
        (LONG_FROM, BEST_TAX in methods, (trades.long_from, lots.long_from)),
    ):
        if asked:
            facts[row, :count], facts[row, count:] = columns
    pool = np.concatenate([trades.pool, lots.pool])
    if INTRADAY_FIFO in methods:
        facts[DAY_PLACE] = _numbered(pool, facts[OPENED_ON])
    if not named:
        return facts, np.array(picks, np.int64)
    asking = np.repeat(trades.pool, np.diff(trades.picks_from))
    both = np.concatenate([facts[NAME], picks.lot])
    places = _numbered(np.concatenate([pool, asking]), both)
    facts[NAME_PLACE] = places[: len(pool)]
    return facts, np.array([places[len(pool) :], picks.version, picks.quantity], np.int64)


def _numbered(pool: Int64Array, values: Int64Array) -> Int64Array:
    """Return the number of each row's value among the distinct values of its pool, from 0."""
    order = np.lexsort((values, pool))
    in_order, pools = values[order], pool[order]
    begins = np.ones(len(order), bool)
    begins[1:] = pools[1:] != pools[:-1]
    differs = begins.copy()
    differs[1:] |= in_order[1:] != in_order[:-1]
    reached = np.cumsum(differs)
    first = np.maximum.accumulate(np.where(begins, reached, 0))
    numbers = np.empty(len(order), np.int64)
    numbers[order] = reached - first
    return numbers
