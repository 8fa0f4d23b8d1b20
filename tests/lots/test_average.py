"""Average cost by worked examples: a pool per side, its versions, and changes of method."""

from __future__ import annotations

import pytest
from tests.lots.steps import (
    GIVEN,
    LONG,
    SHORT,
    buy,
    costs,
    left,
    left_ids,
    legs,
    lot_columns,
    lots,
    moves,
    reliefs,
    rows_of,
    run,
    sell,
)

from subledger.lots.engine import AVERAGE, FIFO, HIFO, LIFO, LOFO, OPEN, SPECIFIC


def test_long_and_short_are_pools_of_their_own() -> None:
    """Short 2 at 101 and long 5 at 102 in one account; sell 2 of the long side.

    Cost is 102 each; short 2 at 101 and long 3 at 102 are left. One signed pool would leave 1 at
    102.6667 (rustledger/rustledger issue 2393).
    """
    result = run(sell(2, 20200), buy(5, 51000, effect=OPEN), sell(2, 20600), method=AVERAGE)
    assert reliefs(result) == [(1, 2, 20400)]
    assert left(result) == [(SHORT, 2, 20200), (LONG, 3, 30600)]


def test_a_section_104_holding_gives_up_its_cost_by_the_fraction_sold() -> None:
    """1,000 shares for 4,150 and 500 for 2,130; 700 are sold, then 400 of the 800 left.

    Source: HMRC helpsheet HS284 (2019), example 3: allowable cost 2,931, 3,349 left, then 1,675.
    It rounds costs up to the pound; in pence they are 2,930.67, 3,349.33 and 1,674.66.
    """
    result = run(
        buy(1000, 400000, 15000),
        buy(500, 205000, 8000),
        sell(700, 336000),
        sell(400, 208000),
        method=AVERAGE,
    )
    assert reliefs(result) == [(1, 700, 293067), (1, 400, 167466)]
    assert left(result) == [(LONG, 400, 628000 - 293067 - 167466)]


def test_a_disposal_does_not_change_the_average_and_an_acquisition_does() -> None:
    """The average is total cost, with the expenses of acquiring, over the number owned.

    Source: Canada Revenue Agency, line 12700, "Identical properties": dispositions do not affect
    the adjusted cost base. 100 at 15.00, 150 at 20.00: 18.00 each. Sell 200, 50 are left at 900.00;
    350 more at 21.00 make 400 at 8,250.00, 20.625 each.
    """
    result = run(
        *(buy(100, 150000), buy(150, 300000), sell(200, 440000), buy(350, 735000)),
        sell(8, 16500),
        method=AVERAGE,
    )
    assert reliefs(result) == [(1, 200, 360000), (2, 8, 16500)]
    assert left(result) == [(LONG, 392, 825000 - 16500)]
    assert left_ids(result) == [(0, 3, 392)]


def test_each_acquisition_ends_the_lot_and_opens_its_next_version() -> None:
    result = run(buy(3, 1000), sell(1, 500), buy(2, 900), method=AVERAGE)
    assert legs(result) == [
        *[(0, True, LONG, 3, 1000, 0), (1, False, LONG, 1, 500, 0), (2, True, LONG, 2, 900, 0)]
    ]
    assert result.legs.lot.tolist() == [0, -1, 1]
    assert reliefs(result) == [(0, 1, 333)]
    assert moves(result) == [(2, 0, -2, -667), (2, 1, 2, 667)]
    ended, opened = rows_of(*result.lots[:13])
    #                pool side opened closed cost relieved, base, trade since rank name version
    assert ended == (0, LONG, 3, 3, 1000, 1000, 1000, 1000, 0, 1, 1000, 0, 1)
    assert opened == (0, LONG, 4, 0, 1567, 0, 1567, 0, 2, 3, 1567, 0, 2)


def test_versions_are_of_the_oldest_lot_until_the_pool_is_empty() -> None:
    result = run(
        *(buy(1, 10), buy(1, 20), buy(1, 30), sell(3, 100), buy(1, 40), buy(1, 50)),
        method=AVERAGE,
    )
    ids = rows_of(result.lots.name, result.lots.version)
    assert ids == [(0, 1), (0, 2), (0, 3), (4, 1), (4, 2)]
    assert costs(result) == [60]


def test_versions_go_on_from_a_pool_that_was_carried_over() -> None:
    pool = lot_columns([(0, LONG, 4, 1, 1000, 250, 800, 200, -1, 0, 1000, 77, 5)])
    result = run(buy(1, 350)._replace(gross_base=300), held=pool, method=AVERAGE)
    assert left_ids(result) == [(77, 6, 4)]
    assert rows_of(*result.moves) == [(0, 0, -3, -750, -600), (0, 1, 3, 750, 600)]
    assert rows_of(result.lots.cost, result.lots.cost_base)[1] == (1100, 900)


def test_shorts_are_averaged_alike() -> None:
    """Sold short 10 for 100.00 less 0.60 and 30 for 420.00 less 1.80; 517.60 over 40 units."""
    result = run(sell(10, 10000, 60), sell(30, 42000, 180), buy(20, 24000), method=AVERAGE)
    assert reliefs(result) == [(1, 20, 25880)]
    assert left(result) == [(SHORT, 20, 25880)]


def test_crossing_zero_empties_one_pool_and_begins_or_joins_the_other() -> None:
    result = run(buy(2, 200), buy(2, 300), sell(5, 600), method=AVERAGE)
    assert reliefs(result) == [(1, 4, 500)]
    assert left_ids(result) == [(2, 1, 1)]
    boxed = run(buy(2, 200), sell(1, 90, effect=OPEN), sell(3, 330), method=AVERAGE)
    assert left(boxed) == [(SHORT, 2, 200)]
    assert left_ids(boxed) == [(1, 2, 2)]


@pytest.mark.parametrize("before", [FIFO, LIFO, HIFO, LOFO, SPECIFIC])
def test_lots_of_another_method_are_joined_before_an_average_is_taken(before: int) -> None:
    """Lots 10 for 100, 20 for 500, 30 for 300; 5 of one are gone, then 11 of what is left."""
    bought = [buy(10, 100), buy(20, 500), buy(30, 300)]
    sold = [] if before == SPECIFIC else [sell(5, 80, method=before)]
    result = run(*bought, *sold, sell(11, 200, method=AVERAGE))
    gone = sum(costs(result)[:-1])
    units, cost = 60 - 5 * len(sold), 900 - gone
    assert reliefs(result)[-1][:2] == (3, 11)
    assert left(result) == [(LONG, units - 11, cost - costs(result)[-1])]
    leg = len(bought) + len(sold)
    assert [row[:2] for row in moves(result)] == [(leg, 0), (leg, 1), (leg, 2), (leg, 3)]
    assert moves(result)[-1] == (leg, 3, units, cost)
    assert left_ids(result) == [(0, 2, units - 11)]


def test_the_trade_that_joins_lots_is_the_one_that_made_the_new_lot() -> None:
    result = run(buy(1, 10), buy(1, 20), sell(1, 1, method=AVERAGE))
    assert rows_of(result.lots.trade, result.lots.since) == [(0, 1), (1, 2), (2, 3)]


def test_one_lot_of_another_method_is_relieved_in_place() -> None:
    result = run(buy(10, 100), sell(4, 1, method=AVERAGE), sell(6, 1))
    assert moves(result) == []
    assert reliefs(result) == [(0, 4, 40), (0, 6, 60)]


def test_a_later_method_ranks_the_pool_by_its_average() -> None:
    """10 for 100 and 10 for 300 became 20 at 20 each; 5 of them are sold, then 21 and 19 come."""
    result = run(
        *(buy(10, 100), buy(10, 300, method=AVERAGE), sell(5, 1, method=AVERAGE)),
        *(buy(1, 21), buy(1, 19), sell(2, 1, method=HIFO), sell(15, 1, method=HIFO)),
    )
    assert reliefs(result) == [(1, 5, 100), (2, 1, 21), (1, 1, 20), (1, 14, 280), (3, 1, 19)]


def test_what_was_ranked_with_fees_is_averaged_with_fees_for_what_is_left() -> None:
    held = lots((4, 400))._replace(ranking_cost=lots((4, 440)).cost)
    result = run(sell(1, 1), buy(3, 600)._replace(ranking_fees=9), held=held, method=AVERAGE)
    assert result.lots.ranking_cost.tolist() == [440, 330 + 609]
    assert left_ids(result) == [(GIVEN, 2, 6)]


def test_a_lot_taken_over_later_joins_at_the_next_trade() -> None:
    held = lots((4, 400), since=2)
    bought = (buy(1, 10), buy(1, 20))
    sold = run(*bought, sell(3, 1), held=held, method=AVERAGE)
    assert moves(sold)[2:] == [(2, 2, -2, -30), (2, 0, -4, -400), (2, 3, 6, 430)]
    assert reliefs(sold) == [(3, 3, 215)]
    added = run(*bought, buy(1, 1), held=held, method=AVERAGE)
    assert left_ids(added) == [(0, 3, 7)]
    assert left(added) == [(LONG, 7, 431)]
