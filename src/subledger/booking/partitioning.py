"""A window divided into parts of whole instruments, so that several workers can book it at once.

Nothing here decides what is booked: the same bytes come out of one part and of many.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from subledger.booking.carrying import opened_from
from subledger.booking.inputs import Carried, Events, Terms
from subledger.booking.part import Part, Ranks
from subledger.booking.screening import Screened
from subledger.booking.trading import Given, processing_order
from subledger.columns import (
    Codes,
    Texts,
    build,
    concatenate,
    days,
    rows_named,
    sorted_by,
    taken,
    texts,
)
from subledger.conversion import Conversions
from subledger.tables import LOTS, MARK_DATES, SETTLING
from subledger.texts import Codes32, unified

Given_ = TypeVar("Given_")
Found = TypeVar("Found")


class Executor(Protocol):
    """Who runs a function over parts, in this process or elsewhere."""

    @property
    def parts(self) -> int:
        """Return into how many parts a window is divided at most."""

    @property
    def least(self) -> int:
        """Return how many trades and open lots a part has at least."""

    def map(self, function: Callable[[Given_], Found], items: Iterable[Given_]) -> list[Found]:
        """Return what the function makes of each item, in the order of the items."""


class _Inline:
    """Everything at once, here: one part, of which nothing is copied."""

    parts = 1
    least = 1

    def map(self, function: Callable[[Given_], Found], items: Iterable[Given_]) -> list[Found]:
        return [function(item) for item in items]


INLINE: Executor = _Inline()


@dataclass(frozen=True, slots=True)
class Window:
    """What every step of a window looks at."""

    events: Events
    carried: Carried
    known: Screened
    terms: Terms
    rates: Conversions
    asset_class: dict[str, str]


def divided(window: Window, executor: Executor) -> list[Part]:
    """Return a window in as many parts as the executor takes and its size is worth."""
    known, carried = window.known, window.carried
    given = _given(carried, known)
    size = sum(t.num_rows for t in (known.trades, known.exchanges, given.lots, carried.unsettled))
    count = min(executor.parts, size // max(executor.least, 1))
    if count <= 1:
        return [_whole(window, given)]
    ranked = [taken(one, processing_order(one)) for one in (known.trades, known.exchanges)]
    trades, exchanges, unsettled = _with_one_list([*ranked, carried.unsettled])
    rows = _Rows(trades, exchanges, given.lots, unsettled)
    owners = _owners(rows, known.lot_actions, count=count)
    settling, of_settling = _settling(window.events.settling, rows, owners=owners)
    whole = replace(_whole(window, given), trades=trades, exchanges=exchanges, settling=settling)
    whole = replace(whole, unsettled=unsettled, valued_on=_valued_on(whole))
    whole = replace(whole, ranks=_ranks(whole))
    chosen = _Chosen(
        *owners.rows,
        settling=of_settling,
        opening_lots=owners.of(whole.opening_lots),
        actions=owners.of(whole.actions),
        marks=owners.of(whole.marks),
        lot_actions=owners.of(whole.lot_actions),
    )
    parts = (chosen.part(whole, number) for number in range(count))
    return [part for part in parts if part is not None]


def _given(carried: Carried, known: Screened) -> Given:
    """Return the carried lots followed by those taken over in this window, and since when."""
    lots = concatenate(LOTS, [carried.lots, opened_from(known.opening_lots)])
    before = np.full(carried.lots.num_rows, np.datetime64("1900-01-01"), "datetime64[D]")
    return Given(lots, np.concatenate([before, np.sort(days(known.opening_lots, "as_of"))]))


def _whole(window: Window, given: Given) -> Part:
    """Return all of a window as its only part."""
    known, events = window.known, window.events
    return Part(
        trades=known.trades,
        exchanges=known.exchanges,
        settling=events.settling,
        opening_lots=known.opening_lots,
        actions=known.actions,
        marks=events.marks,
        unsettled=window.carried.unsettled,
        given=given,
        mark_dates=events.mark_dates,
        valued_on=events.mark_dates,
        terms=window.terms,
        rates=window.rates,
        asset_class=window.asset_class,
        lot_actions=known.lot_actions,
    )


def _with_one_list(tables: Sequence[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables with one list of trade ids that has "" in it, so that parts make none.

    What parts share is put together again without a look at the texts.
    """
    ids = Texts.joined([texts(one, "trade_id") for one in tables]).with_blank()
    ends = np.cumsum([one.num_rows for one in tables])
    for one, codes in zip(tables, np.split(ids.codes, ends), strict=False):
        yield _with_ids(one, codes, values=ids.values)


def _with_ids(table: pa.Table, codes: Codes32, *, values: pa.StringArray) -> pa.Table:
    place = table.column_names.index("trade_id")
    column = pa.DictionaryArray.from_arrays(pa.array(codes), values)
    return table.set_column(place, table.schema.field(place), column)


class _Rows(NamedTuple):
    """What belongs to an instrument by itself; each of these tables names it."""

    trades: pa.Table
    exchanges: pa.Table
    lots: pa.Table
    unsettled: pa.Table


class _Owners(NamedTuple):
    """The part of each row of `_Rows`, and of each instrument, -1 for one that has no row."""

    rows: tuple[Codes, Codes, Codes, Codes]
    instruments: Texts
    part: Codes

    def of(self, table: pa.Table) -> Codes:
        """Return the part of each row of another table that names an instrument."""
        known = rows_named(texts(table, "instrument"), among=self.instruments)
        return np.append(self.part, -1)[known]


def _owners(rows: _Rows, lot_actions: pa.Table, *, count: int) -> _Owners:
    """Give each instrument to a part, so that parts have about as many rows."""
    moving = lot_actions.filter(pa.array(texts(lot_actions, "new_instrument") != ""))
    moves = [texts(moving, name) for name in ("instrument", "new_instrument")]
    every, values = unified([*(texts(table, "instrument") for table in rows), *moves])
    codes, moved = every[:-2], every[-2:]
    names = Texts(np.arange(len(values), dtype=np.int32), values)
    group = _groups(rows, codes, count=len(values))
    for old, new in zip(*moved, strict=True):
        group[group == group[new]] = group[old]
    weight = np.bincount(group[np.concatenate(codes)], minlength=len(values))
    load, part = [(0, number) for number in range(count)], np.full(len(values), -1, np.intp)
    # The largest first, each to the part that has least so far: never in the order of rows.
    for one in np.lexsort((names.ranks(), -weight))[: np.count_nonzero(weight)]:
        held, number = heapq.heappop(load)
        part[one] = number
        heapq.heappush(load, (held + int(weight[one]), number))
    part = part[group]
    trades, exchanges, lots, unsettled = (part[code] for code in codes)
    return _Owners((trades, exchanges, lots, unsettled), names, part)


def _groups(rows: _Rows, codes: Sequence[Codes32], *, count: int) -> Codes:
    """Return for each instrument the one that it is booked with: itself, but for rare cases.

    A trade whose later version is of another instrument settles the items of both.
    """
    group = np.arange(count)
    traded = Texts.joined([texts(one, "trade_id") for one in (rows.trades, rows.exchanges)])
    row = rows_named(texts(rows.unsettled, "trade_id"), among=traded)
    now = np.concatenate([*codes[:2], np.full(1, -1, np.int32)])[row]
    before = codes[-1]
    for one in np.flatnonzero((now >= 0) & (now != before)):
        group[group == group[now[one]]] = group[before[one]]
    return group


def _settling(table: pa.Table, rows: _Rows, *, owners: _Owners) -> tuple[pa.Table, Codes]:
    """Return SETTLING of trades that are known or carried, in order, and the part of each row.

    Another one settles nothing. Ids are in the list that the trades share.
    """
    tables = (rows.trades, rows.exchanges, rows.unsettled)
    ids = Texts.joined([texts(one, "trade_id") for one in tables])
    facts = sorted_by(table, SETTLING.order)
    row = rows_named(texts(facts, "trade_id"), among=ids)
    known = np.flatnonzero(row >= 0)
    facts, row = taken(facts, known), row[known]
    trades, exchanges, _, unsettled = owners.rows
    owner = np.concatenate([trades, exchanges, unsettled])
    return _with_ids(facts, ids.codes[row], values=ids.values), owner[row]


def _valued_on(whole: Part) -> pa.Table:
    """Return every date on which lots are valued, whichever instruments have a price then."""
    dates = np.union1d(days(whole.marks, "mark_date"), days(whole.mark_dates, "mark_date"))
    return build(MARK_DATES, {"mark_date": dates})


def _ranks(whole: Part) -> Ranks:
    """Return the order of the rows of a window whose trades are in processing order."""
    lots, opened = whole.given.lots.num_rows, whole.opening_lots.num_rows
    step = lots + 1
    since = np.searchsorted(days(whole.trades, "accounting_date"), whole.given.came, side="right")
    return Ranks(
        np.arange(whole.trades.num_rows),
        np.arange(whole.exchanges.num_rows),
        np.arange(whole.settling.num_rows),
        np.arange(opened),
        since * step + 1 + np.arange(lots),
        step,
        np.arange(whole.lot_actions.num_rows),
    )


class _Chosen(NamedTuple):
    """The part of each row of every table of a window."""

    trades: Codes
    exchanges: Codes
    lots: Codes
    unsettled: Codes
    settling: Codes
    opening_lots: Codes
    actions: Codes
    marks: Codes
    lot_actions: Codes

    def part(self, whole: Part, number: int) -> Part | None:
        """Return one part; None where it has nothing."""
        rows = _Chosen(*(np.flatnonzero(owner == number) for owner in self))
        if not any(map(len, rows)):
            return None
        ranks, given = whole.ranks, whole.given
        assert ranks is not None
        divided = ("trades", "exchanges", "unsettled", "settling", "opening_lots", "actions")
        tables = {name: taken(getattr(whole, name), getattr(rows, name)) for name in divided}
        return replace(
            whole,
            **tables,
            marks=taken(whole.marks, rows.marks),
            lot_actions=taken(whole.lot_actions, rows.lot_actions),
            given=Given(taken(given.lots, rows.lots), given.came[rows.lots]),
            ranks=Ranks(
                ranks.trades[rows.trades],
                ranks.exchanges[rows.exchanges],
                ranks.settling[rows.settling],
                ranks.opening_lots[rows.opening_lots],
                ranks.given[rows.lots],
                ranks.step,
                ranks.lot_actions[rows.lot_actions],
            ),
        )
