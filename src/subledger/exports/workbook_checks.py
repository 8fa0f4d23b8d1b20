"""The sheet of the tie-outs, each by formula and beside it the verdict of the engine."""

from __future__ import annotations

from collections.abc import Sequence

from subledger import numbers
from subledger.exports.workbook_page import Page, checked
from subledger.exports.workbook_tie_outs import TieOut
from subledger.statements.report import Report, Units

SHEET = "Checks"
ALL_PASS, FAILED = "ALL CHECKS PASS", "CHECKS FAIL"
_NOTE_ROW, _SUMMARY_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5, 6
_ID, _DESCRIPTION, _LEFT, _RIGHT, _DIFFERENCE, _RESULT, _ENGINE, _NOTE = range(8)


def add_checks(
    page: Page, found: Sequence[TieOut], *, exceptions: Report | None, units: Units
) -> bool:
    """Write the checks with their summary; return whether all of them pass.

    The name `Checks_Summary` refers to the summary. Below the checks stand the period's exceptions,
    each with the amount at risk and why it was accepted, and figures that float64 cannot hold with
    their exact text.
    """
    _head(page)
    for row, tie_out in enumerate(found, start=_DATA_ROW):
        _tie_out(page, tie_out, row=row)
    last = _DATA_ROW + max(len(found), 1) - 1
    passed = all(tie_out.verdict and _agree(tie_out) for tie_out in found)
    results, verdicts = (f"{c}{_DATA_ROW + 1}:{c}{last + 1}" for c in "FG")
    count = len(found)
    page.formula(
        (_SUMMARY_ROW, _DESCRIPTION),
        f'=IF(AND(COUNTIF({results},"OK")={count},COUNTIF({verdicts},"OK")={count}),'
        f'"{ALL_PASS}","{FAILED}")',
        value=ALL_PASS if passed else FAILED,
        style=page.formats.style("verdict", align="left", font_size=11),
    )
    at = (_SUMMARY_ROW, _DESCRIPTION)
    page.binder.define("Checks_Summary", sheet=SHEET, first=at, last=at)
    _mark_failures(page, last=last)
    row = _exceptions(page, exceptions, units=units, first=last + 2)
    _inexact(page, first=row + 1)
    return passed


def _head(page: Page) -> None:
    note = (
        "Each check is computed here by formula, beside the verdict of the engine. Those in "
        "capitals are checks of the close, and the note says how much the close compared."
    )
    page.text((_NOTE_ROW, 0), note, style=page.formats.style("note"))
    page.text((_SUMMARY_ROW, 0), "Result", style=page.formats.style("bold", font_size=11))
    labels = ("Check", "What must agree", "Left", "Right", "Difference", "Result", "Engine", "Note")
    aligned = {_LEFT: "right", _RIGHT: "right", _DIFFERENCE: "right"}
    aligned |= {_RESULT: "center", _ENGINE: "center"}
    headings = [(label, aligned.get(place, "left")) for place, label in enumerate(labels)]
    page.headings(_HEADING_ROW, headings)
    page.widths([22, 62, 19, 19, 13, 8, 8, 30])
    page.sheet.freeze_panes(_DATA_ROW, 1)


def _tie_out(page: Page, tie_out: TieOut, *, row: int) -> None:
    style = page.formats.number(tie_out.decimals, valign="vcenter")
    wrapped = page.formats.style("wrapped")
    page.text((row, _ID), tie_out.id, style=page.formats.style("text", valign="vcenter"))
    page.text((row, _DESCRIPTION), tie_out.description, style=wrapped)
    for column, formula, value in (
        (_LEFT, tie_out.left, tie_out.values[0]),
        (_RIGHT, tie_out.right, tie_out.values[1]),
    ):
        if formula:
            exact = numbers.to_decimal(value, tie_out.decimals)
            page.formula((row, column), f"={formula}", value=exact, style=style)
        else:
            page.number((row, column), value, decimals=tie_out.decimals, style=style)
    difference = numbers.to_decimal(tie_out.values[0] - tie_out.values[1], tie_out.decimals)
    rounding = f"=ROUND(C{row + 1}-D{row + 1},{tie_out.decimals})"
    page.formula((row, _DIFFERENCE), rounding, value=difference, style=style)
    verdict = page.formats.style("verdict", valign="vcenter")
    agree = "OK" if _agree(tie_out) else "FAIL"
    page.formula((row, _RESULT), f'=IF(E{row + 1}=0,"OK","FAIL")', value=agree, style=verdict)
    page.text((row, _ENGINE), "OK" if tie_out.verdict else "FAIL", style=verdict)
    page.text((row, _NOTE), tie_out.note, style=wrapped)


def _agree(tie_out: TieOut) -> bool:
    return tie_out.values[0] == tie_out.values[1]


def _mark_failures(page: Page, *, last: int) -> None:
    bad = page.formats.style("bad")
    for area, criterion in (
        ((_DATA_ROW, _RESULT, last, _ENGINE), '"FAIL"'),
        ((_SUMMARY_ROW, _DESCRIPTION, _SUMMARY_ROW, _DESCRIPTION), f'"{FAILED}"'),
    ):
        rule = {"type": "cell", "criteria": "==", "value": criterion, "format": bad}
        checked(page.sheet.conditional_format(*area, rule), "a conditional format")


def _exceptions(page: Page, report: Report | None, *, units: Units, first: int) -> int:
    """List the exceptions of the period; return the row after them."""
    page.text((first, 0), "Exceptions of the period", style=page.formats.style("section"))
    if report is None or not report.table.num_rows:
        page.text((first + 1, 0), "None.", style=page.formats.style("note"))
        return first + 2
    labels = {_ID: "Exception", _DESCRIPTION: "What it is", _LEFT: "Amount at risk"}
    labels |= {_RIGHT: "Currency", _DIFFERENCE: "Status", _NOTE: "Reason"}
    aligned = {_LEFT: "right"}
    headings = [(labels.get(n, ""), aligned.get(n, "left")) for n in range(_NOTE + 1)]
    page.headings(first + 1, headings)
    wrapped = page.formats.style("wrapped")
    decimals = report.decimals("amount_at_risk", units).tolist()
    rows = zip(report.table.to_pylist(), decimals, strict=True)
    for row, (one, places) in enumerate(rows, start=first + 2):
        what = f"{one['code']} {one['event_id']}: {one['message']}"
        page.text((row, _ID), one["exception_id"])
        page.text((row, _DESCRIPTION), what, style=wrapped)
        style = page.formats.number(places)
        page.number((row, _LEFT), one["amount_at_risk"], decimals=places, style=style)
        page.text((row, _RIGHT), one["currency"])
        page.text((row, _DIFFERENCE), one["status"])
        page.text((row, _NOTE), one["reason"] or "", style=wrapped)
    return first + 2 + int(report.table.num_rows)


def _inexact(page: Page, *, first: int) -> None:
    title = "Figures that Excel cannot hold exactly"
    page.text((first, 0), title, style=page.formats.style("section"))
    listed = page.binder.inexact
    note = "None." if not listed else "Excel keeps 15 digits; the exact figures are:"
    page.text((first + 1, 0), note, style=page.formats.style("note"))
    for row, found in enumerate(listed, start=first + 2):
        page.text((row, _ID), f"{found.sheet}!{found.cell}")
        page.text((row, _DESCRIPTION), found.exact)
