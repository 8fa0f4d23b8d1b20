"""Close a month or a year: run the steps, and seal when every check has passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.closing.checks import Check
from subledger.closing.sealing import SealContents, seal_text
from subledger.closing.year_end import clear_profit_and_loss
from subledger.columns import texts
from subledger.errors import Finding, Refused, refuse
from subledger.exports.beancount_input import LedgerMonth
from subledger.exports.beancount_text import LedgerText
from subledger.journal.journal import Journal, control_totals
from subledger.numbers import to_text
from subledger.operations import ledgers
from subledger.operations.balances import state_on
from subledger.operations.books import Books
from subledger.operations.close_run import CloseRun
from subledger.operations.close_steps import STEPS
from subledger.operations.posting import Recorder, set_exceptions
from subledger.periods import Period, fiscal_year_of, month_of
from subledger.statements.balances import balances_after
from subledger.store.hashing import content_hash
from subledger.store.unit import Unit
from subledger.tables import (
    BALANCES,
    CONVERSIONS,
    ENTRIES,
    LEFT_OPEN,
    LINES,
    STATES,
)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class CloseResult:
    """A closed period of one basis: its checks, and what was left out of it."""

    basis: str
    period: str
    seal: str
    checks: Sequence[Check]
    withheld: dict[str, object] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    accepted: Sequence[Mapping[str, str]] = ()  # exceptions that were waived or swept, with reason
    summary: bool = False  # the ledger tells the period in daily sums


def close(
    books: Books,
    label: str,
    *,
    bases: Sequence[str] = (),
    dry_run: bool = False,
    progress: Progress = lambda _: None,
) -> list[CloseResult]:
    """Close a month (2022-09) or a year (2022) of every basis named, or of all.

    Refuses with every reason at once: PERIOD_CLOSED, PERIOD_ORDER (exit 4); the codes of open
    exceptions and CHECK_FAILED (exit 1). A close that is refused seals nothing; the exceptions it
    found are listed.
    """
    policies = books.policies(bases)
    period = books.period(label, policies[0])
    if period.is_year:
        return _close_year(books, label, policies=policies, dry_run=dry_run)
    if not period.is_month:
        raise refuse("NOT_A_PERIOD", "months and years are closed", value=label)
    with TemporaryDirectory(prefix="ledger-") as scratch:
        return _close_month(
            books, period, policies=policies, how=_How(dry_run, progress, Path(scratch))
        )


class _How(NamedTuple):
    """How a close runs: whether it writes, whom it tells, and where its files are made."""

    dry_run: bool
    progress: Progress
    scratch: Path


def _close_month(
    books: Books, period: Period, *, policies: Sequence[BasisPolicy], how: _How
) -> list[CloseResult]:
    dry_run, label = how.dry_run, period.label
    with books.control.write("close", _arguments(label, policies), dry_run=dry_run) as unit:
        runs, results = [], []
        for policy in policies:
            run = CloseRun(books, unit.reading, policy, period, how.scratch / policy.name)
            run.recorder = Recorder(books, unit, basis=policy.name)
            _run_steps(run, how.progress)
            runs.append(run)
            # What one basis has found is refused with what the others find.
            if not any(one.findings for one in runs):
                results.append(_seal(unit, run))
            run.let_go()
        findings = [finding for run in runs for finding in run.findings]
        if findings:
            unit.abandon()
    if findings:
        if not dry_run:
            codes = sorted({finding.code for finding in findings})
            books.control.record_refusal("close", _arguments(label, policies), codes=codes)
            _list_exceptions(books, runs)
        raise Refused(findings)
    if not dry_run:
        _write_ledgers(books, runs)
    return results


def _arguments(label: str, policies: Sequence[BasisPolicy]) -> dict[str, object]:
    return {"period": label, "basis": [policy.name for policy in policies]}


def _run_steps(run: CloseRun, progress: Progress) -> None:
    for number, step in enumerate(STEPS, 1):
        progress(f"{run.basis} {run.period.label} step {number}/{len(STEPS)}: {step.__doc__}")
        step(run)


def _list_exceptions(books: Books, runs: Sequence[CloseRun]) -> None:
    """Put the exceptions that stopped a close into the queue, so that they can be settled."""
    arguments = {"period": runs[0].period.label, "outcome": "refused; exceptions listed"}
    with books.control.write("close", arguments) as unit:
        changed = [set_exceptions(unit, run.excepted) for run in runs]
        if not any(changed):
            unit.abandon()


def _seal(unit: Unit, run: CloseRun) -> CloseResult:
    """Write the month's journal and state, and the seal over them."""
    label = run.period.label
    assert run.recorder is not None
    run.recorder.record(run.booked)
    unit.add_mark_run(run.basis, run.period.end)
    left_open = zip(LEFT_OPEN, run.left_open(), strict=True)
    unit.add_segments([(BALANCES, run.closing), *left_open], basis=run.basis, period=label)
    tally, standing = run.month.tally, unit.so_far
    contents = SealContents(
        entity=run.books.settings.entity,
        period=run.period.label,
        through=run.period.end.isoformat(),
        chart=run.books.chart.hash,
        entries=tally.numbers.entries,
        debit=str(tally.debit),
        credit=str(tally.credit),
        states={
            one.name: standing.content_of(one, basis=run.basis, period=label)
            for one in (BALANCES, *STATES, CONVERSIONS, ENTRIES, LINES, *LEFT_OPEN)
        },
        ledger=_hashes(run),
        exceptions=_dispositions(run),
        withheld=run.withheld,
    )
    _keep(unit, run)
    text = seal_text(contents, run.policy, checks=run.checks)
    known = unit.reading.as_at
    sealed = unit.add_close(run.basis, run.period.label, knowledge_seq=known, seal=text)
    return CloseResult(
        run.basis,
        run.period.label,
        sealed.hash,
        run.checks,
        run.withheld,
        tuple(run.ledger),
        contents.exceptions,
        run.period.label in run.summaries,
    )


def _hashes(run: CloseRun) -> dict[str, str]:
    """Return the SHA-256 of each ledger file."""
    return {name: run.ledger[name].sha256 for name in sorted(run.ledger)}


def _keep(unit: Unit, run: CloseRun) -> None:
    """Keep the ledger files in the store; those that an earlier close sealed are there."""
    for file in run.ledger.values():
        if not file.sealed:
            unit.raw_file(file.path, file.sha256)


def _dispositions(run: CloseRun) -> list[dict[str, str]]:
    """Return the exceptions of the period that were waived or swept: amount at risk and reason."""
    decimals = run.books.settings.currencies
    said = ("exception_id", "code", "event_id", "status", "currency", "reason")
    return [
        {name: str(row[name]) for name in said}
        | {"amount_at_risk": to_text(row["amount_at_risk"], decimals.get(row["currency"], 0))}
        for row in run.reading.exceptions(run.basis).to_pylist()
        if row["period"] == run.period.label and row["status"] in ("waived", "swept")
    ]


def _close_year(
    books: Books, label: str, *, policies: Sequence[BasisPolicy], dry_run: bool
) -> list[CloseResult]:
    """Clear income and expenses to retained earnings, after the year's last month is closed."""
    with TemporaryDirectory(prefix="ledger-") as scratch:
        runs: list[CloseRun] = []
        results: list[CloseResult] = []
        with books.control.write("close", _arguments(label, policies), dry_run=dry_run) as unit:
            for policy in policies:
                folder = Path(scratch) / policy.name
                period = books.period(label, policy)
                runs.append(CloseRun(books, unit.reading, policy, period, folder))
                _require_months(runs[-1])
                results.append(_seal_year(unit, runs[-1]))
        if not dry_run:
            _write_ledgers(books, runs)
    return results


def _write_ledgers(books: Books, runs: Sequence[CloseRun]) -> None:
    for run in runs:
        ledgers.write_ledger(ledgers.ledger_folder(books, run.basis), run.ledger)


def _require_months(run: CloseRun) -> None:
    year, through = run.period, run.closed_through
    if any(close.period == year.label for close in run.reading.closes(run.basis)):
        raise refuse("PERIOD_CLOSED", f"{run.basis} is closed", value=year.label)
    if through is None or through < year.end:
        due = month_of(year.end).label
        message = f"{run.basis} closes its months through {due} first"
        raise refuse("PERIOD_ORDER", message, value=year.label)
    if fiscal_year_of(through, run.policy.fiscal_first_month).label != year.label:
        raise refuse("PERIOD_ORDER", f"{run.basis} is closed through {through}", value=year.label)


def _seal_year(unit: Unit, run: CloseRun) -> CloseResult:
    reading, basis, year = run.reading, run.basis, run.period
    balances = reading.latest(BALANCES, basis=basis, period=month_of(year.end).label)
    before = BALANCES.empty() if balances is None else balances
    terms = run.books.terms(run.policy, reading.instruments())
    seq = 1 + max((s.last_seq or 0 for s in reading.segments("entries", basis)), default=0)
    journal = clear_profit_and_loss(before, year, terms=terms, seq=seq)
    after = balances_after(before, journal.lines)
    check = _cleared(run, after)
    if not check.passed:
        raise Refused([Finding("CHECK_FAILED", f"{basis} {check.description}")])
    run.ledger = _year_ledger(run, journal, after=after)
    unit.record_chart(basis, run.books.chart.hash, files=run.books.chart.files)
    for declared, table in ((ENTRIES, journal.entries), (LINES, journal.lines), (BALANCES, after)):
        unit.add_segment(declared, table, basis=basis, period=year.label)
    debit, credit = control_totals(journal.lines)
    contents = SealContents(
        entity=run.books.settings.entity,
        period=year.label,
        through=year.end.isoformat(),
        chart=run.books.chart.hash,
        entries=journal.entries.num_rows,
        debit=str(debit),
        credit=str(credit),
        states={
            "balances": content_hash(after, BALANCES),
            **{
                declared.name: content_hash(
                    state_on(reading, declared, basis=basis, on=year.end), declared
                )
                for declared in STATES
            },
            "entries": content_hash(journal.entries, ENTRIES),
            "lines": content_hash(journal.lines, LINES),
        },
        ledger=_hashes(run),
        exceptions=[],
        withheld={},
    )
    _keep(unit, run)
    text = seal_text(contents, run.policy, checks=[check])
    sealed = unit.add_close(basis, year.label, knowledge_seq=reading.as_at, seal=text)
    return CloseResult(basis, year.label, sealed.hash, [check], files=tuple(run.ledger))


def _cleared(run: CloseRun, after: pa.Table) -> Check:
    accounts = run.books.chart.accounts
    left = [
        number
        for number in texts(after, "account")
        if accounts[number].type in ("income", "expense")
    ]
    return Check(
        "CLEARED",
        "Income and expense accounts are zero after the year-end close",
        len(left),
        0,
        len(accounts),
        unit="count",
        differences=tuple(sorted(set(left)))[:5],
    )


def _year_ledger(run: CloseRun, journal: Journal, *, after: pa.Table) -> dict[str, LedgerText]:
    """Return the ledger with the file of the year."""
    context = ledgers.ledger_context(run.books, run.reading, basis=run.basis)
    year = LedgerMonth(run.period.label, journal.entries, journal.lines)
    before = ledgers.sealed_ledger(run.reading, context, scratch=run.scratch)
    ledger = ledgers.with_months(context, [year], before=before, scratch=run.scratch)
    return ledgers.ledger_texts(
        context, ledger, balances=after, through=run.period.end, scratch=run.scratch
    )
