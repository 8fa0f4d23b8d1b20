"""Lots while the reference engine runs, and which of them are open in a pool on one side."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from subledger.lots.engine import (
    HIFO,
    HIGHEST_PRICE,
    LOFO,
    LOWEST_PRICE,
    MAX_GAIN,
    MIN_GAIN,
)
from subledger.numbers import check_range, part_of

# Which unit each ranking takes first: the dearest (-1) or the cheapest (1) of what a long cost. Of
# what a short brought in, rankings by gain take the other end, so that gains stand in one order.
_DIRECTION = {HIFO: -1, LOFO: 1, MIN_GAIN: -1, MAX_GAIN: 1, HIGHEST_PRICE: -1, LOWEST_PRICE: 1}
_LITERAL = {HIGHEST_PRICE, LOWEST_PRICE}
# A gain is that of the books, which have fees in cost or have not.
_BY_GAIN = {MIN_GAIN, MAX_GAIN}
RANKED = tuple(_DIRECTION)


@dataclass(slots=True)
class Lot:
    """One lot, in the columns of `Lots`."""

    pool: int
    side: int
    opened: int
    closed: int
    cost: int
    relieved: int
    cost_base: int
    relieved_base: int
    trade: int
    since: int
    ranking_cost: int
    name: int
    version: int
    opened_on: int
    long_from: int

    @property
    def units(self) -> int:
        """Return the units that are open."""
        return self.opened - self.closed

    def take(self, units: int) -> tuple[int, int]:
        """Use up open units; return their cost, local and base.

        Cost relieved so far is rounded half to even and this cost is the difference, so that the
        last one takes what is left.
        """
        self.closed += units
        relieved = part_of(self.cost, self.closed, self.opened)
        relieved_base = part_of(self.cost_base, self.closed, self.opened)
        cost = check_range(relieved - self.relieved)
        cost_base = check_range(relieved_base - self.relieved_base)
        self.relieved, self.relieved_base = relieved, relieved_base
        return cost, cost_base


@dataclass(slots=True)
class OpenLots:
    """What is open in one pool on one side: lots by their row, in the order of arrival.

    A ranking is a heap, made when a method first asks for it; lots that are no longer open are
    passed over when they come up. A relief in part never changes a lot's rank.
    """

    units: int = 0
    _lots: OrderedDict[int, Lot] = field(default_factory=OrderedDict)
    _rankings: dict[int, list[tuple[Fraction, int, int]]] = field(default_factory=dict)
    _arrivals: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of open lots."""
        return len(self._lots)

    def __iter__(self) -> Iterator[tuple[int, Lot]]:
        """Yield rows and lots, the oldest first."""
        return iter(self._lots.items())

    def enter(self, row: int, lot: Lot) -> None:
        """Let a lot stand behind all others; one without open units is left out."""
        if lot.units == 0:
            return
        self.units = check_range(self.units + lot.units)
        self._lots[row] = lot
        self._arrivals[row] = len(self._arrivals)
        for method, ranking in self._rankings.items():
            heapq.heappush(ranking, self._ranked(method, row))

    def take(self, row: int, units: int) -> tuple[int, int]:
        """Use up units of a lot; return their cost, local and base."""
        lot = self._lots[row]
        self.units -= units
        if units == lot.units:
            del self._lots[row]
        return lot.take(units)

    def oldest(self) -> int:
        """Return the row of the lot that came first."""
        return next(iter(self._lots))

    def newest(self) -> int:
        """Return the row of the lot that came last."""
        return next(reversed(self._lots))

    def first_ranked(self, method: int) -> int:
        """Return the row that stands first by a ranking, the older one in a tie."""
        if method not in self._rankings:
            self._rankings[method] = [self._ranked(method, row) for row in self._lots]
            heapq.heapify(self._rankings[method])
        ranking = self._rankings[method]
        while ranking[0][2] not in self._lots:
            heapq.heappop(ranking)
        return ranking[0][2]

    def open_units(self, row: int) -> int:
        """Return the open units of a lot."""
        return self._lots[row].units

    def _ranked(self, method: int, row: int) -> tuple[Fraction, int, int]:
        """Return what a lot is ranked by, the smallest first: exact unit cost, then arrival.

        HIFO takes the least gain first: the highest cost of a long, the lowest proceeds of a short.
        """
        lot = self._lots[row]
        cost = lot.cost if method in _BY_GAIN else lot.ranking_cost
        direction = _DIRECTION[method] * (1 if method in _LITERAL else lot.side)
        return Fraction(direction * cost, lot.opened), self._arrivals[row], row
