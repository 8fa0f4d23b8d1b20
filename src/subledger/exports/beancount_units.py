"""Cost per unit and what it leaves over, exactly, one row or a column at a time.

A column is computed in int64 that may wrap: where a float says that the result itself is far from
the bounds, wrapping changes nothing about it. Other rows are computed in Python's integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from subledger import numbers
from subledger.columns import Flags
from subledger.numbers import Int64Array

UNIT_DECIMALS = 8
# The reader computes with 28 digits; units times unit cost stays exact with room for the sums.
_DIGITS = 26
_FAR_FROM_WRAPPING = float(2**61)
_FLOAT_STEPS = float(2**50)  # a float of that size is off by less than one
_POWERS = 10 ** np.arange(19, dtype=np.int64)


def unit_cost(
    cost: int, quantity: int, *, decimals: int, quantity_decimals: int
) -> tuple[int, int]:
    """Return cost per unit as (mantissa, scale), rounded half even at up to 8 decimals.

    `cost` is in ledger units of `decimals`, `quantity` positive. A cost below zero gives zero, and
    so does one per unit that has more digits than can be multiplied exactly.
    """
    for scale in range(UNIT_DECIMALS, -1, -1):
        shift = scale - decimals + quantity_decimals
        try:
            unit = numbers.mul_div(
                max(cost, 0), 10 ** max(shift, 0), quantity * 10 ** max(-shift, 0)
            )
        except numbers.NumberOverflow:
            continue
        if len(str(unit)) + len(str(quantity)) <= _DIGITS:
            return _shorter(unit, scale, decimals=decimals)
    return 0, 0


def _shorter(unit: int, scale: int, *, decimals: int) -> tuple[int, int]:
    while scale > decimals and unit % 10 == 0:
        unit, scale = unit // 10, scale - 1
    return unit, scale


def residue(amount: int, decimals: int, *, weight: int, scale: int) -> tuple[int, int]:
    """Return amount - weight as (mantissa, scale), exactly and with as few decimals as it needs."""
    shared = max(decimals, scale)
    difference = amount * 10 ** (shared - decimals) - weight * 10 ** (shared - scale)
    return _shorter(difference, shared, decimals=decimals)


def unit_costs(
    cost: Int64Array, quantity: Int64Array, *, decimals: int, quantity_decimals: Int64Array
) -> tuple[Int64Array, Int64Array]:
    """Return `unit_cost` of each row; a quantity of zero gives zero at scale zero."""
    known = quantity != 0
    below = np.where(known, quantity, 1)
    above = np.maximum(cost, 0)
    power = _POWERS[np.clip(UNIT_DECIMALS - decimals + quantity_decimals, 0, len(_POWERS) - 1)]
    product = above.astype(float) * power.astype(float)
    guess = product / below.astype(float)
    simple = guess < _FAR_FROM_WRAPPING
    simple &= product / _FLOAT_STEPS + below.astype(float) < _FAR_FROM_WRAPPING
    unit = np.where(simple, guess, 0).astype(np.int64)
    rest = above * power - unit * below
    unit += rest // below
    rest %= below
    half = below - rest
    unit += (rest > half) | ((rest == half) & (unit % 2 != 0))
    simple &= _digits(unit) + _digits(below) <= _DIGITS
    unit, scale = _shorter_columns(unit, np.full(len(unit), UNIT_DECIMALS), decimals=decimals)
    for row in np.flatnonzero(~simple & known):
        unit[row], scale[row] = unit_cost(
            int(cost[row]),
            int(quantity[row]),
            decimals=decimals,
            quantity_decimals=int(quantity_decimals[row]),
        )
    return np.where(known, unit, 0), np.where(known, scale, 0)


class Residues(NamedTuple):
    """What is left over of each row as mantissa and scale; `wide` are rows beyond 64 bits."""

    rest: Int64Array
    scale: Int64Array
    wide: Mapping[int, tuple[int, int]]

    @property
    def rows(self) -> Int64Array:
        """Return the rows that leave something over, except wide ones."""
        return np.flatnonzero(self.rest)


def residues_of(
    amount: Int64Array, decimals: int, *, quantity: Int64Array, unit: Int64Array, scale: Int64Array
) -> Residues:
    """Return `residue` of each row, whose weight is quantity times unit at a scale."""
    more = np.maximum(scale - decimals, 0)
    fewer = np.maximum(decimals - scale, 0)
    simple = np.maximum(more, fewer) < len(_POWERS)
    raised, lowered = _POWERS[np.where(simple, more, 0)], _POWERS[np.where(simple, fewer, 0)]
    weight = quantity.astype(float) * unit.astype(float) * lowered.astype(float)
    simple &= _is_small(amount.astype(float) * raised.astype(float), weight)
    rest = np.where(simple, amount * raised - quantity * unit * lowered, 0)
    rest, shared = _shorter_columns(rest, np.maximum(scale, decimals), decimals=decimals)
    wide: dict[int, tuple[int, int]] = {}
    for row in np.flatnonzero(~simple):
        found, places = residue(
            int(amount[row]),
            decimals,
            weight=int(quantity[row]) * int(unit[row]),
            scale=int(scale[row]),
        )
        if abs(found) <= numbers.INT64_MAX:
            rest[row], shared[row] = found, places
        else:
            wide[int(row)] = found, places
    return Residues(rest, shared, wide)


def _is_small(first: np.ndarray, second: np.ndarray) -> Flags:
    """Say whether a difference is far from the bounds, whatever the floats have lost of it."""
    lost = (np.abs(first) + np.abs(second)) / _FLOAT_STEPS
    return np.asarray(np.abs(first - second) + lost < _FAR_FROM_WRAPPING, dtype=bool)


def _shorter_columns(
    values: Int64Array, scale: Int64Array, *, decimals: int
) -> tuple[Int64Array, Int64Array]:
    rows = np.flatnonzero(scale > decimals)
    while len(rows):
        rows = rows[(values[rows] % 10 == 0) & (scale[rows] > decimals)]
        values[rows] //= 10
        scale[rows] -= 1
    return values, scale


def _digits(values: Int64Array) -> Int64Array:
    """Return how many digits numbers from zero up have."""
    return np.maximum(np.searchsorted(_POWERS, values, side="right"), 1)
