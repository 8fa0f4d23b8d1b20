"""Reports: any report of any period and basis, as known now or as at an earlier batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa

from subledger import tables
from subledger.conversion import Conversions
from subledger.errors import refuse
from subledger.operations.balances import state_on
from subledger.operations.period_views import PeriodView, view_of
from subledger.statements import basis_difference, currencies, financial, lists, pnl, schedules
from subledger.statements import trial_balance as tb
from subledger.statements.report import Report
from subledger.statements.turnover import net, without_clearing
from subledger.store.reading import Reading
from subledger.tables import (
    CONVERSIONS,
    ENTITLEMENTS,
    LOTS,
    MARKS,
    MONEY,
    RELIEFS,
    UNSETTLED,
)

__all__ = ["REPORTS", "PeriodView", "exceptions_report", "report", "view_of"]


def _trial_balance(view: PeriodView, by: Sequence[str]) -> Report:
    moved = view.turnover(["account", *by])
    return tb.of_turnover(view.opening, moved, accounts=view.books.chart.accounts, by=by)


def _balance_sheet(view: PeriodView, _: Sequence[str]) -> Report:
    chart = view.books.chart
    prior = view.prior.closing if view.prior else None
    return financial.balance_sheet(
        chart.statements, chart.accounts, closing=view.closing, prior=prior
    )


def _income_statement(view: PeriodView, _: Sequence[str]) -> Report:
    chart = view.books.chart
    return financial.income_statement(
        chart.statements,
        chart.accounts,
        moved=_moved(view),
        prior=_moved(view.prior) if view.prior else None,
    )


def _moved(view: PeriodView) -> pa.Table:
    """Return what each account has moved in base, without the year-end clearing."""
    moved = without_clearing(view.turnover(["account"]))
    return pa.table({"account": moved["account"], "amount_base": pa.array(net(moved))})


def _pnl(view: PeriodView, by: Sequence[str]) -> Report:
    buckets = pnl.buckets_of(view.books.chart.accounts)
    keys = [key for key in pnl.KEYS if key in by or not by]
    moved = view.turnover(["account", *keys], accounts=list(buckets))
    return pnl.of_turnover(moved, buckets=buckets, by=by)


def _realised(view: PeriodView, _: Sequence[str]) -> Report:
    return schedules.realised(view.of_months(RELIEFS, columns=schedules.OF_RELIEFS))


def _unrealised(view: PeriodView, _: Sequence[str]) -> Report:
    lots, marks = view.state(LOTS), view.state(MARKS)
    if view.policy.valuation == "cost":
        lots = LOTS.empty()  # lots at cost have no unrealised gain to report
    return schedules.unrealised(
        lots,
        marks,
        instruments=view.instruments,
        units=view.units,
        conversions=view.state(CONVERSIONS),
    )


def _lots(view: PeriodView, _: Sequence[str]) -> Report:
    return schedules.lots(view.state(LOTS))


def _positions(view: PeriodView, _: Sequence[str]) -> Report:
    return schedules.positions(
        view.state(LOTS), view.state(UNSETTLED), instruments=view.instruments
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
    views = [view, *([view.other] if view.other else [])]
    # Where there is one basis only, it differs from nothing, whatever it has posted.
    both = [(one.policy.name, one.causes if len(views) > 1 else _NO_CAUSES) for one in views]
    return basis_difference.of_causes(both, accounts=view.books.chart.accounts, by=by)


_NO_CAUSES = pa.schema(
    [tables.text("cause"), tables.text("account"), tables.base("amount")]
).empty_table()


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
