"""Post: append what booking says minus what the journal holds, for every open month."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.columns import concatenate, texts
from subledger.operations.books import Books
from subledger.operations.months import BookedBasis, BookedMonth, Excepted, book_open_months
from subledger.operations.remembering import MADE, Marked, Remembered, made_by
from subledger.store.adding import Sealing
from subledger.store.hashing import canonical_json
from subledger.store.unit import Unit
from subledger.tables import (
    ENTRIES,
    EXCEPTIONS,
    LINES,
    MARKS,
    Table,
)


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
    booked = book_open_months(books, unit.reading, policy=policy)
    return summary(booked), record(books, unit, booked=booked).changed


@dataclass(frozen=True, slots=True)
class Recorded:
    """Whether recording changed anything, and the content hashes of each month's tables."""

    changed: bool
    hashes: Mapping[str, Mapping[str, str]]


def begin(unit: Unit, month: BookedMonth) -> Sealing | None:
    """Begin to seal what a month adds, which `record` then adds; None where it adds nothing."""
    if isinstance(month.booking, Remembered):
        return None
    return unit.begin_segments(_parts(month), basis=month.basis, period=month.month.label)


def _parts(month: BookedMonth) -> list[tuple[Table, pa.Table]]:
    """Return the tables that a month adds or writes anew."""
    if isinstance(month.booking, Remembered):
        return []
    appended = [(ENTRIES, month.addition.entries), (LINES, month.addition.lines)]
    return [*appended, *made_by(month.booking), (MARKS, month.marks)]


def record(
    books: Books,
    unit: Unit,
    *,
    booked: BookedBasis,
    begun: Mapping[str, Sealing | None] | None = None,
) -> Recorded:
    """Write the addition and the state of every open month that was booked anew.

    `begun` holds by month what `begin` returned for it.
    """
    basis = booked.policy.name
    unit.record_chart(basis, books.chart.hash, files=books.chart.files)
    hashes: dict[str, Mapping[str, str]] = {}
    changed = False
    for month in booked.months:
        label, booking = month.month.label, month.booking
        if isinstance(booking, Remembered):
            hashes[label] = booking.hashes
            continue
        parts = _parts(month)
        sealing = (begun or {}).get(label)
        added = unit.add_segments(parts, basis=basis, period=label, begun=sealing)
        changed |= any(one.segment is not None for one in added)
        found = dict(booking.known.hashes) if isinstance(booking, Marked) else {}
        found |= {
            declared.name: one.content_hash for (declared, _), one in zip(parts, added, strict=True)
        }
        hashes[label] = found
        unit.remember(
            basis,
            label,
            inputs=month.inputs.inputs,
            marked=month.inputs.marked,
            outputs=canonical_json({one.name: found[one.name] for one in MADE}),
        )
    return Recorded(set_exceptions(unit, booked.excepted) or changed, hashes)


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
    additions = [month.addition.entries for month in booked.months]
    reversals = sum(int((texts(entries, "kind") == "reversal").sum()) for entries in additions)
    return PostResult(
        booked.policy.name,
        sum(entries.num_rows for entries in additions) - reversals,
        reversals,
        booked.exceptions.num_rows,
        booked.window.withheld.num_rows,
        tuple(month.month.label for month in booked.months if month.addition.entries.num_rows),
    )
