"""The open months of one basis, booked one after another and compared with the journal."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

import pyarrow as pa

from subledger.booking.book import book
from subledger.booking.inputs import Carried, Events, Terms
from subledger.booking.items import with_status
from subledger.booking.partitioning import Executor
from subledger.booking.policy import BasisPolicy
from subledger.calendars import last_session
from subledger.chart import load_accounts
from subledger.closing.knowledge import EventKey, Known, Sealed
from subledger.closing.policy_changes import policy_changes
from subledger.closing.window import open_window
from subledger.columns import concatenate, days, texts
from subledger.errors import Finding, Refused
from subledger.journal.difference import difference
from subledger.journal.journal import Journal
from subledger.memory import give_back
from subledger.operations.booked_months import BookedBasis, BookedMonth, PostedDays, month_journal
from subledger.operations.books import Books
from subledger.operations.known_facts import known_facts
from subledger.operations.portions import (
    Numbered,
    Take,
    book_in_portions,
    runs_of_days,
)
from subledger.operations.remembering import (
    inputs_of,
    marked_further,
    recall,
)
from subledger.periods import Period, month_of, parse_period
from subledger.store.reading import Reading
from subledger.store.records import Close
from subledger.tables import (
    BALANCES,
    CONVERSIONS,
    EXCEPTIONS,
    LEFT_OPEN,
    MARKS,
    STATES,
    UNSETTLED,
)
from subledger.valuation.prices import marks_on
from subledger.valuation.rates import conversions_on


def sealed_state(reading: Reading, basis: str) -> Sealed:
    """Return up to where a basis is closed, what it knew then, and what was swept since."""
    swept, waived = _disposed(reading, basis)
    months = [close for close in reading.closes(basis) if len(close.period) == len("2026-01")]
    if not months:
        return Sealed(swept=swept)
    last = months[-1]
    seal = json.loads(last.seal)
    unsettled = reading.latest(UNSETTLED, basis=basis, period=last.period)
    return Sealed(
        through=date.fromisoformat(seal["through"]),
        batch=last.knowledge_seq,
        unsettled=UNSETTLED.empty() if unsettled is None else unsettled,
        swept=swept,
        waived=waived,
        **_left_open(reading, basis, close=last),
    )


def _left_open(reading: Reading, basis: str, *, close: Close) -> dict[str, pa.Table]:
    """Return the facts that a close left open; none where an earlier program closed."""
    found = {}
    for declared in LEFT_OPEN:
        if declared.name in json.loads(close.seal)["states"]:
            table = reading.latest(declared, basis=basis, period=close.period)
            found[declared.name] = declared.empty() if table is None else table
    return found


def _disposed(reading: Reading, basis: str) -> tuple[dict[EventKey, date], frozenset[EventKey]]:
    """Return where events were swept to, and the late ones that were waived."""
    kinds = {batch.seq: batch.imported.kind for batch in reading.batches() if batch.imported}
    swept, waived = {}, set()
    for row in reading.exceptions(basis).to_pylist():
        key = (kinds.get(row["batch"], ""), row["event_id"], row["event_version"])
        if row["status"] == "swept":
            swept[key] = row["swept_to"]
        elif (row["status"], row["code"]) == ("waived", "LATE"):
            waived.add(key)
    return swept, frozenset(waived)


def marks_of(reading: Reading, mark_dates: Collection[date]) -> pa.Table:
    """Return MARKS of every date on which a basis was or is being marked."""
    if not mark_dates:
        return MARKS.empty()
    dates = sorted(mark_dates)
    instruments = reading.instruments()
    exchanges = set(texts(instruments, "exchange"))
    sessions = {(name, on): last_session(name, on) for name in exchanges for on in dates}
    return marks_on(
        reading.prices(),
        dates,
        instruments=instruments,
        sessions=sessions,
        actions=reading.facts("corporate_actions"),
    )


def foreign_currencies(reading: Reading, known: Known, *, carried: Carried, base: str) -> list[str]:
    """Return every currency but the base that an instrument, an event or an open item is in."""
    named = ("currency", "base_currency", "fee_currency", "settlement_currency")
    found: set[str] = set()
    for table in (
        reading.instruments(),
        known.trades,
        known.cash,
        known.corporate_actions,
        known.journals,
        known.opening_lots,
        known.opening_balances,
        *(carried.state(one) for one in STATES),
    ):
        for name in named:
            if name in table.column_names:
                found |= set(texts(table, name).distinct())
    return sorted(found - {base, "", None})


def conversions_in(
    books: Books,
    reading: Reading,
    *,
    month: Period,
    events: Events,
    currencies: Sequence[str],
) -> pa.Table:
    """Return CONVERSIONS of every day of a month, and of notices of capital that is paid in it."""
    noticed = events.cash["told_on"].to_pylist()
    within = [month.start + timedelta(days=n) for n in range((month.end - month.start).days + 1)]
    dates = sorted({*within, *noticed})
    terms = books.settings.rate_terms
    return conversions_on(reading.rates(), dates, currencies=currencies, terms=terms)


def with_sealed(conversions: pa.Table, reading: Reading, *, basis: str, sealed: Sealed) -> pa.Table:
    """Return CONVERSIONS in which those of closed days are as they were when they were sealed.

    What was booked on a closed day is relieved at what it was booked at, whatever is known since.
    """
    closed = sealed.is_closed(days(conversions, "date"))
    if not closed.any():
        return conversions
    wanted = conversions.filter(pa.array(closed))
    labels = sorted({month_of(on).label for on in wanted["date"].to_pylist()})
    found = [reading.latest(CONVERSIONS, basis=basis, period=label) for label in labels]
    used = concatenate(CONVERSIONS, [table for table in found if table is not None])
    keys = {(row["date"], row["currency"]): row for row in wanted.to_pylist()}
    keys |= {
        key: row for row in used.to_pylist() if (key := (row["date"], row["currency"])) in keys
    }
    kept = pa.Table.from_pylist(list(keys.values()), CONVERSIONS.schema)
    return concatenate(CONVERSIONS, [conversions.filter(pa.array(~closed)), kept])


class Asked(NamedTuple):
    """What is booked besides what is known.

    `mark_date` is a date to mark besides those marked before: the months up to its own are booked
    even without events. `swept` are dates of events besides those that were swept.
    """

    mark_date: date | None = None
    swept: Mapping[EventKey, date] = MappingProxyType({})


def book_open_months(
    books: Books,
    reading: Reading,
    *,
    policy: BasisPolicy,
    asked: Asked | None = None,
    take: Take | None = None,
) -> BookedBasis:
    """Book every open month of a basis and say what posting would add.

    Where `take` is given, a large month is booked `InPortions`.
    """
    mark_date, swept = asked or Asked()
    sealed = sealed_state(reading, policy.name)
    sealed = replace(sealed, swept={**sealed.swept, **swept})
    require_sealed_terms(books, reading, policy=policy)
    known = known_facts(reading, sealed)
    mark_dates = {*reading.mark_dates(policy.name), *([mark_date] if mark_date else [])}
    # What was marked on a closed day is sealed with it.
    on = [one for one in mark_dates if sealed.through is None or one > sealed.through]
    marks = MARKS.empty() if policy.valuation == "cost" else marks_of(reading, on)
    carried = _carried(reading, policy.name, sealed=sealed)
    currencies = foreign_currencies(reading, known, carried=carried, base=policy.base_currency)
    window = open_window(known, sealed, policy=policy, marks=marks, mark_dates=on)
    give_back()  # what it took to find out; booking needs as much again
    terms = books.terms(policy, reading.instruments())
    next_seq = _next_seq(reading, policy.name)
    months: list[BookedMonth] = []
    held = _posted_months(reading, policy.name, sealed=sealed)
    marked = [month_of(mark_date)] if mark_date else []
    for month in _gapless(window.months(sealed), held, asked=marked):
        events = window.within(month)
        # A month in which nothing happens carries lots and items over as they are.
        if not (events.any_event or month in held or month in marked):
            continue
        carried = replace(carried, unsettled=with_status(carried.unsettled, known.trades))
        rates = conversions_in(books, reading, month=month, events=events, currencies=currencies)
        rates = with_sealed(rates, reading, basis=policy.name, sealed=sealed)
        events = replace(events, conversions=rates)
        asking = _Asking(reading, terms, month, next_seq, books.executor, take)
        months.append(_book_month(asking, events, carried=carried))
        carried = months[-1].booking.carried
        next_seq += sum(months[-1].added)
    found = [window.exceptions, *(month.booking.exceptions for month in months)]
    exceptions = concatenate(EXCEPTIONS, found)
    return BookedBasis(policy, sealed, months, exceptions, window, frozenset(mark_dates), known)


class _Asking(NamedTuple):
    """Which month is booked, under what, and from which entry number on."""

    reading: Reading
    terms: Terms
    month: Period
    next_seq: int
    executor: Executor
    take: Take | None


def _book_month(asking: _Asking, events: Events, *, carried: Carried) -> BookedMonth:
    """Book a month, or recall it from the store where it was booked from the same inputs."""
    reading, terms, month, next_seq, executor, take = asking
    basis = terms.policy.name
    inputs = inputs_of(events, carried, terms=terms, month=month)
    made = partial(
        BookedMonth,
        month,
        marks=events.marks,
        inputs=inputs,
        reading=reading,
        basis=basis,
        chart=terms.chart,
    )
    known, whole = recall(reading, basis, period=month.label, inputs=inputs)
    if known is not None and whole:
        return made(booking=known, addition=Journal.empty())
    marked = None
    if known is not None:
        marked = marked_further(known, events, terms=terms, month=month)
    if marked is not None:
        appended = Journal(marked.added.entries, marked.added.lines)
        addition = difference(appended, Journal.empty(), basis=basis, next_seq=next_seq)
        return made(booking=marked, addition=addition)
    within = runs_of_days(events) if take is not None else []
    if take is not None and within:
        posted_days = PostedDays(reading, basis, period=month.label)
        numbered = Numbered(terms, executor, month.label, next_seq, posted_days.between)
        portions = book_in_portions(events, carried, within=within, numbered=numbered, take=take)
        return made(booking=portions, addition=Journal.empty())
    booking = book(events, carried, terms=terms, executor=executor)
    posted = month_journal(reading, basis, period=month.label)
    booked = Journal(booking.entries, booking.lines)
    addition = difference(booked, posted, basis=basis, next_seq=next_seq)
    return made(booking=booking, addition=addition)


def require_sealed_terms(books: Books, reading: Reading, *, policy: BasisPolicy) -> None:
    """Refuse settings and charts that reach into a closed period (POLICY_CLOSED, ACCOUNT_USED)."""
    closes = reading.closes(policy.name)
    if not closes:
        return
    seal = json.loads(closes[-1].seal)
    through = date.fromisoformat(seal["through"])
    findings = policy_changes(seal["policy"], policy, through=through)
    before = load_accounts(reading.chart(seal["chart"]))
    balances = reading.latest(BALANCES, basis=policy.name, period=closes[-1].period)
    for number in sorted(set(texts(balances, "account")) if balances is not None else ()):
        account = books.chart.accounts.get(number)
        if account is None or account.type != before[number].type:
            message = f"{policy.name} has a balance on account {number}, {before[number].type}"
            findings.append(Finding("ACCOUNT_USED", message, "accounts.toml", value=number))
    if findings:
        raise Refused(findings)


def _posted_months(reading: Reading, basis: str, *, sealed: Sealed) -> list[Period]:
    """Return the open months that hold entries, whether anything is known of them now or not."""
    labels = [name for name in reading.periods("entries", basis) if len(name) == len("2026-01")]
    months = [parse_period(label) for label in labels]
    return [m for m in months if sealed.through is None or m.start > sealed.through]


def _gapless(
    known: Sequence[Period], held: Sequence[Period], *, asked: Sequence[Period]
) -> list[Period]:
    """Return the months that are known or hold entries, and those up to one that is asked for."""
    months = sorted([*known, *held], key=lambda month: month.start) or list(asked)
    if not months:
        return []
    last = max([*months, *asked], key=lambda month: month.end)
    return Period("", months[0].start, last.end).months()


def _carried(reading: Reading, basis: str, *, sealed: Sealed) -> Carried:
    if sealed.through is None:
        return Carried()
    label = month_of(sealed.through).label
    found = {one.name: reading.latest(one, basis=basis, period=label) for one in STATES}
    return Carried(**{name: table for name, table in found.items() if table is not None})


def _next_seq(reading: Reading, basis: str) -> int:
    found = reading.segments("entries", basis)
    return 1 + max((segment.last_seq or 0 for segment in found), default=0)
