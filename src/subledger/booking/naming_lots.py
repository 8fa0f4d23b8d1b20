"""Lot ids as numbers for the engine, and the lots that trades name.

A lot's id is that of the trade that opened it, or as it was given. A pool at average cost is a
chain of versions `<first id>#2`, `#3` and so on; the engine knows a chain by a number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger.columns import Texts, numbers, texts
from subledger.lots.engine import Picks
from subledger.numbers import Int64Array, parse_decimal, rescale

_VERSION = re.compile(r"(.+)#([2-9]|[1-9][0-9]+)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class LotNames:
    """The chains of lots: the id of each, and the chain of every given lot and every trade."""

    ids: Sequence[str]
    of_lot: Int64Array
    version: Int64Array  # of each given lot within its chain
    of_trade: Int64Array

    def lot_ids(self, chain: Int64Array, version: Int64Array) -> Texts:
        """Return the ids of lots by chain and version."""
        pairs = zip(chain.tolist(), version.tolist(), strict=True)
        found = [self.ids[name] if n == 1 else f"{self.ids[name]}#{n}" for name, n in pairs]
        return np.array(found, dtype=object)


def chain_of(lot_id: str) -> tuple[str, int]:
    """Return the id of a lot's chain and its version: "T1#3" gives ("T1", 3)."""
    match = _VERSION.match(lot_id)
    return (match[1], int(match[2])) if match else (lot_id, 1)


def name_lots(
    trades: pa.Table, lots: pa.Table, *, instruments: pa.Table
) -> tuple[LotNames, Picks, Int64Array]:
    """Number the lots of LOTS and DATED_TRADES; return them, the named lots and their offsets."""
    codes: dict[str, int] = {}
    chains = [chain_of(name) for name in texts(lots, "lot_id")]
    of_lot = [codes.setdefault(name, len(codes)) for name, _ in chains]
    of_trade = [codes.setdefault(name, len(codes)) for name in texts(trades, "trade_id")]
    places = dict(
        zip(
            texts(instruments, "instrument"),
            numbers(instruments, "quantity_decimals").tolist(),
            strict=True,
        )
    )
    found: list[tuple[int, int, int]] = []
    offsets = [0]
    named = zip(texts(trades, "lots"), texts(trades, "instrument"), strict=True)
    for lots_named, instrument in named:
        for pick in filter(None, lots_named.split(";")):
            lot_id, _, quantity = pick.rpartition(":")
            name, version = chain_of(lot_id)
            units = rescale(*parse_decimal(quantity), places[instrument])
            found.append((codes.setdefault(name, len(codes)), version, units))
        offsets.append(len(found))
    picks = np.array(found, np.int64).reshape(len(found), len(Picks._fields))
    names = LotNames(
        list(codes),
        np.array(of_lot, np.int64),
        np.array([version for _, version in chains], np.int64),
        np.array(of_trade, np.int64),
    )
    return names, Picks(*(np.ascontiguousarray(column) for column in picks.T)), np.array(offsets)
