"""The trial balance sheet: formulas down to the journal, and what each account belongs to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_pack import ClosePack
from subledger.exports.workbook_page import Binder, Page
from subledger.statements.report import Report

SHEET = "Trial balance"
SCHEDULE_SHEETS = {
    "lots": "Tax lots",
    "unrealised": "Unrealised",
    "realised": "Realised",
    "unsettled": "Unsettled",
    "entitlements": "Dividends",
}
_NOTE_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5
_LABELS = ("Account", "Name", "Type", "Statement", "Statement line", "Schedule")
_NAMES = ("TB_Account", "", "TB_Type", "TB_Statement", "TB_Line", "TB_Schedule")
_LINE, _FIRST_FIGURE = 4, len(_LABELS)
# Entries of kind `closing` clear P&L at a year's end; the trial balance is shown before them.
_MOVEMENT = '=SUMIFS({column},JE_Account,$A{{row}},JE_Kind,"<>closing")'


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account's figures in base currency, debit-positive, as the engine has them."""

    number: str
    opening: int = 0
    debit: int = 0
    credit: int = 0
    closing: int = 0
    prior_closing: int = 0
    prior_moved: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """A column of figures: its heading, defined name, value, and its formula ("": a value)."""

    heading: str
    name: str
    value: Callable[[AccountRow], int]
    formula: str = ""
    prior: bool = False


_FIGURES = (
    Figure("Opening", "TB_Opening", lambda row: row.opening),
    Figure("Debit", "TB_Debit", lambda row: row.debit, _MOVEMENT.format(column="JE_Debit")),
    Figure("Credit", "TB_Credit", lambda row: row.credit, _MOVEMENT.format(column="JE_Credit")),
    Figure("Closing", "TB_Closing", lambda row: row.closing, "=G{row}+H{row}-I{row}"),
    Figure("Closing, as booked", "TB_Booked", lambda row: row.closing),
    Figure("Closing", "TB_PriorClosing", lambda row: row.prior_closing, prior=True),
    Figure("Movement", "TB_PriorMovement", lambda row: row.prior_moved, prior=True),
)
_CLOSING, _PRIOR_CLOSING = _FIRST_FIGURE + 3, _FIRST_FIGURE + 5


def add_trial_balance(binder: Binder, pack: ClosePack) -> list[AccountRow]:
    """Add the trial balance and the names that statements and checks refer to.

    Opening balances are values, since they are sealed; debit and credit are sums over the journal,
    closing is their result. Beside it stands the closing balance as the engine booked it.
    """
    rows = account_rows(pack.reports["trial-balance"], pack.prior)
    page = binder.page(SHEET, "Trial balance")
    figures = [figure for figure in _FIGURES if pack.prior or not figure.prior]
    page.exact_column = _FIRST_FIGURE + len(figures)
    _head(page, pack, figures=figures)
    for place, row in enumerate(rows, start=_DATA_ROW):
        _account_row(page, pack, row=row, place=place, figures=figures)
    last = _DATA_ROW + max(len(rows), 1) - 1
    for place, name in enumerate((*_NAMES, *(figure.name for figure in figures))):
        if name:
            binder.define(name, sheet=SHEET, first=(_DATA_ROW, place), last=(last, place))
    page.sheet.autofilter(_HEADING_ROW, 0, last, _FIRST_FIGURE + len(figures) - 1)
    page.codes_are_texts((last, _FIRST_FIGURE))
    _total_row(page, pack, rows=rows, figures=figures)
    if pack.netting:
        _netting(page, pack, first=last + 3)
    return rows


def account_rows(current: Report, prior: Report | None) -> list[AccountRow]:
    """Return the accounts of this and the prior trial balance, in order of their number."""
    now = {row["account"]: row for row in current.table.to_pylist()}
    before = {row["account"]: row for row in prior.table.to_pylist()} if prior else {}
    nothing = dict.fromkeys(("opening", "debit", "credit", "closing"), 0)
    rows = []
    for number in sorted(now.keys() | before.keys()):
        this, last = now.get(number, nothing), before.get(number, nothing)
        rows.append(
            AccountRow(
                number,
                opening=this["opening"],
                debit=this["debit"],
                credit=this["credit"],
                closing=this["closing"],
                prior_closing=last["closing"],
                prior_moved=last["debit"] - last["credit"],
            )
        )
    return rows


def _head(page: Page, pack: ClosePack, *, figures: Sequence[Figure]) -> None:
    note = (
        f"Amounts in {pack.units.base}, debits positive. Debit and credit are sums over the "
        "journal; an entry and its reversal cancel. Opening balances are as sealed."
    )
    page.text((_NOTE_ROW, 0), note, style=page.formats.style("note"))
    headings = [(label, "left") for label in _LABELS]
    for figure in figures:
        label = f"{figure.heading} {pack.prior_label}" if figure.prior else figure.heading
        headings.append((label.strip(), "right"))
    page.headings(_HEADING_ROW, headings)
    page.widths([8.5, 32, 8.5, 15, 22, 11, *([15.0] * len(figures))])
    page.sheet.freeze_panes(_DATA_ROW, 2)


def _account_row(
    page: Page, pack: ClosePack, *, row: AccountRow, place: int, figures: Sequence[Figure]
) -> None:
    account = pack.accounts[row.number]
    places = (
        name
        for name, statement in pack.statements.items()
        if any(line.id == account.statement_line for line in statement.lines)
    )
    statement = statement_sheet(next(places, ""))
    schedule = SCHEDULE_SHEETS.get(pack.schedules.get(row.number, ""), "")
    line = account.statement_line
    for column, text in enumerate(
        (row.number, account.name, account.type, statement, line, schedule)
    ):
        page.text((place, column), text)
    style = page.formats.number(pack.decimals)
    quiet = page.formats.number(pack.decimals, font_color=looks.QUIET)
    for column, figure in enumerate(figures, start=_FIRST_FIGURE):
        value, at = figure.value(row), (place, column)
        if figure.formula:
            exact = numbers.to_decimal(value, pack.decimals)
            page.formula(at, figure.formula.format(row=place + 1), value=exact, style=style)
        else:
            shown = style if figure.name == "TB_Opening" else quiet
            page.number(at, value, decimals=pack.decimals, style=shown)


def _total_row(
    page: Page, pack: ClosePack, *, rows: Sequence[AccountRow], figures: Sequence[Figure]
) -> None:
    last = _DATA_ROW + max(len(rows), 1) - 1
    style = page.formats.style("bold", top=1, bottom=6)
    for column in range(_FIRST_FIGURE):
        page.text((last + 1, column), "" if column else "Total", style=style)
    for column, figure in enumerate(figures, start=_FIRST_FIGURE):
        total = numbers.to_decimal(sum(figure.value(row) for row in rows), pack.decimals)
        first, final = (xl_rowcol_to_cell(at, column) for at in (_DATA_ROW, last))
        style = page.formats.total(pack.decimals, final=True)
        page.formula((last + 1, column), f"=SUM({first}:{final})", value=total, style=style)


def _netting(page: Page, pack: ClosePack, *, first: int) -> None:
    """Write what netting adds to statement lines; it is by instrument, so these are values."""
    text = "Netting of long and short positions of one instrument at one broker account"
    page.text((first, 0), text, style=page.formats.style("bold"))
    style = page.formats.number(pack.decimals)
    places = {_CLOSING: 0} | ({_PRIOR_CLOSING: 1} if pack.prior else {})
    for row, (line, amounts) in enumerate(sorted(pack.netting.items()), start=first + 1):
        page.text((row, _LINE), line)
        for column, place in places.items():
            page.number((row, column), amounts[place], decimals=pack.decimals, style=style)
    last = first + len(pack.netting)
    names = {_LINE: "Netting_Line", _CLOSING: "Netting_Amount", _PRIOR_CLOSING: "Netting_Prior"}
    for column, name in names.items():
        if column == _LINE or column in places:
            page.binder.define(name, sheet=SHEET, first=(first + 1, column), last=(last, column))


def statement_sheet(name: str) -> str:
    """Return the sheet of a statement: `balance-sheet` gives "Balance sheet"."""
    return name.replace("-", " ").capitalize()
