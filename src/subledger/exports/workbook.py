"""The close package as a workbook: statements, trial balance, journal and schedules.

Every statement figure is a live formula: a statement line sums the trial balance, the trial balance
sums the journal; each formula carries the engine's exact value as its cached result. A number that
float64 cannot hold goes out rounded to 15 digits beside its exact text. No text becomes a formula.
The same pack gives the same bytes.
"""

from __future__ import annotations

import io
from datetime import datetime, time
from pathlib import Path

import xlsxwriter

from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT
from subledger.exports import workbook_checks, workbook_details, workbook_index, workbook_totals
from subledger.exports.workbook_currencies import add_currencies
from subledger.exports.workbook_formats import Formats
from subledger.exports.workbook_fx import add_fx
from subledger.exports.workbook_fx_tie_outs import currency_tie_outs, fx_tie_outs
from subledger.exports.workbook_ledger import add_trial_balance
from subledger.exports.workbook_pack import (
    BY_CURRENCY,
    Check,
    ClosePack,
    Seal,
    accounts_of_slots,
    netting_of,
    schedules_of,
)
from subledger.exports.workbook_page import Binder, Imprint
from subledger.exports.workbook_rows import Rows, fill_rows
from subledger.exports.workbook_schedules import BASES, DAILY, JOURNAL, SCHEDULES, Detail
from subledger.exports.workbook_statements import add_statement
from subledger.exports.workbook_tie_outs import tie_outs, with_verdicts
from subledger.statements.report import Report
from subledger.statements.turnover import is_daily

__all__ = [
    "BY_CURRENCY",
    "Check",
    "ClosePack",
    "Seal",
    "accounts_of_slots",
    "netting_of",
    "schedules_of",
    "write_workbook",
]

JOURNAL_LINES = 200_000
SCHEDULE_ROWS = 50_000
# Data is written as text, number or date by name; nothing is guessed from what a text looks like.
_NO_GUESSES = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_workbook(
    path: Path,
    pack: ClosePack,
    *,
    journal_lines: int = JOURNAL_LINES,
    schedule_rows: int = SCHEDULE_ROWS,
) -> None:
    """Write the workbook of a close package.

    Args:
        path: The file to write.
        pack: What to show.
        journal_lines: Above so many lines the journal sheet holds daily totals per account.
        schedule_rows: Above so many rows any other detail sheet holds totals.

    Raises Refused (WORKBOOK_LIMIT) where a sheet cannot hold the books, before anything is written.
    """
    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(content, {**_NO_GUESSES, "in_memory": True})
    _describe(workbook, pack)
    binder = Binder(workbook, _imprint(pack), Formats(workbook))
    details = _details(pack, journal_lines=journal_lines, schedule_rows=schedule_rows)
    rows = _sheets(binder, pack, details=details)
    workbook.close()
    content.seek(0)
    fill_rows(content, path, sheets=rows)


def _sheets(
    binder: Binder, pack: ClosePack, *, details: list[tuple[Detail, Report]]
) -> dict[int, Rows]:
    """Add all sheets; return the rows of the detail sheets by the number of their sheet."""
    index = binder.page(workbook_index.SHEET, "Close package", gridlines=False)
    checks = binder.page(workbook_checks.SHEET, "Checks", gridlines=False)
    statements = {
        name: add_statement(binder, pack, name=name) for name in (BALANCE_SHEET, INCOME_STATEMENT)
    }
    accounts = add_trial_balance(binder, pack)
    found = tie_outs(pack, accounts, statements=statements)
    if pack.foreign:
        by_currency = add_currencies(binder, pack)
        found += currency_tie_outs(pack, accounts, by_currency=by_currency)
        found += fx_tie_outs(pack, accounts, totals=add_fx(binder, pack))
    rows: dict[int, Rows] = {}
    for detail, report in details:
        added = workbook_details.add_detail(
            binder, detail, report=report, units=pack.units, foreign=pack.foreign
        )
        rows[len(binder.workbook.worksheets())] = added
    found = with_verdicts(found, pack.checks)
    passed = workbook_checks.add_checks(
        checks, found, exceptions=pack.reports.get("exceptions"), units=pack.units
    )
    workbook_index.add_index(index, pack, details=[detail for detail, _ in details], passed=passed)
    return rows


def _details(
    pack: ClosePack, *, journal_lines: int, schedule_rows: int
) -> list[tuple[Detail, Report]]:
    """Return the detail sheets with their reports; the journal, the longest, comes last."""
    found = [
        _shortened(pack, schedule, report=pack.reports[schedule.report], most_rows=schedule_rows)
        for schedule in SCHEDULES
        if schedule.report in pack.reports
    ]
    bases = pack.reports.get(BASES.report)
    if bases is not None and bases.table.num_rows:
        found.append((BASES, bases))
    journal, detail = pack.reports["journal"], JOURNAL
    if is_daily(journal):
        detail = workbook_totals.elsewhere(DAILY, pack.elsewhere)
    elif journal.table.num_rows > journal_lines:
        journal, detail = workbook_details.daily_totals(journal), DAILY
    return [*found, (detail, _with_names(pack, journal))]


def _shortened(
    pack: ClosePack, detail: Detail, *, report: Report, most_rows: int
) -> tuple[Detail, Report]:
    """Return a schedule as it is, or in totals where it has too many rows."""
    if report.table.num_rows <= most_rows:
        return detail, report
    return workbook_totals.in_totals(detail, report, files=pack.elsewhere)


def _with_names(pack: ClosePack, journal: Report) -> Report:
    names = {number: account.name for number, account in pack.accounts.items()}
    return workbook_details.with_account_names(journal, names)


def _describe(workbook: xlsxwriter.Workbook, pack: ClosePack) -> None:
    """Set the properties; `created` is the period's end, for the same bytes from the same pack."""
    workbook.set_size(2400, 1600)
    workbook.set_properties(
        {
            "title": f"{pack.entity}: close package {pack.period.label}, {pack.basis}",
            "subject": f"{pack.basis} {pack.period.label}",
            "company": pack.entity,
            "comments": f"Seal {pack.seal.hash}" if pack.seal.hash else "",
            "created": datetime.combine(pack.period.end, time()),
        }
    )


def _imprint(pack: ClosePack) -> Imprint:
    caption = f"{pack.basis} · {pack.period.label} ({pack.period.start} to {pack.period.end})"
    seal = f"Seal {pack.seal.hash}" if pack.seal.hash else "Not sealed"
    return Imprint(pack.entity, f"{caption} · {pack.status}", seal)
