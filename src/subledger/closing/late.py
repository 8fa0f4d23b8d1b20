"""The exceptions of a window: events of closed periods, and settlements that settle no trade."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from subledger.booking.excepting import exceptions_table
from subledger.booking.policy import BasisPolicy
from subledger.closing.knowledge import Sealed
from subledger.columns import Texts, days, numbers, texts
from subledger.periods import month_of, next_month


def first_open_day(sealed: Sealed) -> date:
    """Return the first day that is not closed."""
    if sealed.through is None:
        return date(1970, 1, 1)
    return next_month(month_of(sealed.through)).start


def odd_settlements(odd: pa.Table, sealed: Sealed, *, policy: BasisPolicy) -> list[pa.Table]:
    """Return exceptions of settlements of a part, of another amount, or of no known trade."""
    sealed_then = sealed.is_closed(days(odd, "date")) & (numbers(odd, "batch") <= sealed.batch)
    found = []
    for code in sorted(texts(odd, "code").distinct()):
        part = odd.filter(pa.array((texts(odd, "code") == code) & ~sealed_then))
        count = part.num_rows
        on = np.fmax(days(part, "date"), np.datetime64(first_open_day(sealed)))
        rows = {
            "event_id": texts(part, "event_id"),
            "event_version": np.ones(count, np.int64),
            "subject": texts(part, "trade_id"),
            "date": on,
            "amount": numbers(part, "amount"),
            "currency": Texts.repeated(policy.base_currency, count),
            "message": "settlement of trade " + texts(part, "trade_id"),
            "batch": numbers(part, "batch"),
            "row": numbers(part, "row"),
        }
        found.append(exceptions_table(policy.name, code, rows=rows))
    return found


def late_events(rows: pa.Table, basis: str, *, event: str, amount: str, on: date) -> pa.Table:
    """Return LATE exceptions of some rows; they stand in the first open period."""
    has_version = "version" in rows.column_names
    count = rows.num_rows
    return exceptions_table(
        basis,
        "LATE",
        rows={
            "event_id": texts(rows, event),
            "event_version": numbers(rows, "version") if has_version else np.ones(count, int),
            "subject": texts(rows, "instrument"),
            "date": np.full(count, np.datetime64(on)),
            "amount": numbers(rows, amount) if amount else np.zeros(count, np.int64),
            "currency": texts(rows, "currency"),
            "message": Texts.repeated("dated in a closed period", count),
            "batch": numbers(rows, "batch"),
            "row": numbers(rows, "row"),
        },
    )
