"""Reports as pandas DataFrames, and a user's DataFrame as the text columns of a file."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from subledger import numbers
from subledger.errors import Finding, Refused
from subledger.statements.report import Report, Units, is_decimal_text, unit_of
from subledger.tables import is_text

FILE = "DataFrame"
_HEADER_ROWS = 2  # the first row counts as line 2, as in a file with a header
_FLOAT_DIGITS = 15  # what a binary float holds of any decimal number
_EXACT_INTEGERS = 2**53  # below it a float holds every whole number


class _NoText(ValueError):
    """A cell cannot be written as text exactly; the first argument is the code."""


def frame(report: Report, units: Units) -> pd.DataFrame:
    """Return a report as a DataFrame.

    Amounts, quantities, prices and rates are `Decimal` (None where there is none), dates
    `datetime64[s]` (NaT), counts `int64` or nullable `Int64`, text `str` ("" where not given).
    """
    names = report.table.column_names
    return pd.DataFrame({name: _series(report, name, units=units) for name in names}, columns=names)


def _series(report: Report, name: str, *, units: Units) -> pd.Series[Any]:
    declared = report.table.schema.field(name)
    column = report.table.column(name)
    if unit_of(declared):
        pairs = zip(column.to_pylist(), report.decimals(name, units).tolist(), strict=True)
        amounts = [None if v is None else numbers.to_decimal(v, places) for v, places in pairs]
        return pd.Series(amounts, dtype=object)
    if is_decimal_text(declared):
        texts = column.to_pylist()
        return pd.Series([Decimal(text) if text else None for text in texts], dtype=object)
    if pa.types.is_date(declared.type):
        return pd.Series(column.to_numpy().astype("datetime64[s]"))
    if pa.types.is_integer(declared.type) and declared.nullable:
        return pd.Series(column.to_pylist(), dtype="Int64")
    if is_text(declared.type):
        return pd.Series(column.to_pylist(), dtype=object)
    return pd.Series(column.to_numpy())


def columns_of(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Return a user's DataFrame as text columns, as an importer reads them from a file.

    Strings stay as they are; None, NaN and NaT are empty; Decimals, ints, booleans, dates and
    Timestamps become their exact text (a Timestamp at midnight without zone is a date). A float
    is accepted when it is a whole number up to 2**53, or when its shortest text has at most 15
    significant digits.

    Raises:
        Refused: With every finding. FRAME_COLUMN for a column name that is not text or stands
            twice, FRAME_FLOAT for a float whose decimal value is doubtful, FRAME_VALUE for a value
            of another kind. Rows are numbered like the lines of a file, the first being 2.
    """
    findings = _column_findings(list(frame.columns))
    if findings:
        raise Refused(findings)
    texts: dict[str, list[str]] = {}
    for name in frame.columns:
        texts[name], found = _texts(name, frame[name])
        findings += found
    if findings:
        raise Refused(findings)
    return texts


def _column_findings(names: list[Hashable]) -> list[Finding]:
    seen: set[Hashable] = set()
    findings = []
    for name in names:
        if not isinstance(name, str):
            message = "a column's name is not text"
            findings.append(Finding("FRAME_COLUMN", message, FILE, value=str(name)))
        elif name in seen:
            message = "a column stands twice"
            findings.append(Finding("FRAME_COLUMN", message, FILE, column=name))
        seen.add(name)
    return findings


def _texts(name: str, values: pd.Series[Any]) -> tuple[list[str], list[Finding]]:
    texts: list[str] = []
    findings: list[Finding] = []
    for row, (value, empty) in enumerate(zip(values.astype(object), values.isna(), strict=True)):
        try:
            texts.append("" if empty else _text(value))
        except _NoText as problem:
            code, message = problem.args
            place = row + _HEADER_ROWS
            findings.append(Finding(code, message, FILE, place, name, repr(value)))
    return texts, findings


def _text(value: object) -> str:
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64):
        value = value.item()
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise _NoText("FRAME_VALUE", f"a value of type {type(value).__name__} has no text")


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        raise _NoText("FRAME_VALUE", "an infinite number has no text")
    shortest = Decimal(repr(value)).normalize()
    counted = value.is_integer() and abs(value) <= _EXACT_INTEGERS
    if not counted and len(shortest.as_tuple().digits) > _FLOAT_DIGITS:
        raise _NoText("FRAME_FLOAT", f"a float of more than {_FLOAT_DIGITS} significant digits")
    return _decimal_text(shortest)


def _decimal_text(value: Decimal) -> str:
    if not value.is_finite():
        raise _NoText("FRAME_VALUE", "an infinite number has no text")
    return format(value, "f") if value else format(abs(value), "f")


def _moment_text(value: datetime) -> str:
    midnight = value.replace(hour=0, minute=0, second=0, microsecond=0)
    nanosecond = getattr(value, "nanosecond", 0)
    if value.tzinfo is None and value == midnight and not nanosecond:
        return value.date().isoformat()
    return value.isoformat()


# In order: a bool is an int, a datetime is a date.
_WRITERS = cast(
    "tuple[tuple[type, Callable[[Any], str]], ...]",
    (
        (str, str),
        (bool, lambda value: "true" if value else "false"),
        (int, str),
        (float, _float_text),
        (Decimal, _decimal_text),
        (datetime, _moment_text),
        (date, date.isoformat),
    ),
)
