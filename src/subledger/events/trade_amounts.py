"""The amounts of trades: gross, fees and net, and whether what the source states agrees.

Identity: net = gross + fees + accrued interest for a buy, gross - fees + accrued interest for a
sell, exactly. Fees in another currency than the trade's are not part of its net.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from subledger.events.columns import BoolArray
from subledger.events.grammar import parse_number
from subledger.events.sheet import Sheet
from subledger.events.vectors import Scales
from subledger.numbers import (
    INT64_MAX,
    INT64_MIN,
    MAX_SCALE,
    Int64Array,
    NumberOverflow,
    mul_div_columns,
    product,
    to_text,
)
from subledger.tables import FEES
from subledger.texts import Texts

# Sums of amounts that cannot wrap: in 64 bits where they are sure to fit, else Python integers.
Integers: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.object_]
_POWERS = 10 ** np.arange(MAX_SCALE + 1, dtype=np.int64)
_ROWS = 65_536  # of one step: what it works on stays in the processor's cache
_SURE = 2**59  # eight amounts below it add up within 64 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Quantities, prices and multipliers of trades; columns of equal length."""

    quantity: Int64Array  # at quantity_decimals
    quantity_decimals: Int64Array
    price_mantissa: Int64Array
    price_scale: Scales
    multiplier_mantissa: Int64Array
    multiplier_scale: Int64Array


def trade_amounts(sheet: Sheet, priced: Priced) -> dict[str, object]:
    """Return gross, net, accrued interest, the fees and their currencies as columns of TRADES.

    Gross is quantity x price x multiplier, rounded half to even once; a stated gross or net is
    the truth when gross agrees within the tolerance. Refuses GROSS_MISMATCH, NET_MISMATCH,
    UNKNOWN_CURRENCY, EXCESS_DECIMALS and NUMBER_TOO_LARGE.
    """
    decimals, known = sheet.decimals("currency")
    fee_decimals, fee_known = sheet.decimals("fee_currency")
    sheet.decimals("settlement_currency")
    own_fee = sheet.given("fee_currency")
    fee_currency = Texts.either(own_fee, sheet["fee_currency"], sheet["currency"])
    fee_places = np.where(own_fee, fee_decimals, decimals)
    fees = {
        fee: sheet.scaled(fee, fee_places, where=np.where(own_fee, fee_known, known))
        for fee in FEES
    }
    accrued = sheet.scaled("accrued_interest", decimals, where=known)
    local = np.where(fee_currency == sheet["currency"], 1, 0)
    sign = local * np.where(sheet["side"] == "buy", 1, -1)
    gross, net = _gross_and_net(
        sheet, priced, money=(decimals, known), added=_added(fees, accrued, sign=sign)
    )
    settlement, given = sheet["settlement_currency"], sheet.given("settlement_currency")
    return {
        "gross": gross,
        "net": net,
        "accrued_interest": accrued,
        **fees,
        "fee_currency": fee_currency,
        "settlement_currency": Texts.either(given, settlement, sheet["currency"]),
    }


def _added(fees: dict[str, Int64Array], accrued: Int64Array, *, sign: Int64Array) -> Integers:
    """Return what the identity adds to gross to give net: signed fees and accrued interest."""
    columns = _exact(accrued, *fees.values())
    added = columns[0].copy()
    for column in columns[1:]:
        added += column * sign
    return added


def _exact(*columns: Integers) -> list[Integers]:
    """Return columns in a type in which they can be added up: that of all their values."""
    largest = max(max(int(c.max()), -int(c.min())) if len(c) else 0 for c in columns)
    kind = np.int64 if largest < _SURE else object
    return [column.astype(kind, copy=False) for column in columns]


def _gross_and_net(
    sheet: Sheet, priced: Priced, *, money: tuple[Int64Array, BoolArray], added: Integers
) -> tuple[Int64Array, Int64Array]:
    """Return gross and net; `added` is what the identity adds to gross to give net."""
    decimals, known = money
    ready = known & sheet.sound("instrument", "quantity", "price")
    computed: Integers = _computed_gross(sheet, priced, decimals=decimals, where=ready)
    has_gross, has_net = sheet.given("gross_amount"), sheet.given("net_amount")
    computed, stated_gross, stated_net, added, tolerances = _exact(
        computed,
        sheet.scaled("gross_amount", decimals, where=known),
        sheet.scaled("net_amount", decimals, where=known),
        added,
        _tolerances(sheet, decimals),
    )
    foreign = sheet.given("fee_currency") & (sheet["fee_currency"] != sheet["currency"])
    from_net = has_net & ~has_gross & ~foreign
    gross = np.where(from_net, stated_net - added, computed)
    gross = np.where(has_gross, stated_gross, gross)
    net = np.where(has_net, stated_net, gross + added)
    checkable = ready & sheet.sound(
        "side", "gross_amount", "net_amount", "accrued_interest", "fee_currency", *FEES
    )
    apart = (np.abs(gross - computed) > tolerances).astype(bool) & checkable
    for where, name, code in (
        (apart & has_gross, "gross_amount", "GROSS_MISMATCH"),
        (apart & from_net, "net_amount", "NET_MISMATCH"),
    ):
        _refuse_apart(sheet, where, what=(name, code), computed=computed, decimals=decimals)
    split = has_gross & has_net & ~foreign & checkable & (net != gross + added).astype(bool)
    sheet.refuse(
        split,
        "NET_MISMATCH",
        column="net_amount",
        message=lambda row: (
            f"gross, fees and accrued interest give "
            f"{to_text(int(gross[row] + added[row]), int(decimals[row]))}"
        ),
    )
    return _fit(sheet, "gross_amount", amounts=gross), _fit(sheet, "net_amount", amounts=net)


def _refuse_apart(
    sheet: Sheet,
    where: BoolArray,
    *,
    what: tuple[str, str],
    computed: Integers,
    decimals: Int64Array,
) -> None:
    def say(row: int) -> str:
        amount = to_text(int(computed[row]), int(decimals[row]))
        return (
            f"{'gross' if what[0] == 'gross_amount' else 'the gross that follows'} is more than "
            f"{sheet.context.tolerance} from quantity x price x multiplier = {amount}"
        )

    sheet.refuse(where, what[1], column=what[0], message=say)


def _tolerances(sheet: Sheet, decimals: Int64Array) -> Integers:
    """Return `tolerance.gross` in ledger units of each row's currency, rounded down."""
    mantissa, scale = parse_number(sheet.context.tolerance)
    all_places = range(int(decimals.max(initial=0)) + 1)
    units = [mantissa * 10**places // 10**scale for places in all_places]
    large = any(abs(unit) > INT64_MAX for unit in units)
    return np.array(units, object if large else np.int64)[decimals]


def _computed_gross(
    sheet: Sheet, priced: Priced, *, decimals: Int64Array, where: BoolArray
) -> Int64Array:
    """Return quantity x price x multiplier in ledger units, each rounded half to even once."""
    shift = priced.quantity_decimals + priced.price_scale + priced.multiplier_scale - decimals
    gross, slow = np.zeros(sheet.count, np.int64), np.zeros(sheet.count, bool)
    for first in range(0, sheet.count, _ROWS):
        rows = slice(first, first + _ROWS)
        gross[rows], slow[rows] = _gross_of(priced, rows, shift=shift[rows], where=where[rows])
    too_large = np.zeros(sheet.count, bool)
    for row in np.flatnonzero(slow).tolist():
        price = int(priced.price_mantissa[row]) * int(priced.multiplier_mantissa[row])
        try:
            gross[row] = product(int(priced.quantity[row]), price, int(shift[row]))
        except NumberOverflow:
            too_large[row] = True
    message = "quantity x price x multiplier does not fit in 64 bits"
    sheet.refuse(too_large, "NUMBER_TOO_LARGE", column="price", message=message)
    return gross


def _gross_of(
    priced: Priced, rows: slice, *, shift: Int64Array, where: BoolArray
) -> tuple[Int64Array, BoolArray]:
    """Return the gross of some rows, and those that only Python integers are sure to hold."""
    # The multiplier is folded into the price exactly, so that there is one rounding.
    factor, fits = _products(priced.price_mantissa[rows], priced.multiplier_mantissa[rows])
    factor, raised = _products(factor, _POWERS[np.clip(-shift, 0, MAX_SCALE)])
    small = where & fits & raised & (np.abs(shift) <= MAX_SCALE)
    quantity = np.where(small, priced.quantity[rows], 0)
    divisor = _POWERS[np.clip(shift, 0, MAX_SCALE)]
    try:
        return mul_div_columns(quantity, np.where(small, factor, 0), divisor), where & ~small
    except NumberOverflow:
        return np.zeros_like(quantity), where  # some row is too large: find it row by row


def _products(left: Int64Array, right: Int64Array) -> tuple[Int64Array, BoolArray]:
    """Return the products of two columns and where they are sure to fit in 64 bits."""
    fits: BoolArray = np.abs(left.astype(np.float64)) * np.abs(right.astype(np.float64)) < _SURE
    return np.where(fits, left, 0) * right, fits


def _fit(sheet: Sheet, name: str, *, amounts: Integers) -> Int64Array:
    """Return amounts as int64; refuse those that do not fit, with NUMBER_TOO_LARGE."""
    if amounts.dtype == np.int64:
        return amounts.astype(np.int64, copy=False)
    wide = ((amounts > INT64_MAX) | (amounts < INT64_MIN)).astype(bool)
    message = "the amount does not fit in 64 bits"
    sheet.refuse(wide & sheet.sound(name), "NUMBER_TOO_LARGE", column=name, message=message)
    fitting: Int64Array = np.where(wide, 0, amounts).astype(np.int64)
    return fitting
