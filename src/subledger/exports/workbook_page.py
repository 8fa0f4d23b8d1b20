"""One sheet of the workbook: checked writes, page setup, and the band at its head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers
from subledger.errors import refuse
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_columns import excel_safe, rounded
from subledger.exports.workbook_formats import Formats
from subledger.exports.workbook_rows import check_text

Cell: TypeAlias = tuple[int, int]  # row and column, from 0

_LETTER = 1
_HEADER_NAME = 60  # a page header takes 255 characters in all
# What a landscape page takes in width, in characters, while its print is still well read.
_PAGE_WIDTH = 190
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.75, "bottom": 0.65}  # inches


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


def checked(returned: int | None, what: str) -> None:
    """Refuse WORKBOOK_LIMIT when XlsxWriter says that it did not write; it raises nothing."""
    if returned:
        raise refuse("WORKBOOK_LIMIT", f"the workbook cannot hold {what}", value=str(returned))


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
        sheet.set_margins(**_MARGINS)
        page = Page(self, sheet, name=name)
        page.head(title)
        return page

    def define(self, name: str, *, sheet: str, first: Cell, last: Cell) -> None:
        """Name the area between two cells of a sheet."""
        top, bottom = (
            xl_rowcol_to_cell(*cell, row_abs=True, col_abs=True) for cell in (first, last)
        )
        where = top if top == bottom else f"{top}:{bottom}"
        checked(self.workbook.define_name(name, f"='{sheet}'!{where}"), f"the name {name}")


class Page:
    """A sheet whose writes are checked.

    Where float64 cannot hold a figure, its exact text goes into the column `exact_column` of its
    row, and onto the binder's list.
    """

    def __init__(self, binder: Binder, sheet: xlsxwriter.worksheet.Worksheet, *, name: str) -> None:
        self.binder = binder
        self.sheet = sheet
        self.name = name
        self.exact_column = 0
        self._beside: dict[int, list[str]] = {}

    @property
    def formats(self) -> Formats:
        """Return the formats of the workbook."""
        return self.binder.formats

    def head(self, title: str) -> None:
        """Write the band: entity, title, caption; and the same into the printed header."""
        imprint = self.binder.imprint
        self.sheet.set_row(0, 20)
        self.text((0, 0), imprint.entity, style=self.formats.style("entity"))
        self.text((1, 0), title, style=self.formats.style("title"))
        self.text((2, 0), imprint.caption, style=self.formats.style("caption"))
        entity, caption, shown = (
            text[:_HEADER_NAME].replace("&", "&&")
            for text in (imprint.entity, imprint.caption, title)
        )
        bold, plain = f'&"{looks.FONT},Bold"&8', f'&"{looks.FONT},Regular"&8'
        header = f"&L{bold}{entity}&C{bold} {shown}&R{plain}{caption}"
        checked(self.sheet.set_header(header), "the page header")
        footer = f"&L{plain}{imprint.footer.replace('&', '&&')}&R{plain}Page &P of &N"
        checked(self.sheet.set_footer(footer), "the page footer")

    def text(self, at: Cell, text: str, *, style: Format | None = None) -> None:
        """Write a text; it stays a text, whatever it begins with. "" is an empty cell."""
        fitting = check_text(text, self._where(at))
        if fitting.startswith("<r>") and fitting.endswith("</r>"):
            fitting += " "  # XlsxWriter would put a text between these tags into the file as it is
        style = style or self.formats.style("text")
        if fitting:
            checked(self.sheet.write_string(*at, fitting, style), self._where(at))
        else:
            checked(self.sheet.write_blank(*at, None, style), self._where(at))

    def number(self, at: Cell, value: int, *, decimals: int, style: Format) -> None:
        """Write a scaled integer."""
        shown = self._shown(at, numbers.to_text(value, decimals))
        checked(self.sheet.write_number(*at, float(shown), style), self._where(at))

    def decimal(self, at: Cell, text: str, *, style: Format) -> None:
        """Write a price or rate that is given as plain decimal text."""
        checked(self.sheet.write_number(*at, float(self._shown(at, text)), style), self._where(at))

    def day(self, at: Cell, day: date, *, style: Format | None = None) -> None:
        """Write a true date."""
        style = style or self.formats.pattern(looks.DAY, align="left")
        checked(self.sheet.write_datetime(*at, day, style), self._where(at))

    def formula(self, at: Cell, formula: str, *, value: Decimal | str, style: Format) -> None:
        """Write a live formula with the engine's value cached in it."""
        cached = value if isinstance(value, str) else float(self._shown(at, f"{value:f}"))
        checked(self.sheet.write_formula(*at, formula, style, cached), self._where(at))

    def link(self, at: Cell, sheet: str) -> None:
        """Write a link to another sheet of this workbook."""
        target = f"internal:'{sheet}'!A1"
        returned = self.sheet.write_url(*at, target, self.formats.style("link"), string=sheet)
        checked(returned, self._where(at))

    def headings(self, row: int, headings: Sequence[tuple[str, str]]) -> None:
        """Write a row of column headings, each with its alignment, and repeat it in print.

        A left-aligned heading beside a right-aligned one keeps its distance.
        """
        self.sheet.set_row(row, 26)
        for column, (heading, align) in enumerate(headings):
            beside = column > 0 and headings[column - 1][1] == "right" and align == "left"
            style = self.formats.style("heading", align=align, **({"indent": 1} if beside else {}))
            self.text((row, column), heading, style=style)
        self.sheet.repeat_rows(row)

    def codes_are_texts(self, last: Cell) -> None:
        """Keep Excel from marking account codes, which are texts, as mistyped numbers."""
        area = f"A1:{xl_rowcol_to_cell(*last)}"
        checked(self.sheet.ignore_errors({"number_stored_as_text": area}), self.name)

    def widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the columns, in characters."""
        for column, width in enumerate(widths):
            checked(self.sheet.set_column(column, column, width), self.name)

    def print_columns(
        self, widths: Sequence[float], *, rows: tuple[int, int], repeated: int
    ) -> None:
        """Print the first columns, of these widths, on as many pages beside each other as needed.

        On more than one the `repeated` first columns stand on each, and the band, which the page
        header repeats, is left out: of `rows` the first is what follows it, the other the last.
        """
        pages = math.ceil(sum(widths) / _PAGE_WIDTH)
        first, last = rows
        self.sheet.print_area(first if pages > 1 else 0, 0, last, len(widths) - 1)
        if pages > 1:
            self.sheet.fit_to_pages(pages, 0)
            self.sheet.repeat_columns(0, repeated - 1)
            self.sheet.print_across()

    def _where(self, at: Cell) -> str:
        return f"{self.name}!{xl_rowcol_to_cell(*at)}"

    def _shown(self, at: Cell, exact: str) -> str:
        if excel_safe(exact):
            return exact
        cell = xl_rowcol_to_cell(*at)
        self.binder.inexact.append(Inexact(self.name, cell, exact))
        if self.exact_column:
            beside = self._beside.setdefault(at[0], [])
            beside.append(f"{cell} = {exact}")
            self.text((at[0], self.exact_column), "; ".join(beside))
        return rounded(exact)
