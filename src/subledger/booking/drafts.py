"""Entries before rules are applied: events with their measures and the lots concerned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.inputs import Terms
from subledger.columns import Codes, Days, Texts, numbers, texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, add_columns, group_sums
from subledger.tables import DIMENSIONS

# The order of entries within a day.
ACTION, TRADE, ENTITLEMENT, SETTLEMENT, CASH, MANUAL, SPENDING, MARK, SWEEP = range(9)

DIMENSION_NAMES = tuple(field.name for field in DIMENSIONS)


@dataclass(frozen=True, slots=True)
class Amounts:
    """One measure, row by row: in its own currency and in base.

    Both are one array where the currency is the base currency throughout.
    """

    local: Int64Array
    base: Int64Array

    @classmethod
    def of(cls, local: Int64Array, base: Int64Array) -> Amounts:
        """Return a measure; as one array where it is the same in base."""
        return cls(local, local if np.array_equal(local, base) else base)

    @classmethod
    def base_only(cls, base: Int64Array) -> Amounts:
        """Return a measure that exists in base alone."""
        return cls(np.zeros(len(base), np.int64), base)

    def at(self, rows: Codes) -> Amounts:
        """Return the measure of some rows."""
        return self._each(lambda amounts: amounts[rows])

    def signed(self, sign: Int64Array) -> Amounts:
        """Return the measure times a sign per row."""
        return self._each(lambda amounts: sign * amounts)

    def plus(self, other: Amounts) -> Amounts:
        """Return the sum of two measures of one currency."""
        local = add_columns(self.local, other.local)
        if self.base is self.local and other.base is other.local:
            return Amounts(local, local)
        return Amounts(local, add_columns(self.base, other.base))

    def positive(self) -> Amounts:
        """Return the measure where it is above zero, else zero."""
        return self._each(lambda amounts: np.maximum(amounts, 0))

    def negative(self) -> Amounts:
        """Return what the measure lies below zero, as a positive amount, else zero."""
        return self._each(lambda amounts: -np.minimum(amounts, 0))

    def summed(self, groups: Codes, count: int) -> Amounts:
        """Return the sum of the measure per group 0..count-1."""
        return self._each(lambda amounts: group_sums(groups, amounts, count))

    def _each(self, change: Callable[[Int64Array], Int64Array]) -> Amounts:
        """Return the measure changed; what is the same in base is computed once."""
        local = change(self.local)
        return Amounts(local, local if self.base is self.local else change(self.base))


def translated(amounts: Int64Array, currencies: Texts, *, on: Days, rates: Conversions) -> Amounts:
    """Return amounts with their base amounts at the rate of each date."""
    return Amounts(amounts, rates.to_base(amounts, currencies, dates=on))


@dataclass(frozen=True, slots=True)
class LotRows:
    """The lots that drafts touch: owner, and the measures and units that belong to one lot.

    `units` has the units that go with a measure, where it moves any. `instrument` is that of each
    lot where it may be another than the event's.
    """

    draft: Codes
    lot_id: Texts
    book: Texts
    strategy: Texts
    broker_account: Texts
    amounts: Mapping[str, Amounts]
    units: Mapping[str, Int64Array] = field(default_factory=dict)
    instrument: Texts | None = None

    @classmethod
    def none(cls) -> LotRows:
        """Return no lots."""
        nothing = Texts.repeated("", 0)
        return cls(np.empty(0, np.intp), nothing, nothing, nothing, nothing, {})


@dataclass(frozen=True, slots=True)
class Drafts:
    """Drafts of one kind of event; columns of equal length, one row per entry to be.

    `cells` are the dimensions of the decision table, `words` what a narration may name.
    `currencies` has those of measures that are not in the event's own: fee, settlement, traded.
    `account` is that of the engine slot `balance`, where the event has one. `within` orders the
    entries of one event kind where a window is booked in parts, up to 2**56; else None.
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
    within: Int64Array | None = None

    def __len__(self) -> int:
        return len(self.event_id)


def days_as_text(dates: Days) -> Texts:
    """Return dates as text, 2026-01-31, written once per distinct date."""
    distinct, codes = np.unique(dates, return_inverse=True)
    written = pa.array(distinct.astype(str), pa.string())
    return Texts(codes.reshape(-1).astype(np.int32), written)


def dimensions(table: pa.Table) -> dict[str, Any]:
    """Return the dimensions and the currency of an event table."""
    return {name: texts(table, name) for name in (*DIMENSION_NAMES, "currency")}


def classes_of(names: Texts, asset_class: Mapping[str, str]) -> Texts:
    """Return the asset class of each instrument named."""
    return names.mapped(asset_class)


def repeated(value: str, count: int) -> Texts:
    """Return a text as a column."""
    return Texts.repeated(value, count)


def quantity_decimals(terms: Terms) -> dict[str, int]:
    """Return the decimals of each instrument's quantities."""
    names = texts(terms.instruments, "instrument")
    return dict(zip(names, numbers(terms.instruments, "quantity_decimals").tolist(), strict=True))
