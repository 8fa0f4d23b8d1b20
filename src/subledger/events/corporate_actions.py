"""The corporate actions file: what issuers announced to the holders of their instruments."""

from __future__ import annotations

import numpy as np

from subledger.events.columns import BoolArray, Column
from subledger.events.context import Context
from subledger.events.grammar import Number
from subledger.events.lookup import find_instruments, refuse_not_positive, refuse_order
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.numbers import Int64Array
from subledger.tables import CORPORATE_ACTIONS
from subledger.texts import Texts

ACTION_KINDS = (
    "dividend",
    "split",
    "reverse_split",
    "stock_dividend",
    "cash_in_lieu",
    "spin_off",
    "stock_merger",
    "cash_merger",
    "cash_and_stock_merger",
    "return_of_capital",
    "rights_issue",
    "rights_exercise",
    "symbol_change",
    "delisting",
)

COLUMNS = (
    Column("event_id", "id", required=True),
    Column("kind", "choice", required=True, choices=ACTION_KINDS),
    Column("ex_date", "date", required=True),
    Column("record_date", "date"),
    Column("pay_date", "date"),
    Column("instrument", "id", required=True),
    Column("ratio", "number"),
    Column("amount", "price"),
    Column("currency", "id"),
    Column("withholding_rate", "price"),
    Column("reclaimable_rate", "price"),
    Column("new_instrument", "id"),
    Column("allocation", "number"),
    Column("cash_in_lieu_price", "number"),
    Column("election", "text"),
)


def read(rows: Rows, context: Context) -> Reading:
    """Judge the rows of a corporate actions file and return them as CORPORATE_ACTIONS.

    Currency defaults to the instrument's, and may be another. What a dividend needs is judged; of
    the other kinds only the grammar, the instruments and the withholding. A record date may lie
    before or after the ex-date: markets differ. Findings: grammar, EMPTY_VALUE,
    UNKNOWN_INSTRUMENT, UNKNOWN_CURRENCY, NOT_POSITIVE, DATE_ORDER, NOT_A_FRACTION,
    RECLAIM_ABOVE_WITHHOLDING.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    held, positions = find_instruments(sheet)
    find_instruments(sheet, "new_instrument")
    sheet.decimals("currency")
    _refuse_dividends(sheet, sheet["amount"].mantissa)
    _refuse_fractions(sheet)
    own = held.texts("currency", positions)
    values = {
        "currency": Texts.either(sheet.given("currency"), sheet["currency"], own),
        **{name: sheet[name].texts() for name in ("ratio", "allocation", "cash_in_lieu_price")},
    }
    for name in ("amount", "withholding_rate", "reclaimable_rate"):
        short = name.removesuffix("_rate")
        values |= {f"{short}_mantissa": sheet[name].mantissa, f"{short}_scale": sheet[name].scale}
    table = sheet.table(CORPORATE_ACTIONS, values)
    return Reading(table, sheet.notes, sheet.findings, sheet.count)


def _refuse_dividends(sheet: Sheet, amount: Int64Array) -> None:
    """Refuse a dividend without an amount above zero, and one paid before its ex-date.

    A split may be paid out before its ex-date, as US exchanges set it; a dividend is recognised on
    the ex-date and has to be paid later.
    """
    dividend = (sheet["kind"] == "dividend") & sheet.sound("kind")
    stated = sheet.given("amount")
    message = "a dividend has an amount per unit"
    sheet.refuse(dividend & ~stated, "EMPTY_VALUE", column="amount", message=message)
    refuse_not_positive(sheet, "amount", values=amount, where=dividend & stated)
    refuse_order(sheet, "pay_date", earlier="ex_date", where=dividend)


def _refuse_fractions(sheet: Sheet) -> None:
    """Refuse a part that is none, and more that can be reclaimed than is withheld."""
    withheld, reclaimed = sheet["withholding_rate"].tolist(), sheet["reclaimable_rate"].tolist()
    for name, rates in (("withholding_rate", withheld), ("reclaimable_rate", reclaimed)):
        odd = np.array([rate is not None and not _is_fraction(rate) for rate in rates], bool)
        message = f"{name} lies between 0 and 1"
        sheet.refuse(odd & sheet.sound(name), "NOT_A_FRACTION", column=name, message=message)
    more: BoolArray = np.array(
        [_exceeds(part, whole) for part, whole in zip(reclaimed, withheld, strict=True)], bool
    )
    sheet.refuse(
        more & sheet.sound("withholding_rate", "reclaimable_rate"),
        "RECLAIM_ABOVE_WITHHOLDING",
        column="reclaimable_rate",
        message=lambda row: f"withheld is {sheet.text('withholding_rate', row) or 'nothing'}",
    )


def _is_fraction(rate: Number) -> bool:
    whole: int = 10**rate.scale
    return 0 <= rate.mantissa <= whole


def _exceeds(part: Number | None, whole: Number | None) -> bool:
    part, whole = part or Number(0, 0), whole or Number(0, 0)
    first: int = part.mantissa * 10**whole.scale
    second: int = whole.mantissa * 10**part.scale
    return first > second


KIND = Kind("corporate_actions", COLUMNS, CORPORATE_ACTIONS, read)
