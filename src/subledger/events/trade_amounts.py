"""The amounts of trades: gross, fees and net, and whether what the source states agrees.

Identity: net = gross + fees + accrued interest for a buy, gross - fees + accrued interest for a
sell, exactly. Fees in another currency than the trade's are not part of its net.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from subledger.events.columns import BoolArray
from subledger.events.grammar import parse_number
from subledger.events.sheet import Sheet
from subledger.numbers import (
    INT64_MAX,
    INT64_MIN,
    MAX_SCALE,
    Int64Array,
    NumberOverflow,
    mul_div,
    mul_div_columns,
    to_text,
)
from subledger.tables import FEES

Integers = npt.NDArray[np.object_]  # Python integers: sums of amounts that cannot wrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Quantities, prices and multipliers of trades; columns of equal length."""

    quantity: Int64Array  # at quantity_decimals
    quantity_decimals: Int64Array
    price_mantissa: Int64Array
    price_scale: Int64Array
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
    fee_currency = np.where(own_fee, sheet["fee_currency"], sheet["currency"])
    fee_places = np.where(own_fee, fee_decimals, decimals)
    fees = {
        fee: sheet.scaled(fee, fee_places, where=np.where(own_fee, fee_known, known))
        for fee in FEES
    }
    accrued = sheet.scaled("accrued_interest", decimals, where=known)
    local = np.where(fee_currency == sheet["currency"], 1, 0)
    signed = _fee_sums(fees) * local * np.where(sheet["side"] == "buy", 1, -1)
    added = signed + accrued.astype(object)
    gross, net = _gross_and_net(sheet, priced, added=added)
    settlement = sheet["settlement_currency"]
    given = sheet.given("settlement_currency")
    return {
        "gross": gross,
        "net": net,
        "accrued_interest": accrued,
        **fees,
        "fee_currency": fee_currency,
        "settlement_currency": np.where(given, settlement, sheet["currency"]),
    }


def _fee_sums(fees: dict[str, Int64Array]) -> Integers:
    columns = [column.astype(object) for column in fees.values()]
    total: Integers = np.sum(columns, axis=0)
    return total


def _gross_and_net(
    sheet: Sheet, priced: Priced, *, added: Integers
) -> tuple[Int64Array, Int64Array]:
    """Return gross and net; `added` is what the identity adds to gross to give net."""
    decimals, known = sheet.decimals("currency")
    ready = known & sheet.sound("instrument", "quantity", "price")
    computed = _computed_gross(sheet, priced, decimals=decimals, where=ready)
    has_gross, has_net = sheet.given("gross_amount"), sheet.given("net_amount")
    stated_gross = sheet.scaled("gross_amount", decimals, where=known).astype(object)
    stated_net = sheet.scaled("net_amount", decimals, where=known).astype(object)
    foreign = sheet.given("fee_currency") & (sheet["fee_currency"] != sheet["currency"])
    from_net = has_net & ~has_gross & ~foreign
    gross = np.where(from_net, stated_net - added, computed)
    gross = np.where(has_gross, stated_gross, gross)
    net = np.where(has_net, stated_net, gross + added)
    checkable = ready & sheet.sound(
        "side", "gross_amount", "net_amount", "accrued_interest", "fee_currency", *FEES
    )
    apart = (np.abs(gross - computed) > _tolerances(sheet, decimals)) & checkable
    for where, name, code in (
        (apart & has_gross, "gross_amount", "GROSS_MISMATCH"),
        (apart & from_net, "net_amount", "NET_MISMATCH"),
    ):
        _refuse_apart(
            sheet, where.astype(bool), what=(name, code), computed=computed, decimals=decimals
        )
    split = has_gross & has_net & ~foreign & checkable & (net != gross + added)
    sheet.refuse(
        split.astype(bool),
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
    units = {places: mantissa * 10**places // 10**scale for places in set(decimals.tolist())}
    return np.array([units[places] for places in decimals.tolist()], object)


def _computed_gross(
    sheet: Sheet, priced: Priced, *, decimals: Int64Array, where: BoolArray
) -> Integers:
    """Return quantity x price x multiplier in ledger units, each rounded half to even once."""
    gross = np.zeros(sheet.count, object)
    # The multiplier is folded into the price exactly, so that there is one rounding.
    factor = priced.price_mantissa.astype(object) * priced.multiplier_mantissa.astype(object)
    shift = priced.quantity_decimals + priced.price_scale + priced.multiplier_scale - decimals
    factor = factor * 10 ** np.maximum(-shift, 0).astype(object)
    shift = np.maximum(shift, 0)
    small = where & (shift <= MAX_SCALE) & (np.abs(factor) <= INT64_MAX)
    slow = where.copy()
    try:
        rows = small.astype(bool)
        divisor = (10 ** shift[rows].astype(object)).astype(np.int64)
        gross[rows] = mul_div_columns(
            priced.quantity[rows], factor[rows].astype(np.int64), divisor
        ).astype(object)
        slow &= ~rows
    except NumberOverflow:
        pass  # some row is too large: find it row by row
    too_large = np.zeros(sheet.count, bool)
    for row in np.flatnonzero(slow).tolist():
        try:
            gross[row] = mul_div(int(priced.quantity[row]), factor[row], 10 ** int(shift[row]))
        except NumberOverflow:
            too_large[row] = True
    message = "quantity x price x multiplier does not fit in 64 bits"
    sheet.refuse(too_large, "NUMBER_TOO_LARGE", column="price", message=message)
    return gross


def _fit(sheet: Sheet, name: str, *, amounts: Integers) -> Int64Array:
    """Return amounts as int64; refuse those that do not fit, with NUMBER_TOO_LARGE."""
    wide = ((amounts > INT64_MAX) | (amounts < INT64_MIN)).astype(bool)
    message = "the amount does not fit in 64 bits"
    sheet.refuse(wide & sheet.sound(name), "NUMBER_TOO_LARGE", column=name, message=message)
    fitting: Int64Array = np.where(wide, 0, amounts).astype(np.int64)
    return fitting
