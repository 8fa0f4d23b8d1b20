"""Random books under every lot method and in four currencies, proved by beancount.

The journal is posted in three steps, so that entries are reversed and booked anew. Units, base and
the local balance of each account equal the trial balance; the tolerance is zero. One example per
method and basis is fixed; hypothesis draws further ones, few because each starts two processes.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exports.ledger.random_books import Booked, RandomFirm
from tests.laws.facts import GAAP, TAX

from subledger.booking.policy import BasisPolicy, Override
from subledger.exports.bean_check import ledger_balances, run_bean_check
from subledger.exports.beancount import month_files
from subledger.exports.beancount_compare import Compared, compare_with_trial_balance
from subledger.exports.beancount_uses import merge_uses
from subledger.lots.engine import METHODS

CENTS = {"USD": 2, "EUR": 2, "JPY": 0, "CHF": 2}
BASES = (
    ("USD", CENTS),
    ("USD", CENTS | {"USD": 8}),
    ("USD", CENTS | {"USD": 0}),
    ("CHF", CENTS | {"USD": 6}),
    ("JPY", CENTS),
)
POOLS = (GAAP.pool_by, TAX.pool_by, ("instrument",))
TRADES = 24
Write = Callable[..., dict[str, str]]


def posted(firm: RandomFirm) -> Booked:
    """Post half of the trades, all, then all with some of them amended or only told again."""
    first, other = firm.trades(TRADES), firm.trades(TRADES)
    second = [
        new | {"version": 2} if row["row"] % 5 == 0 else row | {"version": 1 + row["row"] % 2}
        for row, new in zip(first, other, strict=True)
    ]
    if firm.policy.lot_method == "SPECIFIC":
        first, second = firm.naming_lots(first), firm.naming_lots(second)
    random.Random(firm.seed).shuffle(second)  # noqa: S311 - trades, not secrets
    return firm.posted(first[: TRADES // 2], first, second)


def prove(folder: Path, booked: Booked, write: Write) -> Compared:
    """Let beancount read the ledger, and compare it with the trial balance."""
    parts, uses = [], merge_uses([])
    for month in booked.months:
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


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("policy", [GAAP, TAX], ids=["fair_value", "cost"])
def test_beancount_accepts_the_lots_of_every_method(
    policy: BasisPolicy, method: str, tmp_path: Path, write: Write
) -> None:
    basis = replace(policy, lot_method=method)
    compared = prove(tmp_path, posted(RandomFirm(basis, CENTS, seed=7)), write)
    assert compared.base > 10
    assert set(compared.local) == set(CENTS)
    assert compared.units > 2


@pytest.mark.parametrize("changed_to", ["AVERAGE", "FIFO"])
def test_lots_are_joined_and_taken_in_one_entry_where_the_method_changes(
    changed_to: str, tmp_path: Path, write: Write
) -> None:
    change = Override({}, {"lot_method": changed_to}, start=date(2022, 9, 27))
    before = "FIFO" if changed_to == "AVERAGE" else "AVERAGE"
    basis = replace(GAAP, lot_method=before, pool_by=("instrument",), overrides=(change,))
    prove(tmp_path, posted(RandomFirm(basis, CENTS, seed=4)), write)


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    base=st.sampled_from(BASES),
    policy=st.fixed_dictionaries(
        {
            "valuation": st.sampled_from(("fair_value", "cost")),
            "fees": st.sampled_from(("expense", "capitalise")),
            "lot_method": st.sampled_from(METHODS),
            "pool_by": st.sampled_from(POOLS),
            "cash_fx": st.sampled_from(("day_rate", "average", "fifo")),
            "fx_split": st.sampled_from(("disposal_rate", "acquisition_rate")),
        }
    ),
)
def test_the_ledger_agrees_under_any_policy_and_in_any_base(
    seed: int, base: tuple[str, dict[str, int]], policy: dict[str, Any], write: Write
) -> None:
    currency, decimals = base
    basis = BasisPolicy("US-GAAP", currency, post_status="confirmed", **policy)
    with tempfile.TemporaryDirectory() as folder:
        assert prove(Path(folder), posted(RandomFirm(basis, decimals, seed)), write).total
