"""The pure function of the product: events and what was carried, in; entries and lots, out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from subledger.booking import measuring
from subledger.booking.carrying import (
    carried_lots,
    opened_from,
    reliefs_table,
    settle,
    unsettled_after,
)
from subledger.booking.direct import journal_entries, opening_entries
from subledger.booking.entries import apply_rules, finish
from subledger.booking.inputs import Booking, Carried, Events, Terms
from subledger.booking.marking import Marked, mark_lots
from subledger.booking.screening import Screened, exceptions_table, screen
from subledger.booking.trading import Traded, trade
from subledger.columns import Days, concatenate, days, numbers, ordered, texts
from subledger.lots.engine import REFUSAL_CODES
from subledger.tables import EXCEPTIONS, LOTS, MEASURES


def book(events: Events, carried: Carried, *, terms: Terms) -> Booking:
    """Book one window of events: pure, and cut anywhere in time with the same result.

    Booking [a, b) and then [b, c) with what was carried over gives the entries, lots and reliefs
    of [a, c). The order of rows in `events` never matters. What cannot be booked is in
    `exceptions`, whole. Raises NumberOverflow when an amount leaves 64 bits.
    """
    classes = asset_classes(terms.instruments)
    known = screen(events, classes, terms=terms)
    lots, came = _all_lots(carried, known)
    traded = trade(known.trades, lots, came=came, asset_class=classes, terms=terms)
    marked = mark_lots(
        traded,
        events.marks,
        instruments=terms.instruments,
        decimals=terms.decimals[terms.policy.base_currency],
        dates=events.mark_dates,
    )
    trades = measuring.trade_drafts(traded, marked, asset_class=classes, terms=terms)
    posted = apply_rules(trades, terms)
    due = unsettled_after(carried.unsettled, trades, traded=traded, posted=posted, terms=terms)
    settling, items, unsettled = settle(events.settling, due)
    others = [
        measuring.opening_lot_drafts(known.opening_lots, asset_class=classes),
        measuring.settlement_drafts(settling, items, asset_class=classes),
        *measuring.capital_drafts(known.cash),
        measuring.mark_drafts(traded, marked, asset_class=classes),
    ]
    entries, lines = finish(
        [
            opening_entries(known.opening_balances, terms),
            posted,
            *(apply_rules(drafts, terms) for drafts in others),
            journal_entries(known.journals, terms),
        ]
    )
    exceptions = [known.exceptions, _engine_refusals(traded, terms), _price_doubts(marked, terms)]
    return Booking(
        entries,
        lines,
        ordered(MEASURES, measuring.measures_table([trades, *others])),
        reliefs_table(traded, marked),
        Carried(carried_lots(traded, marked), unsettled),
        ordered(EXCEPTIONS, concatenate(EXCEPTIONS, exceptions)),
    )


def asset_classes(instruments: pa.Table) -> Mapping[str, str]:
    """Return the asset class of each instrument."""
    names = texts(instruments, "instrument")
    return dict(zip(names, texts(instruments, "asset_class"), strict=True))


def _all_lots(carried: Carried, known: Screened) -> tuple[pa.Table, Days]:
    """Return the carried lots followed by those taken over in this window, and since when."""
    lots = concatenate(LOTS, [carried.lots, opened_from(known.opening_lots)])
    before = np.full(carried.lots.num_rows, np.datetime64("1900-01-01"), "datetime64[D]")
    return lots, np.concatenate([before, np.sort(days(known.opening_lots, "as_of"))])


def _engine_refusals(traded: Traded, terms: Terms) -> pa.Table:
    """Return EXCEPTIONS of the trades that the lot engine refused."""
    refused = traded.relieved.refused
    parts = []
    for reason, code in REFUSAL_CODES.items():
        part = traded.trades.take(np.flatnonzero(refused == reason))
        rows = {name: part.column(name).to_numpy() for name in ("batch", "row")}
        rows |= {
            "event_id": texts(part, "trade_id"),
            "event_version": numbers(part, "version"),
            "subject": texts(part, "instrument"),
            "date": part.column("accounting_date").to_numpy(),
            "amount": numbers(part, "net"),
            "currency": texts(part, "currency"),
            "message": np.full(part.num_rows, _REASONS[code], dtype=object),
        }
        parts.append(exceptions_table(terms.policy.name, code, rows=rows))
    return concatenate(EXCEPTIONS, parts)


_REASONS = {
    "OVER_CLOSE": "position_effect close goes beyond the open quantity",
    "SHORT_NOT_ALLOWED": "the sale goes beyond the position and shorts are not allowed",
}


def _price_doubts(marked: Marked, terms: Terms) -> pa.Table:
    """Return EXCEPTIONS for prices that are missing or stale on a mark date, per instrument."""
    found = [
        ("MISSING_PRICE", marked.missing, "no price on or before"),
        (
            "STALE_PRICE",
            marked.stale,
            "the latest price is older than the last session on or before",
        ),
    ]
    parts = []
    for code, doubts, words in found:
        date = np.array([on for on, _, _ in doubts], "datetime64[D]")
        names = np.array([name for _, name, _ in doubts], dtype=object)
        count = len(doubts)
        rows = {
            "event_id": np.array([f"mark:{on}:{name}" for on, name, _ in doubts], dtype=object),
            "event_version": np.ones(count, np.int64),
            "subject": names,
            "date": date,
            "amount": np.array([amount for _, _, amount in doubts], np.int64),
            "currency": np.full(count, terms.policy.base_currency, dtype=object),
            "message": np.array([f"{name}: {words} {on}" for on, name, _ in doubts], dtype=object),
            "batch": np.zeros(count, np.int64),
            "row": np.zeros(count, np.int64),
        }
        parts.append(exceptions_table(terms.policy.name, code, rows=rows))
    return concatenate(EXCEPTIONS, parts)
