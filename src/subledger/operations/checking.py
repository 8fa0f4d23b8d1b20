"""Check: every tie-out of the open and the last closed months, all failures at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from subledger.closing.checks import Check, Closed, tie_outs
from subledger.operations.balances import state_on
from subledger.operations.books import Books
from subledger.operations.reporting import PeriodView, view_of
from subledger.tables import CASH_LOTS, CONVERSIONS, ENTITLEMENTS, LOTS, MONEY, UNSETTLED


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The checks of one month of one basis."""

    basis: str
    period: str
    checks: Sequence[Check]


def check(books: Books, bases: Sequence[str] = ()) -> list[CheckResult]:
    """Run every tie-out on every month that the journal holds, of every basis named or all."""
    reading = books.control.read()
    return [
        CheckResult(policy.name, label, period_checks(view_of(books, label, basis=policy.name)))
        for policy in books.policies(bases)
        for label in reading.periods("entries", policy.name)
        if books.period(label, policy).is_month
    ]


def period_checks(view: PeriodView) -> list[Check]:
    """Return the tie-outs of a period as the journal and its states stand."""
    before, basis = view.period.start - timedelta(days=1), view.policy.name
    valued = view.period.end in view.reading.mark_dates(basis)
    return tie_outs(
        Closed(
            chart=view.books.chart,
            policy=view.policy,
            opening=view.opening,
            closing=view.closing,
            journal=view.journal,
            reliefs=view.reliefs,
            lots=view.state(LOTS),
            unsettled=view.state(UNSETTLED),
            unsettled_before=state_on(view.reading, UNSETTLED, basis=basis, on=before),
            entitlements=view.state(ENTITLEMENTS),
            entitlements_before=state_on(view.reading, ENTITLEMENTS, basis=basis, on=before),
            money=view.state(MONEY),
            cash_lots=view.state(CASH_LOTS),
            conversions=view.state(CONVERSIONS),
            valued_on=view.period.end if valued else None,
        )
    )
