"""The detail sheets: their columns, totals and print areas; `workbook_schedules` lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers, tables
from subledger.columns import numbers as figures
from subledger.columns import texts
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_columns import Column, detail_columns, heading_of
from subledger.exports.workbook_page import Binder, Inexact, Page
from subledger.exports.workbook_rows import Rows, check_rows
from subledger.exports.workbook_schedules import Detail
from subledger.statements import grouping
from subledger.statements.report import Report, Units, unit_of
from subledger.statements.turnover import DAILY
from subledger.statements.turnover import daily_totals as daily_of
from subledger.tables import is_text

_LETTER_WIDTH, _ROOM = 1.0, 2.5  # of a bold letter of a heading, and beside it
_NOTE_ROW, _TOTAL_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5, 6


def add_detail(
    binder: Binder, detail: Detail, *, report: Report, units: Units, foreign: bool
) -> Rows:
    """Add a detail sheet with everything but its rows, which are returned to be filled in.

    Raises Refused (WORKBOOK_LIMIT) for what a sheet cannot hold.
    """
    columns = _columns(detail, report, units=units, foreign=foreign)
    rows = Rows(columns, _DATA_ROW + 1)
    check_rows(detail.sheet, rows)
    page = binder.page(detail.sheet, report.title)
    last = max(_DATA_ROW + len(rows) - 1, _DATA_ROW)
    note = _note(detail, report, units=units)
    page.text((_NOTE_ROW, 0), note, style=page.formats.style("note"))
    aligned = [(column.heading, _align(column)) for column in columns]
    page.headings(_HEADING_ROW, aligned)
    page.sheet.freeze_panes(_DATA_ROW, detail.frozen)
    page.sheet.autofilter(_HEADING_ROW, 0, last, len(columns) - 1)
    page.codes_are_texts((last, len(columns) - 1))
    _totals(page, detail, columns=columns, last=last)
    for place, column in enumerate(columns):
        if column.name in report.table.column_names:
            name = f"{detail.prefix}_{_camel(column.name)}"
            binder.define(name, sheet=detail.sheet, first=(_DATA_ROW, place), last=(last, place))
        binder.inexact += [
            Inexact(detail.sheet, xl_rowcol_to_cell(_DATA_ROW + row, place), exact)
            for row, exact in column.inexact.items()
        ]
    page.widths([column.width for column in columns])
    printed = [column for column in columns if column.name not in detail.unprinted]
    widths = [column.width for column in printed]
    page.print_columns(widths, rows=(_TOTAL_ROW, last), repeated=detail.frozen)
    _patterns(page, columns)
    return rows


def daily_totals(journal: Report) -> Report:
    """Return a journal's totals per day, kind of entry, account and currency."""
    table = journal.table
    sides = {f"{side}_base": table[side] for side in ("debit", "credit")}
    # Of what a line moves in its currency only the difference of both sides is shown.
    given = {name: table[name] for name in DAILY} | sides | {"debit": table["amount"]}
    given["credit"] = pa.array(np.zeros(table.num_rows, np.int64))
    given["lines"] = pa.array(np.ones(table.num_rows, np.int64))
    return daily_of(pa.table(given))


def with_account_names(report: Report, names: Mapping[str, str]) -> Report:
    """Return a report with the column `account_name` after its others."""
    known = report.table["account"].combine_chunks().dictionary_encode()
    found = pa.array(
        [names.get(number, "") for number in known.dictionary.to_pylist()], pa.string()
    )
    column = pa.field("account_name", pa.string(), nullable=False)
    table = report.table.append_column(column, found.take(known.indices))
    return Report(report.name, report.title, table, report.totals, report.meta)


def with_item_accounts(unsettled: Report, items: pa.Table) -> Report:
    """Return the report `unsettled` with the account of each item, and its totals in base.

    `items` is `tables.UNSETTLED`; a trade that is not posted has no account.
    """
    rows = grouping.lookup(unsettled.table, items, on=("trade_id", "item"))
    accounts = pc.fill_null(grouping.pick(items["account"], rows), "")
    column = tables.text("account", "where the item stands")
    table = unsettled.table.append_column(column, accounts)
    return replace(unsettled, table=table, totals=("amount_base", "revalued_base"))


def _columns(detail: Detail, report: Report, *, units: Units, foreign: bool) -> list[Column]:
    wanted = (*detail.columns, *detail.unprinted)
    names = [name for name in wanted if name in report.table.column_names]
    if not foreign:
        names = [name for name in names if name not in detail.foreign]
    if "activity_period" in names and _same(report, "activity_period", other="period"):
        names.remove("activity_period")
    if "accounting_date" in names and _same(report, "accounting_date", other="closed_on"):
        names.remove("accounting_date")
        names.remove("activity_period")
    headings = {name: _heading(detail, report, name=name) for name in names}
    if foreign:
        headings |= {
            name: f"{headings[name]} {units.base}"
            for name in names
            if unit_of(report.table.schema.field(name)) == "base"
        }
    columns = detail_columns(report, units, names=names, headings=headings, always=detail.always)
    return [_shown(detail, column, report=report) for column in columns]


def _shown(detail: Detail, column: Column, *, report: Report) -> Column:
    width = min(_fitting(column), detail.widest.get(column.name, column.width))
    column = replace(column, width=width)
    if column.name in detail.one_sided:
        return replace(column, formats=(looks.one_sided(column.decimals),))
    if column.name in detail.by_side and column.total is not None:
        amounts = figures(report.table, column.name)
        short = texts(report.table, "side") == "short"
        total = numbers.exact_sum(amounts[~short]) - numbers.exact_sum(amounts[short])
        return replace(column, total=total)
    return column


def _fitting(column: Column) -> float:
    """Return a width in which the heading stands on one line with room, or clearly on two."""
    length = len(column.heading) * _LETTER_WIDTH
    tight = column.kind == "number" and length - _ROOM < column.width < length + _ROOM
    return length + _ROOM if tight else column.width


def _heading(detail: Detail, report: Report, *, name: str) -> str:
    """Return a heading; of an amount in base the word is left out, its unit says so."""
    in_base = unit_of(report.table.schema.field(name)) == "base"
    shown = name.removesuffix("_base") if in_base else name
    return detail.headings.get(name) or heading_of(shown)


def _same(report: Report, name: str, *, other: str) -> bool:
    if other not in report.table.column_names:
        return False
    one, another = (report.table[column] for column in (name, other))
    if is_text(one.type):
        return bool((texts(report.table, name) == texts(report.table, other)).all())
    return bool(one.equals(another))


def _note(detail: Detail, report: Report, *, units: Units) -> str:
    count = report.table.num_rows
    held = f"{count:,} rows." if count else "Nothing to show for this period."
    return f"{detail.purpose} Amounts in {units.base}. {held}"


def _align(column: Column) -> str:
    return "right" if column.kind == "number" else "left"


def _totals(page: Page, detail: Detail, *, columns: Sequence[Column], last: int) -> None:
    """Write the totals; a column where shorts count negative has the formula for that."""
    added = [column.name for column in columns if column.total is not None]
    if added:
        label = "Long less short" if set(added) <= set(detail.by_side) else "Total shown"
        page.text((_TOTAL_ROW, 0), label, style=page.formats.style("bold"))
    for place, column in enumerate(columns):
        if column.total is None or place == 0:
            continue
        first, final = (xl_rowcol_to_cell(row, place) for row in (_DATA_ROW, last))
        formula = f"=SUBTOTAL(109,{first}:{final})"
        if column.name in detail.by_side:
            side = f"{detail.prefix}_Side"
            parts = (f'SUMIFS({first}:{final},{side},"{word}")' for word in ("long", "short"))
            formula = f"={'-'.join(parts)}"
        page.formula(
            (_TOTAL_ROW, place),
            formula,
            value=numbers.to_decimal(column.total, column.decimals),
            style=page.formats.number(column.decimals, bold=True),
        )


def _patterns(page: Page, columns: Sequence[Column]) -> None:
    """Write one empty cell per column and number format, which `fill_rows` reads and replaces."""
    for row in range(max(len(column.formats) for column in columns)):
        for place, column in enumerate(columns):
            shown = column.formats[min(row, len(column.formats) - 1)]
            beside = place > 0 and columns[place - 1].kind == "number"
            left = {"align": "left"} | ({"indent": 1} if beside else {})
            extra = {} if column.kind == "number" else left
            style = page.formats.pattern(shown, **extra)
            page.text((_DATA_ROW + row, place), "", style=style)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
