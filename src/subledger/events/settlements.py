"""The settlements file: what became of trades at the depository."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.events.columns import BoolArray, Column
from subledger.events.context import Context
from subledger.events.known import known_trades
from subledger.events.lookup import refuse_not_positive
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.instruments import Held
from subledger.numbers import Int64Array
from subledger.tables import SETTLEMENTS

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
    found = pc.index_in(
        pa.array(sheet["trade_id"], pa.string()), value_set=trades["trade_id"].combine_chunks()
    )
    known: BoolArray = pc.is_valid(found).to_numpy(zero_copy_only=False)
    stated = sheet.given("quantity") | sheet.given("amount")
    message = "the trade is not known, so neither are the units of its quantity and amount"
    lost = stated & ~known & sheet.sound("trade_id")
    sheet.refuse(lost, "TRADE_UNITS_UNKNOWN", column="trade_id", message=message)
    _refuse_dates(sheet, trades, found=found)
    quantity, amount = _units(sheet, trades, match=(found, known))
    values = {
        "quantity": np.ma.array(quantity, mask=~sheet.given("quantity")),
        "amount": np.ma.array(amount, mask=~sheet.given("amount")),
    }
    return Reading(sheet.table(SETTLEMENTS, values), sheet.notes, sheet.findings, sheet.count)


def _refuse_dates(sheet: Sheet, trades: pa.Table, *, found: pa.Array) -> None:
    traded = trades["trade_date"].combine_chunks().take(found).to_numpy(zero_copy_only=False)
    early = (sheet["date"] < traded.astype("datetime64[D]")) & sheet.sound("date")
    message = "lies before the trade's date"
    sheet.refuse(early, "DATE_ORDER", column="date", message=message)


def _units(
    sheet: Sheet, trades: pa.Table, *, match: tuple[pa.Array, BoolArray]
) -> tuple[Int64Array, Int64Array]:
    """Return quantities and amounts in the units of the trades that the rows name."""
    found, known = match
    held = Held(sheet.context.instruments)
    instruments = trades["instrument"].combine_chunks().take(found)
    places = held.numbers("quantity_decimals", held.positions(instruments))
    currencies = trades["currency"].combine_chunks().take(found).to_pylist()
    decimals = np.array(
        [sheet.context.decimals.get(currency, 0) for currency in currencies], np.int64
    )
    quantity = sheet.scaled("quantity", places, where=known)
    refuse_not_positive(sheet, "quantity", values=quantity, where=known & sheet.given("quantity"))
    return quantity, sheet.scaled("amount", decimals, where=known)


KIND = Kind("settlements", COLUMNS, SETTLEMENTS, read)
