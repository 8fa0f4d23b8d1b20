"""The tie-outs of the workbook, each by formula and beside it by the engine, and their sheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow.compute as pc

from subledger import numbers
from subledger.chart.accounts import PROFIT_AND_LOSS
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT
from subledger.columns import numbers as figures
from subledger.exports.workbook_ledger import SCHEDULE_SHEETS, AccountRow
from subledger.exports.workbook_pack import Check, ClosePack
from subledger.exports.workbook_page import Page, checked
from subledger.exports.workbook_statements import StatementSheet

SHEET = "Checks"
ALL_PASS, FAILED = "ALL CHECKS PASS", "CHECKS FAIL"
_NOTE_ROW, _SUMMARY_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5, 6
_ID, _DESCRIPTION, _LEFT, _RIGHT, _DIFFERENCE, _RESULT, _ENGINE, _NOTE = range(8)


@dataclass(frozen=True, slots=True)
class TieOut:
    """Two figures of the workbook that must agree: their formulas and the engine's values.

    A formula that is "" is a value. The values are scaled integers with `decimals`.
    """

    id: str
    description: str
    left: str
    right: str
    values: tuple[int, int]
    decimals: int
    verdict: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How a detail sheet adds up to what its accounts hold."""

    id: str
    says: str
    formula: str


_SCHEDULES = {
    "lots": Schedule(
        "lots-cost",
        "Tax lots: the cost of open lots, short ones negative, is the ledger's",
        'SUMIFS(Lots_CostBase,Lots_Side,"long")-SUMIFS(Lots_CostBase,Lots_Side,"short")',
    ),
    "unrealised": Schedule(
        "unrealised",
        "Unrealised: the gains of open lots are the ledger's",
        "SUM(Unrealised_UnrealisedBase)",
    ),
    "realised": Schedule(
        "realised",
        "Realised: the gains of the period are the ledger's movement",
        "SUM(Realised_GainBase)",
    ),
    "unsettled": Schedule(
        "unsettled",
        "Unsettled: posted items are the ledger's receivable and payable",
        'SUMIFS(Unsettled_AmountBase,Unsettled_Posted,"yes")',
    ),
}


def tie_outs(
    pack: ClosePack, rows: Sequence[AccountRow], *, statements: Mapping[str, StatementSheet]
) -> list[TieOut]:
    """Return the workbook's tie-outs, each with the engine's verdict, then the engine's others."""
    known = {check.id: check for check in pack.checks}
    own = [
        *_trial_balance(pack, rows),
        *_journal(pack, rows),
        *_statements(pack, rows, statements=statements),
        *_schedules(pack, rows),
    ]
    found = [_with_verdict(tie_out, known.get(tie_out.id)) for tie_out in own]
    shown = {tie_out.id for tie_out in own}
    others = [_of_engine(check) for check in pack.checks if check.id not in shown]
    return [*found, *others]


def add_checks(page: Page, found: Sequence[TieOut]) -> bool:
    """Write the checks with their summary; return whether all of them pass.

    The name `Checks_Summary` refers to the summary. Figures that float64 cannot hold are listed
    below the checks with their exact text.
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
    _inexact(page, first=last + 2)
    return passed


def _trial_balance(pack: ClosePack, rows: Sequence[AccountRow]) -> Iterator[TieOut]:
    for name in ("opening", "closing"):
        yield _tie(
            pack,
            f"trial-balance-{name}",
            says=f"Trial balance: {name} balances sum to zero",
            left=(f"SUM(TB_{name.capitalize()})", _total(rows, name)),
        )
    yield _tie(
        pack,
        "trial-balance-movement",
        says="Trial balance: debits equal credits",
        left=("SUM(TB_Debit)", _total(rows, "debit")),
        right=("SUM(TB_Credit)", _total(rows, "credit")),
    )
    yield _tie(
        pack,
        "trial-balance-booked",
        says="Opening plus movement is the closing balance as booked, account by account",
        left=(
            "SUMPRODUCT(ABS(TB_Closing-TB_Booked))",
            sum(abs(row.opening + row.debit - row.credit - row.closing) for row in rows),
        ),
    )


def _journal(pack: ClosePack, rows: Sequence[AccountRow]) -> Iterator[TieOut]:
    journal = pack.reports["journal"].table
    debit, credit = (numbers.exact_sum(figures(journal, name)) for name in ("debit", "credit"))
    yield _tie(
        pack,
        "journal-entries",
        says="Journal: debits equal credits",
        left=("SUM(JE_Debit)", debit),
        right=("SUM(JE_Credit)", credit),
    )
    before_closing = journal.filter(pc.not_equal(journal["kind"], "closing"))
    yield _tie(
        pack,
        "journal-trial-balance",
        says="Journal before closing entries: its debits are the trial balance's",
        left=(
            'SUMIFS(JE_Debit,JE_Kind,"<>closing")',
            numbers.exact_sum(figures(before_closing, "debit")),
        ),
        right=("SUM(TB_Debit)", _total(rows, "debit")),
    )


def _statements(
    pack: ClosePack, rows: Sequence[AccountRow], *, statements: Mapping[str, StatementSheet]
) -> Iterator[TieOut]:
    for name, sheet in statements.items():
        amounts = {shown.line.id: shown.amount or 0 for shown in sheet.lines}
        totals = [line for line in sheet.statement.complete if line in amounts]
        if name == BALANCE_SHEET and len(totals) == len(("assets", "claims")):
            assets, claims = ((sheet.name_of(line), amounts[line]) for line in totals)
            says = "Balance sheet: assets equal liabilities and equity"
            yield _tie(pack, name, says=says, left=assets, right=claims)
        if name == INCOME_STATEMENT and len(totals) == 1:
            yield _net_income(pack, rows, left=(sheet.name_of(totals[0]), amounts[totals[0]]))
        lines = [shown for shown in sheet.lines if shown.line.kind != "heading"]
        booked = sum(shown.amount or 0 for shown in lines)
        cells = f"SUM({sheet.name_of('amounts')})"
        says = f"{sheet.sheet}: the formulas give the lines as booked (sum of all lines)"
        yield _tie(pack, f"{name}-booked", says=says, left=(cells, booked), right=("", booked))


def _net_income(pack: ClosePack, rows: Sequence[AccountRow], *, left: tuple[str, int]) -> TieOut:
    earned = sum(
        row.credit - row.debit for row in rows if pack.accounts[row.number].type in PROFIT_AND_LOSS
    )
    parts = [
        f'{sign}SUMIFS(TB_{column},TB_Type,"{kind}")'
        for kind in sorted(PROFIT_AND_LOSS)
        for sign, column in (("+", "Credit"), ("-", "Debit"))
    ]
    return _tie(
        pack,
        INCOME_STATEMENT,
        says="Income statement: net income is the movement of income and expense accounts",
        left=left,
        right=("".join(parts).removeprefix("+"), earned),
    )


def _schedules(pack: ClosePack, rows: Sequence[AccountRow]) -> Iterator[TieOut]:
    named = set(pack.schedules.values())
    lots = pack.reports["lots"].table
    cost = figures(lots, "cost_base")
    short = pc.equal(lots["side"], "short").to_numpy(zero_copy_only=False)
    sums = {
        "lots": numbers.exact_sum(cost[~short]) - numbers.exact_sum(cost[short]),
        "unrealised": _sum(pack, "unrealised", column="unrealised_base"),
        "realised": _sum(pack, "realised", column="gain_base"),
        "unsettled": _posted_sum(pack),
    }
    for name, schedule in _SCHEDULES.items():
        if name not in named:
            continue
        sheet = f'"{SCHEDULE_SHEETS[name]}"'
        accounts = [row for row in rows if pack.schedules.get(row.number) == name]
        ledger = f"SUMIFS(TB_Closing,TB_Schedule,{sheet})"
        balance = _total(accounts, "closing")
        if name == "realised":
            ledger = f"SUMIFS(TB_Credit,TB_Schedule,{sheet})-SUMIFS(TB_Debit,TB_Schedule,{sheet})"
            balance = _total(accounts, "credit") - _total(accounts, "debit")
        left, right = (schedule.formula, sums[name]), (ledger, balance)
        yield _tie(pack, schedule.id, says=schedule.says, left=left, right=right)


def _sum(pack: ClosePack, report: str, *, column: str) -> int:
    return numbers.exact_sum(figures(pack.reports[report].table, column))


def _posted_sum(pack: ClosePack) -> int:
    table = pack.reports["unsettled"].table
    return numbers.exact_sum(figures(table.filter(table["posted"]), "amount_base"))


def _total(rows: Sequence[AccountRow], name: str) -> int:
    return sum(int(getattr(row, name)) for row in rows)


def _tie(
    pack: ClosePack,
    tie_out: str,
    *,
    says: str,
    left: tuple[str, int],
    right: tuple[str, int] = ("", 0),
) -> TieOut:
    agree = left[1] == right[1]
    values = (left[1], right[1])
    return TieOut(tie_out, says, left[0], right[0], values, pack.decimals, agree)


def _with_verdict(tie_out: TieOut, check: Check | None) -> TieOut:
    if check is None:
        return tie_out
    verdict = tie_out.verdict and check.verdict
    return replace(tie_out, verdict=verdict, note=check.note)


def _of_engine(check: Check) -> TieOut:
    values = (check.left, check.right)
    return TieOut(
        check.id, check.description, "", "", values, check.decimals, check.verdict, check.note
    )


def _head(page: Page) -> None:
    note = "Each check is computed here by formula, and stands beside the verdict of the engine."
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


def _inexact(page: Page, *, first: int) -> None:
    title = "Figures that Excel cannot hold exactly"
    page.text((first, 0), title, style=page.formats.style("section"))
    listed = page.binder.inexact
    note = "None." if not listed else "Excel keeps 15 digits; the exact figures are:"
    page.text((first + 1, 0), note, style=page.formats.style("note"))
    for row, found in enumerate(listed, start=first + 2):
        page.text((row, _ID), f"{found.sheet}!{found.cell}")
        page.text((row, _DESCRIPTION), found.exact)
