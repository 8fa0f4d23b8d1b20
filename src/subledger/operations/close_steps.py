"""The numbered steps of a close, in one list; each adds what it finds and changes nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.booking.inputs import Carried
from subledger.closing.checks import Check, Closed, tie_outs
from subledger.closing.tally import trades_standing
from subledger.columns import Flags, Texts, days, numbers, texts
from subledger.errors import CODES, Finding, refuse
from subledger.numbers import exact_sum, to_text
from subledger.operations.booked_months import BookedBasis
from subledger.operations.close_run import CloseRun
from subledger.operations.ledgers import (
    StandsOn,
    booked_month,
    ledger_context,
    ledger_texts,
    sealed_ledger,
    with_months,
)
from subledger.operations.months import Asked, book_open_months
from subledger.periods import fiscal_year_of, month_of, next_month
from subledger.statements.balances import balances_after
from subledger.store.hashing import sealed_as
from subledger.tables import BALANCES, ENTITLEMENTS, LOTS, STATES, Table

_OPENING_EVENTS = {"opening_lot", "opening_balance"}


def require_order(run: CloseRun) -> None:
    """Earlier periods are closed: every month in order, and a year before the next one begins."""
    label, through = run.period.label, run.closed_through
    if through is None:
        return
    if run.period.end <= through:
        raise refuse("PERIOD_CLOSED", f"{run.basis} is closed through {through}", value=label)
    due = next_month(month_of(through)).label
    if label != due:
        raise refuse("PERIOD_ORDER", f"{run.basis} closes {due} next", value=label)
    year = fiscal_year_of(through, run.policy.fiscal_first_month)
    if year.end == through and run.last_close and run.last_close.period != year.label:
        raise refuse("PERIOD_ORDER", f"{run.basis} closes the year {year.label} next", value=label)


def book_and_mark(run: CloseRun) -> None:
    """Every open event is booked, and open lots are marked on the period's last day."""
    labels = [month.month.label for month in run.booked.months]
    if run.closed_through is None and not run.booked.window.knows_anything:
        raise refuse("PERIOD_ORDER", f"{run.basis} knows of nothing yet", value=run.period.label)
    for month in run.earlier:
        if month.event_kinds - _OPENING_EVENTS:
            message = f"{run.basis} has events in {month.month.label}, which closes first"
            raise refuse("PERIOD_ORDER", message, value=run.period.label)
    if run.period.label not in labels:
        message = f"{run.basis} begins with {labels[0]}"
        raise refuse("PERIOD_ORDER", message, value=run.period.label)
    if run.recorder is not None:
        run.recorder.begin(run.booked)


def require_no_exception(run: CloseRun) -> None:
    """No exception is open, missing and stale prices among them."""
    known = run.reading.exceptions(run.basis).to_pylist()
    settled = {row["exception_id"] for row in known if row["status"] in ("waived", "swept")}
    for row in run.booked.exceptions.to_pylist():
        stops = CODES[row["code"]].stops_a_close
        if stops and row["period"] <= run.period.label and row["exception_id"] not in settled:
            message = f"{run.basis} {row['exception_id']} {row['event_id']}: {row['message']}"
            run.findings.append(Finding(row["code"], message, value=row["subject"]))


def prove_tie_outs(run: CloseRun) -> None:
    """Trial balance, lots, open items, gains and foreign balances tie to the ledger."""
    before = [month.booking.carried for month in run.earlier]
    carried = before[-1] if before else _sealed_items(run)
    state = run.month.booking.carried
    run.checks += tie_outs(
        Closed(
            chart=run.books.chart,
            policy=run.policy,
            opening=run.opening,
            closing=run.closing,
            tally=run.month.tally,
            lots=state.lots,
            unsettled=state.unsettled,
            unsettled_before=carried.unsettled,
            entitlements=state.entitlements,
            entitlements_before=carried.entitlements,
            money=state.money,
            cash_lots=state.cash_lots,
            conversions=run.month.booking.conversions,
            valued_on=run.period.end,
        )
    )


def _sealed_items(run: CloseRun) -> Carried:
    """Return the open items that the last close sealed."""
    return Carried(unsettled=run.booked.sealed.unsettled, entitlements=_sealed(run, ENTITLEMENTS))


def prove_opening(run: CloseRun) -> None:
    """The period opens with exactly the lots, items and balances that the last close sealed."""
    if run.last_close is None or run.closed_through is None:
        return
    seal = json.loads(run.last_close.seal)
    month = month_of(run.closed_through).label
    opened = {BALANCES.name: run.opening}
    for one in STATES:
        state = run.reading.latest(one, basis=run.basis, period=month)
        if one.name in seal["states"]:  # a seal names the states that existed when it was made
            opened[one.name] = one.empty() if state is None else state
    declared = {one.name: one for one in (BALANCES, *STATES)}
    differs = tuple(
        name
        for name, table in opened.items()
        if not sealed_as(table, declared[name], sealed=seal["states"][name])
    )
    rows = sum(table.num_rows for table in opened.values())
    description = f"Opening lots, items and balances = those sealed in {run.last_close.period}"
    run.checks.append(
        Check("OPENING", description, len(differs), 0, rows, unit="count", differences=differs)
    )


def account_for_every_trade(run: CloseRun) -> None:
    """Trades known in the period = posted + withheld + exceptions."""
    trades, late = run.booked.window.events.trades, run.booked.window.withheld
    left_out = texts(late, "trade_id")[_inside(late, run)]
    accounted = [
        trades_standing(run.month.tally),
        left_out.plain(),
        texts(run.booked.exceptions, "event_id").plain(),
        texts(trades, "trade_id")[_posts_nothing(trades)].plain(),
    ]
    named = Texts.joined([texts(trades, "trade_id")[_inside(trades, run)], left_out])
    known = named.values.take(pa.array(named.used()))
    found = pc.is_in(known, value_set=pa.concat_arrays(accounted))
    missing = known.filter(pc.invert(found)).to_pylist()
    run.checks.append(
        Check(
            "COMPLETE",
            "Every known trade is posted, withheld by policy, or an exception",
            len(known),
            len(known) - len(missing),
            len(known),
            unit="count",
            differences=tuple(sorted(missing)[:5]),
        )
    )


def _inside(trades: pa.Table, run: CloseRun) -> Flags:
    """Say which trades are recognised in the period."""
    dates = days(trades, "accounting_date")
    first, last = np.datetime64(run.period.start), np.datetime64(run.period.end)
    return np.asarray((dates >= first) & (dates <= last), bool)


def _posts_nothing(trades: pa.Table) -> Flags:
    """Say which trades are without any amount: their entries would be empty."""
    return np.asarray((numbers(trades, "gross") == 0) & (numbers(trades, "net") == 0), bool)


def list_withheld(run: CloseRun) -> None:
    """Trades that post_status leaves out are listed with what posting them would change."""
    withheld = run.booked.window.withheld
    withheld = withheld.filter(
        pa.array(days(withheld, "trade_date") <= np.datetime64(run.period.end))
    )
    if not withheld.num_rows:
        return
    policy = replace(run.policy, post_status="confirmed")
    start = np.datetime64(run.period.start)
    swept = {
        ("trades", name, version): max(traded_on, start).astype(object)
        for name, version, traded_on in zip(
            texts(withheld, "trade_id"),
            numbers(withheld, "version").tolist(),
            days(withheld, "trade_date"),
            strict=True,
        )
    }
    with_them = book_open_months(
        run.books, run.reading, policy=policy, asked=Asked(run.period.end, swept)
    )
    units = run.books.units(run.reading)
    run.withheld = {
        "trades": [
            {name: str(row[name]) for name in ("trade_id", "status", "instrument", "side")}
            | {
                "quantity": to_text(row["quantity"], units.quantity_decimals[row["instrument"]]),
                "net": to_text(row["net"], units.decimals[row["currency"]]),
            }
            for row in withheld.to_pylist()
        ],
        "effect": _effect(run, with_them),
    }


def _effect(run: CloseRun, other: BookedBasis) -> dict[str, str]:
    """Return what another booking would change in positions, assets, liabilities and P&L."""
    month = next(m for m in other.months if m.month.label == run.period.label)
    theirs, ours = balances_after(run.opening, month.tally.balances), run.closing
    decimals = run.books.settings.base_decimals
    effect = {}
    for name, types in (
        ("assets", ("asset",)),
        ("liabilities", ("liability",)),
        ("profit_and_loss", ("income", "expense")),
    ):
        difference = _of_types(run, theirs, types=types) - _of_types(run, ours, types=types)
        effect[name] = to_text(difference if name == "assets" else -difference, decimals)
    units = exact_sum(numbers(theirs, "quantity")) - exact_sum(numbers(ours, "quantity"))
    return effect | {"units": str(units)}


def _of_types(run: CloseRun, balances: pa.Table, *, types: tuple[str, ...]) -> int:
    accounts = run.books.chart.accounts
    chosen = [accounts[number].type in types for number in texts(balances, "account")]
    return exact_sum(numbers(balances, "amount_base")[np.array(chosen, bool)])


def write_ledger_text(run: CloseRun) -> None:
    """The ledger files are written as text, so that the seal can hold their hashes."""
    context = ledger_context(run.books, run.reading, basis=run.basis)
    before = sealed_ledger(run.reading, context, scratch=run.scratch)
    carried = sealed_lots(run)
    balances = run.opening
    new = []
    for month in run.booked.months:
        if month.month.label > run.period.label:
            break
        balances = run.closing if month is run.month else balances
        stands_on = StandsOn(carried, balances)
        new.append(
            booked_month(run.books, run.reading, basis=run.basis, month=month, stands_on=stands_on)
        )
        carried = month.booking.carried.lots
    ledger = with_months(context, new, before=before, scratch=run.scratch)
    run.summaries = ledger.summaries
    run.ledger = ledger_texts(
        context, ledger, balances=run.closing, through=run.period.end, scratch=run.scratch
    )


def sealed_lots(run: CloseRun) -> pa.Table:
    """Return LOTS with which the first open month begins."""
    return _sealed(run, LOTS)


def _sealed(run: CloseRun, declared: Table) -> pa.Table:
    """Return one of STATES with which the first open month begins."""
    if run.closed_through is None:
        return declared.empty()
    label = month_of(run.closed_through).label
    found = run.reading.latest(declared, basis=run.basis, period=label)
    return declared.empty() if found is None else found


def require_checks(run: CloseRun) -> None:
    """Every check has passed; each that has not is named."""
    for check in run.checks:
        if not check.passed:
            figures = f"{check.left} against {check.right}"
            places = "; ".join(check.differences)
            message = f"{run.basis} {check.id}: {check.description}: {figures} {places}".strip()
            run.findings.append(Finding("CHECK_FAILED", message))


STEPS: tuple[Callable[[CloseRun], None], ...] = (
    require_order,
    book_and_mark,
    require_no_exception,
    prove_tie_outs,
    prove_opening,
    account_for_every_trade,
    list_withheld,
    write_ledger_text,
    require_checks,
)
