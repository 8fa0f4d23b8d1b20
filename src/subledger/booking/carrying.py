"""What booking hands on of lots: those still open, and what was relieved, as tables."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pyarrow as pa

from subledger.booking.gains import relief_amounts
from subledger.booking.lot_facts import OWNER, LotFacts, by_arrival, long_term_from
from subledger.booking.marking import Marked
from subledger.booking.trading import Traded
from subledger.columns import (
    Codes,
    Texts,
    build,
    days,
    numbers,
    order_of,
    run_starts,
    sorted_by,
    taken,
    texts,
)
from subledger.conversion import Conversions
from subledger.lots.engine import Lots
from subledger.numbers import Int64Array, add_columns
from subledger.tables import LOTS, RELIEFS
from subledger.texts import spelled_together

# The columns of a lot's mark, in the order of `marking.Levels`: as set, then as released since.
_MARKS = (
    "mark_local",
    "mark",
    "mark_fx",
    "mark_local_released",
    "mark_released",
    "mark_fx_released",
)


def opened_from(opening_lots: pa.Table) -> pa.Table:
    """Return LOTS that were taken over, by that day, then in acquisition order, then by lot id."""
    order = ("as_of", "opened_on", "lot_id")
    rows = sorted_by(opening_lots, order)
    nothing = np.zeros(rows.num_rows, np.int64)
    zero = ("closed", "relieved", "relieved_base", "marked_quantity", *_MARKS)
    copied = ("lot_id", *OWNER, "instrument", "side", "opened_on", "hold_from", "currency")
    return build(
        LOTS,
        {
            **{name: rows.column(name) for name in (*copied, "cost", "cost_base")},
            "ranking_cost": rows.column("cost"),
            **dict.fromkeys(zero, nothing),
            "opened": rows.column("quantity"),
            "version": np.ones(rows.num_rows, np.int64),
        },
    )


def open_lots(lots: Lots) -> Codes:
    """Return the rows of lots still open, in the order in which they came into the books."""
    order = by_arrival(lots)
    return order[(lots.opened > lots.closed)[order]]


def carried_lots(traded: Traded, marked: Marked) -> pa.Table:
    """Return LOTS still open, in the order in which they came into the books."""
    lots, owners, marks = traded.relieved.lots, traded.facts, marked.left
    rows = open_lots(lots)
    numeric = ("opened", "closed", "cost", "ranking_cost", "relieved", "cost_base", "relieved_base")
    levels = (*marks.mark, *marks.released)
    return build(
        LOTS,
        {
            **{field.name: getattr(owners, field.name)[rows] for field in fields(LotFacts)},
            "side": Texts.either(lots.side[rows] > 0, "long", "short"),
            **{name: getattr(lots, name)[rows] for name in numeric},
            "marked_quantity": marks.marked_quantity[rows],
            **{name: level[rows] for name, level in zip(_MARKS, levels, strict=True)},
        },
    )


def reliefs_table(traded: Traded, marked: Marked, *, rates: Conversions, fx_split: str) -> pa.Table:
    """Return RELIEFS: proceeds, cost and gain of each lot taken, positive as reports show them."""
    engine = traded.relieved.reliefs
    amounts = relief_amounts(traded, rates=rates, fx_split=fx_split)
    trades, owners = traded.trades, traded.facts
    named = ("trade_id", "instrument", "currency", *OWNER)
    facts = {name: texts(trades, name)[amounts.trade] for name in named}
    long = traded.relieved.lots.side[engine.lot] > 0
    received, given = amounts.consideration, amounts.cost
    received_base, given_base = amounts.consideration_base, amounts.cost_base
    released = marked.released.at(np.flatnonzero(marked.leaving.relief >= 0))
    opened, closed = owners.opened_on[engine.lot], days(trades, "trade_date")[amounts.trade]
    hold_from = owners.hold_from[engine.lot]
    held = np.where(np.isnat(hold_from), opened, hold_from)
    trade_id = facts["trade_id"]
    suffix = _suffixes(amounts.trade)
    table = build(
        RELIEFS,
        {
            "relief_id": spelled_together(trade_id, suffix),
            "kind": "normal",
            "trade_id": trade_id,
            "version": numbers(trades, "version")[amounts.trade],
            "leg": np.ones(len(long), np.int64),
            "lot_id": owners.lot_id[engine.lot],
            "instrument": facts["instrument"],
            **{name: facts[name] for name in OWNER},
            **{f"lot_{name}": owner for name, owner in owners.owner(engine.lot).items()},
            "side": Texts.either(long, "long", "short"),
            "opened_on": opened,
            "closed_on": closed,
            "accounting_date": traded.dates[amounts.trade],
            "quantity": engine.quantity,
            "currency": facts["currency"],
            "proceeds": np.where(long, received, given),
            "cost": np.where(long, given, received),
            "gain": amounts.gain,
            "proceeds_base": np.where(long, received_base, given_base),
            "cost_base": np.where(long, given_base, received_base),
            "gain_price_base": amounts.price_base,
            "gain_fx_base": amounts.fx_base,
            "gain_base": add_columns(amounts.price_base, amounts.fx_base),
            "mark_released": released.price,
            "mark_fx_released": released.fx,
            "term": Texts.either(long & (closed >= long_term_from(held)), "long", "short"),
        },
    )
    # The declared order: reliefs of one trade differ in their suffix alone.
    accounting = traded.dates[amounts.trade].astype(np.int64)
    return taken(table, order_of([accounting, trade_id.ranks(), suffix.ranks()]))


def _suffixes(trade: Int64Array) -> Texts:
    """Number the reliefs of each trade, which stand together, from 1: the end of their ids."""
    starts = run_starts(trade)
    lengths = np.diff(np.append(starts, len(trade)))
    number = np.arange(len(trade)) - np.repeat(starts, lengths) + 1
    distinct, codes = np.unique(number, return_inverse=True)
    suffix = pa.array([f":r{n:04d}" for n in distinct.tolist()], pa.string())
    return Texts(codes.reshape(-1).astype(np.int32), suffix)
