"""Cash transactions of a Flex file as a cash file.

A cash row is booked on the broker's `reportDate`: that is the day on which the broker's own cash
report counts it, and no row of a statement has one outside the statement's days. The value date
can lie long before it (a withholding tax corrected in January is still valued on last year's pay
date) and in a period that is closed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from subledger.importers.ibkr_flex_instruments import Names
from subledger.importers.ibkr_flex_trades import BOOK, EXACT, day_of
from subledger.importers.ibkr_flex_xml import Flex, FlexRow, Statement, iso, plain

_TRANSFERS = ("Deposits/Withdrawals", "Deposits & Withdrawals")
_KINDS: Mapping[str, str] = {
    "Dividends": "dividend",
    "Payment In Lieu Of Dividends": "dividend",
    "Withholding Tax": "withholding",
    "Broker Interest Paid": "interest",
    "Broker Interest Received": "interest",
    "Bond Interest Paid": "coupon",
    "Bond Interest Received": "coupon",
    "Other Fees": "fee",
    "Broker Fees": "fee",
    "Commission Adjustments": "fee",
    "Advisor Fees": "fee",
}
_OF_DIVIDENDS = ("dividend", "withholding")

HEADER = (
    "event_id",
    "date",
    "settled_date",
    "kind",
    "broker_account",
    "book",
    "currency",
    "amount",
    "instrument",
    "reference",
    "memo",
)

_Key = tuple[str, str, str, str]


def cash(
    flex: Flex, names: Names, *, paid: Mapping[str, Mapping[str, str]]
) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a cash file: each movement of cash once.

    `paid` gives, by account of the statement, the dividend that an action of the broker pays.

    Findings: FLEX_CASH_TYPE, FLEX_SUMMARY_DIFFERS. Note: FLEX_NOT_IMPORTED, for amounts of zero.
    """
    rows: list[tuple[int, dict[str, str]]] = []
    equal: Counter[str] = Counter()
    for statement in flex.statements:
        for row in _movements(flex, statement):
            kind = _kind(row)
            amount = flex.number(row, "amount")
            if not kind:
                message = "cash of this type has no kind here"
                flex.find("FLEX_CASH_TYPE", message, row=row, column="type")
            elif amount is not None and not amount:
                flex.note("FLEX_NOT_IMPORTED", "an amount of zero is left out", row=row)
            else:
                movement = _row(flex, row, statement=statement, names=names, kind=kind)
                movement["event_id"] = _identity(movement, row, equal=equal)
                movement["reference"] = _reference(row, kind, paid=paid[statement.account])
                rows.append((row.line, movement))
    return rows


def _kind(row: FlexRow) -> str:
    """Return our kind of a cash transaction, "" for one that has none."""
    said, description = row.text("type"), row.text("description").upper()
    if said not in _TRANSFERS:
        return _KINDS.get(said, "")
    if description.startswith("ADJUSTMENT"):
        # The broker corrects a charge of its own here: no owner brings or takes the money.
        return "fee" if "COMMISSION" in description or "FEE" in description else ""
    return "withdrawal" if row.text("amount").startswith("-") else "contribution"


def _movements(flex: Flex, statement: Statement) -> list[FlexRow]:
    """Return the rows to book: details, and summaries where the file has no details of them.

    Rows are compared by type, currency, contract and day. Where a file has both levels they must
    add up to the same amount, or FLEX_SUMMARY_DIFFERS is found.
    """
    levels: dict[_Key, dict[bool, list[FlexRow]]] = {}
    for row in statement.of("CashTransaction"):
        summary = row.text("levelOfDetail") == "SUMMARY"
        day = iso(day_of(flex, row)) or row.text("dateTime")
        key = (row.text("type"), row.text("currency"), row.text("conid"), day)
        levels.setdefault(key, {}).setdefault(summary, []).append(row)
    chosen: list[FlexRow] = []
    for both in levels.values():
        details, summaries = both.get(False, []), both.get(True, [])
        chosen.extend(details or summaries)
        if details and summaries:
            detailed, summed = _sum(flex, details), _sum(flex, summaries)
            if detailed != summed:
                message = f"the details of this summary add up to {detailed}, not to {summed}"
                flex.find("FLEX_SUMMARY_DIFFERS", message, row=summaries[0], column="amount")
    return sorted(chosen, key=lambda row: row.line)


def _sum(flex: Flex, rows: list[FlexRow]) -> Decimal:
    total = Decimal(0)
    for row in rows:
        total = EXACT.add(total, flex.number(row, "amount") or Decimal(0))
    return total


def _row(
    flex: Flex, row: FlexRow, *, statement: Statement, names: Names, kind: str
) -> dict[str, str]:
    booked = day_of(flex, row) or flex.day(row, "dateTime")
    valued = flex.day(row, "settleDate")
    later = valued is not None and booked is not None and valued > booked
    return {
        "date": iso(booked),
        "settled_date": iso(valued) if later else "",
        "kind": kind,
        "broker_account": statement.account_of(row),
        "book": BOOK,
        "currency": row.text("currency"),
        "amount": plain(flex.number(row, "amount")),
        "instrument": names.of(row),
        "memo": row.text("description"),
    }


def _identity(movement: Mapping[str, str], row: FlexRow, *, equal: Counter[str]) -> str:
    """Return the broker's transaction id, or what was paid and the how manieth such row it is.

    Summaries have no transaction id.
    """
    given = row.text("transactionID")
    if given:
        return f"ibkr:{given}"
    about = row.text("actionID") or row.text("conid") or movement["currency"]
    day = movement["date"].replace("-", "")
    name = ":".join(
        ("ibkr", movement["broker_account"], day, movement["kind"], about, movement["amount"])
    )
    equal[name] += 1
    return f"{name}:{equal[name]}"


def _reference(row: FlexRow, kind: str, *, paid: Mapping[str, str]) -> str:
    """Return the id of the dividend that a row pays, else the action that it names, else ""."""
    action = row.text("actionID")
    if not action:
        return ""
    named = f"ibkr:{action}"
    return paid.get(action, named) if kind in _OF_DIVIDENDS else named
