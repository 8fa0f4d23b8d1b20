"""Which columns of which report the detail sheets show, in which order, and what is printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_OWNER = ("book", "strategy", "broker_account")


@dataclass(frozen=True, slots=True)
class Detail:
    """How a report becomes a detail sheet.

    `columns` are shown in that order, then those of `unprinted`, which are on the screen only.
    Those in `always` are there even when they are empty, since formulas refer to them by the name
    `<prefix>_<ColumnName>`; those in `foreign` only when a row is in another currency than base.
    Of those in `one_sided` a zero stays empty; those in `by_side` count a short's amount negative
    in their total; those in `widest` are never wider than that. A report of too many rows is
    shown in totals by `totals_by`, which tell apart what formulas tell apart.
    """

    report: str
    sheet: str
    prefix: str
    purpose: str
    columns: tuple[str, ...]
    always: tuple[str, ...]
    unprinted: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    one_sided: tuple[str, ...] = ()
    by_side: tuple[str, ...] = ()
    frozen: int = 1
    widest: Mapping[str, float] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    totals_by: tuple[str, ...] = ()


JOURNAL = Detail(
    "journal",
    "Journal",
    "JE",
    "Every line of every entry of the period.",
    (
        *("entry_id", "line", "accounting_date", "account", "account_name", "debit", "credit"),
        *("amount", "currency", "quantity", "instrument", "event_id"),
    ),
    always=("kind", "account", "debit", "credit", "amount", "currency"),
    unprinted=(
        *("kind", "lot_id", "strategy", "book", "broker_account", "counterparty"),
        *("activity_period", "rule", "reverses", "reason"),
    ),
    one_sided=("debit", "credit"),
    foreign=("amount", "currency"),
    frozen=2,
    widest={"event_id": 18.0, "account_name": 24.0},
    headings={
        "line": "Line",
        "accounting_date": "Date",
        "account_name": "Account name",
        "amount": "Amount in currency",
        "event_id": "Event",
    },
)
DAILY = Detail(
    "journal",
    "Journal",
    "JE",
    "Daily totals per account and currency; the lines are in the CSV file of the journal.",
    (
        *("accounting_date", "kind", "account", "account_name", "lines", "debit", "credit"),
        *("amount", "currency"),
    ),
    always=("kind", "account", "debit", "credit", "amount", "currency"),
    one_sided=("debit", "credit"),
    foreign=("amount", "currency"),
    headings={
        "accounting_date": "Date",
        "account_name": "Account name",
        "amount": "Amount in currency",
    },
)
PNL = Detail(
    "pnl",
    "P&L",
    "PnL",
    "Gains by strategy, book, broker account, instrument and currency; costs in parentheses.",
    (
        *("strategy", "book", "broker_account", "instrument", "currency", "realised_price"),
        *("realised_fx", "unrealised_price", "unrealised_fx", "income", "carry", "fees", "other"),
        "total",
    ),
    always=("total",),
    headings={"realised_fx": "Realised FX", "unrealised_fx": "Unrealised FX"},
    totals_by=("strategy", "book", "currency"),
)
REALISED = Detail(
    "realised",
    "Realised",
    "Realised",
    "What each closing trade relieved, with proceeds, cost and gain, in price and in FX.",
    (
        *("relief_id", "lot_id", "instrument", "side", "strategy", "opened_on", "closed_on"),
        *("quantity", "currency", "proceeds", "cost", "gain", "proceeds_base", "cost_base"),
        *("gain_price_base", "gain_fx_base", "gain_base", "term"),
    ),
    always=("gain_base", "gain_price_base", "gain_fx_base"),
    unprinted=("book", "broker_account", "lot_strategy", "accounting_date", "activity_period"),
    foreign=("currency", "proceeds", "cost", "gain", "gain_price_base", "gain_fx_base"),
    headings={
        "accounting_date": "Accounting date",
        "relief_id": "Relief",
        "gain_price_base": "Gain, price",
        "gain_fx_base": "Gain, FX",
    },
    totals_by=("instrument", "side", "currency"),
)
UNREALISED = Detail(
    "unrealised",
    "Unrealised",
    "Unrealised",
    "Every open lot with its price, its market value and the gain on it, in price and in FX.",
    (
        *("lot_id", "instrument", "side", "strategy", "opened_on", "quantity", "currency"),
        *("price", "price_date", "price_source", "level", "cost", "market_value", "unrealised"),
        *("rate", "cost_base", "unrealised_price_base", "unrealised_fx_base", "unrealised_base"),
    ),
    always=("side", "unrealised_base", "unrealised_price_base", "unrealised_fx_base"),
    unprinted=("book", "broker_account"),
    foreign=(
        *("currency", "cost", "rate", "unrealised", "unrealised_price_base"),
        "unrealised_fx_base",
    ),
    by_side=("cost_base",),
    headings={
        "price_source": "Source",
        "rate": "Closing rate",
        "unrealised_price_base": "Unrealised, price",
        "unrealised_fx_base": "Unrealised, FX",
    },
    totals_by=("instrument", "side", "currency"),
)
LOTS = Detail(
    "lots",
    "Tax lots",
    "Lots",
    "What is open, when it was bought or sold short, and at what cost; totals are long less short.",
    (
        *("lot_id", "instrument", "side", *_OWNER, "opened_on", "quantity", "currency", "cost"),
        "cost_base",
    ),
    always=("side", "cost_base"),
    foreign=("currency", "cost"),
    by_side=("cost_base",),
    totals_by=("instrument", "side", "currency"),
)
UNSETTLED = Detail(
    "unsettled",
    "Unsettled",
    "Unsettled",
    "Trades not settled at the period's end; a receivable is positive, a payable negative.",
    (
        *("trade_id", "item", "status", "trade_date", "settlement_date", "days_late", "instrument"),
        *("side", "quantity", "amount", "currency", "amount_base", "revalued_base", "account"),
        "posted",
    ),
    always=("amount_base", "revalued_base", "account", "posted"),
    foreign=("item", "amount", "currency", "revalued_base"),
    headings={"amount_base": "Amount as booked", "revalued_base": "Unrealised FX"},
    totals_by=("trade_date", "settlement_date", "item", "side", "currency", "account", "posted"),
)
ENTITLEMENTS = Detail(
    "entitlements",
    "Dividends",
    "Dividends",
    "Dividends that positions are entitled to and that are not paid yet; on shorts we pay.",
    (
        *("event_id", "instrument", "side", *_OWNER, "ex_date", "pay_date", "quantity"),
        *("currency", "gross", "withheld", "reclaimable", "net", "net_base", "revalued_base"),
        *("carrying_base", "recognised"),
    ),
    always=("carrying_base", "recognised"),
    foreign=("currency", "revalued_base"),
    headings={
        "event_id": "Event",
        "net_base": "Net as booked",
        "revalued_base": "Unrealised FX",
        "carrying_base": "Carrying amount",
    },
    totals_by=("event_id", "instrument", "side", "currency", "recognised"),
)
BASES = Detail(
    "basis-difference",
    "Bases",
    "Bases",
    "Where this basis differs from the other, by cause; debits positive, effects gains positive.",
    (
        *("cause", "account", "name", "type", "amount", "other_amount", "difference"),
        *("net_assets", "equity", "profit"),
    ),
    always=("difference", "net_assets", "equity", "profit"),
    headings={"amount": "This basis", "other_amount": "The other basis"},
)
SCHEDULES = (PNL, REALISED, UNREALISED, LOTS, UNSETTLED, ENTITLEMENTS)
