"""Revaluation: balances in foreign currency brought to the rate of each close.

An open item keeps what it was booked at and, apart, the unrealised FX gain on it; other balances
are brought to target as a whole. Both post the difference to their target only, so they telescope.
Source: foreign currency receivables, payables and cash are monetary items and are translated at
the closing rate (IAS 21.23, read in a secondary source).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import (
    DIMENSION_NAMES,
    MARK,
    Amounts,
    Drafts,
    days_as_text,
    dimensions,
    repeated,
)
from subledger.columns import Codes, Days, Texts, texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, exact_sum, subtract_columns

Doubt = tuple[np.datetime64, str, int]  # a date, a currency without rate, the base amount concerned


@dataclass(frozen=True, slots=True)
class Open:
    """Items while they are open: amounts debit positive, from the day `since` until `until`.

    On the day `until` an item is gone; NaT where it stays open. `standing` is the unrealised gain
    with which it came.
    """

    amount: Int64Array
    booked: Int64Array
    standing: Int64Array
    currency: Texts
    since: Days
    until: Days


@dataclass(slots=True)
class Revalued:
    """Changes per (mark date, item), and the gain that stands on each item when it ends."""

    standing: Int64Array
    date: list[Days] = field(default_factory=list)
    item: list[Codes] = field(default_factory=list)
    change: list[Int64Array] = field(default_factory=list)
    unrated: list[Doubt] = field(default_factory=list)


def revalue(items: Open, mark_dates: Days, *, rates: Conversions) -> Revalued:
    """Bring open items to their value at the rate of each mark date; one without a rate stays."""
    found = Revalued(items.standing.copy())
    foreign = items.currency != rates.base
    for on in np.sort(mark_dates):
        is_open = foreign & (items.since <= on) & ~(items.until <= on)
        rows = np.flatnonzero(is_open)
        dates = np.full(len(rows), on)
        known = rates.known(items.currency[rows], dates)
        _list_unrated(found.unrated, on, items=items, rows=rows[~known])
        rows = rows[known]
        value = rates.to_base(items.amount[rows], items.currency[rows], dates=dates[known])
        target = subtract_columns(value, items.booked[rows])
        change = subtract_columns(target, found.standing[rows])
        found.standing[rows] = target
        moved = change != 0
        found.date.append(np.full(int(moved.sum()), on, "datetime64[D]"))
        found.item.append(rows[moved])
        found.change.append(change[moved])
    return found


def _list_unrated(found: list[Doubt], on: np.datetime64, *, items: Open, rows: Codes) -> None:
    for currency in sorted(set(items.currency[rows])):
        chosen = rows[items.currency[rows] == currency]
        found.append((on, currency, exact_sum(np.abs(items.booked[chosen]))))


def revaluation_drafts(
    revalued: Revalued, items: pa.Table, *, of: str, ids: Callable[[pa.Table], Texts]
) -> Drafts:
    """Return a draft per change of an item; `items` has account, dimensions and currency by row.

    They stand in the order of dates and events, wherever an item came from; `ids` names the event
    of each item.
    """
    item = np.concatenate([np.empty(0, np.intp), *revalued.item]).astype(np.intp)
    on = np.concatenate([np.empty(0, "datetime64[D]"), *revalued.date])
    change = np.concatenate([np.empty(0, np.int64), *revalued.change])
    moved = items.take(item)
    event_id = ids(moved)
    order = np.lexsort((event_id.ranks(), on.astype(np.int64)))
    moved, on, change = moved.take(order), on[order], change[order]
    return balance_drafts(moved, on, event_id=event_id[order], of=of, change=change)


def balance_drafts(
    balances: pa.Table, on: Days, *, event_id: Texts, of: str, change: Int64Array
) -> Drafts:
    """Return revaluation drafts of balances, each with its account, dimensions and currency."""
    count = balances.num_rows
    stage = days_as_text(on)
    account = texts(balances, "account")
    missing = {
        name: repeated("", count) for name in DIMENSION_NAMES if name not in balances.column_names
    }
    known = balances
    for name, values in missing.items():
        known = known.append_column(name, values.dictionary())
    return Drafts(
        event="revaluation",
        kind="mark",
        day_order=MARK,
        cells={"of": repeated(of, count)},
        event_id=event_id,
        event_version=np.ones(count, np.int64),
        stage=stage,
        leg=np.zeros(count, np.int64),
        accounting_date=on,
        activity_date=on,
        **dimensions(known),
        amounts={"revaluation": Amounts.base_only(change)},
        words={"account": account, "currency": texts(balances, "currency"), "date": stage},
        account=account,
    )
