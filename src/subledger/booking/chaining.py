"""A part of a window booked stretch by stretch, where corporate actions change its lots in between.

Time is cut at the start of each ex-date. A stretch is a part by itself: it is given the lots that
the one before left, as an action changed them, and what is not settled yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger.booking.acting import Changed, act
from subledger.booking.part import Booked, BookedPart, Made, Part, Ranks, book_part
from subledger.booking.trading import Given
from subledger.columns import (
    Codes,
    Days,
    Texts,
    concatenate,
    days,
    ordered,
    rows_named,
    taken,
    texts,
)
from subledger.numbers import Int64Array
from subledger.tables import ENTITLEMENTS, LOTS, RELIEFS

_LONG_AGO = np.datetime64("1900-01-01")
_NEVER = np.datetime64("9999-12-31")


class _State(NamedTuple):
    """What a stretch begins with: LOTS by arrival, their places in that order, UNSETTLED."""

    lots: pa.Table
    arrival: Int64Array | None
    unsettled: pa.Table


class _Span(NamedTuple):
    """The days of a stretch: from the first until before `end`."""

    first: np.datetime64
    end: np.datetime64

    def rows(self, on: Days) -> Codes:
        """Return the rows dated in the stretch."""
        return np.flatnonzero((on >= self.first) & (on < self.end))

    def entitling(self, on: Days) -> Codes:
        """Return the rows of what entitles: the close before its day lies in the stretch."""
        return np.flatnonzero(((on > self.first) | (self.first == _LONG_AGO)) & (on <= self.end))


def chained(part: Part) -> BookedPart:
    """Book a part of a window: at once where no lot action is in it, else from cut to cut."""
    actions = _of_held(part)
    on = days(actions, "accounting_date")
    if not len(on):
        return book_part(part)
    carried = np.flatnonzero(part.given.came == _LONG_AGO)
    arrival = None if part.ranks is None else part.ranks.given[carried]
    state = _State(taken(part.given.lots, carried), arrival, part.unsettled)
    booked: list[BookedPart] = []
    changed: list[Changed] = []
    first = _LONG_AGO
    for cut in np.unique(on):
        stretch = _stretch(part, _Span(first, cut), state=state)
        if _has_rows(stretch):
            done = book_part(stretch)
            state = _State(done.lots, done.arrival, done.unsettled)
            booked.append(done)
        here = act(state.lots, taken(actions, np.flatnonzero(on == cut)), part=part)
        changed.append(here)
        state, first = state._replace(lots=here.lots), cut
    booked.append(book_part(_stretch(part, _Span(first, _NEVER), state=state)))
    return _in_time(booked, changed)


def _of_held(part: Part) -> pa.Table:
    """Return the actions of instruments that have lots or trades, or that lots are moved into."""
    actions = part.lot_actions
    tables = [(one, "instrument") for one in (part.given.lots, part.trades)]
    known = Texts.joined([texts(*one) for one in (*tables, (actions, "new_instrument"))])
    return taken(
        actions, np.flatnonzero(rows_named(texts(actions, "instrument"), among=known) >= 0)
    )


def _stretch(part: Part, span: _Span, *, state: _State) -> Part:
    """Return what of a part is dated in a stretch, on top of what it begins with."""
    dated = ("trades", "exchanges", "settling")
    rows = {name: span.rows(days(getattr(part, name), "accounting_date")) for name in dated}
    rows["opening_lots"] = span.rows(days(part.opening_lots, "as_of"))
    rows["actions"] = span.entitling(days(part.actions, "accounting_date"))
    for name in ("marks", "mark_dates", "valued_on"):
        rows[name] = span.rows(days(getattr(part, name), "mark_date"))
    tables = {name: taken(getattr(part, name), chosen) for name, chosen in rows.items()}
    came = part.given.came
    taken_over = np.flatnonzero((came >= span.first) & (came < span.end) & (came > _LONG_AGO))
    lots = concatenate(LOTS, [state.lots, taken(part.given.lots, taken_over)])
    before = np.full(state.lots.num_rows, _LONG_AGO)
    given = Given(lots, np.concatenate([before, came[taken_over]]))
    ranks = _ranks(part.ranks, rows, taken_over=taken_over, state=state)
    return replace(part, **tables, given=given, unsettled=state.unsettled, ranks=ranks)


def _ranks(
    ranks: Ranks | None, rows: dict[str, Codes], *, taken_over: Codes, state: _State
) -> Ranks | None:
    if ranks is None or state.arrival is None:
        return None
    named = ("trades", "exchanges", "settling", "opening_lots")
    return ranks._replace(
        **{name: getattr(ranks, name)[rows[name]] for name in named},
        given=np.concatenate([state.arrival, ranks.given[taken_over]]),
    )


def _has_rows(part: Part) -> bool:
    """Say whether anything happens in a stretch."""
    names = ("trades", "exchanges", "settling", "opening_lots", "actions", "mark_dates")
    return any(getattr(part, name).num_rows for name in (*names, "valued_on"))


def _in_time(booked: Sequence[BookedPart], changed: Sequence[Changed]) -> BookedPart:
    """Return what stretches and the actions between them gave as one."""
    kinds: list[list[Booked]] = [
        [one for made in kind for one in made]
        for kind in zip(*(one.made for one in booked), strict=True)
    ]
    made = Made(*kinds)._replace(actions=[one for each in changed for one in each.made])
    last = booked[-1]
    return replace(
        last,
        made=made,
        reliefs=concatenate(RELIEFS, [one.reliefs for one in booked]),
        entitled=ordered(ENTITLEMENTS, concatenate(ENTITLEMENTS, [o.entitled for o in booked])),
        exceptions=[
            *(table for one in booked for table in one.exceptions),
            *(table for each in changed for table in each.exceptions),
        ],
        unpriced=[doubt for one in booked for doubt in one.unpriced],
        unrated=[doubt for one in booked for doubt in one.unrated],
        stale=[doubt for one in booked for doubt in one.stale],
    )
