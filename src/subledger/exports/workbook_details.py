"""The detail sheets: journal, realised, unrealised, tax lots and unsettled, with their totals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers, tables
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_columns import Column, detail_columns
from subledger.exports.workbook_page import Binder, Inexact, Page
from subledger.exports.workbook_rows import Rows, check_rows
from subledger.statements import grouping
from subledger.statements.report import Report, Units

_NOTE_ROW, _TOTAL_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5, 6

_OWNER = ("book", "strategy", "broker_account")


@dataclass(frozen=True, slots=True)
class Detail:
    """How a report becomes a detail sheet.

    `columns` are shown in that order; those in `always` even when they are empty, since formulas
    refer to them by the name `<prefix>_<ColumnName>`; those in `foreign` only when a row is in
    another currency than base. Of those in `one_sided` a zero stays empty.
    """

    report: str
    sheet: str
    prefix: str
    purpose: str
    columns: tuple[str, ...]
    always: tuple[str, ...]
    foreign: tuple[str, ...] = ()
    one_sided: tuple[str, ...] = ()
    frozen: int = 1
    headings: Mapping[str, str] = field(default_factory=dict)


JOURNAL = Detail(
    "journal",
    "Journal",
    "JE",
    "Every line of every entry of the period.",
    (
        *("entry_id", "line", "kind", "accounting_date", "account", "account_name"),
        *("debit", "credit", "amount", "currency", "quantity", "instrument", "lot_id", *_OWNER),
        *("counterparty", "event_id", "activity_period", "rule", "reverses", "reason"),
    ),
    always=("kind", "account", "debit", "credit"),
    one_sided=("debit", "credit"),
    foreign=("amount", "currency"),
    headings={"line": "Line", "accounting_date": "Date", "account_name": "Account name"},
)
DAILY = Detail(
    "journal",
    "Journal",
    "JE",
    "Daily totals per account; the lines are in the CSV file of the journal.",
    ("accounting_date", "kind", "account", "account_name", "lines", "debit", "credit"),
    always=("kind", "account", "debit", "credit"),
    one_sided=("debit", "credit"),
    headings={"accounting_date": "Date", "account_name": "Account name"},
)
REALISED = Detail(
    "realised",
    "Realised",
    "Realised",
    "What each closing trade relieved, with proceeds, cost and gain.",
    (
        *("relief_id", "lot_id", "instrument", "side", *_OWNER, "lot_strategy"),
        *("opened_on", "closed_on", "accounting_date", "activity_period", "quantity", "currency"),
        *("proceeds", "cost", "gain", "proceeds_base", "cost_base", "gain_price_base"),
        *("gain_fx_base", "gain_base", "term"),
    ),
    always=("gain_base",),
    foreign=("currency", "proceeds", "cost", "gain", "gain_price_base", "gain_fx_base"),
    headings={"accounting_date": "Accounting date", "relief_id": "Relief"},
)
UNREALISED = Detail(
    "unrealised",
    "Unrealised",
    "Unrealised",
    "Every open lot with its price, market value and unrealised gain.",
    (
        *("lot_id", "instrument", "side", *_OWNER, "opened_on", "quantity", "currency", "cost"),
        *("cost_base", "price", "price_date", "price_source", "level", "rate", "market_value"),
        *("unrealised", "unrealised_price_base", "unrealised_fx_base", "unrealised_base"),
    ),
    always=("unrealised_base",),
    foreign=(
        *("currency", "cost", "rate", "unrealised", "unrealised_price_base"),
        "unrealised_fx_base",
    ),
    headings={"price_source": "Source"},
)
LOTS = Detail(
    "lots",
    "Tax lots",
    "Lots",
    "What is open, when it was bought or sold short, and at what cost.",
    (
        *("lot_id", "instrument", "side", *_OWNER, "opened_on", "quantity", "currency", "cost"),
        "cost_base",
    ),
    always=("side", "cost_base"),
    foreign=("currency", "cost"),
)
UNSETTLED = Detail(
    "unsettled",
    "Unsettled",
    "Unsettled",
    "Trades not settled at the period's end; a receivable is positive, a payable negative.",
    (
        *("trade_id", "status", "trade_date", "settlement_date", "days_late", "instrument"),
        *("side", "quantity", "amount", "currency", "amount_base", "posted"),
    ),
    always=("amount_base", "posted"),
    foreign=("amount", "currency"),
)
SCHEDULES = (REALISED, UNREALISED, LOTS, UNSETTLED)


def add_detail(binder: Binder, detail: Detail, *, report: Report, units: Units) -> Rows:
    """Add a detail sheet with everything but its rows, which are returned to be filled in.

    Raises Refused (WORKBOOK_LIMIT) for what a sheet cannot hold.
    """
    columns = _columns(detail, report, units=units)
    rows = Rows(columns, _DATA_ROW + 1)
    check_rows(detail.sheet, rows)
    page = binder.page(detail.sheet, report.title)
    last = max(_DATA_ROW + len(rows) - 1, _DATA_ROW)
    note = _note(detail, report, units=units)
    page.text((_NOTE_ROW, 0), note, style=page.formats.style("note"))
    aligned = [(column.heading, _align(column)) for column in columns]
    page.headings(_HEADING_ROW, aligned)
    page.widths([column.width for column in columns])
    page.sheet.freeze_panes(_DATA_ROW, detail.frozen)
    page.sheet.autofilter(_HEADING_ROW, 0, last, len(columns) - 1)
    page.codes_are_texts((last, len(columns) - 1))
    _totals(page, columns, last=last)
    for place, column in enumerate(columns):
        if column.name in report.table.column_names:
            name = f"{detail.prefix}_{_camel(column.name)}"
            binder.define(name, sheet=detail.sheet, first=(_DATA_ROW, place), last=(last, place))
        binder.inexact += [
            Inexact(detail.sheet, xl_rowcol_to_cell(_DATA_ROW + row, place), exact)
            for row, exact in column.inexact.items()
        ]
    _patterns(page, columns)
    return rows


def daily_totals(journal: Report) -> Report:
    """Return a journal's totals per day, kind of entry and account."""
    table = journal.table
    keys = ["accounting_date", "kind", "account"]
    table = table.append_column("lines", pa.array(np.ones(table.num_rows, np.int64)))
    sums = grouping.add_up(table, keys, amounts=["lines", "debit", "credit"])
    schema = pa.schema(
        [
            tables.day("accounting_date"),
            *(tables.text(name) for name in ("kind", "account")),
            tables.whole("lines"),
            *(tables.base(name) for name in ("debit", "credit")),
        ]
    )
    return Report(journal.name, "Journal, daily totals", sums.cast(schema), ("debit", "credit"))


def with_account_names(report: Report, names: Mapping[str, str]) -> Report:
    """Return a report with the column `account_name` after its others."""
    known = report.table["account"].combine_chunks().dictionary_encode()
    found = pa.array(
        [names.get(number, "") for number in known.dictionary.to_pylist()], pa.string()
    )
    column = pa.field("account_name", pa.string(), nullable=False)
    table = report.table.append_column(column, found.take(known.indices))
    return Report(report.name, report.title, table, report.totals, report.meta)


def _columns(detail: Detail, report: Report, *, units: Units) -> list[Column]:
    names = [name for name in detail.columns if name in report.table.column_names]
    if _all_in_base(report, units):
        names = [name for name in names if name not in detail.foreign]
    if "activity_period" in names and _same(report, "activity_period", other="period"):
        names.remove("activity_period")
    if "accounting_date" in names and _same(report, "accounting_date", other="closed_on"):
        names.remove("accounting_date")
        names.remove("activity_period")
    headings = {name: _without_base(name) for name in names if name.endswith("_base")}
    columns = detail_columns(
        report,
        units,
        names=names,
        headings={**headings, **detail.headings},
        always=detail.always,
    )
    return [
        replace(column, formats=(looks.one_sided(column.decimals),))
        if column.name in detail.one_sided
        else column
        for column in columns
    ]


def _without_base(name: str) -> str:
    return name.removesuffix("_base").replace("_", " ").capitalize()


def _all_in_base(report: Report, units: Units) -> bool:
    if "currency" not in report.table.column_names:
        return True
    return set(pc.unique(report.table["currency"]).to_pylist()) <= {units.base}


def _same(report: Report, name: str, *, other: str) -> bool:
    if other not in report.table.column_names:
        return False
    return bool(report.table[name].equals(report.table[other]))


def _note(detail: Detail, report: Report, *, units: Units) -> str:
    count = report.table.num_rows
    held = f"{count:,} rows." if count else "Nothing to show for this period."
    return f"{detail.purpose} Amounts in {units.base}. {held}"


def _align(column: Column) -> str:
    return "right" if column.kind == "number" else "left"


def _totals(page: Page, columns: Sequence[Column], *, last: int) -> None:
    if any(column.total is not None for column in columns):
        page.text((_TOTAL_ROW, 0), "Total shown", style=page.formats.style("bold"))
    for place, column in enumerate(columns):
        if column.total is None or place == 0:
            continue
        first, final = (xl_rowcol_to_cell(row, place) for row in (_DATA_ROW, last))
        page.formula(
            (_TOTAL_ROW, place),
            f"=SUBTOTAL(109,{first}:{final})",
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
