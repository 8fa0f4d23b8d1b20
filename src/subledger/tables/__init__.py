"""Every table inside the house: its columns, types, units, order and meaning.

Money is int64 in ledger units of the row's currency (`unit: currency`) or of the base currency
(`unit: base`), debit-positive wherever it is a balance or a line. Quantities are int64 at the
instrument's `quantity_decimals` (`unit: quantity`). Prices and rates are a mantissa and a scale.
Text columns are never null: "" means that the source left it empty. Dates are date32.
Every table that leaves a room is sorted by its declared order.
"""

from __future__ import annotations

from subledger.tables.booked import (
    BALANCES,
    ENTRIES,
    EXCEPTIONS,
    LINES,
    LOTS,
    MEASURE_NAMES,
    MEASURES,
    RELIEFS,
    UNSETTLED,
)
from subledger.tables.declaring import (
    DIMENSIONS,
    FEES,
    OWNER,
    SOURCE,
    Table,
    base,
    day,
    flag,
    maybe_day,
    maybe_units,
    maybe_whole,
    money,
    text,
    units,
    whole,
)
from subledger.tables.facts import (
    CASH,
    FACTS,
    INSTRUMENTS,
    JOURNALS,
    OPENING_BALANCES,
    OPENING_LOTS,
    PRICES,
    SETTLEMENTS,
    TRADES,
)
from subledger.tables.inputs import (
    DATED_CASH,
    DATED_JOURNALS,
    DATED_TRADES,
    MARK_DATES,
    MARKS,
    SETTLING,
)

__all__ = [
    "BALANCES",
    "CASH",
    "DATED_CASH",
    "DATED_JOURNALS",
    "DATED_TRADES",
    "DIMENSIONS",
    "ENTRIES",
    "EXCEPTIONS",
    "FACTS",
    "FEES",
    "INSTRUMENTS",
    "JOURNALS",
    "LINES",
    "LOTS",
    "MARKS",
    "MARK_DATES",
    "MEASURES",
    "MEASURE_NAMES",
    "OPENING_BALANCES",
    "OPENING_LOTS",
    "OWNER",
    "PRICES",
    "RELIEFS",
    "SETTLEMENTS",
    "SETTLING",
    "SOURCE",
    "TRADES",
    "UNSETTLED",
    "Table",
    "base",
    "day",
    "flag",
    "maybe_day",
    "maybe_units",
    "maybe_whole",
    "money",
    "text",
    "units",
    "whole",
]
