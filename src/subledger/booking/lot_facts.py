"""Who owns each lot, and its id, dates and currency, whether it was given or made by a trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.naming_lots import LotNames
from subledger.columns import Codes, Days, Texts, column, days, group_codes, joined_columns
from subledger.lots.engine import Lots
from subledger.numbers import Int64Array
from subledger.tables import OWNER as _OWNER

OWNER = tuple(field.name for field in _OWNER)


@dataclass(frozen=True, slots=True)
class LotFacts:
    """Who owns each lot, and its id, instrument, currency, dates and version."""

    lot_id: Texts
    book: Texts
    strategy: Texts
    broker_account: Texts
    instrument: Texts
    currency: Texts
    version: Int64Array
    opened_on: Days
    hold_from: Days  # start of the holding period where it differs, else NaT

    def owner(self, rows: Codes | Int64Array) -> dict[str, Any]:
        """Return book, strategy and broker account of some lots."""
        return {name: getattr(self, name)[rows] for name in OWNER}


def lot_facts(lots: pa.Table, trades: pa.Table, *, engine: Lots, names: LotNames) -> LotFacts:
    """Return the facts of every lot; one that a trade opened has the trade's id and facts.

    A version of a pool that a trade opened has those of the first lot of its chain there, and so
    the date of the first acquisition.
    """
    made = engine.trade[lots.num_rows :]
    chain, first = group_codes([engine.name, engine.pool])
    rows = np.arange(len(chain))
    chain_start = np.where(rows < lots.num_rows, rows, first[chain])

    def joined(name: str, source: str) -> Any:  # noqa: ANN401 - a column of any kind
        parts = [column(lots, name), column(trades, source)[made]]
        return joined_columns(parts)[chain_start]

    never = np.full(len(made), np.datetime64("NaT"), "datetime64[D]")
    return LotFacts(
        lot_id=names.lot_ids(engine.name, engine.version),
        **{name: joined(name, name) for name in (*OWNER, "instrument", "currency", "version")},
        opened_on=joined("opened_on", "trade_date"),
        hold_from=np.concatenate([days(lots, "hold_from"), never])[chain_start],
    )


def by_arrival(lots: Lots) -> Codes:
    """Return the rows of lots in the order in which they came into the books."""
    return np.lexsort((lots.trade < 0, lots.since))


def long_term_from(acquired: Days) -> Days:
    """Return the first day on which a disposal is held for more than one year.

    The day of acquisition is not counted: the day after it, one calendar year later. Where that
    year has no such day, the day that follows.

    Source: 26 USC 1222 (more than 1 year).
    """
    first_day = acquired + np.timedelta64(1, "D")
    month = first_day.astype("datetime64[M]")
    year_later = (month + np.timedelta64(12, "M")).astype("datetime64[D]")
    return np.asarray(year_later + (first_day - month), "datetime64[D]")
