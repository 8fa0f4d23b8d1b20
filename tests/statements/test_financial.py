from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger import tables
from subledger.chart.accounts import Account
from subledger.chart.layouts import BALANCE_SHEET, Statement
from subledger.columns import numbers
from subledger.errors import InvariantError
from subledger.journal.journal import Journal
from subledger.statements.balances import balances_after, movements
from subledger.statements.financial import balance_sheet, income_statement, line_balances, offset
from subledger.statements.pnl import buckets_of, pnl
from subledger.statements.report import Report, Units, report_csv, report_json
from subledger.statements.trial_balance import trial_balance

Post = Callable[..., Journal]
Build = Callable[..., pa.Table]
Accounts = Mapping[str, Account]
Statements = Mapping[str, Statement]
NO_BALANCES = tables.BALANCES.empty()


def amounts(report: Report) -> dict[str, int]:
    return {row["line"]: row["amount"] for row in report.table.to_pylist()}


def lines(*amounts: tuple[str, int], **place: str) -> list[dict[str, Any]]:
    return [place | {"account": account, "amount_base": amount} for account, amount in amounts]


def month(post: Post) -> Journal:
    """Return 1000.00 paid in, 400.00 of shares bought, half of them sold with a gain of 20.00."""
    return post(
        ({}, lines(("1020", 100_000), ("3010", -100_000))),
        ({}, lines(("1210", 40_000), ("1020", -40_010), ("6110", 10))),
        ({}, lines(("1020", 22_000), ("1210", -20_000), ("4110", -2_000))),
        ({"kind": "mark"}, lines(("1211", -300), ("4210", 300))),
    )


def test_a_balance_sheet_shows_each_line_in_its_natural_sign(
    post: Post, accounts: Accounts, statements: Statements, units: Units
) -> None:
    closing = balances_after(NO_BALANCES, month(post).lines)
    report = balance_sheet(statements, accounts, closing=closing, prior=None)
    assert report_csv(report, units).splitlines() == [
        "line,label,level,amount,prior",
        "assets,Assets,0,,",
        "cash,Cash,1,819.90,",
        "owned,Securities owned,1,197.00,",
        "total_assets,Total assets,0,1016.90,",
        "capital,Capital,1,1000.00,",
        "earnings,Earnings,1,16.90,",
        "equity,Total equity,1,1016.90,",
        "total_claims,Total liabilities and equity,0,1016.90,",
    ]


def test_an_income_statement_shows_gains_and_costs_positive_with_the_prior_period_beside(
    post: Post, accounts: Accounts, statements: Statements, units: Units
) -> None:
    before = post(
        ({}, [{"account": "6900", "amount_base": 500}, {"account": "1020", "amount_base": -500}])
    )
    report = income_statement(
        statements, accounts, moved=movements(month(post)), prior=movements(before)
    )  # fmt: skip
    assert report_csv(report, units).splitlines() == [
        "line,label,level,amount,prior",
        "realised,Net realised gain,1,20.00,0.00",
        "unrealised,Net change in unrealised,1,-3.00,0.00",
        "commissions,Commissions,1,0.10,0.00",
        "sundry,Other expenses,1,0.00,5.00",
        "net_income,Net income,0,16.90,-5.00",
    ]
    assert report_json(report, units)["rows"][0] == {  # type: ignore[index]
        "line": "realised", "label": "Net realised gain", "level": 1,
        "amount": "20.00", "prior": "0.00",
    }  # fmt: skip


def test_long_and_short_of_one_instrument_at_one_broker_are_netted_where_asked_for(
    table: Build, accounts: Accounts, statements: Statements
) -> None:
    def position(account: str, instrument: str, broker: str, amount: int) -> dict[str, Any]:
        place = {"instrument": instrument, "broker_account": broker, "currency": "USD"}
        return place | {"account": account, "amount": amount, "amount_base": amount}

    closing = table(
        tables.BALANCES,
        [
            position("1210", "IBM", "PB1", 900),
            position("1211", "IBM", "PB1", 100),
            position("2210", "IBM", "PB1", -400),
            position("2210", "IBM", "PB2", -70),
            position("1210", "KO", "PB1", 30),
            position("2210", "KO", "PB1", -50),
            position("3010", "", "", -510),
        ],
    )
    pairs = statements[BALANCE_SHEET].net
    gross_only = {name: replace(statement, net=()) for name, statement in statements.items()}
    gross = amounts(balance_sheet(gross_only, accounts, closing=closing, prior=None))
    net = amounts(balance_sheet(statements, accounts, closing=closing, prior=None))
    shown = ("owned", "total_assets", "sold_short", "capital", "total_claims")
    assert pairs == (("owned", "sold_short"),)
    assert [gross[line] for line in shown] == [1030, 1030, 520, 510, 1030]
    assert [net[line] for line in shown] == [600, 600, 90, 510, 600]
    assert offset(closing, accounts, asset="owned", liability="sold_short") == 430


def test_a_balance_on_an_account_outside_the_chart_is_a_bug(
    table: Build, accounts: Accounts
) -> None:
    balances = table(tables.BALANCES, [{"account": "9999", "amount_base": 1}])
    with pytest.raises(InvariantError, match="9999"):
        line_balances(balances, accounts)


def test_pnl_stands_in_buckets_by_strategy_with_gains_positive(
    post: Post, accounts: Accounts, units: Units
) -> None:
    one = {"strategy": "MOM", "book": "A", "broker_account": "PB1", "instrument": "IBM"}
    two = {"strategy": "ARB", "book": "B", "broker_account": "PB1", "instrument": "KO"}
    posted = post(
        ({}, lines(("4110", -2_000), ("6110", 15), ("1020", 1_985), **one)),
        ({}, lines(("4210", 300), ("1211", -300), **two)),
        ({}, lines(("6900", 7), ("1020", -7), **two)),
        ({"kind": "closing"}, lines(("4110", 2_000), ("3030", -2_000), **one)),
    )
    report = pnl(posted, buckets=buckets_of(accounts))
    heads, *rows = report_csv(report, units).splitlines()
    assert heads == (
        "strategy,book,broker_account,instrument,currency,realised_price,realised_fx,"
        "unrealised_price,unrealised_fx,income,carry,fees,other,total"
    )
    assert rows == [
        "ARB,B,PB1,KO,USD,0.00,0.00,-3.00,0.00,0.00,0.00,0.00,-0.07,-3.07",
        "MOM,A,PB1,IBM,USD,20.00,0.00,0.00,0.00,0.00,0.00,-0.15,0.00,19.85",
    ]
    by_strategy = pnl(posted, buckets=buckets_of(accounts), by=["strategy"])
    assert by_strategy.table.select(["strategy", "total"]).to_pylist() == [
        {"strategy": "ARB", "total": -307},
        {"strategy": "MOM", "total": 1985},
    ]
    assert by_strategy.table.column_names[:2] == ["strategy", "realised_price"]


def test_pnl_of_nothing_is_an_empty_table(post: Post, accounts: Accounts) -> None:
    report = pnl(post(), buckets=buckets_of(accounts))
    assert (report.table.num_rows, report.table.num_columns) == (0, 14)


@st.composite
def entries(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw an entry of any accounts that is zero in base."""
    posted_to = ["1020", "1210", "2110", "2210", "3010", "4110", "4210", "6110", "6900"]
    amount = st.tuples(st.sampled_from(posted_to), st.integers(-(10**9), 10**9))
    drawn = draw(st.lists(amount, max_size=4))
    strategy, instrument = draw(st.sampled_from("XY")), draw(st.sampled_from("IK"))
    left = -sum(amount for _, amount in drawn)
    return {}, lines(*drawn, ("1020", left), strategy=strategy, instrument=instrument)


@given(journal=st.lists(entries(), max_size=6))
def test_statement_totals_are_those_of_the_trial_balance(
    journal: list[Any], post: Post, accounts: Accounts, statements: Statements
) -> None:
    posted = post(*journal)
    closing = balances_after(NO_BALANCES, posted.lines)
    trial = trial_balance(NO_BALANCES, posted, accounts=accounts).table
    by_type = dict.fromkeys(["asset", "liability", "equity", "income", "expense"], 0)
    for row in trial.to_pylist():
        by_type[row["type"]] += row["closing"]
    sheet = amounts(balance_sheet(statements, accounts, closing=closing, prior=None))
    shared = offset(closing, accounts, asset="owned", liability="sold_short")
    assert sheet["total_assets"] == sheet["total_claims"] == by_type["asset"] - shared
    assert sheet["equity"] == -(by_type["equity"] + by_type["income"] + by_type["expense"])
    income = amounts(income_statement(statements, accounts, moved=movements(posted), prior=None))
    assert income["net_income"] == -(by_type["income"] + by_type["expense"])


@given(journal=st.lists(entries(), max_size=6))
def test_the_pnl_total_is_the_sum_of_its_buckets_and_of_the_pnl_accounts_turned(
    journal: list[Any], post: Post, accounts: Accounts
) -> None:
    posted = post(*journal)
    buckets = buckets_of(accounts)
    trial = trial_balance(NO_BALANCES, posted, accounts=accounts).table.to_pylist()
    expected = -sum(row["closing"] for row in trial if row["type"] in {"income", "expense"})
    for by in ([], ["strategy"], ["instrument", "strategy"]):
        report = pnl(posted, buckets=buckets, by=by)
        assert sum(numbers(report.table, "total").tolist()) == expected
        for row in report.table.to_pylist():
            amounts = [row[name] for name in report.totals if name != "total"]
            assert sum(amounts) == row["total"]
