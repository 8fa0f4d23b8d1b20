"""What the lines of a journal move of open items: unsettled trades, and dividends recognised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.chart import Chart
from subledger.chart.measures import ITEM_MEASURES, TRADE_EVENTS
from subledger.closing.comparing import Figures, accounts_of, places, within
from subledger.columns import Flags, Texts, numbers, rows_numbered, texts
from subledger.journal.journal import Journal
from subledger.numbers import Int64Array
from subledger.texts import from_arrow

ITEM = ("trade_id", "account", "currency")
ENTITLED = ("event_id", "book", "strategy", "broker_account", "account", "currency")
# What closes revalue names its item; of other balances it does not.
_OF_TRADES = {*TRADE_EVENTS, "settlement", "revaluation", ""}
_OF_DIVIDENDS = {"dividend", "dividend_settlement", "revaluation", ""}
_OF_A_BALANCE = "revaluation:"


def item_accounts(chart: Chart) -> set[str]:
    """Return the accounts on which unsettled items stand."""
    return _monetary(chart, TRADE_EVENTS)


def dividend_accounts(chart: Chart) -> set[str]:
    """Return the accounts on which recognised dividends wait for their cash."""
    return _monetary(chart, ("dividend",))


def _monetary(chart: Chart, events: Iterable[str]) -> set[str]:
    found = {
        account
        for event in events
        for account in accounts_of(chart, event, measures=ITEM_MEASURES[event])
    }
    return {account for account in found if chart.accounts[account].monetary}


def moved_items(journal: Journal, chart: Chart) -> Figures:
    """Return what lines move of unsettled trades, by `ITEM`."""
    lines = _lines(journal, item_accounts(chart), events=_OF_TRADES)
    return _figures(lines, ("event", *ITEM[1:]))


def moved_dividends(journal: Journal, chart: Chart) -> Figures:
    """Return what lines move of recognised dividends, by `ENTITLED`."""
    lines = _lines(journal, dividend_accounts(chart), events=_OF_DIVIDENDS)
    return _figures(lines, ("event", *ENTITLED[1:]))


def _lines(journal: Journal, accounts: set[str], *, events: set[str]) -> pa.Table:
    """Return LINES on accounts that items move, with the column `event`: the item's own event.

    A line without its entry is among them.
    """
    entries, lines = journal.entries, journal.lines
    lines = lines.filter(pa.array(within(texts(lines, "account"), accounts)))
    entry = rows_numbered(numbers(lines, "seq"), among=numbers(entries, "seq"))
    kind = _of_entries(texts(entries, "event_kind"), entry, missing=[""])
    unknown = [f"no entry {seq}" for seq in numbers(lines, "seq")[entry < 0].tolist()]
    event = _of_entries(texts(entries, "event_id"), entry, missing=unknown)
    event, of_a_balance = _revalued(event, np.asarray(kind == "revaluation", bool))
    lines = lines.append_column("event", event.dictionary())
    return lines.filter(pa.array(kind.isin(events) & ~of_a_balance))


def _revalued(event: Texts, revaluation: Flags) -> tuple[Texts, Flags]:
    """Return the events with those of revaluations by their item, and which are of a balance.

    The revaluation of an item names it before a slash.
    """
    rows = np.flatnonzero(revaluation)
    of_a_balance = np.zeros(len(event), bool)
    if not len(rows):
        return event, of_a_balance
    named = event[rows].plain()
    of_a_balance[rows] = pc.starts_with(named, _OF_A_BALANCE).to_numpy(zero_copy_only=False)
    items = from_arrow(pc.replace_substring_regex(named, "/.*", ""))
    place = np.arange(len(event))
    place[rows] = len(event) + np.arange(len(rows))
    return Texts.joined([event, items])[place], of_a_balance


def _of_entries(column: Texts, entry: Int64Array, *, missing: Sequence[str]) -> Texts:
    """Return a column of entries at rows; where a row is -1 what stands for missing ones."""
    none = np.flatnonzero(entry < 0)
    if not len(none):
        return column[entry]
    found = Texts.joined([column, Texts.of(missing or [""])])
    place = entry.copy()
    place[none] = len(column) + np.minimum(np.arange(len(none)), max(len(missing) - 1, 0))
    return found[place]


def _figures(lines: pa.Table, by: tuple[str, ...]) -> Figures:
    return Figures(places(lines, by), numbers(lines, "amount"), numbers(lines, "amount_base"))
