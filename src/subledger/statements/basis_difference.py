"""The differences between two accounting bases: every account, each difference by its cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers, tables
from subledger.chart.accounts import PROFIT_AND_LOSS, Account
from subledger.numbers import Int64Array
from subledger.statements import grouping
from subledger.statements.causes import CAUSES, causes_of
from subledger.statements.posted import Posted
from subledger.statements.report import Report
from subledger.statements.trial_balance import account_of

BY = ("cause", "account")
_AMOUNTS = ("amount", "other_amount", "difference")
_EFFECTS = ("net_assets", "equity", "profit")


def basis_difference(
    one: Posted, other: Posted | None, *, accounts: Mapping[str, Account], by: Sequence[str] = ()
) -> Report:
    """Return where two bases differ at the end of a period, in base currency, debit positive.

    Args:
        one: What the one basis has posted.
        other: What the other has posted; None where the books have one basis only.
        accounts: The chart, by account number.
        by: Columns of `BY` to keep, the other being added up; none given: both.

    `difference` is `amount` less `other_amount`. Over all causes the differences of an account are
    the difference of its closing balances in the two trial balances, and nothing is unexplained:
    every line of both journals has a cause. `net_assets`, `equity` and `profit` say what the
    difference does to them, gains positive; what it does to net assets is what it does to equity
    and profit together. Where both bases agree there is no row.
    """
    both = [(posted.basis, causes_of(posted)) for posted in (one, other) if posted]
    return of_causes(both, accounts=accounts, by=by)


def of_causes(
    both: Sequence[tuple[str, pa.Table]],
    *,
    accounts: Mapping[str, Account],
    by: Sequence[str] = (),
) -> Report:
    """Return the same of bases by name with their balances by cause (`causes_of`).

    A basis alone differs from nothing.
    """
    keys = [key for key in BY if key in by or not by]
    rows = _compared(both[0][1], both[-1][1])
    rows = _with_effects(rows, accounts)
    if len(keys) < len(BY):
        rows = grouping.add_up(rows, keys, amounts=[*_AMOUNTS, *_EFFECTS, "differs"])
    # A cause may move amounts between accounts only; an account differs by what is left in all.
    rows = rows.filter(pc.not_equal(rows["differs" if "cause" in keys else "difference"], 0))
    if "account" in keys:
        known = [account_of(accounts, number) for number in rows["account"].to_pylist()]
        names, types = ([getattr(account, of) for account in known] for of in ("name", "type"))
        rows = rows.append_column("name", pa.array(names, pa.string()))
        rows = rows.append_column("type", pa.array(types, pa.string()))
    if "cause" in keys:
        place = {cause: number for number, cause in enumerate(CAUSES)}
        order = [place.get(cause, len(place)) for cause in rows["cause"].to_pylist()]
        rows = rows.append_column("order", pa.array(order, pa.int64()))
        rows = grouping.ordered(rows, ["order", *keys])
    schema = _schema(keys)
    bases = [basis for basis, _ in both]
    title = f"Differences between {' and '.join(bases)}"
    totals = tuple(name for name in ("difference", *_EFFECTS) if name in schema.names)
    table = rows.select(schema.names).cast(schema)
    return Report("basis-difference", title, table, totals, {"bases": ",".join(bases)})


def _schema(keys: Sequence[str]) -> pa.Schema:
    named = {"cause": ("cause",), "account": ("account", "name", "type")}
    fields = [tables.text(name) for key in keys for name in named[key]]
    amounts = (*(_AMOUNTS if "account" in keys else ()), *_EFFECTS)
    return pa.schema([*fields, *(tables.base(name) for name in amounts)])


def _compared(one: pa.Table, other: pa.Table) -> pa.Table:
    """Return one row per cause and account of either basis, with both amounts."""
    parts = []
    for table, name, blank in ((one, "amount", "other_amount"), (other, "other_amount", "amount")):
        given = {key: table[key] for key in BY}
        given |= {name: table["amount"], blank: pa.array(np.zeros(table.num_rows, np.int64))}
        parts.append(grouping.plain(pa.table(given).select([*BY, *_AMOUNTS[:2]])))
    rows = grouping.add_up(pa.concat_tables(parts), BY, amounts=_AMOUNTS[:2])
    off = numbers.subtract_columns(*(columns.numbers(rows, name) for name in _AMOUNTS[:2]))
    rows = rows.append_column("difference", pa.array(off))
    return rows.append_column("differs", pa.array((off != 0).astype(np.int64)))


def _with_effects(rows: pa.Table, accounts: Mapping[str, Account]) -> pa.Table:
    """Add what each difference does to net assets, equity and profit, gains positive."""
    types = np.array(
        [account_of(accounts, number).type for number in rows["account"].to_pylist()], dtype=object
    )
    off: Int64Array = columns.numbers(rows, "difference")
    in_profit = np.isin(types.astype(str), sorted(PROFIT_AND_LOSS))
    in_equity = types == "equity"
    effects = {
        "net_assets": np.where(in_profit | in_equity, 0, off),
        "equity": np.where(in_equity, -off, 0),
        "profit": np.where(in_profit, -off, 0),
    }
    for name in _EFFECTS:
        rows = rows.append_column(name, pa.array(effects[name], pa.int64()))
    return rows
