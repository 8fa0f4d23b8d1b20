"""What is known when a window is opened: all facts, and up to where a basis is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from subledger.columns import Days, Flags
from subledger.events.known import ODD_SETTLEMENTS
from subledger.tables import (
    CASH,
    CORPORATE_ACTIONS,
    JOURNALS,
    OPENING_BALANCES,
    OPENING_LOTS,
    SETTLEMENTS,
    TRADES,
    UNSETTLED,
)

EventKey: TypeAlias = tuple[str, str, int]  # kind of its file, id, version: ids are per kind


@dataclass(frozen=True, slots=True)
class Known:
    """All facts known now: trades in their latest state, and the other kinds as imported.

    `trades_when_sealed` are the trades as the last close knew them; `trade_facts` and
    `settlement_facts` are what `trades` were made of.
    """

    trades: pa.Table
    trades_when_sealed: pa.Table
    odd_settlements: pa.Table = field(default_factory=ODD_SETTLEMENTS.empty)
    cash: pa.Table = field(default_factory=CASH.empty)
    corporate_actions: pa.Table = field(default_factory=CORPORATE_ACTIONS.empty)
    journals: pa.Table = field(default_factory=JOURNALS.empty)
    opening_lots: pa.Table = field(default_factory=OPENING_LOTS.empty)
    opening_balances: pa.Table = field(default_factory=OPENING_BALANCES.empty)
    trade_facts: pa.Table = field(default_factory=TRADES.empty)
    settlement_facts: pa.Table = field(default_factory=SETTLEMENTS.empty)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Up to where a basis is closed: the last closed day, the batch it knew, its open items.

    `swept` holds the date to which an event was moved, `waived` the late events that stay out.
    `open_trades` and `open_settlements` are all facts known then of trades that were not finished;
    None where an earlier program closed.
    """

    through: date | None = None
    batch: int = 0
    unsettled: pa.Table = field(default_factory=UNSETTLED.empty)
    swept: Mapping[EventKey, date] = field(default_factory=dict)
    waived: frozenset[EventKey] = frozenset()
    open_trades: pa.Table | None = None
    open_settlements: pa.Table | None = None

    def swept_forward(self, kind: str) -> frozenset[str]:
        """Return the events of a kind that were moved to a date which is not closed."""
        through = self.through or date.min
        return frozenset(
            name for (of, name, _), to in self.swept.items() if of == kind and to > through
        )

    def is_closed(self, dates: Days) -> Flags:
        """Say which dates lie in a closed period."""
        if self.through is None:
            return np.zeros(len(dates), bool)
        return np.asarray(dates <= np.datetime64(self.through), bool)
