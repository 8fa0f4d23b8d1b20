"""Measures of trades, opening lots and marks: named amounts, local and in base.

The identities between them are those of `chart.measures`; the posting rules rely on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import (
    MARK,
    TRADE,
    Amounts,
    Drafts,
    LotRows,
    classes_of,
    dimensions,
    quantity_decimals,
    repeated,
)
from subledger.booking.gains import relief_amounts
from subledger.booking.inputs import Terms
from subledger.booking.leg_lots import leg_lots
from subledger.booking.lot_facts import OWNER
from subledger.booking.marking import Levels, Marked
from subledger.booking.trading import Traded, leg_fees, leg_part
from subledger.columns import Texts, build, concatenate, days, group_codes, numbers, texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, add_columns, group_sums, to_text, trim
from subledger.tables import MEASURE_NAMES, MEASURES


def trade_drafts(
    traded: Traded,
    marked: Marked,
    *,
    asset_class: Mapping[str, str],
    terms: Terms,
    rates: Conversions,
) -> Drafts:
    """Return a draft per leg with the measures of `chart.measures`, event `trade`."""
    legs = traded.relieved.legs
    part = traded.trades.take(legs.trade)
    names = texts(part, "instrument")
    opens = legs.opens.astype(bool)
    currency, fee_currency = texts(part, "currency"), texts(part, "fee_currency")
    settled_in = texts(part, "settlement_currency")
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
        event_id=texts(part, "trade_id"),
        event_version=numbers(part, "version"),
        stage=repeated("trade", len(names)),
        leg=np.where(opens, 2, 1),
        accounting_date=days(part, "accounting_date"),
        activity_date=days(part, "trade_date"),
        **dimensions(part),
        quantity=legs.quantity,
        amounts={**_leg_amounts(traded), **_of_lots(lots, len(names))},
        words=trade_words(part, legs.quantity, terms=terms),
        currencies={"fee": fee_currency, "settlement": settled_in},
        lots=lots,
    )


def _either(condition: Any, words: tuple[str, str]) -> Texts:  # noqa: ANN401 - any comparison
    return np.where(condition, *words).astype(object)


def _leg_amounts(traded: Traded) -> dict[str, Amounts]:
    """Return the measures of each leg that are not sums over lots."""
    legs, fees, trades = traded.relieved.legs, leg_fees(traded), traded.trades
    opens, long = legs.opens.astype(bool), legs.side > 0
    # Opening a long and closing a short are buys.
    sign = np.where(opens == long, 1, -1)
    same = (texts(trades, "fee_currency") == texts(trades, "currency"))[legs.trade]
    gross = Amounts(legs.gross, legs.gross_base)
    of_fees = fee_amounts(fees.local, fees.base)
    total = of_fees["fees"]
    none = np.zeros(len(sign), np.int64)
    in_cost = Amounts(legs.fees, legs.fees_base)
    after_fees = gross.plus(in_cost.signed(sign))
    cost = opens | ~long
    abroad = texts(trades, "settlement_currency") != texts(trades, "currency")
    settled = traded.translated
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
    rebate = (
        add_columns(*(-np.minimum(amount, 0) for amount in local.values())),
        add_columns(*(-np.minimum(base[fee], 0) for fee in local)),
    )
    return {
        **{fee: Amounts(np.maximum(local[fee], 0), np.maximum(base[fee], 0)) for fee in local},
        "rebate": Amounts(*rebate),
        "fees": Amounts(add_columns(*local.values()), add_columns(*base.values())),
    }


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
    return {
        name: Amounts(
            group_sums(lots.draft, lots.amounts[name].local, count),
            group_sums(lots.draft, lots.amounts[name].base, count),
        )
        for name in _SUMMED
    }


def trade_words(part: pa.Table, quantity: Int64Array, *, terms: Terms) -> dict[str, Texts]:
    """Return what the narration of trades may name."""
    decimals = quantity_decimals(terms)
    names = texts(part, "instrument")
    amounts = zip(quantity.tolist(), names, strict=True)
    prices = zip(
        numbers(part, "price_mantissa").tolist(), numbers(part, "price_scale").tolist(), strict=True
    )
    return {
        "quantity": np.array([to_text(q, decimals[name]) for q, name in amounts], dtype=object),
        "price": np.array([to_text(*trim(*price)) for price in prices], dtype=object),
        "instrument": names,
        "trade_id": texts(part, "trade_id"),
    }


def mark_drafts(traded: Traded, marked: Marked, *, asset_class: Mapping[str, str]) -> Drafts:
    """Return a draft per mark date, instrument and side, with one change per lot."""
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
    draft, first = group_codes([on.astype(str).astype(object), names, side])
    count = len(first)
    nothing, stage = repeated("", count), on[first].astype(str).astype(object)
    of_lots = {
        "mark_change": Amounts(change.local, change.price),
        "mark_fx_change": Amounts.base_only(change.fx),
    }
    return Drafts(
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
        amounts={
            name: Amounts(
                group_sums(draft, amounts.local, count), group_sums(draft, amounts.base, count)
            )
            for name, amounts in of_lots.items()
        },
        words={"instrument": names[first], "date": stage},
        lots=LotRows(draft=draft, lot_id=owners.lot_id[lot], **owners.owner(lot), amounts=of_lots),
    )


def opening_lot_drafts(lots: pa.Table, *, asset_class: Mapping[str, str]) -> Drafts:
    """Return a draft per screened OPENING_LOTS row."""
    names, count = texts(lots, "instrument"), lots.num_rows
    cost = Amounts(numbers(lots, "cost"), numbers(lots, "cost_base"))
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


def measures_table(drafts: Sequence[Drafts]) -> pa.Table:
    """Return MEASURES of all drafts; a name that an event does not yield is zero."""
    return concatenate(MEASURES, [_measures(draft) for draft in drafts if len(draft)])


def _measures(draft: Drafts) -> pa.Table:
    count = len(draft)
    zero = Amounts.base_only(np.zeros(count, np.int64))
    named = {name: draft.amounts.get(name, zero) for name in MEASURE_NAMES}
    empty = repeated("", count)
    quantity = np.zeros(count, np.int64) if draft.quantity is None else draft.quantity
    return build(
        MEASURES,
        {
            "event_kind": repeated(draft.event, count),
            "event_id": draft.event_id,
            "event_version": draft.event_version,
            "stage": draft.stage,
            "leg": draft.leg,
            "side": draft.cells.get("side", draft.cells.get("direction", empty)),
            "effect": draft.cells.get("effect", empty),
            "currency": draft.currency,
            **{
                f"{role}_currency": draft.currencies.get(role, empty)
                for role in ("fee", "settlement", "traded")
            },
            "quantity": quantity,
            **{name: amounts.local for name, amounts in named.items()},
            **{f"{name}_base": amounts.base for name, amounts in named.items()},
        },
    )
