"""Lots at average cost: all that is open on one side of a pool becomes one lot.

Each acquisition ends the lot that is there and opens its next version, `<first lot>#n`, with the
units and the cost of both; a disposal then takes its share of the pool's cost and never changes
the average. Long and short are pools of their own.

Source: Income Tax Act (Canada) 47(1), the average of the cost of identical properties.
"""

from __future__ import annotations

from typing import NamedTuple

from subledger.lots.opened import Lot, OpenLots
from subledger.numbers import check_range, part_of


class Move(NamedTuple):
    """What left a lot (negative) or entered one."""

    lot: int
    quantity: int
    cost: int
    cost_base: int


def joined(held: OpenLots, acquired: Lot, *, row: int) -> tuple[Lot, list[Move]]:
    """End all open lots, oldest first; return the lot at `row` that stands for them, and the moves.

    Args:
        held: The open lots, at least one; none is open afterwards.
        acquired: What joins them, as a lot of its own; without units where lots alone are joined.
        row: The row of the new lot.

    The new lot is the next version of the oldest one's chain. What rankings compare is joined
    like cost, so that a later change of method ranks the pool by its average.
    """
    ended = list(held)
    oldest = ended[0][1]
    version = 1 + max(lot.version for _, lot in ended if lot.name == oldest.name)
    moves, ranking_cost = [], acquired.ranking_cost
    for number, lot in ended:
        units = lot.units
        ranking_cost += lot.ranking_cost - part_of(lot.ranking_cost, lot.closed, lot.opened)
        cost, cost_base = held.take(number, units)
        moves.append(Move(number, -units, -cost, -cost_base))
    units, cost, cost_base = (
        check_range(-sum(column)) for column in list(zip(*moves, strict=True))[1:]
    )
    moves.append(Move(row, units, cost, cost_base))
    pool = Lot(
        pool=acquired.pool,
        side=acquired.side,
        opened=check_range(units + acquired.opened),
        closed=0,
        cost=check_range(cost + acquired.cost),
        relieved=0,
        cost_base=check_range(cost_base + acquired.cost_base),
        relieved_base=0,
        trade=acquired.trade,
        since=acquired.since,
        ranking_cost=check_range(ranking_cost),
        name=oldest.name,
        version=version,
        opened_on=oldest.opened_on,
        long_from=oldest.long_from,
    )
    return pool, moves
