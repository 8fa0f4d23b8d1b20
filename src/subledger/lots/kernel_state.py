"""How the kernel lays out what it works on: words of rows, and places in its state.

Compiled functions take plain arrays, which are cheap to hand on. Trades stand in rows, pool after
pool, so that a pool is read in one stretch of memory; a row is overwritten by what became of its
trade. Lots stand in rows too, in the order of arrival in their pool, so that of two lots the older
has the smaller number.

In the signatures `lots` are those rows, `state` is what is known of the pool that is worked on,
`tables` and `keys` are its queues and rankings, one row each, and `facts` are FACTS of all trades
and of the given lots behind them.
"""

# fmt: off - signatures are wrapped by hand
from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int32Array = npt.NDArray[np.int32]

# Words of a trade, before.
QUANTITY, GROSS, FEES, GROSS_BASE, FEES_BASE, RANKING_FEES, FLAGS = range(7)
TRADE_WORDS = 7
# Bits of FLAGS, below the number of the trade.
BUYS, MAY_SHORT, NAMES_LOTS, EFFECT, METHOD, TRADE = 0, 1, 2, 4, 8, 16
# Words of a trade, after: what it closed, and where its reliefs, lots and moves begin.
CLOSED_UNITS, RELIEF_FROM, RELIEF_COUNT, LOT_FROM, MOVE_FROM, MOVE_COUNT, STATUS = range(7)
# Bits of STATUS, above the reason for a refusal.
JOINED, OPENED_LOT = 8, 9

# Words of a lot. SOURCE is where its FACTS stand.
OPENED, CLOSED, COST, RELIEVED, COST_BASE, RELIEVED_BASE, RANKING_COST, VERSION, SOURCE = range(9)
LOT_WORDS = 9
# Words of a given lot, besides.
SINCE, SIDE = 9, 10
# Rows of FACTS. Names and days to look lots up by are numbered within their pool, from 0.
NAME, OPENED_ON, LONG_FROM, NAME_PLACE, DAY_PLACE, FACTS = range(6)
# Words of a relief and of a move.
LOT, UNITS_TAKEN, COST_TAKEN, COST_BASE_TAKEN = range(4)
TAKEN_WORDS = 4
LEGS_COUNTED, RELIEFS_COUNTED, MOVES_COUNTED, LOTS_COUNTED = range(4)

LONG, SHORT = 0, 1
# Places in the state. The queue of a side: its first place, the place behind it, open lots, units.
HEAD, TAIL, LIVE, UNITS = range(4)
QUEUE_WORDS = 4
# Rows written so far, and the first lot of the pool.
LOT_TOTAL, RELIEF_TOTAL, MOVE_TOTAL, POOL_LOT = range(8, 12)
# How many rankings, days and names the lots of the pool are looked up by; and how far a run is that
# had no room for the reliefs of a trade: the row of the trade, and the given lot that comes next.
LOOKED_UP, NEXT_ROW, NEXT_GIVEN = range(12, 15)
LAST_DAY, LAST_LONG_FROM = 15, 17  # two places each, one per side
DAY_ROW, NAME_ROW = 19, 20  # first of the rows of tables
RANKING_ROW, RANKING_SIZE = 21, 28  # one place per ranking; one per ranking and side
STATE_WORDS = 42

# Rankings of one side: by cost with fees to rank with, or as booked, the dearest or the cheapest
# first; those of BEST_TAX; and lots by the day from which they are long-term.
(
    RANK_DEAREST, RANK_CHEAPEST, COST_DEAREST, COST_CHEAPEST, SHORT_TERM, LONG_TERM, WAITING,
) = range(7)  # fmt: skip
RANKINGS = 7

# Rows of tables: the queues come first, then two per ranking; by day the first and last lot of each
# day on either side and the next of a lot; by name the last of either side and the one before.
QUEUE_ROWS, DAY_ROWS, NAME_ROWS = 2, 5, 3
DAY_FIRST, DAY_LAST, DAY_NEXT = 0, 2, 4
NAME_LAST, NAME_BEFORE = 0, 2
RESERVED = 1  # the row of keys, behind the names, of units that picks have reserved

CHUNK_BITS = 16  # trades are restored to their order in chunks of 2**16
NOTHING = -1
LONG_AGO = -(1 << 62)
