"""Figures as exact text, and arithmetic written out with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from subledger.chart.linear import parse_identity
from subledger.explain.nodes import Arithmetic
from subledger.numbers import to_text
from subledger.statements.report import Units
from subledger.tables import MEASURE_NAMES


@dataclass(frozen=True, slots=True)
class Figures:
    """Integers of one instrument and currency to exact text.

    `money` is in ledger units of the currency, `base` in those of the base currency, `units` at
    the instrument's decimals.
    """

    decimals: Units
    currency: str
    instrument: str = ""

    @property
    def is_base(self) -> bool:
        """Say whether the currency is the base currency, so that both views are one."""
        return self.currency == self.decimals.base

    def money(self, amount: int) -> str:
        """Return an amount of the currency."""
        return to_text(amount, self.decimals.decimals[self.currency])

    def base(self, amount: int) -> str:
        """Return an amount of the base currency."""
        return to_text(amount, self.decimals.decimals_of_base())

    def units(self, quantity: int) -> str:
        """Return a quantity of the instrument."""
        return to_text(quantity, self.decimals.quantity_decimals.get(self.instrument, 0))

    def amount(self, value: int, *, in_base: bool) -> str:
        """Return an amount of the currency, or of the base currency."""
        return self.base(value) if in_base else self.money(value)


def operand(text: str) -> str:
    """Return a figure as it stands behind an operator: a negative one in parentheses."""
    return f"({text})" if text.startswith("-") else text


def added(result: str, parts: Sequence[str], *, formula: str) -> Arithmetic:
    """Write out that a result is the sum of its parts; no part counts as zero."""
    return Arithmetic(formula, f"{result} = {' + '.join(operand(p) for p in parts) or '0'}")


def subtracted(result: str, left: str, *, right: str, formula: str) -> Arithmetic:
    """Write out that a result is left less right."""
    return Arithmetic(formula, f"{result} = {operand(left)} - {operand(right)}")


def ratio(total: str, part: str, *, whole: str) -> str:
    """Write a rounded share of a total: round(10.00 x 1 / 3)."""
    return f"round({operand(total)} x {part} / {whole})"


def identity(
    text: str, measures: Mapping[str, Any], *, figures: Figures, in_base: bool
) -> tuple[Arithmetic, bool]:
    """Write an identity out with the measures of an event, and say whether it holds.

    `measures` is a row of `tables.MEASURES`; base amounts stand under `<name>_base`. `figures` are
    those of the currency that the derived measure is in.
    """
    derived, form = parse_identity(text)
    tail = "_base" if in_base else ""

    def figure(name: str) -> str:
        return figures.amount(measures[name + tail], in_base=in_base)

    words = ""
    for name in sorted(form, key=lambda one: (form[one] < 0, MEASURE_NAMES.index(one))):
        sign = ("- " if form[name] < 0 else "+ ") if words else ("-" if form[name] < 0 else "")
        words += f"{' ' if words else ''}{sign}{operand(figure(name))}"
    total = sum(times * measures[name + tail] for name, times in form.items())
    formula = text.strip()
    if in_base and not figures.is_base:
        formula = formula.replace(" = ", f" in {figures.decimals.base} = ", 1)
    written = Arithmetic(formula, f"{figure(derived)} = {words or '0'}")
    return written, total == measures[derived + tail]
