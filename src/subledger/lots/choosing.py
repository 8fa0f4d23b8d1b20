"""Which open lots a disposal uses up: the order of each method, and lots that a trade names.

Sources: 26 CFR 1.1012-1(c)(1), the earliest acquired lot first where lots are not adequately
identified, and 1.1012-1(c)(2) to (4), identified lots and standing orders for them. BEST_TAX takes
lots in the order of Tamarac's "Tax-efficient" relief; the term is that of 26 USC 1222.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from subledger.lots.engine import (
    BEST_TAX,
    BOOKED,
    INTRADAY_FIFO,
    LIFO,
    LOT_UNKNOWN,
    LOTS_MISMATCH,
    LOTS_NOT_NAMED,
    PRO_RATA,
    SPECIFIC,
)
from subledger.lots.opened import RANKED, Lot, OpenLots


class Pick(NamedTuple):
    """A lot that a trade names, and how much of it."""

    lot: int
    version: int
    quantity: int


class Disposal(NamedTuple):
    """How a trade chooses lots; `unit_price`, for BEST_TAX, is net of the fees that are in cost."""

    method: int
    picks: Sequence[Pick]
    on: int
    unit_price: Fraction


def why_not_chosen(held: OpenLots, closing: int, *, method: int, picks: Sequence[Pick]) -> int:
    """Return why lots cannot be chosen for a quantity that is open, or BOOKED.

    LOT_UNKNOWN where a pick names a lot that is not open there, or more units than it has;
    LOTS_MISMATCH where picks do not add up to the quantity; LOTS_NOT_NAMED where nothing is named
    under SPECIFIC and more than one lot could be meant.
    """
    if picks:
        if _named(held, picks) is None:
            return LOT_UNKNOWN
        return BOOKED if sum(pick.quantity for pick in picks) == closing else LOTS_MISMATCH
    could_mean_another = len(held) > 1 and 0 < closing < held.units
    return LOTS_NOT_NAMED if method == SPECIFIC and could_mean_another else BOOKED


def chosen(held: OpenLots, closing: int, *, disposal: Disposal) -> Iterator[tuple[int, int]]:
    """Yield (row, units) of the lots that a quantity uses up, each to be taken before the next."""
    if disposal.picks:
        yield from _named(held, disposal.picks) or ()
        return
    if disposal.method == PRO_RATA:
        yield from _shares(held, closing)
        return
    while closing:
        row = _first(held, disposal)
        units = min(closing, held.open_units(row))
        closing -= units
        yield row, units


def _first(held: OpenLots, disposal: Disposal) -> int:
    """Return the row of the lot to be used up next."""
    method = disposal.method
    if method == LIFO:
        return held.newest()
    if method in RANKED:
        return held.first_ranked(method)
    if method == INTRADAY_FIFO:
        of_the_day = (row for row, lot in held if lot.opened_on == disposal.on)
        return next(of_the_day, held.oldest())
    if method == BEST_TAX:
        # The older one in a tie: min takes the first, and lots stand in the order of arrival.
        return min(held, key=lambda entry: _tax_rank(entry[1], disposal))[0]
    # Under FIFO; at average cost there is one lot; without names there is one, or all are used up.
    return held.oldest()


def _tax_rank(lot: Lot, disposal: Disposal) -> tuple[int, Fraction]:
    """Return what BEST_TAX ranks a lot by, the smallest first: a group, then the gain per unit.

    Losses first, short-term before long-term; then what has no gain, alike; then gains, long-term
    before short-term. The largest loss and the smallest gain stand first in their group. A short
    is never long-term.
    """
    gain = lot.side * (disposal.unit_price - Fraction(lot.cost, lot.opened))
    long_term = lot.side > 0 and disposal.on >= lot.long_from
    if gain <= 0:
        return (0 if gain < 0 else 2) + long_term, gain
    return (4 if long_term else 5), gain


def _shares(held: OpenLots, closing: int) -> list[tuple[int, int]]:
    """Return (row, units) of each lot, the oldest first, all in one proportion to what is open.

    After the k oldest lots round_up(closing x their units / all units) is taken. So what does not
    divide falls to the older lot, the shares add up, and none is more than its lot has.
    """
    whole, units_so_far, taken, shares = held.units, 0, 0, []
    for row, lot in held:
        units_so_far += lot.units
        reached = -(-closing * units_so_far // whole)
        if reached > taken:
            shares.append((row, reached - taken))
        taken = reached
    return shares


def _named(held: OpenLots, picks: Sequence[Pick]) -> list[tuple[int, int]] | None:
    """Return (row, units) of each pick in the order named; None where one has not as much open."""
    rows = {(lot.name, lot.version): row for row, lot in held}
    left = {row: lot.units for row, lot in held}
    named = []
    for pick in picks:
        row = rows.get((pick.lot, pick.version))
        if row is None or left[row] < pick.quantity:
            return None
        left[row] -= pick.quantity
        named.append((row, pick.quantity))
    return named
