"""What can be held: class, currency, multiplier and decimals of instruments, as columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.numbers import Int64Array
from subledger.tables import INSTRUMENTS

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
    ordered = facts.sort_by(
        [("instrument", "ascending"), ("batch", "ascending"), ("row", "ascending")]
    )
    start = pc.fill_null(ordered["valid_from"].cast(pa.int32()), -1).to_numpy()
    code = ordered["instrument"].combine_chunks().dictionary_encode().indices.to_numpy()
    order = np.lexsort((np.arange(len(code)), start, code))
    last = np.flatnonzero(np.append(np.diff(code[order]) != 0, [True] * bool(len(code))))
    return ordered.take(pa.array(order[last])).select(INSTRUMENTS.schema.names)


class Held:
    """The instruments of a books folder, looked up by whole columns of their ids."""

    def __init__(self, facts: pa.Table) -> None:
        self.table = latest(facts)
        self._ids = self.table["instrument"].combine_chunks()

    def positions(self, instruments: pa.Array | npt.NDArray[np.object_]) -> Int64Array:
        """Return the row of each id in `table`, -1 where it is not known."""
        found = pc.index_in(pa.array(instruments, pa.string()), value_set=self._ids)
        rows: Int64Array = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        return rows

    def numbers(self, column: str, positions: Int64Array) -> Int64Array:
        """Return a whole-number column for each position; 0 where it is -1."""
        return self._take(column, positions, fill=0).astype(np.int64)

    def texts(self, column: str, positions: Int64Array) -> npt.NDArray[np.object_]:
        """Return a text column for each position; "" where it is -1."""
        return self._take(column, positions, fill="").astype(object)

    def flags(self, column: str, positions: Int64Array) -> npt.NDArray[np.bool_]:
        """Return a yes-or-no column for each position; no where it is -1."""
        return self._take(column, positions, fill=False).astype(bool)

    def _take(self, column: str, positions: Int64Array, *, fill: object) -> npt.NDArray[np.generic]:
        rows = pa.array(positions, mask=positions < 0)
        taken = self.table[column].combine_chunks().take(rows)
        values: npt.NDArray[np.generic] = pc.fill_null(taken, fill).to_numpy(zero_copy_only=False)
        return values
