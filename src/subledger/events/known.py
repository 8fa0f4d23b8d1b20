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

from subledger.columns import Flags, build, days, numbers, rows_named, run_starts, sorted_by, texts
from subledger.numbers import Int64Array
from subledger.tables import SETTLEMENTS, TRADES, Table, text, whole
from subledger.texts import Texts

RANKS = {"confirmed": 0, "failed": 1, "settled": 2, "cancelled": 3}
CANCELLED = RANKS["cancelled"]
_CONFIRMED, _FAILED, _SETTLED = RANKS["confirmed"], RANKS["failed"], RANKS["settled"]
Rows = npt.NDArray[np.intp]

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
    return status.looked_up(RANKS)


def known_trades(trades: pa.Table, settlements: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Fold facts TRADES and SETTLEMENTS to KNOWN_TRADES and ODD_SETTLEMENTS.

    Both results are in their declared order. A settlement of a cancelled trade changes nothing.
    """
    latest, last_batch = _latest(trades)
    found = rows_named(texts(settlements, "trade_id"), among=texts(latest, "trade_id"))
    whole_trade = settles_whole(settlements, latest, found=found)
    state = _State(latest, last_batch, settlements=settlements)
    state.move(np.flatnonzero(whole_trade), found)
    return state.table(), _odd(settlements, found, whole_trade=whole_trade)


def _latest(trades: pa.Table) -> tuple[pa.Table, Int64Array]:
    """Return the fact that counts for each trade, by trade_id, and the last batch of any."""
    code = _codes(texts(trades, "trade_id"))
    counts = np.bincount(code)
    lasts, last_batch = np.empty(len(counts), np.intp), np.empty(len(counts), np.int64)
    batch = numbers(trades, "batch")
    # Where every fact counts alone, the last to be written is the only one.
    lasts[code], last_batch[code] = np.arange(len(code)), batch
    several = np.flatnonzero(counts[code] > 1) if len(counts) < len(code) else np.empty(0, np.intp)
    if len(several):
        facts = trades.take(pa.array(several))
        ends, batches = _last_of_several(facts, code[several])
        at = code[several[ends]]
        lasts[at], last_batch[at] = several[ends], batches
    rows = trades.select(TRADES.schema.names)
    if not np.array_equal(lasts, np.arange(len(code))):
        rows = rows.take(pa.array(lasts))
    return rows.combine_chunks(), last_batch


def _last_of_several(facts: pa.Table, code: Int64Array) -> tuple[Rows, Int64Array]:
    """Return the fact that counts for each trade of several, and the last batch that changed it."""
    version, rank = numbers(facts, "version"), ranks(texts(facts, "status"))
    batch, row = numbers(facts, "batch"), numbers(facts, "row")
    order = np.lexsort((row, batch, rank, version, code))
    starts = run_starts(code[order])
    lengths = np.diff(np.append(starts, len(order)))
    ends = order[starts + lengths - 1]
    # Facts of a lower version no longer count; the arrival of the highest changed what is known.
    counts = version[order] == np.repeat(version[ends], lengths)
    return ends, np.maximum.reduceat(np.where(counts, batch[order], 0), starts)


def _codes(ids: Texts) -> Int64Array:
    """Number the ids in use without gaps by code point, so that codes sort as ids do."""
    code = ids.ranks().astype(np.int64)
    present = np.zeros(int(code.max(initial=-1)) + 1, bool)
    present[code] = True
    return code if present.all() else (np.cumsum(present) - 1)[code]


def settles_whole(settlements: pa.Table, trades: pa.Table, *, found: Int64Array) -> Flags:
    """Say which facts concern the whole quantity and net amount of the trade at `found`."""
    fits: Flags = found >= 0
    for name, other in (("quantity", "quantity"), ("amount", "net")):
        if settlements[name].null_count == settlements.num_rows:
            continue
        given: Flags = pc.is_valid(settlements[name]).to_numpy()
        whole_value = np.append(numbers(trades, other), 0)[found]
        fits &= ~given | (np.abs(numbers(settlements, name)) == np.abs(whole_value))
    return fits


def _odd(settlements: pa.Table, found: Int64Array, *, whole_trade: Flags) -> pa.Table:
    rows = np.flatnonzero(~whole_trade)
    facts = settlements.take(pa.array(rows))
    code = Texts.either(found[rows] < 0, "UNKNOWN_TRADE", "LATER_PARTIAL_SETTLEMENT")
    odd = build(
        ODD_SETTLEMENTS,
        {name: facts[name] for name in SETTLEMENTS.schema.names} | {"code": code},
    )
    return sorted_by(odd, ODD_SETTLEMENTS.order)


class _State:
    """The state of trades while settlement facts are applied to it, as whole columns."""

    def __init__(self, latest: pa.Table, last_batch: Int64Array, *, settlements: pa.Table) -> None:
        self.latest, self.last_batch = latest, last_batch
        self.status = ranks(texts(latest, "status"))
        self.settled_date = days(latest, "settled_date").copy()
        self.batch, self.date = numbers(settlements, "batch"), days(settlements, "date")
        self.said, self.event = texts(settlements, "status"), texts(settlements, "event_id")
        self.settled_by = np.full(latest.num_rows, -1, np.int64)  # a row of the settlements

    def move(self, facts: Rows, found: Int64Array) -> None:
        """Apply rows of the settlements; `found` is the trade of each of all of them."""
        facts = facts[self.status[found[facts]] != CANCELLED]
        np.maximum.at(self.last_batch, found[facts], self.batch[facts])
        settled = (self.said == "settled")[facts]
        self._settle(facts[settled], found)
        rest = facts[~settled]
        self._fail(rest[self.status[found[rest]] != _SETTLED], found)

    def _settle(self, facts: Rows, found: Int64Array) -> None:
        trade = found[facts]
        # What a row of the highest version itself says of the date stands.
        facts = facts[
            (self.status[trade] != _SETTLED) | (self.settled_date[trade] == self.date[facts])
        ]
        keys = (self.event.ranks()[facts], self.date[facts].astype(np.int64))
        # The first of several writes last, so it stays.
        facts = facts[_order(found[facts], keys)[::-1]]
        trade = found[facts]
        self.status[trade] = _SETTLED
        self.settled_date[trade] = self.date[facts]
        self.settled_by[trade] = facts

    def _fail(self, facts: Rows, found: Int64Array) -> None:
        # On one day a cure follows a failure, by the alphabet too: cured says the state is over.
        cured = (self.said == "cured")[facts]
        order = _order(found[facts], (cured, self.date[facts].astype(np.int64)))
        self.status[found[facts][order]] = np.where(cured[order], _CONFIRMED, _FAILED)

    def table(self) -> pa.Table:
        """Return KNOWN_TRADES."""
        events = Texts.joined([self.event, Texts.repeated("", 1)])
        replaced = {
            "status": Texts(self.status.astype(np.int32), pa.array(RANKS, pa.string())),
            "settled_date": self.settled_date,
            "last_batch": self.last_batch,
            "settlement_event": events[self.settled_by],
        }
        kept = {name: self.latest[name] for name in TRADES.schema.names if name not in replaced}
        return build(KNOWN_TRADES, kept | replaced)


def _order(trade: Int64Array, keys: tuple[npt.NDArray[np.generic], ...]) -> Rows:
    """Return facts by trade and by keys, the last key first; as they are when each has one."""
    if np.bincount(trade).max(initial=0) <= 1:
        return np.arange(len(trade))
    return np.lexsort((*keys, trade))
