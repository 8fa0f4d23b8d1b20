"""Booked in parts of whole instruments, a window gives what it gives at once, byte for byte.

8 to 25 examples of random firms; the tolerance is zero. Parts that are sent away are pickled.
"""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import firms, for_any_firm
from tests.laws.facts import GAAP, day, instrument, trade
from tests.laws.firm import Firm
from tests.laws.test_time_cut import between

from subledger.booking.book import asset_classes, book
from subledger.booking.inputs import Booking, Carried, Events, Terms
from subledger.booking.part import Part
from subledger.booking.partitioning import INLINE, Executor, Window, divided
from subledger.booking.policy import BasisPolicy
from subledger.booking.screening import screen
from subledger.columns import texts
from subledger.conversion import Conversions
from subledger.executors import Threads
from subledger.numbers import INT64_MAX, NumberOverflow
from subledger.tables import STATES

MADE = ("entries", "lines", "measures", "reliefs", "conversions", "exceptions")


class InParts:
    """Runs each part here, one after another; where it is sent, as a copy of its bytes."""

    least = 1

    def __init__(self, parts: int, *, sent: bool = False) -> None:
        self.parts = parts
        self._sent = sent

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        if not self._sent:
            return [function(item) for item in items]
        return [_copy(_copy(function)(_copy(item))) for item in items]


def _copy(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value, protocol=5))  # noqa: S301 - our own bytes


def assert_same(one: Booking, other: Booking) -> None:
    """Compare two bookings in all that they return, values and their order."""
    for name in MADE:
        assert getattr(one, name).to_pylist() == getattr(other, name).to_pylist(), name
    for state in STATES:
        left, right = (booked.carried.state(state) for booked in (one, other))
        assert left.to_pylist() == right.to_pylist(), state.name


def booked(firm: Firm, executor: Executor) -> Booking:
    return book(firm.events(), Carried(), terms=firm.terms, executor=executor)


def parts_of(events: Events, terms: Terms, executor: Executor) -> list[Part]:
    return divided(_seen(events, Carried(), terms=terms), executor)


@settings(max_examples=25)
@given(firms(most=20), st.sampled_from((2, 3, 5)))
def test_a_window_in_parts_gives_the_same_bytes(firm: Firm, parts: int) -> None:
    assert_same(booked(firm, InParts(parts)), firm.booked())


@settings(max_examples=8)
@given(firms(), st.sampled_from((2, 5)))
def test_parts_that_were_sent_away_give_the_same_bytes(firm: Firm, parts: int) -> None:
    assert_same(booked(firm, InParts(parts, sent=True)), firm.booked())


@settings(max_examples=8)
@given(firms())
def test_threads_give_the_same_bytes(firm: Firm) -> None:
    assert_same(booked(firm, Threads(2, least=1)), firm.booked())


@settings(max_examples=8)
@given(firms(), st.integers(0, 13))
def test_what_was_carried_into_a_window_is_booked_in_parts_too(firm: Firm, cut: int) -> None:
    windows = [between(firm.events(), -500, cut), between(firm.events(), cut, 500)]
    one, other = Carried(), Carried()
    for events in windows:
        whole = book(events, one, terms=firm.terms)
        part = book(events, other, terms=firm.terms, executor=InParts(3))
        assert_same(part, whole)
        one, other = whole.carried, part.carried


@for_any_firm
def test_each_row_of_a_window_is_in_one_part(firm: Firm) -> None:
    [whole] = parts_of(firm.events(), firm.terms, INLINE)
    parts = parts_of(firm.events(), firm.terms, InParts(5))
    for name in ("trades", "exchanges", "opening_lots"):
        key = "lot_id" if name == "opening_lots" else "trade_id"
        found = Counter(one for part in parts for one in texts(getattr(part, name), key))
        assert found == Counter(texts(getattr(whole, name), key)), name
    owners = [set(texts(part.trades, "instrument").distinct()) for part in parts]
    assert sum(map(len, owners)) == len(set().union(*owners))


def test_one_part_is_the_window_itself() -> None:
    firm = _firm([3, 2])
    events, terms = firm.events(), firm.terms
    [part] = parts_of(events, terms, INLINE)
    assert part.ranks is None
    assert part.settling is events.settling


def test_a_small_window_is_not_divided() -> None:
    firm = _firm([3, 2])
    events, terms = firm.events(), firm.terms
    assert len(parts_of(events, terms, Threads(2, least=3))) == 1
    assert len(parts_of(events, terms, Threads(2, least=2))) == 2


def test_parts_are_balanced_by_their_trades_whatever_the_order_of_rows() -> None:
    firm = _firm([5, 4, 3, 2, 1, 1])
    events, terms = firm.events(), firm.terms
    rows = np.random.default_rng(1).permutation(events.trades.num_rows)
    mixed = Events(trades=events.trades.take(rows), conversions=events.conversions)
    for given_ in (events, mixed):
        parts = parts_of(given_, terms, InParts(2))
        assert [part.trades.num_rows for part in parts] == [8, 8]
        assert sorted(texts(parts[0].trades, "instrument").distinct()) == ["I0", "I3", "I4"]


def test_a_trade_whose_item_was_carried_for_another_instrument_is_booked_with_that() -> None:
    """A later version of the trade names another instrument; what settles it settles both items."""
    before, after = _firm([1, 1, 1]), _firm([1, 1, 1])
    left = book(before.events(), Carried(), terms=before.terms).carried.unsettled
    moved = after.but(trades=[{**row, "trade_id": f"X{row['trade_id']}"} for row in after.trades])
    first = {**moved.trades[0], "trade_id": before.trades[2]["trade_id"], "version": 2}
    events = moved.but(trades=[first, *moved.trades[1:]]).events()
    carried = Carried(unsettled=left)
    [one, *others] = divided(_seen(events, carried, terms=after.terms), InParts(3))
    assert len(others) == 1
    assert {"I0", "I2"} <= set(texts(one.unsettled, "instrument").distinct())
    whole = book(events, carried, terms=after.terms)
    assert_same(book(events, carried, terms=after.terms, executor=InParts(3)), whole)


def test_an_overflow_is_raised_wherever_it_happens() -> None:
    firm = _firm([1, 1], policy=replace(GAAP, fees="capitalise"), commission=-200)
    sale = trade("S", "sell", 1, price="1", held=firm.held[1], gross=INT64_MAX - 7)
    firm = firm.but(trades=[*firm.trades, {**sale, "trade_date": day(1)}])
    with pytest.raises(NumberOverflow):
        booked(firm, Threads(2, least=1))


def _firm(counts: Sequence[int], *, policy: BasisPolicy = GAAP, **rest: Any) -> Firm:
    """Return a firm that buys one unit of each instrument as many times as is said."""
    held = [instrument(f"I{number}") for number in range(len(counts))]
    trades = [
        trade(f"T{number}.{n}", "buy", 1, price="1", held=held[number], **rest)
        for number, count in enumerate(counts)
        for n in range(count)
    ]
    return Firm(policy, held, trades=trades)


def _seen(events: Events, carried: Carried, *, terms: Terms) -> Window:
    classes = asset_classes(terms.instruments)
    rates = Conversions(events.conversions, terms.policy.base_currency)
    known = screen(events, classes, terms=terms, rates=rates)
    return Window(events, carried, known, terms, rates, classes)
