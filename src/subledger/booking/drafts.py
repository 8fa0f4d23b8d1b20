"""Entries before rules are applied: events with their measures and the lots concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from subledger.columns import Codes, Days, Texts
from subledger.numbers import Int64Array

TRADE, SETTLEMENT, CASH, MANUAL, MARK = 1, 2, 3, 4, 5  # order of entries within a day


@dataclass(frozen=True, slots=True)
class Amounts:
    """One measure, row by row, in the event's currency and in base."""

    local: Int64Array
    base: Int64Array

    @classmethod
    def of(cls, local: Int64Array) -> Amounts:
        """Return a measure of events in the base currency."""
        return cls(local, local)

    def at(self, rows: Codes) -> Amounts:
        """Return the measure of some rows."""
        return Amounts(self.local[rows], self.base[rows])


@dataclass(frozen=True, slots=True)
class LotRows:
    """The lots that drafts touch: owner, units and the measures that belong to one lot."""

    draft: Codes
    lot_id: Texts
    book: Texts
    strategy: Texts
    broker_account: Texts
    quantity: Int64Array
    amounts: Mapping[str, Amounts]

    @classmethod
    def none(cls) -> LotRows:
        """Return no lots."""
        nothing, number = np.empty(0, dtype=object), np.empty(0, np.int64)
        return cls(np.empty(0, np.intp), nothing, nothing, nothing, nothing, number, {})


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts of one kind of event; columns of equal length, one row per entry to be.

    `cells` are the dimensions of the decision table, `words` what a narration may name.
    """

    event: str
    kind: str
    day_order: int
    cells: Mapping[str, Texts]
    event_id: Texts
    event_version: Int64Array
    stage: Texts
    leg: Int64Array
    accounting_date: Days
    activity_date: Days
    book: Texts
    strategy: Texts
    broker_account: Texts
    instrument: Texts
    counterparty: Texts
    currency: Texts
    quantity: Int64Array
    amounts: Mapping[str, Amounts]
    words: Mapping[str, Texts]
    lots: LotRows = field(default_factory=LotRows.none)

    def __len__(self) -> int:
        return len(self.event_id)
