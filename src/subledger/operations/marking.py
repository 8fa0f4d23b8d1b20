"""Mark: value the open lots of a date, and post the change since the last mark."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from subledger.errors import refuse
from subledger.operations.books import Books
from subledger.operations.months import Asked, book_open_months, sealed_state
from subledger.operations.posting import PostResult, Recorder, summary


def mark(
    books: Books, on: date, *, bases: Sequence[str] = (), dry_run: bool = False
) -> list[PostResult]:
    """Mark every basis named, or all; marking twice posts nothing.

    A basis that values at cost marks no lots; its balances in foreign currency are swept and, where
    its policy says so, revalued.
    """
    policies = books.policies(bases)
    arguments = {"date": on.isoformat(), "basis": [policy.name for policy in policies]}
    results = []
    with books.control.write("mark", arguments, dry_run=dry_run) as unit:
        changed = []
        for policy in policies:
            through = sealed_state(unit.reading, policy.name).through
            if through is not None and on <= through:
                raise refuse("PERIOD_CLOSED", f"{policy.name} is closed through {through}")
            recorder = Recorder(books, unit, basis=policy.name)
            booked = book_open_months(
                books, unit.reading, policy=policy, asked=Asked(on), take=recorder.take
            )
            new = on not in unit.reading.mark_dates(policy.name)
            if new:
                unit.add_mark_run(policy.name, on)
            changed.append(recorder.record(booked) or new)
            results.append(summary(booked))
        if not any(changed):
            unit.abandon()
    return results
