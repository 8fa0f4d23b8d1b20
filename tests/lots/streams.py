"""Drawn streams of trades for the laws of the lot engine, with lots named where they are open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st
from tests.lots.steps import GIVEN, LONG, SHORT, Step, lot_columns, run

from subledger.lots.engine import (
    AUTO,
    CLOSE,
    METHODS,
    OPEN,
    SPECIFIC,
    Lots,
    Relieved,
)

UNNAMED = tuple(method for method in range(len(METHODS)) if method != SPECIFIC)
EFFECTS = (AUTO, AUTO, AUTO, OPEN, CLOSE)

amounts = st.integers(0, 99)
fees = st.integers(-9, 20)
days = st.sampled_from((0, 1, 200, 365, 366, 367, 600))


def steps(
    methods: Sequence[int], *, pools: int = 2, effects: Sequence[int] = EFFECTS
) -> st.SearchStrategy[list[Step]]:
    """Draw trades that name no lots, each with a method of its own."""
    one = st.builds(
        Step,
        direction=st.sampled_from((1, -1)),
        quantity=st.integers(1, 6),
        gross=amounts,
        fees=fees,
        effect=st.sampled_from(effects),
        method=st.sampled_from(methods),
        ranking_fees=fees,
        picks=st.just(()),
        pool=st.integers(0, pools - 1),
        gross_base=amounts,
        fees_base=fees,
        on=days,
    )
    return st.lists(one, max_size=12)


@st.composite
def given_lots(draw: st.DrawFn) -> Lots:
    """Draw lots that were there before, or come later; some are used up in part."""
    rows = []
    for number in range(draw(st.integers(0, 3))):
        opened, cost, cost_base = (draw(st.integers(1, 9)) for _ in range(3))
        closed = draw(st.integers(0, opened - 1))
        place = (draw(st.integers(0, 1)), draw(st.sampled_from((LONG, SHORT))))
        costs = (cost, cost * closed // opened, cost_base, cost_base * closed // opened)
        since = 0 if closed else draw(st.integers(0, 6))
        chain = (draw(st.integers(0, 9)), GIVEN + number, draw(st.integers(1, 3)))
        term = (draw(days), draw(days))
        rows.append((*place, opened, closed, *costs, -1, since, *chain, *term))
    return lot_columns(rows)


@st.composite
def streams(
    draw: st.DrawFn, *, methods: Sequence[int] = (*UNNAMED, SPECIFIC)
) -> tuple[Lots, list[Step]]:
    """Draw lots and trades of every method; those under SPECIFIC name lots that are open."""
    held = draw(given_lots())
    drawn = draw(steps(methods))
    named: list[Step] = []
    for step in drawn:
        if step.method == SPECIFIC:
            named.append(draw(identified(step, run(*named, step, held=held), row=len(named))))
        else:
            named.append(step)
    return held, named


@st.composite
def identified(draw: st.DrawFn, step: Step, tried: Relieved, *, row: int) -> Step:
    """Return a trade that names all it closes: open lots in any order, each as far as it goes."""
    lots = tried.lots
    untouched = tried.refused[row] != 0
    before = lots.opened - lots.closed
    if not untouched:
        mine = tried.legs.trade[tried.reliefs.leg] == row
        np.add.at(before, tried.reliefs.lot[mine], tried.reliefs.quantity[mine])
    there = (lots.pool == step.pool) & (lots.side == -step.direction) & (lots.since <= row)
    rows = draw(st.permutations(np.flatnonzero(there & (before > 0)).tolist()))
    left = 0 if step.effect == OPEN else min(step.quantity, sum(int(before[n]) for n in rows))
    picks = []
    for n in rows:
        units = min(left, int(before[n]))
        if units:
            picks.append((int(lots.name[n]), int(lots.version[n]), units))
        left -= units
    return step._replace(picks=tuple(picks))


def by_arrival(lots: Lots) -> list[int]:
    """Return the rows of lots in the order in which they came."""
    order: list[int] = np.lexsort((lots.trade < 0, lots.since)).tolist()
    return order


def carried(result: Relieved, *, cut: int) -> Lots:
    """Return open lots as the next part of the stream takes them, in the order of arrival."""
    lots = result.lots
    rows = [row for row in by_arrival(lots) if lots.opened[row] > lots.closed[row]]
    open_lots = Lots(*(column[rows] for column in lots))
    since = np.where(open_lots.trade < 0, np.maximum(open_lots.since - cut, 0), 0)
    return open_lots._replace(since=since, trade=np.full(len(rows), -1))
