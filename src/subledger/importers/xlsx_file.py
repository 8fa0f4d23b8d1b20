"""Workbooks: the cells of the first sheet to the text that a CSV file would have in their place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from subledger.errors import Finding
from subledger.importers.source import Intake, Source
from subledger.importers.xlsx_archive import (
    DamagedArchive,
    Hidden,
    InflatedTooLarge,
    deflated,
    inflate,
    look_through,
    sheet_part,
)

FIRST_BYTES = b"PK\x03\x04"
_DIGITS = 15  # what a cell holds of any decimal number
_UNCOMPUTED = "="  # stands for what a formula would have given

Cell: TypeAlias = int | float | str | bool | time | date | datetime | timedelta
Problem: TypeAlias = tuple[str, str]  # code and message
Written: TypeAlias = tuple[str, Problem | None]


def read_xlsx(data: bytes, intake: Intake) -> Source:
    """Read the first sheet of a workbook as text: the header in row 1, rows as the sheet has them.

    Text stays as it is; a number is written as the plain decimal that its cell shows at up to 15
    digits; dates are ISO, as are dates with a time, which have no offset and are refused where
    they stand. Empty rows at the end are ignored. Findings: FILE_TOO_LARGE, FORMAT_UNREADABLE,
    TOO_MANY_ROWS, EMPTY_FILE, BLANK_LINE, WRONG_FIELD_COUNT; of a cell EXCESS_PRECISION,
    CELL_ERROR, FORMULA_WITHOUT_VALUE and VALUE_TYPE.
    """
    limits = intake.limits
    try:
        parts = inflate(data, min(limits.inflated, limits.size))
        grid, hidden = _grid(parts, room=limits.size)
    except InflatedTooLarge as error:
        return Source((), (), [], [Finding("FILE_TOO_LARGE", str(error), intake.file)])
    except DamagedArchive as error:
        return Source((), (), [], [Finding("FORMAT_UNREADABLE", str(error), intake.file)])
    for place, text in [
        *hidden.errors.items(),
        *dict.fromkeys(hidden.uncomputed, _UNCOMPUTED).items(),
    ]:
        _put(grid, place, text=text)
    return _Reader(intake, hidden).read(grid)


def _grid(parts: Mapping[str, bytes], *, room: int) -> tuple[list[list[Cell]], Hidden]:
    """Return the cells of the first sheet from A1 on, and what they hide."""
    try:
        with CalamineWorkbook.from_filelike(deflated(parts)) as workbook:
            index = next(
                (
                    place
                    for place, sheet in enumerate(workbook.sheets_metadata)
                    if sheet.typ == SheetTypeEnum.WorkSheet
                ),
                None,
            )
            if index is None:
                raise DamagedArchive("the workbook has no sheet of cells")
            hidden = look_through(sheet_part(parts, index), parts, room=room)
            return workbook.get_sheet_by_index(index).to_python(skip_empty_area=False), hidden
    except (CalamineError, OSError, ValueError) as error:
        raise DamagedArchive("the workbook is damaged") from error


def _put(grid: list[list[Cell]], place: tuple[int, int], *, text: str) -> None:
    """Write a text into a cell, counted from 1, that may lie beyond the cells that were read."""
    row, column = place[0] - 1, place[1] - 1
    grid.extend([] for _ in range(row + 1 - len(grid)))
    grid[row].extend([""] * (column + 1 - len(grid[row])))
    grid[row][column] = text


class _Reader:
    """Reads one sheet, collecting what is wrong with its form and its cells."""

    def __init__(self, intake: Intake, hidden: Hidden) -> None:
        self.file, self.limits = intake.file, intake.limits
        error = ("CELL_ERROR", "the cell holds an error")
        uncomputed = ("FORMULA_WITHOUT_VALUE", "the formula has no value")
        self.hidden: dict[tuple[int, int], Problem] = dict.fromkeys(hidden.errors, error)
        self.hidden |= dict.fromkeys(hidden.uncomputed, uncomputed)
        self.findings: list[Finding] = []
        self.unreadable: list[Finding] = []

    def read(self, grid: list[list[Cell]]) -> Source:
        """Return the rows that fit the header, and the findings for all others."""
        cells = [_without_end(row) for row in grid]
        while cells and not cells[-1]:
            cells.pop()
        header = tuple(_write(cell)[0] for cell in cells[0]) if cells else ()
        if not header:
            message = "the first row is not a header"
            found = Finding("EMPTY_FILE", message, self.file, 1)
            return Source((), (), [], [found])
        rows: list[list[Cell]] = []
        numbers: list[int] = []
        for number, row in enumerate(cells[1:], start=2):
            if not row:
                self._find("BLANK_LINE", "a blank line between rows", row=number)
            elif len(row) > len(header):
                message = f"{len(row)} fields, where the header has {len(header)}"
                self._find("WRONG_FIELD_COUNT", message, row=number)
            elif len(rows) == self.limits.rows:
                self._find("TOO_MANY_ROWS", f"more than {self.limits.rows} rows", row=number)
                break
            else:
                rows.append(row + [""] * (len(header) - len(row)))
                numbers.append(number)
        columns = tuple(
            self._texts([row[place] for row in rows], numbers, name=name, column=place + 1)
            for place, name in enumerate(header)
        )
        return Source(header, columns, numbers, self.findings, self.unreadable)

    def _texts(self, cells: list[Cell], numbers: list[int], *, name: str, column: int) -> list[str]:
        """Return the text of a column; what no text states exactly is added to `unreadable`."""
        written = [(cell, None) if type(cell) is str else _write(cell) for cell in cells]
        hidden = {place[0]: found for place, found in self.hidden.items() if place[1] == column}
        for number, (text, problem) in zip(numbers, written, strict=True):
            if found := hidden.get(number, problem):
                code, message = found
                self.unreadable.append(Finding(code, message, self.file, number, name, text))
        return [text for text, _ in written]

    def _find(self, code: str, message: str, *, row: int) -> None:
        self.findings.append(Finding(code, message, self.file, row))


def _without_end(row: list[Cell]) -> list[Cell]:
    """Return a row without the empty cells at its end."""
    end = len(row)
    while end and row[end - 1] == "":
        end -= 1
    return row[:end]


def _write(cell: Cell) -> Written:
    """Return the text of a cell, and the code and message when no text states it exactly."""
    if isinstance(cell, str):
        return cell, None
    if isinstance(cell, bool):
        return "true" if cell else "false", None
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, time | timedelta):
        kind = "a time of day" if isinstance(cell, time) else "a duration"
        return str(cell), ("VALUE_TYPE", f"the cell holds {kind}")
    return cell.isoformat(), None


def _number(cell: float) -> Written:
    """Return the shortest decimal that a cell's binary number stands for."""
    shortest = Decimal(repr(cell)).normalize()
    text = format(shortest, "f") if shortest else "0"
    if len(shortest.as_tuple().digits) > _DIGITS:
        return text, ("EXCESS_PRECISION", f"more than {_DIGITS} significant digits")
    return text, None
