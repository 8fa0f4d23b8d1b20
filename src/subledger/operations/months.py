"""The open months of one basis, booked one after another and compared with the journal."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried, Events
from subledger.booking.items import with_status
from subledger.booking.policy import BasisPolicy
from subledger.calendars import last_session
from subledger.chart import load_accounts
from subledger.closing.knowledge import EventKey, Known, Sealed
from subledger.closing.policy_changes import policy_changes
from subledger.closing.window import Window, open_window
from subledger.columns import concatenate, days, texts
from subledger.errors import Finding, Refused
from subledger.events.known import known_trades
from subledger.journal.difference import difference
from subledger.journal.journal import Journal, joined
from subledger.operations.books import Books
from subledger.periods import Period, month_of, parse_period
from subledger.store.reading import Reading
from subledger.tables import (
    BALANCES,
    CONVERSIONS,
    ENTRIES,
    EXCEPTIONS,
    LINES,
    MARKS,
    STATES,
    UNSETTLED,
)
from subledger.valuation.prices import marks_on
from subledger.valuation.rates import conversions_on


@dataclass(frozen=True, slots=True)
class BookedMonth:
    """A month as booking says it is, what its journal holds, and what posting adds."""

    month: Period
    booking: Booking
    marks: pa.Table
    posted: Journal
    addition: Journal

    @property
    def journal(self) -> Journal:
        """Return the month's journal as it is after posting."""
        return joined([self.posted, self.addition])


@dataclass(frozen=True, slots=True)
class BookedBasis:
    """The open months of a basis, with its exceptions and the trades its filter leaves out."""

    policy: BasisPolicy
    sealed: Sealed
    months: Sequence[BookedMonth]
    exceptions: pa.Table
    window: Window
    mark_dates: frozenset[date]


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
    )


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


def known_facts(reading: Reading, sealed: Sealed) -> Known:
    """Return all facts, with the trades as known now and as the last close knew them."""
    trades, settlements = reading.facts("trades"), reading.facts("settlements")
    then = pc.less_equal(trades["batch"], sealed.batch)
    settled_then = pc.less_equal(settlements["batch"], sealed.batch)
    now, odd = known_trades(trades, settlements)
    before, _ = known_trades(trades.filter(then), settlements.filter(settled_then))
    return Known(
        trades=now,
        trades_when_sealed=before,
        odd_settlements=odd,
        cash=reading.facts("cash"),
        corporate_actions=reading.facts("corporate_actions"),
        journals=reading.facts("journals"),
        opening_lots=reading.facts("opening_lots"),
        opening_balances=reading.facts("opening_balances"),
    )


def marks_of(reading: Reading, mark_dates: Collection[date]) -> pa.Table:
    """Return MARKS of every date on which a basis was or is being marked."""
    if not mark_dates:
        return MARKS.empty()
    dates = sorted(mark_dates)
    instruments = reading.instruments()
    exchanges = set(texts(instruments, "exchange"))
    sessions = {(name, on): last_session(name, on) for name in exchanges for on in dates}
    return marks_on(reading.prices(), dates, instruments=instruments, sessions=sessions)


def foreign_currencies(reading: Reading, known: Known, *, base: str) -> list[str]:
    """Return every currency but the base that an instrument or an event is in."""
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
    ):
        for name in named:
            if name in table.column_names:
                found |= set(table[name].unique().to_pylist())
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


def book_open_months(
    books: Books,
    reading: Reading,
    *,
    policy: BasisPolicy,
    mark_date: date | None = None,
    swept: Mapping[EventKey, date] | None = None,
) -> BookedBasis:
    """Book every open month of a basis and say what posting would add.

    `mark_date` is a date to mark besides those marked before: the months up to its own are booked
    even without events. `swept` are dates of events besides those that were swept: a question.
    """
    sealed = sealed_state(reading, policy.name)
    sealed = replace(sealed, swept={**sealed.swept, **(swept or {})})
    require_sealed_terms(books, reading, policy=policy)
    known = known_facts(reading, sealed)
    mark_dates = {*reading.mark_dates(policy.name), *([mark_date] if mark_date else [])}
    marks = MARKS.empty() if policy.valuation == "cost" else marks_of(reading, mark_dates)
    currencies = foreign_currencies(reading, known, base=policy.base_currency)
    window = open_window(known, sealed, policy=policy, marks=marks, mark_dates=mark_dates)
    terms = books.terms(policy, reading.instruments())
    carried = _carried(reading, policy.name, sealed=sealed)
    next_seq = _next_seq(reading, policy.name)
    months: list[BookedMonth] = []
    held = _posted_months(reading, policy.name, sealed=sealed)
    asked = [month_of(mark_date)] if mark_date else []
    for month in _gapless(window.months(sealed), held, asked=asked):
        events = window.within(month)
        # A month in which nothing happens carries lots and items over as they are.
        if not (events.any_event or month in held or month in asked):
            continue
        carried = replace(carried, unsettled=with_status(carried.unsettled, known.trades))
        rates = conversions_in(books, reading, month=month, events=events, currencies=currencies)
        rates = with_sealed(rates, reading, basis=policy.name, sealed=sealed)
        booking = book(replace(events, conversions=rates), carried, terms=terms)
        posted = month_journal(reading, policy.name, period=month.label)
        booked = Journal(booking.entries, booking.lines)
        addition = difference(booked, posted, basis=policy.name, next_seq=next_seq)
        months.append(BookedMonth(month, booking, events.marks, posted, addition))
        carried, next_seq = booking.carried, next_seq + addition.entries.num_rows
    found = [window.exceptions, *(month.booking.exceptions for month in months)]
    exceptions = concatenate(EXCEPTIONS, found)
    return BookedBasis(policy, sealed, months, exceptions, window, frozenset(mark_dates))


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


def month_journal(reading: Reading, basis: str, *, period: str) -> Journal:
    """Return everything the journal holds for a period label of a basis."""
    return Journal(
        reading.rows(ENTRIES, basis=basis, period=period),
        reading.rows(LINES, basis=basis, period=period),
    )
