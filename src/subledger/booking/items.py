"""Unsettled items: what posted trades still have to receive and pay, until it is settled.

A trade leaves one item, `amount`. An exchange of currencies leaves a second, `traded`, in the other
currency, and fees in another currency than the trade's leave an item `fees` of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import (
    SETTLEMENT,
    Amounts,
    Drafts,
    classes_of,
    dimensions,
    repeated,
    translated,
)
from subledger.booking.entries import Composed
from subledger.booking.excepting import refused_rows
from subledger.booking.inputs import Terms
from subledger.booking.revaluing import Open, Revalued
from subledger.chart.measures import FX_TRADING_SLOT
from subledger.columns import (
    Codes,
    Days,
    Flags,
    Texts,
    build,
    concatenate,
    days,
    group_codes,
    ordered,
    texts,
)
from subledger.columns import numbers as figures
from subledger.conversion import Conversions
from subledger.errors import InvariantError
from subledger.numbers import Int64Array, group_sums, subtract_columns
from subledger.tables import UNSETTLED

ITEMS = ("amount", "traded", "fees")
_COPIED = ("settlement_date", "counterparty", "book", "strategy", "broker_account", "instrument")


@dataclass(frozen=True, slots=True)
class Items:
    """All items of a window, carried and new: UNSETTLED and the day on which each was booked."""

    table: pa.Table
    booked_on: Days


def all_items(
    carried: pa.Table, posted: Sequence[tuple[Drafts, Composed]], *, trades: pa.Table
) -> Items:
    """Return the carried UNSETTLED and those that posted trades add; `trades` are DATED_TRADES."""
    parts = [carried, *(_added(drafts, made, trades=trades) for drafts, made in posted)]
    table = concatenate(UNSETTLED, parts)
    position = {name: row for row, name in enumerate(texts(trades, "trade_id"))}
    dates = days(trades, "accounting_date")
    long_ago = np.datetime64("1900-01-01")
    booked = [
        long_ago if row < carried.num_rows else dates[position[name]]
        for row, name in enumerate(texts(table, "trade_id"))
    ]
    return Items(table, np.array(booked, "datetime64[D]"))


def _added(drafts: Drafts, made: Composed, *, trades: pa.Table) -> pa.Table:
    """Return the UNSETTLED that drafts of trades add: one per trade and item that is not zero."""
    position = {name: row for row, name in enumerate(texts(trades, "trade_id"))}
    trade_row, first = group_codes([drafts.event_id])
    part = trades.take(np.array([position[drafts.event_id[row]] for row in first], np.intp))
    accounts = _item_accounts(made)
    side = texts(part, "side")
    sells = np.where(side == "sell", 1, -1)
    currency, fees_in = texts(part, "currency"), texts(part, "fee_currency")
    settled_in = texts(part, "settlement_currency")
    abroad = settled_in != currency
    count = len(first)

    def summed(measure: str) -> Amounts:
        zero = np.zeros(len(drafts), np.int64)
        amounts = drafts.amounts.get(measure, Amounts(zero, zero))
        return Amounts(
            group_sums(trade_row, amounts.local, count), group_sums(trade_row, amounts.base, count)
        )

    net, settled = summed("net"), summed("settlement_net")
    amount = Amounts(
        np.where(abroad, settled.local, net.local), np.where(abroad, settled.base, net.base)
    )
    fees = summed("fees").signed(np.where(fees_in != currency, -1, 0))
    traded = drafts.currencies.get("traded", drafts.currency)[first]
    found = (
        ("amount", amount.signed(sells), np.where(abroad, settled_in, currency)),
        ("traded", summed("traded").signed(-sells), traded),
        ("fees", fees, fees_in),
    )
    items = [
        _items(part, item, amounts=amounts, currency=currencies, accounts=accounts)
        for item, amounts, currencies in found
    ]
    return concatenate(UNSETTLED, items)


def _items(
    part: pa.Table,
    item: str,
    *,
    amounts: Amounts,
    currency: Texts,
    accounts: Mapping[tuple[str, str], str],
) -> pa.Table:
    """Return UNSETTLED rows of one item; the item `amount` stands even where it is zero."""
    rows = np.arange(part.num_rows)
    if item != "amount":
        rows = np.flatnonzero((amounts.local != 0) | (amounts.base != 0))
    chosen, trade_id = part.take(rows), texts(part, "trade_id")[rows]
    return build(
        UNSETTLED,
        {
            "trade_id": trade_id,
            "item": repeated(item, len(rows)),
            "version": figures(chosen, "version"),
            "status": np.where(texts(chosen, "status") == "failed", "failed", "confirmed"),
            "trade_date": days(chosen, "trade_date"),
            **{name: chosen.column(name) for name in (*_COPIED, "side", "quantity")},
            "currency": currency[rows].astype(object),
            "amount": amounts.local[rows],
            "amount_base": amounts.base[rows],
            "revalued": np.zeros(len(rows), np.int64),
            "account": np.array([accounts.get((t, item), "") for t in trade_id], dtype=object),
        },
    )


_ITEM_OF_MEASURE = {
    "net": "amount",
    "settlement_net": "amount",
    "traded": "traded",
    "fees": "fees",
}


def _item_accounts(made: Composed) -> Mapping[tuple[str, str], str]:
    """Return the account on which each trade's items stand, as the rules put them there."""
    lines = made.lines
    through_trading = lines["slot"] == FX_TRADING_SLOT
    rows = np.flatnonzero(
        [
            measure in _ITEM_OF_MEASURE and not traded
            for measure, traded in zip(lines["measure"], through_trading, strict=True)
        ]
    )
    trades = made.entries["event_id"][lines["entry"][rows].astype(np.intp)]
    items = [_ITEM_OF_MEASURE[measure] for measure in lines["measure"][rows]]
    return dict(zip(zip(trades, items, strict=True), lines["account"][rows], strict=True))


def with_status(unsettled: pa.Table, trades: pa.Table) -> pa.Table:
    """Return UNSETTLED with the status in which each trade is known now (TRADES or KNOWN_TRADES).

    An item whose trade settles after the window is confirmed as long as it is unsettled.
    """
    known = dict(zip(texts(trades, "trade_id"), texts(trades, "status"), strict=True))
    status = [known.get(trade, "confirmed") for trade in texts(unsettled, "trade_id")]
    pending = ["confirmed" if name == "settled" else name for name in status]
    position = unsettled.schema.get_field_index("status")
    field = unsettled.schema.field("status")
    return unsettled.set_column(position, field, pa.array(pending, pa.string()))


@dataclass(frozen=True, slots=True)
class Settled:
    """What settles: SETTLING repeated for each item, the row of the item, and which lack a rate."""

    settling: pa.Table
    item: Codes
    unrated: pa.Table


def settle(settling: pa.Table, items: Items, *, rates: Conversions) -> Settled:
    """Match SETTLING with items. A trade settles whole: without a rate for one item, not at all.

    A settlement without an item waits with its trade, which is an exception or not posted.
    """
    rows_of: dict[str, list[int]] = {}
    place = [ITEMS.index(item) for item in texts(items.table, "item")]
    trade_ids = texts(items.table, "trade_id")
    # The items of a trade settle in their own order, whether they were carried or are new.
    for row in np.argsort(place, kind="stable"):
        rows_of.setdefault(trade_ids[row], []).append(int(row))
    ordered_ = settling.sort_by([("accounting_date", "ascending"), ("trade_id", "ascending")])
    trades = texts(ordered_, "trade_id")
    pairs = [(n, row) for n, trade in enumerate(trades) for row in rows_of.get(trade, ())]
    fact = np.array([n for n, _ in pairs], np.intp)
    item = np.array([row for _, row in pairs], np.intp)
    currencies = texts(items.table, "currency")[item]
    known = rates.known(currencies, days(ordered_, "accounting_date")[fact])
    without = np.unique(fact[~known])
    chosen = np.flatnonzero(~np.isin(fact, without))
    return Settled(ordered_.take(fact[chosen]), item[chosen], ordered_.take(without))


def open_items(items: Items, settled: Settled) -> Open:
    """Return the items as balances that closes revalue, each until it is settled."""
    until = np.full(items.table.num_rows, np.datetime64("NaT"), "datetime64[D]")
    until[settled.item] = days(settled.settling, "accounting_date")
    return Open(
        amount=figures(items.table, "amount"),
        booked=figures(items.table, "amount_base"),
        standing=figures(items.table, "revalued"),
        currency=texts(items.table, "currency"),
        since=items.booked_on,
        until=until,
    )


def settlement_drafts(
    settled: Settled,
    items: Items,
    *,
    revalued: Revalued,
    asset_class: Mapping[str, str],
    rates: Conversions,
) -> Drafts:
    """Return a draft per item that settles: cash at the rate of the day against what was booked."""
    settling = settled.settling
    part = items.table.take(settled.item)
    amount = Amounts(figures(part, "amount"), figures(part, "amount_base"))
    on, names = days(settling, "accounting_date"), texts(part, "instrument")
    receives = _received(part)
    sign = np.where(receives, 1, -1)
    paid = translated(sign * amount.local, texts(part, "currency"), on=on, rates=rates)
    booked = amount.signed(sign)
    gain = sign * subtract_columns(paid.base, booked.base)
    item = texts(part, "item")
    trade_id = texts(settling, "trade_id")
    return Drafts(
        event="settlement",
        kind="normal",
        day_order=SETTLEMENT,
        cells={
            "asset_class": classes_of(names, asset_class),
            "item": item,
            "direction": np.where(receives, "receive", "pay").astype(object),
        },
        event_id=trade_id,
        event_version=figures(settling, "version"),
        stage=repeated("settlement", len(names)),
        leg=np.array([ITEMS.index(name) for name in item], np.int64),
        accounting_date=on,
        activity_date=days(settling, "activity_date"),
        **dimensions(part),
        quantity=figures(part, "quantity"),
        amounts={
            "amount": booked,
            "paid": paid,
            "fx_gain": Amounts.base_only(gain),
            "revaluation_released": Amounts.base_only(revalued.standing[settled.item]),
        },
        words={"trade_id": trade_id, "instrument": names},
    )


def _received(items: pa.Table) -> Flags:
    """Say which items settle as receivables: as their trade's rule booked them, by its side.

    A sale whose fees exceed its proceeds stays a receivable, of a negative amount. Fees stand on
    one account in both directions.
    """
    item, sells = texts(items, "item"), texts(items, "side") == "sell"
    by_side = np.where(item == "traded", ~sells, sells)
    return np.asarray(np.where(item == "fees", figures(items, "amount") > 0, by_side), bool)


def items_left(items: Items, settled: Settled, *, revalued: Revalued) -> pa.Table:
    """Return UNSETTLED after the window, with what closes have revalued."""
    stays = np.ones(items.table.num_rows, bool)
    stays[settled.item] = False
    table = with_numbers(items.table, "revalued", values=revalued.standing)
    return ordered(UNSETTLED, table.filter(pa.array(stays)))


def with_numbers(table: pa.Table, name: str, *, values: Int64Array) -> pa.Table:
    """Return a table with the values of a number column replaced."""
    if len(values) != table.num_rows:
        raise InvariantError(f"{len(values)} values for {table.num_rows} rows")
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, pa.int64()))


def unrated_settlements(settled: Settled, items: Items, *, terms: Terms) -> pa.Table:
    """Return EXCEPTIONS of settlements whose currency has no rate on their day."""
    first = {name: row for row, name in reversed(list(enumerate(texts(items.table, "trade_id"))))}
    part = settled.unrated
    rows = np.array([first[name] for name in texts(part, "trade_id")], np.intp)
    for name in ("instrument", "currency"):
        part = part.append_column(name, pa.array(texts(items.table, name)[rows], pa.string()))
    part = part.append_column("amount", pa.array(figures(items.table, "amount")[rows], pa.int64()))
    return refused_rows(
        part,
        basis=terms.policy.name,
        code="MISSING_RATE",
        keys={"event": "trade_id", "date": "accounting_date", "amount": "amount"},
        message=repeated("no rate of its currency is known on the day of settlement", len(rows)),
    )
