"""The prices file: observed prices of known instruments."""

from __future__ import annotations

import numpy as np

from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.lookup import find_instruments, refuse_currency, refuse_negative
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.tables import PRICES
from subledger.texts import Texts

COLUMNS = (
    Column("date", "date", required=True),
    Column("instrument", "id", required=True),
    Column("price", "price", required=True),
    Column("currency", "id"),
    Column("source", "text"),
    Column("level", "choice", choices=("1", "2", "3")),
)


def read(rows: Rows, context: Context) -> Reading:
    """Judge the rows of a prices file and return them as PRICES, each as version 1.

    Currency and level default to the instrument's. Findings: grammar, UNKNOWN_INSTRUMENT,
    UNKNOWN_CURRENCY, INSTRUMENT_CURRENCY, NEGATIVE_PRICE.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    sheet.decimals("currency")
    held, positions = find_instruments(sheet)
    own = held.texts("currency", positions)
    refuse_currency(sheet, own, positions=positions)
    price = sheet["price"]
    refuse_negative(sheet, price.mantissa < 0, allowed=held.flags("negative_price", positions))
    levels = sheet["level"].looked_up(lambda level: int(level or 0))
    values = {
        "version": np.ones(sheet.count, np.int64),
        "price_mantissa": price.mantissa,
        "price_scale": price.scale,
        "currency": Texts.either(sheet.given("currency"), sheet["currency"], own),
        "level": np.where(levels > 0, levels, held.numbers("level", positions)),
    }
    return Reading(sheet.table(PRICES, values), sheet.notes, sheet.findings, sheet.count)


KIND = Kind("prices", COLUMNS, PRICES, read)
