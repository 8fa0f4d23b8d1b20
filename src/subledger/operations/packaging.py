"""Package: the workbook, the reports as CSV, and a manifest of what was written."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import file_digest, sha256
from pathlib import Path

import pyarrow as pa

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
from subledger.operations.checking import seal_of, sealed_checks
from subledger.operations.period_views import PeriodView, view_of
from subledger.operations.reporting import REPORTS, report
from subledger.periods import Period
from subledger.statements.pnl import KEYS
from subledger.statements.report import Report, Units, csv_parts
from subledger.statements.turnover import DAILY, daily_totals
from subledger.store.records import Segment
from subledger.tables import ENTRIES, LINES, LOTS, MARKS, RELIEFS, UNSETTLED, Table

WORKBOOK = "workbook.xlsx"
MANIFEST = "manifest.json"

# A spreadsheet takes 1,048,576 rows. What is longer goes out as the sealed tables that it is drawn
# from: they are small, whole, and have the hash under which the store keeps them.
CSV_ROWS = 1_000_000
_INSTEAD: Mapping[str, tuple[Table, ...]] = {
    "journal": (ENTRIES, LINES),
    "realised": (RELIEFS,),
    "lots": (LOTS,),
    "unrealised": (LOTS, MARKS),
    "unsettled": (UNSETTLED,),
}
_ANEW = (RELIEFS, LOTS, MARKS, UNSETTLED)  # the last segment of a month has all of its rows


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
    results: list[PackageResult] = []
    shared: dict[tuple[str, Period], pa.Table] = {}
    for policy in books.policies(bases):
        view = replace(view_of(books, label, basis=policy.name), shared=shared)
        folder = books.folder / "reports" / label / policy.name
        reports = _reports(view)
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


def _reports(view: PeriodView) -> dict[str, Report]:
    """Return every report; those of lots are made beside those of the journal."""
    with ThreadPoolExecutor(1) as beside:
        realised = beside.submit(report, view, "realised")
        # The widest split first: the narrower ones are drawn from it.
        widest = DAILY if view.lines > CSV_ROWS else ("account", "currency")
        view.read_lines({*widest, *KEYS})
        view.turnover(widest)
        pnl = report(view, "pnl")
        view.forget_lines()
        made = {name: _made(view, name) for name in REPORTS if name not in ("pnl", "realised")} | {
            "pnl": pnl,
            "realised": realised.result(),
        }
    return {name: made[name] for name in REPORTS}


def _made(view: PeriodView, name: str) -> Report:
    """Return a report; of a journal that is longer than a CSV file may be, its daily totals."""
    if name == "journal" and view.lines > CSV_ROWS:
        return daily_totals(view.turnover(DAILY))
    return report(view, name)


def _rows(view: PeriodView, made: Report) -> int:
    """Return how many rows a report has, all of them."""
    return view.lines if made.name == "journal" else made.table.num_rows


def _sealed_tables(view: PeriodView, made: Report) -> list[tuple[str, Segment]]:
    """Return the segments that hold what a report is too long for, each with its file name.

    Those of a month that was booked in portions are numbered in their order.
    """
    if _rows(view, made) <= CSV_ROWS:
        return []
    found = []
    for declared in _INSTEAD[made.name]:
        together: dict[str, list[Segment]] = {}
        for segment in view.segments(declared, last=declared in _ANEW):
            name = f"{declared.name}-{segment.period}-{segment.batch:08}"
            together.setdefault(name, []).append(segment)
        for name, segments in together.items():
            for number, segment in enumerate(segments, 1):
                portion = f"-{number:03}" if len(segments) > 1 else ""
                found.append((f"{name}{portion}.parquet", segment))
    return found


def _write(folder: Path, view: PeriodView, *, reports: dict[str, Report]) -> tuple[str, ...]:
    """Write every file of a package, each flushed, and the manifest last."""
    units = view.units
    long = {
        name: tables
        for name, made in reports.items()
        if name in _INSTEAD and (tables := _sealed_tables(view, made))
    }
    elsewhere = {name: ", ".join(file for file, _ in tables) for name, tables in long.items()}
    listed: dict[str, dict[str, object]] = {}
    instead: dict[str, object] = {}
    with ThreadPoolExecutor(1) as beside:
        written = {
            name: beside.submit(_write_csv, folder / f"{name}.csv", made, units=units)
            for name, made in reports.items()
            if name not in long
        }
        write_workbook(folder / WORKBOOK, close_pack(view, reports, elsewhere=elsewhere))
        listed[WORKBOOK] = {"sha256": _hash_and_sync(folder / WORKBOOK)}
        for name, made in reports.items():
            stated = {"rows": _rows(view, made), "totals": made.sums(units)}
            if name in written:
                listed[f"{name}.csv"] = {"sha256": written[name].result(), **stated}
                continue
            instead[name] = {"files": [file for file, _ in long[name]], **stated}
            for file, segment in long[name]:
                _copy(folder / file, view, segment=segment)
                listed[file] = {"sha256": segment.file_sha256, "rows": segment.rows}
    files = dict(sorted(listed.items()))
    manifest = _manifest(view, files) | ({"instead_of_csv": instead} if instead else {})
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    _hash_and_sync(folder / MANIFEST)
    return (*files, MANIFEST)


def _copy(path: Path, view: PeriodView, *, segment: Segment) -> None:
    """Write a sealed segment, checked against the store's manifest, byte for byte."""
    if path.exists():  # two reports are drawn from it
        return
    with path.open("wb") as file:
        file.write(view.reading.sealed_bytes(segment))
        file.flush()
        os.fsync(file.fileno())


def _write_csv(path: Path, made: Report, *, units: Units) -> str:
    """Write a report as CSV piece by piece; return the SHA-256 of the file."""
    hashed = sha256()
    with path.open("wb") as file:
        for part in csv_parts(made, units):
            hashed.update(part)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return hashed.hexdigest()


def _hash_and_sync(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return file_digest(file, "sha256").hexdigest()


def _manifest(view: PeriodView, files: Mapping[str, object]) -> dict[str, object]:
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
        "files": files,
    }


def close_pack(
    view: PeriodView, reports: dict[str, Report], *, elsewhere: Mapping[str, str] | None = None
) -> ClosePack:
    """Return everything that the workbook of a period shows.

    `elsewhere` names the files that hold the rows of a report that has no CSV file.
    """
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
        checks=[_check(found, view.units) for found in sealed_checks(view)],
        elsewhere=elsewhere or {},
    )


def _check(found: Control, units: Units) -> Check:
    decimals = units.decimals_of_base() if found.unit == "base" else 0
    note = "; ".join(found.differences) or f"{found.compared} compared"
    return Check(found.id, found.description, found.left, found.right, decimals, found.passed, note)
