"""Post: append what booking says minus what the journal holds, for every open month."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from subledger.columns import texts
from subledger.operations.books import Books
from subledger.operations.months import BookedBasis, book_open_months
from subledger.store.unit import Unit
from subledger.tables import (
    CONVERSIONS,
    ENTRIES,
    EXCEPTIONS,
    LINES,
    MARKS,
    MEASURES,
    RELIEFS,
    STATES,
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
        booked = [book_open_months(books, unit.reading, policy=policy) for policy in policies]
        changed = [record(books, unit, booked=basis) for basis in booked]
        if not any(changed):
            unit.abandon()
    return [summary(basis) for basis in booked]


def record(books: Books, unit: Unit, *, booked: BookedBasis) -> bool:
    """Write the addition and the state of every open month; say whether anything was new."""
    basis = booked.policy.name
    unit.record_chart(basis, books.chart.hash, files=books.chart.files)
    added = []
    for month in booked.months:
        label, booking = month.month.label, month.booking
        for declared, table in (
            (ENTRIES, month.addition.entries),
            (LINES, month.addition.lines),
            (MEASURES, booking.measures),
            (RELIEFS, booking.reliefs),
            *((state, booking.carried.state(state)) for state in STATES),
            (MARKS, month.marks),
            (CONVERSIONS, booking.conversions),
        ):
            added.append(unit.add_segment(declared, table, basis=basis, period=label))
    changed = set_exceptions(unit, booked)
    return any(segment is not None for segment in added) or changed


_DOUBTS = ("MISSING_PRICE", "STALE_PRICE", "MISSING_RATE", "STALE_RATE")
_OF_A_DATE = ("mark:", "rate:")


def set_exceptions(unit: Unit, booked: BookedBasis) -> bool:
    """Make the exceptions found the open ones of a basis; say whether anything changed.

    Open doubts about prices and rates of a mark date that was not looked at this time stay open.
    Those about the rate of another day do not: each booking looks at every day of its entries.
    """
    basis = booked.policy.name
    known = unit.reading.exceptions(basis)
    ids = set(texts(booked.exceptions, "exception_id"))
    stays = [
        row["status"] == "open"
        and row["code"] in _DOUBTS
        and row["event_id"].startswith(_OF_A_DATE)
        and row["exception_id"] not in ids
        and _unseen(row["event_id"], booked.mark_dates)
        for row in known.to_pylist()
    ]
    unseen = known.filter(pa.array(stays, pa.bool_())).select(EXCEPTIONS.schema.names)
    found = pa.concat_tables([booked.exceptions, unseen.cast(EXCEPTIONS.schema)])
    return bool(unit.set_exceptions(basis, found))


def _unseen(event_id: str, mark_dates: Collection[date]) -> bool:
    """Say whether a doubt is of a mark date, one of a refused close too, not looked at now."""
    kind, day = event_id.split(":")[:2]
    on = date.fromisoformat(day)
    return on not in mark_dates and (kind == "mark" or (on + timedelta(days=1)).day == 1)


def summary(booked: BookedBasis) -> PostResult:
    """Return what was posted for one basis, in numbers."""
    additions = [month.addition.entries for month in booked.months]
    reversals = sum(entries["kind"].to_pylist().count("reversal") for entries in additions)
    return PostResult(
        booked.policy.name,
        sum(entries.num_rows for entries in additions) - reversals,
        reversals,
        booked.exceptions.num_rows,
        booked.window.withheld.num_rows,
        tuple(month.month.label for month in booked.months if month.addition.entries.num_rows),
    )
