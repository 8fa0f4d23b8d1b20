"""Average cost in the kernel: one new lot stands for all that are open on a side."""

# Signatures are wrapped by hand.
# fmt: off
from __future__ import annotations

from subledger.lots.compiling import (
    added,
    compiled,
    part_of,
)
from subledger.lots.kernel_lots import enter, new_lot, open_units, use_up
from subledger.lots.kernel_rankings import is_open
from subledger.lots.kernel_state import (
    CLOSED,
    COST_BASE_TAKEN,
    COST_TAKEN,
    HEAD,
    LIVE,
    LOT,
    MOVE_TOTAL,
    NAME,
    OPENED,
    QUEUE_WORDS,
    RANKING_COST,
    SOURCE,
    TAIL,
    UNITS_TAKEN,
    VERSION,
    Int32Array,
)
from subledger.numbers import Int64Array, NumberOverflow


@compiled
def join(
    lots: Int64Array, moves: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array,
    facts: Int64Array, side: int, units: int, cost: int, cost_base: int, ranking_cost: int,
) -> None:
    """Let one new lot stand for all that are open on a side and what is acquired."""
    queue = QUEUE_WORDS * side
    head, tail = state[queue + HEAD], state[queue + TAIL]
    while not is_open(lots, tables[side, head]):
        head += 1
    oldest = tables[side, head]
    version = _last_version(lots, state, tables, facts, side, head, tail)
    source = lots[oldest, SOURCE]
    # Sums in halves of 32 bits, which cannot wrap: units, cost, base cost and ranking cost.
    high_units = low_units = high_cost = low_cost = high_base = low_base = 0
    high_ranking, low_ranking = ranking_cost >> 32, ranking_cost & 0xFFFFFFFF
    for place in range(head, tail):
        lot = tables[side, place]
        if not is_open(lots, lot):
            continue
        ranking = lots[lot, RANKING_COST]
        ranking -= part_of(ranking, lots[lot, CLOSED], lots[lot, OPENED])
        left = open_units(lots, lot)
        gone, gone_base = use_up(lots, state, side, lot, left)
        _move(moves, state, lot, -left, -gone, -gone_base)
        high_units, low_units = high_units + (left >> 32), low_units + (left & 0xFFFFFFFF)
        high_cost, low_cost = high_cost + (gone >> 32), low_cost + (gone & 0xFFFFFFFF)
        high_base, low_base = high_base + (gone_base >> 32), low_base + (gone_base & 0xFFFFFFFF)
        high_ranking += ranking >> 32
        low_ranking += ranking & 0xFFFFFFFF
    state[queue + HEAD] = state[queue + TAIL] = 0
    all_units, all_cost = _total(high_units, low_units), _total(high_cost, low_cost)
    all_base, all_ranking = _total(high_base, low_base), _total(high_ranking, low_ranking)
    opened, all_in = added(all_units, units), added(all_cost, cost)
    lot = new_lot(
        lots, state, opened, all_in, added(all_base, cost_base), all_ranking, version + 1, source
    )
    _move(moves, state, lot, all_units, all_cost, all_base)
    enter(lots, state, tables, keys, facts, side, lot)


@compiled
def _last_version(
    lots: Int64Array, state: Int64Array, tables: Int32Array, facts: Int64Array, side: int,
    head: int, tail: int,
) -> int:
    """Return the last open version of the oldest open lot's chain."""
    oldest = tables[side, head]
    version = lots[oldest, VERSION]
    if state[QUEUE_WORDS * side + LIVE] > 1:
        name = facts[NAME, lots[oldest, SOURCE]]
        for place in range(head + 1, tail):
            lot = tables[side, place]
            if (
                lots[lot, VERSION] > version
                and is_open(lots, lot)
                and facts[NAME, lots[lot, SOURCE]] == name
            ):
                version = lots[lot, VERSION]
    return version  # type: ignore[no-any-return]


@compiled
def _total(high: int, low: int) -> int:
    """Return a sum of two halves; raise NumberOverflow when it does not fit in 64 bits."""
    high += low >> 32
    if high >= 1 << 31 or high < -(1 << 31):
        raise NumberOverflow("a sum of lots does not fit in 64 bits")
    return (high << 32) + (low & 0xFFFFFFFF)


@compiled
def _move(
    moves: Int64Array, state: Int64Array, lot: int, units: int, cost: int, cost_base: int
) -> None:
    """Write down what left a lot (negative) or entered one."""
    row = state[MOVE_TOTAL]
    state[MOVE_TOTAL] = row + 1
    moves[row, LOT] = lot
    moves[row, UNITS_TAKEN] = units
    moves[row, COST_TAKEN] = cost
    moves[row, COST_BASE_TAKEN] = cost_base
