from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger import tables
from subledger.columns import numbers
from subledger.errors import InvariantError
from subledger.journal.journal import Journal
from subledger.numbers import INT64_MAX, NumberOverflow
from subledger.statements.balances import balances_after, movements
from subledger.statements.report import Report, Units, report_csv
from subledger.statements.trial_balance import trial_balance

Post = Callable[..., Journal]
Build = Callable[..., pa.Table]
Accounts = Mapping[str, Any]
NO_BALANCES = tables.BALANCES.empty()

amounts = st.integers(-(10**12), 10**12)
P_AND_L = ("4110", "4210", "6110")
BALANCE = ("1020", "1210", "2110", "3010")


@st.composite
def entries(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw an entry that is zero in base, its lines within one book and strategy."""
    place = {"book": draw(st.sampled_from("AB")), "strategy": draw(st.sampled_from("XYZ"))}
    kind = draw(st.sampled_from(["normal", "mark", "manual"]))
    accounts = st.sampled_from(P_AND_L + BALANCE)
    lines = draw(st.lists(st.tuples(accounts, amounts), min_size=1, max_size=4))
    rows = [place | {"account": account, "amount_base": amount} for account, amount in lines]
    left = -sum(amount for _, amount in lines)
    return {"kind": kind}, [*rows, place | {"account": "1020", "amount_base": left}]


def reversal_of(entry: tuple[dict[str, Any], list[dict[str, Any]]]) -> tuple[Any, Any]:
    _, lines = entry
    return {"kind": "reversal"}, [row | {"amount_base": -row["amount_base"]} for row in lines]


def total(report: Report, name: str) -> int:
    return int(numbers(report.table, name).sum())


def balances(build: Build, *rows: tuple[str, int]) -> pa.Table:
    given = [
        {"account": account, "currency": "USD", "amount": amount, "amount_base": amount}
        for account, amount in rows
    ]
    return build(tables.BALANCES, given)


def test_a_trial_balance_shows_opening_debit_credit_and_closing_of_every_account(
    post: Post, table: Build, accounts: Accounts, units: Units
) -> None:
    opening = balances(table, ("1020", 100_000), ("3010", -100_000), ("2110", 0))
    posted = post(
        ({}, [{"account": "1210", "amount_base": 5_000},
              {"account": "2110", "amount_base": -5_000}]),
        ({}, [{"account": "2110", "amount_base": 5_000}, {"account": "1020", "amount_base": -5_010},
              {"account": "6110", "amount_base": 10}]),
    )  # fmt: skip
    report = trial_balance(opening, posted, accounts=accounts)
    assert report_csv(report, units).splitlines() == [
        "account,name,type,opening,debit,credit,closing",
        "1020,Cash at broker,asset,1000.00,0.00,50.10,949.90",
        '1210,"Equities, cost",asset,0.00,50.00,0.00,50.00',
        "2110,Unsettled purchases,liability,0.00,50.00,50.00,0.00",
        "3010,Contributed capital,equity,-1000.00,0.00,0.00,-1000.00",
        "6110,Commissions,expense,0.00,0.10,0.00,0.10",
    ]
    assert report.sums(units) == {
        "opening": "0.00", "debit": "100.10", "credit": "100.10", "closing": "0.00",
    }  # fmt: skip


def test_a_currency_column_gives_the_four_amounts_in_that_currency_and_the_closing_in_base(
    post: Post, accounts: Accounts, units: Units
) -> None:
    posted = post(
        ({}, [{"account": "1020", "currency": "JPY", "amount": 15_000, "amount_base": 10_000},
              {"account": "3010", "currency": "JPY", "amount": -15_000, "amount_base": -10_000}]),
        ({}, [{"account": "1020", "amount_base": 700}, {"account": "3010", "amount_base": -700}]),
    )  # fmt: skip
    report = trial_balance(NO_BALANCES, posted, accounts=accounts, by=["currency"])
    assert report_csv(report, units).splitlines() == [
        "account,name,type,currency,opening,debit,credit,closing,closing_base",
        "1020,Cash at broker,asset,JPY,0,15000,0,15000,100.00",
        "1020,Cash at broker,asset,USD,0.00,7.00,0.00,7.00,7.00",
        "3010,Contributed capital,equity,JPY,0,0,15000,-15000,-100.00",
        "3010,Contributed capital,equity,USD,0.00,0.00,7.00,-7.00,-7.00",
    ]
    assert report.sums(units) == {"closing_base": "0.00"}


def test_the_year_end_clearing_is_shown_only_where_asked_for(
    post: Post, accounts: Accounts
) -> None:
    posted = post(
        ({}, [{"account": "1020", "amount_base": 9}, {"account": "4110", "amount_base": -9}]),
        ({"kind": "closing"},
         [{"account": "4110", "amount_base": 9}, {"account": "3030", "amount_base": -9}]),
    )  # fmt: skip
    before = trial_balance(NO_BALANCES, posted, accounts=accounts)
    after = trial_balance(NO_BALANCES, posted, accounts=accounts, closing=True)
    shown = ["account", "debit", "credit", "closing"]
    assert before.table.select(shown).to_pylist() == [
        {"account": "1020", "debit": 9, "credit": 0, "closing": 9},
        {"account": "4110", "debit": 0, "credit": 9, "closing": -9},
    ]
    assert after.table.select(shown).to_pylist() == [
        {"account": "1020", "debit": 9, "credit": 0, "closing": 9},
        {"account": "3030", "debit": 0, "credit": 9, "closing": -9},
        {"account": "4110", "debit": 9, "credit": 9, "closing": 0},
    ]


def test_an_account_outside_the_chart_is_a_bug(post: Post, accounts: Accounts) -> None:
    posted = post(({}, [{"account": "9999", "amount_base": 1}]))
    with pytest.raises(InvariantError, match="9999"):
        trial_balance(NO_BALANCES, posted, accounts=accounts)


def test_nothing_posted_is_an_empty_trial_balance(post: Post, accounts: Accounts) -> None:
    for by in ([], ["currency"], ["book", "strategy"]):
        report = trial_balance(NO_BALANCES, post(), accounts=accounts, by=by)
        assert report.table.num_rows == 0


@given(journal=st.lists(entries(), max_size=6))
def test_a_trial_balance_sums_to_zero_and_so_does_each_book_and_strategy(
    journal: list[Any], post: Post, accounts: Accounts
) -> None:
    posted = post(*journal)
    report = trial_balance(NO_BALANCES, posted, accounts=accounts)
    assert total(report, "closing") == 0
    assert total(report, "debit") == total(report, "credit")
    for place in ("book", "strategy"):
        split = trial_balance(NO_BALANCES, posted, accounts=accounts, by=[place])
        by_place = split.table.group_by(place).aggregate([("closing", "sum"), ("debit", "sum")])
        assert set(by_place["closing_sum"].to_pylist()) <= {0}
        assert sum(by_place["debit_sum"].to_pylist()) == total(report, "debit")


@given(journal=st.lists(entries(), max_size=5), chosen=st.data())
def test_an_entry_and_its_reversal_leave_the_trial_balance_as_it_was(
    journal: list[Any], chosen: st.DataObject, post: Post, accounts: Accounts
) -> None:
    undone = chosen.draw(entries())
    for by in ([], ["currency"], ["book"]):
        with_both = post(*journal, undone, reversal_of(undone))
        expected = trial_balance(NO_BALANCES, post(*journal), accounts=accounts, by=by)
        report = trial_balance(NO_BALANCES, with_both, accounts=accounts, by=by)
        assert report.table.to_pylist() == expected.table.to_pylist()


@given(first=st.lists(entries(), max_size=4), second=st.lists(entries(), max_size=4))
def test_balances_carried_over_a_cut_are_those_of_the_whole(
    first: list[Any], second: list[Any], post: Post, table: Build
) -> None:
    opening = balances(table, ("1020", 77), ("3010", -77))
    whole = balances_after(opening, post(*first, *second).lines)
    cut = balances_after(balances_after(opening, post(*first).lines), post(*second).lines)
    assert cut == whole
    assert whole.schema == tables.BALANCES.schema


@given(journal=st.lists(entries(), max_size=5))
def test_opening_and_movement_add_up_to_closing(
    journal: list[Any], post: Post, table: Build, accounts: Accounts
) -> None:
    opening = balances(table, ("1020", 77), ("3010", -77))
    posted = post(*journal)
    report = trial_balance(opening, posted, accounts=accounts)
    moved = numbers(report.table, "debit") - numbers(report.table, "credit")
    difference = numbers(report.table, "closing") - numbers(report.table, "opening")
    assert moved.tolist() == difference.tolist()
    closing = balances_after(opening, posted.lines).group_by("account")
    summed = closing.aggregate([("amount_base", "sum")]).to_pylist()
    expected = sorted(summed, key=lambda row: row["account"])
    assert [row for row in report.table.select(["account", "closing"]).to_pylist()
            if row["closing"]] == [
        {"account": row["account"], "closing": row["amount_base_sum"]}
        for row in expected if row["amount_base_sum"]
    ]  # fmt: skip


def test_balances_keep_units_per_instrument_and_drop_what_came_back_to_zero(
    post: Post, table: Build
) -> None:
    lot = {"account": "1210", "instrument": "IBM", "book": "A"}
    bought = post(({}, [lot | {"amount_base": 500, "quantity": 10},
                        {"account": "1020", "amount_base": -500}]))  # fmt: skip
    sold = post(({}, [lot | {"amount_base": -500, "quantity": -10},
                      {"account": "1020", "amount_base": 450},
                      {"account": "4110", "amount_base": 50}]))  # fmt: skip
    held = balances_after(NO_BALANCES, bought.lines)
    assert held.select(["account", "amount", "amount_base", "quantity"]).to_pylist() == [
        {"account": "1020", "amount": -500, "amount_base": -500, "quantity": 0},
        {"account": "1210", "amount": 500, "amount_base": 500, "quantity": 10},
    ]
    after = balances_after(held, sold.lines)
    assert after["account"].to_pylist() == ["1020", "4110"]
    assert movements(sold)["amount"].to_pylist() == [450, -500, 50]


def test_a_balance_beyond_64_bits_is_refused_and_never_wraps(post: Post, table: Build) -> None:
    opening = balances(table, ("1020", INT64_MAX))
    with pytest.raises(NumberOverflow):
        balances_after(opening, post(({}, [{"account": "1020", "amount_base": 1}])).lines)
