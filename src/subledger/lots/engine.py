"""The interface of the lot engines: trades and open lots in, legs, reliefs and lots out.

Every engine computes the same bytes. `reference` is the definition in plain Python.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from subledger.numbers import Int64Array

AUTO, OPEN, CLOSE = 0, 1, 2
POSITION_EFFECTS = {"auto": AUTO, "open": OPEN, "close": CLOSE}

BOOKED, OVER_CLOSE, SHORT_NOT_ALLOWED = 0, 1, 2
REFUSAL_CODES = {OVER_CLOSE: "OVER_CLOSE", SHORT_NOT_ALLOWED: "SHORT_NOT_ALLOWED"}


class Trades(NamedTuple):
    """Trades in processing order; columns of equal length.

    `fees` are those that the cost policy puts into cost (0 where fees are expensed); amounts are
    in ledger units, fees positive = cost, negative = rebate.
    """

    pool: Int64Array
    direction: Int64Array  # +1 buy, -1 sell
    effect: Int64Array  # AUTO, OPEN or CLOSE
    quantity: Int64Array  # positive
    gross: Int64Array
    fees: Int64Array
    gross_base: Int64Array
    fees_base: Int64Array
    may_short: npt.NDArray[np.bool_]


class Lots(NamedTuple):
    """Lots in acquisition order within their pool; columns of equal length.

    A lot can be relieved by trades from the row `since` on: 0 for one that was there before all of
    them. Of lots with the same `since`, one that a trade opened stands before one that was given.
    """

    pool: Int64Array
    side: Int64Array  # +1 long, -1 short
    opened: Int64Array  # units acquired
    closed: Int64Array  # units relieved so far
    cost: Int64Array  # of all units acquired; of a short, its opening proceeds
    relieved: Int64Array  # cost of the units relieved so far
    cost_base: Int64Array
    relieved_base: Int64Array
    trade: Int64Array  # row of the trade that opened it, -1 for a lot that was given
    since: Int64Array  # first row of the trades that can relieve it


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


class Relieved(NamedTuple):
    """The result: legs, reliefs, the lots given and made, and why a trade was refused (0: not)."""

    legs: Legs
    reliefs: Reliefs
    lots: Lots
    refused: Int64Array


class Engine(Protocol):
    """Relieve lots by trades; raise NumberOverflow when an amount leaves 64 bits."""

    def __call__(self, lots: Lots, trades: Trades) -> Relieved:
        """Return what the trades did to the lots."""
