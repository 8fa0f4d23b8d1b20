"""Which known events belong to which open month, which are late, and which wait for settlement.

An event dated in a closed period that was not known when the period was sealed is `LATE`: it is
listed, never lost, and posted nowhere until it is swept into the open period. One that is waived
stays out of the books for good, as a whole: neither its payment nor its reversal is booked later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from subledger.booking.inputs import Events
from subledger.booking.policy import BasisPolicy
from subledger.closing.knowledge import EventKey, Known, Sealed
from subledger.closing.late import first_open_day, late_events, odd_settlements
from subledger.columns import (
    Days,
    Flags,
    Texts,
    build,
    chosen,
    concatenate,
    days,
    numbers,
    ordered,
    rows_named,
    texts,
)
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
        return self.events.between(np.datetime64(month.start), np.datetime64(month.end))


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
    basis, first_open = policy.name, first_open_day(sealed)
    trades, late_trades, withheld = _trades(known, sealed, policy=policy)
    settling, late_settling = _settling(known, sealed, posted=trades)
    cash, late_cash = _cash(known.cash, sealed)
    actions, late_actions = _actions(known.corporate_actions, sealed)
    journals, late_journals = _journals(known.journals, sealed)
    lots = _of_basis(known.opening_lots, basis)
    balances = _of_basis(known.opening_balances, basis)
    found = [
        *odd_settlements(known.odd_settlements, sealed, policy=policy),
        late_events(late_trades, basis, event="trade_id", amount="net", on=first_open),
        late_events(late_settling, basis, event="trade_id", amount="net", on=first_open),
        late_events(late_cash, basis, event="event_id", amount="amount", on=first_open),
        late_events(late_actions, basis, event="event_id", amount="", on=first_open),
        late_events(late_journals, basis, event="journal_id", amount="amount", on=first_open),
        late_events(_after_seal(lots, sealed), basis, event="lot_id", amount="cost", on=first_open),
        late_events(
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


def _swept_to(kind: str, table: pa.Table, *, sealed: Sealed, event: str) -> Days:
    """Return the date to which each event of a kind was swept, NaT where it was not."""
    found = np.full(table.num_rows, np.datetime64("NaT"), "datetime64[D]")
    for row, key in _rows_of(kind, table, event=event, among=sealed.swept):
        found[row] = sealed.swept[key]
    return found


def _waived(kind: str, table: pa.Table, *, sealed: Sealed, event: str) -> Flags:
    found = np.zeros(table.num_rows, bool)
    found[[row for row, _ in _rows_of(kind, table, event=event, among=sealed.waived)]] = True
    return found


def _rows_of(
    kind: str, table: pa.Table, *, event: str, among: Collection[EventKey]
) -> list[tuple[int, EventKey]]:
    """Return the rows whose event and version are among some, each with its key."""
    wanted = {name for of, name, _ in among if of == kind}
    if not wanted:
        return []
    ids = texts(table, event)
    rows = np.flatnonzero(ids.isin(wanted))
    versions = numbers(table, "version") if "version" in table.column_names else None
    keys = [(int(r), (kind, ids[r], 1 if versions is None else int(versions[r]))) for r in rows]
    return [(row, key) for row, key in keys if key in among]


def _trades(
    known: Known, sealed: Sealed, *, policy: BasisPolicy
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return the trades to recognise, those that are late, and those withheld by the filter."""
    trades = known.trades
    postable = texts(trades, "status").isin(POSTABLE[policy.post_status])
    cancelled = texts(trades, "status") == "cancelled"
    traded_on = days(trades, "trade_date")
    swept_to = _swept_to("trades", trades, sealed=sealed, event="trade_id")
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
        chosen(dated, recognised),
        chosen(dated, late),
        chosen(dated, ~postable & ~cancelled),
    )


def _posted_when_sealed(known: Known, sealed: Sealed, *, policy: BasisPolicy) -> Flags:
    """Say which trades the last close had recognised, in whatever version."""
    before = known.trades_when_sealed
    # Of a sealed open item only the settlement can have been swept or waived.
    swept_to = _swept_to("trades", before, sealed=sealed, event="trade_id")
    is_item = _open_items(before, sealed)
    stays = np.isnat(swept_to) | is_item
    accounting = np.where(stays, days(before, "trade_date"), swept_to)
    postable = texts(before, "status").isin(POSTABLE[policy.post_status])
    waived = _waived("trades", before, sealed=sealed, event="trade_id")
    postable &= sealed.is_closed(accounting) & (is_item | ~waived)
    posted = texts(before, "trade_id")[postable]
    return rows_named(texts(known.trades, "trade_id"), among=posted) >= 0


def _open_items(trades: pa.Table, sealed: Sealed) -> Flags:
    """Say which trades stand among the sealed open items, in the version that is known now."""
    items = sealed.unsettled
    row = rows_named(texts(trades, "trade_id"), among=texts(items, "trade_id"))
    version = np.append(numbers(items, "version"), -1)
    return np.asarray(version[row] == numbers(trades, "version"), bool)


def _settling(known: Known, sealed: Sealed, *, posted: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Return the settlements to recognise, and the late ones of sealed items."""
    trades = known.trades
    open_items = _open_items(trades, sealed)
    row = rows_named(texts(trades, "trade_id"), among=texts(posted, "trade_id"))
    dates = np.append(days(posted, "accounting_date"), np.datetime64("NaT", "D"))
    recognised_on = dates[row]
    settled_on = days(trades, "settled_date")
    settled = (texts(trades, "status") == "settled") & (open_items | ~np.isnat(recognised_on))
    swept_to = _swept_to("trades", trades, sealed=sealed, event="trade_id")
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
    swept_to = _swept_to("cash", cash, sealed=sealed, event="event_id")
    waived = _waived("cash", cash, sealed=sealed, event="event_id")
    told = np.where(np.isnat(swept_to), days(cash, "date"), swept_to)
    paid = np.fmax(days(cash, "settled_date"), told)
    known_then = numbers(cash, "batch") <= sealed.batch
    closed = sealed.is_closed(told)
    late = closed & ~known_then
    later = days(cash, "settled_date") != days(cash, "date")
    capital = texts(cash, "kind").isin(_CAPITAL)
    pays = later & capital & ~late & ~waived & ~sealed.is_closed(paid)
    capital_stage = Texts.either(capital, "capital", "cash")
    dated = {"accounting_date": told, "told_on": told, "stage": capital_stage}
    paid_later = dated | {
        "accounting_date": paid,
        "stage": Texts.repeated("capital_settlement", cash.num_rows),
    }
    columns = {name: cash.column(name) for name in CASH.schema.names}
    parts = [
        chosen(build(DATED_CASH, columns | dated), ~closed),
        chosen(build(DATED_CASH, columns | paid_later), pays),
    ]
    return concatenate(DATED_CASH, parts), chosen(cash, late)


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
    return concatenate(DATED_ACTIONS, parts), chosen(actions, late)


def _journals(journals: pa.Table, sealed: Sealed) -> tuple[pa.Table, pa.Table]:
    """Return the manual journals and reversals to recognise, and the late ones."""
    swept_to = _swept_to("journals", journals, sealed=sealed, event="journal_id")
    waived = _waived("journals", journals, sealed=sealed, event="journal_id")
    dated = np.where(np.isnat(swept_to), days(journals, "date"), swept_to)
    reverse_on = days(journals, "reverse_on")
    closed = sealed.is_closed(dated)
    late = closed & (numbers(journals, "batch") > sealed.batch)
    reverses = ~np.isnat(reverse_on) & ~late & ~waived
    reverses &= ~sealed.is_closed(np.fmax(reverse_on, dated))
    columns = {name: journals.column(name) for name in JOURNALS.schema.names}
    parts = [
        build(DATED_JOURNALS, columns | {"stage": stage, "accounting_date": when}).filter(
            pa.array(wanted)
        )
        for stage, when, wanted in (
            ("manual", dated, ~closed),
            ("manual_reversal", np.fmax(reverse_on, dated), reverses),
        )
    ]
    return concatenate(DATED_JOURNALS, parts), chosen(journals, late)


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
    return chosen(table, late)
