"""Booking cut anywhere in time gives what booking at once gives, byte for byte.

8 to 25 examples with every cut of two weeks drawn; the tolerance is zero.
"""

from __future__ import annotations

import random
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import firms, for_any_firm
from tests.laws.facts import day
from tests.laws.firm import Firm
from tests.laws.reading import plain

from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried, Events
from subledger.columns import concatenate, ordered
from subledger.store.hashing import same
from subledger.tables import EXCEPTIONS, MEASURES, RELIEFS, STATES

_SHUFFLED = tuple(field.name for field in fields(Events) if field.name != "announced")


def between(events: Events, start: int, end: int) -> Events:
    """Return the events of the days from `start` up to, not including, `end`."""
    first, last = np.datetime64(day(start)), np.datetime64(day(end))
    return events.between(first, last - np.timedelta64(1, "D"))


def assert_same(parts: list[Booking], whole: Booking) -> None:
    """Compare bookings one after another with a booking at once, in all that they return."""
    joined = [entry for part in parts for entry in plain(part.entries, part.lines)]
    assert joined == plain(whole.entries, whole.lines)
    for name, declared in (
        ("measures", MEASURES),
        ("reliefs", RELIEFS),
        ("exceptions", EXCEPTIONS),
    ):
        cut = ordered(declared, concatenate(declared, [getattr(part, name) for part in parts]))
        assert cut.to_pylist() == getattr(whole, name).to_pylist(), name
    for state in STATES:
        left = parts[-1].carried.state(state)
        assert left.to_pylist() == whole.carried.state(state).to_pylist(), state.name


@settings(max_examples=14)
@given(firms(), st.lists(st.integers(0, 14), min_size=1, max_size=3, unique=True))
def test_a_to_b_and_b_to_c_are_a_to_c_at_any_cut(firm: Firm, cuts: list[int]) -> None:
    """The time-cut law, tolerance zero: entries, lines, measures, reliefs, lots, open items."""
    events, carried, parts = firm.events(), Carried(), []
    edges = [-500, *sorted(cuts), 500]
    for start, end in pairwise(edges):
        part = book(between(events, start, end), carried, terms=firm.terms)
        carried = part.carried
        parts.append(part)
    assert_same(parts, firm.booked())


@settings(max_examples=8)
@given(firms(), st.integers(0, 10**6))
def test_the_order_of_rows_never_matters(firm: Firm, seed: int) -> None:
    """Invariant 37 of the pure function, tolerance zero: shuffled events give the same bytes."""
    events, chance = firm.events(), random.Random(seed)  # noqa: S311 - no secret

    def shuffled(table: pa.Table) -> pa.Table:
        order = list(range(table.num_rows))
        chance.shuffle(order)
        return table.take(pa.array(order, pa.int64()))

    tables = {name: shuffled(getattr(events, name)) for name in _SHUFFLED}
    mixed = Events(**tables)
    assert_same([book(mixed, Carried(), terms=firm.terms)], firm.booked())


@for_any_firm
def test_booking_twice_gives_the_same_bytes(firm: Firm) -> None:
    """Booking is pure, tolerance zero: no state is kept, nothing that was given is changed."""
    events, again = firm.events(), firm.events()
    first, second = (book(events, Carried(), terms=firm.terms) for _ in range(2))
    for name in ("entries", "lines", "measures", "reliefs", "exceptions"):
        assert same(getattr(first, name), getattr(second, name)), name
    assert all(getattr(events, one.name) == getattr(again, one.name) for one in fields(events))
