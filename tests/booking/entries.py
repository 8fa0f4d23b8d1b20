"""Entries written down as an accountant writes them, to compare them whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from tests.laws import facts
from tests.laws.facts import GAAP, day
from tests.laws.firm import Firm
from tests.laws.reading import lines_of

from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried, Events
from subledger.booking.policy import BasisPolicy
from subledger.numbers import to_text

SHARE = facts.instrument("AAA")
FUND = facts.instrument("FND", "etf")


def booked(
    *trades: facts.Row,
    policy: BasisPolicy = GAAP,
    prices: Mapping[date, Mapping[str, str]] | None = None,
    held: Sequence[facts.Row] = (SHARE, FUND),
    **others: Any,
) -> Booking:
    """Return trades booked at once under a policy, with prices to mark with by date."""
    marks = [
        {"mark_date": on, "price_date": on, "session": on, "instrument": name}
        | dict(zip(("price_mantissa", "price_scale"), facts.decimal(price), strict=True))
        for on, of_date in (prices or {}).items()
        for name, price in of_date.items()
    ]
    firm = Firm(policy, held, trades=trades, **{"marks": marks, **others})
    return firm.booked()


def booked_with(events: Events, policy: BasisPolicy = GAAP, **terms: Any) -> Booking:
    """Return given events booked."""
    given = facts.terms(policy, held=terms.pop("held", (SHARE, FUND)), **terms)
    return book(events, Carried(), terms=given)


def events_of(firm: Firm) -> Events:
    """Return the events of a firm."""
    return firm.events()


def entries(booking: Booking, *, owner: bool = False) -> list[str]:
    """Return each entry as its day, event and stage, and lines `account amount`.

    A debit is positive. Units and lot follow where a line has them, the owner where it is asked
    for: `+4 1210 480.00 3@T1 B1/S1/K1`.
    """
    written: dict[int, list[str]] = {}
    for line in lines_of(booking):
        days = (line["accounting_date"] - day(0)).days
        head = f"day {days} {line['event_id']} {line['stage']}"
        text = f"{line['account']} {to_text(line['amount_base'], 2)}"
        if line["quantity"] is not None:
            text += f" {line['quantity']}@{line['lot_id']}"
        if owner:
            text += f" {line['book']}/{line['strategy']}/{line['broker_account']}"
        written.setdefault(line["seq"], [head]).append(text)
    return ["; ".join([head, *lines]) for head, *lines in written.values()]


def lots(booking: Booking) -> list[str]:
    """Return each open lot as `lot side units cost`."""
    return [
        f"{lot['lot_id']} {lot['side']} {lot['opened'] - lot['closed']} "
        f"{to_text(lot['cost'] - lot['relieved'], 2)}"
        for lot in booking.carried.lots.to_pylist()
    ]


def gains(booking: Booking) -> list[str]:
    """Return each relief as `trade lot proceeds - cost = gain`."""
    return [
        f"{row['trade_id']} {row['lot_id']} {to_text(row['proceeds'], 2)} - "
        f"{to_text(row['cost'], 2)} = {to_text(row['gain'], 2)}"
        for row in booking.reliefs.to_pylist()
    ]


def codes(booking: Booking) -> list[tuple[str, str]]:
    """Return code and event of each exception."""
    return [(row["code"], row["event_id"]) for row in booking.exceptions.to_pylist()]
