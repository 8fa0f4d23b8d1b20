"""Package: the workbook, the reports as CSV, and a manifest of what was written."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from subledger import __version__
from subledger.closing.checks import Check as Control
from subledger.exports.workbook import (
    BY_CURRENCY,
    ClosePack,
    accounts_of_slots,
    netting_of,
    schedules_of,
    write_workbook,
)
from subledger.exports.workbook_details import with_item_accounts
from subledger.exports.workbook_pack import Check, Seal
from subledger.operations.books import Books
from subledger.operations.checking import period_checks
from subledger.operations.reporting import REPORTS, PeriodView, report, view_of
from subledger.statements.report import Report, Units, csv_parts
from subledger.store.records import Close
from subledger.tables import UNSETTLED

WORKBOOK = "workbook.xlsx"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class PackageResult:
    """The files that were written for one basis."""

    basis: str
    period: str
    folder: Path
    files: tuple[str, ...]


def package(
    books: Books, label: str, *, bases: Sequence[str] = (), dry_run: bool = False
) -> list[PackageResult]:
    """Write `reports/<period>/<basis>/` for every basis named, or all: whole, or not at all."""
    results = []
    for policy in books.policies(bases):
        view = view_of(books, label, basis=policy.name)
        folder = books.folder / "reports" / label / policy.name
        reports = {name: report(view, name) for name in REPORTS}
        if dry_run:
            results.append(PackageResult(policy.name, label, folder, ()))
            continue
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{policy.name}.", dir=folder.parent))
        try:
            files = _write(partial, view, reports=reports)
            partial.chmod(0o755)
            _replace(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        results.append(PackageResult(policy.name, label, folder, files))
    return results


def _replace(partial: Path, folder: Path) -> None:
    """Put a finished folder in the place of an earlier one."""
    if folder.exists():
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.replace(old)
        partial.replace(folder)
        shutil.rmtree(old)
    else:
        partial.replace(folder)


def _write(folder: Path, view: PeriodView, *, reports: dict[str, Report]) -> tuple[str, ...]:
    units = view.units
    write_workbook(folder / WORKBOOK, close_pack(view, reports))
    for name, made in reports.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            file.writelines(csv_parts(made, units))
    files = sorted(path.name for path in folder.iterdir())
    manifest = _manifest(folder, files, view=view, reports=reports)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    return (*files, MANIFEST)


def _manifest(
    folder: Path, files: Sequence[str], *, view: PeriodView, reports: dict[str, Report]
) -> dict[str, object]:
    """Return what was written: hash of every file, rows and totals of every report."""
    close = seal_of(view)
    return {
        "schema": "subledger.package/1",
        "entity": view.books.settings.entity,
        "basis": view.policy.name,
        "period": view.period.label,
        "status": "closed" if close else "open",
        "seal": close.hash if close else "",
        "knowledge_seq": close.knowledge_seq if close else view.reading.as_at,
        "engine": __version__,
        "files": {name: _file(folder, name, reports=reports, units=view.units) for name in files},
    }


def _file(
    folder: Path, name: str, *, reports: dict[str, Report], units: Units
) -> dict[str, object]:
    entry: dict[str, object] = {"sha256": sha256((folder / name).read_bytes()).hexdigest()}
    made = reports.get(name.removesuffix(".csv"))
    if made is not None:
        entry |= {"rows": made.table.num_rows, "totals": made.sums(units)}
    return entry


def seal_of(view: PeriodView) -> Close | None:
    """Return the seal of a period of a basis, None while it is open."""
    closes = view.reading.closes(view.policy.name)
    return next((close for close in closes if close.period == view.period.label), None)


def close_pack(view: PeriodView, reports: dict[str, Report]) -> ClosePack:
    """Return everything that the workbook of a period shows."""
    books, close, prior = view.books, seal_of(view), view.prior
    chart = books.chart
    return ClosePack(
        entity=books.settings.entity,
        basis=view.policy.name,
        period=view.period,
        status="closed" if close else "open",
        seal=Seal(
            hash=close.hash if close else "",
            knowledge_seq=str(close.knowledge_seq if close else view.reading.as_at),
            engine_version=__version__,
            chart_hash=chart.hash,
        ),
        units=view.units,
        reports={
            **reports,
            BY_CURRENCY: report(view, "trial-balance", by=("currency",)),
            "unsettled": with_item_accounts(reports["unsettled"], view.state(UNSETTLED)),
        },
        statements=chart.statements,
        accounts=chart.accounts,
        schedules=schedules_of(chart),
        slots=accounts_of_slots(chart),
        prior=report(prior, "trial-balance") if prior else None,
        prior_label=prior.period.label if prior else "",
        netting=netting_of(
            chart.statements,
            chart.accounts,
            closing=view.closing,
            prior=prior.closing if prior else None,
        ),
        valued=view.period.end in view.reading.mark_dates(view.policy.name),
        not_included=view.policy.not_included,
        checks=[_check(found, view.units) for found in period_checks(view)],
    )


def _check(found: Control, units: Units) -> Check:
    decimals = units.decimals_of_base() if found.unit == "base" else 0
    note = "; ".join(found.differences) or f"{found.compared} compared"
    return Check(found.id, found.description, found.left, found.right, decimals, found.passed, note)
