"""The kernel is the reference, bit for bit: on large books, large numbers, and cut in time.

`steps.run` runs both engines in every other test of this room as well.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lots.steps import LONG, SHORT, Step, lots, picks_of, relieved, run, trades_of
from tests.lots.streams import EFFECTS, UNNAMED, carried, streams

from subledger.lots import engines, opened, reference
from subledger.lots.engine import (
    AUTO,
    AVERAGE,
    FIFO,
    HIFO,
    LIFO,
    METHODS,
    Engine,
    Lots,
    Picks,
    Trades,
)
from subledger.numbers import INT64_MAX, NumberOverflow, part_of

no_picks = picks_of(())
places = st.integers(0, 8)


@st.composite
def wide_books(draw: st.DrawFn) -> tuple[Lots, Trades]:
    """Draw a book of any decimals, up to where amounts leave 64 bits."""
    units, money = 10 ** draw(places), 10 ** draw(places)
    largest = draw(st.sampled_from((9, 10**6, 2**62 // units)))
    dearest = draw(st.sampled_from((99, 10**7, 2**62 // money)))
    quantity = st.integers(1, largest).map(lambda n: n * units)
    amount = st.integers(-dearest // 9, dearest).map(lambda n: n * money + n % 7)
    methods = draw(st.lists(st.sampled_from(UNNAMED), min_size=1, max_size=3))
    step = st.builds(
        Step,
        direction=st.sampled_from((1, 1, -1)),
        quantity=quantity,
        gross=amount,
        fees=amount,
        effect=st.sampled_from(EFFECTS),
        method=st.sampled_from(methods),
        ranking_fees=amount,
        picks=st.just(()),
        pool=st.sampled_from((0, 0, 0, 1, 5, 10**12, -3)),
        gross_base=amount,
        fees_base=amount,
        on=st.integers(0, 900),
    )
    rows = []
    for number in range(draw(st.integers(0, 3))):
        whole, cost, cost_base = draw(quantity), draw(amount), draw(amount)
        closed = draw(st.integers(0, whole))
        costs = (cost, part_of(cost, closed, whole), cost_base, part_of(cost_base, closed, whole))
        place = (draw(st.sampled_from((0, 5))), draw(st.sampled_from((LONG, SHORT))))
        chain = (draw(amount), number, 1, draw(st.integers(0, 900)), draw(st.integers(0, 900)))
        rows.append((*place, whole, closed, *costs, -1, draw(st.integers(0, 9)), *chain))
    table = np.array(rows, np.int64).reshape(len(rows), len(Lots._fields))
    held = Lots(*(table[:, n] for n in range(len(Lots._fields))))
    return held, trades_of(draw(st.lists(step, max_size=25)))


@settings(max_examples=400, deadline=None)
@given(wide_books(), st.sampled_from((1, 2)))
def test_both_engines_give_the_same_or_raise_both(book: tuple[Lots, Trades], threads: int) -> None:
    held, trades = book
    try:
        relieved(held, trades, no_picks, threads=threads)
    except NumberOverflow:
        return


@settings(max_examples=100, deadline=None)
@given(streams(), st.data())
def test_both_engines_go_on_from_any_cut_alike(
    stream: tuple[Lots, list[Step]], data: st.DataObject
) -> None:
    held, drawn = stream
    cut = data.draw(st.integers(0, len(drawn)))
    run(*drawn[cut:], held=carried(run(*drawn[:cut], held=held), cut=cut), first=cut)


def skewed_book(count: int, *, methods: tuple[int, ...], pools: int = 40) -> Trades:
    """Return trades of which a few pools have most, with fees and rebates, over two years."""
    draw = np.random.default_rng(7)
    quantity = draw.integers(1, 500, count) * 10**8
    gross = draw.integers(100, 10**7, count) * (quantity // 10**6)
    fees = draw.integers(-50, 900, count)
    days = np.arange(count) * 730 // count
    return Trades(
        pool=np.minimum(draw.zipf(1.4, count), pools) - 1,
        direction=np.where(draw.random(count) < 0.47, 1, -1),
        effect=np.full(count, AUTO),
        quantity=quantity,
        gross=gross,
        fees=fees,
        gross_base=gross * 9 // 10,
        fees_base=fees,
        ranking_fees=fees,
        method=draw.choice(methods, count),
        name=np.arange(count),
        picks_from=np.zeros(count + 1, np.int64),
        may_short=np.ones(count, bool),
        traded_on=days,
        long_from=days + 366,
    )


@pytest.mark.parametrize("method", UNNAMED, ids=lambda n: METHODS[n])
def test_both_engines_relieve_a_skewed_book_alike(method: int) -> None:
    relieved(lots(), skewed_book(4000, methods=(method,)), no_picks, threads=2)


def test_both_engines_follow_methods_that_change_over_time() -> None:
    relieved(lots(), skewed_book(4000, methods=UNNAMED), no_picks, threads=2)


def test_trades_of_more_than_one_chunk_are_restored_to_their_order() -> None:
    count = 70_000
    trades = skewed_book(count, methods=(FIFO, AVERAGE), pools=3000)
    result = relieved(lots(), trades, no_picks, threads=2)
    assert sorted(set(result.legs.trade.tolist())) == list(range(count))


def test_an_overflow_in_one_pool_of_many_raises_in_both() -> None:
    steps = [Step(1, 1, 1, pool=pool) for pool in range(9)]
    with pytest.raises(NumberOverflow):
        run(*steps, Step(1, INT64_MAX, 1), Step(1, INT64_MAX, 1))


def test_the_kernel_is_chosen_where_a_batch_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def asked_for(name: str) -> Engine:
        asked.append(name)
        return reference.relieve

    monkeypatch.setattr(engines, "engine", asked_for)
    monkeypatch.setattr(engines, "LARGE", 2)
    for installed in (True, False):
        monkeypatch.setattr(engines, "has_kernel", lambda installed=installed: installed)
        for count in (1, 2):
            engines.relieve(lots(), trades_of([Step(1, 1, 1)] * count), picks=no_picks)
    assert asked == ["reference", "kernel", "reference", "reference"]


def test_a_large_batch_without_the_kernel_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_kernel", lambda: False)
    assert engines.notice(engines.LARGE - 1) == ""
    assert "extra fast" in engines.notice(engines.LARGE)
    monkeypatch.setattr(engines, "has_kernel", lambda: True)
    assert engines.notice(engines.LARGE) == ""


@pytest.mark.parametrize("method", [FIFO, LIFO, HIFO, AVERAGE], ids=lambda n: METHODS[n])
def test_twice_the_trades_of_one_pool_are_twice_the_operations(
    method: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted: entries, takings and pushes; all lots of the pool stay open for half of the time."""
    counted = 0

    def counting(function: Any) -> Any:
        def called(*args: Any) -> Any:
            nonlocal counted
            counted += 1
            return function(*args)

        return called

    for name in ("enter", "take", "first_ranked", "oldest", "newest"):
        monkeypatch.setattr(opened.OpenLots, name, counting(getattr(opened.OpenLots, name)))
    for name in ("heappush", "heappop"):
        monkeypatch.setattr(heapq, name, counting(getattr(heapq, name)))
    totals = []
    for half in (500, 1000, 2000):
        counted = 0
        steps = [Step(1, 10, 100 + n % 7) for n in range(half)]
        steps += [Step(-1, 10, 100) for _ in range(half)]
        trades = trades_of([step._replace(method=method) for step in steps])
        reference.relieve(lots(), trades, picks=Picks(*no_picks))
        totals.append(counted)
    assert totals[1] <= 2 * totals[0] + 4
    assert totals[2] <= 2 * totals[1] + 4
