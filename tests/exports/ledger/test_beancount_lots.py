"""Lots in the ledger text, proved by bean-check and bean-query in child processes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from subledger import tables

Journal = Any
Prove = Callable[..., str]
Table = Callable[..., pa.Table]
COST, RESIDUE = "Assets:Securities-At-Cost:B1:AAPL", "Assets:Securities-At-Cost:B1:AAPL:Residue"


def money(account: str, amount: int, **further: Any) -> dict[str, Any]:
    return {
        "account": account,
        "amount": amount,
        "amount_base": amount,
        "currency": "USD",
    } | further


def lot(account: str, quantity: int, amount: int, **further: Any) -> dict[str, Any]:
    given = {"instrument": "AAPL", "lot_id": "T1", "quantity": quantity}
    return money(account, amount) | given | further


def posting(text: str, account: str) -> list[str]:
    rows = (line.split() for line in text.splitlines())
    return [" ".join(row[1:]) for row in rows if row and row[0] == account]


def test_three_units_for_ten_dollars_leave_a_residue_that_sums_to_zero(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    journal.post("2022-01-03", "T1", lot("1210", 3, 1000), money("1010", -1000))
    for trade, cost in (("T2", 333), ("T3", 334), ("T4", 333)):
        journal.post(
            "2022-01-04",
            trade,
            money("1010", 400),
            lot("1210", -1, -cost),
            money("4110", cost - 400),
        )
    text = prove(tmp_path, journal, journal.month("2022-01"))
    terms = '{3.33333333 USD, 2022-01-03, "T1"}'
    assert posting(text, COST) == [f"3 AAPL {terms}", *[f"-1 AAPL {terms}"] * 3]
    assert posting(text, RESIDUE) == [
        "0.00000001 USD",
        "0.00333333 USD",
        "-0.00666667 USD",
        "0.00333333 USD",
    ]


def test_a_lot_keeps_its_terms_in_the_files_of_later_months(
    journal: Journal, prove: Prove, tmp_path: Path, table: Table
) -> None:
    journal.post("2022-01-31", "T1", lot("1210", 3, 1000), money("1010", -1000))
    journal.post("2022-02-01", "T2", lot("1210", -2, -667), money("1010", 667))
    known = {"lot_id": "T1", "instrument": "AAPL", "side": "long", "opened": 3}
    dated = known | {"opened_on": date(2022, 1, 31), "cost_base": 1000}
    lots = table(tables.LOTS, [dated])
    text = prove(tmp_path, journal, journal.month("2022-01"), journal.month("2022-02", lots=lots))
    assert posting(text, COST)[1] == '-2 AAPL {3.33333333 USD, 2022-01-31, "T1"}'


def test_crossing_zero_is_two_entries_and_the_short_stands_under_the_liability(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    journal.post("2022-01-03", "T1", lot("1210", 10, 1000), money("1010", -1000))
    journal.post("2022-01-03", "T2", lot("1210", -10, -1000), money("1010", 1000))
    short = {"lot_id": "T2"}
    journal.post("2022-01-03", "T2", lot("2210", -5, -500, **short), money("1010", 500), leg=2)
    journal.post(
        "2022-01-05", "T3", lot("2210", 4, 400, **short), money("1010", -420), money("4110", 20)
    )
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert posting(text, "Liabilities:Securities-Sold-Short:B1:AAPL") == [
        '-5 AAPL {1.00 USD, 2022-01-03, "T2"}',
        '4 AAPL {1.00 USD, 2022-01-03, "T2"}',
    ]


def test_a_short_lot_on_an_asset_account_has_a_sub_account_of_its_own(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    journal.post("2022-01-03", "T1", lot("1210", 10, 1000), money("1010", -1000))
    journal.post("2022-01-03", "T2", lot("1210", -5, -500, lot_id="T2"), money("1010", 500))
    other = {"lot_id": "T3", "instrument": "BRK.B"}
    journal.post("2022-01-03", "T3", lot("1210", -5, -500, **other), money("1010", 500))
    text = prove(tmp_path, journal, journal.month("2022-01", balances=journal.balances()))
    assert posting(text, f"{COST}:Short") == ['-5 AAPL {1.00 USD, 2022-01-03, "T2"}']


def test_a_pool_wider_than_a_book_relieves_the_lot_where_it_stands(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    other = {"book": "b2", "strategy": "ARB", "broker_account": "IB-1"}
    journal.post("2022-01-03", "T1", lot("1210", 10, 1000), money("1010", -1000))
    journal.post(
        "2022-01-04",
        "T2",
        lot("1210", -4, -400),
        money("1190", 400, lot_id="T1"),
        money("2190", -400, **other),
        money("1010", 500, **other),
        money("4110", -100, **other),
    )
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert '2022-01-04 * "IB-1" "n" #ARB ^T2 ^T1\n' in text
    assert f'{COST:<58}               -4 AAPL {{1.00 USD, 2022-01-03, "T1"}}\n' in text
    assert (
        f'{"Assets:Due-From-Books":<58}             4.00 USD\n    lot: "T1"\n    book: "B1"\n'
        in text
    )


def test_a_reversed_entry_and_its_reversal_stand_in_base_alone(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    opening = journal.post("2022-01-03", "T1", lot("1210", 3, 1000), money("1010", -1000))
    relief = journal.post("2022-01-04", "T2", lot("1210", -1, -333), money("1010", 333))
    journal.reverse(relief)
    journal.reverse(opening)
    again = {"event_version": 2}
    journal.post("2022-01-03", "T1", lot("1210", 3, 1100), money("1010", -1100), **again)
    journal.post("2022-01-04", "T2", lot("1210", -1, -367), money("1010", 367))
    text = prove(tmp_path, journal, journal.month("2022-01"))
    terms = '{3.66666667 USD, 2022-01-03, "T1"}'
    assert posting(text, COST) == [f"3 AAPL {terms}", f"-1 AAPL {terms}"]
    assert "10.00 USD" in posting(text, RESIDUE)
    assert "    units: -1 AAPL\n" in text


def test_an_opening_rebooked_after_a_relief_of_its_day_stands_before_it(
    journal: Journal, prove: Prove, tmp_path: Path
) -> None:
    opening = journal.post("2022-01-03", "T1", lot("1210", 3, 900), money("1010", -900))
    journal.post("2022-01-03", "A9", lot("1210", -1, -300), money("1010", 300))
    journal.reverse(opening)
    journal.post("2022-01-03", "T1", lot("1210", 3, 900), money("1010", -900), event_version=2)
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert posting(text, COST)[0].startswith("3 AAPL")


def test_a_reversal_in_a_later_month_gives_the_lot_back(
    journal: Journal, prove: Prove, tmp_path: Path, table: Table
) -> None:
    journal.post("2022-01-03", "T1", lot("1210", 3, 1000), money("1010", -1000))
    relief = journal.post("2022-01-04", "T2", lot("1210", -1, -333), money("1010", 333))
    journal.reverse(relief, day="2022-02-01")
    journal.post("2022-02-01", "T2", lot("1210", -2, -667), money("1010", 667))
    known = {"lot_id": "T1", "instrument": "AAPL", "side": "long", "opened": 3}
    dated = known | {"opened_on": date(2022, 1, 3), "cost_base": 1000}
    lots = table(tables.LOTS, [dated])
    prove(tmp_path, journal, journal.month("2022-01"), journal.month("2022-02", lots=lots))


@pytest.mark.parametrize("cost", [0, -500])
def test_a_lot_without_cost_or_below_zero_is_written_at_zero(
    journal: Journal, prove: Prove, tmp_path: Path, cost: int
) -> None:
    journal.post("2022-01-03", "T1", lot("1210", 10, cost), money("3100", -cost))
    text = prove(tmp_path, journal, journal.month("2022-01"))
    assert posting(text, COST) == ['10 AAPL {0.00 USD, 2022-01-03, "T1"}']
    assert posting(text, RESIDUE) == (["-5.00 USD"] if cost else [])


def test_lots_taken_over_keep_the_date_on_which_they_were_opened(
    journal: Journal, prove: Prove, tmp_path: Path, table: Table
) -> None:
    given = {"lot_id": "OLD#2"}
    journal.post("2022-01-01", "opening:1", lot("1210", 7, 1000, **given), money("3900", -1000))
    journal.post("2022-01-03", "T1", lot("1210", -7, -1000, **given), money("1010", 1000))
    known = {"lot_id": "OLD#2", "instrument": "AAPL", "side": "long", "opened": 7}
    dated = known | {"opened_on": date(2019, 5, 6), "cost_base": 1000}
    month = journal.month("2022-01", lots=table(tables.LOTS, [dated]))
    text = prove(tmp_path, journal, month)
    assert posting(text, COST)[0] == '7 AAPL {1.42857143 USD, 2019-05-06, "OLD#2"}'
    assert "^T1 ^OLD/-2" in text
