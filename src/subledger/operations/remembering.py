"""Months that are not booked twice: what was booked is known by the hash of what it came from.

A month whose inputs are as they were is read from the store. One that is only marked on its last
day besides is booked further from where it ended: booking can be cut anywhere in time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried, Events, Terms
from subledger.closing.sealing import stated_policy
from subledger.columns import concatenate, days, group_codes, numbers, ordered, texts
from subledger.journal.difference import live
from subledger.journal.journal import Journal
from subledger.operations.portions import InPortions
from subledger.periods import Period
from subledger.store.control import program_version
from subledger.store.hashing import canonical_json, content_hash
from subledger.store.reading import Reading
from subledger.tables import (
    CONVERSIONS,
    CORPORATE_ACTIONS,
    DATED_ACTIONS,
    DATED_CASH,
    DATED_JOURNALS,
    DATED_TRADES,
    ENTRIES,
    EXCEPTIONS,
    INSTRUMENTS,
    LINES,
    MARK_DATES,
    MARK_MEASURES,
    MARKS,
    MEASURES,
    OPENING_BALANCES,
    OPENING_LOTS,
    RELIEFS,
    SETTLING,
    STATES,
    Table,
)

_EVENTS: Mapping[str, Table] = {
    "trades": DATED_TRADES,
    "settling": SETTLING,
    "cash": DATED_CASH,
    "actions": DATED_ACTIONS,
    "announced": CORPORATE_ACTIONS,
    "journals": DATED_JOURNALS,
    "opening_lots": OPENING_LOTS,
    "opening_balances": OPENING_BALANCES,
    "marks": MARKS,
    "mark_dates": MARK_DATES,
    "conversions": CONVERSIONS,
}
# What a booking makes besides its journal, each the newest segment of its month.
MADE: tuple[Table, ...] = (
    MEASURES,
    MARK_MEASURES,
    RELIEFS,
    *STATES,
    CONVERSIONS,
    EXCEPTIONS,
)


class Inputs(NamedTuple):
    """The hash of all that a month is booked from, and apart from it of its last day's marks."""

    inputs: str
    marked: str  # "" where the last day is not marked


def inputs_of(events: Events, carried: Carried, *, terms: Terms, month: Period) -> Inputs:
    """Return what a month is booked from, as hashes; equal ones give equal bookings."""
    before, last = marked_alone(events, month)
    stated = {
        "program": program_version(),
        "policy": stated_policy(terms.policy),
        "chart": terms.chart.hash,
        "decimals": dict(terms.decimals),
        "tolerance": terms.tolerance,
        "instruments": content_hash(terms.instruments, INSTRUMENTS),
        "events": {name: content_hash(getattr(before, name), _EVENTS[name]) for name in _EVENTS},
        "carried": {one.name: content_hash(carried.state(one), one) for one in STATES},
    }
    marks = [content_hash(last.marks, MARKS), content_hash(last.mark_dates, MARK_DATES)]
    any_mark = last.marks.num_rows or last.mark_dates.num_rows
    return Inputs(_sha(stated), _sha(marks) if any_mark else "")


def _sha(stated: object) -> str:
    return hashlib.sha256(canonical_json(stated).encode()).hexdigest()


def marked_alone(events: Events, month: Period) -> tuple[Events, Events]:
    """Return the events without the marks of the month's last day, and these alone."""
    end = np.datetime64(month.end)
    last = days(events.marks, "mark_date") == end
    last_date = days(events.mark_dates, "mark_date") == end
    before = replace(
        events,
        marks=events.marks.filter(pa.array(~last)),
        mark_dates=events.mark_dates.filter(pa.array(~last_date)),
    )
    alone = Events(
        announced=events.announced,
        marks=events.marks.filter(pa.array(last)),
        mark_dates=events.mark_dates.filter(pa.array(last_date)),
        conversions=events.conversions,
    )
    return before, alone


@dataclass(frozen=True)
class Remembered:
    """A booking that is read from the store where it is asked for; its journal is what stands."""

    reading: Reading
    basis: str
    period: str

    @cached_property
    def _standing(self) -> Journal:
        return live(
            Journal(
                self.reading.rows(ENTRIES, basis=self.basis, period=self.period),
                self.reading.rows(LINES, basis=self.basis, period=self.period),
            )
        )

    @property
    def entries(self) -> pa.Table:
        """Return the entries that stand."""
        return self._standing.entries

    @property
    def lines(self) -> pa.Table:
        """Return the lines of the entries that stand."""
        return self._standing.lines

    @property
    def measures(self) -> pa.Table:
        """Return MEASURES."""
        return measures_in(self.reading, self.basis, period=self.period)

    @property
    def reliefs(self) -> pa.Table:
        """Return RELIEFS."""
        return self.made(RELIEFS)

    @property
    def conversions(self) -> pa.Table:
        """Return the rates that were used."""
        return self.made(CONVERSIONS)

    @property
    def exceptions(self) -> pa.Table:
        """Return what could not be booked, or was under doubt."""
        return self.made(EXCEPTIONS)

    @cached_property
    def carried(self) -> Carried:
        """Return what the month handed on."""
        return Carried(**{one.name: self.made(one) for one in STATES})

    def made(self, declared: Table) -> pa.Table:
        """Return one of the tables that booking made."""
        found = self.reading.latest(declared, basis=self.basis, period=self.period)
        return declared.empty() if found is None else found


def recall(
    reading: Reading, basis: str, *, period: str, inputs: Inputs
) -> tuple[Remembered | None, bool]:
    """Return what was booked from the same inputs, and whether the last day's marks are in it.

    None where it was booked from others, or where the store holds something else by now. A booking
    that had other marks on the last day is not remembered.
    """
    row = reading.booked_month(basis, period)
    if row is None or row["inputs"] != inputs.inputs or row["marked"] not in ("", inputs.marked):
        return None, False
    hashes: dict[str, str] = json.loads(row["outputs"])
    if hashes != outputs_of(reading, basis, period=period):
        return None, False
    since = [s for s in reading.segments("entries", basis, period=period) if s.batch > row["batch"]]
    if since:
        return None, False
    return Remembered(reading, basis, period), row["marked"] == inputs.marked


def outputs_of(reading: Reading, basis: str, *, period: str) -> dict[str, str]:
    """Return the hashes of what booking a month has made, as it stands."""
    return {one.name: reading.content_of(one, basis=basis, period=period) for one in MADE}


def measures_in(reading: Reading, basis: str, *, period: str) -> pa.Table:
    """Return MEASURES of a month, those of its last marks among them."""
    written = [
        part
        for declared in (MEASURES, MARK_MEASURES)
        for segment in reading.newest(declared.name, basis, period=period)
        if (part := reading.read(declared, segment)).num_rows
    ]
    if len(written) == 1:
        return written[0]
    return ordered(MEASURES, concatenate(MEASURES, written))


@dataclass(frozen=True)
class Marked:
    """A remembered booking, marked further on its last day; as one where it is asked for."""

    known: Remembered
    added: Booking

    @cached_property
    def entries(self) -> pa.Table:
        """Return the entries of both, those of the marks last."""
        return concatenate(ENTRIES, [self.known.entries, self._later(self.added.entries)])

    @cached_property
    def lines(self) -> pa.Table:
        """Return the lines of both."""
        return concatenate(LINES, [self.known.lines, self._later(self.added.lines)])

    @cached_property
    def measures(self) -> pa.Table:
        """Return MEASURES of both, in order."""
        both = [self.known.measures, self.added.measures]
        return ordered(MEASURES, concatenate(MEASURES, both))

    @property
    def reliefs(self) -> pa.Table:
        """Return RELIEFS: marks relieve nothing."""
        return self.known.reliefs

    @property
    def carried(self) -> Carried:
        """Return what the month hands on."""
        return self.added.carried

    @cached_property
    def conversions(self) -> pa.Table:
        """Return the rates that were used, each once."""
        rates = concatenate(CONVERSIONS, [self.known.conversions, self.added.conversions])
        _, once = group_codes([days(rates, "date"), texts(rates, "currency")])
        return ordered(CONVERSIONS, rates.take(pa.array(once)))

    @property
    def exceptions(self) -> pa.Table:
        """Return nothing: a month of which there are any is booked as a whole."""
        return EXCEPTIONS.empty()

    def _later(self, table: pa.Table) -> pa.Table:
        """Return rows with entry numbers after those of the remembered journal."""
        place = table.column_names.index("seq")
        last = int(numbers(self.known.entries, "seq").max(initial=-1))
        seq = pa.array(numbers(table, "seq") + last + 1)
        return table.set_column(place, table.schema.field(place), seq)


AnyBooking: TypeAlias = Booking | Remembered | Marked


def made_by(booking: Booking | Marked | InPortions) -> list[tuple[Table, pa.Table]]:
    """Return the tables that a booking makes anew, as they are sealed, but for portions."""
    made = [(state, booking.carried.state(state)) for state in STATES]
    made += [(CONVERSIONS, booking.conversions), (EXCEPTIONS, booking.exceptions)]
    if isinstance(booking, InPortions):
        return [(MARK_MEASURES, MARK_MEASURES.empty()), *made]
    if isinstance(booking, Marked):
        return [(MARK_MEASURES, booking.added.measures), *made]
    whole = [(MEASURES, booking.measures), (MARK_MEASURES, MARK_MEASURES.empty())]
    return [*whole, (RELIEFS, booking.reliefs), *made]


def marked_further(
    known: Remembered, events: Events, *, terms: Terms, month: Period
) -> Marked | None:
    """Return a remembered month marked on its last day; None where it is booked anew.

    Doubts are stated for a month as a whole, so a month that has any is booked anew.
    """
    if known.exceptions.num_rows:
        return None
    added = book(marked_alone(events, month)[1], known.carried, terms=terms)
    doubtful = added.exceptions.num_rows or added.reliefs.num_rows
    return None if doubtful else Marked(known, added)
