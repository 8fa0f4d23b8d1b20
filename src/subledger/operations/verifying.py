"""Verify: the books proved anew from what is on disk, and by beancount as a second engine.

Nothing here comes from booking: hashes and chains are computed again, balances are summed from
the lines of every entry, and the ledger files are read by another program.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from subledger.errors import Finding, Refused, refuse
from subledger.exports.bean_check import ledger_balances, run_bean_check
from subledger.exports.beancount_compare import Compared, compare_with_trial_balance
from subledger.exports.beancount_frame import MAIN
from subledger.exports.beancount_reuse import summaries_of
from subledger.exports.beancount_seal import SUFFIX, compare_text
from subledger.operations.books import Books
from subledger.statements.balances import balances_after
from subledger.store.checking import check_store
from subledger.store.hashing import content_hash, sealed_as
from subledger.store.reading import Reading
from subledger.store.records import Close
from subledger.tables import BALANCES, CONVERSIONS, ENTRIES, LEFT_OPEN, LINES, STATES, Table


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What verifying one basis (or the store as a whole) compared, and what does not hold."""

    basis: str
    compared: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()


def verify(
    books: Books, label: str | None = None, *, bases: Sequence[str] = ()
) -> list[VerifyResult]:
    """Verify the store, then each basis up to a closed period (default: the last).

    Refuses with NOT_CLOSED a period that none of these bases has closed.
    """
    store = check_store(books.folder, books.settings.store_url)
    results = [VerifyResult("store", sum(store.compared.values()), tuple(store.findings))]
    if store.findings:
        return results
    reading = books.control.read()
    policies = books.policies(bases)
    sealed = {policy.name: _closes(reading, policy.name, label=label) for policy in policies}
    if label is not None and not any(sealed.values()):
        raise refuse("NOT_CLOSED", f"{', '.join(sealed)} have no seal of it", value=label)
    for policy in policies:
        closes = sealed[policy.name]
        if not closes:
            results.append(VerifyResult(policy.name, 0, (), ("nothing is closed yet",)))
            continue
        results.append(_verify_basis(books, reading, basis=policy.name, closes=closes))
    return results


def _closes(reading: Reading, basis: str, *, label: str | None) -> list[Close]:
    """Return the seals up to a period, and that of a year which ends with it."""
    closes = reading.closes(basis)
    if label is None:
        return closes
    ends = {close.period: _through(close) for close in closes}
    return [close for close in closes if label in ends and _through(close) <= ends[label]]


def _through(close: Close) -> date:
    return date.fromisoformat(json.loads(close.seal)["through"])


def _verify_basis(
    books: Books, reading: Reading, *, basis: str, closes: Sequence[Close]
) -> VerifyResult:
    through = _through(closes[-1])
    balances, compared, findings = _recompute(reading, basis, closes=closes)
    folder = books.folder / "ledgers" / basis
    notes = [f"{compared} sealed states recomputed from every entry"]
    sealed: Mapping[str, str] = json.loads(reading.closes(basis)[-1].seal)["ledger"]
    if folder.is_dir():
        lines, edited = compare_text(
            sealed, folder, text_of=lambda sha256: reading.raw(sha256).decode()
        )
        findings += edited
        notes.append(f"{lines} ledger lines compared")
    else:
        findings.append(_no_ledger(basis))
    findings = [placed(finding, basis) for finding in findings]
    if summaries := summaries_of(reading.raw(sealed[MAIN]).decode()):
        notes.append(summary_note(summaries))
    if not findings:
        second, figures = _second_engine(
            books, reading, basis=basis, texts=sealed, expected=(balances, through)
        )
        findings += second
        if figures:
            compared += figures.total
            verdict = "differs among" if second else "agrees on"
            notes.append(
                f"beancount {verdict} {figures.total} balances through {through}: {figures}"
            )
    return VerifyResult(basis, compared, tuple(findings), tuple(notes))


def summary_note(summaries: Sequence[str]) -> str:
    """Return what is said of periods that the ledger tells in short."""
    return f"daily sums without lots: {', '.join(summaries)}"


def placed(finding: Finding, basis: str) -> Finding:
    """Return a finding of a ledger file with the folder that the file stands in."""
    if not finding.code.startswith("LEDGER_") or not finding.file or "/" in finding.file:
        return finding
    return replace(finding, file=f"ledgers/{basis}/{finding.file}")


def ledger_names(files: Iterable[str]) -> list[str]:
    """Return the names of those files that the second engine reads."""
    return [name for name in files if name.endswith(SUFFIX)]


def _no_ledger(basis: str) -> Finding:
    return Finding("LEDGER_FILE_MISSING", "the ledger folder is missing", file=f"ledgers/{basis}")


def _recompute(
    reading: Reading, basis: str, *, closes: Sequence[Close]
) -> tuple[pa.Table, int, list[Finding]]:
    """Sum all lines, period by period, and compare with every seal; return the last balances."""
    balances, compared, findings, done = BALANCES.empty(), 0, [], ""
    for close in closes:
        seal = json.loads(close.seal)
        for label in _labels(reading, basis, period=close.period, after=done):
            for segment in reading.segments(LINES.name, basis, period=label):
                balances = balances_after(balances, reading.read(LINES, segment))
        done = max(done, close.period)
        month = seal["through"][:7]
        for declared in (ENTRIES, LINES):
            compared += 1
            if not _stands_as_sealed(reading, declared, close=close):
                value = reading.content_of(declared, basis=basis, period=close.period)
                findings.append(_differs(declared, close, value=value))
        found = [(BALANCES, balances)]
        # Seals name the states that existed when they were made.
        for declared in (*STATES, CONVERSIONS, *LEFT_OPEN):
            if declared.name not in seal["states"]:
                continue
            state = reading.latest(declared, basis=basis, period=month)
            found.append((declared, declared.empty() if state is None else state))
        for declared, table in found:
            compared += 1
            if not sealed_as(table, declared, sealed=seal["states"][declared.name]):
                findings.append(_differs(declared, close, value=content_hash(table, declared)))
    return balances, compared, findings


def _stands_as_sealed(reading: Reading, declared: Table, *, close: Close) -> bool:
    """Say whether a period's entries or lines are those that a close sealed.

    The store was checked before, so each segment holds what the manifest says. An earlier program
    sealed the hash of all rows together.
    """
    sealed = json.loads(close.seal)["states"][declared.name]
    if reading.content_of(declared, basis=close.basis, period=close.period) == sealed:
        return True
    rows = reading.rows(declared, basis=close.basis, period=close.period)
    return sealed_as(rows, declared, sealed=sealed)


def _differs(declared: Table, close: Close, *, value: str) -> Finding:
    message = f"{close.basis} {declared.name} of {close.period} are not what the close sealed"
    return Finding("SEAL_DIFFERS", message, value=value[:16])


def _labels(reading: Reading, basis: str, *, period: str, after: str) -> list[str]:
    """Return the journal periods that a close covers, in order."""
    if len(period) == len("2026"):
        return [period]
    known = reading.periods("entries", basis)
    return [name for name in known if after < name <= period and len(name) == len(period)]


def _second_engine(
    books: Books,
    reading: Reading,
    *,
    basis: str,
    texts: Mapping[str, str],
    expected: tuple[pa.Table, date],
) -> tuple[list[Finding], Compared | None]:
    """Let bean-check read the ledger, and compare its balances on a date with the trial balance."""
    folder = books.folder / "ledgers" / basis
    files = ledger_names(texts)
    findings = run_bean_check(folder, files)
    if findings:
        return [placed(finding, basis) for finding in findings], None
    balances, through = expected
    try:
        found = ledger_balances(folder, files, base=books.settings.base, until=through)
    except Refused as refused:
        return list(refused.findings), None
    compared, differences = compare_with_trial_balance(found, balances, units=books.units(reading))
    return differences, compared
