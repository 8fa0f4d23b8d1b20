"""Corporate actions on lots by example; amounts are cents, from the posting model's section 2.4."""

from __future__ import annotations

import pytest
from tests.lots.steps import (
    GIVEN,
    LONG,
    SHORT,
    YEAR,
    Rows,
    buy,
    costs,
    left,
    legs,
    lot_columns,
    lots,
    reliefs,
    rows_of,
    run,
    sell,
)
from tests.lots.streams import carried

from subledger.lots.actions import (
    Acted,
    Scaled,
    at_cost,
    beside,
    cost_split,
    moved,
    reduced,
    remaining,
    scaled,
)
from subledger.lots.engine import AVERAGE, HIFO, Lots
from subledger.numbers import INT64_MAX, NumberOverflow

ACCOUNT = 0


def split(held: Lots, new: int, per: int = 1) -> Scaled:
    """Return lots of one broker account with other units, each the next version of its chain."""
    return scaled(held, ACCOUNT, new=new, per=per, version=held.version + 1)


def units_and_costs(found: Lots) -> Rows:
    return rows_of(found.opened - found.closed, found.cost - found.relieved)


def chains(found: Lots) -> Rows:
    return rows_of(found.pool, found.name, found.version, found.opened_on, found.long_from)


def moves(acted: Acted) -> Rows:
    """Return (lot from, lot to, units out, units in, cost) of each move."""
    assert acted.moves.cost.tolist() == acted.moves.cost_base.tolist()
    return rows_of(*acted.moves[:5])


def test_what_is_left_of_a_lot_is_its_successor() -> None:
    """Cost 100.00 of 3 units, of which 33.33 was relieved with one: 66.67 of 2."""
    held = lot_columns([(4, LONG, 3, 1, 10000, 3333, 9000, 3000, -1, 0, 10050, 7, 2, 11, 377)])
    acted = remaining(held, version=3)
    assert rows_of(*acted.lots) == [
        (4, LONG, 2, 0, 6667, 0, 6000, 0, -1, 0, 6700, 7, 3, 11, 377),
    ]
    assert rows_of(*acted.moves) == [(0, 0, 2, 2, 6667, 6000, 6700)]


def test_a_lot_without_open_units_has_no_successor() -> None:
    used = (0, LONG, 5, 5, 1000, 1000, 1000, 1000, -1, 0, 1000, 1, 1)
    held = lot_columns([used, (0, SHORT, 5, 0, 900, 0, 900, 0, -1, 0, 900, 2, 1)])
    acted = remaining(held, version=held.version + 1)
    assert chains(acted.lots) == [(0, 2, 2, 0, YEAR)]
    assert moves(acted) == [(1, 0, 5, 5, 900)]


def test_a_split_doubles_units_and_keeps_cost() -> None:
    """100 @66.30 become 200 @33.15."""
    after = split(lots((100, 663000)), 2)
    assert units_and_costs(after.acted.lots) == [(200, 663000)]
    assert chains(after.acted.lots) == [(0, GIVEN, 2, 0, YEAR)]
    assert moves(after.acted) == [(0, 0, 100, 200, 663000)]
    assert rows_of(*after.fractions) == [(ACCOUNT, LONG, 0, 1)]


def test_a_stock_dividend_of_the_same_class_spreads_cost() -> None:
    """400 @33 and 10 % are 440 @30."""
    assert units_and_costs(split(lots((400, 1320000)), 110, 100).acted.lots) == [(440, 1320000)]


def test_a_reverse_split_leaves_a_fraction() -> None:
    """100 units, one for three: 33 and a third."""
    after = split(lots((100, 5000)), 1, 3)
    assert units_and_costs(after.acted.lots) == [(33, 5000)]
    assert rows_of(*after.fractions) == [(ACCOUNT, LONG, 1, 3)]


def test_lots_of_an_account_are_rounded_together_and_those_that_get_nothing_are_told() -> None:
    """Three lots of 1, one for two: 1.5 units are 1, and after each lot 0, 1 and 1."""
    after = split(lots((1, 100), (1, 110), (1, 120)), 1, 2)
    assert units_and_costs(after.acted.lots) == [(1, 110)]
    assert moves(after.acted) == [(1, 0, 1, 1, 110)]
    assert rows_of(*after.without_units) == [
        (0, -1, 1, 0, 100, 100, 100),
        (2, -1, 1, 0, 120, 120, 120),
    ]
    assert rows_of(*after.fractions) == [(ACCOUNT, LONG, 1, 2)]


def test_broker_accounts_and_sides_are_rounded_apart() -> None:
    """One for two: 3 and 3 in one account are 3, 3 in the other 1, and 5 short there 2."""
    rows = [(LONG, 3), (LONG, 3), (LONG, 3), (SHORT, 5)]
    held = lot_columns(
        (0, side, units, 0, 90, 0, 90, 0, -1, 0, 90, number, 1)
        for number, (side, units) in enumerate(rows)
    )
    after = scaled(held, [8, 9, 8, 9], new=1, per=2, version=2)
    assert rows_of(after.acted.lots.side, after.acted.lots.opened) == [
        (LONG, 1),
        (LONG, 1),
        (LONG, 2),
        (SHORT, 2),
    ]
    assert rows_of(*after.fractions) == [(8, LONG, 0, 2), (9, LONG, 1, 2), (9, SHORT, 1, 2)]


def test_a_lot_that_was_relieved_in_part_is_split_and_sold_to_the_last_cent() -> None:
    """66.67 over 6 units so far: 11.11, 22.22, 33.34 (33.335 to even), 44.45, 55.56, 66.67."""
    first = run(buy(3, 10000), sell(1, 4000))
    assert costs(first) == [3333]
    held = split(carried(first, cut=2), 3).acted.lots
    assert units_and_costs(held) == [(6, 6667)]
    assert costs(run(*[sell(1, 1500)] * 6, held=held)) == [1111, 1111, 1112, 1111, 1111, 1111]


@pytest.mark.parametrize("method", [HIFO, AVERAGE])
def test_a_split_is_no_purchase_without_cost(method: int) -> None:
    """GnuCash's trap: bought at 1,000, split 2:1, sold in halves at 600 gains 100 and 100.

    A purchase of 100 at nothing would report -400 and +600.
    """
    held = split(carried(run(buy(100, 100000), method=method), cut=1), 2).acted.lots
    after = run(sell(100, 60000), sell(100, 60000), held=held, method=method)
    assert reliefs(after) == [(0, 100, 50000), (0, 100, 50000)]
    assert legs(after)[0] == (0, False, LONG, 100, 60000, 0)
    assert left(after) == []


def test_another_class_takes_its_part_of_cost() -> None:
    """1,000.00 by values of 75 and 25: 750.00 and 250.00."""
    own, other = cost_split(lots((10, 100000)), (75, 25))
    assert (own.cost.tolist(), other.cost.tolist()) == ([75000], [25000])


@pytest.mark.parametrize(
    ("cost", "parent", "child"),
    [(5400, 4808, 592), (540000, 480803, 59197)],
    ids=["whole dollars, as printed", "cents"],
)
def test_a_spin_off_takes_its_percentage_and_the_parent_the_rest(
    cost: int, parent: int, child: int
) -> None:
    """10.9624 % of 5,400.00 is 591.9696: 591.97 go to the child and 4,808.03 stay."""
    parts = cost_split(lots((100, cost)), (1000000 - 109624, 109624))
    assert [part.cost.tolist() for part in parts] == [[parent], [child]]


def test_a_right_takes_its_part_of_cost() -> None:
    """10,000.00: 8,527.13 stay and 1,472.87 go to the rights."""
    parts = cost_split(lots((100, 1000000)), (852713, 147287))
    assert [part.cost.tolist() for part in parts] == [[852713], [147287]]


def test_the_first_of_the_largest_parts_takes_what_the_others_leave() -> None:
    parts = cost_split(lots((1, 100), (1, 1)), ([1, 0], [2, 3], 2))
    assert [part.cost.tolist() for part in parts] == [[20, 0], [40, 1], [40, 0]]
    assert [part.cost_base.tolist() for part in parts] == [[20, 0], [40, 1], [40, 0]]
    assert [part.ranking_cost.tolist() for part in parts] == [[20, 0], [40, 1], [40, 0]]


def test_a_spin_off_leaves_the_parent_its_units_and_the_child_its_days() -> None:
    """LUSID's trap: 100 shares of the parent stay 100, whatever is given for them."""
    held = lot_columns([(0, LONG, 100, 0, 5400, 0, 5400, 0, -1, 0, 5400, 7, 1, 11, 377)])
    own, other = cost_split(held, (1000000 - 109624, 109624))
    kept = remaining(at_cost(held, own), version=2)
    given = scaled(at_cost(held, other), ACCOUNT, new=34, per=100, version=3)
    both = beside(kept, moved(given.acted, pool=5, name=held.name))
    assert units_and_costs(both.lots) == [(100, 4808), (34, 592)]
    assert chains(both.lots) == [(0, 7, 2, 11, 377), (5, 7, 3, 11, 377)]
    assert moves(both) == [(0, 0, 100, 100, 4808), (0, 1, 0, 34, 592)]


def test_a_merger_moves_lots_with_their_cost_and_leaves_a_fraction() -> None:
    """100 ESRX at 7,601.00 become 24 CI and 0.34, at 0.2434 for one."""
    after = split(lots((100, 760100)), 2434, 10000)
    acted = moved(after.acted, pool=3, name=[GIVEN])
    assert units_and_costs(acted.lots) == [(24, 760100)]
    assert chains(acted.lots) == [(3, GIVEN, 2, 0, YEAR)]
    assert rows_of(*after.fractions) == [(ACCOUNT, LONG, 3400, 10000)]


def test_capital_that_is_returned_reduces_cost_to_nothing_and_the_rest_is_gain() -> None:
    """1,000.00 less 500.00 is 500.00; 700.00 more are 500.00 of cost and 200.00 of gain."""
    first = reduced(lots((10, 100000)), ACCOUNT, cash=50000, version=2)
    assert units_and_costs(first.acted.lots) == [(10, 50000)]
    assert (first.reduction.cost.tolist(), first.excess.tolist()) == ([50000], [0])
    second = reduced(first.acted.lots, ACCOUNT, cash=70000, version=3)
    assert units_and_costs(second.acted.lots) == [(10, 0)]
    assert (second.reduction.cost.tolist(), second.excess.tolist()) == ([50000], [20000])
    assert moves(second.acted) == [(0, 0, 10, 10, 0)]


def test_cash_is_shared_by_units_and_base_cost_falls_as_cost_does() -> None:
    """1.00 over three lots of 1: 33, 34 and 33 cents (33.3, 66.7 and 100 so far)."""
    rows = [(100, 90), (34, 50), (20, 7)]
    held = lot_columns(
        (0, LONG, 1, 0, cost, 0, base, 0, -1, 0, cost + 9, number, 1)
        for number, (cost, base) in enumerate(rows)
    )
    found = reduced(held, ACCOUNT, cash=100, version=2)
    assert rows_of(*found.reduction) == [(33, 30, 33), (34, 50, 34), (20, 7, 29)]
    assert found.excess.tolist() == [0, 0, 13]
    lots_left = found.acted.lots
    assert rows_of(lots_left.cost, lots_left.cost_base, lots_left.ranking_cost) == [
        (67, 60, 76),
        (0, 0, 9),
        (0, 0, 0),
    ]


def test_a_cost_below_nothing_stays_where_capital_is_returned() -> None:
    found = reduced(lots((1, -5)), ACCOUNT, cash=3, version=2)
    assert (found.acted.lots.cost.tolist(), found.excess.tolist()) == ([-5], [3])


def test_capital_of_accounts_and_sides_is_shared_apart() -> None:
    used = (0, LONG, 5, 5, 1000, 1000, 1000, 1000, -1, 0, 1000, 1, 1)
    long, short = ((0, side, 3, 0, 90, 0, 90, 0, -1, 0, 90, 2, 1) for side in (LONG, SHORT))
    found = reduced(lot_columns([used, long, short]), [1, 2, 2], cash=[7, 30, 40], version=2)
    assert found.reduction.cost.tolist() == [0, 30, 40]
    assert units_and_costs(found.acted.lots) == [(3, 60), (3, 50)]


def test_no_lots_are_left_as_they_are() -> None:
    none = lots()
    assert rows_of(*split(none, 2).acted.lots) == []
    assert rows_of(*split(none, 2).fractions) == []
    assert rows_of(*reduced(none, ACCOUNT, cash=1, version=1).acted.lots) == []
    assert [part.cost.tolist() for part in cost_split(none, (1, 2))] == [[], []]


def test_units_that_do_not_fit_raise() -> None:
    with pytest.raises(NumberOverflow):
        split(lots((INT64_MAX // 2, 1)), 3)
    with pytest.raises(NumberOverflow):
        split(lots((INT64_MAX, 1), (1, 1)), 1, 2)
