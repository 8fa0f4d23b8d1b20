"""Which events can be booked at all; the others become exceptions, whole and with their amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.inputs import Events, Terms
from subledger.chart import Unbooked
from subledger.chart.measures import EVENTS, cells
from subledger.columns import Flags, Texts, build, concatenate, days, group_codes, numbers, texts
from subledger.numbers import group_sums
from subledger.tables import DIMENSIONS, EXCEPTIONS

_DIMENSIONS = tuple(field.name for field in DIMENSIONS)


def exception_id(*parts: str) -> str:
    """Return the stable id of an exception: the same cause has the same id in every run."""
    digest = sha256(b"".join(len(p).to_bytes(4, "big") + p.encode() for p in parts))
    return f"X-{digest.hexdigest()[:12]}"


def exceptions_table(basis: str, code: str, *, rows: Mapping[str, Any]) -> pa.Table:
    """Return EXCEPTIONS rows of one code, one per event.

    `rows` holds event_id, event_version, subject, date (of the period), amount (made positive),
    currency, message, batch and row, as columns of equal length. Where an event has several rows,
    its amount at risk is the sum of the positive ones.
    """
    period = np.asarray(rows["date"], "datetime64[M]").astype(str).astype(object)
    keys = zip(rows["event_id"], rows["event_version"], rows["subject"], period, strict=True)
    ids = [exception_id(basis, code, *map(str, key)) for key in keys]
    number, first = group_codes([np.array(ids, dtype=object)])
    amount = np.asarray(rows["amount"], np.int64)
    alone = np.bincount(number, minlength=len(first)) == 1
    at_risk = group_sums(number, np.maximum(amount, 0), len(first))
    copied = ("event_id", "event_version", "subject", "currency", "message", "batch", "row")
    return build(
        EXCEPTIONS,
        {
            "exception_id": np.array(ids, dtype=object)[first],
            "code": code,
            "basis": basis,
            "period": period[first],
            "amount_at_risk": np.where(alone, np.abs(amount[first]), at_risk),
            **{name: np.asarray(rows[name])[first] for name in copied},
        },
    )


class Screening:
    """Collects refusals of one table; the first reason of a row wins."""

    def __init__(self, table: pa.Table, basis: str) -> None:
        """Screen a table for one accounting basis."""
        self.table, self.basis = table, basis
        self.reason = np.full(table.num_rows, "", dtype=object)
        self.message = np.full(table.num_rows, "", dtype=object)

    def refuse(self, condition: Flags, code: str, *, message: Texts | str) -> None:
        """Give a code to the rows of a condition that have none yet."""
        rows = condition & (self.reason == "")
        self.reason[rows] = code
        self.message[rows] = message if isinstance(message, str) else message[rows]

    def bookable(self) -> pa.Table:
        """Return the rows that have no reason against them."""
        return self.table.filter(pa.array(self.reason == ""))

    def exceptions(self, *, event: str, date: str, amount: str) -> list[pa.Table]:
        """Return EXCEPTIONS of the refused rows, from the columns named."""
        found = []
        for code in sorted(set(self.reason) - {""}):
            rows = np.flatnonzero(self.reason == code)
            part = self.table.take(rows)
            has_version = "version" in part.column_names
            ones = np.ones(len(rows), np.int64)
            found.append(
                exceptions_table(
                    self.basis,
                    code,
                    rows={
                        "event_id": texts(part, event),
                        "event_version": numbers(part, "version") if has_version else ones,
                        "subject": texts(part, "instrument"),
                        "date": days(part, date),
                        "amount": numbers(part, amount),
                        "currency": texts(part, "currency"),
                        "message": self.message[rows],
                        "batch": numbers(part, "batch"),
                        "row": numbers(part, "row"),
                    },
                )
            )
        return found


@dataclass(frozen=True, slots=True)
class Screened:
    """The events of a window that are booked, and EXCEPTIONS for the others."""

    trades: pa.Table
    cash: pa.Table
    journals: pa.Table
    opening_lots: pa.Table
    opening_balances: pa.Table
    exceptions: pa.Table


def screen(events: Events, asset_class: Mapping[str, str], *, terms: Terms) -> Screened:
    """Part the events of a window into those that are booked and those that are exceptions.

    What later work books (other currencies and asset classes, accrued interest, named lots, other
    kinds of cash), and what no rule covers, is an exception; an event is never booked in part.
    Rows are put in an order of their own first, so that the order of rows given never matters.
    """
    trades = _screen_trades(_sorted(events.trades, "trade_id"), asset_class, terms=terms)
    cash = _screen_cash(_sorted(events.cash, "accounting_date", "event_id"), terms)
    journals = _screen_currency(_sorted(events.journals, "journal_id", "stage", "line"), terms)
    lots = _screen_lots(_sorted(events.opening_lots, "as_of", "lot_id"), asset_class, terms=terms)
    openings = _sorted(events.opening_balances, "as_of", "account", "currency", *_DIMENSIONS)
    balances = _screen_currency(openings, terms)
    exceptions = [
        *trades.exceptions(event="trade_id", date="accounting_date", amount="net"),
        *cash.exceptions(event="event_id", date="accounting_date", amount="amount"),
        *journals.exceptions(event="journal_id", date="accounting_date", amount="amount"),
        *lots.exceptions(event="lot_id", date="as_of", amount="cost"),
        *balances.exceptions(event="account", date="as_of", amount="amount"),
    ]
    return Screened(
        trades.bookable(),
        cash.bookable(),
        _whole_journals(journals),
        lots.bookable(),
        balances.bookable(),
        concatenate(EXCEPTIONS, exceptions),
    )


def _sorted(table: pa.Table, *names: str) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in names])


def _whole_journals(journals: Screening) -> pa.Table:
    """Return the journals none of whose lines was refused."""
    ids = texts(journals.table, "journal_id")
    refused = set(ids[journals.reason != ""])
    return journals.table.filter(pa.array([journal not in refused for journal in ids], pa.bool_()))


def _screen_trades(trades: pa.Table, asset_class: Mapping[str, str], *, terms: Terms) -> Screening:
    screening = Screening(trades, terms.policy.name)
    base = terms.policy.base_currency
    foreign = (
        (texts(trades, "currency") != base)
        | (texts(trades, "fee_currency") != base)
        | (texts(trades, "settlement_currency") != base)
    )
    screening.refuse(foreign, "LATER_CURRENCY", message=f"trade is not wholly in {base}")
    _refuse_classes(screening, asset_class, date="accounting_date", terms=terms)
    interest = numbers(trades, "accrued_interest") != 0
    screening.refuse(interest, "LATER_ACCRUED_INTEREST", message="trade carries accrued interest")
    named = texts(trades, "lots") != ""
    screening.refuse(named, "LATER_SPECIFIC_LOTS", message="trade names the lots to relieve")
    return screening


def _refuse_classes(
    screening: Screening, asset_class: Mapping[str, str], *, date: str, terms: Terms
) -> None:
    """Refuse rows whose asset class the decision table does not book whole on their date."""
    names = texts(screening.table, "instrument")
    classes = np.array([asset_class[name] for name in names], dtype=object)
    dates = days(screening.table, date)
    codes, first = group_codes([classes, dates])
    for number, row in enumerate(first):
        code = _coverage(classes[row], dates[row].astype(object), terms=terms)
        if code:
            screening.refuse(codes == number, code, message=f"no rule books a {classes[row]}")


def _coverage(asset_class: str, on: date, *, terms: Terms) -> str:
    """Return "" when the decision table books all that a class can do, else the code against it.

    A trade whose settlement or mark no rule books would be booked in part.
    """
    marked = ("mark",) if terms.policy.valuation != "cost" else ()
    wanted = [
        (event, dict(zip(EVENTS[event], cell, strict=True)))
        for event in ("trade", "settlement", "opening_lot", *marked)
        for cell in cells(event)
        if cell[0] == asset_class
    ]
    return _code(wanted, on, terms=terms, later="LATER_ASSET_CLASS")


def _code(
    wanted: Sequence[tuple[str, Mapping[str, str]]], on: date, *, terms: Terms, later: str
) -> str:
    """Return "" when every cell has a rule, NO_RULE where one has none, else the code `later`."""
    basis = terms.policy.name
    found = [terms.chart.rule_for(event, cell, basis=basis, on=on) for event, cell in wanted]
    if any(rule is None for rule in found):
        return "NO_RULE"
    return later if any(isinstance(rule, Unbooked) for rule in found) else ""


def _screen_cash(cash: pa.Table, terms: Terms) -> Screening:
    screening = Screening(cash, terms.policy.name)
    kind, base = texts(cash, "kind"), terms.policy.base_currency
    capital = (kind == "contribution") | (kind == "withdrawal")
    message = np.array([f"cash of kind {name} is not booked yet" for name in kind], dtype=object)
    screening.refuse(~capital, "LATER_CASH_KIND", message=message)
    foreign = texts(cash, "currency") != base
    screening.refuse(foreign, "LATER_CURRENCY", message=f"cash is not in {base}")
    _refuse_capital(screening, capital, terms=terms)
    return screening


def _refuse_capital(screening: Screening, capital: Flags, *, terms: Terms) -> None:
    """Refuse capital that the decision table does not book whole, its later payment included."""
    cash = screening.table
    later = days(cash, "settled_date") != days(cash, "date")
    dates = days(cash, "accounting_date")
    codes, first = group_codes([texts(cash, "kind"), later, dates])
    for number, row in enumerate(first):
        kind = texts(cash, "kind")[row]
        if not capital[row]:
            continue
        wanted = [(kind, {"settled": "later" if later[row] else "at_once"})]
        if later[row]:
            direction = "receive" if kind == "contribution" else "pay"
            wanted.append(("capital_settlement", {"direction": direction}))
        code = _code(wanted, dates[row].astype(object), terms=terms, later="LATER_CASH_KIND")
        if code:
            screening.refuse(codes == number, code, message=f"no rule books a {kind}")


def _screen_currency(table: pa.Table, terms: Terms) -> Screening:
    screening = Screening(table, terms.policy.name)
    base = terms.policy.base_currency
    foreign = texts(table, "currency") != base
    screening.refuse(foreign, "LATER_CURRENCY", message=f"row is not in {base}")
    return screening


def _screen_lots(lots: pa.Table, asset_class: Mapping[str, str], *, terms: Terms) -> Screening:
    screening = _screen_currency(lots, terms)
    _refuse_classes(screening, asset_class, date="as_of", terms=terms)
    return screening
