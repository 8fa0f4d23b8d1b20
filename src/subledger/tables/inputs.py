"""What booking is given: facts with the dates on which they are recognised, and marks."""

from __future__ import annotations

import pyarrow as pa

from subledger.tables.declaring import SOURCE, Table, day, text, whole
from subledger.tables.facts import CASH, JOURNALS, TRADES

DATED_TRADES = Table(
    "dated_trades",
    "Trades as known, each with the date on which it is recognised in the journal.",
    pa.schema([*TRADES.schema, day("accounting_date")]),
    ("accounting_date", "trade_date"),
)

SETTLING = Table(
    "settling",
    "Settlements of posted trades, each with the date on which it is recognised.",
    pa.schema(
        [text("trade_id"), whole("version"), day("activity_date"), day("accounting_date"), *SOURCE]
    ),
    ("accounting_date", "trade_id"),
)

DATED_CASH = Table(
    "dated_cash",
    "Cash facts to recognise: stage capital, or capital_settlement for one that is paid later.",
    pa.schema([*CASH.schema, text("stage"), day("accounting_date")]),
    ("accounting_date", "event_id"),
)

DATED_JOURNALS = Table(
    "dated_journals",
    "Manual journals to recognise: stage manual, or manual_reversal on their reversal date.",
    pa.schema([*JOURNALS.schema, text("stage"), day("accounting_date")]),
    ("accounting_date", "journal_id", "line"),
)

MARKS = Table(
    "marks",
    "The price with which an instrument is valued on a mark date.",
    pa.schema(
        [
            day("mark_date"),
            text("instrument"),
            whole("price_mantissa"),
            whole("price_scale"),
            day("price_date"),
            text("source"),
            whole("level"),
            day("session", "last session of its exchange on or before the mark date"),
        ]
    ),
    ("mark_date", "instrument"),
)

MARK_DATES = Table(
    "mark_dates",
    "The dates on which open lots are valued, whether a price is known then or not.",
    pa.schema([day("mark_date")]),
    ("mark_date",),
)
