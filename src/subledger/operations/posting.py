"""Post: append what booking says minus what the journal holds, for every open month."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import pyarrow as pa

from subledger.booking.inputs import Booking
from subledger.booking.policy import BasisPolicy
from subledger.columns import concatenate, texts
from subledger.journal.journal import Journal
from subledger.operations.booked_months import BookedBasis, BookedMonth, Excepted
from subledger.operations.books import Books
from subledger.operations.months import book_open_months
from subledger.operations.portions import InPortions, Portion
from subledger.operations.remembering import Remembered, made_by, outputs_of
from subledger.store.adding import Sealing
from subledger.store.hashing import canonical_json
from subledger.store.unit import Unit
from subledger.tables import ENTRIES, EXCEPTIONS, LINES, MARKS, MEASURES, RELIEFS, Table


@dataclass(frozen=True, slots=True)
class PostResult:
    """What posting did for one basis."""

    basis: str
    entries: int
    reversals: int
    exceptions: int
    withheld: int
    months: tuple[str, ...]


def post(books: Books, bases: Sequence[str] = (), *, dry_run: bool = False) -> list[PostResult]:
    """Post every basis named (or all) in one batch; posting twice posts nothing."""
    policies = books.policies(bases)
    arguments = {"basis": [policy.name for policy in policies]}
    with books.control.write("post", arguments, dry_run=dry_run) as unit:
        done = [_post_basis(books, unit, policy=policy) for policy in policies]
        if not any(changed for _, changed in done):
            unit.abandon()
    return [result for result, _ in done]


def _post_basis(books: Books, unit: Unit, *, policy: BasisPolicy) -> tuple[PostResult, bool]:
    """Post one basis, and let go of its tables; say whether anything was new."""
    recorder = Recorder(books, unit, basis=policy.name)
    booked = book_open_months(books, unit.reading, policy=policy, take=recorder.take)
    return summary(booked), recorder.record(booked)


class Recorder:
    """Writes what booking a basis adds: portions while the next is booked, all else after it."""

    def __init__(self, books: Books, unit: Unit, *, basis: str) -> None:
        self._books, self._unit, self._basis = books, unit, basis
        self._portion: Callable[[], object] = _nothing
        self._begun: dict[str, Sealing] = {}

    def take(self, label: str, portion: Portion) -> None:
        """Begin to write a portion of a month, once the one before it is written."""
        self._finish_portion()
        parts = _tables(portion.journal, portion.booking)
        begun = self._unit.begin_segments(
            parts, basis=self._basis, period=label, portion=portion.number
        )
        self._portion = partial(
            self._unit.add_segments, (), basis=self._basis, period=label, begun=begun
        )

    def _finish_portion(self) -> None:
        self._portion()
        self._portion = _nothing

    def begin(self, booked: BookedBasis) -> None:
        """Begin to write months, beside the checks that decide whether they count."""
        self._finish_portion()
        for month in booked.months:
            if parts := _parts(month):
                label = month.month.label
                self._begun[label] = self._unit.begin_segments(
                    parts, basis=self._basis, period=label
                )

    def record(self, booked: BookedBasis) -> bool:
        """Write the addition and the state of every open month that was booked anew.

        Returns whether anything was new.
        """
        self._finish_portion()
        unit, basis = self._unit, self._basis
        unit.record_chart(basis, self._books.chart.hash, files=self._books.chart.files)
        changed = False
        for month in booked.months:
            if isinstance(month.booking, Remembered):
                continue
            label, begun = month.month.label, self._begun.pop(month.month.label, None)
            added = unit.add_segments(_parts(month), basis=basis, period=label, begun=begun)
            changed |= isinstance(month.booking, InPortions)
            changed |= any(one is not None for one in added)
            inputs, marked = month.inputs
            outputs = canonical_json(outputs_of(unit.so_far, basis, period=label))
            unit.remember(basis, label, inputs=inputs, marked=marked, outputs=outputs)
        return set_exceptions(unit, booked.excepted) or changed


def _nothing() -> None:
    """Stand for a portion where there is none to write."""


def _parts(month: BookedMonth) -> list[tuple[Table, pa.Table]]:
    """Return the tables that a month adds or writes anew, but for portions."""
    if isinstance(month.booking, Remembered):
        return []
    made = [*made_by(month.booking), (MARKS, month.marks)]
    if isinstance(month.booking, InPortions):
        return made
    return [(ENTRIES, month.addition.entries), (LINES, month.addition.lines), *made]


def _tables(journal: Journal, booking: Booking) -> list[tuple[Table, pa.Table]]:
    """Return the tables of a portion that make those of its month together."""
    return [
        (ENTRIES, journal.entries),
        (LINES, journal.lines),
        (MEASURES, booking.measures),
        (RELIEFS, booking.reliefs),
    ]


_DOUBTS = ("MISSING_PRICE", "STALE_PRICE", "MISSING_RATE", "STALE_RATE")
_OF_A_DATE = ("mark:", "rate:")


def set_exceptions(unit: Unit, found: Excepted) -> bool:
    """Make the exceptions found the open ones of a basis; say whether anything changed.

    Open doubts about prices and rates of a mark date that was not looked at this time stay open.
    Those about the rate of another day do not: each booking looks at every day of its entries.
    """
    basis = found.policy.name
    known = unit.reading.exceptions(basis)
    ids = set(texts(found.exceptions, "exception_id").distinct())
    stays = [
        row["status"] == "open"
        and row["code"] in _DOUBTS
        and row["event_id"].startswith(_OF_A_DATE)
        and row["exception_id"] not in ids
        and _unseen(row["event_id"], found.mark_dates)
        for row in known.to_pylist()
    ]
    unseen = known.filter(pa.array(stays, pa.bool_())).select(EXCEPTIONS.schema.names)
    every = concatenate(EXCEPTIONS, [found.exceptions, unseen.cast(EXCEPTIONS.schema)])
    return bool(unit.set_exceptions(basis, every))


def _unseen(event_id: str, mark_dates: Collection[date]) -> bool:
    """Say whether a doubt is of a mark date, one of a refused close too, not looked at now."""
    kind, day = event_id.split(":")[:2]
    on = date.fromisoformat(day)
    return on not in mark_dates and (kind == "mark" or (on + timedelta(days=1)).day == 1)


def summary(booked: BookedBasis) -> PostResult:
    """Return what was posted for one basis, in numbers."""
    added = [month.added for month in booked.months]
    return PostResult(
        booked.policy.name,
        sum(entries for entries, _ in added),
        sum(reversals for _, reversals in added),
        booked.exceptions.num_rows,
        booked.window.withheld.num_rows,
        tuple(month.month.label for month in booked.months if any(month.added)),
    )
