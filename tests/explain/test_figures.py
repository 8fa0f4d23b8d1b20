"""Figures in words: negative numbers, sums, identities in both views."""

from __future__ import annotations

from typing import Any

from subledger.explain.figures import Figures, added, identity, ratio, subtracted
from subledger.explain.nodes import Arithmetic
from subledger.statements.report import Units

UNITS = Units("USD", {"USD": 2, "JPY": 0}, {"AAA": 3})
YEN = Figures(UNITS, "JPY", "AAA")


def test_each_figure_has_the_decimals_of_its_unit() -> None:
    assert (YEN.money(-1250), YEN.base(-1250), YEN.units(1250)) == ("-1250", "-12.50", "1.250")
    assert not YEN.is_base


def test_negative_figures_stand_in_parentheses_behind_an_operator() -> None:
    assert added("-1", ["-2", "1"], formula="a = b + c") == Arithmetic("a = b + c", "-1 = (-2) + 1")
    assert subtracted("3", "1", right="-2", formula="a").figures == "3 = 1 - (-2)"
    assert ratio("-10.00", "1", whole="3") == "round((-10.00) x 1 / 3)"


def test_the_sum_of_nothing_is_zero() -> None:
    assert added("0.00", [], formula="a").figures == "0.00 = 0"


def test_an_identity_is_written_out_locally_and_in_base_and_says_whether_it_holds() -> None:
    row: dict[str, Any] = {"net": 90, "gross": 100, "fees": 10}
    row |= {"net_base": 61, "gross_base": 70, "fees_base": 10}
    local = identity("net = gross - fees", row, figures=YEN, in_base=False)
    in_base = identity("net = gross - fees", row, figures=YEN, in_base=True)
    assert local == (Arithmetic("net = gross - fees", "90 = 100 - 10"), True)
    assert in_base == (Arithmetic("net in USD = gross - fees", "0.61 = 0.70 - 0.10"), False)


def test_an_identity_without_a_right_side_says_zero() -> None:
    written, holds = identity("fees = 0", {"fees": 0}, figures=YEN, in_base=False)
    assert (written.figures, holds) == ("0 = 0", True)
