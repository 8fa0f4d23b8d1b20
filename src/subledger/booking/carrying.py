"""What booking hands on of lots: those still open, and what was relieved, as tables."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pyarrow as pa

from subledger.booking.gains import relief_amounts
from subledger.booking.lot_facts import OWNER, LotFacts, by_arrival
from subledger.booking.marking import Marked
from subledger.booking.trading import Traded
from subledger.columns import Days, Texts, build, days, numbers, ordered, run_starts, texts
from subledger.conversion import Conversions
from subledger.numbers import add_columns
from subledger.tables import LOTS, RELIEFS

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
    rows = opening_lots.sort_by([(name, "ascending") for name in order])
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


def carried_lots(traded: Traded, marked: Marked) -> pa.Table:
    """Return LOTS still open, in the order in which they came into the books."""
    lots, owners, marks = traded.relieved.lots, traded.facts, marked.left
    order = by_arrival(lots)
    rows = order[(lots.opened > lots.closed)[order]]
    numeric = ("opened", "closed", "cost", "ranking_cost", "relieved", "cost_base", "relieved_base")
    levels = (*marks.mark, *marks.released)
    return build(
        LOTS,
        {
            **{field.name: getattr(owners, field.name)[rows] for field in fields(LotFacts)},
            "side": np.where(lots.side[rows] > 0, "long", "short"),
            **{name: getattr(lots, name)[rows] for name in numeric},
            "marked_quantity": marks.marked_quantity[rows],
            **{name: level[rows] for name, level in zip(_MARKS, levels, strict=True)},
        },
    )


def reliefs_table(traded: Traded, marked: Marked, *, rates: Conversions, fx_split: str) -> pa.Table:
    """Return RELIEFS: proceeds, cost and gain of each lot taken, positive as reports show them."""
    engine = traded.relieved.reliefs
    amounts = relief_amounts(traded, rates=rates, fx_split=fx_split)
    part, owners = traded.trades.take(amounts.trade), traded.facts
    long = traded.relieved.lots.side[engine.lot] > 0
    taken, given = amounts.consideration, amounts.cost
    taken_base, given_base = amounts.consideration_base, amounts.cost_base
    released = marked.released.at(np.flatnonzero(marked.leaving.relief >= 0))
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
            "proceeds": np.where(long, taken, given),
            "cost": np.where(long, given, taken),
            "gain": amounts.gain,
            "proceeds_base": np.where(long, taken_base, given_base),
            "cost_base": np.where(long, given_base, taken_base),
            "gain_price_base": amounts.price_base,
            "gain_fx_base": amounts.fx_base,
            "gain_base": add_columns(amounts.price_base, amounts.fx_base),
            "mark_released": released.price,
            "mark_fx_released": released.fx,
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
