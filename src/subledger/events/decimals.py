"""Columns of decimal numbers as they were written: mantissa and scale, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from subledger.columns import group_codes
from subledger.events.grammar import Number
from subledger.events.vectors import Scales
from subledger.numbers import (
    INT64_MAX,
    INT64_MIN,
    MAX_SCALE,
    Int64Array,
)
from subledger.texts import Texts

BoolArray: TypeAlias = npt.NDArray[np.bool_]
EVERY = slice(None)
_POWERS = 10 ** np.arange(MAX_SCALE + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Decimals:
    """Numbers mantissa / 10**scale without zeros at the end of their decimals.

    A row without a number has none in `given`. Numbers whose mantissa does not fit in 64 bits are
    few: they stand in `wide` by row, with mantissa and scale 0 in the columns.
    """

    mantissa: Int64Array
    scale: Scales
    given: BoolArray
    wide: Mapping[int, Number] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.mantissa)

    def at(self, codes: npt.NDArray[np.int32]) -> Decimals:
        """Return the numbers of rows that stand at these positions."""
        is_wide = np.zeros(len(self), bool)
        is_wide[list(self.wide)] = True
        rows = np.flatnonzero(is_wide[codes]) if self.wide else np.empty(0, np.intp)
        pairs = zip(rows.tolist(), codes[rows].tolist(), strict=True)
        wide = {row: self.wide[code] for row, code in pairs}
        return Decimals(
            repeated(self.mantissa, codes),
            repeated(self.scale, codes),
            repeated(self.given, codes),
            wide,
        )

    def number(self, row: int) -> Number | None:
        """Return the number of a row, None where none is given."""
        if not self.given[row]:
            return None
        return self.wide.get(row) or Number(int(self.mantissa[row]), int(self.scale[row]))

    def tolist(self) -> list[Number | None]:
        """Return the numbers of all rows, for columns of few rows."""
        return [self.number(row) for row in range(len(self))]

    def texts(self) -> Texts:
        """Return the numbers as canonical text, "" where not given; one per distinct number."""
        if not self.given.any():
            return Texts.repeated("", len(self))
        wide = np.full(len(self), -1, np.int64)
        wide[list(self.wide)] = list(self.wide)
        code, first = group_codes([self.given, self.mantissa, self.scale, wide])
        numbers = [self.number(row) for row in first.tolist()]
        written = Texts.of([number.text if number else "" for number in numbers])
        return written[code]


def repeated(values: npt.NDArray[Any], codes: npt.NDArray[np.int32] | slice) -> npt.NDArray[Any]:
    """Return the values at the codes; one for all of them takes no memory, and is read only."""
    if len(values) and (values == values[0]).all():
        return np.broadcast_to(values[0], values.shape if isinstance(codes, slice) else codes.shape)
    return values[codes]


def scaled(
    numbers: Decimals, decimals: Int64Array, *, where: BoolArray
) -> tuple[Int64Array, BoolArray, BoolArray]:
    """Return numbers as int64 at each row's decimals, and the rows that cannot be held so.

    The first mask says where there are more decimals than the unit's, the second where 64 bits
    are too few. Those rows are 0, as are those not given and those not of `where`.
    """
    asked = where & numbers.given
    if not asked.any():
        return np.zeros(len(asked), np.int64), asked, asked
    up = decimals - numbers.scale
    highest = max(int(numbers.mantissa.max()), -int(numbers.mantissa.min()))
    if highest * 10 ** max(int(up.max()), 0) <= INT64_MAX and not numbers.wide and up.min() >= 0:
        held = numbers.mantissa * _POWERS[up]
        return (held if asked.all() else np.where(asked, held, 0)), _none(asked), _none(asked)
    excess = asked & (up < 0)  # its last decimal is not 0
    power = _POWERS[np.clip(up, 0, MAX_SCALE)]
    room = INT64_MAX // power
    large = (numbers.mantissa > room) | (numbers.mantissa < np.where(power == 1, INT64_MIN, -room))
    large |= (up > MAX_SCALE) & (numbers.mantissa != 0)
    large &= asked & ~excess
    held = np.where(asked & ~excess & ~large, numbers.mantissa, 0) * power
    for row, number in numbers.wide.items():
        # No number that is wider than 64 bits fits in them at a unit, whatever its own scale.
        beyond = number.scale > decimals[row]
        excess[row], large[row] = asked[row] & beyond, asked[row] & ~beyond
    return held, excess, large


def _none(rows: BoolArray) -> BoolArray:
    return np.broadcast_to(np.False_, rows.shape)
