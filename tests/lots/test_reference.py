"""The lot engine by example: what a disposal uses up, and what it leaves."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger.lots.engine import (
    AUTO,
    BOOKED,
    CLOSE,
    OPEN,
    OVER_CLOSE,
    SHORT_NOT_ALLOWED,
    Lots,
    Relieved,
    Trades,
)
from subledger.lots.reference import relieve_fifo
from subledger.numbers import INT64_MAX, NumberOverflow

BUY, SELL = 1, -1
LONG, SHORT = 1, -1


def lots(*rows: tuple[int, int], side: int = LONG, since: int = 0) -> Lots:
    """Return open lots of pool 0, each as (units, cost)."""
    return _lots([(0, side, units, 0, cost, 0, cost, 0, -1, since) for units, cost in rows])


def _lots(rows: Sequence[tuple[int, ...]]) -> Lots:
    table = np.array(rows, np.int64).reshape(len(rows), len(Lots._fields))
    return Lots(*(table[:, n] for n in range(len(Lots._fields))))


def trades(*rows: tuple[Any, ...], may_short: bool = True, pool: int = 0) -> Trades:
    """Return trades, each as (direction, quantity, gross[, fees[, effect]])."""
    whole = [(*row, *(0, AUTO)[len(row) - 3 :]) for row in rows]
    return Trades(
        pool=np.full(len(whole), pool, np.int64),
        direction=np.array([row[0] for row in whole], np.int64),
        effect=np.array([row[4] for row in whole], np.int64),
        quantity=np.array([row[1] for row in whole], np.int64),
        gross=np.array([row[2] for row in whole], np.int64),
        fees=np.array([row[3] for row in whole], np.int64),
        gross_base=np.array([row[2] for row in whole], np.int64),
        fees_base=np.array([row[3] for row in whole], np.int64),
        may_short=np.full(len(whole), may_short),
    )


def reliefs(result: Relieved) -> list[tuple[int, ...]]:
    """Return (lot, quantity, cost) of each relief."""
    columns = (result.reliefs.lot, result.reliefs.quantity, result.reliefs.cost)
    assert result.reliefs.cost.tolist() == result.reliefs.cost_base.tolist()
    return list(zip(*(column.tolist() for column in columns), strict=True))


def legs(result: Relieved) -> list[tuple[int, ...]]:
    """Return (trade, opens, side, quantity, gross, fees) of each leg."""
    return list(zip(*(column.tolist() for column in result.legs[:6]), strict=True))


def left(result: Relieved) -> list[tuple[int, ...]]:
    """Return (side, open units, open cost) of each lot that is open."""
    table = zip(*(column.tolist() for column in result.lots), strict=True)
    return [
        (side, opened - closed, cost - relieved)
        for _, side, opened, closed, cost, relieved, *_ in table
        if opened > closed
    ]


def test_fifo_takes_the_oldest_lot_first_and_splits_the_next() -> None:
    result = relieve_fifo(lots((100, 100000), (100, 120000)), trades((SELL, 150, 180000)))
    assert reliefs(result) == [(0, 100, 100000), (1, 50, 60000)]
    assert left(result) == [(LONG, 50, 60000)]


def test_a_cost_that_does_not_divide_is_relieved_cumulatively_and_the_last_takes_the_rest() -> None:
    result = relieve_fifo(lots((3, 1000)), trades(*[(SELL, 1, 400)] * 3))
    assert [cost for _, _, cost in reliefs(result)] == [333, 334, 333]


def test_halves_are_relieved_to_the_even_unit() -> None:
    result = relieve_fifo(lots((4, 2)), trades(*[(SELL, 1, 1)] * 4))
    assert [cost for _, _, cost in reliefs(result)] == [0, 1, 1, 0]


def test_relief_goes_on_where_a_lot_that_was_carried_over_stopped() -> None:
    carried = _lots([(0, LONG, 3, 1, 1000, 333, 1000, 333, -1, 0)])
    result = relieve_fifo(carried, trades((SELL, 1, 1), (SELL, 1, 1)))
    assert reliefs(result) == [(0, 1, 334), (0, 1, 333)]
    assert left(result) == []


def test_crossing_zero_closes_and_opens_with_gross_and_fees_pro_rata() -> None:
    result = relieve_fifo(lots((100, 100000)), trades((SELL, 150, 150001, 100)))
    assert legs(result) == [
        (0, False, LONG, 100, 100001, 67),
        (0, True, SHORT, 50, 50000, 33),
    ]
    assert left(result) == [(SHORT, 50, 49967)]


def test_a_rebate_lowers_the_cost_of_a_long_and_raises_the_proceeds_of_a_short() -> None:
    result = relieve_fifo(lots(), trades((BUY, 10, 1000, -4)))
    assert left(result) == [(LONG, 10, 996)]
    result = relieve_fifo(lots(), trades((SELL, 10, 1000, -4)))
    assert left(result) == [(SHORT, 10, 1004)]


def test_open_keeps_both_sides_and_close_takes_its_own_side() -> None:
    boxed = trades((BUY, 10, 1000), (SELL, 4, 480, 0, OPEN), (SELL, 3, 360, 0, CLOSE))
    result = relieve_fifo(lots(), boxed)
    assert left(result) == [(LONG, 7, 700), (SHORT, 4, 480)]
    assert reliefs(result) == [(0, 3, 300)]
    again = relieve_fifo(lots(), trades((BUY, 10, 1000), (SELL, 4, 480, 0, OPEN), (BUY, 6, 660)))
    assert left(again) == [(LONG, 10, 1000), (LONG, 2, 220)]


def test_close_beyond_what_is_open_is_refused_whole_and_touches_nothing() -> None:
    result = relieve_fifo(lots((100, 1000)), trades((SELL, 101, 5000, 0, CLOSE), (SELL, 40, 900)))
    assert result.refused.tolist() == [OVER_CLOSE, BOOKED]
    assert legs(result) == [(1, False, LONG, 40, 900, 0)]
    assert left(result) == [(LONG, 60, 600)]


def test_a_sale_beyond_the_position_is_refused_whole_where_shorts_are_not_allowed() -> None:
    held = lots((100, 1000))
    result = relieve_fifo(held, trades((SELL, 101, 5000), (SELL, 100, 900), may_short=False))
    assert result.refused.tolist() == [SHORT_NOT_ALLOWED, BOOKED]
    assert left(result) == []
    bought = relieve_fifo(held, trades((BUY, 1, 10), may_short=False))
    assert bought.refused.tolist() == [BOOKED]


def test_a_buy_that_covers_more_than_is_short_opens_a_long_even_where_shorts_are_not_allowed() -> (
    None
):
    held = lots((5, 500), side=SHORT)
    result = relieve_fifo(held, trades((BUY, 8, 800), may_short=False))
    assert left(result) == [(LONG, 3, 300)]


def test_a_lot_without_cost_is_relieved_in_units() -> None:
    result = relieve_fifo(lots((10, 0)), trades((SELL, 4, 100)))
    assert reliefs(result) == [(0, 4, 0)]
    assert left(result) == [(LONG, 6, 0)]


def test_pools_do_not_touch_each_other() -> None:
    result = relieve_fifo(lots((10, 1000)), trades((SELL, 4, 100), pool=1))
    assert left(result) == [(LONG, 10, 1000), (SHORT, 4, 100)]


def test_a_lot_taken_over_can_be_relieved_from_its_day_on() -> None:
    held = lots((10, 1000), since=1)
    result = relieve_fifo(held, trades((SELL, 4, 100), (SELL, 6, 200)))
    assert reliefs(result) == [(0, 6, 600)]
    assert left(result) == [(LONG, 4, 400), (SHORT, 4, 100)]


def test_what_leaves_64_bits_raises_and_never_wraps() -> None:
    with pytest.raises(NumberOverflow):
        relieve_fifo(lots(), trades((BUY, 1, INT64_MAX, 1)))
    with pytest.raises(NumberOverflow):
        relieve_fifo(lots(), trades((SELL, 1, -INT64_MAX, 2)))


def test_the_largest_amounts_are_split_exactly() -> None:
    result = relieve_fifo(lots((3, INT64_MAX)), trades((SELL, 1, 0), (SELL, 2, 0)))
    costs = [cost for _, _, cost in reliefs(result)]
    assert costs == [INT64_MAX // 3, INT64_MAX - INT64_MAX // 3]


steps = st.lists(
    st.tuples(st.sampled_from((BUY, SELL)), st.integers(1, 6), st.integers(0, 99)), max_size=12
)


def met_unit_by_unit(drawn: Sequence[tuple[int, int, int]]) -> tuple[list[tuple[int, int]], int]:
    """Return which trades met, one pair per unit, and the units left open, signed.

    Every trade is laid out in single units; a unit meets the oldest one of the other direction.
    """
    waiting: deque[tuple[int, int]] = deque()
    pairs = []
    for number, (direction, quantity, _) in enumerate(drawn):
        for _ in range(quantity):
            if waiting and waiting[0][1] == -direction:
                pairs.append((number, waiting.popleft()[0]))
            else:
                waiting.append((number, direction))
    return pairs, sum(direction for _, direction in waiting)


@settings(max_examples=150)
@given(steps)
def test_the_kth_unit_sold_meets_the_kth_unit_bought(drawn: list[tuple[int, int, int]]) -> None:
    """An independent definition of FIFO, unit by unit, without lots or cost."""
    result = relieve_fifo(lots(), trades(*drawn))
    pairs, position = met_unit_by_unit(drawn)
    opened_by = result.lots.trade.tolist()
    closed_by = result.legs.trade[result.reliefs.leg].tolist()
    rows = zip(
        closed_by, result.reliefs.lot.tolist(), result.reliefs.quantity.tolist(), strict=True
    )
    found = [(trade, opened_by[lot]) for trade, lot, units in rows for _ in range(units)]
    assert found == pairs
    assert sum(side * units for side, units, _ in left(result)) == position
    assert result.refused.tolist() == [BOOKED] * len(drawn)
