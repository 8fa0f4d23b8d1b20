"""The price of a mark date: the latest on or before it, and whether it is stale.

A price of units that a split has changed since is none of the units that there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from subledger.columns import (
    build,
    concatenate,
    days,
    numbers,
    ordered,
    rows_named,
    sorted_by,
    texts,
)
from subledger.tables import CORPORATE_ACTIONS, MARKS

_OTHER_UNITS = ("split", "reverse_split", "stock_dividend")


def marks_on(
    prices: pa.Table,
    dates: Sequence[date],
    *,
    instruments: pa.Table,
    sessions: Mapping[tuple[str, date], date],
    actions: pa.Table | None = None,
) -> pa.Table:
    """Return MARKS: per mark date the latest price of each instrument on or before it.

    Args:
        prices: PRICES, the latest version of each date and instrument.
        dates: The mark dates.
        instruments: INSTRUMENTS; a price without a level has its instrument's.
        sessions: The last session of an exchange on or before a mark date; a price older than
            that is stale.
        actions: CORPORATE_ACTIONS; a price dated before the last ex-date on which units changed
            values nothing from that day on.
    """
    changed = _changed(CORPORATE_ACTIONS.empty() if actions is None else actions)
    found = [
        _marks(
            _of_units_now(prices, on, changed=changed),
            on,
            instruments=instruments,
            sessions=sessions,
        )
        for on in dates
    ]
    return ordered(MARKS, concatenate(MARKS, found))


def _changed(actions: pa.Table) -> list[tuple[str, np.datetime64]]:
    """Return instruments and ex-dates on which what a unit is worth changed."""
    rows = np.flatnonzero(texts(actions, "kind").isin(_OTHER_UNITS))
    return list(
        zip(texts(actions, "instrument")[rows], days(actions, "ex_date")[rows], strict=True)
    )


def _of_units_now(
    prices: pa.Table, on: date, *, changed: Sequence[tuple[str, np.datetime64]]
) -> pa.Table:
    """Return the prices that are of the units that there are on a date."""
    since: dict[str, np.datetime64] = {}
    for instrument, ex_date in changed:
        if ex_date <= np.datetime64(on):
            since[instrument] = max(ex_date, since.get(instrument, ex_date))
    if not since:
        return prices
    long_ago = np.datetime64("1900-01-01", "D")
    first = texts(prices, "instrument").looked_up(
        lambda name: since.get(name, long_ago), "datetime64[D]"
    )
    return prices.filter(pa.array(days(prices, "date") >= first))


def _marks(
    prices: pa.Table,
    on: date,
    *,
    instruments: pa.Table,
    sessions: Mapping[tuple[str, date], date],
) -> pa.Table:
    known = prices.filter(pa.array(days(prices, "date") <= np.datetime64(on)))
    known = sorted_by(known, ("instrument", "date"))
    names = texts(known, "instrument")
    is_last = np.ones(len(names), bool)
    is_last[:-1] = names[1:] != names[:-1]
    latest = known.filter(pa.array(is_last))
    rows = rows_named(texts(latest, "instrument"), among=texts(instruments, "instrument"))
    exchange = texts(instruments, "exchange")[rows]
    level, usual = numbers(latest, "level"), numbers(instruments, "level")[rows]
    copied = ("instrument", "price_mantissa", "price_scale", "source")
    return build(
        MARKS,
        {
            **{name: latest.column(name) for name in copied},
            "mark_date": np.full(latest.num_rows, np.datetime64(on)),
            "price_date": days(latest, "date"),
            "level": np.where(level > 0, level, usual),
            "session": exchange.looked_up(lambda name: sessions[name, on], "datetime64[D]"),
        },
    )
