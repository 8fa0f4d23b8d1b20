"""Verify ledger folders by themselves: without the store, against the manifest beside the files.

It proves that the files are those that the manifest describes, that beancount accepts them, and
that its balances are the manifest's to the last digit. That the manifest is what a close sealed is
proved by the store alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from subledger.errors import Finding, Refused, refuse
from subledger.exports.bean_check import ledger_balances, run_bean_check
from subledger.exports.beancount_frame import MAIN
from subledger.exports.beancount_reuse import summaries_of
from subledger.exports.beancount_seal import Manifest, compare_manifest, read_manifest
from subledger.operations.books import open_books
from subledger.operations.verifying import (
    VerifyResult,
    ledger_names,
    placed,
    summary_note,
    verify,
)


def verify_folder(
    folder: Path, label: str | None = None, *, bases: Sequence[str] = ()
) -> list[VerifyResult]:
    """Verify a books folder: with its store where it has one, else its ledger files alone."""
    try:
        books = open_books(folder, create_store=False)
    except Refused as refused:
        if [finding.code for finding in refused.findings] != ["NO_STORE"]:
            raise
        return verify_ledgers(folder, bases)
    return verify(books, label, bases=bases)


def verify_ledgers(folder: Path, bases: Sequence[str] = ()) -> list[VerifyResult]:
    """Verify `ledgers/<basis>/` of a books folder that has no store, of the bases named or all.

    Refuses with NO_STORE where there is no ledger either.
    """
    root = folder / "ledgers"
    found = sorted(path.name for path in root.glob("*") if path.is_dir()) if root.is_dir() else []
    names = [name for name in found if name in bases or not bases]
    if not names:
        raise refuse("NO_STORE", "neither a store nor a ledger", file=str(folder))
    return [_verify(root / name) for name in names]


def _verify(folder: Path) -> VerifyResult:
    basis = folder.name
    try:
        manifest = read_manifest(folder)
        findings = compare_manifest(manifest, folder)
        compared = sum(len(lines) for lines in manifest.files.values())
        notes = [f"without the store: {compared} ledger lines against their manifest"]
        if not findings:
            if summaries := summaries_of((folder / MAIN).read_text(encoding="utf-8")):
                notes.append(summary_note(summaries))
            findings, figures = _second_engine(manifest, folder)
            compared += figures
            notes.append(f"beancount agrees on {figures} balances through {manifest.through}")
    except Refused as refused:
        findings, compared, notes = list(refused.findings), 0, []
    where = tuple(placed(finding, basis) for finding in findings)
    return VerifyResult(basis, compared, where, tuple(notes if not where else notes[:1]))


def _second_engine(manifest: Manifest, folder: Path) -> tuple[list[Finding], int]:
    """Let beancount read the files, and compare its base balance of every account."""
    files = ledger_names(manifest.files)
    if findings := run_bean_check(folder, files):
        return findings, 0
    read = ledger_balances(folder, files, base=manifest.base, until=manifest.through)
    weights: dict[str, Decimal] = {}
    for row in read.to_pylist():
        account = str(row["gl_code"])
        weights[account] = weights.get(account, Decimal(0)) + Decimal(row["base_weight"])
    expected = {account: Decimal(text) for account, text in manifest.balances.items()}
    accounts = sorted(weights.keys() | expected.keys())
    findings = [
        Finding("LEDGER_DIFFERS", f"account {name} differs from the manifest", value=name)
        for name in accounts
        if weights.get(name, Decimal(0)) != expected.get(name, Decimal(0))
    ]
    if not accounts:
        findings = [Finding("LEDGER_NOTHING_COMPARED", "no figure was compared")]
    return findings, len(accounts)
