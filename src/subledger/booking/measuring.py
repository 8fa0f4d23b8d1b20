"""Measures of trades, opening lots and marks: named amounts, local and in base.

The identities between them are those of `chart.measures`; the posting rules rely on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import (
    DIMENSION_NAMES,
    MARK,
    TRADE,
    Amounts,
    Drafts,
    LotRows,
    classes_of,
    days_as_text,
    quantity_decimals,
    repeated,
)
from subledger.booking.gains import relief_amounts
from subledger.booking.inputs import Terms
from subledger.booking.leg_lots import leg_lots
from subledger.booking.lot_facts import OWNER
from subledger.booking.marking import Levels, Marked
from subledger.booking.trading import Traded, leg_fees, leg_part
from subledger.columns import Codes, Texts, days, group_codes, numbers, texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, to_text, trim


def trade_drafts(
    traded: Traded,
    marked: Marked,
    *,
    asset_class: Mapping[str, str],
    terms: Terms,
    rates: Conversions,
) -> Drafts:
    """Return a draft per leg with the measures of `chart.measures`, event `trade`."""
    legs, trades = traded.relieved.legs, traded.trades
    facts: dict[str, Any] = {name: texts(trades, name)[legs.trade] for name in _FACTS}
    names: Texts = facts["instrument"]
    currency: Texts = facts["currency"]
    fee_currency, settled_in = facts["fee_currency"], facts["settlement_currency"]
    opens = legs.opens.astype(bool)
    reliefs = relief_amounts(traded, rates=rates, fx_split=terms.policy.fx_split)
    lots = leg_lots(traded, marked, reliefs=reliefs)
    return Drafts(
        event="trade",
        kind="normal",
        day_order=TRADE,
        cells={
            "asset_class": classes_of(names, asset_class),
            "side": _either(legs.side > 0, ("long", "short")),
            "effect": _either(opens, ("open", "close")),
            "fees": _either(traded.capitalised[legs.trade], ("capitalise", "expense")),
            "fee_currency": _either(fee_currency == currency, ("same", "other")),
            "settlement": _either(settled_in == currency, ("same", "other")),
        },
        event_id=facts["trade_id"],
        event_version=numbers(trades, "version")[legs.trade],
        stage=repeated("trade", len(names)),
        leg=np.where(opens, 2, 1),
        accounting_date=traded.dates[legs.trade],
        activity_date=days(trades, "trade_date")[legs.trade],
        **{name: facts[name] for name in (*DIMENSION_NAMES, "currency")},
        quantity=legs.quantity,
        amounts={**_leg_amounts(traded), **_of_lots(lots, len(names))},
        words=trade_words(trades, legs.quantity, terms=terms, rows=legs.trade),
        currencies={"fee": fee_currency, "settlement": settled_in},
        lots=lots,
    )


_FACTS = ("trade_id", "fee_currency", "settlement_currency", "currency", *DIMENSION_NAMES)


def _either(condition: Any, words: tuple[str, str]) -> Texts:  # noqa: ANN401 - any comparison
    return Texts.either(condition, *words)


def _leg_amounts(traded: Traded) -> dict[str, Amounts]:
    """Return the measures of each leg that are not sums over lots."""
    legs, fees, trades = traded.relieved.legs, leg_fees(traded), traded.trades
    opens, long = legs.opens.astype(bool), legs.side > 0
    # Opening a long and closing a short are buys.
    sign = np.where(opens == long, 1, -1)
    same = (texts(trades, "fee_currency") == texts(trades, "currency"))[legs.trade]
    gross = Amounts.of(legs.gross, legs.gross_base)
    of_fees = fee_amounts(fees.local, fees.base)
    total = of_fees["fees"]
    none = np.zeros(len(sign), np.int64)
    in_cost = Amounts.of(legs.fees, legs.fees_base)
    after_fees = gross.plus(in_cost.signed(sign))
    cost = opens | ~long
    abroad = texts(trades, "settlement_currency") != texts(trades, "currency")
    settled = traded.translated
    settlement_net = Amounts(none, none)
    if abroad.any():
        settlement_net = Amounts(
            leg_part(traded, np.where(abroad, settled.settlement_net, 0)),
            leg_part(traded, np.where(abroad, settled.settlement_base, 0)),
        )
    return {
        "gross": gross,
        **of_fees,
        "translated_fees": in_cost,
        "net": gross.plus(total.signed(np.where(same, sign, none))),
        "settlement_net": settlement_net,
        "cost": after_fees.signed(np.where(cost, 1, 0)),
        "proceeds": after_fees.signed(np.where(cost, 0, 1)),
    }


def fee_amounts(
    local: Mapping[str, Int64Array], base: Mapping[str, Int64Array]
) -> dict[str, Amounts]:
    """Return the fee measures: the positive part of each fee, all rebates, and the total."""
    amounts = {fee: Amounts.of(local[fee], base[fee]) for fee in local}
    return {
        **{fee: amount.positive() for fee, amount in amounts.items()},
        "rebate": _total([amount.negative() for amount in amounts.values()]),
        "fees": _total(list(amounts.values())),
    }


def _total(amounts: Sequence[Amounts]) -> Amounts:
    """Return the sum of measures."""
    total = amounts[0]
    for amount in amounts[1:]:
        total = total.plus(amount)
    return total


_SUMMED = (
    "cost_relieved",
    "interbook_cost",
    "realised_price",
    "realised_fx",
    "mark_released",
    "mark_fx_released",
)


def _of_lots(lots: LotRows, count: int) -> dict[str, Amounts]:
    """Return the measures of each leg that are sums over its lots."""
    return {name: lots.amounts[name].summed(lots.draft, count) for name in _SUMMED}


def trade_words(
    trades: pa.Table, quantity: Int64Array, *, terms: Terms, rows: Int64Array
) -> dict[str, Texts]:
    """Return what the narration of trades may name, for some rows and the units of each."""
    names = texts(trades, "instrument")[rows]
    places = names.looked_up(quantity_decimals(terms))
    mantissa, scale = numbers(trades, "price_mantissa"), numbers(trades, "price_scale")
    return {
        "quantity": decimal_texts(quantity, places),
        "price": decimal_texts(mantissa, scale, trimmed=True)[rows],
        "instrument": names,
        "trade_id": texts(trades, "trade_id")[rows],
    }


def decimal_texts(values: Int64Array, decimals: Int64Array, *, trimmed: bool = False) -> Texts:
    """Return scaled integers as plain decimal text, each distinct one written once."""
    codes, first = group_codes([values, decimals])
    pairs = zip(values[first].tolist(), decimals[first].tolist(), strict=True)
    written = [to_text(*(trim(*pair) if trimmed else pair)) for pair in pairs]
    return Texts.of(written)[codes]


def mark_drafts(
    traded: Traded, marked: Marked, *, asset_class: Mapping[str, str]
) -> tuple[Drafts, Codes]:
    """Return a draft per mark date, instrument and side, with one change per lot.

    Returns the first lot of each besides: drafts of a date stand in the order of these.
    """
    owners = traded.facts
    lot = np.concatenate([np.empty(0, np.intp), *marked.lot]).astype(np.intp)
    on = np.concatenate([np.empty(0, "datetime64[D]"), *marked.date])
    change = Levels(
        *(
            np.concatenate([np.empty(0, np.int64), *(getattr(one, part) for one in marked.change)])
            for part in Levels._fields
        )
    )
    side = _either(traded.relieved.lots.side[lot] > 0, ("long", "short"))
    names: Texts = owners.instrument[lot]
    draft, first = group_codes([on, names, side])
    count = len(first)
    nothing, stage = repeated("", count), days_as_text(on[first])
    of_lots = {
        "mark_change": Amounts.of(change.local, change.price),
        "mark_fx_change": Amounts.base_only(change.fx),
    }
    drafts = Drafts(
        event="mark",
        kind="mark",
        day_order=MARK,
        cells={"asset_class": classes_of(names[first], asset_class), "side": side[first]},
        event_id="mark:" + names[first] + ":" + side[first],
        event_version=np.ones(count, np.int64),
        stage=stage,
        leg=np.zeros(count, np.int64),
        accounting_date=on[first],
        activity_date=on[first],
        book=nothing,
        strategy=nothing,
        broker_account=nothing,
        counterparty=nothing,
        instrument=names[first],
        currency=owners.currency[lot][first],
        amounts={name: amounts.summed(draft, count) for name, amounts in of_lots.items()},
        words={"instrument": names[first], "date": stage},
        lots=LotRows(draft=draft, lot_id=owners.lot_id[lot], **owners.owner(lot), amounts=of_lots),
    )
    return drafts, lot[first]


def opening_lot_drafts(lots: pa.Table, *, asset_class: Mapping[str, str]) -> Drafts:
    """Return a draft per screened OPENING_LOTS row."""
    names, count = texts(lots, "instrument"), lots.num_rows
    cost = Amounts.of(numbers(lots, "cost"), numbers(lots, "cost_base"))
    lot_id = texts(lots, "lot_id")
    owner: dict[str, Any] = {name: texts(lots, name) for name in OWNER}
    return Drafts(
        event="opening_lot",
        kind="normal",
        day_order=TRADE,
        cells={"asset_class": classes_of(names, asset_class), "side": texts(lots, "side")},
        event_id=lot_id,
        event_version=np.ones(count, np.int64),
        stage=repeated("opening", count),
        leg=np.zeros(count, np.int64),
        accounting_date=days(lots, "as_of"),
        activity_date=days(lots, "as_of"),
        **owner,
        instrument=names,
        counterparty=repeated("", count),
        currency=texts(lots, "currency"),
        quantity=numbers(lots, "quantity"),
        amounts={"cost": cost},
        words={"lot_id": lot_id, "instrument": names},
        lots=LotRows(
            draft=np.arange(count),
            lot_id=lot_id,
            **owner,
            amounts={"cost": cost},
            units={"cost": numbers(lots, "quantity")},
        ),
    )
