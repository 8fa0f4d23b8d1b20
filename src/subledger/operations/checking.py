"""Check: every tie-out of the open and the last closed months, all failures at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, repeat

from subledger.closing.checks import Check, Closed, tie_outs
from subledger.closing.tally import Tally, tally_of
from subledger.journal.journal import Journal
from subledger.operations.balances import state_on
from subledger.operations.booked_months import in_parts
from subledger.operations.books import Books
from subledger.operations.period_views import PeriodView, view_of
from subledger.store.records import Close
from subledger.tables import (
    BALANCES,
    CASH_LOTS,
    CONVERSIONS,
    ENTITLEMENTS,
    LOTS,
    MONEY,
    RELIEFS,
    UNSETTLED,
)


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


def sealed_checks(view: PeriodView) -> list[Check]:
    """Return the tie-outs of a period: of a closed month as its close has sealed them.

    What they compare is sealed with them; `check` and `verify` compute it anew.
    """
    close = seal_of(view)
    if close is None or not view.period.is_month:
        return period_checks(view)
    sealed = {one["id"]: one for one in json.loads(close.seal)["checks"]}
    described = tie_outs(_closed_of_nothing(view))
    if any(one.id not in sealed for one in described):  # the seal is older than the check
        return period_checks(view)
    return [
        replace(
            one,
            left=int(sealed[one.id]["left"]),
            right=int(sealed[one.id]["right"]),
            compared=sealed[one.id]["compared"],
        )
        for one in described
    ]


def _closed_of_nothing(view: PeriodView) -> Closed:
    """Return what the checks look at, without a row: they describe themselves all the same."""
    return Closed(
        chart=view.books.chart,
        policy=view.policy,
        opening=BALANCES.empty(),
        closing=BALANCES.empty(),
        tally=Tally.of(Journal.empty(), RELIEFS.empty(), chart=view.books.chart),
        lots=LOTS.empty(),
        unsettled=UNSETTLED.empty(),
        unsettled_before=UNSETTLED.empty(),
        entitlements=ENTITLEMENTS.empty(),
        entitlements_before=ENTITLEMENTS.empty(),
        money=MONEY.empty(),
        cash_lots=CASH_LOTS.empty(),
        conversions=CONVERSIONS.empty(),
        valued_on=None,
    )


def seal_of(view: PeriodView) -> Close | None:
    """Return the seal of a period of a basis, None while it is open."""
    closes = view.reading.closes(view.policy.name)
    return next((close for close in closes if close.period == view.period.label), None)


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
            tally=_tally(view),
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


def _tally(view: PeriodView) -> Tally:
    """Return what the journal of a period comes to, read part by part."""
    reading, basis = view.reading, view.policy.name
    known = set(reading.periods("entries", basis))
    parts = [
        in_parts(reading, basis, period=month.label)
        for month in view.period.months()
        if month.label in known
    ]
    reliefs = chain([view.reliefs], repeat(RELIEFS.empty()))
    pairs = zip(chain(*parts) if parts else [Journal.empty()], reliefs, strict=False)
    return tally_of(Tally.of(part, rows, chart=view.books.chart) for part, rows in pairs)
