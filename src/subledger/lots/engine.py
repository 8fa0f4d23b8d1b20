"""The interface of the lot engines: trades and open lots in, legs, reliefs, moves and lots out.

Every engine computes the same bytes. `reference` is the definition in plain Python.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from subledger.numbers import Int64Array

AUTO, OPEN, CLOSE = 0, 1, 2
POSITION_EFFECTS = {"auto": AUTO, "open": OPEN, "close": CLOSE}

# The code of a method is its position.
METHODS = (
    "FIFO", "LIFO", "HIFO", "LOFO", "AVERAGE", "SPECIFIC", "PRO_RATA", "INTRADAY_FIFO", "MIN_GAIN",
    "MAX_GAIN", "BEST_TAX", "HIGHEST_PRICE", "LOWEST_PRICE",
)  # fmt: skip
FIFO, LIFO, HIFO, LOFO, AVERAGE, SPECIFIC = range(6)
PRO_RATA, INTRADAY_FIFO, MIN_GAIN, MAX_GAIN, BEST_TAX, HIGHEST_PRICE, LOWEST_PRICE = range(6, 13)

BOOKED, OVER_CLOSE, SHORT_NOT_ALLOWED, LOT_UNKNOWN, LOTS_MISMATCH, LOTS_NOT_NAMED = range(6)
REFUSAL_CODES = {
    OVER_CLOSE: "OVER_CLOSE",
    SHORT_NOT_ALLOWED: "SHORT_NOT_ALLOWED",
    LOT_UNKNOWN: "LOT_UNKNOWN",
    LOTS_MISMATCH: "LOTS_MISMATCH",
    LOTS_NOT_NAMED: "LOTS_NOT_NAMED",
}


class Trades(NamedTuple):
    """Trades in processing order; columns of equal length, `picks_from` one longer.

    `fees` are those that the cost policy puts into cost (0 where fees are expensed); amounts are
    in ledger units, fees positive = cost, negative = rebate. The lots that trade n names are the
    rows `picks_from[n]` to `picks_from[n + 1]` of the picks. Days are counted from 1970.
    """

    pool: Int64Array
    direction: Int64Array  # +1 buy, -1 sell
    effect: Int64Array  # AUTO, OPEN or CLOSE
    quantity: Int64Array  # positive
    gross: Int64Array
    fees: Int64Array
    gross_base: Int64Array
    fees_base: Int64Array
    ranking_fees: Int64Array  # all fees, whatever the cost policy; 0 where lots rank without them
    method: Int64Array  # position in METHODS; a trade that names lots is SPECIFIC all the same
    name: Int64Array  # code of the id of the lot that it would open
    picks_from: Int64Array
    may_short: npt.NDArray[np.bool_]
    traded_on: Int64Array  # day of the trade; not always in order
    long_from: Int64Array  # first day on which disposing of a lot that it opens is long-term


class Picks(NamedTuple):
    """Lots that trades name, trade after trade in the order named; columns of equal length."""

    lot: Int64Array  # name of the lot's chain
    version: Int64Array  # version of the lot
    quantity: Int64Array  # positive


class Lots(NamedTuple):
    """Lots in acquisition order within their pool; columns of equal length.

    A lot can be relieved by trades from the row `since` on: 0 for one that was there before all of
    them. Of lots with the same `since`, one that a trade made stands before one that was given. A
    lot that stands for others, which were joined at average cost, is the next version of the chain
    of the oldest of them; it can be relieved by the very trade that made it, too.
    """

    pool: Int64Array
    side: Int64Array  # +1 long, -1 short
    opened: Int64Array  # units acquired
    closed: Int64Array  # units relieved, or moved to another lot, so far
    cost: Int64Array  # of all units acquired; of a short, its opening proceeds
    relieved: Int64Array  # cost of the units relieved or moved so far
    cost_base: Int64Array
    relieved_base: Int64Array
    trade: Int64Array  # row of the trade that made it, -1 for a lot that was given
    since: Int64Array  # first row of the trades that can relieve it
    ranking_cost: Int64Array  # cost with the fees that lots rank with, of all units acquired
    name: Int64Array  # code of the id of the first lot of its chain; of a plain lot, its own
    version: Int64Array  # 1, or n of the version `<first>#n`
    opened_on: Int64Array  # day of its acquisition; of joined lots, that of the oldest
    long_from: Int64Array  # first day on which a disposal of it is long-term, if it is long


class Legs(NamedTuple):
    """Parts of trades: at most one that closes and one that opens, in processing order."""

    trade: Int64Array
    opens: npt.NDArray[np.bool_]
    side: Int64Array  # +1 long, -1 short: of the lots concerned
    quantity: Int64Array
    gross: Int64Array
    fees: Int64Array
    gross_base: Int64Array
    fees_base: Int64Array
    lot: Int64Array  # row of the lot it opened, -1 for a leg that closes


class Reliefs(NamedTuple):
    """What each closing leg consumed, in the order of relief."""

    leg: Int64Array
    lot: Int64Array
    quantity: Int64Array
    cost: Int64Array
    cost_base: Int64Array


class Moves(NamedTuple):
    """What joining lots at average cost took from the old ones (negative) and put into the new.

    Per leg quantity, cost and base cost each sum to zero; the new lot stands last. Moves of a leg
    that closes come before its reliefs.
    """

    leg: Int64Array
    lot: Int64Array
    quantity: Int64Array
    cost: Int64Array
    cost_base: Int64Array


class Relieved(NamedTuple):
    """The result: what was done, the lots given and made, and why a trade was refused (0: not)."""

    legs: Legs
    reliefs: Reliefs
    moves: Moves
    lots: Lots
    refused: Int64Array


class Engine(Protocol):
    """Relieve lots by trades; raise NumberOverflow when an amount leaves 64 bits."""

    def __call__(self, lots: Lots, trades: Trades, *, picks: Picks) -> Relieved:
        """Return what the trades did to the lots."""
