"""Executions of a Flex file as a trades file.

The id of a trade is the broker's `transactionID`: every execution has one, expiries and
assignments included (these have no `ibExecID`), the broker uses it once across trades and cash,
and the row that cancels an execution names it. It rises in the order of processing, so it is
the sequence as well, the same in every file that holds the trade.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal, Inexact
from zoneinfo import ZoneInfo

from subledger.importers.ibkr_flex_instruments import Names, valid_id
from subledger.importers.ibkr_flex_xml import Flex, FlexRow, Statement, iso, plain

# A Flex file knows no trading books.
BOOK = "MAIN"
# The broker writes times of day without a zone: those of its own clock.
ZONE = ZoneInfo("America/New_York")
EXECUTION = ("EXECUTION", "")  # a query without the level of detail brings executions alone
# Sums and differences of the broker's amounts are exact or they raise.
EXACT = Context(prec=120, traps=[Inexact])

_CANCELS = ("TradeCancel", "FracShareCancel")
_OTHER_LEVELS = ("Order", "SymbolSummary", "AssetSummary", "Lot", "TradeConfirm")
_OPTIONS = ("OPT", "FOP")
_BOOKED = "BookTrade"  # by the broker, without a market: expiry, exercise, assignment, delivery
_NO_NET = ("CASH", "FUT")  # their net cash is not what price and quantity give

HEADER = (
    "trade_id",
    "status",
    "trade_date",
    "settlement_date",
    "settled_date",
    "executed_at",
    "sequence",
    "book",
    "broker_account",
    "venue",
    "order_id",
    "trader",
    "instrument",
    "side",
    "quantity",
    "price",
    "currency",
    "gross_amount",
    "net_amount",
    "accrued_interest",
    "commission",
    "tax",
    "fee_currency",
    "tags",
)


@dataclass(slots=True)
class Numbering:
    """Counts equal executions and executions of a day, where the broker gives no ids."""

    equal: Counter[str] = field(default_factory=Counter)
    day: Counter[tuple[str, str]] = field(default_factory=Counter)


def trades(flex: Flex, names: Names) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a trades file.

    A trade is settled when its contractual settlement date lies within the statement; after it,
    it is confirmed, and a later statement settles it. Findings: FLEX_CANCELLATION, FLEX_VALUE.
    Notes: FLEX_NET_DIFFERS, FLEX_NOT_IMPORTED, FLEX_ASSUMED.
    """
    rows: list[tuple[int, dict[str, str]]] = []
    numbering = Numbering()
    for statement in flex.statements:
        executions, cancelled = executions_of(flex, statement)
        through = flex.day(statement.row, "toDate")
        for row in executions:
            trade = _trade(flex, row, statement=statement, names=names, numbering=numbering)
            if row.text("transactionID") in cancelled:
                trade["status"] = "cancelled"
            elif through is not None and trade["settlement_date"] <= iso(through):
                trade |= {"status": "settled", "settled_date": trade["settlement_date"]}
            rows.append((row.line, trade))
        _note_deliveries(flex, executions, statement=statement)
    return rows


def _note_deliveries(flex: Flex, executions: list[FlexRow], *, statement: Statement) -> None:
    """Note each delivery of a stock beside the close of an option on it, booked by the broker.

    Both are trades like others: the option is closed at price 0, and what it cost or brought is
    realised there instead of going over to the stock.
    """
    closed: dict[tuple[str, str, str], FlexRow] = {}
    booked = [row for row in executions if row.text("transactionType") == _BOOKED]
    for row in booked:
        if row.text("assetCategory") in _OPTIONS:
            # The symbol of an option begins with that of its underlying, if nothing else names it.
            symbol = row.text("underlyingSymbol") or row.text("symbol").partition(" ")[0]
            for named in {symbol.replace(" ", ""), row.text("underlyingConid")} - {""}:
                closed[statement.account_of(row), row.text("tradeDate"), named] = row
    for row in booked:
        day = statement.account_of(row), row.text("tradeDate")
        names = row.text("symbol").replace(" ", ""), row.text("conid")
        option = next((closed[*day, name] for name in names if (*day, name) in closed), None)
        if option is not None and row.text("assetCategory") not in _OPTIONS:
            message = (
                f"taken to be delivered for {option.text('symbol')}, whose premium is realised "
                "and does not become part of its cost or proceeds"
            )
            flex.note("FLEX_ASSUMED", message, row=row, value=row.text("symbol"))


def executions_of(flex: Flex, statement: Statement) -> tuple[list[FlexRow], set[str]]:
    """Return the executions that are trades, and the ids of those that others cancel."""
    others = [row for row in statement.of("Trade") if row.text("levelOfDetail") not in EXECUTION]
    for tag in _OTHER_LEVELS:
        others.extend(statement.of(tag))
    if others:
        message = f"orders, lots and summaries of executions are left out: {len(others)}"
        flex.note("FLEX_NOT_IMPORTED", message, row=min(others, key=lambda row: row.line))
    executions: list[FlexRow] = []
    cancels: list[FlexRow] = []
    for row in statement.of("Trade"):
        if row.text("levelOfDetail") in EXECUTION:
            (cancels if _is_cancel(row) else executions).append(row)
    known = {row.text("transactionID") for row in executions} - {""}
    for row in cancels:
        if row.text("origTransactionID") not in known:
            message = "it cancels an execution that the file does not hold"
            flex.find("FLEX_CANCELLATION", message, row=row, column="origTransactionID")
    return executions, {row.text("origTransactionID") for row in cancels}


def _is_cancel(row: FlexRow) -> bool:
    """Say whether an execution stands for the cancellation of another one."""
    codes = row.text("notes").replace(",", ";").split(";")
    side, kind = row.text("buySell"), row.text("transactionType")
    return kind in _CANCELS or side.endswith("(Ca.)") or "Ca" in codes


def _trade(
    flex: Flex, row: FlexRow, *, statement: Statement, names: Names, numbering: Numbering
) -> dict[str, str]:
    trade_id, sequence = identity_of(flex, row, statement=statement, numbering=numbering)
    moment = flex.moment(row, "dateTime")
    commission = _negated(flex.number(row, "ibCommission"))
    tax = _tax(flex, row)
    side, gross = _side(flex, row), _gross(flex, row)
    accrued = flex.number(row, "accruedInt")
    quantity = flex.number(row, "quantity")
    fees = [fee for fee in (commission, tax) if fee is not None]
    trade = dict.fromkeys(HEADER, "")
    return trade | {
        "trade_id": trade_id,
        "status": "confirmed",
        "trade_date": iso(flex.day(row, "tradeDate")),
        "settlement_date": iso(flex.day(row, "settleDateTarget")),
        "executed_at": moment.replace(tzinfo=ZONE).isoformat() if moment else "",
        "sequence": sequence,
        "book": BOOK,
        "broker_account": statement.account_of(row),
        "venue": valid_id(row.text("exchange")),
        "order_id": row.text("ibOrderID"),
        "trader": row.text("traderID"),
        "instrument": names.of(row),
        "side": side,
        "quantity": plain(quantity.copy_abs()) if quantity is not None else "",
        "price": plain(flex.number(row, "tradePrice")),
        "currency": row.text("currency"),
        "gross_amount": plain(gross),
        "net_amount": plain(_net(flex, row, gross=gross, fees=fees)),
        "accrued_interest": plain(accrued.copy_abs()) if accrued else "",
        "commission": plain(commission) if commission else "",
        "tax": plain(tax) if tax else "",
        "fee_currency": row.text("ibCommissionCurrency"),
        "tags": row.text("notes"),
    }


def identity_of(
    flex: Flex, row: FlexRow, *, statement: Statement, numbering: Numbering
) -> tuple[str, str]:
    """Return the id and the sequence of an execution.

    Without any id of the broker's the id is what was traded, and the how manieth such trade it
    is, and the sequence counts the executions of the day: the same in every file that holds the
    whole day.
    """
    account = statement.account_of(row)
    day = iso(flex.day(row, "tradeDate"))
    numbering.day[account, day] += 1
    given = next(
        (row.text(name) for name in ("transactionID", "tradeID", "ibExecID") if row.text(name)), ""
    )
    sequence = row.text("transactionID")
    if not (sequence.isascii() and sequence.isdigit()):
        sequence = str(numbering.day[account, day])
    if given:
        return f"ibkr:{given}", sequence
    parts = (
        account,
        day.replace("-", ""),
        row.text("conid") or row.text("symbol"),
        plain(flex.number(row, "quantity")),
        plain(flex.number(row, "tradePrice")),
    )
    name = ":".join(("ibkr", *parts))
    numbering.equal[name] += 1
    return f"{name}:{numbering.equal[name]}", sequence


def _side(flex: Flex, row: FlexRow) -> str:
    """Return buy or sell: as the broker says, else by the sign of the quantity."""
    quantity = flex.number(row, "quantity")
    said = row.text("buySell").partition(" ")[0].lower()
    signed = "" if not quantity else "sell" if quantity.is_signed() else "buy"
    if said in {"buy", "sell"} and signed and said != signed:
        flex.find(
            "FLEX_VALUE", f"not the direction of quantity {quantity}", row=row, column="buySell"
        )
    return said if said in {"buy", "sell"} else signed


def _gross(flex: Flex, row: FlexRow) -> Decimal | None:
    """Return quantity x price x multiplier as stated, with the sign of the price."""
    money = flex.number(row, "tradeMoney")
    if money is None:
        money = _negated(flex.number(row, "proceeds"))
    return _negated(money) if _sells(row) else money


def _net(flex: Flex, row: FlexRow, *, gross: Decimal | None, fees: list[Decimal]) -> Decimal | None:
    """Return the stated net where it follows from gross and fees, else None with a note."""
    cash = flex.number(row, "netCash")
    if cash is None or gross is None or _foreign_fees(row) or row.text("assetCategory") in _NO_NET:
        return None
    net = cash if _sells(row) else _negated(cash)
    follows = gross
    for fee in fees:
        follows = EXACT.subtract(follows, fee) if _sells(row) else EXACT.add(follows, fee)
    accrued = flex.number(row, "accruedInt") or Decimal(0)
    if net in (follows, EXACT.add(follows, accrued.copy_abs())):
        return net
    message = f"the net cash {cash} is not what gross and fees give, {follows}: it is left out"
    flex.note("FLEX_NET_DIFFERS", message, row=row, value=plain(cash))
    return None


def _tax(flex: Flex, row: FlexRow) -> Decimal | None:
    """Return the taxes, which are in the trade's currency: a trade has one currency of fees."""
    tax = _negated(flex.number(row, "taxes"))
    if tax and _foreign_fees(row):
        commission, currency = row.text("ibCommissionCurrency"), row.text("currency")
        message = f"taxes in {currency} beside a commission in {commission}: fees have one currency"
        flex.find("FLEX_VALUE", message, row=row, column="taxes")
    return tax


def _foreign_fees(row: FlexRow) -> bool:
    return row.text("ibCommissionCurrency") not in {"", row.text("currency")}


def _sells(row: FlexRow) -> bool:
    return row.text("buySell").startswith("SELL") or (
        not row.text("buySell") and row.text("quantity").startswith("-")
    )


def _negated(value: Decimal | None) -> Decimal | None:
    """Return a value with the other sign, without rounding it and without a negative zero."""
    return None if value is None else value.copy_negate() if value else value.copy_abs()


def day_of(flex: Flex, row: FlexRow) -> date | None:
    """Return the day on which the broker's reports count an element."""
    days = (_maybe(flex, row, name=name) for name in ("reportDate", "tradeDate", "date"))
    return next((day for day in days if day), None)


def _maybe(flex: Flex, row: FlexRow, *, name: str) -> date | None:
    return flex.day(row, name) if row.text(name) else None
