"""The FX report and the rates: balances at the closing rate, what differs from it, and gains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
from tests.closing.test_checks import october
from tests.laws.facts import CHART, GAAP, TAX, day

from subledger import tables
from subledger.closing.checks import Closed
from subledger.columns import numbers, texts
from subledger.conversion import Conversions
from subledger.statements.currencies import Held, fx, rates, sections_of
from subledger.statements.report import Report, Units, report_csv

Build = Callable[..., pa.Table]
LAST = day(37)


def report_of(closed: Closed) -> Report:
    held = Held(closed.opening, closed.closing, closed.money, closed.unsettled, closed.entitlements)
    known = Conversions(closed.conversions, "USD")
    sections = sections_of(CHART)
    return fx(held, known, sections=sections, accounts=CHART.accounts, on=LAST)


def test_where_the_basis_revalues_every_balance_stands_at_the_closing_rate() -> None:
    rows = report_of(october(GAAP)).table.to_pylist()
    monetary = [row for row in rows if row["section"] == "monetary"]
    accounts = {(row["account"], row["currency"]) for row in monetary}
    assert accounts == {
        ("1020", "EUR"), ("1020", "GBP"), ("1110", "EUR"), ("1410", "EUR"), ("1430", "EUR"),
        ("2140", "EUR"), ("2410", "EUR"), ("2450", "GBP"),
    }  # fmt: skip
    assert {row["difference_base"] for row in monetary} == {0}
    assert all(row["value_base"] == row["closing_base"] for row in monetary)
    assert sum(row["closing_base"] for row in rows if row["section"] == "fx_trading") == 0


def test_where_it_does_not_the_difference_is_the_gain_that_is_not_booked() -> None:
    """Under US-TAX cash keeps what it cost; the euro has risen, so the ledger is below value."""
    rows = {
        (row["account"], row["currency"]): row for row in report_of(october(TAX)).table.to_pylist()
    }
    cash = rows["1020", "EUR"]
    assert cash["difference_base"] == cash["closing_base"] - cash["value_base"] < 0
    assert rows["4410", "EUR"]["section"] == "gains"
    assert rows["4410", "EUR"]["value_base"] is None


def test_opening_and_movement_are_the_closing_balances_of_the_ledger() -> None:
    closed = october(GAAP)
    for row in report_of(closed).table.to_pylist():
        held = (texts(closed.closing, "account") == row["account"]) & (
            texts(closed.closing, "currency") == row["currency"]
        )
        for suffix, of in (("", "amount"), ("_base", "amount_base")):
            closing = int(numbers(closed.closing, of)[held].sum())
            assert row[f"opening{suffix}"] + row[f"movement{suffix}"] == closing
            assert row[f"closing{suffix}"] == closing


def test_the_sections_of_accounts_follow_from_the_chart() -> None:
    sections = sections_of(CHART)
    gains = {number for number, section in sections.items() if section == "gains"}
    assert gains == {"4120", "4220", "4410", "4420"}
    assert (sections["1020"], sections["2450"], sections["3900"]) == (
        "monetary",
        "monetary",
        "fx_trading",
    )
    assert "1210" not in sections


def test_rates_show_how_each_was_found(table: Build, units: Units) -> None:
    row: dict[str, Any] = {"rate": "1.0129663", "source": "ECB", "numerator": "1"}
    given = [
        row | {"date": date(2022, 9, 30), "currency": "JPY", "path": "1/(USD/JPY 2022-09-23)",
               "rate_date": date(2022, 9, 23), "stale": True, "rate": "0.0069"},
        row | {"date": date(2022, 9, 30), "currency": "CHF", "rate_date": date(2022, 9, 30),
               "path": "1/(EUR/CHF 2022-09-30) * EUR/USD 2022-09-30"},
    ]  # fmt: skip
    assert report_csv(rates(table(tables.CONVERSIONS, given)), units).splitlines() == [
        "date,currency,rate,path,rate_date,source,stale",
        "2022-09-30,CHF,1.0129663,1/(EUR/CHF 2022-09-30) * EUR/USD 2022-09-30,2022-09-30,ECB,false",
        "2022-09-30,JPY,0.0069,1/(USD/JPY 2022-09-23),2022-09-23,ECB,true",
    ]


def test_books_in_one_currency_have_neither() -> None:
    none = tables.BALANCES.empty()
    held = Held(
        none, none, *(t.empty() for t in (tables.MONEY, tables.UNSETTLED, tables.ENTITLEMENTS))
    )
    known = Conversions(tables.CONVERSIONS.empty(), "USD")
    report = fx(held, known, sections=sections_of(CHART), accounts=CHART.accounts, on=LAST)
    assert report.table.num_rows == rates(known.table).table.num_rows == 0
