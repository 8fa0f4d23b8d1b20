"""What booking the open months of a basis gave, and the journals that stand after posting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import chain, repeat

import numpy as np
import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart
from subledger.closing.knowledge import Known, Sealed
from subledger.closing.tally import Tally, tally_of
from subledger.closing.window import Window
from subledger.columns import days, texts
from subledger.exports.beancount_sums import DailySums, daily_sums, joined_sums
from subledger.journal.journal import Journal, joined
from subledger.operations.portions import InPortions
from subledger.operations.remembering import AnyBooking, Inputs
from subledger.periods import Period
from subledger.store.reading import Reading
from subledger.store.records import Segment
from subledger.tables import ENTRIES, LINES, RELIEFS


@dataclass(frozen=True)
class BookedMonth:
    """A month as booking says it is, and what posting adds to its journal.

    `inputs` is what it was booked from. A booking that is `Remembered` was not made this time:
    the store holds all of it, and nothing is added. Of one that is `InPortions` everything was
    added while it was booked, and `addition` is empty.
    """

    month: Period
    booking: AnyBooking | InPortions
    marks: pa.Table
    addition: Journal
    inputs: Inputs
    reading: Reading
    basis: str
    chart: Chart

    @property
    def posted(self) -> Journal:
        """Return what the month's journal holds."""
        return month_journal(self.reading, self.basis, period=self.month.label)

    @cached_property
    def journal(self) -> Journal:
        """Return the month's journal as it is after posting; not of one that is `InPortions`."""
        return joined([self.posted, self.addition])

    @property
    def parts(self) -> Iterator[Journal]:
        """Yield the same in parts, each small enough to be held beside others; no portions."""
        return in_parts(self.reading, self.basis, period=self.month.label, addition=self.addition)

    @property
    def in_portions(self) -> bool:
        """Say whether the month was booked in portions, of which only sums are left."""
        return isinstance(self.booking, InPortions)

    @cached_property
    def tally(self) -> Tally:
        """Return what the month's journal and its reliefs come to."""
        if isinstance(self.booking, InPortions):
            reliefs, portions = RELIEFS.empty(), [self.booking.tally]
        else:
            reliefs, portions = self.booking.reliefs, []
        relieved = chain([reliefs], repeat(RELIEFS.empty()))
        pairs = zip(self.parts, relieved, strict=False)
        parts = (Tally.of(part, rows, chart=self.chart) for part, rows in pairs)
        return tally_of(chain(parts, portions))

    @property
    def sums(self) -> DailySums:
        """Return what the month's journal comes to per day and owner."""
        portions = [self.booking.sums] if isinstance(self.booking, InPortions) else []
        return joined_sums([*(daily_sums(part) for part in self.parts), *portions])

    @property
    def event_kinds(self) -> frozenset[str]:
        """Return the kinds of event that the entries are of which stand."""
        if isinstance(self.booking, InPortions):
            return self.booking.event_kinds
        return frozenset(texts(self.booking.entries, "event_kind").distinct())

    @property
    def added(self) -> tuple[int, int]:
        """Return how many entries posting adds that are no reversals, and how many that are."""
        if isinstance(self.booking, InPortions):
            return self.booking.tally.numbers.entries, 0
        reversals = int((texts(self.addition.entries, "kind") == "reversal").sum())
        return self.addition.entries.num_rows - reversals, reversals


@dataclass(frozen=True, slots=True)
class Excepted:
    """The exceptions of a basis, and the dates on which its lots were marked."""

    policy: BasisPolicy
    exceptions: pa.Table
    mark_dates: frozenset[date]


@dataclass(frozen=True, slots=True)
class BookedBasis:
    """The open months of a basis, with its exceptions and the trades its filter leaves out."""

    policy: BasisPolicy
    sealed: Sealed
    months: Sequence[BookedMonth]
    exceptions: pa.Table
    window: Window
    mark_dates: frozenset[date]
    known: Known

    @property
    def excepted(self) -> Excepted:
        """Return the exceptions alone."""
        return Excepted(self.policy, self.exceptions, self.mark_dates)


# Lines that are held at once where a journal is looked at part by part.
_LINES = 3_000_000


def in_parts(
    reading: Reading, basis: str, *, period: str, addition: Journal | None = None
) -> Iterator[Journal]:
    """Yield a month's journal in the order of its entries, in parts of a few million lines.

    At least one part is yielded; `addition` is the last of them, or in it.
    """
    held: list[Journal] = []
    segments = (reading.segments(name, basis, period=period) for name in ("entries", "lines"))
    for entries, lines in zip(*segments, strict=True):
        if held and sum(part.lines.num_rows for part in held) + lines.rows > _LINES:
            yield joined(held)
            held = []
        held.append(Journal(reading.read(ENTRIES, entries), reading.read(LINES, lines)))
    yield joined([*held, *([addition] if addition else [])])


def month_journal(reading: Reading, basis: str, *, period: str) -> Journal:
    """Return everything the journal holds for a period label of a basis."""
    return Journal(
        reading.rows(ENTRIES, basis=basis, period=period),
        reading.rows(LINES, basis=basis, period=period),
    )


class PostedDays:
    """A month's journal as it is posted, of which the days that are asked for are read."""

    def __init__(self, reading: Reading, basis: str, *, period: str) -> None:
        self._reading = reading
        found = (reading.segments(name, basis, period=period) for name in ("entries", "lines"))
        self._segments = [(*pair, self._span(pair[0])) for pair in zip(*found, strict=True)]

    def _span(self, entries: Segment) -> tuple[np.datetime64, np.datetime64]:
        on = days(self._reading.read(ENTRIES, entries, columns=[_DATE]), _DATE)
        return on.min(), on.max()

    def between(self, first: np.datetime64, last: np.datetime64) -> Journal:
        """Return the entries of some days, both included; a reversal has its entry's day."""
        parts = []
        for entries, lines, (least, greatest) in self._segments:
            if least <= last and greatest >= first:
                read = self._reading.read
                part = Journal(read(ENTRIES, entries), read(LINES, lines))
                on = days(part.entries, _DATE)
                parts.append(part.take(np.flatnonzero((on >= first) & (on <= last))))
        return joined(parts)


_DATE = "accounting_date"
