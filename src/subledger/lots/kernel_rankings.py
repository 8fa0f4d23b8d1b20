"""Rankings in the kernel: heaps of lots whose entries are final.

A relief in part never changes a rank, so an entry is pushed once; lots that are no longer open are
dropped when they come up.
"""

# Signatures are wrapped by hand.
# fmt: off
from __future__ import annotations

from subledger.lots.compiling import compared, compiled, inlined
from subledger.lots.kernel_state import (
    CLOSED,
    COST,
    COST_DEAREST,
    HEAD,
    LAST_DAY,
    LAST_LONG_FROM,
    LONG,
    LONG_AGO,
    LONG_FROM,
    LONG_TERM,
    LOOKED_UP,
    NOTHING,
    OPENED,
    QUEUE_WORDS,
    RANK_CHEAPEST,
    RANK_DEAREST,
    RANKING_COST,
    RANKING_ROW,
    RANKING_SIZE,
    SHORT_TERM,
    SOURCE,
    TAIL,
    WAITING,
    Int32Array,
)
from subledger.numbers import Int64Array


@inlined
def is_open(lots: Int64Array, lot: int) -> bool:
    """Say whether a lot has open units."""
    return lots[lot, CLOSED] != lots[lot, OPENED]  # type: ignore[no-any-return]


@compiled
def _dearest_first(ranking: int, side: int) -> bool:
    if ranking == SHORT_TERM or ranking == LONG_TERM:
        # The largest loss and the smallest gain: the highest cost, of a short the least proceeds.
        return side == LONG
    return ranking == RANK_DEAREST or ranking == COST_DEAREST


@compiled
def _word(ranking: int) -> int:
    return RANKING_COST if ranking == RANK_DEAREST or ranking == RANK_CHEAPEST else COST


@compiled
def _precedes(
    lots: Int64Array, ranking: int, side: int, key: int, lot: int, other_key: int, other: int
) -> bool:
    """Say whether a lot stands before another in a ranking."""
    if key != other_key:
        return key < other_key
    if ranking != WAITING:
        word = _word(ranking)
        sign = compared(lots[lot, word], lots[other, OPENED], lots[other, word], lots[lot, OPENED])
        if sign != 0:
            return (sign > 0) == _dearest_first(ranking, side)
    return lot < other


@compiled
def push(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    ranking: int, side: int, lot: int,
) -> None:
    """Let a lot stand in a ranking, by the whole part of what it is ranked by."""
    if ranking == WAITING:
        key = facts[LONG_FROM, lots[lot, SOURCE]]
    else:
        key = lots[lot, _word(ranking)] // lots[lot, OPENED]
        key = ~key if _dearest_first(ranking, side) else key
    size, row = RANKING_SIZE + 2 * ranking + side, state[RANKING_ROW + ranking] + side
    place = state[size]
    state[size] = place + 1
    while place > 0:
        parent = (place - 1) >> 1
        above, above_key = tables[row, parent], keys[row, parent]
        if not _precedes(lots, ranking, side, key, lot, above_key, above):
            break
        tables[row, place], keys[row, place] = above, above_key
        place = parent
    tables[row, place], keys[row, place] = lot, key


@compiled
def _drop(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, ranking: int,
    side: int,
) -> None:
    """Take the first lot out of a ranking."""
    size, row = RANKING_SIZE + 2 * ranking + side, state[RANKING_ROW + ranking] + side
    last = state[size] - 1
    state[size] = last
    lot, key = tables[row, last], keys[row, last]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= last:
            break
        below, below_key = tables[row, child], keys[row, child]
        if child + 1 < last:
            right, right_key = tables[row, child + 1], keys[row, child + 1]
            if _precedes(lots, ranking, side, right_key, right, below_key, below):
                child, below, below_key = child + 1, right, right_key
        if not _precedes(lots, ranking, side, below_key, below, key, lot):
            break
        tables[row, place], keys[row, place] = below, below_key
        place = child
    tables[row, place], keys[row, place] = lot, key


@compiled
def _rank(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    ranking: int, side: int,
) -> None:
    """Make a ranking of the lots that are open on a side."""
    size = RANKING_SIZE + 2 * ranking + side
    state[LOOKED_UP] += state[size] == NOTHING
    state[size] = 0
    queue = QUEUE_WORDS * side
    for place in range(state[queue + HEAD], state[queue + TAIL]):
        lot = tables[side, place]
        if is_open(lots, lot):
            push(lots, state, tables, keys, facts, ranking, side, lot)


@compiled
def first_ranked(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    ranking: int, side: int,
) -> int:
    """Return the open lot that stands first in a ranking, the older one in a tie."""
    if state[RANKING_SIZE + 2 * ranking + side] == NOTHING:
        _rank(lots, state, tables, keys, facts, ranking, side)
    row = state[RANKING_ROW + ranking] + side
    while not is_open(lots, tables[row, 0]):
        _drop(lots, state, tables, keys, ranking, side)
    return tables[row, 0]  # type: ignore[no-any-return]


@compiled
def reach_day(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    side: int, day: int,
) -> None:
    """Let the lots that are long-term on a day stand among those, and no others."""
    size = RANKING_SIZE + side
    went_back = day < state[LAST_DAY + side] and day < state[LAST_LONG_FROM + side]
    if went_back or state[size + 2 * SHORT_TERM] == NOTHING:
        _rank(lots, state, tables, keys, facts, SHORT_TERM, side)
        state[size + 2 * LONG_TERM] = 0
        state[size + 2 * WAITING] = 0
        state[LAST_LONG_FROM + side] = LONG_AGO
        if side == LONG:
            _rank(lots, state, tables, keys, facts, WAITING, side)
    state[LAST_DAY + side] = day
    row = state[RANKING_ROW + WAITING] + side
    while state[size + 2 * WAITING] > 0 and keys[row, 0] <= day:
        lot, reached = tables[row, 0], keys[row, 0]
        state[LAST_LONG_FROM + side] = max(state[LAST_LONG_FROM + side], reached)
        _drop(lots, state, tables, keys, WAITING, side)
        if is_open(lots, lot):
            push(lots, state, tables, keys, facts, LONG_TERM, side, lot)


@compiled
def first_of_term(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    ranking: int, side: int, day: int,
) -> int:
    """Return the first open lot that is of a term on a day, or NOTHING."""
    row = state[RANKING_ROW + ranking] + side
    while state[RANKING_SIZE + 2 * ranking + side] > 0:
        lot = tables[row, 0]
        matured = (
            ranking == SHORT_TERM and side == LONG and facts[LONG_FROM, lots[lot, SOURCE]] <= day
        )
        if is_open(lots, lot) and not matured:
            return lot  # type: ignore[no-any-return]
        _drop(lots, state, tables, keys, ranking, side)
    return NOTHING
