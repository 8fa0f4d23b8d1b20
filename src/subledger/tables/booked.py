"""What booking makes: lots, reliefs, measures, entries, lines, balances, exceptions.

Columns are added and never renamed: a new one is declared by `added(version, ...)`, which says from
which version of the schema on the table has it, and what it is in rows that were sealed before.
"""

from __future__ import annotations

import pyarrow as pa

from subledger.tables.declaring import (
    DIMENSIONS,
    OWNER,
    SOURCE,
    Table,
    added,
    base,
    day,
    flag,
    maybe_day,
    maybe_units,
    money,
    spelled,
    text,
    units,
    whole,
)
from subledger.tables.measures import measure_columns

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
            added(
                2,
                money("ranking_cost", "the same with fees, by which HIFO and LOFO rank"),
                like="cost",
            ),
            money("relieved", "cost of the units relieved so far"),
            base("cost_base"),
            base("relieved_base"),
            units("marked_quantity", "units open when the lot was last marked"),
            # Lots sealed before these columns were all in base currency.
            added(
                2,
                money("mark_local", "unrealised gain set by the last mark, debit positive"),
                like="mark",
            ),
            added(
                2,
                money("mark_local_released", "of it, released by reliefs since"),
                like="mark_released",
            ),
            base("mark", "its price part in base, debit positive"),
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
            spelled("relief_id", "trade id, then :r and a number"),
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
            added(2, text("fee_currency", "of the fees, where the event has any"), like="currency"),
            added(2, text("settlement_currency", "of settlement_net")),
            added(2, text("traded_currency", "of traded")),
            units("quantity"),
            *measure_columns(),
        ]
    ),
    ("event_id", "event_version", "stage", "leg"),
)

MARK_MEASURES = Table(
    "mark_measures",
    "The measures of a month's last marks, where they were added to what was booked before.",
    MEASURES.schema,
    MEASURES.order,
)

UNSETTLED = Table(
    "unsettled",
    "Posted trades whose cash and securities have not been exchanged, item by item.",
    pa.schema(
        [
            text("trade_id"),
            added(
                2,
                text("item", "amount; traded, the other currency; fees, where in another currency"),
                default="amount",
            ),
            whole("version"),
            text("status"),
            day("trade_date"),
            day("settlement_date", "contractual"),
            *DIMENSIONS,
            text("side", "buy or sell"),
            units("quantity", "positive"),
            text("currency"),
            money("amount", "debit positive: a receivable"),
            base("amount_base", "as it was booked"),
            added(2, base("revalued", "unrealised FX gain on it, debit positive")),
            text("account", "where the item stands"),
        ]
    ),
    ("trade_date", "trade_id", "item"),
)

ENTITLEMENTS = Table(
    "entitlements",
    "Dividends to which positions are entitled and which are not paid yet; positive amounts.",
    pa.schema(
        [
            text("event_id"),
            *OWNER,
            text("instrument"),
            text("side", "long: to receive; short: to pay"),
            day("ex_date"),
            maybe_day("pay_date"),
            units("quantity", "positive"),
            text("currency"),
            money("gross"),
            money("withheld", "not reclaimable"),
            money("reclaimable"),
            money("net", "gross less what is withheld"),
            base("net_base", "as it was booked; zero before it is recognised"),
            base("revalued", "unrealised FX gain on it, debit positive"),
            flag("recognised", "the income is booked"),
            text("account", "where the item stands; empty before it is recognised"),
            *SOURCE,
        ]
    ),
    ("ex_date", "event_id", "book", "strategy", "broker_account", "side"),
)

MONEY = Table(
    "money",
    "Balances in foreign currency that closes revalue, and the base balance of FX trading.",
    pa.schema(
        [
            text("account"),
            text("currency"),
            *DIMENSIONS,
            text("kind", "cash, other or fx_trading"),
            money("amount", "debit positive"),
            base("amount_base", "debit positive"),
        ]
    ),
    ("account", "currency", "book", "strategy", "broker_account", "instrument", "counterparty"),
)

CASH_LOTS = Table(
    "cash_lots",
    "Foreign cash in the order in which it came, where spending relieves it at its own rate.",
    pa.schema(
        [
            text("lot_id", "the event that brought it"),
            text("account"),
            *OWNER,
            text("currency"),
            text("side", "long; short where it is owed"),
            day("opened_on"),
            money("opened", "positive"),
            money("closed", "positive, spent so far"),
            base("cost_base", "of all that came"),
            base("relieved_base", "of what was spent"),
        ]
    ),
    (),
)

ENTRIES = Table(
    "entries",
    "Journal entries; (event_id, event_version, stage, leg) names what was booked.",
    pa.schema(
        [
            whole("seq", "gap-free number in the basis's journal"),
            spelled("entry_id"),
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
            spelled("narration"),
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

# What a month hands to the next, and a close seals.
STATES: tuple[Table, ...] = (LOTS, UNSETTLED, ENTITLEMENTS, MONEY, CASH_LOTS)
