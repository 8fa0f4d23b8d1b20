"""The ledger's columnar writer says, byte for byte, what a plain one says line by line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exports.ledger.conftest import texts_of
from tests.exports.ledger.plain_text import plain_text
from tests.exports.ledger.random_books import RandomFirm
from tests.exports.ledger.test_beancount_books import BASES, CENTS, POOLS, posted
from tests.laws.facts import GAAP, TAX

from subledger import numbers
from subledger.booking.policy import BasisPolicy
from subledger.exports import beancount
from subledger.exports.beancount import month_files
from subledger.exports.beancount_bytes import number_texts, scaled_texts
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_units import residue, residues_of, unit_cost, unit_costs
from subledger.lots.engine import METHODS

INT64 = st.integers(-(2**63), 2**63 - 1)


def assert_same(context: LedgerContext, month: LedgerMonth) -> None:
    found = texts_of(month_files(context, month))
    plain = plain_text(context, month)
    assert found.keys() == plain.keys()
    for name, text in plain.items():
        _, _, entries = found[name].partition("\n\n")
        assert entries[: len(text)] == text
        assert "\n  entry:" not in entries[len(text) :]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("policy", [GAAP, TAX], ids=["fair_value", "cost"])
def test_entries_are_what_the_plain_writer_says_under_every_method(
    policy: BasisPolicy, method: str
) -> None:
    booked = posted(RandomFirm(replace(policy, lot_method=method), CENTS, seed=7))
    for month in booked.months:
        assert_same(booked.context, month)


@settings(max_examples=12, deadline=None)
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
        }
    ),
)
def test_entries_are_what_the_plain_writer_says_under_any_policy(
    seed: int, base: tuple[str, dict[str, int]], policy: dict[str, Any]
) -> None:
    currency, decimals = base
    basis = BasisPolicy("US-GAAP", currency, post_status="confirmed", **policy)
    booked = posted(RandomFirm(basis, decimals, seed))
    for month in booked.months:
        assert_same(booked.context, month)


def test_the_text_does_not_depend_on_how_much_is_written_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booked = posted(RandomFirm(GAAP, CENTS, seed=3))
    whole = [texts_of(month_files(booked.context, month)) for month in booked.months]
    monkeypatch.setattr(beancount, "_LINES", 3)
    assert [texts_of(month_files(booked.context, month)) for month in booked.months] == whole


@given(
    values=st.lists(INT64, min_size=1),
    decimals=st.integers(0, 16),
    width=st.sampled_from((0, 16)),
)
def test_numbers_are_written_as_one_by_one(values: list[int], decimals: int, width: int) -> None:
    said = [numbers.to_text(value, decimals).rjust(width) for value in values]
    assert number_texts(np.array(values), decimals, width=width).to_pylist() == said


@given(rows=st.lists(st.tuples(INT64, st.integers(0, 16)), max_size=9))
def test_numbers_may_have_decimals_of_their_own(rows: list[tuple[int, int]]) -> None:
    values, scales = (
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows]),
    )
    said = [numbers.to_text(value, scale) for value, scale in rows]
    assert scaled_texts(values, scales.astype(np.int64)).to_pylist() == said


@settings(max_examples=300)
@given(
    rows=st.lists(
        st.tuples(INT64, st.integers(1, 10**18) | st.integers(1, 10**6), st.integers(0, 8), INT64),
        min_size=1,
        max_size=5,
    ),
    decimals=st.integers(0, 8),
)
def test_unit_costs_and_residues_are_those_of_single_lots(
    rows: list[tuple[int, int, int, int]], decimals: int
) -> None:
    cost, quantity, places, amount = (np.array(column) for column in zip(*rows, strict=True))
    unit, scale = unit_costs(cost, quantity, decimals=decimals, quantity_decimals=places)
    one_by_one = [
        unit_cost(own, units, decimals=decimals, quantity_decimals=at) for own, units, at, _ in rows
    ]
    assert list(zip(unit.tolist(), scale.tolist(), strict=True)) == one_by_one
    left = residues_of(amount, decimals, quantity=quantity, unit=unit, scale=scale + places)
    found = {row: (int(left.rest[row]), int(left.scale[row])) for row in range(len(rows))}
    assert found | dict(left.wide) == {
        row: residue(
            own,
            decimals,
            weight=int(quantity[row]) * int(unit[row]),
            scale=int(scale[row] + places[row]),
        )
        for row, own in enumerate(amount.tolist())
    }
