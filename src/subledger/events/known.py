"""What is known of each trade: its highest version in its latest state, from all facts.

The result does not depend on the order in which facts arrived. A trade's version counts by its
number; within it cancelled outranks settled, settled outranks failed, failed outranks confirmed.
Settlement facts of the whole trade move the state: one that settled it settles it, unless the
trade's own row says when it settled; without one, the latest by date says failed, or cured, which
is confirmed again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import Codes, Flags, Texts, days, numbers, run_starts, texts
from subledger.numbers import Int64Array
from subledger.tables import SETTLEMENTS, TRADES, Table, text, whole

RANKS = {"confirmed": 0, "failed": 1, "settled": 2, "cancelled": 3}
CANCELLED = RANKS["cancelled"]

KNOWN_TRADES = Table(
    "known_trades",
    "One row per trade: its highest version in its latest state.",
    pa.schema(
        [
            *TRADES.schema,
            whole("last_batch", "the last import that changed what is known of it"),
            text("settlement_event", "event_id of the settlements row that settled it"),
        ]
    ),
    ("trade_id",),
)

ODD_SETTLEMENTS = Table(
    "odd_settlements",
    "Settlement facts that settle no known trade as a whole, with the exception code of each.",
    pa.schema([*SETTLEMENTS.schema, text("code", "UNKNOWN_TRADE or LATER_PARTIAL_SETTLEMENT")]),
    ("batch", "row"),
)


def ranks(status: Texts) -> Int64Array:
    """Return how far each status has moved: confirmed, failed, settled, cancelled."""
    return np.array([RANKS[value] for value in status.tolist()], np.int64)


def known_trades(trades: pa.Table, settlements: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Fold facts TRADES and SETTLEMENTS to KNOWN_TRADES and ODD_SETTLEMENTS.

    Both results are in their declared order. A settlement of a cancelled trade changes nothing.
    """
    latest, last_batch = _latest(trades)
    found = _positions(settlements, latest)
    whole_trade = _settles_whole(settlements, latest, found=found)
    moves = np.flatnonzero(whole_trade)
    state = _State(latest, last_batch)
    state.move(settlements.take(pa.array(moves)), found[moves])
    return state.table(), _odd(settlements, found, whole_trade=whole_trade)


def _latest(trades: pa.Table) -> tuple[pa.Table, Int64Array]:
    """Return the fact that counts for each trade, by trade_id, and the last batch of any."""
    if not trades.num_rows:
        return trades.select(TRADES.schema.names), np.empty(0, np.int64)
    code = _codes(trades["trade_id"])
    version, rank = numbers(trades, "version"), ranks(texts(trades, "status"))
    batch, row = numbers(trades, "batch"), numbers(trades, "row")
    order = np.lexsort((row, batch, rank, version, code))
    starts = run_starts(code[order])
    lasts = order[np.append(starts[1:], len(order)) - 1]
    # Facts of a lower version no longer count; the arrival of the highest changed what is known.
    counts = version == version[lasts][code]
    batches = np.where(counts, batch, 0)
    last_batch = np.maximum.reduceat(batches[order], starts)
    rows = trades.take(pa.array(lasts)).select(TRADES.schema.names)
    return rows.combine_chunks(), last_batch


def _codes(ids: pa.ChunkedArray) -> Int64Array:
    """Number ids by code point, so that codes sort as ids do."""
    distinct = pc.unique(ids).sort()
    codes: Int64Array = pc.index_in(ids, value_set=distinct).to_numpy().astype(np.int64)
    return codes


def _positions(settlements: pa.Table, latest: pa.Table) -> Int64Array:
    ids = latest["trade_id"].combine_chunks()
    found = pc.fill_null(pc.index_in(settlements["trade_id"], value_set=ids), -1)
    positions: Int64Array = found.to_numpy().astype(np.int64)
    return positions


def _settles_whole(settlements: pa.Table, latest: pa.Table, *, found: Int64Array) -> Flags:
    """Say which facts concern the whole quantity and net amount of a known trade."""
    at = np.maximum(found, 0)
    fits: Flags = found >= 0
    for name, column in (("quantity", "quantity"), ("amount", "net")):
        given: Flags = pc.is_valid(settlements[name]).to_numpy()
        whole_value = numbers(latest, column)
        if len(whole_value):
            same = np.abs(numbers(settlements, name)) == np.abs(whole_value[at])
            fits &= ~given | same
    return fits


def _odd(settlements: pa.Table, found: Int64Array, *, whole_trade: Flags) -> pa.Table:
    rows = np.flatnonzero(~whole_trade)
    code = np.where(found[rows] < 0, "UNKNOWN_TRADE", "LATER_PARTIAL_SETTLEMENT").astype(object)
    odd = settlements.take(pa.array(rows)).select(SETTLEMENTS.schema.names)
    odd = odd.append_column(ODD_SETTLEMENTS.schema.field("code"), pa.array(code, pa.string()))
    return odd.sort_by([(name, "ascending") for name in ODD_SETTLEMENTS.order]).combine_chunks()


class _State:
    """The state of trades while settlement facts are applied to it, as whole columns."""

    def __init__(self, latest: pa.Table, last_batch: Int64Array) -> None:
        self.latest, self.last_batch = latest, last_batch
        self.status = texts(latest, "status").copy()
        self.settled_date = days(latest, "settled_date").copy()
        self.event = np.full(latest.num_rows, "", object)

    def move(self, facts: pa.Table, found: Int64Array) -> None:
        """Apply settlement facts, each of the trade at its position."""
        live = self.status[found] != "cancelled"
        facts, found = facts.filter(pa.array(live)), found[live]
        np.maximum.at(self.last_batch, found, numbers(facts, "batch"))
        settled = texts(facts, "status") == "settled"
        self._settle(facts.filter(pa.array(settled)), found[settled])
        open_ = ~settled & (self.status[found] != "settled")
        self._fail(facts.filter(pa.array(open_)), found[open_])

    def _settle(self, facts: pa.Table, found: Codes | Int64Array) -> None:
        date, event = days(facts, "date"), texts(facts, "event_id")
        # What a row of the highest version itself says of the date stands.
        agrees = (self.status[found] != "settled") | (self.settled_date[found] == date)
        date, event, found = date[agrees], event[agrees], found[agrees]
        order = _order(event, date, found=found)[
            ::-1
        ]  # the first of several writes last, so it stays
        self.status[found[order]] = "settled"
        self.settled_date[found[order]] = date[order]
        self.event[found[order]] = event[order]

    def _fail(self, facts: pa.Table, found: Codes | Int64Array) -> None:
        # On one day a cure follows a failure, by the alphabet too: cured says the state is over.
        later = np.where(texts(facts, "status") == "cured", 1, 0)
        order = np.lexsort((later, days(facts, "date").astype(np.int64), found))
        self.status[found[order]] = np.where(later[order] == 1, "confirmed", "failed")

    def table(self) -> pa.Table:
        """Return KNOWN_TRADES."""
        replaced = {
            "status": self.status,
            "settled_date": self.settled_date,
            "last_batch": self.last_batch,
            "settlement_event": self.event,
        }
        columns = [
            pa.array(replaced[field.name], field.type)
            if field.name in replaced
            else self.latest[field.name]
            for field in KNOWN_TRADES.schema
        ]
        return pa.Table.from_arrays(columns, schema=KNOWN_TRADES.schema)


def _order(
    event: Texts, date: npt.NDArray[np.datetime64], *, found: Codes | Int64Array
) -> npt.NDArray[np.intp]:
    names = event.astype(str) if len(event) else np.empty(0, str)
    return np.lexsort((names, date.astype(np.int64), found))
