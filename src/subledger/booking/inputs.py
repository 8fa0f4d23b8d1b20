"""What booking is given and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart
from subledger.columns import chosen, days
from subledger.tables import (
    CASH_LOTS,
    CONVERSIONS,
    CORPORATE_ACTIONS,
    DATED_ACTIONS,
    DATED_CASH,
    DATED_JOURNALS,
    DATED_TRADES,
    ENTITLEMENTS,
    LOTS,
    MARK_DATES,
    MARKS,
    MONEY,
    OPENING_BALANCES,
    OPENING_LOTS,
    SETTLING,
    UNSETTLED,
    Table,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what is booked: policies, chart, instruments and decimals per currency.

    `tolerance` is how far cash may lie from the dividend that it settles: decimal text, in units of
    its currency.
    """

    policy: BasisPolicy
    chart: Chart
    instruments: pa.Table
    decimals: Mapping[str, int]
    tolerance: str = "0.01"


# The date by which the events of a kind belong to a window.
_DATE_OF = {
    **dict.fromkeys(("trades", "settling", "cash", "actions", "journals"), "accounting_date"),
    **dict.fromkeys(("opening_lots", "opening_balances"), "as_of"),
    **dict.fromkeys(("marks", "mark_dates"), "mark_date"),
}


@dataclass(frozen=True, slots=True)
class Events:
    """The events of one window of accounting dates, by kind, and what is valued with.

    `announced` are all corporate actions that are known, `actions` those of the window. `marks` are
    the prices of the mark dates, `conversions` the rates of every day of the window.
    """

    trades: pa.Table = field(default_factory=DATED_TRADES.empty)
    settling: pa.Table = field(default_factory=SETTLING.empty)
    cash: pa.Table = field(default_factory=DATED_CASH.empty)
    actions: pa.Table = field(default_factory=DATED_ACTIONS.empty)
    announced: pa.Table = field(default_factory=CORPORATE_ACTIONS.empty)
    journals: pa.Table = field(default_factory=DATED_JOURNALS.empty)
    opening_lots: pa.Table = field(default_factory=OPENING_LOTS.empty)
    opening_balances: pa.Table = field(default_factory=OPENING_BALANCES.empty)
    marks: pa.Table = field(default_factory=MARKS.empty)
    mark_dates: pa.Table = field(default_factory=MARK_DATES.empty)
    conversions: pa.Table = field(default_factory=CONVERSIONS.empty)

    def between(self, first: np.datetime64, last: np.datetime64) -> Events:
        """Return the events of some days, both included; rates and announcements stay."""
        parts = {}
        for name, column in _DATE_OF.items():
            table = getattr(self, name)
            dates = days(table, column)
            parts[name] = chosen(table, (dates >= first) & (dates <= last))
        return replace(self, **parts)

    @property
    def any_event(self) -> bool:
        """Say whether anything happens at all."""
        names = {column.name for column in fields(self)} - {"announced", "conversions"}
        return any(getattr(self, name).num_rows for name in names)


@dataclass(frozen=True, slots=True)
class Carried:
    """What one window hands to the next: open lots, open items, and balances to revalue."""

    lots: pa.Table = field(default_factory=LOTS.empty)
    unsettled: pa.Table = field(default_factory=UNSETTLED.empty)
    entitlements: pa.Table = field(default_factory=ENTITLEMENTS.empty)
    money: pa.Table = field(default_factory=MONEY.empty)
    cash_lots: pa.Table = field(default_factory=CASH_LOTS.empty)

    def state(self, declared: Table) -> pa.Table:
        """Return the table of one of `tables.STATES`."""
        found: pa.Table = getattr(self, declared.name)
        return found


@dataclass(frozen=True, slots=True)
class Booking:
    """What booking says: tables as `tables` declares them, in their declared order.

    `entries` and `lines` are numbered from 0 within the booking; posting gives final numbers.
    `conversions` are the rates that were used.
    """

    entries: pa.Table
    lines: pa.Table
    measures: pa.Table
    reliefs: pa.Table
    carried: Carried
    conversions: pa.Table
    exceptions: pa.Table
