"""Tie-outs of open items: what is still to be received and paid, item by item.

An item is followed from what stood before through the period's lines to what stands now, in its
currency and in base. Accounts of items may also hold what manual journals post; these are no items.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.chart import Chart
from subledger.chart.measures import ITEM_MEASURES, TRADE_EVENTS
from subledger.closing.comparing import (
    Check,
    Closed,
    Figures,
    accounts_of,
    balances_on,
    compare,
    places,
    within,
)
from subledger.columns import Texts, flags, numbers, rows_numbered, texts
from subledger.numbers import Int64Array, add_columns, exact_sum
from subledger.texts import from_arrow

# What closes revalue names its item; of other balances it does not.
_OF_TRADES = {*TRADE_EVENTS, "settlement", "revaluation", ""}
_OF_DIVIDENDS = {"dividend", "dividend_settlement", "revaluation", ""}
_OF_A_BALANCE = "revaluation:"
_ITEM = ("trade_id", "account", "currency")
_ENTITLED = ("event_id", "book", "strategy", "broker_account", "account", "currency")


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


def items_of(unsettled: pa.Table) -> Figures:
    """Return UNSETTLED as figures: as booked, and in base as closes have revalued it."""
    return Figures(
        places(unsettled, _ITEM), numbers(unsettled, "amount"), carrying(unsettled, "amount_base")
    )


def entitled_of(entitlements: pa.Table) -> Figures:
    """Return the recognised ENTITLEMENTS as figures, what is owed on shorts negative."""
    rows = entitlements.filter(pa.array(flags(entitlements, "recognised")))
    sign = np.where(texts(rows, "side") == "long", 1, -1).astype(np.int64)
    booked = add_columns(sign * numbers(rows, "net_base"), numbers(rows, "revalued"))
    return Figures(places(rows, _ENTITLED), sign * numbers(rows, "net"), booked)


def carrying(items: pa.Table, booked: str) -> Int64Array:
    """Return what each item stands at: as it was booked, and as closes have revalued it."""
    return add_columns(numbers(items, booked), numbers(items, "revalued"))


def unsettled_item_by_item(closed: Closed) -> Check:
    """Check each unsettled item against the lines of its trade on the unsettled accounts.

    The total is that of the accounts to which no manual journal can post.
    """
    accounts = item_accounts(closed.chart)
    lines = _lines(closed, accounts, events=_OF_TRADES)
    posted = _figures(lines, ("event", "account", "currency"))
    now = items_of(closed.unsettled)
    differences, compared = compare([items_of(closed.unsettled_before), posted], [now])
    alone = {name for name in accounts if not closed.chart.accounts[name].manual}
    listed = within(texts(closed.unsettled, "account"), alone)
    return Check(
        "UNSETTLED",
        "Unsettled receivables and payables = open trades, item by item",
        exact_sum(now.base[listed]),
        balances_on(closed.closing, alone, by=("account",)).total,
        compared,
        differences=differences,
    )


def dividends_item_by_item(closed: Closed) -> Check:
    """Check each open entitlement against the lines of its dividend on the dividend accounts."""
    lines = _lines(closed, dividend_accounts(closed.chart), events=_OF_DIVIDENDS)
    posted = _figures(lines, ("event", *_ENTITLED[1:]))
    before, now = entitled_of(closed.entitlements_before), entitled_of(closed.entitlements)
    differences, compared = compare([before, posted], [now])
    return Check(
        "DIVIDENDS",
        "Dividends receivable and payable = open entitlements, item by item",
        now.total,
        before.total + posted.total,
        compared,
        differences=differences,
    )


def _lines(closed: Closed, accounts: set[str], *, events: set[str]) -> pa.Table:
    """Return LINES on accounts that items move, with the column `event`: the item's own event.

    A line without its entry is among them.
    """
    entries, lines = closed.journal.entries, closed.journal.lines
    lines = lines.filter(pa.array(within(texts(lines, "account"), accounts)))
    entry = rows_numbered(numbers(lines, "seq"), among=numbers(entries, "seq"))
    kind = _of_entries(texts(entries, "event_kind"), entry, missing=[""])
    unknown = [f"no entry {seq}" for seq in numbers(lines, "seq")[entry < 0].tolist()]
    event = _of_entries(texts(entries, "event_id"), entry, missing=unknown)
    of_a_balance = pc.starts_with(event.values, _OF_A_BALANCE).to_numpy(zero_copy_only=False)
    of_a_balance = of_a_balance[event.codes]
    if pc.any(pc.match_substring(event.values, "/")).as_py():
        # The revaluation of an item names it before a slash.
        named = from_arrow(pc.replace_substring_regex(event.values, "/.*", ""))
        event = Texts(named.codes[event.codes], named.values)
    lines = lines.append_column("event", event.dictionary())
    return lines.filter(pa.array(kind.isin(events) & ~of_a_balance))


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
