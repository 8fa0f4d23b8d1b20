"""What reliefs realise: consideration less cost, split into price and FX.

Source of the split: ASC 946-830-45 (read in a secondary source). Under `disposal_rate` the price
gain is the local gain at the rate of the disposal; under `acquisition_rate` it is the local gain
at the rate of the lot's cost. The FX gain is what remains of the gain in base.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from subledger.booking.trading import Traded
from subledger.columns import Codes, Days, Flags, Texts, running_totals, texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, mul_div_columns, subtract_columns


@dataclass(frozen=True, slots=True)
class ReliefAmounts:
    """Per relief: the closing trade's share, the lot's cost and the gain, local and in base.

    `consideration` is what the closing trade brought (long) or cost (short), after the fees that
    the policy capitalises.
    """

    trade: Int64Array
    consideration: Int64Array
    consideration_base: Int64Array
    cost: Int64Array
    cost_base: Int64Array
    gain: Int64Array
    price_base: Int64Array
    fx_base: Int64Array
    elsewhere: Flags  # the lot has another book, strategy or broker account than the trade


def relief_amounts(traded: Traded, *, rates: Conversions, fx_split: str) -> ReliefAmounts:
    """Split each closing leg's consideration over its reliefs, and each gain into price and FX."""
    legs, reliefs = traded.relieved.legs, traded.relieved.reliefs
    side = legs.side[reliefs.leg]
    consideration = _over_reliefs(traded, subtract_columns(legs.gross, legs.side * legs.fees))
    consideration_base = _over_reliefs(
        traded, subtract_columns(legs.gross_base, legs.side * legs.fees_base)
    )
    trade_row = legs.trade[reliefs.leg]
    gain = side * subtract_columns(consideration, reliefs.cost)
    lots = traded.relieved.lots
    price_base = price_gain(
        gain,
        fx_split=fx_split,
        cost=(lots.cost[reliefs.lot], lots.cost_base[reliefs.lot]),
        at=(texts(traded.trades, "currency")[trade_row], traded.dates[trade_row]),
        rates=rates,
    )
    gain_base = side * subtract_columns(consideration_base, reliefs.cost_base)
    return ReliefAmounts(
        trade_row,
        consideration,
        consideration_base,
        reliefs.cost,
        reliefs.cost_base,
        gain,
        price_base,
        subtract_columns(gain_base, price_base),
        owned_elsewhere(traded, lot=reliefs.lot, trade_row=trade_row),
    )


def price_gain(
    gain: Int64Array,
    *,
    fx_split: str,
    cost: tuple[Int64Array, Int64Array],
    at: tuple[Texts, Days],
    rates: Conversions,
) -> Int64Array:
    """Return the price part of local gains in base.

    `cost` is each lot's in its currency and in base, `at` the currency and date of the valuation.
    A lot without cost has no rate of its own; its gain is translated at the rate of the date.
    """
    currencies, dates = at
    at_disposal = rates.to_base(gain, currencies, dates=dates)
    if fx_split == "disposal_rate":
        return at_disposal
    local, base = cost
    sign = np.where(local < 0, -1, 1)
    own = mul_div_columns(gain, sign * base, np.where(local == 0, 1, sign * local))
    return np.where(local == 0, at_disposal, own)


def owned_elsewhere(traded: Traded, *, lot: Int64Array, trade_row: Int64Array) -> Flags:
    """Say of lots whether another book, strategy or broker account owns them than a trade."""
    elsewhere = np.zeros(len(lot), bool)
    for name, owner in traded.facts.owner(lot).items():
        elsewhere |= owner != texts(traded.trades, name)[trade_row]
    return elsewhere


def _over_reliefs(traded: Traded, totals: Int64Array) -> Int64Array:
    """Split an amount of each closing leg over its reliefs by quantity, cumulatively."""
    legs, reliefs = traded.relieved.legs, traded.relieved.reliefs
    so_far = running_totals(reliefs.quantity, reliefs.leg.astype(np.intp))
    reached = mul_div_columns(totals[reliefs.leg], so_far, legs.quantity[reliefs.leg])
    before = np.concatenate([np.zeros(1, np.int64), reached[:-1]])
    return reached - np.where(_starts(reliefs.leg), 0, before[: len(reached)])


def _starts(leg: Int64Array | Codes) -> Flags:
    starts = np.ones(len(leg), bool)
    starts[1:] = leg[1:] != leg[:-1]
    return starts
