"""Which lots a trade uses up, in the kernel: the same order as `choosing` defines."""

# Signatures are wrapped by hand.
# fmt: off
from __future__ import annotations

from subledger.lots.compiling import added, compared, compiled, inlined, part_rounded_up, subtracted
from subledger.lots.engine import (
    BOOKED,
    CLOSE,
    HIFO,
    HIGHEST_PRICE,
    LOFO,
    LOT_UNKNOWN,
    LOTS_MISMATCH,
    LOTS_NOT_NAMED,
    LOWEST_PRICE,
    MAX_GAIN,
    MIN_GAIN,
    OVER_CLOSE,
    SHORT_NOT_ALLOWED,
    SPECIFIC,
)
from subledger.lots.kernel_lots import (
    drop_used_up,
    first_of_day,
    named,
    newest,
    oldest,
    open_units,
    relieve_lot,
)
from subledger.lots.kernel_rankings import first_of_term, first_ranked, reach_day
from subledger.lots.kernel_state import (
    COST,
    COST_CHEAPEST,
    COST_DEAREST,
    HEAD,
    LIVE,
    LONG,
    LONG_TERM,
    NAME_ROW,
    NOTHING,
    OPENED,
    POOL_LOT,
    QUEUE_WORDS,
    RANK_CHEAPEST,
    RANK_DEAREST,
    RESERVED,
    SHORT_TERM,
    TAIL,
    UNITS,
    Int32Array,
)
from subledger.numbers import Int64Array


@inlined
def ranking_of(method: int, side: int) -> int:
    """Return the ranking that a method asks for on a side, or NOTHING."""
    if method == HIFO:
        return RANK_DEAREST if side == LONG else RANK_CHEAPEST
    if method == LOFO:
        return RANK_CHEAPEST if side == LONG else RANK_DEAREST
    if method == MIN_GAIN:
        return COST_DEAREST if side == LONG else COST_CHEAPEST
    if method == MAX_GAIN:
        return COST_CHEAPEST if side == LONG else COST_DEAREST
    if method == HIGHEST_PRICE:
        return RANK_DEAREST
    return RANK_CHEAPEST if method == LOWEST_PRICE else NOTHING


@inlined
def why_refused(
    state: Int64Array, method: int, side: int, quantity: int, closing: int, effect: int,
    may_open: bool,
) -> int:
    """Return why a trade that names no lots is refused, or BOOKED; the first reason counts."""
    if closing < quantity:
        if effect == CLOSE:
            return OVER_CLOSE
        if not may_open:
            return SHORT_NOT_ALLOWED
    if method != SPECIFIC:
        return BOOKED
    queue = QUEUE_WORDS * side
    could_mean_another = state[queue + LIVE] > 1 and 0 < closing < state[queue + UNITS]
    return LOTS_NOT_NAMED if could_mean_another else BOOKED


@compiled
def why_not_named(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, picks: Int64Array,
    first: int, last: int, side: int, closing: int,
) -> int:
    """Return LOT_UNKNOWN, LOTS_MISMATCH or BOOKED for the lots that a trade names."""
    row, base = state[NAME_ROW] + RESERVED, state[POOL_LOT]
    total, looked_at, known = 0, first, True
    while looked_at < last and known:
        lot = named(lots, state, tables, side, picks[0, looked_at], picks[1, looked_at])
        units = picks[2, looked_at]
        known = lot != NOTHING and open_units(lots, lot) - keys[row, lot - base] >= units
        if known:
            keys[row, lot - base] += units
            total += units
            looked_at += 1
    for pick in range(first, looked_at):
        lot = named(lots, state, tables, side, picks[0, pick], picks[1, pick])
        keys[row, lot - base] = 0
    if not known:
        return LOT_UNKNOWN
    return BOOKED if total == closing else LOTS_MISMATCH


@compiled
def relieve_picks(
    lots: Int64Array, state: Int64Array, tables: Int32Array, reliefs: Int64Array, picks: Int64Array,
    first: int, last: int, side: int,
) -> None:
    """Use up the lots that a trade names, in the order named."""
    for pick in range(first, last):
        lot = named(lots, state, tables, side, picks[0, pick], picks[1, pick])
        relieve_lot(lots, state, reliefs, side, lot, picks[2, pick])


@inlined
def relieve_in_order(
    lots: Int64Array, state: Int64Array, tables: Int32Array, reliefs: Int64Array, side: int,
    closing: int, last_first: bool,
) -> None:
    """Use up the oldest lots, or the newest, until a quantity is closed."""
    while closing > 0:
        if last_first:
            lot = newest(lots, state, tables, side)
        else:
            lot = oldest(lots, state, tables, side)
        units = min(closing, open_units(lots, lot))
        closing -= units
        relieve_lot(lots, state, reliefs, side, lot, units)


@compiled
def relieve_ranked(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    reliefs: Int64Array, ranking: int, side: int, closing: int,
) -> None:
    """Use up lots in the order of a ranking until a quantity is closed."""
    while closing > 0:
        lot = first_ranked(lots, state, tables, keys, facts, ranking, side)
        units = min(closing, open_units(lots, lot))
        closing -= units
        relieve_lot(lots, state, reliefs, side, lot, units)


@compiled
def relieve_same_day_first(
    lots: Int64Array, state: Int64Array, tables: Int32Array, reliefs: Int64Array, side: int,
    closing: int, day: int,
) -> None:
    """Use up the oldest lots of a day, then the oldest of all."""
    while closing > 0:
        lot = first_of_day(lots, state, tables, side, day)
        if lot == NOTHING:
            lot = oldest(lots, state, tables, side)
        units = min(closing, open_units(lots, lot))
        closing -= units
        relieve_lot(lots, state, reliefs, side, lot, units)


@compiled
def relieve_best_for_tax(
    lots: Int64Array, state: Int64Array, tables: Int32Array, keys: Int64Array, facts: Int64Array,
    reliefs: Int64Array, side: int, closing: int, day: int, gross: int, fees: int, quantity: int,
) -> None:
    """Use up losses first, then what has no gain, then gains, each in the order of its term."""
    consideration = subtracted(gross, fees) if side == LONG else added(gross, fees)
    reach_day(lots, state, tables, keys, facts, side, day)
    while closing > 0:
        short_term = first_of_term(lots, state, tables, keys, facts, SHORT_TERM, side, day)
        long_term = first_of_term(lots, state, tables, keys, facts, LONG_TERM, side, day)
        lot = _better(lots, side, short_term, long_term, consideration, quantity)
        units = min(closing, open_units(lots, lot))
        closing -= units
        relieve_lot(lots, state, reliefs, side, lot, units)


@compiled
def _better(
    lots: Int64Array, side: int, short_term: int, long_term: int, consideration: int, quantity: int
) -> int:
    """Return which of the first lots of either term BEST_TAX takes."""
    if short_term == NOTHING or long_term == NOTHING:
        return max(short_term, long_term)
    of_short = _gain(lots, side, short_term, consideration, quantity)
    if of_short < 0:
        return short_term
    if _gain(lots, side, long_term, consideration, quantity) < 0:
        return long_term
    return short_term if of_short == 0 else long_term


@compiled
def _gain(lots: Int64Array, side: int, lot: int, consideration: int, quantity: int) -> int:
    """Return the sign of what disposing of a unit of a lot gains."""
    sign = compared(consideration, lots[lot, OPENED], lots[lot, COST], quantity)
    return sign if side == LONG else -sign


@compiled
def relieve_pro_rata(
    lots: Int64Array, state: Int64Array, tables: Int32Array, reliefs: Int64Array, side: int,
    closing: int,
) -> None:
    """Use up every lot in one proportion: after the k oldest, their share rounded up."""
    drop_used_up(lots, state, tables, side)
    queue = QUEUE_WORDS * side
    whole, units_so_far, taken = state[queue + UNITS], 0, 0
    for place in range(state[queue + HEAD], state[queue + TAIL]):
        lot = tables[side, place]
        units_so_far += open_units(lots, lot)
        reached = part_rounded_up(closing, units_so_far, whole)
        if reached > taken:
            relieve_lot(lots, state, reliefs, side, lot, reached - taken)
        taken = reached
