"""The rates file: observed exchange rates, one base = rate quote."""

from __future__ import annotations

import numpy as np

from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.lookup import refuse_not_positive
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.tables import RATES

COLUMNS = (
    Column("date", "date", required=True),
    Column("base", "id", required=True),
    Column("quote", "id", required=True),
    Column("rate", "price", required=True),
    Column("source", "text"),
)


def read(rows: Rows, context: Context) -> Reading:
    """Judge the rows of a rates file and return them as RATES, each as version 1.

    Findings: grammar, UNKNOWN_CURRENCY, SAME_CURRENCY, NOT_POSITIVE.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    sheet.decimals("base")
    sheet.decimals("quote")
    sheet.refuse(
        (sheet["base"] == sheet["quote"]) & sheet.sound("base", "quote"),
        "SAME_CURRENCY",
        column="quote",
        message="a currency has no rate in itself",
    )
    rate = sheet["rate"]
    refuse_not_positive(sheet, "rate", values=rate.mantissa, where=sheet.given("rate"))
    values = {
        "version": np.ones(sheet.count, np.int64),
        "rate_mantissa": rate.mantissa,
        "rate_scale": rate.scale,
    }
    return Reading(sheet.table(RATES, values), sheet.notes, sheet.findings, sheet.count)


KIND = Kind("rates", COLUMNS, RATES, read)
