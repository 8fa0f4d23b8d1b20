"""The pure function of the product: events and what was carried, in; entries and lots, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from subledger.booking.cash import cash_drafts
from subledger.booking.chaining import chained
from subledger.booking.direct import journal_entries, opening_entries
from subledger.booking.drafts import Drafts
from subledger.booking.entries import apply_rules
from subledger.booking.income import Announced, Income, book_dividends
from subledger.booking.inputs import Booking, Carried, Events, Terms
from subledger.booking.lines import Composed, finish, in_order
from subledger.booking.measures_table import measures_table
from subledger.booking.merging import merged
from subledger.booking.money import close_money, movements
from subledger.booking.part import BookedPart
from subledger.booking.partitioning import INLINE, Executor, Window, divided
from subledger.booking.screening import screen
from subledger.booking.spending import spend
from subledger.booking.unbooked import Doubts, doubts
from subledger.columns import Days, concatenate, days, ordered, texts
from subledger.conversion import Conversions
from subledger.tables import EXCEPTIONS


def book(events: Events, carried: Carried, *, terms: Terms, executor: Executor = INLINE) -> Booking:
    """Book one window of events: pure, and cut anywhere in time with the same result.

    Booking [a, b) and then [b, c) with what was carried over gives the entries, lots and reliefs
    of [a, c). The order of rows in `events` never matters, nor who runs it. What cannot be booked
    is in `exceptions`, whole. Raises NumberOverflow when an amount leaves 64 bits.
    """
    classes = asset_classes(terms.instruments)
    rates = Conversions(events.conversions, terms.policy.base_currency)
    known = screen(events, classes, terms=terms, rates=rates)
    window = Window(events, carried, known, terms, rates, classes)
    parts = merged(executor.map(chained, divided(window, executor)))
    income = book_dividends(
        Announced(
            known.actions,
            known.cash,
            carried.entitlements,
            frozenset(texts(events.announced, "event_id")),
        ),
        parts.entitled,
        mark_dates=_revaluation_dates(window),
        terms=terms,
        rates=rates,
    )
    made = parts.made
    cash = [_posted(drafts, terms) for drafts in cash_drafts(income.other_cash, rates=rates)]
    kinds = [
        *(made.actions, made.trades, made.exchanges, made.opening_lots),
        *([one] for one in income.booked),
        *(made.settlements, made.revaluations),
        *([one] for one in cash),
        made.marks,
    ]
    composed = [
        [opening_entries(known.opening_balances, terms)],
        *([one for _, one in kind] for kind in kinds),
        [journal_entries(known.journals, terms)],
    ]
    drafts = [draft for kind in kinds for draft, _ in kind]
    journal = in_order(
        [one for kind in composed for one in kind],
        [number for number, kind in enumerate(composed) for _ in kind],
    )
    return _closed(window, journal, drafts=drafts, found=_Found(parts, income))


def _revaluation_dates(window: Window) -> Days:
    """Return the days on which open items are revalued: none where the policy is not to."""
    on = days(window.events.mark_dates, "mark_date")
    return on if window.terms.policy.revalues else on[:0]


@dataclass(frozen=True, slots=True)
class _Found:
    """What the steps of a window found, on the way to its result."""

    parts: BookedPart
    income: Income


def _closed(
    window: Window, journal: Composed, *, drafts: Sequence[Drafts], found: _Found
) -> Booking:
    """Add what spending and closes do to balances, and return the whole booking."""
    terms, rates, carried = window.terms, window.rates, window.carried
    parts, income = found.parts, found.income
    spending, cash_lots = spend(carried.cash_lots, journal, terms=terms)
    spent = [_posted(draft, terms) for draft in spending]
    journal = _with(journal, [one for _, one in spent])
    moved = movements(journal, terms)
    mark_dates = days(window.events.mark_dates, "mark_date")
    money = close_money(carried.money, moved, mark_dates=mark_dates, terms=terms, rates=rates)
    entries, lines = finish(_with(journal, money.entries))
    doubtful = doubts(
        Doubts(
            unpriced=parts.unpriced,
            stale=parts.stale,
            unrated=[*parts.unrated, *income.unrated, *money.unrated],
            mark_dates=mark_dates,
            held=[parts.lots, money.money, parts.unsettled, income.left],
        ),
        entries,
        lines=lines,
        terms=terms,
        rates=rates,
    )
    refused = [window.known.exceptions, *parts.exceptions, income.exceptions, doubtful.exceptions]
    return Booking(
        entries,
        lines,
        measures_table([*drafts, *spending, *money.drafts]),
        parts.reliefs,
        Carried(parts.lots, parts.unsettled, income.left, money.money, cash_lots),
        doubtful.conversions,
        ordered(EXCEPTIONS, concatenate(EXCEPTIONS, refused)),
    )


def _with(journal: Composed, parts: Sequence[Composed]) -> Composed:
    """Return a journal in order with further entries."""
    return in_order([journal, *parts]) if any(len(part) for part in parts) else journal


def asset_classes(instruments: pa.Table) -> dict[str, str]:
    """Return the asset class of each instrument."""
    names = texts(instruments, "instrument")
    return dict(zip(names, texts(instruments, "asset_class"), strict=True))


def _posted(drafts: Drafts, terms: Terms) -> tuple[Drafts, Composed]:
    """Return drafts with the entries that the rules make of them."""
    return drafts, apply_rules(drafts, terms)
