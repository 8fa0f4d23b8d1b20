"""What a tax lot is, and how far it has been relieved and marked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from subledger.explain.moves import Touched
from subledger.numbers import part_of


class Level(NamedTuple):
    """An unrealised gain in its parts, debit positive: local, and in base price and FX."""

    local: int
    price: int
    fx: int

    def plus(self, other: Level) -> Level:
        """Return the sum of two."""
        return Level(*(one + two for one, two in zip(self, other, strict=True)))

    def less(self, other: Level) -> Level:
        """Return the difference of two."""
        return Level(*(one - two for one, two in zip(self, other, strict=True)))

    def part(self, units: int, whole: int) -> Level:
        """Return the cumulative share of the first units of a whole."""
        return Level(*(part_of(one, units, whole) for one in self))


NOTHING = Level(0, 0, 0)


@dataclass(frozen=True, slots=True)
class LotTerms:
    """What a lot is: its side, owner, dates, and the units and cost of its opening.

    `origin` is trade, opening_lot, pool for a version at average cost, or action for one that a
    corporate action left; `made_by` made the last two.
    `recognised` is None for a lot that the first month began with, and `began` then names that
    month. `ranking_cost` is None where nothing at hand says it.
    """

    lot_id: str
    origin: str
    version: int
    side: str
    instrument: str
    currency: str
    owner: tuple[str, str, str]
    opened_on: date
    hold_from: date | None
    opened: int
    cost: int
    cost_base: int
    recognised: date | None = None
    began: str = ""
    ranking_cost: int | None = None
    made_by: Touched | None = None


@dataclass(frozen=True, slots=True)
class LotState:
    """How far a lot has been relieved, and what its last mark left: `tables.LOTS` explains each."""

    closed: int = 0
    relieved: int = 0
    relieved_base: int = 0
    marked_quantity: int = 0
    mark: Level = NOTHING
    released: Level = NOTHING
    since: int = 0  # units relieved since the mark
