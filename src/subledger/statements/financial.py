"""The balance sheet and the income statement, laid out as the chart's statements.toml says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, tables
from subledger.chart.accounts import Account
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT, Statement, StatementLine
from subledger.errors import InvariantError
from subledger.numbers import check_range, exact_sum
from subledger.statements import grouping
from subledger.statements.report import Report, maybe_base

_STATEMENT = pa.schema(
    [
        tables.text("line"),
        tables.text("label"),
        tables.whole("level", "depth of indentation"),
        maybe_base("amount"),
        maybe_base("prior"),
    ]
)
_PLACE = ("instrument", "broker_account")


def balance_sheet(
    statements: Mapping[str, Statement],
    accounts: Mapping[str, Account],
    *,
    closing: pa.Table,
    prior: pa.Table | None,
) -> Report:
    """Return the balance sheet, each line in its natural sign, in base currency.

    Between the pairs of lines that the statement's `net` names, long and short positions of one
    instrument at one broker account are netted. An optional line that is zero in both columns is
    left out.

    Args:
        statements: The chart's layouts, by report name.
        accounts: The chart, by account number.
        closing: `tables.BALANCES` at the end of the period.
        prior: The same at the end of the period before; None leaves the column empty.
    """
    layout = statements[BALANCE_SHEET]
    amount, before = (
        None
        if balances is None
        else _values(statements, accounts, balances=balances, net=layout.net)
        for balances in (closing, prior)
    )
    return Report(BALANCE_SHEET, layout.title, _laid_out(layout, amount=amount, prior=before))


def income_statement(
    statements: Mapping[str, Statement],
    accounts: Mapping[str, Account],
    *,
    moved: pa.Table,
    prior: pa.Table | None,
) -> Report:
    """Return the income statement, each line in its natural sign, in base currency.

    `moved` holds what the period's entries moved (`movements`, without the year-end clearing), as
    `tables.BALANCES`; `prior` the same of the period before, None leaves the column empty.
    """
    layout = statements[INCOME_STATEMENT]
    amount, before = (
        None if balances is None else _values(statements, accounts, balances=balances)
        for balances in (moved, prior)
    )
    return Report(INCOME_STATEMENT, layout.title, _laid_out(layout, amount=amount, prior=before))


def line_balances(balances: pa.Table, accounts: Mapping[str, Account]) -> dict[str, int]:
    """Return the debit-positive base balance of every statement line that accounts stand on."""
    sums: dict[str, int] = {}
    by_account = grouping.add_up(balances, ["account"], amounts=["amount_base"])
    for row in by_account.to_pylist():
        line = _line_of(accounts, row["account"])
        sums[line] = sums.get(line, 0) + row["amount_base"]
    return sums


def offset(
    balances: pa.Table, accounts: Mapping[str, Account], *, asset: str, liability: str
) -> int:
    """Return what long and short positions of one instrument at one broker account share.

    Per instrument and broker account it is the smaller of the debit balance on the asset line and
    the credit balance on the liability line, in base; netting takes it off both.
    """
    long = _by_place(balances, accounts, line=asset)
    short = _by_place(balances, accounts, line=liability)
    match = grouping.lookup(long, short, on=_PLACE)
    owned = columns.numbers(long, "amount_base")[match >= 0]
    owed = -columns.numbers(short, "amount_base")[match[match >= 0]]
    return exact_sum(np.minimum(owned, owed).clip(min=0))


def _by_place(balances: pa.Table, accounts: Mapping[str, Account], *, line: str) -> pa.Table:
    numbers = [number for number, account in accounts.items() if account.statement_line == line]
    chosen = balances.filter(pc.is_in(balances["account"], pa.array(numbers, pa.string())))
    return grouping.add_up(chosen, _PLACE, amounts=["amount_base"])


def _line_of(accounts: Mapping[str, Account], number: str) -> str:
    if number not in accounts:
        raise InvariantError(f"account {number} is posted but not in the chart")
    return accounts[number].statement_line


def _values(
    statements: Mapping[str, Statement],
    accounts: Mapping[str, Account],
    *,
    balances: pa.Table,
    net: Iterable[tuple[str, str]] = (),
) -> dict[str, int]:
    """Return every line's value, debit-positive: its own accounts and its members' values."""
    own = line_balances(balances, accounts)
    for asset, liability in net:
        shared = offset(balances, accounts, asset=asset, liability=liability)
        own[asset] = own.get(asset, 0) - shared
        own[liability] = own.get(liability, 0) + shared
    lines = {line.id: line for statement in statements.values() for line in statement.lines}
    values: dict[str, int] = {}

    def value(line: StatementLine) -> int:
        if line.id not in values:
            members = (value(lines[member]) for member in line.members)
            values[line.id] = own.get(line.id, 0) + sum(members)
        return values[line.id]

    return {line.id: value(line) for line in lines.values()}


def _laid_out(
    statement: Statement, *, amount: Mapping[str, int] | None, prior: Mapping[str, int] | None
) -> pa.Table:
    def shown(line: StatementLine, values: Mapping[str, int] | None) -> int | None:
        if values is None or line.kind == "heading":
            return None
        return check_range(line.sign * values[line.id])

    rows = [
        {
            "line": line.id,
            "label": line.label,
            "level": line.level,
            "amount": shown(line, amount),
            "prior": shown(line, prior),
        }
        for line in statement.lines
    ]
    kept = [
        row
        for row, line in zip(rows, statement.lines, strict=True)
        if not line.optional or row["amount"] or row["prior"]
    ]
    return pa.Table.from_pylist(kept, schema=_STATEMENT)
