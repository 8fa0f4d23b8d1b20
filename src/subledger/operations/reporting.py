"""Reports: any report of any period and basis, as known now or as at an earlier batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.closing.window import open_window
from subledger.columns import concatenate, days
from subledger.errors import refuse
from subledger.journal.journal import Journal
from subledger.operations.balances import balances_before, period_journal, state_on
from subledger.operations.books import Books
from subledger.operations.months import known_facts, sealed_state
from subledger.periods import Period, previous_period
from subledger.statements import financial, lists, pnl, schedules
from subledger.statements.balances import balances_after, movements
from subledger.statements.report import Report, Units
from subledger.statements.trial_balance import trial_balance
from subledger.store.reading import Reading
from subledger.tables import LOTS, MARKS, RELIEFS, UNSETTLED, Table


@dataclass(frozen=True)
class PeriodView:
    """One period of one basis as the store knows it at a batch."""

    books: Books
    reading: Reading
    policy: BasisPolicy
    period: Period

    @cached_property
    def opening(self) -> pa.Table:
        """Return BALANCES before the period."""
        return balances_before(self.reading, self.policy.name, day=self.period.start)

    @cached_property
    def journal(self) -> Journal:
        """Return the entries and lines of the period."""
        return period_journal(self.reading, self.policy.name, period=self.period)

    @cached_property
    def closing(self) -> pa.Table:
        """Return BALANCES at the end of the period, before any year-end clearing."""
        return balances_after(self.opening, self.journal.lines)

    @cached_property
    def prior(self) -> PeriodView | None:
        """Return the period of the same length before, None where the books have nothing then."""
        before = previous_period(self.period, self.policy.fiscal_first_month)
        view = PeriodView(self.books, self.reading, self.policy, before)
        return view if view.closing.num_rows else None

    def state(self, declared: Table) -> pa.Table:
        """Return lots, unsettled items or marks at the end of the period."""
        return state_on(self.reading, declared, basis=self.policy.name, on=self.period.end)

    @cached_property
    def reliefs(self) -> pa.Table:
        """Return the RELIEFS of the months of the period."""
        found = [
            self.reading.latest(RELIEFS, basis=self.policy.name, period=month.label)
            for month in self.period.months()
        ]
        return concatenate(RELIEFS, [table for table in found if table is not None])

    @cached_property
    def withheld(self) -> pa.Table:
        """Return trades up to the end of the period that post_status leaves out."""
        sealed = sealed_state(self.reading, self.policy.name)
        window = open_window(known_facts(self.reading, sealed), sealed, policy=self.policy)
        dates = days(window.withheld, "trade_date")
        return window.withheld.filter(pa.array(dates <= np.datetime64(self.period.end)))

    @property
    def units(self) -> Units:
        """Return the decimals of every figure."""
        return self.books.units(self.reading)

    def batches_of_events(self) -> pa.Table:
        """Return which import brought each event (lists.BATCHES)."""
        parts = []
        for kind, event_kinds, column in _EVENT_SOURCES:
            facts = self.reading.facts(kind)
            ones = pa.chunked_array([pa.repeat(pa.scalar(1, pa.int64()), facts.num_rows)])
            version = facts["version"] if "version" in facts.column_names else ones
            for event_kind in event_kinds:
                names = pa.chunked_array([pa.repeat(pa.scalar(event_kind), facts.num_rows)])
                columns = [names, facts[column], version, facts["batch"]]
                parts.append(pa.Table.from_arrays(columns, schema=lists.BATCHES))
        return pa.concat_tables(parts)


_EVENT_SOURCES = (
    ("trades", ("trade", "settlement"), "trade_id"),
    ("cash", ("contribution", "withdrawal", "capital_settlement"), "event_id"),
    ("journals", ("journal",), "journal_id"),
    ("opening_lots", ("opening_lot",), "lot_id"),
)


def _trial_balance(view: PeriodView, by: Sequence[str]) -> Report:
    return trial_balance(view.opening, view.journal, accounts=view.books.chart.accounts, by=by)


def _balance_sheet(view: PeriodView, _: Sequence[str]) -> Report:
    chart = view.books.chart
    prior = view.prior.closing if view.prior else None
    return financial.balance_sheet(
        chart.statements, chart.accounts, closing=view.closing, prior=prior
    )


def _income_statement(view: PeriodView, _: Sequence[str]) -> Report:
    chart = view.books.chart
    prior = movements(view.prior.journal) if view.prior else None
    return financial.income_statement(
        chart.statements,
        chart.accounts,
        moved=movements(view.journal),
        prior=prior,
    )


def _pnl(view: PeriodView, by: Sequence[str]) -> Report:
    buckets = pnl.buckets_of(view.books.chart.accounts)
    return pnl.pnl(view.journal, buckets=buckets, by=by)


def _realised(view: PeriodView, _: Sequence[str]) -> Report:
    return schedules.realised(view.reliefs)


def _unrealised(view: PeriodView, _: Sequence[str]) -> Report:
    instruments = view.reading.instruments()
    lots, marks = view.state(LOTS), view.state(MARKS)
    if view.policy.valuation == "cost":
        lots = LOTS.empty()  # lots at cost have no unrealised gain to report
    return schedules.unrealised(lots, marks, instruments=instruments, units=view.units)


def _lots(view: PeriodView, _: Sequence[str]) -> Report:
    return schedules.lots(view.state(LOTS))


def _positions(view: PeriodView, _: Sequence[str]) -> Report:
    return schedules.positions(view.state(LOTS), view.state(UNSETTLED))


def _journal(view: PeriodView, _: Sequence[str]) -> Report:
    return lists.journal(
        view.journal,
        entity=view.books.settings.entity,
        basis=view.policy.name,
        batches=view.batches_of_events(),
    )


def _unsettled(view: PeriodView, _: Sequence[str]) -> Report:
    return lists.unsettled(
        view.state(UNSETTLED),
        view.withheld,
        on=view.period.end,
        base=view.policy.base_currency,
    )


def _exceptions(view: PeriodView, _: Sequence[str]) -> Report:
    found = view.reading.exceptions(view.policy.name)
    labels = {month.label for month in view.period.months()}
    chosen = [label in labels for label in found["period"].to_pylist()]
    found = found.filter(pa.array(chosen, pa.bool_()))
    return exceptions_report(view.reading, found)


def exceptions_report(reading: Reading, found: pa.Table) -> Report:
    """Return exceptions with their status, and the file and row each event came from."""
    files = {batch.seq: batch.imported.file_name for batch in reading.batches() if batch.imported}
    return lists.exceptions(found, found.select(lists.DECISIONS.names), files=files)


REPORTS: Mapping[str, Callable[[PeriodView, Sequence[str]], Report]] = {
    "trial-balance": _trial_balance,
    "balance-sheet": _balance_sheet,
    "income-statement": _income_statement,
    "pnl": _pnl,
    "realised": _realised,
    "unrealised": _unrealised,
    "lots": _lots,
    "positions": _positions,
    "journal": _journal,
    "unsettled": _unsettled,
    "exceptions": _exceptions,
}


def view_of(books: Books, period: str, *, basis: str = "", as_at: int | None = None) -> PeriodView:
    """Return a period of a basis (the first where none is named) as at a batch."""
    policy = books.policy(basis) if basis else books.policies()[0]
    reading = books.control.read(as_at)
    return PeriodView(books, reading, policy, books.period(period, policy))


def report(view: PeriodView, name: str, *, by: Sequence[str] = ()) -> Report:
    """Return a report; refuse with UNKNOWN_REPORT, which lists the names there are."""
    if name not in REPORTS:
        raise refuse("UNKNOWN_REPORT", f"reports: {', '.join(REPORTS)}", value=name)
    made = REPORTS[name](view, by)
    meta = {
        "entity": view.books.settings.entity,
        "basis": view.policy.name,
        "period": view.period.label,
        "knowledge_seq": str(view.reading.as_at),
        **({"not_included": view.policy.not_included} if view.policy.not_included else {}),
    }
    return replace(made, meta={**made.meta, **meta})
