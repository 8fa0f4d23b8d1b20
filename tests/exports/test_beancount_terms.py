"""Unit costs at 8 decimals, and what they leave over."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.exports.beancount_units import residue, unit_cost
from subledger.numbers import INT64_MAX

amounts = st.integers(0, INT64_MAX)
quantities = st.integers(1, INT64_MAX)
decimals = st.integers(0, 8)


@given(amounts, quantities, decimals, decimals)
def test_units_at_unit_cost_and_residue_are_the_amount(
    cost: int, quantity: int, money: int, units: int
) -> None:
    unit, scale = unit_cost(cost, quantity, decimals=money, quantity_decimals=units)
    rest, shared = residue(cost, money, weight=quantity * unit, scale=units + scale)
    weight = Fraction(quantity, 10**units) * Fraction(unit, 10**scale)
    assert weight + Fraction(rest, 10**shared) == Fraction(cost, 10**money)
    assert len(str(unit)) + len(str(quantity)) <= 26 or unit == 0


@pytest.mark.parametrize(
    ("cost", "quantity", "money", "units", "terms"),
    [
        (1000, 3, 2, 0, (333333333, 8)),
        (1851000, 100, 2, 0, (18510, 2)),
        (0, 7, 2, 0, (0, 2)),
        (-5, 7, 2, 0, (0, 2)),
        (1, 2 * 10**8, 8, 0, (0, 8)),
        (15, 10, 0, 8, (150000000, 0)),
        (10**18, 1, 0, 8, (0, 0)),
    ],
)
def test_a_unit_cost_is_rounded_half_even(
    cost: int, quantity: int, money: int, units: int, terms: tuple[int, int]
) -> None:
    assert unit_cost(cost, quantity, decimals=money, quantity_decimals=units) == terms
