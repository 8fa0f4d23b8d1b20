"""Which events can be booked at all; the others become exceptions, whole and with their amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from subledger.booking.acting import books_alone, passes
from subledger.booking.cash import CAPITAL
from subledger.booking.drafts import DIMENSION_NAMES
from subledger.booking.excepting import Screening
from subledger.booking.exchanging import other_currency, traded_amount
from subledger.booking.inputs import Events, Terms
from subledger.chart import Unbooked
from subledger.chart.measures import (
    CASH_KINDS,
    EVENTS,
    EVENTS_OF_VALUATION,
    HELD_EVENTS,
    SIDES,
    Cell,
    cells,
    values_of,
)
from subledger.columns import (
    Flags,
    concatenate,
    days,
    group_codes,
    numbers,
    sorted_by,
    taken,
    texts,
)
from subledger.conversion import Conversions
from subledger.tables import EXCEPTIONS

EXCHANGE = "fx_spot"
_NO_RATE = "no rate of a currency of the event is known on its accounting date"


@dataclass(frozen=True, slots=True)
class Screened:
    """The events of a window that are booked, and EXCEPTIONS for the others.

    `lot_actions` are those that end lots, in the order in which they meet them; `actions` has
    dividends, and what matters only where it is held, for it is not booked.
    """

    trades: pa.Table
    exchanges: pa.Table
    cash: pa.Table
    actions: pa.Table
    journals: pa.Table
    opening_lots: pa.Table
    opening_balances: pa.Table
    exceptions: pa.Table
    lot_actions: pa.Table


def screen(
    events: Events, asset_class: Mapping[str, str], *, terms: Terms, rates: Conversions
) -> Screened:
    """Part the events of a window into those that are booked and those that are exceptions.

    What later work books (other asset classes, accrued interest, other kinds of cash), what has no
    rate, and what no rule covers, is an exception; an event is never booked in part. Rows are put
    in an order of their own first, so that the order of rows given never matters.
    """
    known_trades = _sorted(events.trades, "trade_id")
    trades = _screen_trades(known_trades, asset_class, terms=terms, rates=rates)
    known_cash = _sorted(events.cash, "accounting_date", "event_id", "stage")
    cash = _screen_cash(known_cash, terms, rates=rates)
    actions = _screen_actions(
        _sorted(events.actions, "accounting_date", "event_id", "stage"), terms
    )
    lots = Screening(_sorted(events.opening_lots, "as_of", "lot_id"), terms.policy.name)
    _refuse_classes(lots, asset_class, date="as_of", terms=terms)
    exchanged = _are_exchanges(lots.table, asset_class)
    message = "an exchange of currencies has no lots; give its cash as opening balances"
    lots.refuse(exchanged, "LATER_ASSET_CLASS", message=message)
    exceptions = [
        *trades.exceptions(event="trade_id", date="accounting_date", amount="net"),
        *cash.exceptions(event="event_id", date="accounting_date", amount="amount"),
        *actions.exceptions(event="event_id", date="accounting_date", amount=""),
        *lots.exceptions(event="lot_id", date="as_of", amount="cost"),
    ]
    announced, on_lots = _lot_actions(actions.bookable(), asset_class, terms=terms)
    bookable = trades.bookable()
    exchanged = _are_exchanges(bookable, asset_class)
    openings = ("as_of", "account", "currency", *DIMENSION_NAMES)
    return Screened(
        bookable.filter(pa.array(~exchanged)) if exchanged.any() else bookable,
        bookable.filter(pa.array(exchanged)),
        cash.bookable(),
        announced,
        _sorted(events.journals, "journal_id", "stage", "line"),
        lots.bookable(),
        _sorted(events.opening_balances, *openings),
        concatenate(EXCEPTIONS, exceptions),
        on_lots,
    )


def _are_exchanges(table: pa.Table, asset_class: Mapping[str, str]) -> Flags:
    return texts(table, "instrument").looked_up(lambda name: asset_class[name] == EXCHANGE, bool)


def _sorted(table: pa.Table, *names: str) -> pa.Table:
    return sorted_by(table, names)


def _screen_trades(
    trades: pa.Table, asset_class: Mapping[str, str], *, terms: Terms, rates: Conversions
) -> Screening:
    screening = Screening(trades, terms.policy.name)
    _refuse_classes(screening, asset_class, date="accounting_date", terms=terms)
    interest = numbers(trades, "accrued_interest") != 0
    screening.refuse(interest, "LATER_ACCRUED_INTEREST", message="trade carries accrued interest")
    on = days(trades, "accounting_date")
    known = np.ones(trades.num_rows, bool)
    for name in ("currency", "fee_currency", "settlement_currency"):
        known &= rates.known(texts(trades, name), on)
    exchanged = _are_exchanges(trades, asset_class)
    rows = np.flatnonzero(exchanged)
    part = trades.take(rows)
    known[rows] &= rates.known(other_currency(part, terms), on[rows])
    screening.refuse(~known, "MISSING_RATE", message=_NO_RATE)
    odd = np.zeros(trades.num_rows, bool)
    odd[rows] = ~traded_amount(part, terms)[1]
    odd |= exchanged & (texts(trades, "settlement_currency") != texts(trades, "currency"))
    message = "an exchange settles in its own two currencies, in whole ledger units of each"
    screening.refuse(odd, "FX_TERMS", message=message)
    return screening


def _refuse_classes(
    screening: Screening, asset_class: Mapping[str, str], *, date: str, terms: Terms
) -> None:
    """Refuse rows whose asset class the decision table does not book whole on their date."""
    names = texts(screening.table, "instrument")
    classes = names.mapped(asset_class)
    dates = days(screening.table, date)
    codes, first = group_codes([classes, dates])
    for number, row in enumerate(first):
        code = _coverage(classes[row], dates[row].astype(object), terms=terms)
        if code:
            screening.refuse(
                codes == number, code, message=f"no rule books the class {classes[row]}"
            )


def _coverage(asset_class: str, on: date, *, terms: Terms) -> str:
    """Return "" when the decision table books all that a class can do, else the code against it.

    A trade whose settlement or mark no rule books would be booked in part.
    """
    unvalued = EVENTS_OF_VALUATION if terms.policy.valuation == "cost" else frozenset()
    wanted = [
        (event, dict(zip(EVENTS[event], cell, strict=True)))
        for event in HELD_EVENTS[asset_class]
        if event not in unvalued
        for cell in cells(event)
        if _can_happen(event, cell, asset_class=asset_class)
    ]
    return _code(wanted, on, terms=terms, later="LATER_ASSET_CLASS")


def _can_happen(event: str, cell: Cell, *, asset_class: str) -> bool:
    """Say whether an asset class meets a cell; only exchanges have an item in another currency."""
    values = values_of(event, cell)
    if values.get("asset_class", asset_class) != asset_class:
        return False
    return values.get("item") != "traded" or asset_class == EXCHANGE


def _code(
    wanted: Sequence[tuple[str, Mapping[str, str]]], on: date, *, terms: Terms, later: str
) -> str:
    """Return "" when every cell has a rule, NO_RULE where one has none, else the code `later`."""
    basis = terms.policy.name
    found = [terms.chart.rule_for(event, cell, basis=basis, on=on) for event, cell in wanted]
    if any(rule is None for rule in found):
        return "NO_RULE"
    return later if any(isinstance(rule, Unbooked) for rule in found) else ""


def _screen_cash(cash: pa.Table, terms: Terms, *, rates: Conversions) -> Screening:
    screening = Screening(cash, terms.policy.name)
    kind = texts(cash, "kind")
    booked = kind.isin((*CAPITAL, *CASH_KINDS))
    message = "cash of kind " + kind + " is not booked yet"
    screening.refuse(~booked, "LATER_CASH_KIND", message=message)
    _refuse_cash(screening, booked, terms=terms)
    currency = texts(cash, "currency")
    known = rates.known(currency, days(cash, "accounting_date"))
    later = texts(cash, "stage") == "capital_settlement"
    known[later] &= rates.known(currency[later], days(cash, "told_on")[later])
    screening.refuse(~known, "MISSING_RATE", message=_NO_RATE)
    return screening


def _refuse_cash(screening: Screening, booked: Flags, *, terms: Terms) -> None:
    """Refuse cash that the decision table does not book whole, capital paid later included."""
    cash = screening.table
    later = days(cash, "settled_date") != days(cash, "date")
    dates, received = days(cash, "accounting_date"), numbers(cash, "amount") > 0
    codes, first = group_codes([texts(cash, "kind"), later, received, dates])
    for number, row in enumerate(first):
        kind = texts(cash, "kind")[row]
        direction = "receive" if received[row] else "pay"
        if not booked[row]:
            continue
        wanted: list[tuple[str, Mapping[str, str]]] = [
            ("cash", {"kind": kind, "direction": direction})
        ]
        if kind in CAPITAL:
            wanted = [(kind, {"settled": "later" if later[row] else "at_once"})]
            wanted += [("capital_settlement", {"direction": direction})] if later[row] else []
        code = _code(wanted, dates[row].astype(object), terms=terms, later="LATER_CASH_KIND")
        if code:
            screening.refuse(codes == number, code, message=f"no rule books the kind {kind}")


def _screen_actions(actions: pa.Table, terms: Terms) -> Screening:
    """Refuse dividends that no rule books; other corporate actions matter only where held."""
    screening = Screening(actions, terms.policy.name)
    dates = days(actions, "accounting_date")
    wanted = [
        (event, {"side": side})
        for event in ("dividend", "dividend_settlement")
        for side in ("long", "short")
    ]
    dividends = texts(actions, "kind") == "dividend"
    for on in np.unique(dates[dividends]):
        code = _code(wanted, on.astype(object), terms=terms, later="LATER_CORPORATE_ACTION")
        if code:
            chosen = dividends & (dates == on)
            screening.refuse(chosen, code, message="no rule books a dividend")
    return screening


def _lot_actions(
    actions: pa.Table, asset_class: Mapping[str, str], *, terms: Terms
) -> tuple[pa.Table, pa.Table]:
    """Return actions without those on lots that rules book whole, and these in order."""
    names, kinds, dates = (
        texts(actions, "instrument"),
        texts(actions, "kind"),
        days(actions, "accounting_date"),
    )
    alone = np.array(books_alone(actions), bool)
    for row in np.flatnonzero(alone):
        cell = {"kind": kinds[row], "asset_class": asset_class[names[row]]}
        wanted = [("corporate_action", {**cell, "side": side}) for side in SIDES]
        alone[row] = not _code(wanted, dates[row].astype(object), terms=terms, later="later")
    # A payment that is announced with such an action is none.
    entitles = texts(actions, "stage") == "entitlement"
    found = actions.filter(pa.array(alone & entitles))
    on = days(found, "accounting_date")
    order = [
        np.flatnonzero(on == day)[rows]
        for day in np.unique(on)
        for rows in passes(found.filter(pa.array(on == day)))
    ]
    rows = np.concatenate([np.empty(0, np.intp), *order]).astype(np.intp)
    return actions.filter(pa.array(~alone)), taken(found, rows)
