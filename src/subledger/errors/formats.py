"""What can be wrong with a Parquet file or a workbook that no text file could get wrong."""

from __future__ import annotations

from subledger.errors.code import Code

FORMAT_CODES: dict[str, Code] = {
    "FORMAT_UNREADABLE": Code(
        "The file is damaged, or not of the format in which it is read.",
        "export it again, or name its format with --format",
    ),
    "INEXACT_COLUMN": Code(
        "A column holds binary floating-point numbers, which state no decimal exactly.",
        "export the column as decimal or as text",
    ),
    "VALUE_TYPE": Code(
        "A column or a cell holds a type that no column has, such as a list or a duration.",
        "give text, numbers, dates, instants with their zone, or true and false",
    ),
    "EXCESS_PRECISION": Code(
        "A number of a workbook has more than the 15 significant digits that a cell holds.",
        "round it, or write it out in a cell formatted as text",
    ),
    "CELL_ERROR": Code(
        "A cell of a workbook holds an error.",
        "correct its formula, or give the value itself",
    ),
    "FORMULA_WITHOUT_VALUE": Code(
        "A cell of a workbook holds a formula that was never computed.",
        "open and save the file in a spreadsheet program, or give the value itself",
    ),
}
