"""The pure function of the product: events and what was carried, in; entries and lots, out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger.booking import items, measuring
from subledger.booking.carrying import carried_lots, opened_from, reliefs_table
from subledger.booking.cash import cash_drafts
from subledger.booking.direct import journal_entries, opening_entries
from subledger.booking.drafts import Drafts
from subledger.booking.entries import Composed, apply_rules, finish, in_order
from subledger.booking.exchanging import exchange_drafts
from subledger.booking.income import Announced, Held, Income, book_dividends
from subledger.booking.inputs import Booking, Carried, Events, Terms
from subledger.booking.marking import Marked, mark_lots
from subledger.booking.money import close_money, movements
from subledger.booking.revaluing import Doubt, Revalued, revaluation_drafts, revalue
from subledger.booking.screening import Screened, screen
from subledger.booking.spending import spend
from subledger.booking.trading import Given, Traded, trade
from subledger.booking.unbooked import Doubts, doubts
from subledger.columns import Days, concatenate, days, ordered, texts
from subledger.conversion import Conversions
from subledger.tables import EXCEPTIONS, LOTS, MEASURES


@dataclass(frozen=True, slots=True)
class _Window:
    """What every step of a window looks at."""

    events: Events
    carried: Carried
    known: Screened
    terms: Terms
    rates: Conversions
    asset_class: Mapping[str, str]

    @property
    def revaluation_dates(self) -> Days:
        """Return the days on which open items are revalued: none where the policy is not to."""
        on = days(self.events.mark_dates, "mark_date")
        return on if self.terms.policy.revalues else on[:0]


def book(events: Events, carried: Carried, *, terms: Terms) -> Booking:
    """Book one window of events: pure, and cut anywhere in time with the same result.

    Booking [a, b) and then [b, c) with what was carried over gives the entries, lots and reliefs
    of [a, c). The order of rows in `events` never matters. What cannot be booked is in
    `exceptions`, whole. Raises NumberOverflow when an amount leaves 64 bits.
    """
    classes = asset_classes(terms.instruments)
    rates = Conversions(events.conversions, terms.policy.base_currency)
    known = screen(events, classes, terms=terms, rates=rates)
    window = _Window(events, carried, known, terms, rates, classes)
    given = _given(carried, known)
    traded = trade(known.trades, given, asset_class=classes, terms=terms, rates=rates)
    marked = _marked(traded, window)
    trades = measuring.trade_drafts(traded, marked, asset_class=classes, terms=terms, rates=rates)
    posted = [_posted(trades, terms), _posted(_exchanges(window), terms)]
    settled = _settle(window, posted)
    income = book_dividends(
        Announced(
            known.actions,
            known.cash,
            carried.entitlements,
            frozenset(texts(events.announced, "event_id")),
        ),
        Held(traded, marked.leaving),
        mark_dates=window.revaluation_dates,
        terms=terms,
        rates=rates,
    )
    others = [
        _posted(measuring.opening_lot_drafts(known.opening_lots, asset_class=classes), terms),
        *income.booked,
        *settled.booked,
        *(_posted(drafts, terms) for drafts in cash_drafts(income.other_cash, rates=rates)),
        _posted(measuring.mark_drafts(traded, marked, asset_class=classes), terms),
    ]
    direct = [
        opening_entries(known.opening_balances, terms),
        journal_entries(known.journals, terms),
    ]
    made = [*direct[:1], *(one for _, one in (*posted, *others)), *direct[1:]]
    drafts = [draft for draft, _ in (*posted, *others)]
    return _closed(window, made, drafts=drafts, parts=_Parts(traded, marked, settled, income))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the steps of a window found, on the way to its result."""

    traded: Traded
    marked: Marked
    settled: _Settlement
    income: Income


def _closed(
    window: _Window, made: Sequence[Composed], *, drafts: Sequence[Drafts], parts: _Parts
) -> Booking:
    """Add what spending and closes do to balances, and return the whole booking."""
    terms, rates, carried = window.terms, window.rates, window.carried
    journal = in_order(made)
    spending, cash_lots = spend(carried.cash_lots, journal, terms=terms)
    spent = [_posted(draft, terms) for draft in spending]
    moved = movements(in_order([journal, *(one for _, one in spent)]), terms)
    mark_dates = days(window.events.mark_dates, "mark_date")
    money = close_money(carried.money, moved, mark_dates=mark_dates, terms=terms, rates=rates)
    entries, lines = finish([*made, *(one for _, one in spent), *money.entries])
    found = doubts(
        Doubts(
            traded=parts.traded,
            marked=parts.marked,
            unrated=[*parts.settled.unrated, *parts.income.unrated, *money.unrated],
            mark_dates=mark_dates,
            held=[money.money, parts.settled.left, parts.income.left],
        ),
        entries,
        lines=lines,
        terms=terms,
        rates=rates,
    )
    refused = [
        window.known.exceptions,
        parts.settled.exceptions,
        parts.income.exceptions,
        found.exceptions,
    ]
    all_drafts = [*drafts, *spending, *money.drafts]
    return Booking(
        entries,
        lines,
        ordered(MEASURES, measuring.measures_table(all_drafts)),
        reliefs_table(parts.traded, parts.marked, rates=rates, fx_split=terms.policy.fx_split),
        Carried(
            carried_lots(parts.traded, parts.marked),
            parts.settled.left,
            parts.income.left,
            money.money,
            cash_lots,
        ),
        found.conversions,
        ordered(EXCEPTIONS, concatenate(EXCEPTIONS, refused)),
    )


def asset_classes(instruments: pa.Table) -> Mapping[str, str]:
    """Return the asset class of each instrument."""
    names = texts(instruments, "instrument")
    return dict(zip(names, texts(instruments, "asset_class"), strict=True))


def _posted(drafts: Drafts, terms: Terms) -> tuple[Drafts, Composed]:
    """Return drafts with the entries that the rules make of them."""
    return drafts, apply_rules(drafts, terms)


def _given(carried: Carried, known: Screened) -> Given:
    """Return the carried lots followed by those taken over in this window, and since when."""
    lots = concatenate(LOTS, [carried.lots, opened_from(known.opening_lots)])
    before = np.full(carried.lots.num_rows, np.datetime64("1900-01-01"), "datetime64[D]")
    return Given(lots, np.concatenate([before, np.sort(days(known.opening_lots, "as_of"))]))


def _marked(traded: Traded, window: _Window) -> Marked:
    """Mark the lots on the window's mark dates, where the basis values at fair value."""
    at_cost = window.terms.policy.valuation == "cost"
    return mark_lots(
        traded,
        window.events.marks[:0] if at_cost else window.events.marks,
        terms=window.terms,
        rates=window.rates,
        dates=window.events.mark_dates[:0] if at_cost else window.events.mark_dates,
    )


def _exchanges(window: _Window) -> Drafts:
    return exchange_drafts(window.known.exchanges, terms=window.terms, rates=window.rates)


@dataclass(frozen=True, slots=True)
class _Settlement:
    """What became of unsettled items: entries, those left, and what could not be booked."""

    booked: Sequence[tuple[Drafts, Composed]]
    left: pa.Table
    unrated: Sequence[Doubt]
    exceptions: pa.Table


def _settle(window: _Window, posted: Sequence[tuple[Drafts, Composed]]) -> _Settlement:
    """Settle and revalue the items of carried and posted trades."""
    known, terms, rates = window.known, window.terms, window.rates
    trades = _booked_trades(known)
    all_items = items.all_items(window.carried.unsettled, posted, trades=trades)
    settled = items.settle(window.events.settling, all_items, rates=rates)
    revalued: Revalued = revalue(
        items.open_items(all_items, settled), window.revaluation_dates, rates=rates
    )
    table = all_items.table
    ids = texts(table, "trade_id") + "/" + texts(table, "item")
    drafts = [
        items.settlement_drafts(
            settled, all_items, revalued=revalued, asset_class=window.asset_class, rates=rates
        ),
        revaluation_drafts(revalued, table, of="unsettled", event_ids=ids),
    ]
    return _Settlement(
        [_posted(one, terms) for one in drafts],
        items.items_left(all_items, settled, revalued=revalued),
        revalued.unrated,
        items.unrated_settlements(settled, all_items, terms=terms),
    )


def _booked_trades(known: Screened) -> pa.Table:
    """Return the DATED_TRADES that are booked: in securities, and exchanges of currencies."""
    return pa.concat_tables([known.trades, known.exchanges])
