"""What booking is given and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart
from subledger.tables import (
    DATED_CASH,
    DATED_JOURNALS,
    DATED_TRADES,
    LOTS,
    MARK_DATES,
    MARKS,
    OPENING_BALANCES,
    OPENING_LOTS,
    SETTLING,
    UNSETTLED,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what is booked: policies, chart, instruments and decimals per currency."""

    policy: BasisPolicy
    chart: Chart
    instruments: pa.Table
    decimals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one window of accounting dates, by kind."""

    trades: pa.Table = field(default_factory=DATED_TRADES.empty)
    settling: pa.Table = field(default_factory=SETTLING.empty)
    cash: pa.Table = field(default_factory=DATED_CASH.empty)
    journals: pa.Table = field(default_factory=DATED_JOURNALS.empty)
    opening_lots: pa.Table = field(default_factory=OPENING_LOTS.empty)
    opening_balances: pa.Table = field(default_factory=OPENING_BALANCES.empty)
    marks: pa.Table = field(default_factory=MARKS.empty)
    mark_dates: pa.Table = field(default_factory=MARK_DATES.empty)

    @property
    def any_event(self) -> bool:
        """Say whether anything happens at all."""
        return any(getattr(self, column.name).num_rows for column in fields(self))


@dataclass(frozen=True, slots=True)
class Carried:
    """What one window hands to the next: open lots and unsettled items."""

    lots: pa.Table = field(default_factory=LOTS.empty)
    unsettled: pa.Table = field(default_factory=UNSETTLED.empty)


@dataclass(frozen=True, slots=True)
class Booking:
    """What booking says: tables as `tables` declares them, in their declared order.

    `entries` and `lines` are numbered from 0 within the booking; posting gives final numbers.
    """

    entries: pa.Table
    lines: pa.Table
    measures: pa.Table
    reliefs: pa.Table
    carried: Carried
    exceptions: pa.Table
