"""Columns of the detail sheets: which of a report, under which heading, with which exactness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger import numbers
from subledger.columns import numbers as figures
from subledger.exports import workbook_formats as looks
from subledger.numbers import Int64Array
from subledger.statements.exact import decimal_texts
from subledger.statements.report import Report, Units, is_decimal_text, unit_of
from subledger.tables import is_text

Kind = Literal["text", "date", "number"]

# An integer of up to 15 digits comes back from float64 as it was, wherever its point stands.
_SAFE = 10**15
_EXCEL_DAY = 25_569  # Excel's number of 1970-01-01
_DATE_WIDTH = 10.5
_TEXT_WIDTH = (7.0, 30.0)
_NUMBER_WIDTH = (10.0, 26.0)
_DIGIT_WIDTH, _MARGIN = 1.12, 2.0  # with separators of thousands


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a detail sheet, every cell as the text that stands in the file.

    `literals` is a string array (null or "" is an empty cell); a number column has one number
    format per variant, and `variants` says which row has which (None: all the first). `total` is
    the exact sum, with `decimals`, where the sum means something. `inexact` lists the rows whose
    number float64 cannot hold, with the exact text.
    """

    name: str
    heading: str
    kind: Kind
    literals: pa.Array
    formats: tuple[str, ...] = ("",)
    variants: npt.NDArray[np.int8] | None = None
    width: float = _DATE_WIDTH
    total: int | None = None
    decimals: int = 0
    inexact: Mapping[int, str] = field(default_factory=dict)


def excel_safe(text: str) -> bool:
    """Say whether float64, which Excel shows with 15 digits, holds a decimal text exactly."""
    return Decimal(rounded(text)) == Decimal(text)


def rounded(text: str) -> str:
    """Return the number that Excel shows for a decimal text: 15 significant digits."""
    return f"{float(Decimal(text)):.15g}"


def heading_of(name: str) -> str:
    """Return the heading of a report's column: `accounting_date` gives "Accounting date"."""
    words = name.removesuffix("_id") if name not in {"lot_id", "trade_id"} else name
    return words.replace("_", " ").replace(" id", " ID").capitalize().replace(" id", " ID")


def detail_columns(
    report: Report,
    units: Units,
    *,
    names: Sequence[str],
    headings: Mapping[str, str],
    always: Sequence[str] = (),
) -> list[Column]:
    """Return the columns of a report that a detail sheet shows, in the order of `names`.

    A column without any value is left out unless it is in `always`; one that holds a number
    beyond float64 is followed by its exact text.
    """
    shown: list[Column] = []
    for name in names:
        heading = headings.get(name, heading_of(name))
        column = _column(report, units, name=name, heading=heading)
        if name not in always and report.table.num_rows and not _any_value(column):
            continue
        shown.append(column)
        if column.inexact:
            shown.append(_exact_sibling(column))
    return shown


def text_column(name: str, heading: str, *, values: pa.Array) -> Column:
    """Return a column of texts, as wide as its longest text within reason."""
    return Column(name, heading, "text", values, width=_text_width(values, heading))


def number_column(name: str, heading: str, *, values: pa.Array, decimals: Int64Array) -> Column:
    """Return a column of scaled integers with the decimals of each row."""
    distinct = np.unique(decimals).tolist() or [0]
    variants = np.searchsorted(distinct, decimals).astype(np.int8) if len(distinct) > 1 else None
    literals = decimal_texts(values, decimals)
    inexact = _inexact(values, decimals)
    if inexact:
        texts = literals.to_pylist()
        for row, exact in inexact.items():
            texts[row] = rounded(exact)
        literals = pa.array(texts, pa.string())
    formats = tuple(looks.number_format(places) for places in distinct)
    return Column(
        name, heading, "number", literals, formats, variants, _number_width(literals), None,
        distinct[-1], inexact,
    )  # fmt: skip


def excel_days(days: pa.Array) -> pa.Array:
    """Return dates as Excel's day numbers, as text; null where a date is not known."""
    return pc.add(days.cast(pa.int32()).cast(pa.int64()), _EXCEL_DAY).cast(pa.string())


def _column(report: Report, units: Units, *, name: str, heading: str) -> Column:
    declared = report.table.schema.field(name)
    values = report.table.column(name).combine_chunks()
    if is_text(values.type):
        values = values.cast(pa.string())
    if unit_of(declared):
        decimals = report.decimals(name, units)
        column = number_column(name, heading, values=values, decimals=decimals)
        return column if name not in report.totals else _with_total(column, report)
    if pa.types.is_date(declared.type):
        return Column(name, heading, "date", excel_days(values), (looks.DAY,))
    if is_decimal_text(declared):
        return _price_column(name, heading, values=values)
    if pa.types.is_integer(declared.type):
        width = max(_counted_width(values.cast(pa.string())), len(heading) + 2.5)
        return Column(name, heading, "number", values.cast(pa.string()), ("0",), width=width)
    if pa.types.is_boolean(declared.type):
        values = pc.if_else(values, "yes", "no")
    return text_column(name, heading, values=values)


def _with_total(column: Column, report: Report) -> Column:
    total = numbers.exact_sum(figures(report.table, column.name))
    widest = len(numbers.to_text(total, column.decimals)) * _DIGIT_WIDTH + _MARGIN
    width = min(max(column.width, widest), _NUMBER_WIDTH[1])
    return replace(column, total=total, width=width)


def _price_column(name: str, heading: str, *, values: pa.Array) -> Column:
    texts = values.to_pylist()
    inexact = {row: text for row, text in enumerate(texts) if text and not excel_safe(text)}
    for row, text in inexact.items():
        texts[row] = rounded(text)
    literals = pa.array(texts, pa.string())
    width = _number_width(literals)
    return Column(name, heading, "number", literals, (looks.PRICE,), width=width, inexact=inexact)


def _inexact(values: pa.Array, decimals: Int64Array) -> dict[int, str]:
    filled = np.asarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), np.int64)
    large = np.flatnonzero((filled >= _SAFE) | (filled <= -_SAFE))
    texts = {int(row): numbers.to_text(int(filled[row]), int(decimals[row])) for row in large}
    return {row: text for row, text in texts.items() if not excel_safe(text)}


def _exact_sibling(column: Column) -> Column:
    texts = [""] * len(column.literals)
    for row, exact in column.inexact.items():
        texts[row] = exact
    return text_column(f"{column.name}_exact", f"{column.heading}, exact", values=pa.array(texts))


def _any_value(column: Column) -> bool:
    return bool(pc.any(pc.not_equal(pc.fill_null(column.literals, ""), "")).as_py())


def _text_width(values: pa.Array, heading: str) -> float:
    longest = pc.max(pc.utf8_length(values)).as_py() or 0
    narrowest, widest = _TEXT_WIDTH
    words = max(len(word) for word in heading.split()) + 1.5
    return min(max(longest * 1.05 + 1.5, words, narrowest), widest)


def _counted_width(literals: pa.Array) -> float:
    return (pc.max(pc.utf8_length(literals)).as_py() or 0) * _DIGIT_WIDTH + 1.0


def _number_width(literals: pa.Array) -> float:
    longest = pc.max(pc.utf8_length(literals)).as_py() or 0
    narrowest, widest = _NUMBER_WIDTH
    return min(max(longest * _DIGIT_WIDTH + _MARGIN, narrowest), widest)
