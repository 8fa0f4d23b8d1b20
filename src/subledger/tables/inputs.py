"""What booking is given: facts with the dates on which they are recognised, and marks."""

from __future__ import annotations

import pyarrow as pa

from subledger.tables.declaring import SOURCE, Table, day, flag, text, whole
from subledger.tables.facts import CASH, CORPORATE_ACTIONS, JOURNALS, TRADES

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
    "Cash facts to recognise: stage cash, or capital_settlement for capital that is paid later.",
    pa.schema(
        [
            *CASH.schema,
            text("stage"),
            day("accounting_date"),
            day("told_on", "the accounting date of the notice"),
        ]
    ),
    ("accounting_date", "event_id"),
)

DATED_ACTIONS = Table(
    "dated_actions",
    "Corporate actions: stage entitlement on the ex-date, payment on the announced day of payment.",
    pa.schema([*CORPORATE_ACTIONS.schema, text("stage"), day("accounting_date")]),
    ("accounting_date", "event_id", "stage"),
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

CONVERSIONS = Table(
    "conversions",
    "What one ledger unit of a currency is worth in ledger units of the base currency on a day.",
    pa.schema(
        [
            day("date"),
            text("currency"),
            text("numerator", "whole number: base units = units * numerator / denominator"),
            text("denominator", "whole number"),
            text("rate", "one unit of the currency in base, for people; decimal text, not exact"),
            text("path", "the rates that were used: EUR/USD, 1/(USD/EUR), or both joined by *"),
            day("rate_date", "of the oldest rate used"),
            text("source"),
            flag("stale", "the oldest rate used is older than rates.max_age"),
        ]
    ),
    ("date", "currency"),
)
