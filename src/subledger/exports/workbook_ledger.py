"""The trial balance sheet: formulas down to the journal, and what each account belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers
from subledger.exports.workbook_pack import ClosePack
from subledger.exports.workbook_page import Binder, Page
from subledger.statements.report import Report

SHEET = "Trial balance"
_NOTE_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5
_ACCOUNT, _OPENING, _DEBIT, _CREDIT, _CLOSING, _BOOKED, _PRIOR, _MOVED = 0, 5, 6, 7, 8, 9, 10, 11
# Entries of kind `closing` clear P&L at a year's end; the trial balance is shown before them.
_MOVEMENT = '=SUMIFS({column},JE_Account,$A{row},JE_Kind,"<>closing")'
SCHEDULE_SHEETS = {
    "lots": "Tax lots",
    "unrealised": "Unrealised",
    "realised": "Realised",
    "unsettled": "Unsettled",
}


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
    """A column of figures: its place, heading, defined name, and where its value comes from."""

    place: int
    heading: str
    name: str
    value: Callable[[AccountRow], int]
    formula: str = ""  # of the sheet's row; "" for a value


_FIGURES = (
    Figure(_OPENING, "Opening", "TB_Opening", lambda row: row.opening),
    Figure(
        _DEBIT, "Debit", "TB_Debit", lambda row: row.debit,
        _MOVEMENT.replace("{column}", "JE_Debit"),
    ),
    Figure(
        _CREDIT, "Credit", "TB_Credit", lambda row: row.credit,
        _MOVEMENT.replace("{column}", "JE_Credit"),
    ),
    Figure(_CLOSING, "Closing", "TB_Closing", lambda row: row.closing, "=F{row}+G{row}-H{row}"),
    Figure(_BOOKED, "Closing as booked", "TB_Booked", lambda row: row.closing),
    Figure(_PRIOR, "Prior closing", "TB_PriorClosing", lambda row: row.prior_closing),
    Figure(_MOVED, "Prior movement", "TB_PriorMovement", lambda row: row.prior_moved),
)  # fmt: skip


def add_trial_balance(binder: Binder, pack: ClosePack) -> list[AccountRow]:
    """Add the trial balance and the names that statements and checks refer to.

    Opening balances are values, since they are sealed; debit and credit are sums over the journal,
    closing is their result. Beside it stands the closing balance as the engine booked it.
    """
    rows = account_rows(pack.reports["trial-balance"], pack.prior)
    page = binder.page(SHEET, "Trial balance")
    figures = [figure for figure in _FIGURES if pack.prior or figure.place < _PRIOR]
    _head(page, pack, figures)
    for place, row in enumerate(rows):
        _account_row(page, pack, row, place=_DATA_ROW + place, figures=figures)
    last = _DATA_ROW + max(len(rows), 1) - 1
    labels = ("TB_Account", "", "TB_Type", "TB_Line", "TB_Schedule")
    names = {place: name for place, name in enumerate(labels) if name}
    names |= {figure.place: figure.name for figure in _FIGURES}
    for place, name in names.items():
        binder.define(name, SHEET, (_DATA_ROW, place, last, place))
    _total_row(page, pack, rows, figures=figures, last=last)
    return rows


def account_rows(current: Report, prior: Report | None) -> list[AccountRow]:
    """Return the accounts of this and the prior trial balance, in order of their number."""
    now = {row["account"]: row for row in current.table.to_pylist()}
    before = {row["account"]: row for row in prior.table.to_pylist()} if prior else {}
    return [
        AccountRow(
            number,
            *(_figure(now, number, name) for name in ("opening", "debit", "credit", "closing")),
            prior_closing=_figure(before, number, "closing"),
            prior_moved=_figure(before, number, "debit") - _figure(before, number, "credit"),
        )
        for number in sorted(now.keys() | before.keys())
    ]


def _figure(rows: Mapping[str, Mapping[str, object]], number: str, name: str) -> int:
    value = rows[number][name] if number in rows else 0
    return value if isinstance(value, int) else 0


def _head(page: Page, pack: ClosePack, figures: list[Figure]) -> None:
    note = (
        f"Amounts in {pack.units.base}, debits positive. Debit and credit are sums over the "
        "journal; an entry and its reversal cancel."
    )
    page.text(_NOTE_ROW, 0, note, page.formats.style("note"))
    labels = ["Account", "Name", "Type", "Statement line", "Schedule"]
    headings = [(label, "left") for label in labels]
    named = {figure.place: figure.heading for figure in figures}
    if pack.prior_label and _PRIOR in named:
        named[_PRIOR] = f"Closing {pack.prior_label}"
        named[_MOVED] = f"Movement {pack.prior_label}"
    page.headings(_HEADING_ROW, [*headings, *((named[place], "right") for place in sorted(named))])
    page.widths([9.5, 38, 9.5, 26, 12.5, *([18] * len(figures))])
    page.sheet.freeze_panes(_DATA_ROW, 2)


def _account_row(
    page: Page, pack: ClosePack, row: AccountRow, *, place: int, figures: list[Figure]
) -> None:
    account = pack.accounts[row.number]
    schedule = SCHEDULE_SHEETS.get(pack.schedules.get(row.number, ""), "")
    texts = (row.number, account.name, account.type, account.statement_line, schedule)
    for column, text in enumerate(texts):
        page.text(place, column, text)
    style = page.formats.number(pack.decimals)
    quiet = page.formats.number(pack.decimals, font_color="#595959")
    for figure in figures:
        value = figure.value(row)
        if figure.formula:
            exact = numbers.to_decimal(value, pack.decimals)
            formula = figure.formula.format(row=place + 1)
            page.formula(place, figure.place, formula, value=exact, style=style)
        else:
            shown = style if figure.place == _OPENING else quiet
            page.number(place, figure.place, value, decimals=pack.decimals, style=shown)


def _total_row(
    page: Page, pack: ClosePack, rows: list[AccountRow], *, figures: list[Figure], last: int
) -> None:
    place = last + 1
    page.text(place, 0, "Total", page.formats.style("bold", top=1, bottom=6))
    for column in range(1, _OPENING):
        page.text(place, column, "", page.formats.style("bold", top=1, bottom=6))
    for figure in figures:
        total = numbers.to_decimal(sum(figure.value(row) for row in rows), pack.decimals)
        first, final = (xl_rowcol_to_cell(at, figure.place) for at in (_DATA_ROW, last))
        style = page.formats.total(pack.decimals, final=True)
        page.formula(place, figure.place, f"=SUM({first}:{final})", value=total, style=style)
    page.sheet.autofilter(_HEADING_ROW, 0, last, figures[-1].place)
