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
from subledger.booking.excepting import refused_rows
from subledger.booking.inputs import Terms
from subledger.booking.lines import Composed
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
    rows_named,
    sorted_by,
    taken,
    texts,
    with_numbers,
)
from subledger.columns import numbers as figures
from subledger.conversion import Conversions
from subledger.numbers import subtract_columns
from subledger.tables import UNSETTLED
from subledger.texts import found_in

ITEMS = ("amount", "traded", "fees")
_OF_TRADE = (
    *("trade_id", "version", "status", "trade_date", "settlement_date", "counterparty"),
    *("book", "strategy", "broker_account", "instrument", "side", "quantity"),
    *("currency", "fee_currency", "settlement_currency"),
)
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
    row = rows_named(texts(table, "trade_id"), among=texts(trades, "trade_id"))
    booked = np.full(table.num_rows, np.datetime64("1900-01-01"), "datetime64[D]")
    new = np.arange(table.num_rows) >= carried.num_rows
    booked[new] = days(trades, "accounting_date")[row[new]]
    return Items(table, booked)


def _added(drafts: Drafts, made: Composed, *, trades: pa.Table) -> pa.Table:
    """Return the UNSETTLED that drafts of trades add: one per trade and item that is not zero."""
    trade_row, first = group_codes([drafts.event_id])
    rows = rows_named(drafts.event_id[first], among=texts(trades, "trade_id"))
    part = taken(trades.select(_OF_TRADE), rows)
    side = texts(part, "side")
    sells = np.where(side == "sell", 1, -1)
    currency, fees_in = texts(part, "currency"), texts(part, "fee_currency")
    settled_in = texts(part, "settlement_currency")
    abroad = settled_in != currency
    count = len(first)

    def summed(measure: str) -> Amounts:
        if measure not in drafts.amounts:
            zero = np.zeros(count, np.int64)
            return Amounts(zero, zero)
        return drafts.amounts[measure].summed(trade_row, count)

    net, settled = summed("net"), summed("settlement_net")
    amount = net
    if abroad.any():
        local = np.where(abroad, settled.local, net.local)
        amount = Amounts(local, np.where(abroad, settled.base, net.base))
    fees = summed("fees").signed(np.where(fees_in != currency, -1, 0))
    traded = drafts.currencies.get("traded", drafts.currency)[first]
    found = (
        ("amount", amount.signed(sells), Texts.either(abroad, settled_in, currency)),
        ("traded", summed("traded").signed(-sells), traded),
        ("fees", fees, fees_in),
    )
    items = [
        _items(part, item, amounts=amounts, currency=currencies, made=made)
        for item, amounts, currencies in found
    ]
    return concatenate(UNSETTLED, items)


def _items(
    part: pa.Table, item: str, *, amounts: Amounts, currency: Texts, made: Composed
) -> pa.Table:
    """Return UNSETTLED rows of one item; the item `amount` stands even where it is zero."""
    rows = np.arange(part.num_rows)
    if item != "amount":
        rows = np.flatnonzero((amounts.local != 0) | (amounts.base != 0))
    chosen = taken(part, rows)
    trade_id = texts(chosen, "trade_id")
    return build(
        UNSETTLED,
        {
            "trade_id": trade_id,
            "item": repeated(item, len(rows)),
            "version": figures(chosen, "version"),
            "status": Texts.either(texts(chosen, "status") == "failed", "failed", "confirmed"),
            "trade_date": days(chosen, "trade_date"),
            **{name: chosen.column(name) for name in (*_COPIED, "side", "quantity")},
            "currency": currency[rows],
            "amount": amounts.local[rows],
            "amount_base": amounts.base[rows],
            "revalued": np.zeros(len(rows), np.int64),
            "account": _item_accounts(made, item, trades=trade_id),
        },
    )


_MEASURES_OF_ITEM = {
    "amount": ("net", "settlement_net"),
    "traded": ("traded",),
    "fees": ("fees",),
}


def _item_accounts(made: Composed, item: str, *, trades: Texts) -> Texts:
    """Return the account on which an item of each trade stands, as the rules put it there."""
    blocks = [
        block
        for block in made.blocks
        if block.measure in _MEASURES_OF_ITEM[item] and block.slot != FX_TRADING_SLOT
    ]
    entries = np.concatenate([np.empty(0, np.int32), *(block.entry for block in blocks)])
    accounts = Texts.joined([*(one.texts("account") for one in blocks), Texts.repeated("", 1)])
    line = rows_named(trades, among=made.entries["event_id"][entries])
    return accounts[np.where(line < 0, len(entries), line)]


def with_status(unsettled: pa.Table, trades: pa.Table) -> pa.Table:
    """Return UNSETTLED with the status in which each trade is known now (TRADES or KNOWN_TRADES).

    An item whose trade settles after the window is confirmed as long as it is unsettled.
    """
    row = rows_named(texts(unsettled, "trade_id"), among=texts(trades, "trade_id"))
    known = Texts.joined([texts(trades, "status"), Texts.repeated("confirmed", 1)])
    status = known[np.where(row < 0, trades.num_rows, row)]
    pending = Texts.either(status == "settled", "confirmed", status)
    position = unsettled.schema.get_field_index("status")
    return unsettled.set_column(position, unsettled.schema.field("status"), pending.dictionary())


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
    facts = sorted_by(settling, ("accounting_date", "trade_id"))
    # The items of a trade settle in their own order, whether they were carried or are new.
    place = texts(items.table, "item").looked_up(ITEMS.index)
    ids = texts(items.table, "trade_id")
    of_item, of_fact = ids.codes, found_in(texts(facts, "trade_id"), ids.values)
    by_trade = np.lexsort((place, of_item))
    start = np.searchsorted(of_item[by_trade], of_fact, side="left")
    count = np.searchsorted(of_item[by_trade], of_fact, side="right") - start
    fact = np.repeat(np.arange(len(of_fact)), count)
    within = np.arange(len(fact)) - np.repeat(np.cumsum(count) - count, count)
    item = by_trade[np.repeat(start, count) + within]
    currencies = texts(items.table, "currency")[item]
    known = rates.known(currencies, days(facts, "accounting_date")[fact])
    without = np.unique(fact[~known])
    chosen = np.flatnonzero(~np.isin(fact, without))
    return Settled(facts.take(fact[chosen]), item[chosen], facts.take(without))


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
    part = taken(items.table, settled.item)
    amount = Amounts.of(figures(part, "amount"), figures(part, "amount_base"))
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
            "direction": Texts.either(receives, "receive", "pay"),
        },
        event_id=trade_id,
        event_version=figures(settling, "version"),
        stage=repeated("settlement", len(names)),
        leg=item.looked_up(ITEMS.index),
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


def unrated_settlements(settled: Settled, items: Items, *, terms: Terms) -> pa.Table:
    """Return EXCEPTIONS of settlements whose currency has no rate on their day."""
    part, table = settled.unrated, items.table
    rows = rows_named(texts(part, "trade_id"), among=texts(table, "trade_id")[::-1])
    rows = table.num_rows - 1 - rows
    for name in ("instrument", "currency"):
        part = part.append_column(name, texts(table, name)[rows].dictionary())
    part = part.append_column("amount", pa.array(figures(table, "amount")[rows], pa.int64()))
    return refused_rows(
        part,
        basis=terms.policy.name,
        code="MISSING_RATE",
        keys={"event": "trade_id", "date": "accounting_date", "amount": "amount"},
        message=repeated("no rate of its currency is known on the day of settlement", len(rows)),
    )
