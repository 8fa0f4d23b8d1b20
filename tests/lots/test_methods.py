"""FIFO, LIFO, HIFO and LOFO by worked examples, in which the orders of all four differ."""

from __future__ import annotations

import pytest
from tests.lots.steps import LONG, SHORT, Step, buy, left, lots, reliefs, run, sell

from subledger.lots.engine import FIFO, HIFO, LIFO, LOFO, OPEN
from subledger.numbers import INT64_MAX

# Bought 1 January 10 at 12.00, 1 February 15 at 13.00, 1 March 10 at 15.00 and 1 April 20 at
# 10.00. Source: Capital One Investing, "Lot Closing Methods", which then sells 25.
PURCHASES = (buy(10, 12000), buy(15, 19500), buy(10, 15000), buy(20, 20000))


@pytest.mark.parametrize(
    ("method", "taken"),
    [
        (FIFO, [(0, 10, 12000), (1, 15, 19500)]),
        (LIFO, [(3, 20, 20000), (2, 5, 7500)]),
        (HIFO, [(2, 10, 15000), (1, 15, 19500)]),
        (LOFO, [(3, 20, 20000), (0, 5, 6000)]),
    ],
)
def test_each_method_takes_other_lots_of_four_purchases(
    method: int, taken: list[tuple[int, ...]]
) -> None:
    result = run(*PURCHASES, sell(25, 35000), method=method)
    assert reliefs(result) == taken
    assert sum(cost for _, _, cost in left(result)) == 66500 - sum(cost for *_, cost in taken)


@pytest.mark.parametrize(
    ("method", "order"),
    [(FIFO, [0, 1, 2, 3]), (LIFO, [3, 2, 1, 0]), (HIFO, [2, 1, 0, 3]), (LOFO, [3, 0, 1, 2])],
)
def test_each_method_goes_through_all_lots_in_its_order(method: int, order: list[int]) -> None:
    result = run(*PURCHASES, sell(55, 66500), method=method)
    assert result.reliefs.lot.tolist() == order
    assert left(result) == []


def shorts(*proceeds: int) -> tuple[Step, ...]:
    return tuple(sell(10, amount) for amount in proceeds)


@pytest.mark.parametrize(
    ("method", "order"),
    [(FIFO, [0, 1, 2, 3]), (LIFO, [3, 2, 1, 0]), (HIFO, [3, 0, 1, 2]), (LOFO, [2, 1, 0, 3])],
)
def test_on_shorts_hifo_takes_the_least_gain_that_is_the_lowest_proceeds(
    method: int, order: list[int]
) -> None:
    """Highest cost is "largest loss, else smallest gain" on both sides.

    Source: Interactive Brokers, "Tax Lot-Matching Methods". A cover at one price gains least on
    the lot that was sold short for the least.
    """
    result = run(*shorts(12000, 13000, 15000, 10000), buy(40, 44000), method=method)
    assert result.reliefs.lot.tolist() == order
    assert set(result.lots.side.tolist()) == {SHORT}


@pytest.mark.parametrize("method", [HIFO, LOFO])
def test_of_lots_of_one_unit_cost_the_older_is_taken_first(method: int) -> None:
    """Source: Tamarac: of the same purchase price the earliest purchase date first."""
    bought = (buy(10, 1000), buy(30, 3000), buy(20, 2000))
    result = run(*bought, sell(60, 9000), method=method)
    assert result.reliefs.lot.tolist() == [0, 1, 2]
    short = run(*shorts(900, 900), buy(20, 1), method=method)
    assert short.reliefs.lot.tolist() == [0, 1]


def test_lots_taken_over_later_are_younger_than_those_bought_before() -> None:
    held = lots((10, 1000), since=2)
    steps = (buy(10, 1000), buy(10, 1000), sell(1, 1), sell(30, 1))
    taken = {method: run(*steps, held=held, method=method) for method in (FIFO, LIFO, HIFO)}
    assert taken[FIFO].reliefs.lot.tolist() == [1, 1, 2, 0]
    assert taken[LIFO].reliefs.lot.tolist() == [0, 0, 2, 1]
    assert taken[HIFO].reliefs.lot.tolist() == [1, 1, 2, 0]


def test_unit_costs_are_compared_exactly() -> None:
    """In doubles both are the same: a third of 2**63 - 1, and the next lower cost over 3."""
    result = run(buy(3, INT64_MAX - 1), buy(3, INT64_MAX), sell(1, 1), method=HIFO)
    assert result.reliefs.lot.tolist() == [1]
    result = run(buy(3, INT64_MAX), buy(3, INT64_MAX - 1), sell(1, 1), method=LOFO)
    assert result.reliefs.lot.tolist() == [1]


def test_lots_are_ranked_by_cost_with_fees_whether_they_are_in_cost_or_not() -> None:
    """The first lot is dearer by price (10.00, 9.90), the second by cost with fees (10.02, 10.40).

    Users of rp2 ask for it (eprbell/rp2 issue 150), which ranks by price.
    """
    first, second = buy(10, 10000, 20), buy(10, 9900, 500)
    assert run(first, second, sell(5, 1), method=HIFO).reliefs.lot.tolist() == [1]
    assert run(first, second, sell(5, 1), method=LOFO).reliefs.lot.tolist() == [0]
    expensed = [one._replace(fees=0, ranking_fees=one.fees) for one in (first, second)]
    result = run(*expensed, sell(5, 1), method=HIFO)
    assert reliefs(result) == [(1, 5, 4950)]


def test_fees_lower_what_a_short_brought_in_its_rank() -> None:
    """10.00 less 0.50 is less than 9.90 less 0.02."""
    brought = (sell(10, 9900, 20), sell(10, 10000, 500))
    assert run(*brought, buy(5, 1), method=HIFO).reliefs.lot.tolist() == [1]
    assert run(*brought, buy(5, 1), method=LOFO).reliefs.lot.tolist() == [0]


def test_a_relief_in_part_does_not_change_the_rank() -> None:
    """After 2 of 3 at 1.00 for 3 the cost left rounds to 0.34 for one; its rank stays 1.00 / 3."""
    result = run(
        *(buy(3, 100), buy(1000, 33500), sell(2, 1, method=FIFO)),
        sell(1, 1, method=HIFO),
    )
    assert reliefs(result)[-1] == (1, 1, 34)


def test_rebates_beyond_the_price_rank_below_zero() -> None:
    result = run(buy(1, 0, -5), buy(1, 0, -7), buy(1, 0), sell(3, 1), method=LOFO)
    assert reliefs(result) == [(1, 1, -7), (0, 1, -5), (2, 1, 0)]


def test_each_trade_relieves_by_its_own_method() -> None:
    ways = (HIFO, FIFO, LOFO, LIFO, HIFO)
    result = run(*PURCHASES, *(sell(1, 1, method=method) for method in ways))
    assert result.reliefs.lot.tolist() == [2, 0, 3, 3, 2]
    assert result.reliefs.cost.tolist() == [1500, 1200, 1000, 1000, 1500]


def test_a_ranking_knows_what_other_methods_have_used_up_and_what_came_since() -> None:
    result = run(
        *PURCHASES,
        sell(1, 1, method=HIFO),
        sell(35, 1, method=FIFO),
        buy(1, 1600),
        sell(2, 1, method=HIFO),
    )
    assert reliefs(result)[-2:] == [(4, 1, 1600), (3, 1, 1000)]


@pytest.mark.parametrize("method", [FIFO, LIFO, HIFO, LOFO])
def test_each_side_has_an_order_of_its_own(method: int) -> None:
    boxed = (buy(5, 500), sell(5, 400, effect=OPEN), sell(2, 300), buy(2, 100))
    result = run(*boxed, method=method)
    assert reliefs(result) == [(0, 2, 200), (1, 2, 160)]
    assert left(result) == [(LONG, 3, 300), (SHORT, 3, 240)]
