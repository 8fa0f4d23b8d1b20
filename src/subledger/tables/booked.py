"""What booking makes: lots, reliefs, measures, entries, lines, balances, exceptions."""

from __future__ import annotations

import pyarrow as pa

from subledger.tables.declaring import (
    DIMENSIONS,
    FEES,
    OWNER,
    SOURCE,
    Table,
    base,
    day,
    maybe_day,
    maybe_units,
    money,
    text,
    units,
    whole,
)

LOTS = Table(
    "lots",
    "Open tax lots, in acquisition order within their pool.",
    pa.schema(
        [
            text("lot_id"),
            *OWNER,
            text("instrument"),
            text("side", "long or short"),
            day("opened_on"),
            maybe_day("hold_from", "start of the holding period where it differs"),
            text("currency"),
            units("opened", "units acquired, positive"),
            units("closed", "units relieved so far"),
            money("cost", "of all units acquired; a short's opening proceeds"),
            money("relieved", "cost of the units relieved so far"),
            base("cost_base"),
            base("relieved_base"),
            units("marked_quantity", "units open when the lot was last marked"),
            base("mark", "unrealised price gain set by the last mark, debit positive"),
            base("mark_released", "of it, released by reliefs since"),
            base("mark_fx", "unrealised FX gain set by the last mark, debit positive"),
            base("mark_fx_released", "of it, released by reliefs since"),
            whole("version", "version of the trade that opened it"),
        ]
    ),
    (),
)

RELIEFS = Table(
    "reliefs",
    "Which lot a closing trade consumed, with its gain; positive amounts, gains positive.",
    pa.schema(
        [
            text("relief_id", "trade id, then :r and a number"),
            text("kind"),
            text("trade_id"),
            whole("version"),
            whole("leg"),
            text("lot_id"),
            text("instrument"),
            *OWNER,
            text("lot_book"),
            text("lot_strategy"),
            text("lot_broker_account"),
            text("side", "long or short, of the lot"),
            day("opened_on"),
            day("closed_on"),
            day("accounting_date"),
            units("quantity", "positive"),
            text("currency"),
            money("proceeds", "of a short: its opening sale's"),
            money("cost", "of a short: what covering it cost"),
            money("gain"),
            base("proceeds_base"),
            base("cost_base"),
            base("gain_price_base"),
            base("gain_fx_base"),
            base("gain_base"),
            base("mark_released"),
            base("mark_fx_released"),
            text("term", "short or long"),
        ]
    ),
    ("accounting_date", "trade_id", "relief_id"),
)

MEASURE_NAMES = (
    "gross",
    *FEES,
    "rebate",
    "fees",
    "net",
    "cost",
    "proceeds",
    "cost_relieved",
    "interbook_cost",
    "realised_price",
    "realised_fx",
    "mark_released",
    "mark_fx_released",
    "mark_change",
    "mark_fx_change",
    "amount",
)

MEASURES = Table(
    "measures",
    "The named amounts of each entry; a name that does not apply is zero.",
    pa.schema(
        [
            text("event_kind"),
            text("event_id"),
            whole("event_version"),
            text("stage"),
            whole("leg"),
            text("side"),
            text("effect"),
            text("currency"),
            units("quantity"),
            *(money(name) for name in MEASURE_NAMES),
            *(base(f"{name}_base") for name in MEASURE_NAMES),
        ]
    ),
    ("event_id", "event_version", "stage", "leg"),
)

UNSETTLED = Table(
    "unsettled",
    "Posted trades whose cash and securities have not been exchanged, item by item.",
    pa.schema(
        [
            text("trade_id"),
            whole("version"),
            text("status"),
            day("trade_date"),
            day("settlement_date", "contractual"),
            *DIMENSIONS,
            text("side", "buy or sell"),
            units("quantity", "positive"),
            text("currency"),
            money("amount", "debit positive: a receivable"),
            base("amount_base"),
            text("account", "where the item stands"),
        ]
    ),
    ("trade_date", "trade_id"),
)

ENTRIES = Table(
    "entries",
    "Journal entries; (event_id, event_version, stage, leg) names what was booked.",
    pa.schema(
        [
            whole("seq", "gap-free number in the basis's journal"),
            text("entry_id"),
            text("kind", "normal, reversal, mark, manual, closing; more may come"),
            day("accounting_date"),
            day("activity_date"),
            text("period"),
            text("activity_period"),
            text("event_kind"),
            text("event_id"),
            whole("event_version"),
            text("stage", "trade, settlement, or the mark date"),
            whole("leg"),
            text("rule"),
            text("rule_hash"),
            text("reverses", "entry id"),
            text("reason"),
            text("narration"),
        ]
    ),
    ("seq",),
)

LINES = Table(
    "lines",
    "Lines of entries; each entry sums to zero per currency and in base.",
    pa.schema(
        [
            whole("seq", "of the entry"),
            whole("line"),
            text("account"),
            text("slot"),
            text("currency"),
            money("amount", "debit positive"),
            base("amount_base", "debit positive"),
            maybe_units("quantity", "on lot accounts: units in, debit positive"),
            text("lot_id"),
            *DIMENSIONS,
        ]
    ),
    ("seq", "line"),
)

BALANCES = Table(
    "balances",
    "Balance of every account and combination of dimensions at a period's end.",
    pa.schema(
        [
            text("account"),
            text("currency"),
            *DIMENSIONS,
            money("amount", "debit positive"),
            base("amount_base", "debit positive"),
            units("quantity"),
        ]
    ),
    ("account", "currency", "book", "strategy", "broker_account", "instrument", "counterparty"),
)

EXCEPTIONS = Table(
    "exceptions",
    "Events that were not booked, or were booked under doubt, and why.",
    pa.schema(
        [
            text("exception_id"),
            text("code"),
            text("basis"),
            text("period"),
            text("event_id"),
            whole("event_version"),
            text("subject", "instrument or trade concerned"),
            money("amount_at_risk"),
            text("currency"),
            text("message"),
            *SOURCE,
        ]
    ),
    ("period", "code", "event_id", "event_version", "exception_id"),
)
