"""Which trades are finished when a period is sealed, so that their facts are not read again.

A finished trade has no effect on a later month unless a later fact names it, or it is swept: it is
settled or cancelled in the closed period, is no open item, and was not moved to a later day.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from subledger.closing.knowledge import Sealed
from subledger.columns import Flags, Texts, days, numbers, rows_named, texts


def open_facts(
    known: pa.Table, settlements: pa.Table, *, sealed: Sealed, trades: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """Return the facts of TRADES and SETTLEMENTS that a month after a seal has to read.

    `known` are KNOWN_TRADES as the seal knows them, `sealed` what it seals: its last day, its
    batch, its open items and what was swept.
    """
    late_fact = ~sealed.is_closed(days(settlements, "date"))
    finished = _finished(known, texts(settlements, "trade_id")[late_fact], sealed=sealed)
    ids = texts(known, "trade_id")
    of_trade = rows_named(texts(trades, "trade_id"), among=ids[finished]) < 0
    settling = texts(settlements, "trade_id")
    named = rows_named(settling, among=ids)
    # Of a trade that is not known yet all facts are read, or none of them: they are read together.
    alone = (named < 0) & (rows_named(settling, among=settling[late_fact]) >= 0)
    of_settlement = alone | ((named >= 0) & ~np.append(finished, True)[named])
    return trades.filter(pa.array(of_trade)), settlements.filter(pa.array(of_settlement))


def _finished(known: pa.Table, settling_later: Texts, *, sealed: Sealed) -> Flags:
    """Say which trades are finished; `settling_later` are those with settlements to come."""
    ids, status = texts(known, "trade_id"), texts(known, "status")
    cancelled = status == "cancelled"
    over = cancelled | ((status == "settled") & sealed.is_closed(days(known, "settled_date")))
    over &= sealed.is_closed(days(known, "trade_date"))
    over &= numbers(known, "last_batch") <= sealed.batch
    for waiting in (texts(sealed.unsettled, "trade_id"), settling_later):
        over &= rows_named(ids, among=waiting) < 0
    return np.asarray(over & ~ids.isin(sealed.swept_forward("trades")), bool)
