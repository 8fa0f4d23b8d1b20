"""The settlements file: what became of trades at the depository."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import days, rows_named, texts
from subledger.events.columns import BoolArray, Column
from subledger.events.context import Context
from subledger.events.known import known_trades
from subledger.events.lookup import refuse_not_positive
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.instruments import Held
from subledger.numbers import Int64Array
from subledger.tables import SETTLEMENTS
from subledger.texts import Texts, from_arrow

COLUMNS = (
    Column("trade_id", "id", required=True),
    Column("event_id", "id", required=True),
    Column("date", "date", required=True),
    Column("status", "choice", required=True, choices=("settled", "failed", "cured")),
    Column("quantity", "number"),
    Column("amount", "number"),
)


def read(rows: Rows, context: Context) -> Reading:
    """Judge the rows of a settlements file and return them as SETTLEMENTS.

    A row may name a trade that is not known yet, but then without quantity and amount, whose
    units are the trade's. Findings: grammar, TRADE_UNITS_UNKNOWN, EXCESS_DECIMALS,
    NUMBER_TOO_LARGE, NOT_POSITIVE, DATE_ORDER.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    trades, _ = known_trades(context.trades, SETTLEMENTS.empty())
    found = rows_named(sheet["trade_id"], among=texts(trades, "trade_id"))
    known: BoolArray = found >= 0
    stated = sheet.given("quantity") | sheet.given("amount")
    message = "the trade is not known, so neither are the units of its quantity and amount"
    lost = stated & ~known & sheet.sound("trade_id")
    sheet.refuse(lost, "TRADE_UNITS_UNKNOWN", column="trade_id", message=message)
    told = trades.select(["trade_date", "instrument", "currency"]).take(
        pa.array(found, mask=~known)
    )
    early = (sheet["date"] < days(told, "trade_date")) & sheet.sound("date")
    message = "lies before the trade's date"
    sheet.refuse(early, "DATE_ORDER", column="date", message=message)
    quantity, amount = _units(sheet, told, known=known)
    values = {
        "quantity": np.ma.array(quantity, mask=~sheet.given("quantity")),
        "amount": np.ma.array(amount, mask=~sheet.given("amount")),
    }
    return Reading(sheet.table(SETTLEMENTS, values), sheet.notes, sheet.findings, sheet.count)


def _units(sheet: Sheet, told: pa.Table, *, known: BoolArray) -> tuple[Int64Array, Int64Array]:
    """Return quantities and amounts in the units of the trades that the rows name."""
    held = Held(sheet.context.instruments)
    places = held.numbers("quantity_decimals", held.positions(_named(told, "instrument")))
    decimals = _named(told, "currency").looked_up(
        lambda currency: sheet.context.decimals.get(currency, 0)
    )
    quantity = sheet.scaled("quantity", places, where=known)
    refuse_not_positive(sheet, "quantity", values=quantity, where=known & sheet.given("quantity"))
    return quantity, sheet.scaled("amount", decimals, where=known)


def _named(told: pa.Table, name: str) -> Texts:
    """Return a text column, "" where no trade is known."""
    return from_arrow(pc.fill_null(told[name], ""))


KIND = Kind("settlements", COLUMNS, SETTLEMENTS, read)
