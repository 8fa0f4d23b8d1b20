"""A large month booked in portions of whole days: each is handed on, added up, and let go.

Booking can be cut anywhere in time with the same result, so a month that is larger than memory is
the booking of its days. What a close asks of the month is the sum of what it asks of portions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried, Events, Terms
from subledger.booking.partitioning import Executor
from subledger.closing.tally import Tally, tally_of
from subledger.columns import Days, concatenate, days, ordered, texts, with_own_texts
from subledger.exports.beancount_sums import DailySums, daily_sums, joined_sums
from subledger.journal.difference import difference
from subledger.journal.journal import Journal
from subledger.tables import CONVERSIONS, EXCEPTIONS

# Trades and settlements that are booked at once: as many as are quick together. Every month is cut
# at the same days, whichever machine books it.
ROWS = 200_000


class Portion(NamedTuple):
    """Some days of a month as they were booked, and what posting adds to their journal."""

    number: int
    journal: Journal
    booking: Booking


Take = Callable[[str, Portion], None]  # the month's label, and what to do with each portion


@dataclass(frozen=True, slots=True)
class InPortions:
    """A month of which only sums are left, and what it hands on; its tables were handed on."""

    tally: Tally
    sums: DailySums
    event_kinds: frozenset[str]
    carried: Carried
    conversions: pa.Table
    exceptions: pa.Table


@dataclass(frozen=True, slots=True)
class Numbered:
    """Under what a month is booked, from which entry number on, and what is posted by days."""

    terms: Terms
    executor: Executor
    label: str
    next_seq: int
    posted: Callable[[np.datetime64, np.datetime64], Journal]


def runs_of_days(events: Events) -> list[tuple[np.datetime64, np.datetime64]]:
    """Return the first and last day of each portion, none where a month is not worth a cut.

    They are whole days, with about as many trades and settlements each. What happens before the
    first of these is in the first portion, what happens after the last in the last.
    """
    moved = [days(table, "accounting_date") for table in (events.trades, events.settling)]
    on, count = np.unique(np.concatenate(moved), return_counts=True)
    parts = -(-int(count.sum()) // ROWS)
    if parts <= 1:
        return []
    # A day belongs to the portion in which its middle row falls.
    middle = np.cumsum(count) - count / 2
    portion = np.minimum((middle * parts / count.sum()).astype(np.int64), parts - 1)
    starts = on[np.flatnonzero(np.diff(portion, prepend=-1))]
    return _from_first_to_last(starts)


def _from_first_to_last(starts: Days) -> list[tuple[np.datetime64, np.datetime64]]:
    first = [np.datetime64("0001-01-01", "D"), *starts[1:]]
    last = [*(starts[1:] - np.timedelta64(1, "D")), np.datetime64("9999-12-31", "D")]
    return list(zip(first, last, strict=True))


def book_in_portions(
    events: Events,
    carried: Carried,
    *,
    within: Sequence[tuple[np.datetime64, np.datetime64]],
    numbered: Numbered,
    take: Take,
) -> InPortions:
    """Book a month portion by portion, each of which `take` is given with what posting adds."""
    terms, seq = numbered.terms, numbered.next_seq
    done: InPortions | None = None
    with ThreadPoolExecutor(1) as beside:  # what is booked is added up beside the next portion
        adding: Future[InPortions] | None = None
        for number, (first, last) in enumerate(within):
            own = _own(events.between(first, last))
            part = book(own, carried, terms=terms, executor=numbered.executor)
            added = difference(
                Journal(part.entries, part.lines),
                numbered.posted(first, last),
                basis=terms.policy.name,
                next_seq=seq,
            )
            take(numbered.label, Portion(number, added, part))
            seq += added.entries.num_rows
            carried = _with_own_texts(part.carried)
            done = adding.result() if adding else None
            adding = beside.submit(_with, done, part, journal=added, terms=terms)
            del own, part, added  # before the next one is made
        assert adding is not None
        return replace(adding.result(), carried=carried)


def _own(events: Events) -> Events:
    """Return events whose trades hold no text but their own, where the month holds all texts."""
    trades, settling = with_own_texts(events.trades), with_own_texts(events.settling)
    return replace(events, trades=trades, settling=settling)


def _with_own_texts(carried: Carried) -> Carried:
    """Return what is carried on without the texts of all that was not."""
    lots, unsettled = with_own_texts(carried.lots), with_own_texts(carried.unsettled)
    return replace(carried, lots=lots, unsettled=unsettled)


def _with(done: InPortions | None, part: Booking, *, journal: Journal, terms: Terms) -> InPortions:
    """Add a portion to those before it."""
    sums, tally = daily_sums(journal), Tally.of(journal, part.reliefs, chart=terms.chart)
    kinds = frozenset(texts(part.entries, "event_kind").distinct())
    found = InPortions(tally, sums, kinds, part.carried, part.conversions, part.exceptions)
    if done is None:
        return found
    rates = concatenate(CONVERSIONS, [done.conversions, part.conversions])
    exceptions = concatenate(EXCEPTIONS, [done.exceptions, part.exceptions])
    return replace(
        found,
        tally=tally_of([done.tally, tally]),
        sums=joined_sums([done.sums, sums]),
        event_kinds=done.event_kinds | kinds,
        conversions=ordered(CONVERSIONS, rates),
        exceptions=ordered(EXCEPTIONS, exceptions),
    )
