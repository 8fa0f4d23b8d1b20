"""Which open lots a disposal uses up: the order of each method, and lots that a trade names.

Sources: 26 CFR 1.1012-1(c)(1), the earliest acquired lot first where lots are not adequately
identified, and 1.1012-1(c)(2) to (4), identified lots and standing orders for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from subledger.lots.engine import (
    BOOKED,
    HIFO,
    LIFO,
    LOFO,
    LOT_UNKNOWN,
    LOTS_MISMATCH,
    LOTS_NOT_NAMED,
    SPECIFIC,
)
from subledger.lots.opened import OpenLots


class Pick(NamedTuple):
    """A lot that a trade names, and how much of it."""

    lot: int
    version: int
    quantity: int


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


def chosen(
    held: OpenLots, closing: int, *, method: int, picks: Sequence[Pick]
) -> Iterator[tuple[int, int]]:
    """Yield (row, units) of the lots that a quantity uses up, each to be taken before the next."""
    if picks:
        yield from _named(held, picks) or ()
        return
    while closing:
        row = _first(held, method)
        units = min(closing, held.open_units(row))
        closing -= units
        yield row, units


def _first(held: OpenLots, method: int) -> int:
    """Return the row of the lot to be used up next."""
    if method == LIFO:
        return held.newest()
    if method in (HIFO, LOFO):
        return held.first_ranked(method)
    # Under FIFO; at average cost there is one lot; without names there is one, or all are used up.
    return held.oldest()


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
