"""Trades gathered by pool before the kernel's loop, and results restored to their order after it.

Columns are read, and written, from end to end; what is scattered is rows, each in one place.
"""

# Signatures are wrapped by hand.
# fmt: off
from __future__ import annotations

import numpy as np
import numpy.typing as npt

from subledger.lots.compiling import compiled, inlined, kernel, part_of, second_part
from subledger.lots.engine import Lots, Trades
from subledger.lots.kernel_state import (
    BUYS,
    CLOSED,
    CLOSED_UNITS,
    COST,
    COST_BASE,
    COST_BASE_TAKEN,
    COST_TAKEN,
    EFFECT,
    FEES,
    FEES_BASE,
    FLAGS,
    GROSS,
    GROSS_BASE,
    JOINED,
    LEGS_COUNTED,
    LOT,
    LOT_FROM,
    LOTS_COUNTED,
    MAY_SHORT,
    METHOD,
    MOVE_COUNT,
    MOVE_FROM,
    MOVES_COUNTED,
    NAMES_LOTS,
    NOTHING,
    OPENED,
    OPENED_LOT,
    QUANTITY,
    RANKING_COST,
    RANKING_FEES,
    RELIEF_COUNT,
    RELIEF_FROM,
    RELIEFS_COUNTED,
    RELIEVED,
    RELIEVED_BASE,
    SOURCE,
    STATUS,
    TRADE,
    TRADE_WORDS,
    UNITS_TAKEN,
    VERSION,
    Int32Array,
)
from subledger.numbers import Int64Array

BoolArray = npt.NDArray[np.bool_]

# Columns of legs but `opens`, and of lots, in the order of `Legs` and `Lots`.
LEG_COLUMNS = ("trade", "side", "quantity", "gross", "fees", "gross_base", "fees_base", "lot")
(
    _LEG_TRADE, _LEG_SIDE, _LEG_QUANTITY, _LEG_GROSS, _LEG_FEES, _LEG_GROSS_BASE, _LEG_FEES_BASE,
    _LEG_LOT,
) = range(8)  # fmt: skip
_LEG, _LOT, _QUANTITY, _COST_TAKEN, _COST_BASE_TAKEN = range(5)  # of reliefs and moves
_POOL, _SIDE, _OPENED, _CLOSED, _COST, _RELIEVED, _COST_BASE, _RELIEVED_BASE = range(8)
_TRADE, _SINCE, _RANKING_COST, _NAME, _VERSION, _OPENED_ON, _LONG_FROM = range(8, 15)


@kernel
def count_pools(pool: Int64Array, counts: Int64Array, first: int, last: int) -> None:
    """Count the rows of each pool."""
    for row in range(first, last):
        counts[pool[row]] += 1


@kernel
def order_by_pool(pool: Int64Array, places: Int64Array, order: Int64Array) -> None:
    """Write the rows pool after pool, each pool's in their order; `places` is where each begins."""
    for row in range(len(pool)):
        place = places[pool[row]]
        places[pool[row]] = place + 1
        order[place] = row


@kernel
def gather(
    trades: Trades, places: Int64Array, rows: Int64Array, position: Int32Array, first: int,
    last: int,
) -> None:
    """Write trades as rows, pool after pool; `places` is where each pool begins."""
    pools, quantity, picks_from = trades.pool, trades.quantity, trades.picks_from
    gross, fees, ranking_fees = trades.gross, trades.fees, trades.ranking_fees
    gross_base, fees_base = trades.gross_base, trades.fees_base
    method, effect, direction = trades.method, trades.effect, trades.direction
    may_short = trades.may_short
    for trade in range(first, last):
        pool = pools[trade]
        place = places[pool]
        places[pool] = place + 1
        position[trade] = place
        rows[place, QUANTITY] = quantity[trade]
        rows[place, GROSS] = gross[trade]
        rows[place, FEES] = fees[trade]
        rows[place, GROSS_BASE] = gross_base[trade]
        rows[place, FEES_BASE] = fees_base[trade]
        rows[place, RANKING_FEES] = ranking_fees[trade]
        names_lots = picks_from[trade + 1] > picks_from[trade]
        rows[place, FLAGS] = (
            (trade << TRADE)
            | (method[trade] << METHOD)
            | (effect[trade] << EFFECT)
            | (names_lots << NAMES_LOTS)
            | (may_short[trade] << MAY_SHORT)
            | ((direction[trade] > 0) << BUYS)
        )


@kernel
def restore_legs(
    trades: Trades, rows: Int64Array, position: Int32Array, lot_row: Int32Array, moves: Int64Array,
    legs_out: Int64Array, opens: BoolArray, reliefs_out: Int64Array, moves_out: Int64Array,
    lots_out: Int64Array, refused: Int64Array, next_row: Int64Array, block: Int64Array, first: int,
    last: int,
) -> None:
    """Write the legs of some trades as columns, and where the rest is found that they brought.

    `next_row` is where their legs, reliefs, moves and lots begin. The column `lot` of reliefs and
    moves gets the row to be read, the column `opened` of lots the lot.
    """
    pool, direction, quantity = trades.pool, trades.direction, trades.quantity
    leg, relief = next_row[LEGS_COUNTED], next_row[RELIEFS_COUNTED]
    move, out = next_row[MOVES_COUNTED], next_row[LOTS_COUNTED]
    for trade in range(first, last):
        near = (trade - first) % len(block)
        if near == 0:
            _copy_rows(rows, position, block, trade, min(trade + len(block), last))
        whole, side = quantity[trade], direction[trade]
        status, closing = block[near, STATUS], block[near, CLOSED_UNITS]
        refused[trade] = status & 255
        if status & 255:
            continue
        closing_leg = leg
        if closing > 0:
            legs_out[_LEG_TRADE, leg], opens[leg] = trade, False
            legs_out[_LEG_SIDE, leg], legs_out[_LEG_LOT, leg] = -side, NOTHING
            legs_out[_LEG_QUANTITY, leg] = closing
            leg += 1
        place = block[near, RELIEF_FROM]
        for one in range(block[near, RELIEF_COUNT]):
            reliefs_out[_LEG, relief], reliefs_out[_LOT, relief] = closing_leg, place + one
            relief += 1
        lot = block[near, LOT_FROM]
        if status >> JOINED & 1:
            lots_out[_OPENED, out], lots_out[_TRADE, out] = lot, trade
            lots_out[_POOL, out], lots_out[_SIDE, out] = pool[trade], -side
            lot_row[lot] = out
            out += 1
            lot += 1
        if status >> OPENED_LOT & 1:
            lots_out[_OPENED, out], lots_out[_TRADE, out] = lot, trade
            lots_out[_POOL, out], lots_out[_SIDE, out] = pool[trade], side
            lot_row[lot] = out
            legs_out[_LEG_TRADE, leg], opens[leg] = trade, True
            legs_out[_LEG_SIDE, leg], legs_out[_LEG_LOT, leg] = side, out
            legs_out[_LEG_QUANTITY, leg] = whole - closing
            out += 1
            leg += 1
        joined_on_closing = status >> JOINED & 1
        place = block[near, MOVE_FROM]
        for one in range(block[near, MOVE_COUNT]):
            moves_out[_LEG, move] = closing_leg if joined_on_closing else leg - 1
            moves_out[_LOT, move] = place + one
            move += 1
            if joined_on_closing and moves[place + one, UNITS_TAKEN] > 0:
                # The new lot stands last; what follows it is moved by the leg that opens.
                joined_on_closing = 0


@inlined
def _copy_rows(
    rows: Int64Array, position: Int32Array, block: Int64Array, first: int, last: int
) -> None:
    """Copy the rows of some trades side by side: memory is waited for once and not row by row."""
    for trade in range(first, last):
        row = position[trade]
        for word in range(TRADE_WORDS):
            block[trade - first, word] = rows[row, word]


@kernel
def restore_amounts(
    trades: Trades, opens: BoolArray, legs_out: Int64Array, first: int, last: int
) -> None:
    """Write the amounts of some legs: of a trade's second leg, what the first has left."""
    quantity, gross, fees = trades.quantity, trades.gross, trades.fees
    gross_base, fees_base = trades.gross_base, trades.fees_base
    for leg in range(first, last):
        trade, units = legs_out[_LEG_TRADE, leg], legs_out[_LEG_QUANTITY, leg]
        whole = quantity[trade]
        if units == whole:
            legs_out[_LEG_GROSS, leg], legs_out[_LEG_FEES, leg] = gross[trade], fees[trade]
            legs_out[_LEG_GROSS_BASE, leg] = gross_base[trade]
            legs_out[_LEG_FEES_BASE, leg] = fees_base[trade]
        elif opens[leg]:
            before = whole - units
            legs_out[_LEG_GROSS, leg] = second_part(gross[trade], before, whole)
            legs_out[_LEG_FEES, leg] = second_part(fees[trade], before, whole)
            legs_out[_LEG_GROSS_BASE, leg] = second_part(gross_base[trade], before, whole)
            legs_out[_LEG_FEES_BASE, leg] = second_part(fees_base[trade], before, whole)
        else:
            legs_out[_LEG_GROSS, leg] = part_of(gross[trade], units, whole)
            legs_out[_LEG_FEES, leg] = part_of(fees[trade], units, whole)
            legs_out[_LEG_GROSS_BASE, leg] = part_of(gross_base[trade], units, whole)
            legs_out[_LEG_FEES_BASE, leg] = part_of(fees_base[trade], units, whole)


@kernel
def restore_taken(
    out: Int64Array, taken: Int64Array, lot_row: Int32Array, first: int, last: int
) -> None:
    """Write some reliefs or moves, each from the row that stands in its column `lot`."""
    for row in range(first, last):
        place = out[_LOT, row]
        out[_LOT, row] = lot_row[taken[place, LOT]]
        out[_QUANTITY, row] = taken[place, UNITS_TAKEN]
        out[_COST_TAKEN, row] = taken[place, COST_TAKEN]
        out[_COST_BASE_TAKEN, row] = taken[place, COST_BASE_TAKEN]


@kernel
def restore_lots(
    trades: Trades, given: Lots, lots: Int64Array, out: Int64Array, first: int, last: int
) -> None:
    """Write some lots that trades made, each from the row that stands in its column `opened`."""
    count = len(trades.pool)
    name, opened_on, long_from = trades.name, trades.traded_on, trades.long_from
    given_name, given_opened_on, given_long_from = given.name, given.opened_on, given.long_from
    for row in range(first, last):
        lot = out[_OPENED, row]
        source = lots[lot, SOURCE]
        _write_amounts(out, row, lots, lot)
        out[_SINCE, row] = out[_TRADE, row] + 1
        if source < count:
            out[_NAME, row] = name[source]
            out[_OPENED_ON, row] = opened_on[source]
            out[_LONG_FROM, row] = long_from[source]
        else:
            out[_NAME, row] = given_name[source - count]
            out[_OPENED_ON, row] = given_opened_on[source - count]
            out[_LONG_FROM, row] = given_long_from[source - count]


@compiled
def _write_amounts(out: Int64Array, row: int, lots: Int64Array, lot: int) -> None:
    out[_OPENED, row], out[_CLOSED, row] = lots[lot, OPENED], lots[lot, CLOSED]
    out[_COST, row], out[_RELIEVED, row] = lots[lot, COST], lots[lot, RELIEVED]
    out[_COST_BASE, row] = lots[lot, COST_BASE]
    out[_RELIEVED_BASE, row] = lots[lot, RELIEVED_BASE]
    out[_RANKING_COST, row], out[_VERSION, row] = lots[lot, RANKING_COST], lots[lot, VERSION]


@kernel
def restore_given(
    given: Lots, given_order: Int64Array, given_lot: Int32Array, lots: Int64Array, out: Int64Array
) -> None:
    """Write the lots that were given, each in its own row."""
    pool, side, trade, since = given.pool, given.side, given.trade, given.since
    name, opened_on, long_from = given.name, given.opened_on, given.long_from
    for place in range(len(given_order)):
        row = given_order[place]
        _write_amounts(out, row, lots, given_lot[place])
        out[_POOL, row], out[_SIDE, row] = pool[row], side[row]
        out[_TRADE, row], out[_SINCE, row] = trade[row], since[row]
        out[_NAME, row], out[_OPENED_ON, row] = name[row], opened_on[row]
        out[_LONG_FROM, row] = long_from[row]
