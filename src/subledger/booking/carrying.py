"""What booking hands on: open lots, reliefs and unsettled items as tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import Drafts
from subledger.booking.entries import Composed
from subledger.booking.inputs import Terms
from subledger.booking.marking import Marked
from subledger.booking.trading import (
    OWNER,
    LotFacts,
    Traded,
    by_arrival,
    lot_facts,
    relief_amounts,
)
from subledger.columns import (
    Days,
    Texts,
    build,
    concatenate,
    days,
    group_codes,
    numbers,
    ordered,
    run_starts,
    texts,
)
from subledger.numbers import group_sums
from subledger.tables import LOTS, RELIEFS, UNSETTLED

_COPIED = ("settlement_date", "counterparty", "book", "strategy", "broker_account", "instrument")


def opened_from(opening_lots: pa.Table) -> pa.Table:
    """Return LOTS that were taken over, by that day, then in acquisition order, then by lot id."""
    order = ("as_of", "opened_on", "lot_id")
    rows = opening_lots.sort_by([(name, "ascending") for name in order])
    nothing = np.zeros(rows.num_rows, np.int64)
    zero = ("closed", "relieved", "relieved_base", "marked_quantity", "mark", "mark_released")
    copied = ("lot_id", *OWNER, "instrument", "side", "opened_on", "hold_from", "currency")
    return build(
        LOTS,
        {
            **{name: rows.column(name) for name in (*copied, "cost", "cost_base")},
            **dict.fromkeys((*zero, "mark_fx", "mark_fx_released"), nothing),
            "opened": rows.column("quantity"),
            "version": np.ones(rows.num_rows, np.int64),
        },
    )


def carried_lots(traded: Traded, marked: Marked) -> pa.Table:
    """Return LOTS still open, in the order in which they came into the books."""
    lots, owners, marks = traded.relieved.lots, lot_facts(traded), marked.left
    order = by_arrival(lots)
    rows = order[(lots.opened > lots.closed)[order]]
    numeric = ("opened", "closed", "cost", "relieved", "cost_base", "relieved_base")
    nothing = np.zeros(len(rows), np.int64)
    return build(
        LOTS,
        {
            **{field.name: getattr(owners, field.name)[rows] for field in fields(LotFacts)},
            "side": np.where(lots.side[rows] > 0, "long", "short"),
            **{name: getattr(lots, name)[rows] for name in numeric},
            "marked_quantity": marks.marked_quantity[rows],
            "mark": marks.mark[rows],
            "mark_released": marks.released[rows],
            "mark_fx": nothing,
            "mark_fx_released": nothing,
        },
    )


def reliefs_table(traded: Traded, marked: Marked) -> pa.Table:
    """Return RELIEFS: proceeds, cost and gain of each lot taken, positive as reports show them."""
    engine, amounts = traded.relieved.reliefs, relief_amounts(traded)
    part, owners = traded.trades.take(amounts.trade), lot_facts(traded)
    long = traded.relieved.lots.side[engine.lot] > 0
    proceeds = np.where(long, amounts.consideration, amounts.cost)
    cost = np.where(long, amounts.cost, amounts.consideration)
    opened, closed = owners.opened_on[engine.lot], days(part, "trade_date")
    hold_from = owners.hold_from[engine.lot]
    held = np.where(np.isnat(hold_from), opened, hold_from)
    trade_id = texts(part, "trade_id")
    table = build(
        RELIEFS,
        {
            "relief_id": _relief_ids(trade_id),
            "kind": np.full(len(long), "normal", dtype=object),
            "trade_id": trade_id,
            "version": numbers(part, "version"),
            "leg": np.ones(len(long), np.int64),
            "lot_id": owners.lot_id[engine.lot],
            "instrument": texts(part, "instrument"),
            **{name: texts(part, name) for name in OWNER},
            **{f"lot_{name}": owner for name, owner in owners.owner(engine.lot).items()},
            "side": np.where(long, "long", "short"),
            "opened_on": opened,
            "closed_on": closed,
            "accounting_date": days(part, "accounting_date"),
            "quantity": engine.quantity,
            "currency": texts(part, "currency"),
            "proceeds": proceeds,
            "cost": cost,
            "gain": amounts.gain,
            "proceeds_base": proceeds,
            "cost_base": cost,
            "gain_price_base": amounts.gain,
            "gain_base": amounts.gain,
            "gain_fx_base": np.zeros(len(long), np.int64),
            "mark_released": marked.released,
            "mark_fx_released": np.zeros(len(long), np.int64),
            "term": np.where(long & (closed >= long_term_from(held)), "long", "short"),
        },
    )
    return ordered(RELIEFS, table)


def _relief_ids(trade_id: Texts) -> Texts:
    """Number the reliefs of each trade, which stand together, from 1."""
    starts = run_starts(trade_id)
    lengths = np.diff(np.append(starts, len(trade_id)))
    number = np.arange(len(trade_id)) - np.repeat(starts, lengths) + 1
    return np.array(
        [f"{trade}:r{n:04d}" for trade, n in zip(trade_id, number, strict=True)], dtype=object
    )


def long_term_from(acquired: Days) -> Days:
    """Return the first day on which a disposal is held for more than one year.

    The day of acquisition is not counted: the day after it, one calendar year later. Where that
    year has no such day, the day that follows.

    Source: 26 USC 1222 (more than 1 year).
    """
    first_day = acquired + np.timedelta64(1, "D")
    month = first_day.astype("datetime64[M]")
    year_later = (month + np.timedelta64(12, "M")).astype("datetime64[D]")
    return np.asarray(year_later + (first_day - month), "datetime64[D]")


def unsettled_after(
    carried: pa.Table, drafts: Drafts, *, traded: Traded, posted: Composed, terms: Terms
) -> pa.Table:
    """Return UNSETTLED with the items that posted trades add, one per trade."""
    trade_row, first = group_codes([drafts.event_id])
    part = traded.trades.take(traded.relieved.legs.trade[first])
    sign = np.where(texts(part, "side") == "sell", 1, -1)
    net = drafts.amounts["net"]
    count = len(first)
    accounts = _item_accounts(posted, terms)
    trade_id = texts(part, "trade_id")
    added = build(
        UNSETTLED,
        {
            "trade_id": trade_id,
            "version": numbers(part, "version"),
            "status": np.where(texts(part, "status") == "failed", "failed", "confirmed"),
            "trade_date": days(part, "trade_date"),
            **{name: part.column(name) for name in (*_COPIED, "side", "quantity", "currency")},
            "amount": sign * group_sums(trade_row, net.local, count),
            "amount_base": sign * group_sums(trade_row, net.base, count),
            "account": np.array([accounts.get(trade, "") for trade in trade_id], dtype=object),
        },
    )
    return concatenate(UNSETTLED, [carried, added])


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


def _item_accounts(posted: Composed, terms: Terms) -> Mapping[str, str]:
    """Return the account in which each trade's net amount stands, as the rules put it there."""
    slots = {
        line.slot
        for rule in terms.chart.rules
        if rule.event == "trade"
        for line in rule.lines
        if line.amount == "net"
    }
    rows = np.flatnonzero([slot in slots for slot in posted.lines["slot"]])
    entry = posted.lines["entry"][rows].astype(np.intp)
    trades: Texts = posted.entries["event_id"][entry]
    return dict(zip(trades, posted.lines["account"][rows], strict=True))


def settle(settling: pa.Table, unsettled: pa.Table) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Match SETTLING with UNSETTLED: settlements booked, their items, and what stays unsettled.

    A settlement without an item waits with its trade, which is an exception or not posted.
    """
    position = {trade: n for n, trade in enumerate(texts(unsettled, "trade_id"))}
    known = np.flatnonzero([trade in position for trade in texts(settling, "trade_id")])
    booked = settling.take(known).sort_by(
        [("accounting_date", "ascending"), ("trade_id", "ascending")]
    )
    rows = np.array([position[trade] for trade in texts(booked, "trade_id")], np.intp)
    stays = np.ones(unsettled.num_rows, bool)
    stays[rows] = False
    left = ordered(UNSETTLED, unsettled.filter(pa.array(stays)))
    return booked, unsettled.take(rows), left
