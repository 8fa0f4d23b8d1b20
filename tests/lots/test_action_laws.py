"""Laws of corporate actions on lots; the tolerance is zero unless a test states another.

Invariants are those of the posting model: 24, 25, 26 and 28.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lots.steps import GIVEN, LONG, SHORT, Step, lot_columns, rows_of, run
from tests.lots.streams import carried, identified, steps, streams

from subledger.lots.actions import (
    Acted,
    ActionMoves,
    at_cost,
    beside,
    cost_split,
    moved,
    reduced,
    remaining,
    scaled,
)
from subledger.lots.engine import METHODS, SPECIFIC, Lots
from subledger.numbers import INT64_MAX, Int64Array, part_of

MONEY = ("cost", "cost_base", "ranking_cost")
Ratio = tuple[int, int]
ratios = st.tuples(st.integers(1, 12), st.integers(1, 12))


@st.composite
def held_lots(draw: st.DrawFn) -> Lots:
    """Draw lots of several pools and both sides, some relieved in part or whole, at any cost."""
    most = draw(st.sampled_from((6, 10**4, 10**9)))
    amount = st.integers(-most // 9, most * 99)
    rows = []
    for number in range(draw(st.integers(0, 6))):
        units = draw(st.integers(1, most))
        closed = draw(st.one_of(st.just(0), st.integers(0, units)))
        cost, base, ranking = draw(amount), draw(amount), draw(amount)
        costs = (cost, part_of(cost, closed, units), base, part_of(base, closed, units))
        place = (draw(st.integers(0, 2)), draw(st.sampled_from((LONG, SHORT))))
        chain = (ranking, GIVEN + number, draw(st.integers(1, 3)))
        days = (draw(st.integers(0, 900)), draw(st.integers(0, 900)))
        rows.append((*place, units, closed, *costs, -1, 0, *chain, *days))
    return lot_columns(rows)


def accounts(held: Lots) -> Int64Array:
    """Return a broker account for each lot: pools 0 and 2 are held in one."""
    return held.pool % 2


def next_versions(held: Lots) -> Int64Array:
    return held.version + 1


def total(*parts: Lots | ActionMoves) -> list[int]:
    """Return the sums of cost, base cost and ranking cost."""
    return [sum(int(getattr(part, name).sum()) for part in parts) for name in MONEY]


def left_of(held: Lots) -> Lots:
    return remaining(held, version=next_versions(held)).lots


def by_unit_cost(held: Lots) -> list[tuple[Fraction, int]]:
    """Return lots as rankings see them: exact unit cost, and name in a tie."""
    found = rows_of(held.ranking_cost, held.opened, held.name)
    return sorted((Fraction(cost, units), name) for cost, units, name in found)


@given(held_lots())
def test_what_is_left_is_what_was_acquired_less_what_was_relieved(held: Lots) -> None:
    """Invariant 28."""
    after = left_of(held)
    open_rows = held.opened > held.closed
    assert after.opened.tolist() == (held.opened - held.closed)[open_rows].tolist()
    assert after.cost.tolist() == (held.cost - held.relieved)[open_rows].tolist()
    assert after.cost_base.tolist() == (held.cost_base - held.relieved_base)[open_rows].tolist()
    assert total(left_of(after)) == total(after)


@given(held_lots(), ratios)
def test_other_units_are_those_of_each_account_rounded_down_at_the_cost_there_was(
    held: Lots, ratio: Ratio
) -> None:
    """Invariant 24; no lot is off its exact share by a whole unit."""
    new, per = ratio
    group = accounts(held)
    found = scaled(held, group, new=new, per=per, version=next_versions(held))
    after, before = found.acted, left_of(held)
    assert total(after.lots, found.without_units) == total(before)
    assert total(after.moves) == total(after.lots)
    for account, side, numerator, denominator in rows_of(*found.fractions):
        exact = Fraction(int(before.opened[_of(before, account, side)].sum()) * new, per)
        assert int(after.lots.opened[_of(after.lots, account, side)].sum()) == floor(exact)
        assert Fraction(numerator, denominator) == exact - floor(exact)
    for moves in (after.moves, found.without_units):
        for units_out, units_in in rows_of(moves.units_out, moves.units_in):
            assert abs(units_in - Fraction(units_out * new, per)) < 1
    every = [*after.moves.lot_from.tolist(), *found.without_units.lot_from.tolist()]
    assert sorted(every) == np.flatnonzero(held.opened > held.closed).tolist()


def _of(held: Lots, account: int, side: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray((accounts(held) == account) & (held.side == side))


@given(held_lots(), st.integers(1, 50))
def test_a_split_into_whole_units_and_back_changes_nothing_but_versions(
    held: Lots, new: int
) -> None:
    """Invariant 24: lots, cost, days, and the order of lots by unit cost."""
    before = left_of(held)
    group = accounts(before)
    split = scaled(before, group, new=new, per=1, version=before.version).acted.lots
    assert split.opened.tolist() == (before.opened * new).tolist()
    assert [name for _, name in by_unit_cost(split)] == [name for _, name in by_unit_cost(before)]
    back = scaled(split, group, new=1, per=new, version=before.version)
    assert rows_of(*back.acted.lots) == rows_of(*before)
    assert rows_of(back.fractions.numerator) == [(0,)] * len(back.fractions.numerator)


@given(held_lots(), ratios)
def test_days_of_acquisition_and_holding_stay(held: Lots, ratio: Ratio) -> None:
    new, per = ratio
    after = scaled(held, 0, new=new, per=per, version=next_versions(held)).acted
    elsewhere = moved(after, pool=9, name=after.lots.name)
    for name in ("side", "opened_on", "long_from", "name"):
        before = getattr(held, name)[after.moves.lot_from].tolist()
        assert getattr(elsewhere.lots, name).tolist() == before
    assert set(elsewhere.lots.pool.tolist()) <= {9}


@given(held_lots(), st.lists(st.integers(0, 10**6), min_size=1, max_size=5), st.data())
def test_parts_of_cost_add_up_and_all_but_the_largest_are_rounded_to_even(
    held: Lots, drawn: list[int], data: st.DataObject
) -> None:
    """Invariant 25."""
    weights = [*drawn, data.draw(st.integers(1, 10**6))]
    parts = cost_split(held, weights)
    before = left_of(held)
    largest = weights.index(max(weights))
    assert [sum(int(getattr(part, name).sum()) for part in parts) for name in MONEY] == total(
        before
    )
    rows = np.flatnonzero(held.opened > held.closed).tolist()
    for row, *amounts in rows_of(np.array(rows, np.int64), *(getattr(before, n) for n in MONEY)):
        for name, amount in zip(MONEY, amounts, strict=True):
            split = [int(getattr(part, name)[row]) for part in parts]
            assert sum(split) == amount
            for number, weight in enumerate(weights):
                if number != largest:
                    assert split[number] == round(Fraction(amount * weight, sum(weights)))


@given(held_lots(), ratios, st.integers(0, 1000))
def test_a_spin_off_leaves_units_to_the_parent_and_cost_to_both(
    held: Lots, ratio: Ratio, weight: int
) -> None:
    """Invariant 25; the parent's units are what they were."""
    new, per = ratio
    own, other = cost_split(held, (1001 - weight, weight))
    version = next_versions(held)
    kept = remaining(at_cost(held, own), version=version)
    child = scaled(at_cost(held, other), accounts(held), new=new, per=per, version=version + 1)
    both = beside(kept, moved(child.acted, pool=9, name=child.acted.lots.name))
    before = left_of(held)
    assert total(both.lots, child.without_units) == total(before)
    assert total(both.moves) == total(both.lots)
    count = len(before.opened)
    assert both.lots.opened[:count].tolist() == before.opened.tolist()
    assert both.moves.units_out.tolist()[count:] == [0] * len(child.acted.lots.opened)
    assert both.moves.lot_to.tolist() == list(range(len(both.lots.opened)))
    assert both.moves.units_in.tolist() == both.lots.opened.tolist()


@given(held_lots(), st.integers(0, 10**12))
def test_cash_reduces_cost_to_nothing_and_the_rest_is_above_it(held: Lots, cash: int) -> None:
    """Invariant 26: what costs fell by and what is above are the cash of each account and side."""
    group = accounts(held)
    found = reduced(held, group, cash=cash, version=next_versions(held))
    before, after, fall = left_of(held), found.acted.lots, found.reduction
    fell = [int(amounts.sum()) for amounts in fall]
    assert [one + two for one, two in zip(total(after), fell, strict=True)] == total(before)
    open_rows = held.opened > held.closed
    for account, side in {*rows_of(group[open_rows], held.side[open_rows])}:
        paid = _of(held, account, side)
        assert int((fall.cost + found.excess)[paid].sum()) == cash
    above = found.excess[open_rows].tolist()
    for was, excess, (cost, base) in zip(
        before.cost.tolist(), above, rows_of(after.cost, after.cost_base), strict=True
    ):
        assert cost == was if was < 0 else 0 <= cost <= was
        assert excess == 0 or cost <= 0
        assert base == 0 or cost != 0 or was <= 0


def acted_on(held: Lots, *, drawn: tuple[str, int, int]) -> Acted:
    """Return lots after an action: of which the child of a spin-off goes to the other pool."""
    kind, new, per = drawn
    version = next_versions(held)
    if kind == "scaled":
        return scaled(held, 0, new=new, per=per, version=version).acted
    if kind == "reduced":
        return reduced(held, 0, cash=new * per, version=version).acted
    if kind == "moved":
        return moved(remaining(held, version=version), pool=1, name=held.name)
    own, other = cost_split(held, (new, per))
    child = scaled(at_cost(held, other), 0, new=new, per=per, version=1).acted
    # A chain of its own: lots of both may come to stand in one pool.
    fresh = moved(child, pool=1, name=child.lots.name + 10 * GIVEN)
    return beside(remaining(at_cost(held, own), version=version), fresh)


kinds = st.sampled_from(("scaled", "reduced", "moved", "spun off"))
actions = st.lists(st.tuples(kinds, st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(streams(), actions, st.data())
def test_both_engines_go_on_alike_from_what_actions_leave(
    stream: tuple[Lots, list[Step]], drawn: Sequence[tuple[str, int, int]], data: st.DataObject
) -> None:
    """`run` compares both engines to the last bit; units and cost in are those that come out."""
    held, first = stream
    # Lots that come later are no lots of this cut.
    there = held.since == 0
    held = Lots(*(column[there] for column in held))
    after = carried(run(*_unnamed(first), held=held), cut=len(first))
    for action in drawn:
        before = after.cost - after.relieved
        after = acted_on(after, drawn=action).lots
        assert action[0] != "moved" or int(before.sum()) == int(after.cost.sum())
    named: list[Step] = []
    for step in data.draw(steps((*range(len(METHODS)),))):
        if step.method == SPECIFIC:
            tried = run(*named, step, held=after, first=500)
            named.append(data.draw(identified(step, tried, row=len(named))))
        else:
            named.append(step)
    found = run(*named, held=after, first=500)
    assert found.lots.cost[: len(after.cost)].tolist() == after.cost.tolist()


def _unnamed(drawn: Sequence[Step]) -> list[Step]:
    """Return steps without the lots they name, which may be lots that were left out."""
    return [step._replace(picks=(), method=0) if step.picks else step for step in drawn]


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(0, 10**6), st.integers(2, 9))
def test_all_units_sold_one_by_one_after_a_split_relieve_the_cost_there_was(
    units: int, cost: int, new: int
) -> None:
    held = lot_columns([(0, LONG, units, 0, cost, 0, cost, 0, -1, 0, cost, GIVEN, 1)])
    after = scaled(held, 0, new=new, per=1, version=2).acted.lots
    sold = run(*[Step(-1, 1, 1)] * (units * new), held=after)
    assert int(sold.reliefs.cost.sum()) == cost
    exact = Fraction(cost, units * new)
    assert all(abs(part - exact) <= 1 for part in sold.reliefs.cost.tolist())


def test_units_near_the_limit_of_64_bits_are_exact() -> None:
    units = INT64_MAX // 7 * 7
    held = lot_columns([(0, LONG, units, 0, 9, 0, 9, 0, -1, 0, 9, GIVEN, 1)])
    found = scaled(held, 0, new=INT64_MAX - 1, per=INT64_MAX, version=2)
    exact = Fraction(units * (INT64_MAX - 1), INT64_MAX)
    assert found.acted.lots.opened.tolist() == [floor(exact)]
    [(numerator, denominator)] = rows_of(*found.fractions[2:])
    assert Fraction(numerator, denominator) == exact - floor(exact)
