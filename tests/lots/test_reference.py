"""The lot engine by example: what a disposal uses up, and what it leaves, whatever the method."""

from __future__ import annotations

import pytest
from tests.lots.steps import (
    LONG,
    SHORT,
    Step,
    buy,
    costs,
    left,
    legs,
    lot_columns,
    lots,
    reliefs,
    run,
    sell,
)

from subledger.lots.engine import (
    AVERAGE,
    BOOKED,
    CLOSE,
    METHODS,
    OPEN,
    OVER_CLOSE,
    SHORT_NOT_ALLOWED,
)
from subledger.numbers import INT64_MAX, NumberOverflow

every_method = pytest.mark.parametrize("method", range(len(METHODS)), ids=METHODS)


def test_fifo_takes_the_oldest_lot_first_and_splits_the_next() -> None:
    result = run(sell(150, 180000), held=lots((100, 100000), (100, 120000)))
    assert reliefs(result) == [(0, 100, 100000), (1, 50, 60000)]
    assert left(result) == [(LONG, 50, 60000)]


@every_method
def test_a_cost_that_does_not_divide_is_relieved_cumulatively_and_the_last_takes_the_rest(
    method: int,
) -> None:
    """100.00 over 3 sold one by one is 33.33, 33.34, 33.33: 33.33, 66.67 and 100.00 so far."""
    result = run(buy(3, 10000), *[sell(1, 4000)] * 3, method=method)
    assert costs(result) == [3333, 3334, 3333]


@every_method
def test_halves_are_relieved_to_the_even_unit(method: int) -> None:
    result = run(*[sell(1, 1)] * 4, held=lots((4, 2)), method=method)
    assert costs(result) == [0, 1, 1, 0]


@every_method
def test_relief_goes_on_where_a_lot_that_was_carried_over_stopped(method: int) -> None:
    carried = lot_columns([(0, LONG, 3, 1, 1000, 333, 1000, 333, -1, 0, 1000, 1, 1)])
    result = run(sell(1, 1), sell(1, 1), held=carried, method=method, first=2)
    assert reliefs(result) == [(0, 1, 334), (0, 1, 333)]
    assert left(result) == []


@every_method
def test_crossing_zero_closes_and_opens_with_gross_and_fees_pro_rata(method: int) -> None:
    result = run(sell(150, 150001, 100), held=lots((100, 100000)), method=method)
    assert legs(result) == [
        (0, False, LONG, 100, 100001, 67),
        (0, True, SHORT, 50, 50000, 33),
    ]
    assert left(result) == [(SHORT, 50, 49967)]


def test_crossing_zero_splits_the_fees_that_rank_like_those_of_cost() -> None:
    """The short opened brought 50000 less 50 fees, which were expensed: its cost has none."""
    crossing = sell(150, 150000)._replace(ranking_fees=150)
    result = run(crossing, held=lots((100, 100000)))
    assert left(result) == [(SHORT, 50, 50000)]
    assert result.lots.ranking_cost.tolist() == [100000, 49950]


@every_method
def test_a_rebate_lowers_the_cost_of_a_long_and_raises_the_proceeds_of_a_short(
    method: int,
) -> None:
    assert left(run(buy(10, 1000, -4), method=method)) == [(LONG, 10, 996)]
    assert left(run(sell(10, 1000, -4), method=method)) == [(SHORT, 10, 1004)]


@every_method
def test_base_amounts_are_relieved_by_themselves(method: int) -> None:
    bought = buy(3, 1000, 1)._replace(gross_base=700, fees_base=1)
    result = run(bought, sell(1, 1), sell(1, 1), method=method)
    assert costs(result) == [334, 333]
    assert result.reliefs.cost_base.tolist() == [234, 233]
    assert (result.lots.cost_base.tolist(), result.lots.relieved_base.tolist()) == ([701], [467])


def test_open_keeps_both_sides_and_close_takes_its_own_side() -> None:
    result = run(buy(10, 1000), sell(4, 480, effect=OPEN), sell(3, 360, effect=CLOSE))
    assert left(result) == [(LONG, 7, 700), (SHORT, 4, 480)]
    assert reliefs(result) == [(0, 3, 300)]
    again = run(buy(10, 1000), sell(4, 480, effect=OPEN), buy(6, 660))
    assert left(again) == [(LONG, 10, 1000), (LONG, 2, 220)]


@every_method
def test_close_beyond_what_is_open_is_refused_whole_and_touches_nothing(method: int) -> None:
    held = lots((100, 1000))
    result = run(sell(101, 5000, effect=CLOSE), sell(40, 900), held=held, method=method)
    assert result.refused.tolist() == [OVER_CLOSE, BOOKED]
    assert legs(result) == [(1, False, LONG, 40, 900, 0)]
    assert left(result) == [(LONG, 60, 600)]


@every_method
def test_a_sale_beyond_the_position_is_refused_whole_where_shorts_are_not_allowed(
    method: int,
) -> None:
    held = lots((100, 1000))
    result = run(sell(101, 5000), sell(100, 900), held=held, may_short=False, method=method)
    assert result.refused.tolist() == [SHORT_NOT_ALLOWED, BOOKED]
    assert left(result) == []
    bought = run(buy(1, 10), held=held, may_short=False, method=method)
    assert bought.refused.tolist() == [BOOKED]


@every_method
def test_a_buy_beyond_what_is_short_opens_a_long_even_where_shorts_are_not_allowed(
    method: int,
) -> None:
    result = run(buy(8, 800), held=lots((5, 500), side=SHORT), may_short=False, method=method)
    assert left(result) == [(LONG, 3, 300)]


@every_method
def test_a_lot_without_cost_is_relieved_in_units(method: int) -> None:
    result = run(sell(4, 100), held=lots((10, 0)), method=method)
    assert reliefs(result) == [(0, 4, 0)]
    assert left(result) == [(LONG, 6, 0)]


@every_method
def test_pools_do_not_touch_each_other(method: int) -> None:
    steps = [sell(4, 100)._replace(pool=1), buy(2, 300), buy(9, 90)._replace(pool=1)]
    result = run(*steps, held=lots((10, 1000)), method=method)
    pool_0 = [(LONG, 12, 1300)] if method == AVERAGE else [(LONG, 10, 1000), (LONG, 2, 300)]
    assert sorted(left(result)) == sorted([*pool_0, (LONG, 5, 50)])


@every_method
def test_a_lot_taken_over_can_be_relieved_from_its_day_on(method: int) -> None:
    held = lots((10, 1000), since=1)
    result = run(sell(4, 100), sell(6, 200), held=held, method=method)
    assert reliefs(result) == [(0, 6, 600)]
    assert left(result) == [(LONG, 4, 400), (SHORT, 4, 100)]


def test_what_leaves_64_bits_raises_and_never_wraps() -> None:
    with pytest.raises(NumberOverflow):
        run(buy(1, INT64_MAX, 1))
    with pytest.raises(NumberOverflow):
        run(sell(1, -INT64_MAX, 2))
    with pytest.raises(NumberOverflow):
        run(buy(1, INT64_MAX)._replace(ranking_fees=1))


@pytest.mark.parametrize(
    "largest",
    [
        buy(INT64_MAX, 0),
        buy(1, INT64_MAX),
        buy(1, 0)._replace(gross_base=INT64_MAX),
        buy(1, 0)._replace(ranking_fees=INT64_MAX),
    ],
)
def test_a_pool_that_leaves_64_bits_raises_and_never_wraps(largest: Step) -> None:
    with pytest.raises(NumberOverflow):
        run(largest, largest, method=AVERAGE)
    with pytest.raises(NumberOverflow):
        run(largest, largest, sell(1, 1, method=AVERAGE))


@every_method
def test_the_largest_amounts_are_split_exactly(method: int) -> None:
    result = run(sell(1, 0), sell(2, 0), held=lots((3, INT64_MAX)), method=method)
    assert costs(result) == [INT64_MAX // 3, INT64_MAX - INT64_MAX // 3]


@every_method
def test_nothing_in_gives_nothing_out(method: int) -> None:
    result = run(method=method)
    assert [len(table[0]) for table in result[:4]] == [0, 0, 0, 0]


@every_method
def test_a_lot_that_was_used_up_is_kept_and_not_touched(method: int) -> None:
    used_up = lot_columns([(0, LONG, 3, 3, 1000, 1000, 1000, 1000, -1, 0, 1000, 1, 1)])
    result = run(sell(1, 50), held=used_up, method=method)
    assert reliefs(result) == []
    assert left(result) == [(SHORT, 1, 50)]
    assert result.lots.closed.tolist() == [3, 0]
