"""The trades file: executed buys and sells in whatever state they are known."""

from __future__ import annotations

import numpy as np

from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.decimals import Decimals
from subledger.events.grammar import lot_quantities
from subledger.events.lookup import (
    find_instruments,
    refuse_currency,
    refuse_negative,
    refuse_not_positive,
    refuse_order,
)
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.events.trade_amounts import Priced, trade_amounts
from subledger.instruments import Held
from subledger.numbers import ExcessDigits, Int64Array, NumberOverflow, rescale
from subledger.tables import FEES, TRADES

STATUSES = ("settled", "confirmed", "failed", "cancelled")

COLUMNS = (
    Column("trade_id", "id", required=True),
    Column("version", "integer", default="1", minimum=1),
    Column("status", "choice", required=True, choices=STATUSES),
    Column("trade_date", "date", required=True),
    Column("settlement_date", "date", required=True),
    Column("settled_date", "date"),
    Column("executed_at", "instant"),
    Column("sequence", "integer"),
    Column("book", "id", required=True),
    Column("broker_account", "id", required=True),
    Column("strategy", "id"),
    Column("counterparty", "id"),
    Column("venue", "id"),
    Column("order_id", "text"),
    Column("trader", "text"),
    Column("instrument", "id", required=True),
    Column("side", "choice", required=True, choices=("buy", "sell")),
    Column("position_effect", "choice", default="auto", choices=("auto", "open", "close")),
    Column("quantity", "number", required=True),
    Column("price", "price", required=True),
    Column("currency", "id", required=True),
    Column("gross_amount", "number"),
    Column("net_amount", "number"),
    Column("accrued_interest", "number"),
    *(Column(fee, "number") for fee in FEES),
    Column("fee_currency", "id"),
    Column("settlement_currency", "id"),
    Column("settlement_rate", "price"),
    Column("lots", "lots"),
    Column("identified_at", "moment"),
    Column("identified_by", "text"),
    Column("tags", "text"),
)


def read(rows: Rows, context: Context) -> Reading:
    """Judge the rows of a trades file and return them as TRADES.

    Quantity must be above zero; a price of zero is accepted. Currencies of fees and of settlement
    default to the trade's. What later issues book (bonds, other currencies, lots, accrued
    interest) is accepted here as a fact. Findings: grammar, UNKNOWN_INSTRUMENT, UNKNOWN_CURRENCY,
    INSTRUMENT_CURRENCY, DATE_ORDER, SETTLED_DATE_UNEXPECTED, NOT_POSITIVE, NEGATIVE_PRICE,
    EXCESS_DECIMALS, NUMBER_TOO_LARGE, GROSS_MISMATCH, NET_MISMATCH. Note: SETTLED_DATE_TAKEN.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    sheet.decimals("currency")
    held, positions = find_instruments(sheet)
    refuse_currency(sheet, held.texts("currency", positions), positions=positions)
    places = held.numbers("quantity_decimals", positions)
    known = positions >= 0
    quantity = sheet.scaled("quantity", places, where=known)
    refuse_not_positive(sheet, "quantity", values=quantity, where=known)
    price, rate, executed = sheet["price"], sheet["settlement_rate"], sheet["executed_at"]
    refuse_negative(sheet, price.mantissa < 0, allowed=held.flags("negative_price", positions))
    refuse_not_positive(sheet, "settlement_rate", values=rate.mantissa, where=rate.given)
    _refuse_lots(sheet, places)
    priced = _priced(held, positions, quantity=quantity, price=price)
    values = trade_amounts(sheet, priced) | {
        "settled_date": _settled_dates(sheet),
        "executed_at": executed.texts,
        "executed_instant": np.ma.array(executed.nanoseconds, mask=~sheet.given("executed_at")),
        "sequence": np.ma.array(sheet["sequence"], mask=~sheet.given("sequence")),
        "quantity": quantity,
        "price_mantissa": price.mantissa,
        "price_scale": price.scale,
        "settlement_rate": rate.texts(),
    }
    return Reading(sheet.table(TRADES, values), sheet.notes, sheet.findings, sheet.count)


def _priced(held: Held, positions: Int64Array, *, quantity: Int64Array, price: Decimals) -> Priced:
    return Priced(
        quantity=quantity,
        quantity_decimals=held.numbers("quantity_decimals", positions),
        price_mantissa=price.mantissa,
        price_scale=price.scale,
        multiplier_mantissa=held.numbers("multiplier_mantissa", positions),
        multiplier_scale=held.numbers("multiplier_scale", positions),
    )


def _settled_dates(sheet: Sheet) -> object:
    """Return the actual settlement dates: given only on settled rows, taken where missing."""
    refuse_order(sheet, "settlement_date", earlier="trade_date")
    refuse_order(sheet, "settled_date", earlier="trade_date")
    settled = sheet["status"] == "settled"
    given = sheet.given("settled_date")
    unexpected = given & ~settled & sheet.sound("status", "settled_date")
    message = "only a settled trade has one"
    sheet.refuse(unexpected, "SETTLED_DATE_UNEXPECTED", column="settled_date", message=message)
    taken = settled & ~given & sheet.sound("settlement_date", "settled_date")
    sheet.note(
        taken,
        "SETTLED_DATE_TAKEN",
        column="settled_date",
        message=lambda row: f"taken from settlement_date {sheet.text('settlement_date', row)}",
    )
    return np.where(taken, sheet["settlement_date"], sheet["settled_date"])


def _refuse_lots(sheet: Sheet, places: Int64Array) -> None:
    """Refuse quantities of named lots with more decimals than the instrument has."""
    rows = np.flatnonzero(sheet.given("lots") & sheet.sound("lots", "instrument"))
    wrong = np.zeros(sheet.count, bool)
    for row in rows.tolist():
        try:
            for number in lot_quantities(sheet.text("lots", row)):
                rescale(number.mantissa, number.scale, int(places[row]))
        except (ExcessDigits, NumberOverflow):
            wrong[row] = True
    message = "a quantity has more decimals than the instrument, or does not fit in 64 bits"
    sheet.refuse(wrong, "EXCESS_DECIMALS", column="lots", message=message)


KIND = Kind("trades", COLUMNS, TRADES, read, by_rows=True)
