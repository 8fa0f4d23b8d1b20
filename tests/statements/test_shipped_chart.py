from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subledger import tables
from subledger.chart import load_chart
from subledger.chart.accounts import PNL_BUCKETS
from subledger.chart.chart import Chart
from subledger.journal.journal import Journal
from subledger.statements.balances import balances_after, movements
from subledger.statements.financial import balance_sheet, income_statement, offset
from subledger.statements.pnl import buckets_of, pnl
from subledger.statements.report import Report

Post = Callable[..., Journal]
TEMPLATES = Path(__file__).parents[2] / "chart_of_accounts"
amounts = st.tuples(st.integers(0, 10**6), st.integers(-(10**9), 10**9))


@pytest.fixture(scope="session", params=["prop-us", "prop-ifrs"])
def chart(request: pytest.FixtureRequest) -> Chart:
    files = (TEMPLATES / request.param).glob("*.toml")
    return load_chart({file.name: file.read_bytes() for file in files})


def shown(report: Report) -> dict[str, int]:
    return {row["line"]: row["amount"] for row in report.table.to_pylist()}


@settings(max_examples=30)
@given(drawn=st.lists(amounts, max_size=20))
def test_the_shipped_statements_hold_every_account_and_balance(
    drawn: list[tuple[int, int]], chart: Chart, post: Post
) -> None:
    numbers = sorted(number for number, account in chart.accounts.items() if account.postable)
    lines: list[dict[str, Any]] = [
        {"account": numbers[n % len(numbers)], "amount_base": amount} for n, amount in drawn
    ]
    lines.append({"account": numbers[0], "amount_base": -sum(amount for _, amount in drawn)})
    posted = post(({}, lines))
    closing = balances_after(tables.BALANCES.empty(), posted.lines)
    sheet = shown(balance_sheet(chart.statements, chart.accounts, closing=closing, prior=None))
    assert sheet["total-assets"] == sheet["total-liabilities-and-equity"]
    asset, liability = chart.statements["balance-sheet"].net[0]
    shared = offset(closing, chart.accounts, asset=asset, liability=liability)
    owned = sum(
        line["amount_base"]
        for line in lines
        if chart.accounts[line["account"]].statement_line == asset
    )
    assert sheet[asset] == owned - shared
    income = shown(
        income_statement(chart.statements, chart.accounts, moved=movements(posted), prior=None)
    )
    gains = pnl(posted, buckets=buckets_of(chart.accounts)).table["total"].to_pylist()
    assert income["net-income"] == sheet["current-year"] == sum(gains)


def test_every_income_and_expense_account_has_a_bucket_of_the_report(chart: Chart) -> None:
    assert set(buckets_of(chart.accounts).values()) <= set(PNL_BUCKETS)
