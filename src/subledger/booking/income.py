"""Dividends of a window: entitled, recognised, paid and revalued, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger.booking import dividends
from subledger.booking.drafts import Drafts
from subledger.booking.entitling import (
    Matched,
    Payment,
    match,
    recognition_dates,
)
from subledger.booking.entries import apply_rules
from subledger.booking.excepting import refused_rows
from subledger.booking.inputs import Terms
from subledger.booking.lines import Composed
from subledger.booking.revaluing import Doubt, revaluation_drafts, revalue
from subledger.columns import Codes, Days, Texts, concatenate, days, flags, ordered, texts
from subledger.conversion import Conversions
from subledger.tables import ENTITLEMENTS, EXCEPTIONS


@dataclass(frozen=True, slots=True)
class Income:
    """What dividends gave: entries, items left, cash that pays none, and what is in doubt."""

    booked: Sequence[tuple[Drafts, Composed]]
    left: pa.Table
    other_cash: pa.Table
    unrated: Sequence[Doubt]
    exceptions: pa.Table


@dataclass(frozen=True, slots=True)
class Announced:
    """DATED_ACTIONS and DATED_CASH of a window, and the ENTITLEMENTS carried into it.

    `events` are the ids of all corporate actions that are known, whatever their dates.
    """

    actions: pa.Table
    cash: pa.Table
    carried: pa.Table
    events: frozenset[str] = frozenset()


def book_dividends(
    announced: Announced, new: pa.Table, *, mark_dates: Days, terms: Terms, rates: Conversions
) -> Income:
    """Book what was announced and gave the ENTITLEMENTS: recognise it, settle it with its cash."""
    actions, cash = announced.actions, announced.cash
    items = ordered(ENTITLEMENTS, concatenate(ENTITLEMENTS, [announced.carried, new]))
    known = announced.events | frozenset(texts(items, "event_id"))
    matched = match(cash, items, announced=known, terms=terms)
    paid_on = days(cash, "accounting_date")
    on = recognition_dates(items, actions, payments=matched.payments, paid_on=paid_on, terms=terms)
    wanted = np.flatnonzero(dividends.recognised_now(items, on))
    rated = rates.known(texts(items, "currency")[wanted], on[wanted])
    rows, unrated = wanted[rated], wanted[~rated]
    drafts = dividends.dividend_drafts(items, rows, on=on, terms=terms, rates=rates)
    made = apply_rules(drafts, terms)
    items = dividends.recognised(items, rows, drafts=drafts, made=made)
    matched = _of_recognised(matched, items)
    paid = dividends.paid_items(matched)
    since = np.where(np.isnat(on), np.datetime64("1900-01-01"), on)
    revalued = revalue(
        dividends.open_entitlements(items, paid, since=since, cash=cash), mark_dates, rates=rates
    )
    others = [
        dividends.payment_drafts(items, paid, cash=cash, revalued=revalued, rates=rates),
        revaluation_drafts(revalued, items, of="entitlement", ids=_owned),
    ]
    return Income(
        [(drafts, made), *((one, apply_rules(one, terms)) for one in others)],
        dividends.items_left(items, paid, revalued=revalued),
        _other_cash(cash, matched),
        revalued.unrated,
        concatenate(
            EXCEPTIONS,
            [
                *_cash_exceptions(cash, matched, terms=terms),
                _unrated(items, unrated, on=on, terms=terms),
            ],
        ),
    )


def _of_recognised(matched: Matched, items: pa.Table) -> Matched:
    """Leave out payments of items that could not be recognised; their cash waits with them."""
    known = flags(items, "recognised")

    def whole(payment: Payment) -> bool:
        return all(known[item] for item in payment.entitled)

    kept = [payment for payment in matched.payments if whole(payment)]
    waiting = [
        (row, "the dividend that it pays has no rate")
        for payment in matched.payments
        if not whole(payment)
        for row in payment.rows
    ]
    return Matched(kept, matched.without_event, [*matched.differing, *waiting])


def _other_cash(cash: pa.Table, matched: Matched) -> pa.Table:
    """Return the cash rows that settle no dividend and differ from none."""
    taken = {row for payment in matched.payments for row in payment.rows}
    taken |= {row for row, _ in matched.differing}
    return cash.filter(pa.array([row not in taken for row in range(cash.num_rows)], pa.bool_()))


def _cash_exceptions(cash: pa.Table, matched: Matched, *, terms: Terms) -> list[pa.Table]:
    keys = {"event": "event_id", "date": "accounting_date", "amount": "amount"}
    unknown = [
        (row, "no dividend of that reference, or of that instrument and day, is known")
        for row in matched.without_event
    ]
    return [
        refused_rows(
            cash.take(np.array([row for row, _ in found], np.intp)),
            basis=terms.policy.name,
            code=code,
            keys=keys,
            message=Texts.of([message for _, message in found]),
        )
        for code, found in (("DIVIDEND_DIFFERS", matched.differing), ("NO_EVENT", unknown))
    ]


def _unrated(items: pa.Table, rows: Codes, *, on: Days, terms: Terms) -> pa.Table:
    """Return EXCEPTIONS of dividends whose currency has no rate on the day of recognition."""
    part = items.take(rows).append_column("accounting_date", pa.array(on[rows], pa.date32()))
    return refused_rows(
        part,
        basis=terms.policy.name,
        code="MISSING_RATE",
        keys={"event": "event_id", "date": "accounting_date", "amount": "net"},
        message=Texts.repeated("no rate of its currency is known on that day", len(rows)),
    )


def _owned(entitlements: pa.Table) -> Texts:
    """Return the event of each entitlement with its owner and side, as its revaluation is named."""
    names = ("event_id", "book", "strategy", "broker_account", "side")
    owner = zip(*(texts(entitlements, name) for name in names), strict=True)
    return Texts.of(["/".join(parts) for parts in owner])
