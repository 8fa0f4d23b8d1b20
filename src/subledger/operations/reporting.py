"""Reports: any report of any period and basis, as known now or as at an earlier batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.booking.direct import opening_balance_id
from subledger.booking.policy import BasisPolicy
from subledger.chart.measures import TRADE_EVENTS
from subledger.closing.window import open_window
from subledger.columns import concatenate, days, texts
from subledger.conversion import Conversions
from subledger.errors import refuse
from subledger.journal.journal import Journal
from subledger.operations.balances import balances_before, period_journal, state_on
from subledger.operations.books import Books
from subledger.operations.months import known_facts, sealed_state
from subledger.periods import Period, previous_period
from subledger.statements import basis_difference, currencies, financial, lists, pnl, schedules
from subledger.statements.balances import balances_after, movements
from subledger.statements.causes import Posted
from subledger.statements.report import Report, Units
from subledger.statements.trial_balance import trial_balance
from subledger.store.reading import Reading
from subledger.tables import (
    CONVERSIONS,
    ENTITLEMENTS,
    ENTRIES,
    LINES,
    LOTS,
    MARKS,
    MEASURES,
    MONEY,
    RELIEFS,
    UNSETTLED,
    Table,
)


@dataclass(frozen=True)
class PeriodView:
    """One period of one basis as the store knows it at a batch.

    `compared_with` names the basis that `basis-difference` compares it with, "" the first other.
    """

    books: Books
    reading: Reading
    policy: BasisPolicy
    period: Period
    compared_with: str = ""

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
        """Return one of STATES, or the marks or rates used last, at the end of the period."""
        return state_on(self.reading, declared, basis=self.policy.name, on=self.period.end)

    def of_months(self, declared: Table) -> pa.Table:
        """Return the rows of a table that each month of the period has written, as last written."""
        found = [
            self.reading.latest(declared, basis=self.policy.name, period=month.label)
            for month in self.period.months()
        ]
        return concatenate(declared, [table for table in found if table is not None])

    @cached_property
    def reliefs(self) -> pa.Table:
        """Return the RELIEFS of the months of the period."""
        return self.of_months(RELIEFS)

    @cached_property
    def posted(self) -> Posted:
        """Return all that was posted up to the end of the period, for its causes."""
        entries = self.reading.rows(ENTRIES, basis=self.policy.name)
        lines = self.reading.rows(LINES, basis=self.policy.name)
        on, end = days(entries, "accounting_date"), np.datetime64(self.period.end)
        clears = np.asarray(texts(entries, "kind") == "closing", bool)
        kept = np.where(clears, on < np.datetime64(self.period.start), on <= end)
        entries = entries.filter(pa.array(kept))
        lines = lines.filter(pc.is_in(lines["seq"], entries["seq"].combine_chunks()))
        return Posted(
            self.policy.name,
            self.books.chart,
            Journal(entries, lines),
            *(self._until(declared) for declared in (MEASURES, RELIEFS)),
        )

    def _until(self, declared: Table) -> pa.Table:
        """Return the rows of a table that each month has written, up to the period's last."""
        last = self.period.months()[-1].label
        found = [
            self.reading.latest(declared, basis=self.policy.name, period=label)
            for label in self.reading.periods(declared.name, self.policy.name)
            if label <= last
        ]
        return concatenate(declared, [table for table in found if table is not None])

    def of_basis(self, policy: BasisPolicy) -> PeriodView:
        """Return the same period of another basis."""
        return replace(self, policy=policy, compared_with="")

    @cached_property
    def other(self) -> PeriodView | None:
        """Return the same of the basis to compare with: the one named, else the first other."""
        if self.compared_with:
            return self.of_basis(self.books.policy(self.compared_with))
        others = [one for one in self.books.policies() if one.name != self.policy.name]
        return self.of_basis(others[0]) if others else None

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
            facts = self._facts(kind)
            ones = pa.chunked_array([pa.repeat(pa.scalar(1, pa.int64()), facts.num_rows)])
            version = facts["version"] if "version" in facts.column_names else ones
            for event_kind in event_kinds:
                names = pa.chunked_array([pa.repeat(pa.scalar(event_kind), facts.num_rows)])
                columns = [names, facts[column], version, facts["batch"]]
                parts.append(pa.Table.from_arrays(columns, schema=lists.BATCHES))
        return pa.concat_tables(parts)

    def _facts(self, kind: str) -> pa.Table:
        """Return facts of a kind that this basis takes, with the ids of balances taken over."""
        facts = self.reading.facts(kind)
        if "basis" in facts.column_names:
            facts = facts.filter(pc.is_in(facts["basis"], pa.array(["", self.policy.name])))
        if kind == "opening_balances":
            ids = [opening_balance_id(row) for row in facts.to_pylist()]
            facts = facts.append_column("event_id", pa.array(ids, pa.string()))
        return facts


_EVENT_SOURCES = (
    ("trades", (*TRADE_EVENTS, "settlement"), "trade_id"),
    ("cash", ("cash", "contribution", "withdrawal", "capital_settlement"), "event_id"),
    ("corporate_actions", ("dividend", "dividend_settlement"), "event_id"),
    ("journals", ("journal",), "journal_id"),
    ("opening_lots", ("opening_lot",), "lot_id"),
    ("opening_balances", ("opening_balance",), "event_id"),
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
    return schedules.unrealised(
        lots,
        marks,
        instruments=instruments,
        units=view.units,
        conversions=view.state(CONVERSIONS),
    )


def _lots(view: PeriodView, _: Sequence[str]) -> Report:
    return schedules.lots(view.state(LOTS))


def _positions(view: PeriodView, _: Sequence[str]) -> Report:
    return schedules.positions(
        view.state(LOTS), view.state(UNSETTLED), instruments=view.reading.instruments()
    )


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


def _entitlements(view: PeriodView, _: Sequence[str]) -> Report:
    return lists.entitlements(view.state(ENTITLEMENTS))


def _fx(view: PeriodView, _: Sequence[str]) -> Report:
    held = currencies.Held(
        view.opening,
        view.closing,
        view.state(MONEY),
        view.state(UNSETTLED),
        view.state(ENTITLEMENTS),
    )
    basis, end = view.policy.name, view.period.end
    valued = [on for on in view.reading.mark_dates(basis) if on <= end]
    on = valued[-1] if valued else end
    conversions = state_on(view.reading, CONVERSIONS, basis=basis, on=on)
    return currencies.fx(
        held,
        Conversions(conversions, view.policy.base_currency),
        sections=currencies.sections_of(view.books.chart),
        accounts=view.books.chart.accounts,
        on=on,
    )


def _rates(view: PeriodView, _: Sequence[str]) -> Report:
    return currencies.rates(view.of_months(CONVERSIONS))


def _basis_difference(view: PeriodView, by: Sequence[str]) -> Report:
    return basis_difference.basis_difference(
        view.posted,
        view.other.posted if view.other else None,
        accounts=view.books.chart.accounts,
        by=by,
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
    "entitlements": _entitlements,
    "fx": _fx,
    "rates": _rates,
    "basis-difference": _basis_difference,
    "exceptions": _exceptions,
}


def view_of(
    books: Books, period: str, *, basis: str = "", other: str = "", as_at: int | None = None
) -> PeriodView:
    """Return a period of a basis (the first where none is named) as at a batch.

    `other` names the basis that it is to be compared with.
    """
    policy = books.policy(basis) if basis else books.policies()[0]
    if other:
        books.policy(other)
    reading = books.control.read(as_at)
    return PeriodView(books, reading, policy, books.period(period, policy), other)


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
