"""Entries before rules are applied: events with their measures and the lots concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.inputs import Terms
from subledger.columns import Codes, Days, Texts, numbers, texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, add_columns
from subledger.tables import DIMENSIONS

# The order of entries within a day.
TRADE, ENTITLEMENT, SETTLEMENT, CASH, MANUAL, SPENDING, MARK, SWEEP = range(1, 9)

DIMENSION_NAMES = tuple(field.name for field in DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Amounts:
    """One measure, row by row: in its own currency and in base."""

    local: Int64Array
    base: Int64Array

    @classmethod
    def base_only(cls, base: Int64Array) -> Amounts:
        """Return a measure that exists in base alone."""
        return cls(np.zeros(len(base), np.int64), base)

    def at(self, rows: Codes) -> Amounts:
        """Return the measure of some rows."""
        return Amounts(self.local[rows], self.base[rows])

    def signed(self, sign: Int64Array) -> Amounts:
        """Return the measure times a sign per row."""
        return Amounts(sign * self.local, sign * self.base)

    def plus(self, other: Amounts) -> Amounts:
        """Return the sum of two measures of one currency."""
        return Amounts(add_columns(self.local, other.local), add_columns(self.base, other.base))


def translated(amounts: Int64Array, currencies: Texts, *, on: Days, rates: Conversions) -> Amounts:
    """Return amounts with their base amounts at the rate of each date."""
    return Amounts(amounts, rates.to_base(amounts, currencies, dates=on))


@dataclass(frozen=True, slots=True)
class LotRows:
    """The lots that drafts touch: owner, and the measures and units that belong to one lot.

    `units` has the units that go with a measure, where it moves any.
    """

    draft: Codes
    lot_id: Texts
    book: Texts
    strategy: Texts
    broker_account: Texts
    amounts: Mapping[str, Amounts]
    units: Mapping[str, Int64Array] = field(default_factory=dict)

    @classmethod
    def none(cls) -> LotRows:
        """Return no lots."""
        nothing = np.empty(0, dtype=object)
        return cls(np.empty(0, np.intp), nothing, nothing, nothing, nothing, {})


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts of one kind of event; columns of equal length, one row per entry to be.

    `cells` are the dimensions of the decision table, `words` what a narration may name.
    `currencies` has those of measures that are not in the event's own: fee, settlement, traded.
    `account` is that of the engine slot `balance`, where the event has one.
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
    amounts: Mapping[str, Amounts]
    words: Mapping[str, Texts]
    quantity: Int64Array | None = None
    currencies: Mapping[str, Texts] = field(default_factory=dict)
    account: Texts | None = None
    lots: LotRows = field(default_factory=LotRows.none)

    def __len__(self) -> int:
        return len(self.event_id)


def dimensions(table: pa.Table) -> dict[str, Any]:
    """Return the dimensions and the currency of an event table."""
    return {name: texts(table, name) for name in (*DIMENSION_NAMES, "currency")}


def classes_of(names: Texts, asset_class: Mapping[str, str]) -> Texts:
    """Return the asset class of each instrument named."""
    return np.array([asset_class[name] for name in names], dtype=object)


def repeated(value: str, count: int) -> Texts:
    """Return a text as a column."""
    return np.full(count, value, dtype=object)


def quantity_decimals(terms: Terms) -> dict[str, int]:
    """Return the decimals of each instrument's quantities."""
    names = texts(terms.instruments, "instrument")
    return dict(zip(names, numbers(terms.instruments, "quantity_decimals").tolist(), strict=True))
