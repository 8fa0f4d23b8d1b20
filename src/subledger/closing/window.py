"""Which known events belong to which open month, which are late, and which wait for settlement.

An event dated in a closed period that was not known when the period was sealed is `LATE`: it is
listed, never lost, and posted nowhere until it is swept into the open period. One that is waived
stays out of the books for good, as a whole: neither its payment nor its reversal is booked later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from subledger.booking.excepting import exceptions_table
from subledger.booking.inputs import Events
from subledger.booking.policy import BasisPolicy
from subledger.closing.knowledge import EventKey, Known, Sealed
from subledger.columns import Days, Flags, build, concatenate, days, numbers, ordered, texts
from subledger.periods import Period, month_of, next_month
from subledger.tables import (
    CASH,
    CORPORATE_ACTIONS,
    DATED_ACTIONS,
    DATED_CASH,
    DATED_JOURNALS,
    DATED_TRADES,
    EXCEPTIONS,
    JOURNALS,
    MARK_DATES,
    MARKS,
    SETTLING,
)

POSTABLE = {"settled": ("settled",), "confirmed": ("settled", "confirmed", "failed")}
_CAPITAL = ("contribution", "withdrawal")


@dataclass(frozen=True, slots=True)
class Window:
    """The events of all open months, exceptions, and trades that the filter leaves out."""

    events: Events
    exceptions: pa.Table  # LATE events, and settlements that settle no known trade as a whole
    withheld: pa.Table  # DATED_TRADES that post_status leaves out, on their trade date

    def months(self, sealed: Sealed) -> list[Period]:
        """Return the open months that have events, without gaps, oldest first.

        Marks begin no books: nothing is held before the first event.
        """
        *events, marks, mark_dates = [
            np.asarray(part.column(name).to_numpy(), "datetime64[D]")
            for part, name in (
                (self.events.trades, "accounting_date"),
                (self.events.settling, "accounting_date"),
                (self.events.cash, "accounting_date"),
                (self.events.actions, "accounting_date"),
                (self.events.journals, "accounting_date"),
                (self.events.opening_lots, "as_of"),
                (self.events.opening_balances, "as_of"),
                (self.events.marks, "mark_date"),
                (self.events.mark_dates, "mark_date"),
            )
        ]
        happened = np.concatenate(events)
        known = np.concatenate([happened, marks, mark_dates])
        if sealed.through is not None:
            first = next_month(month_of(sealed.through))
        elif len(happened):
            first = month_of(happened.min().astype(object))
        else:
            return []
        months = [first]
        while len(known) and np.datetime64(months[-1].end) < known.max():
            months.append(next_month(months[-1]))
        return months

    @property
    def knows_anything(self) -> bool:
        """Say whether there is any event at all, be it an exception or withheld."""
        events = self.events
        capital = (
            events.cash,
            events.actions,
            events.journals,
            events.opening_lots,
            events.opening_balances,
        )
        found = (events.trades, *capital, self.exceptions, self.withheld)
        return any(table.num_rows for table in found)

    def within(self, month: Period) -> Events:
        """Return the events of one month."""
        return Events(
            trades=_between(self.events.trades, "accounting_date", month=month),
            settling=_between(self.events.settling, "accounting_date", month=month),
            cash=_between(self.events.cash, "accounting_date", month=month),
            actions=_between(self.events.actions, "accounting_date", month=month),
            announced=self.events.announced,
            journals=_between(self.events.journals, "accounting_date", month=month),
            opening_lots=_between(self.events.opening_lots, "as_of", month=month),
            opening_balances=_between(self.events.opening_balances, "as_of", month=month),
            marks=_between(self.events.marks, "mark_date", month=month),
            mark_dates=_between(self.events.mark_dates, "mark_date", month=month),
        )


def _between(table: pa.Table, name: str, *, month: Period) -> pa.Table:
    dates = days(table, name)
    inside = (dates >= np.datetime64(month.start)) & (dates <= np.datetime64(month.end))
    return table.filter(pa.array(inside))


def open_window(
    known: Known,
    sealed: Sealed,
    *,
    policy: BasisPolicy,
    marks: pa.Table | None = None,
    mark_dates: Iterable[date] = (),
) -> Window:
    """Return the window of events that are not sealed yet, for one accounting basis.

    `marks` are MARKS of the `mark_dates`, on which lots are valued even where no price is known.
    """
    basis, first_open = policy.name, _first_open(sealed)
    trades, late_trades, withheld = _trades(known, sealed, policy=policy)
    settling, late_settling = _settling(known, sealed, posted=trades)
    cash, late_cash = _cash(known.cash, sealed)
    actions, late_actions = _actions(known.corporate_actions, sealed)
    journals, late_journals = _journals(known.journals, sealed)
    lots = _of_basis(known.opening_lots, basis)
    balances = _of_basis(known.opening_balances, basis)
    found = [
        *_odd_settlements(known.odd_settlements, sealed, policy=policy),
        _late(late_trades, basis, event="trade_id", amount="net", on=first_open),
        _late(late_settling, basis, event="trade_id", amount="net", on=first_open),
        _late(late_cash, basis, event="event_id", amount="amount", on=first_open),
        _late(late_actions, basis, event="event_id", amount="", on=first_open),
        _late(late_journals, basis, event="journal_id", amount="amount", on=first_open),
        _late(_after_seal(lots, sealed), basis, event="lot_id", amount="cost", on=first_open),
        _late(
            _after_seal(balances, sealed), basis, event="account", amount="amount", on=first_open
        ),
    ]
    events = Events(
        trades=trades,
        settling=settling,
        cash=cash,
        actions=actions,
        announced=known.corporate_actions,
        journals=journals,
        opening_lots=_still_open(lots, sealed),
        opening_balances=_still_open(balances, sealed),
        marks=MARKS.empty() if marks is None else marks,
        mark_dates=build(MARK_DATES, {"mark_date": np.array(sorted(mark_dates), "datetime64[D]")}),
    )
    return Window(events, ordered(EXCEPTIONS, concatenate(EXCEPTIONS, found)), withheld)


def _odd_settlements(odd: pa.Table, sealed: Sealed, *, policy: BasisPolicy) -> list[pa.Table]:
    """Return exceptions of settlements of a part, of another amount, or of no known trade."""
    sealed_then = sealed.is_closed(days(odd, "date")) & (numbers(odd, "batch") <= sealed.batch)
    found = []
    for code in sorted(set(texts(odd, "code"))):
        part = odd.filter(pa.array((texts(odd, "code") == code) & ~sealed_then))
        count = part.num_rows
        on = np.fmax(days(part, "date"), np.datetime64(_first_open(sealed)))
        rows = {
            "event_id": texts(part, "event_id"),
            "event_version": np.ones(count, np.int64),
            "subject": texts(part, "trade_id"),
            "date": on,
            "amount": numbers(part, "amount"),
            "currency": np.full(count, policy.base_currency, dtype=object),
            "message": np.array([f"settlement of trade {t}" for t in texts(part, "trade_id")]),
            "batch": numbers(part, "batch"),
            "row": numbers(part, "row"),
        }
        found.append(exceptions_table(policy.name, code, rows=rows))
    return found


def _first_open(sealed: Sealed) -> date:
    if sealed.through is None:
        return date(1970, 1, 1)
    return next_month(month_of(sealed.through)).start


def _keys(kind: str, table: pa.Table, *, event: str) -> list[EventKey]:
    has_version = "version" in table.column_names
    versions = numbers(table, "version").tolist() if has_version else [1] * table.num_rows
    return [(kind, name, n) for name, n in zip(texts(table, event), versions, strict=True)]


def _swept_to(keys: list[EventKey], sealed: Sealed) -> Days:
    """Return the date to which each event was swept, NaT where it was not."""
    return np.array(
        [np.datetime64(sealed.swept.get(key, "NaT"), "D") for key in keys], "datetime64[D]"
    )


def _waived(keys: list[EventKey], sealed: Sealed) -> Flags:
    return np.array([key in sealed.waived for key in keys], bool)


def _trades(
    known: Known, sealed: Sealed, *, policy: BasisPolicy
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return the trades to recognise, those that are late, and those withheld by the filter."""
    trades = known.trades
    postable = np.isin(texts(trades, "status").astype(str), POSTABLE[policy.post_status])
    cancelled = texts(trades, "status") == "cancelled"
    traded_on = days(trades, "trade_date")
    swept_to = _swept_to(_keys("trades", trades, event="trade_id"), sealed)
    # Of a trade that is a sealed open item only the settlement can have been swept.
    stays = np.isnat(swept_to) | _open_items(trades, sealed)
    accounting = np.where(stays, traded_on, swept_to)
    closed = sealed.is_closed(accounting)
    posted_before = _posted_when_sealed(known, sealed, policy=policy)
    news = numbers(trades, "last_batch") > sealed.batch
    only_settled = _open_items(trades, sealed) & ~cancelled
    # A correction that moves a sealed trade into an open month would be booked a second time.
    moved = posted_before & ~closed & stays
    late = news & ~only_settled & ((closed & (posted_before | postable)) | moved)
    columns = {name: trades.column(name) for name in DATED_TRADES.schema.names[:-1]}
    dated = build(DATED_TRADES, columns | {"accounting_date": accounting})
    recognised = postable & ~closed & ~moved
    return (
        dated.filter(pa.array(recognised)),
        dated.filter(pa.array(late)),
        dated.filter(pa.array(~postable & ~cancelled)),
    )


def _posted_when_sealed(known: Known, sealed: Sealed, *, policy: BasisPolicy) -> Flags:
    """Say which trades the last close had recognised, in whatever version."""
    before = known.trades_when_sealed
    keys = _keys("trades", before, event="trade_id")
    # Of a sealed open item only the settlement can have been swept or waived.
    swept_to, is_item = _swept_to(keys, sealed), _open_items(before, sealed)
    stays = np.isnat(swept_to) | is_item
    accounting = np.where(stays, days(before, "trade_date"), swept_to)
    postable = np.isin(texts(before, "status").astype(str), POSTABLE[policy.post_status])
    postable &= sealed.is_closed(accounting) & (is_item | ~_waived(keys, sealed))
    posted = set(texts(before, "trade_id")[postable])
    return np.array([trade in posted for trade in texts(known.trades, "trade_id")], bool)


def _open_items(trades: pa.Table, sealed: Sealed) -> Flags:
    """Say which trades stand among the sealed open items, in the version that is known now."""
    ids = texts(sealed.unsettled, "trade_id")
    items = set(zip(ids, numbers(sealed.unsettled, "version").tolist(), strict=True))
    keys = zip(texts(trades, "trade_id"), numbers(trades, "version").tolist(), strict=True)
    return np.array([key in items for key in keys], bool)


def _settling(known: Known, sealed: Sealed, *, posted: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the settlements to recognise, and the late ones of sealed items."""
    trades = known.trades
    open_items = _open_items(trades, sealed)
    recognised = dict(zip(texts(posted, "trade_id"), days(posted, "accounting_date"), strict=True))
    ids = texts(trades, "trade_id")
    recognised_on = np.array(
        [recognised.get(trade, np.datetime64("NaT", "D")) for trade in ids], "datetime64[D]"
    )
    settled_on = days(trades, "settled_date")
    settled = (texts(trades, "status") == "settled") & (open_items | ~np.isnat(recognised_on))
    swept_to = _swept_to(_keys("trades", trades, event="trade_id"), sealed)
    wanted = np.where(np.isnat(swept_to) | ~open_items, settled_on, swept_to)
    accounting = np.where(np.isnat(recognised_on), wanted, np.fmax(wanted, recognised_on)).astype(
        "datetime64[D]"
    )
    late = settled & sealed.is_closed(accounting)
    rows = np.flatnonzero(settled & ~late)
    part = trades.take(rows)
    settling = build(
        SETTLING,
        {
            **{name: part.column(name) for name in ("trade_id", "version", "batch", "row")},
            "activity_date": settled_on[rows],
            "accounting_date": accounting[rows],
        },
    )
    return settling, trades.take(np.flatnonzero(late))


def _cash(cash: pa.Table, sealed: Sealed) -> tuple[pa.Table, pa.Table]:
    """Return the cash to recognise, with later payments as rows of their own, and late cash."""
    keys = _keys("cash", cash, event="event_id")
    swept_to = _swept_to(keys, sealed)
    told = np.where(np.isnat(swept_to), days(cash, "date"), swept_to)
    paid = np.fmax(days(cash, "settled_date"), told)
    known_then = numbers(cash, "batch") <= sealed.batch
    closed = sealed.is_closed(told)
    late = closed & ~known_then
    later = days(cash, "settled_date") != days(cash, "date")
    capital = np.isin(texts(cash, "kind").astype(str), _CAPITAL)
    pays = later & capital & ~late & ~_waived(keys, sealed) & ~sealed.is_closed(paid)
    capital_stage = np.where(capital, "capital", "cash").astype(object)
    dated = {"accounting_date": told, "told_on": told, "stage": capital_stage}
    paid_later = dated | {
        "accounting_date": paid,
        "stage": np.full(cash.num_rows, "capital_settlement", dtype=object),
    }
    columns = {name: cash.column(name) for name in CASH.schema.names}
    parts = [
        build(DATED_CASH, columns | dated).filter(pa.array(~closed)),
        build(DATED_CASH, columns | paid_later).filter(pa.array(pays)),
    ]
    return concatenate(DATED_CASH, parts), cash.filter(pa.array(late))


def _actions(actions: pa.Table, sealed: Sealed) -> tuple[pa.Table, pa.Table]:
    """Return the entitlements and payments of corporate actions to recognise, and late actions.

    A late one cannot be swept: positions of a later day are not those that were entitled.
    """
    ex_date, pay_date = days(actions, "ex_date"), days(actions, "pay_date")
    late = sealed.is_closed(ex_date) & (numbers(actions, "batch") > sealed.batch)
    columns = {name: actions.column(name) for name in CORPORATE_ACTIONS.schema.names}
    parts = [
        build(DATED_ACTIONS, columns | {"stage": stage, "accounting_date": on}).filter(
            pa.array(~late & ~sealed.is_closed(on) & given)
        )
        for stage, on, given in (
            ("entitlement", ex_date, np.ones(len(ex_date), bool)),
            # Paid before the ex-date, it is recognised when it is entitled.
            ("payment", np.fmax(pay_date, ex_date), ~np.isnat(pay_date)),
        )
    ]
    return concatenate(DATED_ACTIONS, parts), actions.filter(pa.array(late))


def _journals(journals: pa.Table, sealed: Sealed) -> tuple[pa.Table, pa.Table]:
    """Return the manual journals and reversals to recognise, and the late ones."""
    keys = _keys("journals", journals, event="journal_id")
    swept_to = _swept_to(keys, sealed)
    dated = np.where(np.isnat(swept_to), days(journals, "date"), swept_to)
    reverse_on = days(journals, "reverse_on")
    closed = sealed.is_closed(dated)
    late = closed & (numbers(journals, "batch") > sealed.batch)
    reverses = ~np.isnat(reverse_on) & ~late & ~_waived(keys, sealed)
    reverses &= ~sealed.is_closed(np.fmax(reverse_on, dated))
    columns = {name: journals.column(name) for name in JOURNALS.schema.names}
    parts = [
        build(DATED_JOURNALS, columns | {"stage": stage, "accounting_date": when}).filter(
            pa.array(chosen)
        )
        for stage, when, chosen in (
            ("manual", dated, ~closed),
            ("manual_reversal", np.fmax(reverse_on, dated), reverses),
        )
    ]
    return concatenate(DATED_JOURNALS, parts), journals.filter(pa.array(late))


def _of_basis(table: pa.Table, basis: str) -> pa.Table:
    """Return the rows that were taken over for a basis, or for every one."""
    names = texts(table, "basis")
    return table.filter(pa.array(np.asarray((names == "") | (names == basis), bool)))


def _still_open(table: pa.Table, sealed: Sealed) -> pa.Table:
    """Return the rows taken over on a date that is not closed."""
    return table.filter(pa.array(~sealed.is_closed(days(table, "as_of"))))


def _after_seal(table: pa.Table, sealed: Sealed) -> pa.Table:
    """Return the rows taken over that came after their date was sealed."""
    late = sealed.is_closed(days(table, "as_of")) & (numbers(table, "batch") > sealed.batch)
    return table.filter(pa.array(late))


def _late(rows: pa.Table, basis: str, *, event: str, amount: str, on: date) -> pa.Table:
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
            "message": np.full(count, "dated in a closed period", dtype=object),
            "batch": numbers(rows, "batch"),
            "row": numbers(rows, "row"),
        },
    )
