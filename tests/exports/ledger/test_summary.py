"""A month in daily sums: beancount finds every balance of the trial balance in it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exports.ledger.conftest import CONTEXT, UNITS, Journal, filled, texts_of
from tests.exports.ledger.random_books import MONTHS, Booked, RandomFirm
from tests.exports.ledger.test_beancount_books import BASES, CENTS, posted
from tests.laws.facts import GAAP, TAX

from subledger.booking.policy import BasisPolicy
from subledger.exports.bean_check import ledger_balances, run_bean_check
from subledger.exports.beancount import month_files
from subledger.exports.beancount_compare import Compared, compare_with_trial_balance
from subledger.exports.beancount_input import LedgerMonth
from subledger.exports.beancount_summary import is_summary
from subledger.exports.beancount_uses import merge_uses
from subledger.lots.engine import METHODS
from subledger.periods import parse_period
from subledger.tables import LOTS

Write = Callable[..., dict[str, str]]
SHAPES = ((True, False), (False, True), (True, True))


def told(months: Sequence[LedgerMonth], shape: Sequence[bool]) -> list[LedgerMonth]:
    """Return the months, some of them in sums, and each with the last day told so before it."""
    through, found = None, []
    for month, summary in zip(months, shape, strict=True):
        found.append(replace(month, summary=summary, summarised=through))
        through = parse_period(month.period).end if summary else through
    return found


def prove(folder: Path, booked: Booked, write: Write, *, shape: Sequence[bool]) -> Compared:
    parts, uses = [], merge_uses([])
    for month in told(booked.months, shape):
        parts.append(month_files(booked.context, month, before=uses))
        uses = merge_uses([uses, parts[-1].uses])
    write(folder, parts, booked.context)
    assert run_bean_check(folder) == []
    units = booked.context.units
    compared, findings = compare_with_trial_balance(
        ledger_balances(folder, base=units.base), booked.balances, units=units
    )
    assert findings == []
    return compared


@pytest.mark.parametrize(
    ("method", "shape"),
    [
        *((method, SHAPES[0]) for method in METHODS),
        *((method, shape) for method in ("FIFO", "AVERAGE") for shape in SHAPES[1:]),
    ],
)
def test_months_in_sums_and_in_full_lead_to_the_same_trial_balance(
    method: str, shape: tuple[bool, bool], tmp_path: Path, write: Write
) -> None:
    booked = posted(RandomFirm(replace(GAAP, lot_method=method), CENTS, seed=7))
    compared = prove(tmp_path, booked, write, shape=shape)
    assert compared.base > 10
    assert compared.units > 2
    assert set(compared.local) == set(CENTS)


@settings(max_examples=4, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    base=st.sampled_from(BASES),
    policy=st.sampled_from((GAAP, TAX)),
    method=st.sampled_from(METHODS),
    shape=st.sampled_from(SHAPES),
)
def test_sums_agree_under_any_policy_and_in_any_base(
    seed: int,
    base: tuple[str, dict[str, int]],
    policy: BasisPolicy,
    method: str,
    shape: tuple[bool, bool],
    write: Write,
) -> None:
    currency, decimals = base
    basis = replace(policy, base_currency=currency, lot_method=method)
    with tempfile.TemporaryDirectory() as folder:
        booked = posted(RandomFirm(basis, decimals, seed))
        assert prove(Path(folder), booked, write, shape=shape).total


def lot(account: str, quantity: int, **further: Any) -> dict[str, Any]:
    amount = 100 * quantity
    known = {"account": account, "currency": "USD", "amount": amount, "amount_base": amount}
    return known | {"quantity": quantity, "instrument": "AAPL"} | further


def cash(amount: int) -> dict[str, Any]:
    return {"account": "1010", "currency": "USD", "amount": amount, "amount_base": amount}


@pytest.mark.parametrize(("account", "sign"), [("1210", 1), ("2210", -1), ("1210", -1)])
@pytest.mark.parametrize("book", ["B1", ""])
def test_lots_told_in_sums_stand_apart_from_those_that_are_opened_later(
    account: str, sign: int, book: str, journal: Journal, tmp_path: Path, write: Write
) -> None:
    old, new = {"lot_id": "T1", "book": book}, {"lot_id": "T3", "book": book}
    journal.post("2022-01-03", "T1", lot(account, 10 * sign, **old), cash(-1000 * sign))
    journal.post("2022-02-01", "T2", lot(account, -4 * sign, **old), cash(400 * sign))
    journal.post("2022-02-02", "T3", lot(account, 7 * sign, **new), cash(-700 * sign))
    journal.post("2022-02-03", "T4", lot(account, -2 * sign, **new), cash(200 * sign))
    journal.post("2022-02-04", "T5", lot(account, -6 * sign, **old), cash(600 * sign))
    known = {"lot_id": "T1", "instrument": "AAPL", "side": "long" if sign > 0 else "short"}
    dated = known | {"opened_on": date(2022, 1, 3), "opened": 10, "cost_base": 1000}
    months = [journal.month("2022-01"), journal.month("2022-02", lots=filled(LOTS, [dated]))]
    parts = [month_files(CONTEXT, month) for month in told(months, (True, False))]
    text = write(tmp_path, parts)["2022-02.beancount"]
    assert run_bean_check(tmp_path) == []
    summed = [line.split(" AAPL ") for line in text.split("\n") if ":X-----:AAPL:Summed " in line]
    assert [(int(line[0].split()[1]), line[1]) for line in summed] == [
        (-4 * sign, "@ 1.00 USD"),
        (-6 * sign, "@ 1.00 USD"),
    ]
    compared, findings = compare_with_trial_balance(
        ledger_balances(tmp_path, base="USD"), journal.balances(), units=UNITS
    )
    assert findings == []
    assert compared.units == 1


def test_a_summary_says_so_and_names_no_lot() -> None:
    booked = posted(RandomFirm(GAAP, CENTS, seed=7))
    month, _ = told(booked.months, (True, False))
    text = texts_of(month_files(booked.context, month))[f"{MONTHS[0]}.beancount"]
    count = month.entries.num_rows
    assert text.split("\n")[2].startswith(f";; A daily summary: {count} entries in ")
    assert "{" not in text
    assert text.count('kind: "summary"') < count


@pytest.mark.parametrize(
    ("detail", "entries", "summary"),
    [
        ("auto", 100_000, False),
        ("auto", 100_001, True),
        ("full", 10**7, False),
        ("summary", 1, True),
    ],
)
def test_the_setting_or_the_number_of_entries_decides(
    detail: str, entries: int, *, summary: bool
) -> None:
    assert is_summary(detail, entries) is summary
