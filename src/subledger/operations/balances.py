"""Balances before and in a period, from the last seal on."""

from __future__ import annotations

import json
from datetime import date

import pyarrow as pa

from subledger.journal.journal import Journal, joined
from subledger.operations.booked_months import month_journal
from subledger.periods import Period, month_of
from subledger.statements.balances import balances_after
from subledger.store.reading import Reading
from subledger.store.records import Close
from subledger.tables import BALANCES, CONVERSIONS, LINES, MARKS, Table


def last_close_before(reading: Reading, basis: str, *, day: date) -> Close | None:
    """Return the last seal of a basis that ends before a day; a year's follows its last month's."""
    found = [
        close
        for close in reading.closes(basis)
        if date.fromisoformat(json.loads(close.seal)["through"]) < day
    ]
    return found[-1] if found else None


def balances_before(reading: Reading, basis: str, *, day: date) -> pa.Table:
    """Return BALANCES at the end of the day before: the last seal's, and what moved since."""
    close = last_close_before(reading, basis, day=day)
    balances, since = BALANCES.empty(), ""
    if close is not None:
        sealed = reading.latest(BALANCES, basis=basis, period=close.period)
        balances = BALANCES.empty() if sealed is None else sealed
        since = month_of(date.fromisoformat(json.loads(close.seal)["through"])).label
    first = month_of(day).label
    for label in reading.periods("entries", basis):
        if since < label < first and len(label) == len(first):
            for segment in reading.segments(LINES.name, basis, period=label):
                balances = balances_after(balances, reading.read(LINES, segment))
    return balances


def period_journal(reading: Reading, basis: str, *, period: Period) -> Journal:
    """Return the journal of the months of a period, without the year-end clearing."""
    known = set(reading.periods("entries", basis))
    return joined(
        [
            month_journal(reading, basis, period=month.label)
            for month in period.months()
            if month.label in known
        ]
    )


def state_on(reading: Reading, declared: Table, *, basis: str, on: date) -> pa.Table:
    """Return one of STATES, MARKS or CONVERSIONS as it stands at the end of a date's month.

    A month without entries has those of the month before. One with entries writes its own lots and
    items, unless there are none left; marks hold until the next are made.
    """
    last = month_of(on).label
    written = [label for label in reading.periods(declared.name, basis) if label <= last]
    posted = [
        label
        for label in reading.periods("entries", basis)
        if label <= last and len(label) == len(last)
    ]
    emptied = (
        declared not in (MARKS, CONVERSIONS) and posted and written and posted[-1] > written[-1]
    )
    if not written or emptied:
        return declared.empty()
    found = reading.latest(declared, basis=basis, period=written[-1])
    return declared.empty() if found is None else found
