"""The cash file: money received and paid, signed from our side."""

from __future__ import annotations

import numpy as np

from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.lookup import find_instruments, refuse_order
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.numbers import Int64Array
from subledger.tables import CASH

CASH_KINDS = (
    "contribution",
    "withdrawal",
    "interest",
    "fee",
    "dividend",
    "withholding",
    "tax",
    "coupon",
    "borrow_fee",
    "rebate",
    "funding",
    "reclaim",
    "claim",
)
# Of these the sign is known: above zero where received, below where paid.
_RECEIVED = {"contribution": "a contribution is received", "reclaim": "a reclaim is received"}
_PAID = {"withdrawal": "a withdrawal is paid"}

COLUMNS = (
    Column("event_id", "id", required=True),
    Column("date", "date", required=True),
    Column("settled_date", "date"),
    Column("kind", "choice", required=True, choices=CASH_KINDS),
    Column("broker_account", "id", required=True),
    Column("book", "id"),
    Column("strategy", "id"),
    Column("currency", "id", required=True),
    Column("amount", "number", required=True),
    Column("instrument", "id"),
    Column("counterparty", "id"),
    Column("reference", "text"),
    Column("memo", "text"),
)


def read(rows: Rows, context: Context) -> Reading:
    """Judge the rows of a cash file and return them as CASH; settled_date defaults to date.

    Findings: grammar, UNKNOWN_CURRENCY, UNKNOWN_INSTRUMENT, EXCESS_DECIMALS, NUMBER_TOO_LARGE,
    DATE_ORDER, ZERO_AMOUNT, CASH_SIGN.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    decimals, known = sheet.decimals("currency")
    find_instruments(sheet)
    refuse_order(sheet, "settled_date", earlier="date")
    amount = sheet.scaled("amount", decimals, where=known)
    _refuse_signs(sheet, amount)
    settled = np.where(sheet.given("settled_date"), sheet["settled_date"], sheet["date"])
    values = {"settled_date": settled, "amount": amount}
    return Reading(sheet.table(CASH, values), sheet.notes, sheet.findings, sheet.count)


def _refuse_signs(sheet: Sheet, amount: Int64Array) -> None:
    """Refuse zero amounts, and amounts of the wrong sign of kinds that are one-way."""
    readable = sheet.sound("amount", "currency")
    message = "an amount of zero moves nothing"
    sheet.refuse((amount == 0) & readable, "ZERO_AMOUNT", column="amount", message=message)
    kinds = sheet["kind"]
    for kind, said in _RECEIVED.items():
        paid = (kinds == kind) & (amount < 0) & readable
        sheet.refuse(paid, "CASH_SIGN", column="amount", message=f"{said}: above zero")
    for kind, said in _PAID.items():
        received = (kinds == kind) & (amount > 0) & readable
        sheet.refuse(received, "CASH_SIGN", column="amount", message=f"{said}: below zero")


KIND = Kind("cash", COLUMNS, CASH, read)
