"""Laws of the lot engine under every method; the tolerance is zero unless a test states another.

Invariants are those of the posting model: 7, 27, 28 and 44.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lots.steps import Step, left, lots, rows_of, run
from tests.lots.streams import by_arrival, carried, identified, steps, streams

from subledger.lots.engine import (
    AUTO,
    AVERAGE,
    BOOKED,
    FIFO,
    HIFO,
    LIFO,
    LOFO,
    METHODS,
    OPEN,
    PRO_RATA,
    SPECIFIC,
    Lots,
    Relieved,
)

Stream = tuple[Lots, list[Step]]
DIVISIBLE = [method for method in range(len(METHODS)) if method != PRO_RATA]
MONEY = (("cost", "relieved"), ("cost_base", "relieved_base"))


def sums(keys: npt.NDArray[np.int64], values: npt.NDArray[np.int64]) -> Counter[int]:
    """Return the sum of values per key."""
    found: Counter[int] = Counter()
    for key, value in zip(keys.tolist(), values.tolist(), strict=True):
        found[key] += value
    return found


def not_zero(counted: Counter[int]) -> dict[int, int]:
    return {key: value for key, value in counted.items() if value}


def acquired(result: Relieved, amount: str) -> npt.NDArray[np.int64]:
    """Return what each leg's lot cost by itself; of a leg that closes, nothing."""
    suffix = amount.removeprefix("cost")
    gross, fees = (getattr(result.legs, name + suffix) for name in ("gross", "fees"))
    return np.where(result.legs.opens, gross + result.legs.side * fees, 0)


@settings(max_examples=100)
@given(streams())
def test_lot_by_lot_what_came_is_what_was_relieved_moved_and_is_open(stream: Stream) -> None:
    """Invariant 28: in units and in money, local and base."""
    held, drawn = stream
    result = run(*drawn, held=held)
    found, count = result.lots, len(held.pool)
    moved_in = result.moves.quantity > 0
    for whole, used, flow in (
        ("opened", "closed", "quantity"),
        *((cost, relieved, cost) for cost, relieved in MONEY),
    ):
        came = sums(np.arange(count), getattr(held, whole))
        gone = sums(np.arange(count), getattr(held, used))
        own = result.legs.quantity if flow == "quantity" else acquired(result, flow)
        came.update(sums(result.legs.lot[result.legs.opens], own[result.legs.opens]))
        move = getattr(result.moves, flow)
        came.update(sums(result.moves.lot[moved_in], move[moved_in]))
        gone.update(sums(result.reliefs.lot, getattr(result.reliefs, flow)))
        gone.update(sums(result.moves.lot[~moved_in], -move[~moved_in]))
        assert [came[lot] for lot in range(len(found.pool))] == getattr(found, whole).tolist()
        assert [gone[lot] for lot in range(len(found.pool))] == getattr(found, used).tolist()


@settings(max_examples=100)
@given(streams())
def test_the_moves_of_a_leg_sum_to_zero_and_end_the_old_lots(stream: Stream) -> None:
    held, drawn = stream
    result = run(*drawn, held=held)
    moves, found = result.moves, result.lots
    for column in (moves.quantity, moves.cost, moves.cost_base):
        assert set(sums(moves.leg, column).values()) <= {0}
    ended = moves.lot[moves.quantity < 0]
    assert found.closed[ended].tolist() == found.opened[ended].tolist()
    for cost, relieved in MONEY:
        assert getattr(found, cost)[ended].tolist() == getattr(found, relieved)[ended].tolist()


@settings(max_examples=100)
@given(streams())
def test_open_lots_are_the_position_and_stand_on_one_side(stream: Stream) -> None:
    """Invariant 27: both sides of a pool only after lots were given or a trade said open."""
    held, drawn = stream
    result = run(*drawn, held=held)
    found = result.lots
    assert bool(np.all((found.closed >= 0) & (found.closed <= found.opened) & (found.opened > 0)))
    position = sums(held.pool, held.side * (held.opened - held.closed))
    for step, refused in zip(drawn, result.refused, strict=True):
        position[step.pool] += step.direction * step.quantity * (refused == BOOKED)
    units = sums(found.pool, found.side * (found.opened - found.closed))
    assert {pool: position[pool] for pool in (0, 1)} == {pool: units[pool] for pool in (0, 1)}
    open_sides = {
        row[:2] for row in rows_of(found.pool, found.side, found.opened - found.closed) if row[2]
    }
    may_box = {step.pool for step in drawn if step.effect == OPEN} | set(held.pool.tolist())
    boxed = {pool for pool, _ in open_sides if {(pool, 1), (pool, -1)} <= open_sides}
    assert boxed <= may_box


@settings(max_examples=100)
@given(streams())
def test_under_average_one_lot_is_open_on_a_side(stream: Stream) -> None:
    """Every lot was there at the first trade, so that nothing comes between the joins."""
    held, drawn = stream
    averaged = [step._replace(method=AVERAGE, picks=()) for step in drawn]
    result = run(*averaged, held=held._replace(since=np.zeros_like(held.since)))
    legs = rows_of(result.legs.trade, result.legs.side)
    touched = {(averaged[trade].pool, side) for trade, side in legs}
    found = result.lots
    counts = Counter(
        (pool, side)
        for pool, side, units in rows_of(found.pool, found.side, found.opened - found.closed)
        if units
    )
    assert [place for place in touched if counts[place] > 1] == []


def identity(found: Lots, rows: npt.NDArray[np.int64]) -> list[tuple[int, ...]]:
    return rows_of(found.name[rows], found.version[rows])


def history(result: Relieved, start: int) -> list[Any]:
    """Return what the trades from a row on did, with lots by their ids."""
    legs, found = result.legs, result.lots
    late = np.flatnonzero(legs.trade >= start)
    opened = np.where(legs.opens, legs.lot, 0)[late]
    ids = identity(found, opened) if len(found.pool) else []
    told: list[Any] = [
        rows_of(legs.trade[late] - start, *(column[late] for column in legs[1:8])),
        [lot if opens else None for lot, opens in zip(ids, legs.opens[late], strict=True)],
    ]
    for table in (result.reliefs, result.moves):
        rows = np.flatnonzero(legs.trade[table.leg] >= start)
        flows = rows_of(legs.trade[table.leg][rows] - start, *(part[rows] for part in table[2:]))
        told.append(list(zip(flows, identity(found, table.lot[rows]), strict=True)))
    return [*told, result.refused[start:].tolist()]


@settings(max_examples=150)
@given(streams(), st.data())
def test_a_stream_cut_in_two_gives_what_it_gives_uncut(stream: Stream, data: st.DataObject) -> None:
    """Open lots are carried in the order of arrival; used-up lots and their rows are not."""
    held, drawn = stream
    cut = data.draw(st.integers(0, len(drawn)))
    whole = run(*drawn, held=held)
    first = run(*drawn[:cut], held=held)
    second = run(*drawn[cut:], held=carried(first, cut=cut), first=cut)
    assert history(second, 0) == history(whole, cut)
    end = len(drawn)
    ends = carried(second, cut=end - cut), carried(whole, cut=end)
    assert rows_of(*ends[0]) == rows_of(*ends[1])


@settings(max_examples=60)
@given(steps((AUTO,), effects=(AUTO,), pools=1), st.data())
def test_once_flat_every_method_has_relieved_the_same_cost(
    drawn: list[Step], data: st.DataObject
) -> None:
    """Invariant 7: per side, local and base; it is what was acquired."""
    position = sum(step.direction * step.quantity for step in drawn)
    if position:
        drawn = [*drawn, Step(-1 if position > 0 else 1, abs(position), 7)]
    for method in range(len(METHODS)):
        taken = drawn
        if method == SPECIFIC:
            taken = []
            for step in drawn:
                tried = run(*taken, step)
                taken.append(data.draw(identified(step, tried, row=len(taken))))
        result = run(*taken, method=method)
        assert left(result) == []
        assert set(result.refused.tolist()) <= {BOOKED}
        for amount in ("cost", "cost_base"):
            relieved = sums(result.legs.side[result.reliefs.leg], getattr(result.reliefs, amount))
            assert not_zero(relieved) == not_zero(sums(result.legs.side, acquired(result, amount)))


@settings(max_examples=60)
@given(streams(methods=DIVISIBLE), st.integers(2, 9))
def test_a_split_of_every_quantity_changes_no_cost(stream: Stream, factor: int) -> None:
    """But under PRO_RATA, where more units divide more evenly."""
    held, drawn = stream
    split = [
        step._replace(
            quantity=step.quantity * factor,
            picks=tuple((*pick[:2], pick[2] * factor) for pick in step.picks),
        )
        for step in drawn
    ]
    more = held._replace(opened=held.opened * factor, closed=held.closed * factor)
    plain, scaled = run(*drawn, held=held), run(*split, held=more)
    assert (plain.reliefs.quantity * factor).tolist() == scaled.reliefs.quantity.tolist()
    assert rows_of(*plain.reliefs[:2], *plain.reliefs[3:]) == rows_of(
        *scaled.reliefs[:2], *scaled.reliefs[3:]
    )
    assert rows_of(*plain.lots[4:]) == rows_of(*scaled.lots[4:])


@pytest.mark.parametrize("method", [FIFO, LIFO, HIFO, LOFO])
@settings(max_examples=30)
@given(drawn=steps((FIFO,), pools=1), factor=st.integers(2, 9))
def test_all_quantities_times_k_are_all_money_times_k(
    method: int, drawn: list[Step], factor: int
) -> None:
    """Invariant 44: at whole prices and fees per unit, so that nothing is rounded."""

    def times(k: int) -> Relieved:
        return run(
            *(
                step._replace(
                    quantity=step.quantity * k,
                    **{
                        name: getattr(step, name) * step.quantity * k
                        for name in ("gross", "fees", "gross_base", "fees_base", "ranking_fees")
                    },
                )
                for step in drawn
            ),
            method=method,
        )

    one, many = times(1), times(factor)
    assert one.refused.tolist() == many.refused.tolist()
    assert one.reliefs.lot.tolist() == many.reliefs.lot.tolist()
    for name in ("quantity", "cost", "cost_base"):
        ours, theirs = (getattr(result.reliefs, name) for result in (one, many))
        assert (ours * factor).tolist() == theirs.tolist()


KEYS = {
    FIFO: lambda unit: unit[0],
    LIFO: lambda unit: -unit[0],
    HIFO: lambda unit: (-unit[1] * unit[2], unit[0]),
    LOFO: lambda unit: (unit[1] * unit[2], unit[0]),
}


def met_unit_by_unit(drawn: Sequence[Step], method: int) -> list[tuple[int, int]]:
    """Return which trades met, one pair per unit: (closing, opening).

    Every trade is laid out in single units (trade, direction, cost with fees); each meets the unit
    of the other direction that stands first in the order of the method.
    """
    waiting: list[tuple[int, int, Fraction]] = []
    pairs = []
    for number, step in enumerate(drawn):
        ranking = step.gross + step.direction * (step.ranking_fees or 0)
        for _ in range(step.quantity):
            if waiting and waiting[0][1] == -step.direction:
                unit = min(waiting, key=KEYS[method])
                waiting.remove(unit)
                pairs.append((number, unit[0]))
            else:
                waiting.append((number, step.direction, Fraction(ranking, step.quantity)))
    return pairs


@pytest.mark.parametrize("method", [FIFO, LIFO, HIFO, LOFO])
@settings(max_examples=60)
@given(drawn=steps((FIFO,), effects=(AUTO,), pools=1))
def test_each_unit_sold_meets_the_unit_that_the_method_puts_first(
    method: int, drawn: list[Step]
) -> None:
    """An independent definition, unit by unit, without lots or relieved cost."""
    whole = [
        step._replace(
            gross=step.gross * step.quantity, ranking_fees=(step.ranking_fees or 0) * step.quantity
        )
        for step in drawn
    ]
    result = run(*whole, method=method)
    opened_by = result.lots.trade[result.reliefs.lot]
    closed_by = result.legs.trade[result.reliefs.leg]
    rows = rows_of(closed_by, opened_by, result.reliefs.quantity)
    found = [row[:2] for row in rows for _ in range(row[2])]
    assert found == met_unit_by_unit(whole, method)


@settings(max_examples=60)
@given(steps((AVERAGE,), effects=(AUTO,), pools=1))
def test_the_pool_costs_the_exact_moving_average_but_for_its_roundings(drawn: list[Step]) -> None:
    """Tolerance: half a unit per version, since relief is cumulative within each.

    Crossing zero rounds the amounts of the trade itself, half a unit more.
    """
    result = run(*drawn)
    units, exact = 0, Fraction(0)
    for step in drawn:
        cost = step.gross + step.direction * step.fees
        if units * step.direction >= 0:
            exact += cost
        elif step.quantity <= abs(units):
            exact -= exact * step.quantity / abs(units)
        else:
            exact = Fraction(cost * (step.quantity - abs(units)), step.quantity)
        units += step.direction * step.quantity
    found = sum(cost for _, _, cost in left(result))
    assert abs(found - exact) <= Fraction(len(result.lots.pool) + len(drawn), 2)
    assert sum(side * open_units for side, open_units, _ in left(result)) == units


def test_the_order_of_arrival_is_that_of_the_days_on_which_lots_came() -> None:
    late = lots((1, 1), (1, 1), since=1)
    result = run(Step(1, 1, 1), Step(1, 1, 1), held=late)
    assert by_arrival(result.lots) == [2, 0, 1, 3]
