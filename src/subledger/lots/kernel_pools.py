"""The kernel's loop: one pool after another, one trade after another."""

# Signatures are wrapped by hand.
# fmt: off
from __future__ import annotations

from subledger.lots.compiling import (
    added,
    compiled,
    inlined,
    kernel,
    second_part,
    subtracted,
)
from subledger.lots.engine import (
    AVERAGE,
    BEST_TAX,
    BOOKED,
    INTRADAY_FIFO,
    LIFO,
    OPEN,
    PRO_RATA,
)
from subledger.lots.kernel_choosing import (
    ranking_of,
    relieve_best_for_tax,
    relieve_in_order,
    relieve_picks,
    relieve_pro_rata,
    relieve_ranked,
    relieve_same_day_first,
    why_not_named,
    why_refused,
)
from subledger.lots.kernel_lots import enter, new_lot
from subledger.lots.kernel_pooling import join
from subledger.lots.kernel_state import (
    BUYS,
    CHUNK_BITS,
    CLOSED_UNITS,
    DAY_FIRST,
    DAY_PLACE,
    DAY_ROW,
    EFFECT,
    FEES,
    FEES_BASE,
    FLAGS,
    GROSS,
    GROSS_BASE,
    JOINED,
    LAST_DAY,
    LEGS_COUNTED,
    LIVE,
    LONG,
    LONG_AGO,
    LOOKED_UP,
    LOT_FROM,
    LOT_TOTAL,
    LOT_WORDS,
    LOTS_COUNTED,
    MAY_SHORT,
    METHOD,
    MOVE_COUNT,
    MOVE_FROM,
    MOVE_TOTAL,
    MOVES_COUNTED,
    NAME_LAST,
    NAME_ROW,
    NAMES_LOTS,
    NEXT_GIVEN,
    NEXT_ROW,
    NOTHING,
    OPENED_LOT,
    OPENED_ON,
    POOL_LOT,
    QUANTITY,
    QUEUE_WORDS,
    RANKING_FEES,
    RANKING_SIZE,
    RELIEF_COUNT,
    RELIEF_FROM,
    RELIEF_TOTAL,
    RELIEFS_COUNTED,
    SHORT,
    SIDE,
    SINCE,
    STATE_WORDS,
    STATUS,
    TRADE,
    UNITS,
    Int32Array,
)
from subledger.numbers import Int64Array


@kernel
def relieve_pools(
    rows: Int64Array, starts: Int64Array, given: Int64Array, given_starts: Int64Array,
    facts: Int64Array, picks: Int64Array, picks_from: Int64Array, lots: Int64Array,
    given_lot: Int32Array, reliefs: Int64Array, moves: Int64Array, counted: Int64Array,
    state: Int64Array, tables: Int32Array, keys: Int64Array, first: int, last: int,
) -> int:
    """Relieve some pools; return the one before which more room for reliefs is needed, or the end.

    Called again with more room for that pool it goes on where it was. `given_lot` is the lot that
    each given one has become, `counted` are legs, reliefs, moves and lots by chunk of trades.
    """
    trades = len(rows)
    for pool in range(first, last):
        row, coming, end = state[NEXT_ROW], state[NEXT_GIVEN], given_starts[pool + 1]
        if row == NOTHING:
            _begin(rows, starts, given_starts, picks_from, state, tables, pool)
            row, coming = starts[pool], given_starts[pool]
        while row < starts[pool + 1]:
            trade = rows[row, FLAGS] >> TRADE
            while coming < end and given[coming, SINCE] <= trade:
                _enter_given(given, lots, given_lot, state, tables, keys, facts, coming, True)
                coming += 1
            if _lacks_room(rows, reliefs, state, row):
                state[NEXT_ROW], state[NEXT_GIVEN] = row, coming
                return pool
            _relieve(
                rows, facts, picks, picks_from, lots, reliefs, moves, counted, state, tables, keys,
                row, trade,
            )  # fmt: skip
            row += 1
        while coming < end:
            in_time = given[coming, SINCE] < trades
            _enter_given(given, lots, given_lot, state, tables, keys, facts, coming, in_time)
            coming += 1
        state[NEXT_ROW] = NOTHING
    return last


@compiled
def _begin(
    rows: Int64Array, starts: Int64Array, given_starts: Int64Array, picks_from: Int64Array,
    state: Int64Array, tables: Int32Array, pool: int,
) -> None:
    """Forget the last pool."""
    for place in range(2 * QUEUE_WORDS):
        state[place] = 0
    state[POOL_LOT] = state[LOT_TOTAL]
    for place in range(RANKING_SIZE, STATE_WORDS):
        state[place] = NOTHING
    for place in range(LAST_DAY, LAST_DAY + 4):
        state[place] = LONG_AGO
    # Names and days are entered from the first lot on, rankings from when a method asks for them.
    state[LOOKED_UP] = (state[DAY_ROW] != NOTHING) + (state[NAME_ROW] != NOTHING)
    if state[LOOKED_UP] > 0:
        _forget_places(rows, starts, given_starts, picks_from, state, tables, pool)


@compiled
def _forget_places(
    rows: Int64Array, starts: Int64Array, given_starts: Int64Array, picks_from: Int64Array,
    state: Int64Array, tables: Int32Array, pool: int,
) -> None:
    """Let no lot stand at the place of a day or name."""
    places = starts[pool + 1] - starts[pool] + given_starts[pool + 1] - given_starts[pool]
    if state[DAY_ROW] != NOTHING:
        for place in range(places):
            tables[state[DAY_ROW] + DAY_FIRST, place] = NOTHING
            tables[state[DAY_ROW] + DAY_FIRST + 1, place] = NOTHING
    if state[NAME_ROW] != NOTHING:
        for row in range(starts[pool], starts[pool + 1]):
            trade = rows[row, FLAGS] >> TRADE
            places += picks_from[trade + 1] - picks_from[trade]
        for place in range(places):
            tables[state[NAME_ROW] + NAME_LAST, place] = NOTHING
            tables[state[NAME_ROW] + NAME_LAST + 1, place] = NOTHING


@compiled
def _lacks_room(rows: Int64Array, reliefs: Int64Array, state: Int64Array, row: int) -> bool:
    """Say whether a trade may take shares of more lots than there is room to write down."""
    if (rows[row, FLAGS] >> METHOD) & 15 != PRO_RATA:
        return False
    open_lots = state[LIVE] + state[QUEUE_WORDS + LIVE]
    return state[RELIEF_TOTAL] + open_lots > len(reliefs)  # type: ignore[no-any-return]


@compiled
def _enter_given(
    given: Int64Array, lots: Int64Array, given_lot: Int32Array, state: Int64Array,
    tables: Int32Array, keys: Int64Array, facts: Int64Array, row: int, in_time: bool,
) -> None:
    """Append a lot that was given, and let it stand behind the others unless it comes too late."""
    lot = state[LOT_TOTAL]
    state[LOT_TOTAL] = lot + 1
    for word in range(LOT_WORDS):
        lots[lot, word] = given[row, word]
    given_lot[row] = lot
    if in_time:
        side = LONG if given[row, SIDE] > 0 else SHORT
        enter(lots, state, tables, keys, facts, side, lot)


@inlined
def _relieve(
    rows: Int64Array, facts: Int64Array, picks: Int64Array, picks_from: Int64Array,
    lots: Int64Array, reliefs: Int64Array, moves: Int64Array, counted: Int64Array,
    state: Int64Array, tables: Int32Array, keys: Int64Array, row: int, trade: int,
) -> None:
    """Book one trade, or refuse it, and write down what became of it."""
    flags, quantity = rows[row, FLAGS], rows[row, QUANTITY]
    method, effect = (flags >> METHOD) & 15, (flags >> EFFECT) & 3
    closed_side, opened_side = (SHORT, LONG) if flags & 1 << BUYS else (LONG, SHORT)
    may_open = flags & (1 << BUYS | 1 << MAY_SHORT) != 0
    first_pick = last_pick = 0
    if flags & 1 << NAMES_LOTS:
        first_pick, last_pick, method = picks_from[trade], picks_from[trade + 1], NOTHING
    closing = 0 if effect == OPEN else min(quantity, state[QUEUE_WORDS * closed_side + UNITS])
    status = why_refused(state, method, closed_side, quantity, closing, effect, may_open)
    if status == BOOKED and last_pick > first_pick:
        status = why_not_named(
            lots, state, tables, keys, picks, first_pick, last_pick, closed_side, closing
        )
    relief_from, move_from = state[RELIEF_TOTAL], state[MOVE_TOTAL]
    lot_from = state[LOT_TOTAL]
    if status == BOOKED:
        if closing > 0:
            if method == AVERAGE and state[QUEUE_WORDS * closed_side + LIVE] > 1:
                join(lots, moves, state, tables, keys, facts, closed_side, 0, 0, 0, 0)
                status |= 1 << JOINED
            if last_pick > first_pick:
                relieve_picks(
                    lots, state, tables, reliefs, picks, first_pick, last_pick, closed_side
                )
            else:
                _close(
                    rows, facts, lots, reliefs, state, tables, keys, row, trade, method,
                    closed_side, closing,
                )  # fmt: skip
        if closing < quantity:
            _open(
                rows, facts, lots, moves, state, tables, keys, row, trade, method, opened_side,
                closing,
            )
            status |= 1 << OPENED_LOT
        chunk = trade >> CHUNK_BITS
        opened, joined = status >> OPENED_LOT & 1, status >> JOINED & 1
        counted[chunk, LEGS_COUNTED] += (closing > 0) + opened
        counted[chunk, RELIEFS_COUNTED] += state[RELIEF_TOTAL] - relief_from
        counted[chunk, MOVES_COUNTED] += state[MOVE_TOTAL] - move_from
        counted[chunk, LOTS_COUNTED] += joined + opened
    rows[row, CLOSED_UNITS] = closing
    rows[row, RELIEF_FROM] = relief_from
    rows[row, RELIEF_COUNT] = state[RELIEF_TOTAL] - relief_from
    rows[row, LOT_FROM] = lot_from
    rows[row, MOVE_FROM] = move_from
    rows[row, MOVE_COUNT] = state[MOVE_TOTAL] - move_from
    rows[row, STATUS] = status


@inlined
def _close(
    rows: Int64Array, facts: Int64Array, lots: Int64Array, reliefs: Int64Array, state: Int64Array,
    tables: Int32Array, keys: Int64Array, row: int, trade: int, method: int, side: int,
    closing: int,
) -> None:
    """Relieve lots of one side by a quantity that is known to be open."""
    ranking = ranking_of(method, side)
    if ranking != NOTHING:
        relieve_ranked(lots, state, tables, keys, facts, reliefs, ranking, side, closing)
    elif method == INTRADAY_FIFO:
        day = facts[DAY_PLACE, trade]
        relieve_same_day_first(lots, state, tables, reliefs, side, closing, day)
    elif method == BEST_TAX:
        day = facts[OPENED_ON, trade]
        gross, fees, quantity = rows[row, GROSS], rows[row, FEES], rows[row, QUANTITY]
        relieve_best_for_tax(
            lots, state, tables, keys, facts, reliefs, side, closing, day, gross, fees, quantity
        )
    elif method == PRO_RATA:
        relieve_pro_rata(lots, state, tables, reliefs, side, closing)
    else:
        relieve_in_order(lots, state, tables, reliefs, side, closing, method == LIFO)


@inlined
def _open(
    rows: Int64Array, facts: Int64Array, lots: Int64Array, moves: Int64Array, state: Int64Array,
    tables: Int32Array, keys: Int64Array, row: int, trade: int, method: int, side: int,
    closing: int,
) -> None:
    """Open a lot, which joins those that are open where cost is averaged."""
    whole = rows[row, QUANTITY]
    gross = second_part(rows[row, GROSS], closing, whole)
    fees = second_part(rows[row, FEES], closing, whole)
    gross_base = second_part(rows[row, GROSS_BASE], closing, whole)
    fees_base = second_part(rows[row, FEES_BASE], closing, whole)
    ranking_fees = second_part(rows[row, RANKING_FEES], closing, whole)
    units = whole - closing
    # A long costs gross plus fees, a short brought gross less fees.
    if side == LONG:
        cost, cost_base = added(gross, fees), added(gross_base, fees_base)
        ranking_cost = added(gross, ranking_fees)
    else:
        cost, cost_base = subtracted(gross, fees), subtracted(gross_base, fees_base)
        ranking_cost = subtracted(gross, ranking_fees)
    if method == AVERAGE and state[QUEUE_WORDS * side + LIVE] > 0:
        join(lots, moves, state, tables, keys, facts, side, units, cost, cost_base, ranking_cost)
    else:
        lot = new_lot(lots, state, units, cost, cost_base, ranking_cost, 1, trade)
        enter(lots, state, tables, keys, facts, side, lot)
