"""The opening files: lots and balances taken over from another system."""

from __future__ import annotations

import numpy as np

from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.lookup import (
    find_instruments,
    refuse_accounts,
    refuse_base_amount,
    refuse_currency,
    refuse_not_positive,
    refuse_order,
)
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.tables import OPENING_BALANCES, OPENING_LOTS

LOT_COLUMNS = (
    Column("as_of", "date", required=True),
    Column("lot_id", "lot_id", required=True),
    Column("instrument", "id", required=True),
    Column("side", "choice", required=True, choices=("long", "short")),
    Column("quantity", "number", required=True),
    Column("opened_on", "date", required=True),
    Column("currency", "id", required=True),
    Column("cost", "number", required=True),
    Column("cost_base", "number", required=True),
    Column("broker_account", "id", required=True),
    Column("book", "id", required=True),
    Column("strategy", "id"),
    Column("hold_from", "date"),
    Column("basis", "id"),
)

BALANCE_COLUMNS = (
    Column("as_of", "date", required=True),
    Column("account", "id", required=True),
    Column("currency", "id", required=True),
    Column("amount", "number", required=True),
    Column("amount_base", "number", required=True),
    Column("book", "id"),
    Column("strategy", "id"),
    Column("broker_account", "id"),
    Column("instrument", "id"),
    Column("counterparty", "id"),
    Column("basis", "id"),
)


def read_lots(rows: Rows, context: Context) -> Reading:
    """Judge the rows of an opening_lots file and return them as OPENING_LOTS.

    Quantity is above zero, cost not below. Findings: grammar, UNKNOWN_INSTRUMENT,
    INSTRUMENT_CURRENCY, UNKNOWN_CURRENCY, EXCESS_DECIMALS, NUMBER_TOO_LARGE, NOT_POSITIVE,
    NEGATIVE_AMOUNT, DATE_ORDER, BASE_AMOUNT_DIFFERS, BASIS_NOT_CONFIGURED.
    """
    sheet = Sheet(rows, LOT_COLUMNS, context=context)
    decimals, known = sheet.decimals("currency")
    held, positions = find_instruments(sheet)
    refuse_currency(sheet, held.texts("currency", positions), positions=positions)
    places = held.numbers("quantity_decimals", positions)
    quantity = sheet.scaled("quantity", places, where=positions >= 0)
    refuse_not_positive(sheet, "quantity", values=quantity, where=positions >= 0)
    cost = sheet.scaled("cost", decimals, where=known)
    cost_base = sheet.scaled("cost_base", _base_places(sheet), where=np.ones(sheet.count, bool))
    for name, amount in (("cost", cost), ("cost_base", cost_base)):
        message = "a cost is unsigned, of a short lot too"
        wrong = (amount < 0) & sheet.sound(name)
        sheet.refuse(wrong, "NEGATIVE_AMOUNT", column=name, message=message)
    refuse_base_amount(sheet, "cost_base", amount=cost, base=cost_base)
    refuse_order(sheet, "as_of", earlier="opened_on")
    _refuse_bases(sheet)
    values = {"quantity": quantity, "cost": cost, "cost_base": cost_base}
    return Reading(sheet.table(OPENING_LOTS, values), sheet.notes, sheet.findings, sheet.count)


def read_balances(rows: Rows, context: Context) -> Reading:
    """Judge the rows of an opening_balances file and return them as OPENING_BALANCES.

    Amounts are debit-positive. Findings: grammar, UNKNOWN_CURRENCY, UNKNOWN_INSTRUMENT,
    UNKNOWN_ACCOUNT, HEADING_ACCOUNT, NOT_MANUAL, DIMENSION_MISSING, EXCESS_DECIMALS,
    NUMBER_TOO_LARGE, BASE_AMOUNT_DIFFERS, BASIS_NOT_CONFIGURED.
    """
    sheet = Sheet(rows, BALANCE_COLUMNS, context=context)
    find_instruments(sheet)
    refuse_accounts(sheet)
    decimals, known = sheet.decimals("currency")
    amount = sheet.scaled("amount", decimals, where=known)
    base = sheet.scaled("amount_base", _base_places(sheet), where=np.ones(sheet.count, bool))
    refuse_base_amount(sheet, "amount_base", amount=amount, base=base)
    _refuse_bases(sheet)
    values = {"amount": amount, "amount_base": base}
    return Reading(sheet.table(OPENING_BALANCES, values), sheet.notes, sheet.findings, sheet.count)


def _base_places(sheet: Sheet) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    context = sheet.context
    return np.full(sheet.count, context.decimals[context.base_currency], np.int64)


def _refuse_bases(sheet: Sheet) -> None:
    bases = sheet.context.bases
    unknown = ~sheet["basis"].isin(bases) & sheet.given("basis")
    message = f"not one of {', '.join(bases)}"
    wrong = unknown & sheet.sound("basis")
    sheet.refuse(wrong, "BASIS_NOT_CONFIGURED", column="basis", message=message)


LOTS_KIND = Kind("opening_lots", LOT_COLUMNS, OPENING_LOTS, read_lots)
BALANCES_KIND = Kind("opening_balances", BALANCE_COLUMNS, OPENING_BALANCES, read_balances)
