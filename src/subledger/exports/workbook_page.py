"""One sheet of the workbook: checked writes, page setup, and the band at its head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers
from subledger.errors import refuse
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_columns import excel_safe, rounded
from subledger.exports.workbook_formats import Formats
from subledger.exports.workbook_rows import check_text

_LETTER = 1
_HEADER_NAME = 60  # a page header takes 255 characters in all


@dataclass(frozen=True, slots=True)
class Inexact:
    """A figure that float64 cannot hold: its sheet, its cell, and its exact text."""

    sheet: str
    cell: str
    exact: str


@dataclass(frozen=True, slots=True)
class Imprint:
    """What every sheet says about its origin, on screen and in print."""

    entity: str
    caption: str  # basis, period and status
    footer: str


@dataclass
class Binder:
    """A workbook under construction: its formats, its imprint and what it could not hold."""

    workbook: xlsxwriter.Workbook
    imprint: Imprint
    formats: Formats
    inexact: list[Inexact] = field(default_factory=list)

    def page(self, name: str, title: str, *, gridlines: bool = True) -> Page:
        """Add a sheet with its band, page setup, header and footer."""
        sheet = self.workbook.add_worksheet(name)
        sheet.hide_gridlines(1 if gridlines else 2)
        sheet.set_paper(_LETTER)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.65)
        page = Page(self, sheet, name)
        page.head(title)
        return page

    def define(self, name: str, sheet: str, area: tuple[int, int, int, int]) -> None:
        """Name an area (first row, first column, last row, last column, from 0) of a sheet."""
        top_row, left, bottom_row, right = area
        top = xl_rowcol_to_cell(top_row, left, row_abs=True, col_abs=True)
        bottom = xl_rowcol_to_cell(bottom_row, right, row_abs=True, col_abs=True)
        where = top if top == bottom else f"{top}:{bottom}"
        checked(self.workbook.define_name(name, f"='{sheet}'!{where}"), f"name {name}")


def checked(returned: int | None, what: str) -> None:
    """Refuse WORKBOOK_LIMIT when XlsxWriter says that it did not write; it raises nothing."""
    if returned:
        raise refuse("WORKBOOK_LIMIT", f"the workbook cannot hold {what}", value=str(returned))


class Page:
    """A sheet whose writes are checked; rows and columns count from 0."""

    def __init__(self, binder: Binder, sheet: xlsxwriter.worksheet.Worksheet, name: str) -> None:
        self.binder = binder
        self.sheet = sheet
        self.name = name

    @property
    def formats(self) -> Formats:
        """Return the formats of the workbook."""
        return self.binder.formats

    def head(self, title: str) -> None:
        """Write the band: entity, title, caption; and the same into the printed header."""
        imprint = self.binder.imprint
        self.sheet.set_row(0, 20)
        self.text(0, 0, imprint.entity, self.formats.style("entity"))
        self.text(1, 0, title, self.formats.style("title"))
        self.text(2, 0, imprint.caption, self.formats.style("caption"))
        entity, caption = (
            text[:_HEADER_NAME].replace("&", "&&") for text in (imprint.entity, imprint.caption)
        )
        font = f'&"{looks.FONT},Bold"&9'
        plain = f'&"{looks.FONT},Regular"&8'
        checked(self.sheet.set_header(f"&L{font}{entity}&C{font}{title}&R{plain}{caption}"), "it")
        footer = f"&L{plain}{imprint.footer.replace('&', '&&')}&R{plain}Page &P of &N"
        checked(self.sheet.set_footer(footer), "the page footer")

    def text(self, row: int, column: int, text: str, style: Format | None = None) -> None:
        """Write a text; it stays a text, whatever it begins with."""
        where = f"{self.name}!{xl_rowcol_to_cell(row, column)}"
        fitting = check_text(text, where)
        if fitting.startswith("<r>") and fitting.endswith("</r>"):
            fitting += " "  # XlsxWriter would put a text between these tags into the file as it is
        style = style or self.formats.style("text")
        if not fitting:
            checked(self.sheet.write_blank(row, column, None, style), where)
            return
        checked(self.sheet.write_string(row, column, fitting, style), where)

    def number(self, row: int, column: int, value: int, *, decimals: int, style: Format) -> None:
        """Write a scaled integer; where float64 cannot hold it, keep its exact text too."""
        shown = self._shown(row, column, numbers.to_text(value, decimals))
        checked(self.sheet.write_number(row, column, float(shown), style), self.name)

    def day(self, row: int, column: int, day: date, style: Format | None = None) -> None:
        """Write a true date."""
        style = style or self.formats.pattern(looks.DAY, align="left")
        checked(self.sheet.write_datetime(row, column, day, style), self.name)

    def formula(
        self, row: int, column: int, formula: str, *, value: Decimal | str, style: Format
    ) -> None:
        """Write a live formula with the engine's value cached in it."""
        cached: str | float = value if isinstance(value, str) else self._cached(row, column, value)
        where = f"{self.name}!{xl_rowcol_to_cell(row, column)}"
        checked(self.sheet.write_formula(row, column, formula, style, cached), where)

    def link(self, row: int, column: int, sheet: str) -> None:
        """Write a link to another sheet of this workbook."""
        style = self.formats.style("link")
        target = f"internal:'{sheet}'!A1"
        checked(self.sheet.write_url(row, column, target, style, string=sheet), self.name)

    def headings(self, row: int, headings: Sequence[tuple[str, str]]) -> None:
        """Write a row of column headings, each with its alignment, and repeat it in print."""
        self.sheet.set_row(row, 26)
        for column, (heading, align) in enumerate(headings):
            self.text(row, column, heading, self.formats.style("heading", align=align))
        self.sheet.repeat_rows(row)

    def widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the columns, in characters."""
        for column, width in enumerate(widths):
            checked(self.sheet.set_column(column, column, width), self.name)

    def _cached(self, row: int, column: int, value: Decimal) -> float:
        return float(self._shown(row, column, f"{value:f}"))

    def _shown(self, row: int, column: int, exact: str) -> str:
        if excel_safe(exact):
            return exact
        cell = xl_rowcol_to_cell(row, column)
        self.binder.inexact.append(Inexact(self.name, cell, exact))
        return rounded(exact)
