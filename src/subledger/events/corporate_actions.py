"""The corporate actions file: what issuers announced to the holders of their instruments."""

from __future__ import annotations

import numpy as np

from subledger.chart.dimensions import LOT_ACTIONS
from subledger.events.columns import BoolArray, Column
from subledger.events.context import Context
from subledger.events.grammar import Number
from subledger.events.lookup import find_instruments, refuse_not_positive, refuse_order
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.instruments import Held
from subledger.lots.ratios import units_for
from subledger.numbers import INT64_MAX, Int64Array
from subledger.tables import CORPORATE_ACTIONS
from subledger.texts import Texts

ACTION_KINDS = ("dividend", *LOT_ACTIONS)

COLUMNS = (
    Column("event_id", "id", required=True),
    Column("kind", "choice", required=True, choices=ACTION_KINDS),
    Column("ex_date", "date", required=True),
    Column("record_date", "date"),
    Column("pay_date", "date"),
    Column("instrument", "id", required=True),
    Column("ratio", "number"),
    Column("per", "number", default="1"),
    Column("amount", "price"),
    Column("currency", "id"),
    Column("withholding_rate", "price"),
    Column("reclaimable_rate", "price"),
    Column("new_instrument", "id"),
    Column("allocation", "number"),
    Column("cash_in_lieu_price", "number"),
    Column("election", "text"),
)

_DECIMAL_TEXTS = ("ratio", "per", "allocation", "cash_in_lieu_price")
# Kinds with other units afterwards: the ratio that these have, compared with what it is given for.
_RATIOS = {
    "split": "more units than before: ratio is above per",
    "reverse_split": "fewer units than before: ratio is below per",
    "stock_dividend": "",
}
_SUCCESSOR = ("asset_class", "currency")
_SUCCESSOR_NUMBERS = ("quantity_decimals", "multiplier_mantissa", "multiplier_scale")


def read(rows: Rows, context: Context) -> Reading:
    """Judge the rows of a corporate actions file and return them as CORPORATE_ACTIONS.

    Currency defaults to the instrument's, and may be another. What a dividend, a split, a stock
    dividend and a change of symbol need is judged; of the other kinds only the grammar, the
    instruments and the withholding. A record date may lie before or after the ex-date: markets
    differ. Findings: grammar, EMPTY_VALUE, UNKNOWN_INSTRUMENT, UNKNOWN_CURRENCY, NOT_POSITIVE,
    RATIO_DIRECTION, RATIO_TOO_LONG, INSTRUMENT_DIFFERS, DATE_ORDER, NOT_A_FRACTION,
    RECLAIM_ABOVE_WITHHOLDING.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    held, positions = find_instruments(sheet)
    _, successors = find_instruments(sheet, "new_instrument")
    sheet.decimals("currency")
    _refuse_dividends(sheet, sheet["amount"].mantissa)
    _refuse_fractions(sheet)
    _refuse_ratios(sheet)
    _refuse_successors(sheet, held, before=positions, after=successors)
    own = held.texts("currency", positions)
    values = {
        "currency": Texts.either(sheet.given("currency"), sheet["currency"], own),
        **{name: sheet[name].texts() for name in _DECIMAL_TEXTS},
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


def _refuse_ratios(sheet: Sheet) -> None:
    """Refuse ratios that are missing, not above zero, of another kind of action, or too long."""
    kinds = sheet["kind"]
    scales, renames = kinds.isin(tuple(_RATIOS)), kinds == "symbol_change"
    stated = sheet.given("ratio")
    message = "this kind has a ratio"
    sheet.refuse(scales & ~stated, "EMPTY_VALUE", column="ratio", message=message)
    for name, where in (("ratio", stated), ("per", sheet.given("per"))):
        odd = np.array([one is not None and one.mantissa <= 0 for one in sheet[name].tolist()])
        odd = odd.astype(bool) & where & (scales | renames) & sheet.sound(name)
        sheet.refuse(odd, "NOT_POSITIVE", column=name, message=f"{name} must be above zero")
    judged = stated & (scales | renames) & sheet.sound("kind", "ratio", "per")
    ratios, per = sheet["ratio"].texts(), sheet["per"].texts()
    for row in np.flatnonzero(judged).tolist():
        new, old = units_for(kinds[row], ratios[row], per=per[row])
        here = np.arange(sheet.count) == row
        message = _direction(kinds[row], new, old=old)
        if message:
            sheet.refuse(here, "RATIO_DIRECTION", column="ratio", message=message)
        elif max(new, old) > INT64_MAX:
            message = "in lowest terms it does not fit in 64 bits"
            sheet.refuse(here, "RATIO_TOO_LONG", column="ratio", message=message)


def _direction(kind: str, new: int, *, old: int) -> str:
    """Return what is wrong about the direction of a ratio, "" where nothing is."""
    if kind == "symbol_change":
        return "" if new == old else "a change of symbol leaves units as they are"
    wrong = {"split": new <= old, "reverse_split": new >= old}
    return f"a {kind} gives {_RATIOS[kind]}" if wrong.get(kind) else ""


def _refuse_successors(sheet: Sheet, held: Held, *, before: Int64Array, after: Int64Array) -> None:
    """Refuse a change of symbol without a new instrument, or to one that is not of its kind."""
    renames = (sheet["kind"] == "symbol_change") & sheet.sound("kind")
    given, name = sheet.given("new_instrument"), "new_instrument"
    message = "a change of symbol has a new instrument"
    sheet.refuse(renames & ~given, "EMPTY_VALUE", column=name, message=message)
    alike = before != after
    for fact in _SUCCESSOR:
        alike &= held.texts(fact, before) == held.texts(fact, after)
    for fact in _SUCCESSOR_NUMBERS:
        alike &= held.numbers(fact, before) == held.numbers(fact, after)
    odd = renames & ~alike & (before >= 0) & (after >= 0) & sheet.sound("instrument", name)
    message = "another one, of the same class, currency, multiplier and quantity decimals"
    sheet.refuse(odd, "INSTRUMENT_DIFFERS", column=name, message=message)


def _is_fraction(rate: Number) -> bool:
    whole: int = 10**rate.scale
    return 0 <= rate.mantissa <= whole


def _exceeds(part: Number | None, whole: Number | None) -> bool:
    part, whole = part or Number(0, 0), whole or Number(0, 0)
    first: int = part.mantissa * 10**whole.scale
    second: int = whole.mantissa * 10**part.scale
    return first > second


KIND = Kind("corporate_actions", COLUMNS, CORPORATE_ACTIONS, read)
