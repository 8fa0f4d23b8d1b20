"""Open lots in the kernel: which are there, in which order they came, and taking from one."""

# Signatures are wrapped by hand.
# fmt: off
from __future__ import annotations

from subledger.lots.compiling import added, compiled, inlined, part_of, subtracted
from subledger.lots.kernel_rankings import is_open, push
from subledger.lots.kernel_state import (
    CLOSED,
    COST,
    COST_BASE,
    COST_BASE_TAKEN,
    COST_TAKEN,
    DAY_FIRST,
    DAY_LAST,
    DAY_NEXT,
    DAY_PLACE,
    DAY_ROW,
    HEAD,
    LIVE,
    LONG,
    LOOKED_UP,
    LOT,
    LOT_TOTAL,
    NAME_BEFORE,
    NAME_LAST,
    NAME_PLACE,
    NAME_ROW,
    NOTHING,
    OPENED,
    POOL_LOT,
    QUEUE_WORDS,
    RANKING_COST,
    RANKING_SIZE,
    RELIEF_TOTAL,
    RELIEVED,
    RELIEVED_BASE,
    SHORT_TERM,
    SOURCE,
    TAIL,
    UNITS,
    UNITS_TAKEN,
    VERSION,
    WAITING,
    Int32Array,
)
from subledger.numbers import Int64Array


@inlined
def new_lot(
    lots: Int64Array, state: Int64Array, units: int, cost: int, cost_base: int, ranking: int,
    version: int, source: int,
) -> int:
    """Append a lot and return its number."""
    lot = state[LOT_TOTAL]
    state[LOT_TOTAL] = lot + 1
    lots[lot, OPENED] = units
    lots[lot, CLOSED] = 0
    lots[lot, COST] = cost
    lots[lot, RELIEVED] = 0
    lots[lot, COST_BASE] = cost_base
    lots[lot, RELIEVED_BASE] = 0
    lots[lot, RANKING_COST] = ranking
    lots[lot, VERSION] = version
    lots[lot, SOURCE] = source
    return lot  # type: ignore[no-any-return]


@inlined
def open_units(lots: Int64Array, lot: int) -> int:
    """Return the open units of a lot."""
    return lots[lot, OPENED] - lots[lot, CLOSED]  # type: ignore[no-any-return]


@inlined
def enter(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    side: int, lot: int,
) -> None:
    """Let a lot stand behind all others; one without open units is left out."""
    units = open_units(lots, lot)
    if units == 0:
        return
    queue = QUEUE_WORDS * side
    state[queue + UNITS] = added(state[queue + UNITS], units)
    state[queue + LIVE] += 1
    tail = state[queue + TAIL]
    tables[side, tail] = lot
    state[queue + TAIL] = tail + 1
    if state[LOOKED_UP] > 0:
        _enter_rankings(lots, state, tables, keys, facts, side, lot)
        if state[DAY_ROW] != NOTHING:
            _enter_day(lots, state, tables, facts, side, lot)
        if state[NAME_ROW] != NOTHING:
            _enter_name(lots, state, tables, facts, side, lot)


@compiled
def _enter_rankings(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    side: int, lot: int,
) -> None:
    for ranking in range(SHORT_TERM + 1):
        if state[RANKING_SIZE + 2 * ranking + side] != NOTHING:
            push(lots, state, tables, keys, facts, ranking, side, lot)
            if ranking == SHORT_TERM and side == LONG:
                # It is told apart when its day has come.
                push(lots, state, tables, keys, facts, WAITING, side, lot)


@compiled
def _enter_day(
    lots: Int64Array, state: Int64Array, tables: Int32Array, facts: Int64Array, side: int, lot: int
) -> None:
    row, base = state[DAY_ROW], state[POOL_LOT]
    place = facts[DAY_PLACE, lots[lot, SOURCE]]
    tables[row + DAY_NEXT, lot - base] = NOTHING
    if tables[row + DAY_FIRST + side, place] == NOTHING:
        tables[row + DAY_FIRST + side, place] = lot
    else:
        tables[row + DAY_NEXT, tables[row + DAY_LAST + side, place] - base] = lot
    tables[row + DAY_LAST + side, place] = lot


@compiled
def first_of_day(
    lots: Int64Array, state: Int64Array, tables: Int32Array, side: int, place: int
) -> int:
    """Return the oldest open lot of a day of the pool, or NOTHING."""
    row, base = state[DAY_ROW], state[POOL_LOT]
    lot = tables[row + DAY_FIRST + side, place]
    while lot != NOTHING and not is_open(lots, lot):
        lot = tables[row + DAY_NEXT, lot - base]
    tables[row + DAY_FIRST + side, place] = lot
    return lot  # type: ignore[no-any-return]


@compiled
def _enter_name(
    lots: Int64Array, state: Int64Array, tables: Int32Array, facts: Int64Array, side: int, lot: int
) -> None:
    row, place = state[NAME_ROW], facts[NAME_PLACE, lots[lot, SOURCE]]
    tables[row + NAME_BEFORE, lot - state[POOL_LOT]] = tables[row + NAME_LAST + side, place]
    tables[row + NAME_LAST + side, place] = lot


@compiled
def named(
    lots: Int64Array, state: Int64Array, tables: Int32Array, side: int, place: int, version: int
) -> int:
    """Return the open lot of a name and version, the younger one of two, or NOTHING."""
    row = state[NAME_ROW]
    if place == NOTHING:
        return NOTHING
    lot = tables[row + NAME_LAST + side, place]
    while lot != NOTHING and not (is_open(lots, lot) and lots[lot, VERSION] == version):
        lot = tables[row + NAME_BEFORE, lot - state[POOL_LOT]]
    return lot  # type: ignore[no-any-return]


@inlined
def oldest(lots: Int64Array, state: Int64Array, tables: Int32Array, side: int) -> int:
    """Return the open lot that came first."""
    head = state[QUEUE_WORDS * side + HEAD]
    while not is_open(lots, tables[side, head]):
        head += 1
    state[QUEUE_WORDS * side + HEAD] = head
    return tables[side, head]  # type: ignore[no-any-return]


@inlined
def newest(lots: Int64Array, state: Int64Array, tables: Int32Array, side: int) -> int:
    """Return the open lot that came last."""
    last = state[QUEUE_WORDS * side + TAIL] - 1
    while not is_open(lots, tables[side, last]):
        last -= 1
    state[QUEUE_WORDS * side + TAIL] = last + 1
    return tables[side, last]  # type: ignore[no-any-return]


@inlined
def use_up(lots: Int64Array, state: Int64Array, side: int, lot: int, units: int) -> tuple[int, int]:
    """Use up units of a lot; return their cost, local and base."""
    closed, opened = lots[lot, CLOSED] + units, lots[lot, OPENED]
    lots[lot, CLOSED] = closed
    state[QUEUE_WORDS * side + UNITS] -= units
    state[QUEUE_WORDS * side + LIVE] -= closed == opened
    relieved = part_of(lots[lot, COST], closed, opened)
    relieved_base = part_of(lots[lot, COST_BASE], closed, opened)
    cost = subtracted(relieved, lots[lot, RELIEVED])
    cost_base = subtracted(relieved_base, lots[lot, RELIEVED_BASE])
    lots[lot, RELIEVED], lots[lot, RELIEVED_BASE] = relieved, relieved_base
    return cost, cost_base


@inlined
def relieve_lot(
    lots: Int64Array, state: Int64Array, reliefs: Int64Array, side: int, lot: int, units: int
) -> None:
    """Use up units of a lot and write it down."""
    cost, cost_base = use_up(lots, state, side, lot, units)
    row = state[RELIEF_TOTAL]
    state[RELIEF_TOTAL] = row + 1
    reliefs[row, LOT] = lot
    reliefs[row, UNITS_TAKEN] = units
    reliefs[row, COST_TAKEN] = cost
    reliefs[row, COST_BASE_TAKEN] = cost_base


@compiled
def drop_used_up(lots: Int64Array, state: Int64Array, tables: Int32Array, side: int) -> None:
    """Let the open lots of a side stand together."""
    queue = QUEUE_WORDS * side
    place = state[queue + HEAD]
    for looked_at in range(state[queue + HEAD], state[queue + TAIL]):
        lot = tables[side, looked_at]
        if is_open(lots, lot):
            tables[side, place] = lot
            place += 1
    state[queue + TAIL] = place
