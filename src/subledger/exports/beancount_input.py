"""What the ledger text is written from: the books' context and the journal of one month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from subledger import tables
from subledger.chart.accounts import Account
from subledger.exports.beancount_sums import DailySums
from subledger.statements.report import Units

SOURCES = tables.Table(
    "sources",
    "The file and row that an event came from; of several the first counts.",
    pa.schema(
        [
            tables.text("event_id"),
            tables.whole("event_version"),
            tables.text("file", "name of the imported file"),
            tables.whole("row", "line number in it"),
        ]
    ),
    ("event_id", "event_version"),
)


@dataclass(frozen=True, slots=True)
class LedgerContext:
    """What does not change from month to month: the entity, the basis, its chart and instruments.

    `units` knows every currency and every instrument of the lines. `instruments` is the table
    INSTRUMENTS. `sources` gives SOURCES, which a summary does not ask for; a further text column
    `venue` is the payee of an event without counterparty.
    """

    entity: str
    basis: str
    units: Units
    accounts: Mapping[str, Account]
    instruments: pa.Table
    sources: Callable[[], pa.Table] = SOURCES.empty


@dataclass(frozen=True, slots=True)
class LedgerMonth:
    """The journal of one month (or the closing entries of a year), and what it stands on.

    `entries` and `lines` are ENTRIES and LINES. `lots` are rows of LOTS: those that were open when
    the month began and those taken over in it (of any other lot the opening line is in the month);
    the same lot may stand there twice. `marks` are MARKS of the month, `conversions` CONVERSIONS
    that it used, `balances` is BALANCES at its end. `summary` asks for daily sums; with `sums`
    given, entries and lines need not be. `summarised` is the last day that is told in sums.
    """

    period: str
    entries: pa.Table = field(default_factory=tables.ENTRIES.empty)
    lines: pa.Table = field(default_factory=tables.LINES.empty)
    lots: pa.Table = field(default_factory=tables.LOTS.empty)
    marks: pa.Table = field(default_factory=tables.MARKS.empty)
    conversions: pa.Table = field(default_factory=tables.CONVERSIONS.empty)
    balances: pa.Table = field(default_factory=tables.BALANCES.empty)
    summary: bool = False
    sums: DailySums | None = None
    summarised: date | None = None
