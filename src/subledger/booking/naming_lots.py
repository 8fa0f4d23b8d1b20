"""Lot ids as numbers for the engine, and the lots that trades name.

A lot's id is that of the trade that opened it, or as it was given. A pool at average cost is a
chain of versions `<first id>#2`, `#3` and so on; the engine knows a chain by a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import Texts, numbers, texts
from subledger.lots.engine import Picks
from subledger.numbers import Int64Array, parse_decimal, rescale

_VERSION = re.compile(r"(.+)#([2-9]|[1-9][0-9]+)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class LotNames:
    """The chains of lots: the id of each, and the chain of every given lot and every trade."""

    ids: pa.StringArray
    of_lot: Int64Array
    version: Int64Array  # of each given lot within its chain
    of_trade: Int64Array

    def lot_ids(self, chain: Int64Array, version: Int64Array) -> Texts:
        """Return the ids of lots by chain and version."""
        first = Texts(chain.astype(np.int32), self.ids)
        later = np.flatnonzero(version != 1)
        if not len(later):
            return first
        suffix = Texts.of([f"#{n}" for n in version[later].tolist()])
        written = Texts.joined([first, first[later] + suffix])
        codes = written.codes[: len(chain)].copy()
        codes[later] = written.codes[len(chain) :]
        return Texts(codes, written.values)


def chain_of(lot_id: str) -> tuple[str, int]:
    """Return the id of a lot's chain and its version: "T1#3" gives ("T1", 3)."""
    match = _VERSION.match(lot_id)
    return (match[1], int(match[2])) if match else (lot_id, 1)


def name_lots(
    trades: pa.Table, lots: pa.Table, *, instruments: pa.Table
) -> tuple[LotNames, Picks, Int64Array]:
    """Number the lots of LOTS and DATED_TRADES; return them, the named lots and their offsets."""
    lot_ids, version = chains_of(texts(lots, "lot_id"))
    # With "" among them, lines that name no lot have codes in the same list.
    known = Texts.joined([lot_ids, texts(trades, "trade_id")]).with_blank()
    named, picks_from = _named(trades, instruments=instruments)
    both = Texts.joined([known, Texts.of([name for name, _, _ in named])])
    chain = both.codes.astype(np.int64)
    of_lot, of_trade = chain[: lots.num_rows], chain[lots.num_rows : len(known)]
    picks = Picks(
        chain[len(known) :],
        np.array([n for _, n, _ in named], np.int64),
        np.array([units for _, _, units in named], np.int64),
    )
    return LotNames(both.values, of_lot, version, of_trade), picks, picks_from


def chains_of(lot_ids: Texts) -> tuple[Texts, Int64Array]:
    """Return the ids of lots' chains and their versions within them."""
    version = np.ones(len(lot_ids), np.int64)
    marked = pc.match_substring(lot_ids.values, "#").to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(marked[lot_ids.codes])
    if not len(rows):
        return lot_ids, version
    version[rows] = lot_ids[rows].looked_up(lambda name: chain_of(name)[1])
    first = lot_ids[rows].mapped(lambda name: chain_of(name)[0])
    place = np.arange(len(lot_ids))
    place[rows] = len(lot_ids) + np.arange(len(rows))
    return Texts.joined([lot_ids, first])[place], version


def _named(
    trades: pa.Table, *, instruments: pa.Table
) -> tuple[list[tuple[str, int, int]], Int64Array]:
    """Return chain, version and units of each lot that a trade names, and each trade's first."""
    places = dict(
        zip(
            texts(instruments, "instrument"),
            numbers(instruments, "quantity_decimals").tolist(),
            strict=True,
        )
    )
    found: list[tuple[str, int, int]] = []
    said, traded = texts(trades, "lots"), texts(trades, "instrument")
    count = np.zeros(trades.num_rows, np.int64)
    for row in np.flatnonzero(said != ""):
        before, lots_named, instrument = len(found), said[row], traded[row]
        for pick in filter(None, lots_named.split(";")):
            lot_id, _, quantity = pick.rpartition(":")
            name, version = chain_of(lot_id)
            units = rescale(*parse_decimal(quantity), places[instrument])
            found.append((name, version, units))
        count[row] = len(found) - before
    return found, np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
