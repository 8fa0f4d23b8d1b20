"""Every table inside the house: its columns, types, units, order and meaning.

Money is int64 in ledger units of the row's currency (`unit: currency`) or of the base currency
(`unit: base`), debit-positive wherever it is a balance or a line. Quantities are int64 at the
instrument's `quantity_decimals` (`unit: quantity`). Prices and rates are a mantissa and a scale.
Text columns are never null: "" means that the source left it empty. Dates are date32.
Every table that leaves a room is sorted by its declared order.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Table:
    """A declared table: its name, Arrow schema, sort order and one sentence of meaning."""

    name: str
    meaning: str
    schema: pa.Schema
    order: tuple[str, ...]

    def empty(self) -> pa.Table:
        """Return the table without rows."""
        return self.schema.empty_table()


def _field(name: str, kind: pa.DataType, meaning: str, unit: str) -> pa.Field:
    metadata = {"meaning": meaning} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, nullable=False, metadata=metadata)


def text(name: str, meaning: str = "") -> pa.Field:
    """Declare a text column; "" means not given."""
    return _field(name, pa.string(), meaning, "")


def day(name: str, meaning: str = "") -> pa.Field:
    """Declare a date column that is always known."""
    return _field(name, pa.date32(), meaning, "")


def maybe_day(name: str, meaning: str = "") -> pa.Field:
    """Declare a date column in which null means not known."""
    return pa.field(name, pa.date32(), nullable=True, metadata={"meaning": meaning})


def whole(name: str, meaning: str = "") -> pa.Field:
    """Declare a count, number or version."""
    return _field(name, pa.int64(), meaning, "")


def maybe_whole(name: str, meaning: str = "") -> pa.Field:
    """Declare a number in which null means not given."""
    return pa.field(name, pa.int64(), nullable=True, metadata={"meaning": meaning})


def money(name: str, meaning: str = "") -> pa.Field:
    """Declare an amount in ledger units of the row's currency."""
    return _field(name, pa.int64(), meaning, "currency")


def base(name: str, meaning: str = "") -> pa.Field:
    """Declare an amount in ledger units of the base currency."""
    return _field(name, pa.int64(), meaning, "base")


def units(name: str, meaning: str = "") -> pa.Field:
    """Declare a quantity at the instrument's decimals."""
    return _field(name, pa.int64(), meaning, "quantity")


def maybe_units(name: str, meaning: str = "") -> pa.Field:
    """Declare a quantity in which null means not given."""
    return pa.field(
        name, pa.int64(), nullable=True, metadata={"meaning": meaning, "unit": "quantity"}
    )


def flag(name: str, meaning: str = "") -> pa.Field:
    """Declare a yes or no."""
    return _field(name, pa.bool_(), meaning, "")


SOURCE = (
    whole("batch", "sequence number of the import that brought the row"),
    whole("row", "line number in the imported file"),
)
OWNER = (text("book"), text("strategy"), text("broker_account"))
DIMENSIONS = (*OWNER, text("instrument"), text("counterparty"))
FEES = ("commission", "exchange_fee", "clearing_fee", "regulatory_fee", "tax")

INSTRUMENTS = Table(
    "instruments",
    "What can be held, as known now; one row per instrument.",
    pa.schema(
        [
            text("instrument"),
            text("asset_class"),
            text("currency"),
            maybe_day("valid_from"),
            text("name"),
            whole("multiplier_mantissa"),
            whole("multiplier_scale"),
            whole("quantity_decimals"),
            text("isin"),
            text("cusip"),
            text("figi"),
            text("exchange", "market identifier code, which names the trading calendar"),
            text("country"),
            text("industry"),
            text("tax_class"),
            whole("level"),
            flag("negative_price"),
            text("other", "the remaining columns of the file as canonical JSON"),
            *SOURCE,
        ]
    ),
    ("instrument",),
)

TRADES = Table(
    "trades",
    "Trades as imported: one row per recorded fact (a version, or a move of its status).",
    pa.schema(
        [
            text("trade_id"),
            whole("version"),
            text("status", "settled, confirmed, failed or cancelled"),
            day("trade_date"),
            day("settlement_date", "contractual"),
            maybe_day("settled_date", "actual; null unless settled"),
            text("executed_at", "as received"),
            maybe_whole("executed_instant", "nanoseconds since 1970 UTC; null without executed_at"),
            maybe_whole("sequence"),
            *OWNER,
            text("counterparty"),
            text("venue"),
            text("order_id"),
            text("trader"),
            text("instrument"),
            text("side", "buy or sell"),
            text("position_effect", "auto, open or close"),
            units("quantity", "positive"),
            whole("price_mantissa"),
            whole("price_scale"),
            text("currency"),
            money("gross", "quantity x price x multiplier, or as the source states it"),
            money("accrued_interest"),
            *(money(fee, "positive = cost, negative = rebate") for fee in FEES),
            money("net", "gross + fees for a buy, gross - fees for a sell"),
            text("fee_currency"),
            text("settlement_currency"),
            text("settlement_rate"),
            text("lots"),
            text("identified_at"),
            text("identified_by"),
            text("tags"),
            *SOURCE,
        ]
    ),
    ("batch", "row"),
)

SETTLEMENTS = Table(
    "settlements",
    "Settlement facts as imported.",
    pa.schema(
        [
            text("event_id"),
            text("trade_id"),
            day("date"),
            text("status", "settled, failed or cured"),
            maybe_units("quantity", "null: all"),
            pa.field("amount", pa.int64(), nullable=True, metadata={"unit": "currency"}),
            *SOURCE,
        ]
    ),
    ("batch", "row"),
)

CASH = Table(
    "cash",
    "Cash facts as imported; amount is signed, positive = received.",
    pa.schema(
        [
            text("event_id"),
            day("date"),
            day("settled_date"),
            text("kind"),
            *OWNER,
            text("currency"),
            money("amount", "positive = received"),
            text("instrument"),
            text("counterparty"),
            text("reference"),
            text("memo"),
            *SOURCE,
        ]
    ),
    ("batch", "row"),
)

JOURNALS = Table(
    "journals",
    "Manual journals as imported; a journal's lines sum to zero per currency and in base.",
    pa.schema(
        [
            text("journal_id"),
            whole("line"),
            day("date"),
            text("account"),
            text("currency"),
            money("amount", "debit positive"),
            base("amount_base", "debit positive"),
            *DIMENSIONS,
            text("reason"),
            text("attachment"),
            maybe_day("reverse_on"),
            *SOURCE,
        ]
    ),
    ("batch", "row"),
)

OPENING_LOTS = Table(
    "opening_lots",
    "Lots taken over from another system.",
    pa.schema(
        [
            day("as_of"),
            text("lot_id"),
            text("instrument"),
            text("side", "long or short"),
            units("quantity", "positive"),
            day("opened_on"),
            text("currency"),
            money("cost", "positive"),
            base("cost_base", "positive"),
            *OWNER,
            maybe_day("hold_from"),
            text("basis", "empty: every basis"),
            *SOURCE,
        ]
    ),
    ("batch", "row"),
)

OPENING_BALANCES = Table(
    "opening_balances",
    "Balances taken over from another system, without the lot accounts.",
    pa.schema(
        [
            day("as_of"),
            text("account"),
            text("currency"),
            money("amount", "debit positive"),
            base("amount_base", "debit positive"),
            *DIMENSIONS,
            text("basis", "empty: every basis"),
            *SOURCE,
        ]
    ),
    ("batch", "row"),
)

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

FACTS: dict[str, Table] = {
    table.name: table
    for table in (TRADES, SETTLEMENTS, CASH, JOURNALS, OPENING_LOTS, OPENING_BALANCES)
}

PRICES = Table(
    "prices",
    "Observed prices; another price for a known date and instrument is a new version.",
    pa.schema(
        [
            day("date"),
            text("instrument"),
            whole("version"),
            whole("price_mantissa"),
            whole("price_scale"),
            text("currency"),
            text("source"),
            whole("level"),
            *SOURCE,
        ]
    ),
    ("instrument", "date", "version"),
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
