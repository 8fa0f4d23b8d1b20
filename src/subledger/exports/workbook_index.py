"""The first sheet: whose books these are, how they were made, what is inside, and who signs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from subledger.exports.workbook_checks import ALL_PASS, FAILED
from subledger.exports.workbook_pack import ClosePack
from subledger.exports.workbook_page import Page, checked
from subledger.exports.workbook_schedules import Detail

SHEET = "Index"
_FIRST_ROW = 4
_IN_CURRENCIES = {
    "TB by currency": "Every account in each currency, proved currency by currency.",
    "FX": "Gains on foreign currency, balances at the closing rate, and the rates used.",
}
_SIGNERS = ("Prepared by", "Reviewed by", "Approved by")


def add_index(page: Page, pack: ClosePack, *, details: Sequence[Detail], passed: bool) -> None:
    """Write what the package is, its origin, a link to each sheet, and lines for signatures."""
    page.widths([26, 30, 62, 20])
    row = _facts(page, pack, row=_FIRST_ROW)
    at = (row, 1)
    page.text((row, 0), "Checks", style=page.formats.style("bold"))
    verdict = page.formats.style("verdict", align="left")
    value = ALL_PASS if passed else FAILED
    page.formula(at, "=Checks_Summary", value=value, style=verdict)
    bad = {"type": "cell", "criteria": "==", "value": f'"{FAILED}"'}
    rule = {**bad, "format": page.formats.style("bad")}
    checked(page.sheet.conditional_format(*at, *at, rule), "a conditional format")
    row = _contents(page, pack, details=details, row=row + 2)
    _signatures(page, row=row + 1)


def _facts(page: Page, pack: ClosePack, *, row: int) -> int:
    facts = (
        ("Entity", pack.entity),
        ("Accounting basis", pack.basis),
        ("Period", pack.period.label),
        ("First day", pack.period.start),
        ("Last day", pack.period.end),
        ("Status", pack.status),
        ("Base currency", pack.units.base),
        ("Not included", pack.not_included),
        ("Seal", pack.seal.hash or "not sealed"),
        ("Known up to", pack.seal.knowledge_seq),
        ("Engine", pack.seal.engine_version),
        ("Chart of accounts", pack.seal.chart_hash),
    )
    for label, text in facts:
        if not text:
            continue
        page.text((row, 0), label, style=page.formats.style("bold"))
        if isinstance(text, date):
            page.day((row, 1), text)
        else:
            page.text((row, 1), text)
        row += 1
    return row


def _contents(page: Page, pack: ClosePack, *, details: Sequence[Detail], row: int) -> int:
    section = page.formats.style("section")
    for column, label in enumerate(("Sheet", "Rows", "What it shows")):
        page.text((row, column), label, style=section)
    counts = {detail.sheet: pack.reports[detail.report].table.num_rows for detail in details}
    purposes = {
        "Checks": "Every tie-out, by formula and by the engine.",
        "Balance sheet": "Assets, liabilities and equity; each line sums the trial balance.",
        "Income statement": "Gains, income and expenses; each line sums the trial balance.",
        "Trial balance": "Every account; debit and credit sum the journal.",
        **(_IN_CURRENCIES if pack.foreign else {}),
        **{detail.sheet: detail.purpose for detail in details},
    }
    for row_of, (sheet, purpose) in enumerate(purposes.items(), start=row + 1):
        page.link((row_of, 0), sheet)
        if sheet in counts:
            page.text((row_of, 1), f"{counts[sheet]:,} rows")
        page.text((row_of, 2), purpose)
    return row + len(purposes) + 1


def _signatures(page: Page, *, row: int) -> None:
    section = page.formats.style("section")
    for column, label in enumerate(("Signed", "Name", "Signature", "Date")):
        page.text((row, column), label, style=section)
    line = page.formats.style("signature")
    for place, signer in enumerate(_SIGNERS, start=row + 1):
        page.sheet.set_row(place, 22)
        page.text((place, 0), signer)
        for column in (1, 2, 3):
            page.text((place, column), "", style=line)
