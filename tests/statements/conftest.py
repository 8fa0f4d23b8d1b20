"""Small journals and charts for the tests of the statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from subledger import tables
from subledger.chart.accounts import Account
from subledger.chart.layouts import BALANCE_SHEET, INCOME_STATEMENT, Statement, StatementLine
from subledger.journal.journal import Journal
from subledger.statements.report import Units

Row = Mapping[str, Any]
DAY = date(2022, 9, 30)


BUCKETS = {"4110": "realised_price", "4210": "unrealised_price", "6110": "fees"}
ACCOUNTS = {
    number: Account(
        number, name, kind, "debit", statement_line=line, pnl_bucket=BUCKETS.get(number, "")
    )
    for number, name, kind, line in (
        ("1020", "Cash at broker", "asset", "cash"),
        ("1210", "Equities, cost", "asset", "owned"),
        ("1211", "Equities, unrealised", "asset", "owned"),
        ("2110", "Unsettled purchases", "liability", "due_to_brokers"),
        ("2210", "Equities sold short", "liability", "sold_short"),
        ("3010", "Contributed capital", "equity", "capital"),
        ("3030", "Retained earnings", "equity", "capital"),
        ("4110", "Realised price gains", "income", "realised"),
        ("4210", "Change in unrealised", "income", "unrealised"),
        ("6110", "Commissions", "expense", "commissions"),
        ("6900", "Other expenses", "expense", "sundry"),
    )
}

STATEMENTS = {
    BALANCE_SHEET: Statement(
        BALANCE_SHEET,
        "Statement of financial condition",
        ("total_assets", "total_claims"),
        (
            StatementLine("assets", "Assets", 0, "heading", 0),
            StatementLine("cash", "Cash", 1, "line", 1),
            StatementLine("owned", "Securities owned", 1, "line", 1),
            StatementLine("total_assets", "Total assets", 0, "total", 1, ("cash", "owned")),
            StatementLine("due_to_brokers", "Due to brokers", 1, "line", -1, optional=True),
            StatementLine("sold_short", "Securities sold short", 1, "line", -1, optional=True),
            StatementLine("capital", "Capital", 1, "line", -1),
            StatementLine("earnings", "Earnings", 1, "line", -1, ("net_income",)),
            StatementLine("equity", "Total equity", 1, "total", -1, ("capital", "earnings")),
            StatementLine(
                "total_claims", "Total liabilities and equity", 0, "total", -1,
                ("due_to_brokers", "sold_short", "equity"),
            ),
        ),
        net=(("owned", "sold_short"),),
    ),
    INCOME_STATEMENT: Statement(
        INCOME_STATEMENT,
        "Statement of operations",
        ("net_income",),
        (
            StatementLine("realised", "Net realised gain", 1, "line", -1),
            StatementLine("unrealised", "Net change in unrealised", 1, "line", -1),
            StatementLine("commissions", "Commissions", 1, "line", 1),
            StatementLine("sundry", "Other expenses", 1, "line", 1),
            StatementLine(
                "net_income", "Net income", 0, "total", -1,
                ("realised", "unrealised", "commissions", "sundry"),
            ),
        ),
    ),
}  # fmt: skip


def _table(declared: tables.Table, rows: Iterable[Row]) -> pa.Table:
    blank: dict[str, Any] = {}
    for field in declared.schema:
        if field.nullable:
            blank[field.name] = None
        elif tables.is_text(field.type):
            blank[field.name] = ""
        else:
            blank[field.name] = {pa.date32(): DAY, pa.bool_(): False}.get(field.type, 0)
    return pa.Table.from_pylist([blank | dict(row) for row in rows], schema=declared.schema)


def _post(*entries: tuple[Row, Sequence[Row]]) -> Journal:
    heads = [{"seq": n, "entry_id": f"E{n}", "kind": "normal"} | dict(head)
             for n, (head, _) in enumerate(entries, 1)]  # fmt: skip
    lines = [
        {"seq": seq, "line": n, "currency": "USD", "amount": row["amount_base"]} | dict(row)
        for seq, (_, rows) in enumerate(entries, 1)
        for n, row in enumerate(rows, 1)
    ]
    return Journal(_table(tables.ENTRIES, heads), _table(tables.LINES, lines))


@pytest.fixture(scope="session")
def table() -> Callable[[tables.Table, Iterable[Row]], pa.Table]:
    """Return a function that builds a declared table from rows; what a row leaves out is blank."""
    return _table


@pytest.fixture(scope="session")
def post() -> Callable[..., Journal]:
    """Return a function that posts entries, each given as its head and its lines."""
    return _post


@pytest.fixture(scope="session")
def accounts() -> dict[str, Account]:
    return ACCOUNTS


@pytest.fixture(scope="session")
def statements() -> dict[str, Statement]:
    return STATEMENTS


@pytest.fixture(scope="session")
def units() -> Units:
    return Units("USD", {"USD": 2, "JPY": 0}, {"BTC": 8})
