"""The lot engine compiled: the same bytes as `reference`, at millions of trades a second.

Trades are gathered into rows by pool, each pool is worked through in one stretch of memory, and the
results are restored to the order of the trades. Pools do not know of one another, so that runs over
them go on in threads. Importing this module needs numba, the extra `fast`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from subledger.lots import kernel_order
from subledger.lots.engine import (
    AVERAGE,
    BEST_TAX,
    HIFO,
    HIGHEST_PRICE,
    INTRADAY_FIFO,
    LOFO,
    LOWEST_PRICE,
    MAX_GAIN,
    MIN_GAIN,
    PRO_RATA,
    Legs,
    Lots,
    Moves,
    Picks,
    Reliefs,
    Relieved,
    Trades,
)
from subledger.lots.kernel_batch import Batch, Each, begins, dense_pools, gathered, plain
from subledger.lots.kernel_pools import relieve_pools
from subledger.lots.kernel_state import (
    CHUNK_BITS,
    COST_CHEAPEST,
    COST_DEAREST,
    DAY_ROW,
    DAY_ROWS,
    LONG_TERM,
    LOT_TOTAL,
    LOT_WORDS,
    LOTS_COUNTED,
    MOVE_TOTAL,
    NAME_ROW,
    NAME_ROWS,
    NEXT_ROW,
    NOTHING,
    QUEUE_ROWS,
    RANK_CHEAPEST,
    RANK_DEAREST,
    RANKING_ROW,
    RANKINGS,
    RELIEF_TOTAL,
    RESERVED,
    SHORT_TERM,
    STATE_WORDS,
    TAKEN_WORDS,
    TRADE_WORDS,
    WAITING,
    Int32Array,
)
from subledger.numbers import Int64Array

Columns = tuple[npt.NDArray[Any], ...]

_MAX_THREADS = 8
_BLOCK = 256  # trades that are read side by side
_PART = 1 << 17  # rows that one thread writes at a time
_SMALL = 50_000  # trades that one thread works through before a second has started


class _Bounds(NamedTuple):
    """Where the rows that pools may write begin, pool by pool, and the end."""

    lots: Int64Array
    reliefs: Int64Array
    moves: Int64Array


class _Made(NamedTuple):
    """What the runs have made, in rows, and legs, reliefs, moves and lots by chunk of trades."""

    lots: Int64Array
    lot_row: Int32Array
    given_lot: Int32Array
    reliefs: Int64Array
    moves: Int64Array
    counted: Int64Array


def relieve(lots: Lots, trades: Trades, *, picks: Picks, threads: int = 0) -> Relieved:
    """Return the same as `reference.relieve`; `threads` is how many work, 0 for one per core."""
    given, asked, own = dense_pools(plain(lots), plain(trades))
    count = len(asked.pool)
    workers = threads or min(_cores(), _MAX_THREADS, 1 + count // _SMALL)
    with _workers(workers) as each:
        batch = gathered(asked, given, picks=plain(picks), each=each, workers=workers)
        # Shares of all open lots have no bound that is known before; their reliefs grow in one run.
        cuts = _cuts(batch.starts, 1 if PRO_RATA in batch.methods else workers)
        made = _run(batch, asked, cuts=cuts, each=each)
        out = _restored(batch, made, trades=asked, given=given, each=each)
    return out if own is None else out._replace(lots=out.lots._replace(pool=own[out.lots.pool]))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _workers(count: int) -> Iterator[Each]:
    """Give a function that calls another with each of some arguments, in threads if there are."""
    if count == 1:
        yield lambda function, calls: [function(*call) for call in calls]
        return
    with ThreadPoolExecutor(count) as pool:
        yield lambda function, calls: list(pool.map(lambda call: function(*call), calls))


def _bounds(batch: Batch, trades: Trades) -> _Bounds:
    """Return how much each pool may write at most, but for shares of all open lots.

    A relief uses up its lot or what its trade closes, or is a lot that the trade names. A trade
    opens a lot, and at average cost may join those of the other side into one before.
    """
    averages = AVERAGE in batch.methods
    lots = batch.given_starts + (2 if averages else 1) * batch.starts
    picked = np.bincount(
        np.repeat(trades.pool, np.diff(trades.picks_from)), minlength=len(lots) - 1
    )
    reliefs = lots + batch.starts + begins(picked)
    return _Bounds(lots, reliefs, 2 * lots if averages else np.zeros_like(lots))


def _cuts(starts: Int64Array, runs: int) -> list[int]:
    """Return the pools at which runs begin, and the end, so that each has as many trades."""
    wanted = [int(starts[-1]) * run // runs for run in range(1, runs)]
    return [0, *np.searchsorted(starts, wanted).tolist(), len(starts) - 1]


def _run(batch: Batch, trades: Trades, *, cuts: list[int], each: Each) -> _Made:
    """Relieve the pools, each run writing from its bound on."""
    bounds = _bounds(batch, trades)
    # Memory that is not written costs nothing.
    lots = np.empty((int(bounds.lots[-1]), LOT_WORDS), np.int64)
    reliefs = np.empty((int(bounds.reliefs[-1]), TAKEN_WORDS), np.int64)
    moves = np.empty((int(bounds.moves[-1]), TAKEN_WORDS), np.int64)
    lot_row = np.empty(len(lots), np.int32)
    given_lot = np.empty(len(batch.given), np.int32)
    # Names stand in one place each, those that trades pick as well.
    widest = int(np.diff(bounds.reliefs).max(initial=1))
    chunks = (len(batch.rows) >> CHUNK_BITS) + 1
    counted = np.zeros((len(cuts) - 1, chunks, 4), np.int64)
    calls = []
    for run, (first, last) in enumerate(pairwise(cuts)):
        state, tables, keys = _memory(batch.methods, widest, named=batch.picks.shape[1] > 0)
        state[LOT_TOTAL], state[RELIEF_TOTAL] = bounds.lots[first], bounds.reliefs[first]
        state[MOVE_TOTAL] = bounds.moves[first]
        columns = {
            "before": (trades.picks_from, lots, given_lot),
            "behind": (moves, counted[run], state, tables, keys),
        }
        calls.append((columns, (first, last)))
    written = each(lambda columns, pools: _relieved(batch, reliefs, **columns, pools=pools), calls)
    lot_row[given_lot] = batch.given_order
    return _Made(lots, lot_row, given_lot, written[0], moves, counted.sum(axis=0))


def _relieved(
    batch: Batch, reliefs: Int64Array, *, before: Columns, behind: Columns, pools: tuple[int, int]
) -> Int64Array:
    """Relieve some pools, with more room for reliefs when there is not enough; return them."""
    first, last = pools
    shared = (batch.rows, batch.starts, batch.given, batch.given_starts, batch.facts, batch.picks)
    relieve_more: Callable[..., int] = relieve_pools
    while True:
        first = relieve_more(*shared, *before, reliefs, *behind, first, last)
        if first == last:
            return reliefs
        reliefs = np.concatenate([reliefs, np.empty_like(reliefs)])


def _memory(
    methods: set[int], widest: int, *, named: bool
) -> tuple[Int64Array, Int32Array, Int64Array]:
    """Return the state, tables and keys of a run, with room for the widest pool."""
    state = np.zeros(STATE_WORDS, np.int64)
    state[[*range(RANKING_ROW, RANKING_ROW + RANKINGS), DAY_ROW, NAME_ROW, NEXT_ROW]] = NOTHING
    rows = QUEUE_ROWS
    for ranking in sorted({ranking for method in methods for ranking in _ranked(method)}):
        state[RANKING_ROW + ranking] = rows
        rows += 2
    if INTRADAY_FIFO in methods:
        state[DAY_ROW] = rows
        rows += DAY_ROWS
    if named:
        state[NAME_ROW] = rows
        rows += NAME_ROWS
    tables, keys = np.empty((rows, widest), np.int32), np.empty((rows, widest), np.int64)
    if named:
        keys[state[NAME_ROW] + RESERVED] = 0
    return state, tables, keys


def _ranked(method: int) -> tuple[int, ...]:
    """Return the rankings that a method asks for, of longs or of shorts."""
    if method in (HIFO, LOFO, HIGHEST_PRICE, LOWEST_PRICE):
        return (RANK_DEAREST, RANK_CHEAPEST)
    if method in (MIN_GAIN, MAX_GAIN):
        return (COST_DEAREST, COST_CHEAPEST)
    return (SHORT_TERM, LONG_TERM, WAITING) if method == BEST_TAX else ()


def _restored(batch: Batch, made: _Made, *, trades: Trades, given: Lots, each: Each) -> Relieved:
    """Return the results as columns, in the order of the trades."""
    count, carried = len(batch.rows), len(batch.given)
    legs, reliefs, moves, lots = made.counted.sum(axis=0).tolist()
    before = np.cumsum(made.counted, axis=0) - made.counted
    before[:, LOTS_COUNTED] += carried
    opens = np.empty(legs, np.bool_)
    leg_columns = np.empty((len(kernel_order.LEG_COLUMNS), legs), np.int64)
    relief_columns = np.empty((len(Reliefs._fields), reliefs), np.int64)
    move_columns = np.empty((len(Moves._fields), moves), np.int64)
    lot_columns = np.empty((len(Lots._fields), carried + lots), np.int64)
    refused = np.empty(count, np.int64)
    chunks = [
        (n << CHUNK_BITS, min((n + 1) << CHUNK_BITS, count)) for n in range(len(made.counted))
    ]
    read = (batch.rows, batch.position, made.lot_row, made.moves)
    written = (leg_columns, opens, relief_columns, move_columns, lot_columns, refused)
    each(
        kernel_order.restore_legs,
        [
            (trades, *read, *written, before[n], np.empty((_BLOCK, TRADE_WORDS), np.int64), *chunk)
            for n, chunk in enumerate(chunks)
        ],
    )
    taken = (relief_columns, made.reliefs, made.lot_row)
    moved = (move_columns, made.moves, made.lot_row)
    of_lots = (trades, given, made.lots, lot_columns)
    tasks = (
        *_parts(kernel_order.restore_amounts, (trades, opens, leg_columns), last=legs),
        *_parts(kernel_order.restore_taken, taken, last=reliefs),
        *_parts(kernel_order.restore_taken, moved, last=moves),
        *_parts(kernel_order.restore_lots, of_lots, first=carried, last=carried + lots),
    )
    each(lambda function, *call: function(*call), tasks)
    kernel_order.restore_given(given, batch.given_order, made.given_lot, made.lots, lot_columns)
    columns = dict(zip(kernel_order.LEG_COLUMNS, leg_columns, strict=True))
    return Relieved(
        Legs(opens=opens, **columns),
        Reliefs(*relief_columns),
        Moves(*move_columns),
        Lots(*lot_columns),
        refused,
    )


def _parts(
    function: Callable[..., None], columns: tuple[Any, ...], *, last: int, first: int = 0
) -> Iterator[tuple[Any, ...]]:
    """Yield the calls of a function over rows in parts."""
    for start in range(first, last, _PART):
        yield (function, *columns, start, min(start + _PART, last))
