"""Measures: the named amounts of each leg, settlement, mark and capital event.

The identities between them are those of `chart.measures`; the posting rules rely on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import CASH, MARK, SETTLEMENT, TRADE, Amounts, Drafts, LotRows
from subledger.booking.inputs import Terms
from subledger.booking.marking import Marked
from subledger.booking.trading import (
    OWNER,
    Traded,
    leg_fees,
    lot_facts,
    relief_amounts,
)
from subledger.columns import Flags, Texts, build, concatenate, days, group_codes, numbers, texts
from subledger.numbers import Int64Array, add_columns, group_sums, to_text, trim
from subledger.tables import DIMENSIONS, MEASURE_NAMES, MEASURES

_DIMENSIONS = tuple(field.name for field in DIMENSIONS)


def trade_drafts(
    traded: Traded, marked: Marked, *, asset_class: Mapping[str, str], terms: Terms
) -> Drafts:
    """Return a draft per leg with the measures of `chart.measures`, event `trade`."""
    legs = traded.relieved.legs
    part = traded.trades.take(legs.trade)
    names = texts(part, "instrument")
    opens = legs.opens.astype(bool)
    return Drafts(
        event="trade",
        kind="normal",
        day_order=TRADE,
        cells={
            "asset_class": np.array([asset_class[name] for name in names], dtype=object),
            "side": np.where(legs.side > 0, "long", "short").astype(object),
            "effect": np.where(opens, "open", "close").astype(object),
            "fees": np.where(traded.capitalised[legs.trade], "capitalise", "expense").astype(
                object
            ),
        },
        event_id=texts(part, "trade_id"),
        event_version=numbers(part, "version"),
        stage=np.full(len(names), "trade", dtype=object),
        leg=np.where(opens, 2, 1),
        accounting_date=days(part, "accounting_date"),
        activity_date=days(part, "trade_date"),
        **_dimensions(part),
        quantity=legs.quantity,
        amounts=_leg_amounts(traded, marked),
        words=_trade_words(part, legs.quantity, terms=terms),
        lots=_leg_lots(traded, marked),
    )


def _leg_amounts(traded: Traded, marked: Marked) -> dict[str, Amounts]:
    """Return the measures of each leg; those of reliefs are their sums."""
    legs, reliefs = traded.relieved.legs, relief_amounts(traded)
    fees = leg_fees(traded)
    total = add_columns(*fees.values())
    opens, long = legs.opens.astype(bool), legs.side > 0
    buys = opens == long  # opening a long and closing a short are buys
    capitalised = np.where(traded.capitalised[legs.trade], total, 0)
    after_fees = add_columns(legs.gross, np.where(buys, capitalised, -capitalised))
    relief_leg = traded.relieved.reliefs.leg.astype(np.intp)

    def summed(values: Int64Array) -> Int64Array:
        return group_sums(relief_leg, values, len(legs.trade))

    local = {
        "gross": legs.gross,
        **{fee: np.maximum(amount, 0) for fee, amount in fees.items()},
        "rebate": add_columns(*(-np.minimum(amount, 0) for amount in fees.values())),
        "fees": total,
        "net": add_columns(legs.gross, np.where(buys, total, -total)),
        "cost": np.where(opens | ~long, after_fees, 0),
        "proceeds": np.where(~opens & long, after_fees, 0),
        "cost_relieved": summed(reliefs.cost),
        "interbook_cost": summed(np.where(reliefs.elsewhere, reliefs.cost, 0)),
        "realised_price": summed(reliefs.gain),
        "mark_released": summed(marked.released),
    }
    return {name: Amounts.of(np.asarray(values, np.int64)) for name, values in local.items()}


def _leg_lots(traded: Traded, marked: Marked) -> LotRows:
    """Return the lots that legs relieve, then the lots that legs open."""
    legs, engine_reliefs = traded.relieved.legs, traded.relieved.reliefs
    reliefs, owners = relief_amounts(traded), lot_facts(traded)
    opening = np.flatnonzero(legs.opens)
    lot = np.concatenate([engine_reliefs.lot, legs.lot[opening]])
    none = np.zeros(len(opening), np.int64)
    cost = traded.relieved.lots.cost[legs.lot[opening]]

    def of_reliefs(values: Int64Array) -> Amounts:
        return Amounts.of(np.concatenate([values, none]))

    return LotRows(
        draft=np.concatenate([engine_reliefs.leg, opening]).astype(np.intp),
        lot_id=owners.lot_id[lot],
        **owners.owner(lot),
        quantity=np.concatenate([engine_reliefs.quantity, legs.quantity[opening]]),
        amounts={
            "cost_relieved": of_reliefs(reliefs.cost),
            "interbook_cost": of_reliefs(np.where(reliefs.elsewhere, reliefs.cost, 0)),
            "mark_released": of_reliefs(marked.released),
            "realised_price": of_reliefs(reliefs.gain),
            "cost": Amounts.of(np.concatenate([np.zeros(len(reliefs.cost), np.int64), cost])),
        },
    )


def _trade_words(part: pa.Table, quantity: Int64Array, *, terms: Terms) -> dict[str, Texts]:
    decimals = quantity_decimals(terms.instruments)
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


def _dimensions(table: pa.Table) -> dict[str, Any]:
    """Return the dimensions and the currency of an event table."""
    return {name: texts(table, name) for name in (*_DIMENSIONS, "currency")}


def quantity_decimals(instruments: pa.Table) -> dict[str, int]:
    """Return the decimals of each instrument's quantities."""
    names = texts(instruments, "instrument")
    return dict(zip(names, numbers(instruments, "quantity_decimals").tolist(), strict=True))


def settlement_drafts(
    settling: pa.Table, items: pa.Table, *, asset_class: Mapping[str, str]
) -> Drafts:
    """Return a draft per settlement; SETTLING and its UNSETTLED items stand row by row."""
    amount, names = numbers(items, "amount"), texts(items, "instrument")
    receives = texts(items, "side") == "sell"
    trade_id = texts(settling, "trade_id")
    return Drafts(
        event="settlement",
        kind="normal",
        day_order=SETTLEMENT,
        cells={
            "asset_class": np.array([asset_class[name] for name in names], dtype=object),
            "direction": np.where(receives, "receive", "pay").astype(object),
        },
        event_id=trade_id,
        event_version=numbers(settling, "version"),
        stage=np.full(len(names), "settlement", dtype=object),
        leg=np.zeros(len(names), np.int64),
        accounting_date=days(settling, "accounting_date"),
        activity_date=days(settling, "activity_date"),
        **_dimensions(items),
        quantity=numbers(items, "quantity"),
        amounts={"amount": Amounts.of(np.where(receives, amount, -amount))},
        words={"trade_id": trade_id, "instrument": names},
    )


def capital_drafts(cash: pa.Table) -> list[Drafts]:
    """Return drafts of screened DATED_CASH: contributions, withdrawals, and their later payment."""
    kind, stage = texts(cash, "kind"), texts(cash, "stage")
    later = days(cash, "settled_date") != days(cash, "date")
    settled = np.where(later, "later", "at_once").astype(object)
    direction = np.where(kind == "contribution", "receive", "pay").astype(object)
    paid = stage == "capital_settlement"
    return [
        _capital(cash, (kind == name) & ~paid, event=name, cells={"settled": settled})
        for name in ("contribution", "withdrawal")
    ] + [_capital(cash, paid, event="capital_settlement", cells={"direction": direction})]


def _capital(cash: pa.Table, chosen: Flags, *, event: str, cells: Mapping[str, Texts]) -> Drafts:
    rows = np.flatnonzero(chosen)
    part = cash.take(rows)
    stage = texts(part, "stage")
    paid_on, told_on = days(part, "settled_date"), days(part, "date")
    return Drafts(
        event=event,
        kind="normal",
        day_order=CASH,
        cells={name: values[rows] for name, values in cells.items()},
        event_id=texts(part, "event_id"),
        event_version=np.ones(len(rows), np.int64),
        stage=stage,
        leg=np.zeros(len(rows), np.int64),
        accounting_date=days(part, "accounting_date"),
        activity_date=np.where(stage == "capital_settlement", paid_on, told_on),
        **_dimensions(part),
        quantity=np.zeros(len(rows), np.int64),
        amounts={"amount": Amounts.of(np.abs(numbers(part, "amount")))},
        words={"memo": texts(part, "memo"), "reference": texts(part, "reference")},
    )


def mark_drafts(traded: Traded, marked: Marked, *, asset_class: Mapping[str, str]) -> Drafts:
    """Return a draft per mark date, instrument and side, with one change per lot."""
    owners = lot_facts(traded)
    lot = np.concatenate([np.empty(0, np.intp), *marked.lot]).astype(np.intp)
    on = np.concatenate([np.empty(0, "datetime64[D]"), *marked.date])
    change = np.concatenate([np.empty(0, np.int64), *marked.change])
    side = np.where(traded.relieved.lots.side[lot] > 0, "long", "short").astype(object)
    names: Texts = owners.instrument[lot]
    draft, first = group_codes([on.astype(str).astype(object), names, side])
    nothing = np.full(len(first), "", dtype=object)
    stage = on[first].astype(str).astype(object)
    return Drafts(
        event="mark",
        kind="mark",
        day_order=MARK,
        cells={
            "asset_class": np.array([asset_class[name] for name in names[first]], dtype=object),
            "side": side[first],
        },
        event_id="mark:" + names[first] + ":" + side[first],
        event_version=np.ones(len(first), np.int64),
        stage=stage,
        leg=np.zeros(len(first), np.int64),
        accounting_date=on[first],
        activity_date=on[first],
        book=nothing,
        strategy=nothing,
        broker_account=nothing,
        instrument=names[first],
        counterparty=nothing,
        currency=owners.currency[lot][first],
        quantity=np.zeros(len(first), np.int64),
        amounts={"mark_change": Amounts.of(group_sums(draft, change, len(first)))},
        words={"instrument": names[first], "date": stage},
        lots=LotRows(
            draft=draft,
            lot_id=owners.lot_id[lot],
            **owners.owner(lot),
            quantity=np.zeros(len(lot), np.int64),
            amounts={"mark_change": Amounts.of(change)},
        ),
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
        cells={
            "asset_class": np.array([asset_class[name] for name in names], dtype=object),
            "side": texts(lots, "side"),
        },
        event_id=lot_id,
        event_version=np.ones(count, np.int64),
        stage=np.full(count, "opening", dtype=object),
        leg=np.zeros(count, np.int64),
        accounting_date=days(lots, "as_of"),
        activity_date=days(lots, "as_of"),
        **owner,
        instrument=names,
        counterparty=np.full(count, "", dtype=object),
        currency=texts(lots, "currency"),
        quantity=numbers(lots, "quantity"),
        amounts={"cost": cost},
        words={"lot_id": lot_id, "instrument": names},
        lots=LotRows(
            draft=np.arange(count),
            lot_id=lot_id,
            **owner,
            quantity=numbers(lots, "quantity"),
            amounts={"cost": cost},
        ),
    )


def measures_table(drafts: Sequence[Drafts]) -> pa.Table:
    """Return MEASURES of all drafts; a name that an event does not yield is zero."""
    return concatenate(MEASURES, [_measures(draft) for draft in drafts])


def _measures(draft: Drafts) -> pa.Table:
    count = len(draft)
    zero = Amounts.of(np.zeros(count, np.int64))
    named = {name: draft.amounts.get(name, zero) for name in MEASURE_NAMES}
    empty = np.full(count, "", dtype=object)
    return build(
        MEASURES,
        {
            "event_kind": np.full(count, draft.event, dtype=object),
            "event_id": draft.event_id,
            "event_version": draft.event_version,
            "stage": draft.stage,
            "leg": draft.leg,
            "side": draft.cells.get("side", draft.cells.get("direction", empty)),
            "effect": draft.cells.get("effect", empty),
            "currency": draft.currency,
            "quantity": draft.quantity,
            **{name: amounts.local for name, amounts in named.items()},
            **{f"{name}_base": amounts.base for name, amounts in named.items()},
        },
    )
