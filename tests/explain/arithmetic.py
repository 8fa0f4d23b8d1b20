"""Reads printed arithmetic and works it out again with Decimal, without any code of the product."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

_TOKEN = re.compile(r"round|[0-9]+(?:\.[0-9]+)?|[-+x/()]")


def is_right(figures: str) -> bool:
    """Say whether all sides of `a = b = c` are equal; round is half even to a's decimals."""
    sides = figures.split(" = ")
    assert len(sides) > 1, figures
    places = len(sides[0].partition(".")[2])
    with localcontext() as context:
        context.prec = 80
        return len({_Side(side, places).value() for side in sides}) == 1


class _Side:
    """One side of an equation: sums of products and ratios, parentheses and round."""

    def __init__(self, text: str, places: int) -> None:
        self.tokens = _TOKEN.findall(text)
        assert "".join(self.tokens) == text.replace(" ", ""), text
        self.unit = Decimal(1).scaleb(-places)

    def value(self) -> Decimal:
        value = self.sum()
        assert not self.tokens
        return value.normalize() + 0

    def sum(self) -> Decimal:
        value = self.product()
        while self.tokens and self.tokens[0] in "+-":
            sign = 1 if self.tokens.pop(0) == "+" else -1
            value += sign * self.product()
        return value

    def product(self) -> Decimal:
        value = self.factor()
        while self.tokens and self.tokens[0] in "x/":
            if self.tokens.pop(0) == "x":
                value *= self.factor()
            else:
                value /= self.factor()
        return value

    def factor(self) -> Decimal:
        word = self.tokens.pop(0)
        if word == "-":
            return -self.factor()
        if word not in ("(", "round"):
            return Decimal(word)
        if word == "round":
            assert self.tokens.pop(0) == "("
        value = self.sum()
        assert self.tokens.pop(0) == ")"
        return value.quantize(self.unit, ROUND_HALF_EVEN) if word == "round" else value


def equations(node: Mapping[str, Any]) -> Iterator[Mapping[str, str]]:
    """Yield every equation of an explanation's node and of those below it."""
    yield from node["arithmetic"]
    for child in node["children"]:
        yield from equations(child)
