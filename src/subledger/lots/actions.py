"""Corporate actions on open lots: each ends the lots concerned and opens their successors.

An action cuts time: the engines relieve up to it, the lots that are open then are changed here, and
the engines go on with what comes out as with any lots that are given. Functions are pure; they
take the lots of the pools concerned that are there at the cut, in the order of arrival, and return
new columns. Shorts are held by absolute units, their cost is what opening them brought in, and
every function treats them as it treats longs.

Laws: what a lot cost is found again, to the last unit, in its successors, in what is returned for
lots that no unit is left of, and in what cash reduced; days of acquisition and holding stay.
Raises NumberOverflow where a result does not fit in 64 bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from subledger.columns import Codes, group_codes, run_starts, running_totals
from subledger.lots.engine import Lots
from subledger.numbers import (
    Int64Array,
    add_columns,
    floor_columns,
    group_sums,
    mul_div_columns,
    subtract_columns,
)


class Costs(NamedTuple):
    """Amounts of lots in ledger units, row by row; what a short brought in is positive too."""

    cost: Int64Array
    cost_base: Int64Array
    ranking_cost: Int64Array  # cost with the fees that lots rank with


class ActionMoves(NamedTuple):
    """What went from lots that ended to their successors; columns of equal length.

    `lot_from` is a row of the lots given, `lot_to` a row of those that came out, or -1 where no
    unit was left. Units are positive; amounts leave the one lot and enter the other as they are.
    """

    lot_from: Int64Array
    lot_to: Int64Array
    units_out: Int64Array
    units_in: Int64Array
    cost: Int64Array
    cost_base: Int64Array
    ranking_cost: Int64Array


class Acted(NamedTuple):
    """The lots that an action left, ready to be given to an engine, and one move for each."""

    lots: Lots
    moves: ActionMoves


class Fractions(NamedTuple):
    """The fraction of a unit that each group and side could not have; columns of equal length.

    Sides of a group stand apart, in the order of their first lots. A fraction is `numerator` over
    `denominator`, from 0 to below 1; it belongs to the last lot of the group.
    """

    group: Int64Array
    side: Int64Array
    numerator: Int64Array
    denominator: Int64Array


class Scaled(NamedTuple):
    """Lots with other units, the lots that none was left of, and the fractions left over."""

    acted: Acted
    without_units: ActionMoves
    fractions: Fractions


class Reduced(NamedTuple):
    """Lots that cost less, and per row of the lots given by how much, and the cash above cost."""

    acted: Acted
    reduction: Costs
    excess: Int64Array  # gain of a long, loss of a short


class _Groups(NamedTuple):
    """Rows in groups, numbered in the order of their first rows, and the units of the groups."""

    codes: Codes
    first: Int64Array  # of each group, its first row
    order: Codes  # rows, group after group
    so_far: Int64Array  # units of the row's group up to the row and with it
    whole: Int64Array  # units of each group


def remaining(lots: Lots, *, version: npt.ArrayLike) -> Acted:
    """Return the open lots with what is left of them as units acquired and as cost.

    Args:
        lots: Lots in the order of arrival; those without open units are left out.
        version: The next version of each lot's chain: a column of the lots, or one value.

    What was relieved is gone, so that cumulative rounding starts again from what is left. The unit
    cost by which lots rank is that of what is left as well, which rounding of earlier reliefs can
    have moved by less than one ledger unit of the lot's cost.
    """
    rows = np.flatnonzero(lots.opened > lots.closed)
    return _succeeded(lots, rows, units=(lots.opened - lots.closed)[rows], version=version)


def scaled(
    lots: Lots,
    group: npt.ArrayLike,
    *,
    new: npt.ArrayLike,
    per: npt.ArrayLike,
    version: npt.ArrayLike,
) -> Scaled:
    """Return the open lots with `new` units for every `per` units, at the cost they have.

    Args:
        lots: Lots in the order of arrival; those without open units are left out.
        group: What is delivered together and rounded once, as a broker account and instrument;
            sides are rounded apart. A column of the lots or one value, as all that follow.
        new: New units, positive and the same for all lots of a group.
        per: Units that `new` stand for, positive and the same for all lots of a group.
        version: The next version of each lot's chain.

    A group has its exact units rounded down; after its k oldest lots it has those of the k lots
    rounded down, so that no lot is off its exact share by a whole unit. A lot that no unit is left
    of is no lot any more: its move, to no lot, tells the cost that is to go another place.
    """
    rows = np.flatnonzero(lots.opened > lots.closed)
    before, side = (lots.opened - lots.closed)[rows], lots.side[rows]
    account, above, below = (_column(lots, given)[rows] for given in (group, new, per))
    groups = _grouped(before, [account, side])
    units = _steps(floor_columns(groups.so_far, above, below), groups)
    left = units > 0
    nothing = _succeeded(lots, rows[~left], units=units[~left], version=version).moves
    return Scaled(
        _succeeded(lots, rows[left], units=units[left], version=version),
        nothing._replace(lot_to=np.full(len(nothing.lot_to), -1)),
        _fractions(account, side, new=above, per=below, groups=groups),
    )


def cost_split(lots: Lots, weights: Sequence[npt.ArrayLike]) -> tuple[Costs, ...]:
    """Return for each weight the part of what is left of each lot's cost, in rows of the lots.

    Args:
        lots: The lots; the parts of one without open units are 0.
        weights: At least one, each a column or one value, from 0 up, not all of a lot 0.

    Each part is rounded half to even; the one with the largest weight, the first of several, takes
    what the others leave, so that the parts of a lot add up to its cost. Of five parts or more and
    a cost of a few ledger units it can be left less than nothing.
    """
    shares = [_column(lots, weight) for weight in weights]
    whole, largest = add_columns(shares[0], *shares[1:]), np.argmax(shares, axis=0)
    split = []
    for amount in _left(lots):
        parts = [mul_div_columns(amount, share, whole) for share in shares]
        rest = amount
        for number, part in enumerate(parts):
            rest = subtract_columns(rest, np.where(largest == number, 0, part))
        split.append([np.where(largest == number, rest, part) for number, part in enumerate(parts)])
    return tuple(Costs(*part) for part in zip(*split, strict=True))


def at_cost(lots: Lots, costs: Costs) -> Lots:
    """Return lots of which what is left costs as stated, as a part of it that is to go elsewhere.

    Nothing of the lots returned is relieved; rows and their order stay, so that what an action
    makes of them tells its moves in rows of the lots that there were.
    """
    nothing = np.zeros(len(lots.pool), np.int64)
    return lots._replace(
        opened=lots.opened - lots.closed,
        closed=nothing,
        relieved=nothing,
        relieved_base=nothing,
        **costs._asdict(),
    )


def reduced(
    lots: Lots, group: npt.ArrayLike, *, cash: npt.ArrayLike, version: npt.ArrayLike
) -> Reduced:
    """Return the open lots at a cost that cash, which returns capital, reduced to 0 at the least.

    Args:
        lots: Lots in the order of arrival; those without open units are left out of the result.
        group: What is paid together, as a broker account and instrument; sides are paid apart. A
            column of the lots or one value, as all that follow.
        cash: All the cash of the row's group and side, in ledger units, from 0 up.
        version: The next version of each lot's chain.

    Cash is shared by open units cumulatively, so that the shares of a group add up to it. A lot's
    share reduces its cost, and the rest of the share is above cost. Base cost falls as cost does,
    half to even, and is used up with it; what lots rank with falls by the share, to 0 at the least.
    A cost below 0, as rebates can make it, stays.
    """
    units, left = lots.opened - lots.closed, _left(lots)
    groups = _grouped(units, [_column(lots, group), lots.side])
    # A group without units has no shares.
    whole = np.maximum(groups.whole[groups.codes], 1)
    share = _steps(mul_div_columns(_column(lots, cash), groups.so_far, whole), groups)
    fall = np.minimum(share, np.maximum(left.cost, 0))
    reduction = Costs(
        fall,
        mul_div_columns(left.cost_base, fall, np.maximum(left.cost, 1)),
        np.minimum(share, np.maximum(left.ranking_cost, 0)),
    )
    kept = Costs(*(subtract_columns(a, b) for a, b in zip(left, reduction, strict=True)))
    acted = remaining(at_cost(lots, kept), version=version)
    return Reduced(acted, reduction, subtract_columns(share, fall))


def moved(acted: Acted, *, pool: npt.ArrayLike, name: npt.ArrayLike) -> Acted:
    """Return the same lots in another pool: of another instrument, or of another owner.

    Args:
        acted: What an action left.
        pool: The pool that each of these lots goes to: a column or one value.
        name: The chain that each belongs to there, likewise.

    Units, cost and the days of acquisition and holding go with the lot.
    """
    lots = acted.lots
    place, chain = (_column(lots, given).copy() for given in (pool, name))
    return acted._replace(lots=lots._replace(pool=place, name=chain))


def beside(kept: Acted, given: Acted) -> Acted:
    """Return both results as one: the lots that stay, and those given for them, as in a spin-off.

    Both are made of the same lots, each at its part of their cost. Units leave these lots once,
    with the moves of `kept`; those of `given` take cost alone.
    """
    count = len(kept.lots.pool)
    into = given.moves._replace(
        lot_to=given.moves.lot_to + count, units_out=np.zeros_like(given.moves.units_out)
    )
    return Acted(
        Lots(*map(np.concatenate, zip(kept.lots, given.lots, strict=True))),
        ActionMoves(*map(np.concatenate, zip(kept.moves, into, strict=True))),
    )


def _succeeded(lots: Lots, rows: Codes, *, units: Int64Array, version: npt.ArrayLike) -> Acted:
    """Return the successors of some lots, with other units at what is left of their cost."""
    nothing, left = np.zeros(len(rows), np.int64), Costs(*(part[rows] for part in _left(lots)))
    chosen = Lots(*(column[rows] for column in lots))
    successors = chosen._replace(
        opened=units,
        closed=nothing,
        relieved=nothing,
        relieved_base=nothing,
        trade=nothing - 1,
        since=nothing,
        version=_column(lots, version)[rows],
        **left._asdict(),
    )
    moves = ActionMoves(
        rows.astype(np.int64), np.arange(len(rows)), chosen.opened - chosen.closed, units, *left
    )
    return Acted(successors, moves)


def _left(lots: Lots) -> Costs:
    """Return what is left of the cost of each lot, all of it that was not relieved."""
    used = mul_div_columns(lots.ranking_cost, lots.closed, np.maximum(lots.opened, 1))
    return Costs(
        subtract_columns(lots.cost, lots.relieved),
        subtract_columns(lots.cost_base, lots.relieved_base),
        subtract_columns(lots.ranking_cost, used),
    )


def _fractions(
    account: Int64Array, side: Int64Array, *, new: Int64Array, per: Int64Array, groups: _Groups
) -> Fractions:
    """Return what of the exact units of each group is left after rounding down."""
    above, below = new[groups.first], per[groups.first]
    units = floor_columns(groups.whole, above, below)
    # Less than `below`, so that it is exact however far both products wrap.
    numerator = groups.whole * above - units * below
    return Fractions(account[groups.first], side[groups.first], numerator, below)


def _grouped(units: Int64Array, keys: Sequence[Int64Array]) -> _Groups:
    """Return the groups of rows with equal keys."""
    codes, first = group_codes(keys)
    # Raises where units do not fit, so that no sum so far wraps.
    whole = group_sums(codes, units, len(first))
    order = np.argsort(codes, kind="stable")
    so_far = np.empty(len(units), np.int64)
    so_far[order] = running_totals(units[order], codes[order])
    return _Groups(codes, first, order, so_far, whole)


def _steps(reached: Int64Array, groups: _Groups) -> Int64Array:
    """Return by how much each row goes beyond the row before it in its group."""
    sorted_ones = reached[groups.order]
    before = np.concatenate([np.zeros(min(len(reached), 1), np.int64), sorted_ones[:-1]])
    before[run_starts(groups.codes[groups.order])] = 0
    steps = np.empty(len(reached), np.int64)
    steps[groups.order] = sorted_ones - before
    return steps


def _column(lots: Lots, given: npt.ArrayLike) -> Int64Array:
    """Return one value for each lot, of a column or of one value for all."""
    return np.broadcast_to(np.asarray(given, np.int64), lots.pool.shape)
