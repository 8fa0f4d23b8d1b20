"""Balances before and in a period, from the last seal on."""

from __future__ import annotations

import json
from datetime import date

import pyarrow as pa

from subledger.journal.difference import Journal, joined
from subledger.operations.months import month_journal
from subledger.periods import Period, month_of
from subledger.statements.posted import balances_after
from subledger.store.reading import Reading
from subledger.store.records import Close
from subledger.tables import BALANCES


def last_close_before(reading: Reading, basis: str, day: date) -> Close | None:
    """Return the last seal of a basis that ends before a day; a year's follows its last month's."""
    found = [
        close
        for close in reading.closes(basis)
        if date.fromisoformat(json.loads(close.seal)["through"]) < day
    ]
    return found[-1] if found else None


def balances_before(reading: Reading, basis: str, day: date) -> pa.Table:
    """Return BALANCES at the end of the day before: the last seal's, and what moved since."""
    close = last_close_before(reading, basis, day)
    balances, since = BALANCES.empty(), ""
    if close is not None:
        sealed = reading.latest(BALANCES, basis=basis, period=close.period)
        balances = BALANCES.empty() if sealed is None else sealed
        since = month_of(date.fromisoformat(json.loads(close.seal)["through"])).label
    first = month_of(day).label
    for label in reading.periods("entries", basis):
        if since < label < first and len(label) == len(first):
            balances = balances_after(balances, month_journal(reading, basis, label).lines)
    return balances


def period_journal(reading: Reading, basis: str, period: Period) -> Journal:
    """Return the journal of the months of a period, without the year-end clearing."""
    known = set(reading.periods("entries", basis))
    return joined(
        [
            month_journal(reading, basis, month.label)
            for month in period.months()
            if month.label in known
        ]
    )


def latest_state(reading: Reading, declared_kind: str, *, basis: str, on: date) -> str | None:
    """Return the label of the last month up to a date for which a state was written."""
    last = month_of(on).label
    known = [label for label in reading.periods(declared_kind, basis) if label <= last]
    return known[-1] if known else None
