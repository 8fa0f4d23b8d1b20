"""The pure function of one part of a window: some whole instruments, booked by themselves.

A lot pool holds one instrument, a trade has one and so have its items, marks are set by instrument
and dividends are entitled by it. So instruments can be booked apart, and what they gave put
together again in the order of the journal: `merging` does that, by the keys that are made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from subledger.booking import items, measuring
from subledger.booking.carrying import carried_lots, open_lots, reliefs_table
from subledger.booking.drafts import Drafts, LotRows
from subledger.booking.entitling import entitled, held_actions
from subledger.booking.entries import apply_rules
from subledger.booking.exchanging import exchange_drafts
from subledger.booking.inputs import Terms
from subledger.booking.lines import Composed
from subledger.booking.marking import Marked, mark_lots
from subledger.booking.revaluing import Doubt, Revalued, revaluation_drafts, revalue
from subledger.booking.trading import Given, Traded, trade
from subledger.booking.unbooked import engine_refusals
from subledger.columns import Days, Texts, days, rows_named, texts, with_own_texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array
from subledger.tables import MARKS

Booked = tuple[Drafts, Composed]


class Ranks(NamedTuple):
    """Where the rows of a part stand in the whole window, which orders what is put together.

    Trades, exchanges and actions on lots each by processing order, settlements and opening lots by
    their declared order. `given` is the arrival of lots that are there without a trade, and `step`
    the distance in that order from one trade to the next.
    """

    trades: Int64Array
    exchanges: Int64Array
    settling: Int64Array
    opening_lots: Int64Array
    given: Int64Array
    step: int
    lot_actions: Int64Array


@dataclass(frozen=True)
class Part:
    """Some instruments of a window with all that concerns them; `ranks` is None for all of them.

    Trades and exchanges are DATED_TRADES, `lot_actions` DATED_ACTIONS that end lots on their
    ex-dates, in the order in which they meet them. `mark_dates` are those of the whole window, on
    which foreign money is revalued; `valued_on` has those of all its MARKS besides, for the lots.
    """

    trades: pa.Table
    exchanges: pa.Table
    settling: pa.Table
    opening_lots: pa.Table
    actions: pa.Table
    marks: pa.Table
    unsettled: pa.Table
    given: Given
    mark_dates: pa.Table
    valued_on: pa.Table
    terms: Terms
    rates: Conversions
    asset_class: Mapping[str, str]
    lot_actions: pa.Table
    ranks: Ranks | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what travels to another process: of each column no text but those in use."""
        state = {field.name: _own(getattr(self, field.name)) for field in fields(self)}
        return state | {"given": replace(self.given, lots=_own(self.given.lots))}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        """Take what travelled."""
        for name, value in state.items():
            object.__setattr__(self, name, value)

    @property
    def revaluation_dates(self) -> Days:
        """Return the days on which open items are revalued: none where the policy is not to."""
        on = days(self.mark_dates, "mark_date")
        return on if self.terms.policy.revalues else on[:0]


class Made(NamedTuple):
    """The drafts of each kind of event with the entries that rules make of them, part by part."""

    actions: Sequence[Booked]
    trades: Sequence[Booked]
    exchanges: Sequence[Booked]
    opening_lots: Sequence[Booked]
    settlements: Sequence[Booked]
    revaluations: Sequence[Booked]
    marks: Sequence[Booked]


@dataclass(frozen=True, slots=True)
class BookedPart:
    """What booking a part gave: entries, RELIEFS, what it carries on, and what is in doubt.

    `entitled` are ENTITLEMENTS not yet recognised. `arrival` orders the LOTS left. The lists of
    doubts are those of `Marked`, `unrated` with items that cannot be revalued.
    """

    made: Made
    reliefs: pa.Table
    lots: pa.Table
    arrival: Int64Array | None
    unsettled: pa.Table
    entitled: pa.Table
    exceptions: Sequence[pa.Table]
    unpriced: Sequence[Doubt]
    unrated: Sequence[Doubt]
    stale: Sequence[Doubt]


def book_part(part: Part) -> BookedPart:
    """Book some whole instruments of a window: pure, wherever it is run."""
    terms, rates, classes = part.terms, part.rates, part.asset_class
    traded = trade(part.trades, part.given, asset_class=classes, terms=terms, rates=rates)
    marked = _marked(traded, part)
    arrival = _arrival(traded, part.ranks)
    drafts = measuring.trade_drafts(traded, marked, asset_class=classes, terms=terms, rates=rates)
    trades = posted(part, drafts, within=_of_legs(part, traded))
    exchanged = exchange_drafts(part.exchanges, terms=terms, rates=rates)
    exchanges = posted(part, exchanged, within=part.ranks and part.ranks.exchanges)
    settled = _settle(part, [trades, exchanges])
    opened = measuring.opening_lot_drafts(part.opening_lots, asset_class=classes)
    marks, first = measuring.mark_drafts(traded, marked, asset_class=classes)
    leaving = marked.leaving
    policy = terms.policy
    return BookedPart(
        Made(
            [],
            [without_lots(trades)],
            [without_lots(exchanges)],
            [without_lots(posted(part, opened, within=part.ranks and part.ranks.opening_lots))],
            [settled.settlements],
            [settled.revaluations],
            [without_lots(posted(part, marks, within=None if arrival is None else arrival[first]))],
        ),
        reliefs_table(traded, marked, rates=rates, fx_split=policy.fx_split),
        carried_lots(traded, marked),
        None if arrival is None else arrival[open_lots(traded.relieved.lots)],
        settled.left,
        entitled(part.actions, traded, leaving=leaving, terms=terms),
        [
            *settled.exceptions,
            held_actions(part.actions, traded, leaving=leaving, terms=terms),
            engine_refusals(traded, policy.name),
        ],
        marked.unpriced,
        [*marked.unrated, *settled.unrated],
        marked.stale,
    )


def _own(value: Any) -> Any:  # noqa: ANN401 - a table or anything else
    return with_own_texts(value) if isinstance(value, pa.Table) else value


def posted(part: Part, drafts: Drafts, *, within: Int64Array | None = None) -> Booked:
    """Return drafts with their entries, ordered within their kind of event by keys."""
    keyed = drafts if within is None else replace(drafts, within=within)
    return keyed, apply_rules(keyed, part.terms)


def without_lots(booked: Booked) -> Booked:
    """Leave out what only the rules needed, so that it need not be kept and sent."""
    drafts, made = booked
    return replace(drafts, lots=LotRows.none(), words={}), made


def _of_legs(part: Part, traded: Traded) -> Int64Array | None:
    return None if part.ranks is None else part.ranks.trades[traded.relieved.legs.trade]


def _arrival(traded: Traded, ranks: Ranks | None) -> Int64Array | None:
    """Return for each lot where it stands in the order in which lots came into the books.

    A lot that a trade made comes right after it, before those that were given by then.
    """
    if ranks is None:
        return None
    made = traded.relieved.lots.trade[len(ranks.given) :]
    return np.concatenate([ranks.given, (ranks.trades[made] + 1) * ranks.step])


def _marked(traded: Traded, part: Part) -> Marked:
    """Mark the lots on the window's mark dates, where the basis values at fair value."""
    at_cost = part.terms.policy.valuation == "cost"
    return mark_lots(
        traded,
        MARKS.empty() if at_cost else part.marks,
        terms=part.terms,
        rates=part.rates,
        dates=part.valued_on[:0] if at_cost else part.valued_on,
    )


@dataclass(frozen=True, slots=True)
class _Settlement:
    """What became of unsettled items: entries, those left, and what could not be booked."""

    settlements: Booked
    revaluations: Booked
    left: pa.Table
    unrated: Sequence[Doubt]
    exceptions: Sequence[pa.Table]


def _settle(part: Part, traded: Sequence[Booked]) -> _Settlement:
    """Settle and revalue the items of carried and posted trades."""
    rates = part.rates
    trades = pa.concat_tables([part.trades, part.exchanges])
    all_items = items.all_items(part.unsettled, traded, trades=trades)
    settled = items.settle(part.settling, all_items, rates=rates)
    revalued: Revalued = revalue(
        items.open_items(all_items, settled), part.revaluation_dates, rates=rates
    )
    table = all_items.table
    drafts = items.settlement_drafts(
        settled, all_items, revalued=revalued, asset_class=part.asset_class, rates=rates
    )
    return _Settlement(
        posted(part, drafts, within=_of_settlements(part, drafts)),
        posted(part, revaluation_drafts(revalued, table, of="unsettled", ids=_item_ids)),
        items.items_left(all_items, settled, revalued=revalued),
        revalued.unrated,
        [items.unrated_settlements(settled, all_items, terms=part.terms)],
    )


def _item_ids(unsettled: pa.Table) -> Texts:
    return texts(unsettled, "trade_id") + "/" + texts(unsettled, "item")


def _of_settlements(part: Part, drafts: Drafts) -> Int64Array | None:
    """Return the order of settlements within a day: by trade, then item."""
    if part.ranks is None:
        return None
    fact = rows_named(drafts.event_id, among=texts(part.settling, "trade_id"))
    return part.ranks.settling[fact] * len(items.ITEMS) + drafts.leg
