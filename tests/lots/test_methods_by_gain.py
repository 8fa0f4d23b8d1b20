"""PRO_RATA, INTRADAY_FIFO and the methods that look at gain, term or price, by worked examples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lots.steps import YEAR, Step, buy, left, lots, reliefs, run, sell

from subledger.lots.engine import (
    BEST_TAX,
    FIFO,
    HIFO,
    HIGHEST_PRICE,
    INTRADAY_FIFO,
    LIFO,
    LOFO,
    LOWEST_PRICE,
    MAX_GAIN,
    MIN_GAIN,
    OPEN,
    PRO_RATA,
)

# 12.00, 13.00, 15.00 and 10.00 a unit, as in test_methods.
PURCHASES = (buy(10, 12000), buy(15, 19500), buy(10, 15000), buy(20, 20000))


def on(day: int, step: Step) -> Step:
    return step._replace(on=day)


@pytest.mark.parametrize(
    ("method", "order"),
    [
        *((FIFO, [0, 1, 2, 3]), (LIFO, [3, 2, 1, 0]), (HIFO, [2, 1, 0, 3]), (LOFO, [3, 0, 1, 2])),
        *((MIN_GAIN, [2, 1, 0, 3]), (MAX_GAIN, [3, 0, 1, 2])),
        *((HIGHEST_PRICE, [2, 1, 0, 3]), (LOWEST_PRICE, [3, 0, 1, 2])),
        *((PRO_RATA, [0, 1, 2, 3]), (BEST_TAX, [2, 1, 0, 3])),
    ],
)
def test_each_method_goes_through_longs_in_its_order(method: int, order: list[int]) -> None:
    result = run(*PURCHASES, sell(55, 66500), method=method)
    assert result.reliefs.lot.tolist() == order
    assert left(result) == []


@pytest.mark.parametrize(
    ("method", "order"),
    [
        *((HIFO, [3, 0, 1, 2]), (LOFO, [2, 1, 0, 3])),
        *((MIN_GAIN, [3, 0, 1, 2]), (MAX_GAIN, [2, 1, 0, 3])),
        *((HIGHEST_PRICE, [2, 1, 0, 3]), (LOWEST_PRICE, [3, 0, 1, 2])),
        (BEST_TAX, [3, 0, 1, 2]),
    ],
)
def test_on_shorts_gains_turn_the_order_and_prices_do_not(method: int, order: list[int]) -> None:
    """A short that brought least gains least; csingley/capgains takes the highest price instead."""
    sold = (sell(10, amount) for amount in (12000, 13000, 15000, 10000))
    result = run(*sold, buy(40, 44000), method=method)
    assert result.reliefs.lot.tolist() == order


def test_gain_is_that_of_the_books_and_cost_to_rank_by_has_all_fees() -> None:
    """By price the first is dearer, with its expensed fees the second."""
    first, second = buy(10, 10000), buy(10, 9900)
    expensed = (first._replace(ranking_fees=20), second._replace(ranking_fees=500))
    assert run(*expensed, sell(5, 1), method=MIN_GAIN).reliefs.lot.tolist() == [0]
    assert run(*expensed, sell(5, 1), method=MAX_GAIN).reliefs.lot.tolist() == [1]
    assert run(*expensed, sell(5, 1), method=HIFO).reliefs.lot.tolist() == [1]
    assert run(*expensed, sell(5, 1), method=HIGHEST_PRICE).reliefs.lot.tolist() == [1]


def test_pro_rata_shrinks_every_lot_by_the_same_fraction() -> None:
    result = run(*PURCHASES, sell(11, 1), method=PRO_RATA)
    assert reliefs(result) == [(0, 2, 2400), (1, 3, 3900), (2, 2, 3000), (3, 4, 4000)]


def test_what_does_not_divide_falls_to_the_older_lot() -> None:
    """After 1, 2 and 3 of three equal lots, 5/3, 10/3 and 5 of 5 units, rounded up: 2, 4 and 5."""
    bought = (buy(3, 300), buy(3, 600), buy(3, 900))
    assert reliefs(run(*bought, sell(5, 1), method=PRO_RATA)) == [
        *[(0, 2, 200), (1, 2, 400), (2, 1, 300)]
    ]
    assert reliefs(run(*bought, sell(1, 1), method=PRO_RATA)) == [(0, 1, 100)]
    tiny = (buy(1, 10), buy(1000, 1000))
    assert reliefs(run(*tiny, sell(2, 1), method=PRO_RATA)) == [(0, 1, 10), (1, 1, 1)]


@settings(max_examples=200)
@given(st.lists(st.integers(1, 2**62 // 8), min_size=1, max_size=8), st.data())
def test_shares_add_up_and_are_the_exact_ones_rounded_up_or_down(
    units: list[int], data: st.DataObject
) -> None:
    closing = data.draw(st.integers(1, sum(units)))
    result = run(*(buy(one, 1) for one in units), sell(closing, 1), method=PRO_RATA)
    taken = dict.fromkeys(range(len(units)), 0)
    taken.update({lot: quantity for lot, quantity, _ in reliefs(result)})
    assert sum(taken.values()) == closing
    for lot, one in enumerate(units):
        assert 0 <= taken[lot] <= one
        assert abs(taken[lot] * sum(units) - one * closing) < sum(units)


def test_lots_of_the_same_day_are_taken_before_the_oldest() -> None:
    bought = (on(1, buy(5, 500)), on(2, buy(5, 600)), on(3, buy(5, 700)), on(2, buy(5, 800)))
    sold = on(2, sell(12, 1))
    result = run(*bought, sold, method=INTRADAY_FIFO)
    assert reliefs(result) == [(1, 5, 600), (3, 5, 800), (0, 2, 200)]
    assert run(*bought, on(9, sell(12, 1)), method=INTRADAY_FIFO).reliefs.lot.tolist() == [0, 1, 2]


def test_shorts_of_the_same_day_are_covered_first() -> None:
    sold = (on(1, sell(5, 500)), on(2, sell(5, 600)))
    assert run(*sold, on(2, buy(6, 1)), method=INTRADAY_FIFO).reliefs.lot.tolist() == [1, 0]


def tax_lots() -> tuple[Step, ...]:
    """Return lots of one unit: bought on day 0, so long-term from day YEAR on, or on day 300."""
    early = (on(0, buy(1, cost)) for cost in (120, 100, 90, 130))
    late = (on(300, buy(1, cost)) for cost in (125, 100, 95, 110, 80))
    return (*early, *late)


def test_best_tax_takes_losses_then_even_then_gains_each_in_the_order_of_its_term() -> None:
    """Sold at 100: short-term losses 125, 110; long-term ones 130, 120; then 100 and 100; then
    the long-term gain on 90; then the short-term gains on 95 and 80.

    Source: Tamarac, "Tax-efficient": ST loss, LT loss, ST zero, LT zero, LT gain, ST gain.
    """
    result = run(*tax_lots(), on(YEAR, sell(9, 900)), method=BEST_TAX)
    assert result.reliefs.lot.tolist() == [4, 7, 3, 0, 5, 1, 2, 6, 8]


def test_best_tax_counts_the_fees_of_the_sale() -> None:
    """Net of 5 a unit the sale brings 95: the lots at 100 are losses, the one at 95 is even."""
    result = run(*tax_lots(), on(YEAR, sell(9, 900, 45)), method=BEST_TAX)
    assert result.reliefs.lot.tolist() == [4, 7, 5, 3, 0, 1, 6, 2, 8]


def test_a_lot_is_short_term_on_the_day_before_and_long_term_on_its_day() -> None:
    bought = (on(0, buy(1, 90)), on(1, buy(1, 95)))
    assert run(*bought, on(YEAR, sell(1, 100)), method=BEST_TAX).reliefs.lot.tolist() == [0]
    assert run(*bought, on(YEAR - 1, sell(1, 100)), method=BEST_TAX).reliefs.lot.tolist() == [1]


def test_a_sale_that_is_booked_late_sees_the_terms_of_its_own_day() -> None:
    bought = (on(0, buy(2, 180)), on(0, buy(1, 91)), on(200, buy(2, 190)))
    late = (on(YEAR, sell(1, 100)), on(YEAR - 1, sell(1, 100)))
    assert run(*bought, *late, method=BEST_TAX).reliefs.lot.tolist() == [1, 2]


def test_a_short_is_never_long_term() -> None:
    sold = (on(0, sell(1, 110)), on(YEAR + 300, sell(1, 120)))
    assert run(*sold, on(2 * YEAR, buy(1, 100)), method=BEST_TAX).reliefs.lot.tolist() == [0]


@pytest.mark.parametrize("method", [INTRADAY_FIFO, MIN_GAIN, MAX_GAIN, BEST_TAX, PRO_RATA])
def test_each_side_has_an_order_of_its_own(method: int) -> None:
    boxed = (buy(5, 500), sell(5, 400, effect=OPEN), sell(2, 300), buy(2, 100))
    assert reliefs(run(*boxed, method=method)) == [(0, 2, 200), (1, 2, 160)]


@pytest.mark.parametrize("method", [MIN_GAIN, MAX_GAIN, BEST_TAX, HIGHEST_PRICE, LOWEST_PRICE])
def test_of_equal_lots_the_older_is_taken_first(method: int) -> None:
    held = lots((10, 1000), (30, 3000), (20, 2000))
    assert run(sell(60, 9000), held=held, method=method).reliefs.lot.tolist() == [0, 1, 2]
