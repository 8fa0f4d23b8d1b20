"""The instruments file: what can be held, checked row by row."""

from __future__ import annotations

import json

import numpy as np

from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.instruments import ASSET_CLASSES
from subledger.numbers import MAX_DECIMALS, Int64Array
from subledger.tables import INSTRUMENTS
from subledger.texts import Texts

_NO_DEFAULT = ("option", "future", "perpetual")
_PERCENT = 2  # decimals

_EXCHANGES = ("fx_spot", "fx_forward")

_OTHER = (
    Column("underlying", "id"),
    Column("expiry", "date"),
    Column("strike", "number"),
    Column("put_call", "choice", choices=("put", "call")),
    Column("maturity", "date"),
    Column("coupon", "number"),
    Column("day_count", "text"),
    Column("coupon_frequency", "integer", minimum=0),
    Column("issue_date", "date"),
)

COLUMNS = (
    Column("instrument", "id", required=True),
    Column("asset_class", "choice", required=True, choices=ASSET_CLASSES),
    Column("currency", "id", required=True),
    Column("valid_from", "date"),
    Column("name", "text"),
    Column("multiplier", "price"),
    Column("quantity_decimals", "integer", default="0", minimum=0),
    Column("isin", "isin"),
    Column("cusip", "text"),
    Column("figi", "text"),
    Column("exchange", "id"),
    Column("base_currency", "id"),
    *_OTHER,
    Column("negative_price", "boolean", default="false"),
    Column("level", "choice", choices=("1", "2", "3")),
    Column("country", "text"),
    Column("industry", "text"),
    Column("tax_class", "text"),
)


def read(rows: Rows, context: Context) -> Reading:
    """Judge the rows of an instruments file and return them as INSTRUMENTS.

    A level that is not given is 0. Findings: grammar, UNKNOWN_CURRENCY, DECIMALS_RANGE,
    MULTIPLIER_MISSING, NOT_POSITIVE, SAME_CURRENCY.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    sheet.decimals("currency")
    sheet.decimals("base_currency")
    _refuse_exchanges(sheet)
    places: Int64Array = sheet["quantity_decimals"]
    message = f"quantities have 0 to {MAX_DECIMALS} decimals"
    sheet.refuse(
        places > MAX_DECIMALS, "DECIMALS_RANGE", column="quantity_decimals", message=message
    )
    mantissa, scale = _multipliers(sheet)
    values = {
        "multiplier_mantissa": mantissa,
        "multiplier_scale": scale,
        "level": sheet["level"].looked_up(lambda level: int(level or 0)),
        "other": _other(sheet),
    }
    return Reading(sheet.table(INSTRUMENTS, values), sheet.notes, sheet.findings, sheet.count)


def _refuse_exchanges(sheet: Sheet) -> None:
    """Refuse an exchange of currencies without base_currency, or of a currency for itself."""
    exchange = sheet["asset_class"].isin(_EXCHANGES) & sheet.sound("asset_class")
    sheet.refuse(
        exchange & ~sheet.given("base_currency"),
        "EMPTY_VALUE",
        column="base_currency",
        message=f"base_currency is required for {', '.join(_EXCHANGES)}",
    )
    same = exchange & (sheet["base_currency"] == sheet["currency"])
    sheet.refuse(
        same & sheet.sound("base_currency", "currency"),
        "SAME_CURRENCY",
        column="base_currency",
        message="the quantity would be in the currency of the price",
    )


def _multipliers(sheet: Sheet) -> tuple[Int64Array, Int64Array]:
    """Return multiplier mantissas and scales: 1, or 0.01 for a bond, where not given."""
    classes, stated = sheet["asset_class"], sheet.given("multiplier")
    missing = classes.isin(_NO_DEFAULT) & ~stated & sheet.sound("asset_class")
    sheet.refuse(
        missing,
        "MULTIPLIER_MISSING",
        column="multiplier",
        message=f"the multiplier of {', '.join(_NO_DEFAULT)} has no default",
    )
    given = sheet["multiplier"]
    wrong = stated & (given.mantissa <= 0) & sheet.sound("multiplier")
    message = "a multiplier is positive"
    sheet.refuse(wrong, "NOT_POSITIVE", column="multiplier", message=message)
    bond = (classes == "bond") & ~stated
    scale = np.where(bond, _PERCENT, given.scale)
    return np.where(stated, given.mantissa, 1), scale


def _other(sheet: Sheet) -> Texts:
    """Return the columns of later kinds as one canonical JSON text per row, "" without any."""
    columns = {column.name: _as_text(sheet, column) for column in _OTHER}
    found = [""] * sheet.count
    given = np.zeros(sheet.count, bool)
    for name in columns:
        given |= sheet.given(name)
    for row in np.flatnonzero(given & sheet.sound()).tolist():
        pairs = {name: column[row] for name, column in columns.items() if column[row]}
        found[row] = json.dumps(pairs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Texts.of(found)


def _as_text(sheet: Sheet, column: Column) -> list[str]:
    if column.kind == "number":
        canonical: Texts = sheet[column.name].texts()
        return canonical.tolist()
    return [sheet.text(column.name, row) for row in range(sheet.count)]


KIND = Kind("instruments", COLUMNS, INSTRUMENTS, read)
