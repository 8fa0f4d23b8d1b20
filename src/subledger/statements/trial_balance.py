"""The trial balance: opening, debit, credit and closing of every account; it sums to zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from subledger import tables
from subledger.chart.accounts import Account
from subledger.columns import Flags
from subledger.columns import numbers as figures
from subledger.errors import InvariantError
from subledger.journal.journal import Journal
from subledger.numbers import Int64Array
from subledger.statements import grouping
from subledger.statements.report import Report
from subledger.statements.turnover import net, turnover, without_clearing

BY = ("currency", "book", "strategy", "broker_account", "instrument", "counterparty")
_FOUR = ("opening", "debit", "credit", "closing")


def trial_balance(
    opening: pa.Table,
    posted: Journal,
    *,
    accounts: Mapping[str, Account],
    by: Sequence[str] = (),
    closing: bool = False,
) -> Report:
    """Return every account with a balance or a movement, in base currency, debit-positive.

    Args:
        opening: The balances before the entries, as `tables.BALANCES`.
        posted: The period's entries and lines.
        accounts: The chart, by account number.
        by: Columns of `BY` that split each account; with `currency` the four amounts are in that
            currency and `closing_base` follows.
        closing: Whether entries of kind `closing` (the year-end clearing of P&L) are counted.

    A reversal's line counts as a negative debit or credit on the side of the line it reverses.
    An account whose amounts are all zero is left out. Opening and closing sum to zero, and debit
    equals credit.
    """
    moved = turnover(posted, ["account", *by])
    return of_turnover(opening, moved, accounts=accounts, by=by, closing=closing)


def of_turnover(
    opening: pa.Table,
    moved: pa.Table,
    *,
    accounts: Mapping[str, Account],
    by: Sequence[str] = (),
    closing: bool = False,
) -> Report:
    """Return the same from the sums of lines by account and at least what splits it."""
    moved = moved if closing else without_clearing(moved)
    local = "currency" in by
    keys = ["account", *by]
    parts = (_opening_rows(opening, keys), _movement_rows(moved, keys))
    rows = pa.concat_tables([grouping.plain(part) for part in parts])
    names = [*_FOUR, "closing_base"] if local else [f"{name}_base" for name in _FOUR]
    sums = grouping.add_up(rows, keys, amounts=names)
    sums = sums.filter(pa.array(_any_amount(sums, names)))
    table = _named(sums, accounts, by=by, local=local)
    totals = ("closing_base",) if local else _FOUR
    return Report("trial-balance", "Trial balance", table, totals, {"by": ",".join(by)})


def _opening_rows(opening: pa.Table, keys: Sequence[str]) -> pa.Table:
    nothing = np.zeros(opening.num_rows, np.int64)
    columns = {
        f"{name}{suffix}": figures(opening, f"amount{suffix}")
        if name in {"opening", "closing"}
        else nothing
        for suffix in ("", "_base")
        for name in _FOUR
    }
    return _keyed(opening, keys, columns=columns)


def _movement_rows(moved: pa.Table, keys: Sequence[str]) -> pa.Table:
    columns: dict[str, Int64Array] = {}
    for suffix in ("", "_base"):
        debit, credit = (figures(moved, f"{side}{suffix}") for side in ("debit", "credit"))
        four = (np.zeros_like(debit), debit, credit, net(moved, suffix))
        columns |= {f"{name}{suffix}": values for name, values in zip(_FOUR, four, strict=True)}
    return _keyed(moved, keys, columns=columns)


def _keyed(table: pa.Table, keys: Sequence[str], *, columns: Mapping[str, Int64Array]) -> pa.Table:
    fields = {key: table.column(key) for key in keys}
    return pa.table(fields | {name: pa.array(values) for name, values in columns.items()})


def _any_amount(table: pa.Table, names: Sequence[str]) -> Flags:
    found = np.zeros(table.num_rows, np.bool_)
    for name in names:
        found |= figures(table, name) != 0
    return found


def _named(
    sums: pa.Table, accounts: Mapping[str, Account], *, by: Sequence[str], local: bool
) -> pa.Table:
    known = [account_of(accounts, number) for number in sums.column("account").to_pylist()]
    amount = tables.money if local else tables.base
    fields = [tables.text(name) for name in ("account", "name", "type", *by)]
    fields += [amount(name) for name in _FOUR]
    columns = [
        sums.column("account"),
        pa.array([account.name for account in known], pa.string()),
        pa.array([account.type for account in known], pa.string()),
        *(sums.column(name) for name in by),
        *(sums.column(name if local else f"{name}_base") for name in _FOUR),
    ]
    if local:
        fields.append(tables.base("closing_base"))
        columns.append(sums.column("closing_base"))
    return pa.table(columns, schema=pa.schema(fields))


def account_of(accounts: Mapping[str, Account], number: str) -> Account:
    """Return an account of the chart; a posted account that is not in the chart is a bug."""
    try:
        return accounts[number]
    except KeyError:
        raise InvariantError(f"account {number} is posted but not in the chart") from None
