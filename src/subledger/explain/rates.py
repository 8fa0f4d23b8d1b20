"""Translations explained: the rate of a day as it was quoted, its path, and its source rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import prod

from subledger.errors import InvariantError
from subledger.explain.figures import operand
from subledger.explain.material import Material, Month, Row, rows_where
from subledger.explain.nodes import Arithmetic, Fact, Kind, Node, RateFact
from subledger.numbers import mul_div, to_text

_QUOTED = re.compile(r"(1/\()?(.+)/(.+) ([0-9-]+?)(\))?\Z")


@dataclass(frozen=True, slots=True)
class Rate:
    """What one ledger unit of a currency is worth in another, as one ratio and as it is printed.

    `above` and `below` are factors and divisors between whole units of the two currencies: rates
    as they were quoted. `facts` say where each is from.
    """

    ratio: Fraction
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    batches: tuple[int, ...] = ()

    def value(self, amount: int) -> int:
        """Return an amount in the other currency, half to even."""
        return mul_div(amount, self.ratio.numerator, self.ratio.denominator)

    def words(self, amount: str) -> str:
        """Write an amount out at the rate: round(10.00 x 0.9947 / 0.9878)."""
        return f"round({' x '.join((operand(amount), *self.above))}{_divided(self.below)})"

    def over(self, other: Rate) -> Rate:
        """Return the rate into the other's currency, where both lead to the base currency."""
        return Rate(
            self.ratio / other.ratio,
            self.above + other.below,
            self.below + other.above,
            self.facts + other.facts,
            self.batches + other.batches,
        )


def _divided(below: tuple[str, ...]) -> str:
    if not below:
        return ""
    return f" / {below[0]}" if len(below) == 1 else f" / ({' x '.join(below)})"


ITSELF = Rate(Fraction(1))


def rate_on(material: Material, currency: str, *, on: date) -> Rate | None:
    """Return the rate into the base currency that a day was booked at; None where none is known."""
    if currency == material.units.base:
        return ITSELF
    for month, row in material.rows("conversions", date=on, currency=currency):
        return _rate(material, month, row=row)
    return None


def _rate(material: Material, month: Month, *, row: Row) -> Rate:
    decimals, base = material.units.decimals, material.units.base
    ratio = Fraction(int(row["numerator"]), int(row["denominator"]))
    whole = ratio * Fraction(10 ** decimals[row["currency"]], 10 ** decimals[base])
    above, below, quotes = _quotes(month, row["path"])
    stale = ", stale" if row["stale"] else ""
    words = f"{row['rate']} {base} = {row['path']}{stale}"
    found = (RateFact(f"1 {row['currency']} on {row['date']}", words),)
    if _product(above) / _product(below) != whole or not quotes:
        return Rate(ratio, (str(whole.numerator),), (str(whole.denominator),), found)
    sources = tuple(
        RateFact(f"{one['base']}/{one['quote']} of {one['date']}", _source(material, one))
        for one in quotes
    )
    return Rate(ratio, above, below, found + sources, tuple(one["batch"] for one in quotes))


def _product(factors: Sequence[str]) -> Fraction:
    return prod((Fraction(one) for one in factors), start=Fraction(1))


def _source(material: Material, row: Row) -> str:
    parts = (to_text(row["rate_mantissa"], row["rate_scale"]), row["source"], material.place(row))
    return ", ".join(part for part in parts if part)


def _quotes(month: Month, path: str) -> tuple[tuple[str, ...], tuple[str, ...], list[Row]]:
    """Return the rates of a path as factors, as divisors and as rows; none where one is unknown."""
    above: list[str] = []
    below: list[str] = []
    rows: list[Row] = []
    for part in path.split(" * "):
        match = _QUOTED.match(part)
        if match is None:
            return (), (), []
        inverted, left, right, on, _ = match.groups()
        found = rows_where(month.rates, base=left, quote=right, date=date.fromisoformat(on))
        if not found:
            return (), (), []
        rows += found[-1:]
        quoted = to_text(found[-1]["rate_mantissa"], found[-1]["rate_scale"])
        (below if inverted else above).append(quoted)
    return tuple(above), tuple(below), rows


@dataclass(slots=True)
class Workings:
    """Equations as they are written down one after another, and the rates that they use."""

    material: Material
    equations: list[Arithmetic] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Return the base currency."""
        return self.material.units.base

    def add(self, *equations: Arithmetic) -> None:
        """Write down equations."""
        self.equations.extend(equations)

    def rate(self, currency: str, on: date) -> Rate | None:
        """Return the rate of a day and note where it is from."""
        rate = rate_on(self.material, currency, on=on)
        if rate is not None:
            self.facts += [fact for fact in rate.facts if fact not in self.facts]
            self.batches += rate.batches
        return rate

    def translate(
        self, name: str, amount: int, *, currency: str, on: date, booked: int | None = None
    ) -> int:
        """Write out an amount in the base currency at the rate of a day, and return it.

        An amount that is in the base currency is returned as it is. Raises InvariantError where
        another one is `booked`; that one, or zero, is returned where no rate of the day is at hand.
        """
        if currency == self.base:
            return amount
        rate = self.rate(currency, on)
        if rate is None:
            return booked or 0
        figures = self.material.figures(currency)
        found = rate.value(amount)
        if booked not in (None, found):
            raise InvariantError(f"{name}: booked {booked}, translated {found}")
        self.add(
            Arithmetic(
                f"{name} in {self.base} = round({name} x rate)",
                f"{figures.base(found)} = {rate.words(figures.money(amount))}",
            )
        )
        return found

    def node(self, kind: Kind, title: str, *, facts: Sequence[Fact] = ()) -> Node:
        """Return what was written down as a node, the rates behind its other facts."""
        return Node(
            kind,
            title,
            (*facts, *self.facts),
            tuple(self.equations),
            children=tuple(self.children),
            batches=tuple(sorted(set(self.batches))),
        )
