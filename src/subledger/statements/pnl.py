"""The P&L report: gains by strategy, book, broker account, instrument and currency, in buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, tables
from subledger.chart.accounts import PNL_BUCKETS, PROFIT_AND_LOSS, Account
from subledger.journal.journal import Journal
from subledger.numbers import group_sums
from subledger.statements import grouping
from subledger.statements.report import Report
from subledger.statements.turnover import net, turnover, without_clearing

KEYS = ("strategy", "book", "broker_account", "instrument", "currency")


def buckets_of(accounts: Mapping[str, Account]) -> dict[str, str]:
    """Return the bucket of every income and expense account, by number, as the chart names it.

    An account without a `pnl_bucket` counts as `other`.
    """
    return {
        number: account.pnl_bucket or "other"
        for number, account in accounts.items()
        if account.type in PROFIT_AND_LOSS
    }


def pnl(posted: Journal, *, buckets: Mapping[str, str], by: Sequence[str] = ()) -> Report:
    """Return the P&L of entries in base currency: gains positive, costs negative.

    Args:
        posted: Entries and lines of the period; the year-end clearing is left out.
        buckets: The bucket of every income and expense account (`buckets_of`); lines on other
            accounts are no P&L.
        by: Columns of `KEYS` to keep, in the order of `KEYS`; the others are added up. None
            given: all are kept.

    `total` is the sum of the buckets, so all totals together are what the income and expense
    accounts moved, with the sign turned.
    """
    keys = [key for key in KEYS if key in by or not by]
    moved = turnover(posted, ["account", *keys], accounts=list(buckets))
    return of_turnover(moved, buckets=buckets, by=by)


def of_turnover(moved: pa.Table, *, buckets: Mapping[str, str], by: Sequence[str] = ()) -> Report:
    """Return the same from the sums of lines by account and at least the columns to keep."""
    keys = [key for key in KEYS if key in by or not by]
    moved = without_clearing(moved)
    moved = moved.filter(pa.array(columns.texts(moved, "account").isin(list(buckets))))
    bucket = columns.texts(moved, "account").mapped(buckets)
    split = moved.select(keys).append_column("bucket", bucket.dictionary())
    split = split.append_column("gain", pc.negate_checked(pa.array(net(moved))))
    table = _in_buckets(grouping.add_up(split, [*keys, "bucket"], amounts=["gain"]), keys)
    meta = {"by": ",".join(keys)}
    return Report("pnl", "Profit and loss", table, (*PNL_BUCKETS, "total"), meta)


def _in_buckets(sums: pa.Table, keys: Sequence[str]) -> pa.Table:
    groups = grouping.group(sums, keys)
    name = columns.texts(sums, "bucket")
    gain = columns.numbers(sums, "gain")
    amounts = {bucket: groups.sums(np.where(name == bucket, gain, 0)) for bucket in PNL_BUCKETS}
    row = np.tile(np.arange(groups.keys.num_rows), len(PNL_BUCKETS))
    total = group_sums(row, np.concatenate(list(amounts.values())), groups.keys.num_rows)
    fields = [tables.text(key) for key in keys]
    fields += [tables.base(bucket) for bucket in (*PNL_BUCKETS, "total")]
    arrays = [
        *(groups.keys.column(key) for key in keys),
        *(pa.array(values) for values in amounts.values()),
        pa.array(total, pa.int64()),
    ]
    return pa.table(arrays, schema=pa.schema(fields))
