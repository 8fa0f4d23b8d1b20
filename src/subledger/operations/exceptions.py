"""The exception queue: list it, waive an item with a reason, or sweep it to the next period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from subledger.chart.measures import TRADE_EVENTS
from subledger.columns import days, numbers, texts
from subledger.errors import CODES, refuse
from subledger.journal.difference import live
from subledger.journal.journal import Journal
from subledger.operations.books import Books
from subledger.operations.known_facts import known_facts
from subledger.operations.months import sealed_state
from subledger.operations.reporting import exceptions_report
from subledger.periods import month_of, next_month, parse_period
from subledger.statements.report import Report
from subledger.store.reading import Reading
from subledger.tables import ENTRIES, LINES

SWEEPABLE = {"LATE", "NO_RULE", "OVER_CLOSE", "SHORT_NOT_ALLOWED"} | {
    code for code in CODES if code.startswith("LATER_") and code != "LATER_PARTIAL_SETTLEMENT"
}

_DATED_BY_SWEEPING = ("trades", "cash", "journals")  # what is taken over stands on its own date


def list_exceptions(books: Books, bases: Sequence[str] = (), *, as_at: int | None = None) -> Report:
    """Return the exceptions of every basis named (or all), with status and reason."""
    reading = books.control.read(as_at)
    parts = [reading.exceptions(policy.name) for policy in books.policies(bases)]
    return exceptions_report(reading, pa.concat_tables(parts))


def waive(books: Books, exception_id: str, *, reason: str, dry_run: bool = False) -> None:
    """Waive an open exception for a reason: its event stays as it is, and no longer blocks."""
    if not reason.strip():
        raise refuse("REASON_MISSING", "a waiver needs a reason", value=exception_id)
    arguments = {"action": "waive", "exception_id": exception_id, "reason": reason}
    with books.control.write("exceptions", arguments, dry_run=dry_run) as unit:
        found = _open(unit.reading, exception_id)
        if not CODES[found["code"]].waivable:
            remedy = CODES[found["code"]].remedy
            raise refuse("NOT_WAIVABLE", f"{found['code']}: {remedy}", value=exception_id)
        unit.exception_event(exception_id, "waived", reason=reason.strip())


def sweep(books: Books, exception_id: str, *, reason: str = "", dry_run: bool = False) -> date:
    """Move an excepted event to the first day of the next open period; return that day.

    The event keeps its own date as activity date. A change of a trade that a closed period has
    posted already cannot be swept.
    """
    arguments = {"action": "sweep", "exception_id": exception_id, "reason": reason}
    with books.control.write("exceptions", arguments, dry_run=dry_run) as unit:
        found = _open(unit.reading, exception_id)
        if not _is_sweepable(unit.reading, found):
            why = (
                "a closed period holds entries of it"
                if found["code"] == "LATE"
                else f"{found['code']} says what to do instead"
            )
            message = f"{found['code']} {found['event_id']}: {why}"
            raise refuse("NOT_SWEEPABLE", message, value=exception_id)
        day = _next_open_day(unit.reading, found)
        reason = reason.strip() or f"swept to {day}"
        unit.exception_event(exception_id, "swept", reason=reason, swept_to=day)
    return day


def _open(reading: Reading, exception_id: str) -> dict[str, Any]:
    for row in reading.exceptions().to_pylist():
        if row["exception_id"] == exception_id and row["status"] == "open":
            return dict(row)
    raise refuse("UNKNOWN_EXCEPTION", "no open exception", value=exception_id)


def _next_open_day(reading: Reading, found: dict[str, Any]) -> date:
    """Return the first open day after the event's own period; a late event's is the open one."""
    period = parse_period(found["period"])
    sealed = sealed_state(reading, found["basis"])
    if found["code"] == "LATE":
        return period.start
    after = next_month(period)
    if sealed.through is None or sealed.through < after.start:
        return after.start
    return next_month(month_of(sealed.through)).start


def _is_sweepable(reading: Reading, found: dict[str, Any]) -> bool:
    """Say whether the event can be booked on another date, as a whole."""
    batch = reading.batch(found["batch"]) if found["batch"] else None
    kind = batch.imported.kind if batch is not None and batch.imported else ""
    if found["code"] not in SWEEPABLE or kind not in _DATED_BY_SWEEPING:
        return False
    return not (found["code"] == "LATE" and kind == "trades" and _changes_sealed(reading, found))


def _changes_sealed(reading: Reading, found: dict[str, Any]) -> bool:
    """Say whether a late trade changes one of which a closed period holds an entry that stands.

    The mere settlement of an open item is no such change: it can be booked in the open period.
    """
    sealed = sealed_state(reading, found["basis"])
    standing = live(Journal(reading.rows(ENTRIES, basis=found["basis"]), LINES.empty())).entries
    posted = (
        texts(standing, "event_kind").isin(TRADE_EVENTS)
        & (texts(standing, "event_id") == found["event_id"])
        & sealed.is_closed(days(standing, "accounting_date"))
    )
    if not posted.any():
        return False
    items = sealed.unsettled
    is_item = (texts(items, "trade_id") == found["event_id"]) & (
        numbers(items, "version") == found["event_version"]
    )
    trades = known_facts(reading, sealed).trades
    status = texts(trades, "status")[texts(trades, "trade_id") == found["event_id"]]
    return not (is_item.any() and status.tolist() == ["settled"])
