"""Facts from outside: what files brought, as it was understood."""

from __future__ import annotations

import pyarrow as pa

from subledger.tables.declaring import (
    DIMENSIONS,
    FEES,
    OWNER,
    SOURCE,
    Table,
    added,
    base,
    day,
    flag,
    maybe_day,
    maybe_units,
    maybe_whole,
    money,
    spelled,
    text,
    units,
    whole,
)

INSTRUMENTS = Table(
    "instruments",
    "What can be held, as known now; one row per instrument.",
    pa.schema(
        [
            text("instrument"),
            text("asset_class"),
            text("currency"),
            added(
                2, text("base_currency", "of an exchange of currencies: what its quantity is in")
            ),
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
            spelled("executed_at", "as received"),
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

CORPORATE_ACTIONS = Table(
    "corporate_actions",
    "What issuers announced to holders, as imported.",
    pa.schema(
        [
            text("event_id"),
            text("kind"),
            day("ex_date"),
            maybe_day("record_date"),
            maybe_day("pay_date"),
            text("instrument"),
            text("ratio", "decimal text: units received for `per` units held"),
            whole("amount_mantissa", "of a dividend: per unit"),
            whole("amount_scale"),
            text("currency"),
            whole("withholding_mantissa", "fraction of the gross amount that is withheld"),
            whole("withholding_scale"),
            whole("reclaimable_mantissa", "the part of that fraction that can be reclaimed"),
            whole("reclaimable_scale"),
            text("new_instrument"),
            text("allocation", "decimal text"),
            text("cash_in_lieu_price", "decimal text"),
            text("election"),
            *SOURCE,
            added(3, text("per", "decimal text: `ratio` units for `per` units held"), default="1"),
        ]
    ),
    ("batch", "row"),
)

FACTS: dict[str, Table] = {
    table.name: table
    for table in (
        TRADES,
        SETTLEMENTS,
        CASH,
        CORPORATE_ACTIONS,
        JOURNALS,
        OPENING_LOTS,
        OPENING_BALANCES,
    )
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

RATES = Table(
    "rates",
    "Observed exchange rates, one base = rate quote; another for a known key is a new version.",
    pa.schema(
        [
            day("date"),
            text("base"),
            text("quote"),
            whole("version"),
            whole("rate_mantissa"),
            whole("rate_scale"),
            text("source"),
            *SOURCE,
        ]
    ),
    ("base", "quote", "date", "version"),
)

# What is not finished when a close seals it: read instead of the facts of closed months.
OPEN_TRADES = Table(
    "open_trades",
    "Every fact of the trades that may still have an effect after a close.",
    TRADES.schema,
    TRADES.order,
)

OPEN_SETTLEMENTS = Table(
    "open_settlements",
    "Every settlement fact of the same trades, and those that name no known trade.",
    SETTLEMENTS.schema,
    SETTLEMENTS.order,
)

LEFT_OPEN: tuple[Table, ...] = (OPEN_TRADES, OPEN_SETTLEMENTS)
