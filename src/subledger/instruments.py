"""What can be held: class, currency, multiplier and decimals of instruments, as columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import Flags, flags, group_codes, numbers, rows_named, sorted_by, texts
from subledger.numbers import Int64Array
from subledger.tables import INSTRUMENTS
from subledger.texts import Texts

ASSET_CLASSES = (
    "equity",
    "etf",
    "bond",
    "future",
    "option",
    "fx_spot",
    "fx_forward",
    "crypto",
    "perpetual",
    "fund",
    "rights",
)

# What a later file may not change: quantities and amounts already recorded rest on it.
ECONOMIC = (
    "asset_class",
    "currency",
    "base_currency",
    "multiplier_mantissa",
    "multiplier_scale",
    "quantity_decimals",
)


def latest(facts: pa.Table) -> pa.Table:
    """Return one row per instrument, in order of instrument, from a table of facts INSTRUMENTS.

    The row with the latest `valid_from` counts (not given = from the start), of equal ones the
    last recorded.
    """
    ordered = sorted_by(facts, ("instrument", "batch", "row"))
    start = pc.fill_null(ordered["valid_from"].cast(pa.int32()), -1).to_numpy()
    code, _ = group_codes([texts(ordered, "instrument")])
    order = np.lexsort((np.arange(len(code)), start, code))
    last = np.flatnonzero(np.append(np.diff(code[order]) != 0, [True] * bool(len(code))))
    return ordered.take(pa.array(order[last])).select(INSTRUMENTS.schema.names)


class Held:
    """The instruments of a books folder, looked up by whole columns of their ids."""

    def __init__(self, facts: pa.Table) -> None:
        self.table = latest(facts)
        self._ids = texts(self.table, "instrument")

    def positions(self, instruments: Texts) -> Int64Array:
        """Return the row of each id in `table`, -1 where it is not known."""
        return rows_named(instruments, among=self._ids)

    def numbers(self, column: str, positions: Int64Array) -> Int64Array:
        """Return a whole-number column for each position; 0 where it is -1."""
        return _taken(numbers(self.table, column), positions, missing=0)

    def texts(self, column: str, positions: Int64Array) -> Texts:
        """Return a text column for each position; "" where it is -1."""
        return Texts.joined([texts(self.table, column), Texts.repeated("", 1)])[positions]

    def flags(self, column: str, positions: Int64Array) -> Flags:
        """Return a yes-or-no column for each position; no where it is -1."""
        return _taken(flags(self.table, column), positions, missing=False)


def _taken(values: npt.NDArray[Any], positions: Int64Array, *, missing: object) -> npt.NDArray[Any]:
    """Return the values at positions; one for all of them takes no memory, and is read only."""
    if len(values) and (values == values[0]).all() and positions.min(initial=0) >= 0:
        return np.broadcast_to(values[0], positions.shape)
    return np.append(values, np.array([missing], values.dtype))[positions]
