"""Tie-outs of open items: what is still to be received and paid, item by item.

An item is followed from what stood before through the period's lines to what stands now, in its
currency and in base. Accounts of items may also hold what manual journals post; these are no items.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from subledger.closing.closed import Closed
from subledger.closing.comparing import Check, Figures, balances_on, compare, places, within
from subledger.closing.moved_items import ENTITLED, ITEM, item_accounts
from subledger.columns import flags, numbers, texts
from subledger.numbers import Int64Array, add_columns, exact_sum


def items_of(unsettled: pa.Table) -> Figures:
    """Return UNSETTLED as figures: as booked, and in base as closes have revalued it."""
    return Figures(
        places(unsettled, ITEM), numbers(unsettled, "amount"), carrying(unsettled, "amount_base")
    )


def entitled_of(entitlements: pa.Table) -> Figures:
    """Return the recognised ENTITLEMENTS as figures, what is owed on shorts negative."""
    rows = entitlements.filter(pa.array(flags(entitlements, "recognised")))
    sign = np.where(texts(rows, "side") == "long", 1, -1).astype(np.int64)
    booked = add_columns(sign * numbers(rows, "net_base"), numbers(rows, "revalued"))
    return Figures(places(rows, ENTITLED), sign * numbers(rows, "net"), booked)


def carrying(items: pa.Table, booked: str) -> Int64Array:
    """Return what each item stands at: as it was booked, and as closes have revalued it."""
    return add_columns(numbers(items, booked), numbers(items, "revalued"))


def unsettled_item_by_item(closed: Closed) -> Check:
    """Check each unsettled item against the lines of its trade on the unsettled accounts.

    The total is that of the accounts to which no manual journal can post.
    """
    accounts = item_accounts(closed.chart)
    now = items_of(closed.unsettled)
    before, moved = items_of(closed.unsettled_before), closed.tally.items
    differences, compared = compare([before, moved.items], [now])
    alone = {name for name in accounts if not closed.chart.accounts[name].manual}
    listed = within(texts(closed.unsettled, "account"), alone)
    return Check(
        "UNSETTLED",
        "Unsettled receivables and payables = open trades, item by item",
        exact_sum(now.base[listed]),
        balances_on(closed.closing, alone, by=("account",)).total,
        compared + moved.over,
        differences=differences,
    )


def dividends_item_by_item(closed: Closed) -> Check:
    """Check each open entitlement against the lines of its dividend on the dividend accounts."""
    moved = closed.tally.dividends
    before, now = entitled_of(closed.entitlements_before), entitled_of(closed.entitlements)
    differences, compared = compare([before, moved.items], [now])
    return Check(
        "DIVIDENDS",
        "Dividends receivable and payable = open entitlements, item by item",
        now.total,
        before.total + moved.items.total,
        compared + moved.over,
        differences=differences,
    )
