"""The balance sheet and the income statement as sheets: every figure a live formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT, Statement, StatementLine
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_columns import rounded
from subledger.exports.workbook_ledger import statement_sheet
from subledger.exports.workbook_pack import ClosePack
from subledger.exports.workbook_page import Binder, Page

Term: TypeAlias = tuple[int, str]  # a sign and what it stands before

_NOTE_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5
_LABEL, _AMOUNT, _PRIOR, _CHANGE, _SHARE = 0, 1, 2, 3, 4
_PREFIXES = {BALANCE_SHEET: "BS", INCOME_STATEMENT: "IS"}

# The debit-positive figures that a column adds up per line; the netting that belongs to it.
_SOURCES: Mapping[tuple[str, int], tuple[tuple[Term, ...], str]] = {
    (BALANCE_SHEET, _AMOUNT): (((1, "TB_Closing"),), "Netting_Amount"),
    (BALANCE_SHEET, _PRIOR): (((1, "TB_PriorClosing"),), "Netting_Prior"),
    (INCOME_STATEMENT, _AMOUNT): (((1, "TB_Debit"), (-1, "TB_Credit")), ""),
    (INCOME_STATEMENT, _PRIOR): (((1, "TB_PriorMovement"),), ""),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as the engine's report has it, and the row of the sheet on which it stands."""

    line: StatementLine
    label: str
    row: int
    amount: int | None
    prior: int | None


class StatementSheet:
    """One statement: its lines on their rows, and the formulas between them."""

    def __init__(self, pack: ClosePack, name: str) -> None:
        self.pack = pack
        self.statement = pack.statements[name]
        self.name = name
        self.sheet = statement_sheet(name)
        self.lines = _placed(pack, self.statement)
        self.comparative = pack.prior is not None
        self.id_column = _SHARE + 1 if self.comparative else _PRIOR
        self._rows = {shown.line.id: shown for shown in self.lines}

    def name_of(self, line: str) -> str:
        """Return the defined name of a line's amount: `BS_total_assets`."""
        return f"{_PREFIXES[self.name]}_{line.replace('-', '_')}"

    def final(self, line: StatementLine) -> bool:
        """Say whether the line is one of the totals that together make up the statement."""
        return line.id in self.statement.complete

    def formula(self, shown: Shown, column: int) -> str:
        """Return the formula of a line in the current or the prior column."""
        terms = [term for member in shown.line.members for term in self._member(member, column)]
        if shown.line.kind == "line" and (self._has_accounts(shown.line.id) or not terms):
            criterion = f"${xl_rowcol_to_cell(shown.row, self.id_column)}"
            terms = [*self._sums("TB_Line", criterion, column=column), *terms]
            netting = _SOURCES[self.name, column][1]
            if netting and shown.line.id in self.pack.netting:
                terms.append((1, f"SUMIFS({netting},Netting_Line,{criterion})"))
        signed = [(sign * shown.line.sign, text) for sign, text in terms]
        return "=" + _joined(signed)

    def _member(self, member: str, column: int) -> list[Term]:
        if member in self._rows:
            shown = self._rows[member]
            return [(shown.line.sign, xl_rowcol_to_cell(shown.row, column))]
        if any(line.id == member for line in self.statement.lines):
            return []  # an optional line that is zero and left out
        return self._of_other(member, column)

    def _of_other(self, member: str, column: int) -> list[Term]:
        """Return what a total of another statement adds up, from the accounts themselves."""
        other = next(
            statement
            for statement in self.pack.statements.values()
            if any(line.id == member for line in statement.lines)
        )
        if other.complete == (member,):
            return self._sums("TB_Statement", f'"{statement_sheet(other.name)}"', column=column)
        return [
            term
            for leaf in other.leaves(member)
            for term in self._sums("TB_Line", f'"{leaf}"', column=column)
        ]

    def _sums(self, labels: str, criterion: str, *, column: int) -> list[Term]:
        sources = _SOURCES[self.name, column][0]
        return [(sign, f"SUMIFS({name},{labels},{criterion})") for sign, name in sources]

    def _has_accounts(self, line: str) -> bool:
        return any(account.statement_line == line for account in self.pack.accounts.values())


def add_statement(binder: Binder, pack: ClosePack, *, name: str) -> StatementSheet:
    """Add a statement: lines from the trial balance, totals from lines, changes from both.

    The layout's lines stand as the report has them; an optional line that the report leaves out is
    left out. Each total's amount has a name, for the checks.
    """
    sheet = StatementSheet(pack, name)
    page = binder.page(sheet.sheet, sheet.statement.title, gridlines=False)
    page.exact_column = sheet.id_column + 1
    _head(page, sheet)
    money = [shown for shown in sheet.lines if shown.line.kind != "heading"]
    currency = {money[0].line.id} if money else set()
    for shown in sheet.lines:
        _line(page, sheet, shown=shown, currency=shown.line.id in currency)
        if shown.line.kind == "total":
            at = (shown.row, _AMOUNT)
            binder.define(sheet.name_of(shown.line.id), sheet=sheet.sheet, first=at, last=at)
    last = sheet.lines[-1].row if sheet.lines else _DATA_ROW
    first, final = (_DATA_ROW, _AMOUNT), (last, _AMOUNT)
    binder.define(sheet.name_of("amounts"), sheet=sheet.sheet, first=first, last=final)
    page.sheet.print_area(0, 0, last, sheet.id_column)
    return sheet


def _placed(pack: ClosePack, statement: Statement) -> list[Shown]:
    """Return the report's lines on their rows; a blank row before headings and after totals."""
    placed: list[Shown] = []
    row = _DATA_ROW
    for cells in pack.reports[statement.name].table.to_pylist():
        line = statement.line(cells["line"])
        if placed and (line.kind == "heading" or placed[-1].line.kind == "total"):
            row += 1
        placed.append(Shown(line, cells["label"], row, cells["amount"], cells["prior"]))
        row += 1
    return placed


def _head(page: Page, sheet: StatementSheet) -> None:
    pack = sheet.pack
    span = f"at {pack.period.end}" if sheet.name == BALANCE_SHEET else f"for {pack.period.label}"
    note = f"Amounts in {pack.units.base}, {span}. Parentheses are negative."
    page.text((_NOTE_ROW, 0), note, style=page.formats.style("note"))
    headings = [("", "left"), (pack.period.label, "right")]
    widths = [58.0, 21.0]
    if sheet.comparative:
        headings += [(pack.prior_label or "Prior", "right"), ("Change", "right"), ("%", "right")]
        widths += [21.0, 21.0, 11.0]
    page.headings(_HEADING_ROW, [*headings, ("Line", "left")])
    page.widths([*widths, 28.0])
    page.sheet.freeze_panes(_DATA_ROW, 1)


def _line(page: Page, sheet: StatementSheet, *, shown: Shown, currency: bool) -> None:
    line, row = shown.line, shown.row
    if line.kind == "heading":
        page.text((row, _LABEL), shown.label, style=page.formats.style("group"))
        return
    bold = {"bold": True} if line.kind == "total" else {}
    label = page.formats.style("text", indent=2 * line.level, **bold)
    page.text((row, _LABEL), shown.label, style=label)
    page.text((row, sheet.id_column), line.id, style=page.formats.style("quiet"))
    style = _amount_style(page, sheet, line=line, currency=currency)
    for column, value in ((_AMOUNT, shown.amount), (_PRIOR, shown.prior)):
        if column == _AMOUNT or sheet.comparative:
            exact = numbers.to_decimal(value or 0, sheet.pack.decimals)
            page.formula((row, column), sheet.formula(shown, column), value=exact, style=style)
    if sheet.comparative:
        _change(page, sheet, shown=shown, style=style)


def _amount_style(
    page: Page, sheet: StatementSheet, *, line: StatementLine, currency: bool
) -> Format:
    decimals = sheet.pack.decimals
    shown = looks.number_format(decimals)
    if currency or sheet.final(line):
        shown = looks.number_format(decimals, currency=sheet.pack.units.base)
    if line.kind != "total":
        return page.formats.pattern(shown)
    below = {"bottom": 6} if sheet.final(line) else {}
    return page.formats.pattern(shown, bold=True, top=1, **below)


def _change(page: Page, sheet: StatementSheet, *, shown: Shown, style: Format) -> None:
    now, before = (shown.amount or 0), (shown.prior or 0)
    decimals = sheet.pack.decimals
    amount, prior = (xl_rowcol_to_cell(shown.row, column) for column in (_AMOUNT, _PRIOR))
    change = numbers.to_decimal(now - before, decimals)
    page.formula((shown.row, _CHANGE), f"={amount}-{prior}", value=change, style=style)
    share: Decimal | str = "n/a"
    if before:
        share = Decimal(rounded(str(Decimal(now - before) / abs(before))))
    bold = {"bold": True} if shown.line.kind == "total" else {}
    page.formula(
        (shown.row, _SHARE),
        f'=IF(ROUND({prior},{decimals})=0,"n/a",({amount}-{prior})/ABS({prior}))',
        value=share,
        style=page.formats.pattern(looks.SHARE, align="right", **bold),
    )


def _joined(terms: Sequence[Term]) -> str:
    if not terms:
        return "0"
    text = "".join(("+" if sign > 0 else "-") + term for sign, term in terms)
    return text.removeprefix("+")
