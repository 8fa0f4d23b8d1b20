"""Ratios of corporate actions as units that stand for others."""

from __future__ import annotations

import pytest

from subledger.lots.ratios import units_for


@pytest.mark.parametrize(
    ("kind", "ratio", "per", "expected"),
    [
        ("split", "2", "1", (2, 1)),
        ("split", "1.5", "1", (3, 2)),
        ("reverse_split", "1", "3", (1, 3)),
        ("reverse_split", "0.1", "1", (1, 10)),
        ("stock_dividend", "0.1", "1", (11, 10)),
        ("stock_dividend", "5", "100", (21, 20)),
        ("symbol_change", "1", "1", (1, 1)),
    ],
)
def test_a_ratio_is_new_units_for_old_ones_in_lowest_terms(
    kind: str, ratio: str, per: str, expected: tuple[int, int]
) -> None:
    assert units_for(kind, ratio, per=per) == expected
