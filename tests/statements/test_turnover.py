"""Turnover: a journal summed once, from which trial balance, P&L and daily totals are drawn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.journal.journal import Journal
from subledger.statements import turnover as module
from subledger.statements.turnover import DAILY, daily_totals, net, turnover, without_clearing

Post = Callable[..., Journal]
lines = st.fixed_dictionaries(
    {
        "account": st.sampled_from(["1020", "1210", "4110"]),
        "currency": st.sampled_from(["USD", "JPY"]),
        "book": st.sampled_from(["", "A", "B"]),
        "amount": st.integers(-5, 5),
        "amount_base": st.integers(-5, 5),
    }
)
heads = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["normal", "reversal", "closing"]),
        "accounting_date": st.dates(date(2022, 9, 1), date(2022, 9, 3)),
    }
)
journals = st.lists(st.tuples(heads, st.lists(lines, max_size=4)), max_size=5)


def summed(given: list[Any], by: tuple[str, ...]) -> dict[tuple[Any, ...], list[int]]:
    """Add up lines one by one."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for head, rows in given:
        for row in rows:
            both = head | row
            key = (*(both[name] for name in by), head["kind"] == "closing")
            sums = found.setdefault(key, [0, 0, 0, 0, 0])
            for place, name in ((0, "amount"), (2, "amount_base")):
                on_debit = (row[name] > 0) != (head["kind"] == "reversal" and row[name] != 0)
                sums[place + (0 if on_debit else 1)] += row[name] if on_debit else -row[name]
            sums[4] += 1
    return found


@pytest.mark.parametrize("by", [("account",), ("account", "currency", "book"), DAILY])
@given(given=journals)
def test_it_is_the_sum_of_the_lines_one_by_one(
    given: list[Any], by: tuple[str, ...], post: Post
) -> None:
    rows = turnover(post(*given), by).to_pylist()
    size = len(by) + 1
    found = {tuple(row.values())[:size]: list(row.values())[size:] for row in rows}
    assert found == summed(given, by)
    assert list(found) == sorted(found)


@given(given=journals)
def test_pieces_and_chosen_accounts_give_the_same_sums(given: list[Any], post: Post) -> None:
    journal, by = post(*given), ("account", "book")
    whole = turnover(journal, by).to_pylist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PIECE", 2)
        assert turnover(journal, by).to_pylist() == whole
    chosen = turnover(journal, by, accounts=["4110"]).to_pylist()
    assert chosen == [row for row in whole if row["account"] == "4110"]


@given(given=journals)
def test_daily_totals_hold_every_line_and_clearing_can_be_left_out(
    given: list[Any], post: Post
) -> None:
    sums = turnover(post(*given), DAILY)
    every = [row for _, rows in given for row in rows]
    daily = daily_totals(sums).table
    assert sum(daily["lines"].to_pylist()) == len(every)
    assert sum(daily["amount"].to_pylist()) == sum(row["amount"] for row in every)
    open_rows = [row for head, rows in given if head["kind"] != "closing" for row in rows]
    assert net(without_clearing(sums)).sum() == sum(row["amount_base"] for row in open_rows)
