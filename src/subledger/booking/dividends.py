"""Dividends as drafts: recognised when entitled or paid, and settled by the cash that came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import (
    CASH,
    ENTITLEMENT,
    Amounts,
    Drafts,
    dimensions,
    quantity_decimals,
    translated,
)
from subledger.booking.entitling import Matched
from subledger.booking.inputs import Terms
from subledger.booking.lines import Composed
from subledger.booking.revaluing import Open, Revalued
from subledger.columns import (
    Codes,
    Days,
    Flags,
    Texts,
    days,
    flags,
    numbers,
    ordered,
    texts,
    with_numbers,
)
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, add_columns, subtract_columns, to_text
from subledger.tables import ENTITLEMENTS


@dataclass(frozen=True, slots=True)
class Paid:
    """Entitlements that cash settles: the row of each, the cash row that dates it, its amounts."""

    item: Codes
    cash: Codes
    difference: Int64Array


def paid_items(matched: Matched) -> Paid:
    """Return the items that payments settle; a payment's difference is that of its first item."""
    found = [
        (item, payment.rows[0], 0 if position else payment.difference)
        for payment in matched.payments
        for position, item in enumerate(payment.entitled)
    ]
    columns = np.array(found, np.int64).reshape(len(found), 3)
    return Paid(columns[:, 0].astype(np.intp), columns[:, 1].astype(np.intp), columns[:, 2])


def recognised_now(items: pa.Table, on: Days) -> Flags:
    """Say which items are recognised in this window, on the days given."""
    return ~flags(items, "recognised") & ~np.isnat(on)


def dividend_drafts(
    items: pa.Table, rows: Codes, *, on: Days, terms: Terms, rates: Conversions
) -> Drafts:
    """Return a draft `dividend` for some ENTITLEMENTS, each at the rate of its day in `on`."""
    part, dates = items.take(rows), on[rows]
    currency = texts(part, "currency")
    amounts = {
        name: translated(numbers(part, name), currency, on=dates, rates=rates)
        for name in ("gross", "withheld", "reclaimable")
    }
    withheld = amounts["withheld"].plus(amounts["reclaimable"])
    minus = np.full(len(rows), -1, np.int64)
    decimals = quantity_decimals(terms)
    names = texts(part, "instrument")
    units = zip(numbers(part, "quantity").tolist(), names, strict=True)
    words = {
        "event_id": texts(part, "event_id"),
        "instrument": names,
        "quantity": Texts.of([to_text(q, decimals[name]) for q, name in units]),
    }
    return Drafts(
        event="dividend",
        kind="normal",
        day_order=ENTITLEMENT,
        cells={"side": texts(part, "side")},
        **_identity(part, rows, stage="dividend"),
        accounting_date=dates,
        activity_date=days(part, "ex_date") if terms.policy.dividends == "ex_date" else dates,
        **_owned(part),
        quantity=numbers(part, "quantity"),
        amounts={**amounts, "net": amounts["gross"].plus(withheld.signed(minus))},
        words=words,
    )


def _identity(part: pa.Table, rows: Codes, *, stage: str) -> dict[str, Any]:
    """Return what names the entries of entitlements: event, and the owner within it."""
    count = len(rows)
    owner = (texts(part, name) for name in ("book", "strategy", "broker_account", "side"))
    stages = [f"{stage}:{'/'.join(parts)}" for parts in zip(*owner, strict=True)]
    return {
        "event_id": texts(part, "event_id"),
        "event_version": np.ones(count, np.int64),
        "stage": Texts.of(stages),
        "leg": np.zeros(count, np.int64),
    }


def _owned(part: pa.Table) -> dict[str, Any]:
    table = part.append_column("counterparty", Texts.repeated("", part.num_rows).dictionary())
    return dimensions(table)


def recognised(items: pa.Table, rows: Codes, *, drafts: Drafts, made: Composed) -> pa.Table:
    """Return ENTITLEMENTS with some of them recognised: their base amount and account."""
    net_base = numbers(items, "net_base").copy()
    net_base[rows] = drafts.amounts["net"].base
    accounts = texts(items, "account").tolist()
    lines = made.lines(lambda block: np.full(len(block), block.measure == "net"))
    heads = (made.entries[name][lines["entry"]] for name in ("event_id", "stage"))
    account_of = dict(zip(zip(*heads, strict=True), lines["account"], strict=True))
    keys = zip(drafts.event_id, drafts.stage, strict=True)
    for row, key in zip(rows.tolist(), keys, strict=True):
        accounts[row] = account_of.get(key, "")
    is_known = flags(items, "recognised").copy()
    is_known[rows] = True
    table = with_numbers(items, "net_base", values=net_base)
    for name, values in (
        ("account", Texts.of(accounts).dictionary()),
        ("recognised", pa.array(is_known)),
    ):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), values)
    return table


def open_entitlements(items: pa.Table, paid: Paid, *, since: Days, cash: pa.Table) -> Open:
    """Return recognised items as balances that closes revalue, each until its cash comes."""
    until = np.full(items.num_rows, np.datetime64("NaT"), "datetime64[D]")
    until[paid.item] = days(cash, "accounting_date")[paid.cash]
    sign = np.where(texts(items, "side") == "long", 1, -1)
    booked = flags(items, "recognised").astype(np.int64)
    return Open(
        amount=booked * sign * numbers(items, "net"),
        booked=sign * numbers(items, "net_base"),
        standing=numbers(items, "revalued"),
        currency=texts(items, "currency"),
        since=since,
        until=until,
    )


def payment_drafts(
    items: pa.Table, paid: Paid, *, cash: pa.Table, revalued: Revalued, rates: Conversions
) -> Drafts:
    """Return a draft `dividend_settlement` for each entitlement that cash settles."""
    part, came = items.take(paid.item), cash.take(paid.cash)
    on, currency = days(came, "accounting_date"), texts(part, "currency")
    long = texts(part, "side") == "long"
    sign = np.where(long, 1, -1)
    net = Amounts(numbers(part, "net"), numbers(part, "net_base"))
    difference = translated(paid.difference, currency, on=on, rates=rates)
    paid_amount = add_columns(net.local, sign * paid.difference)
    paid_ = translated(paid_amount, currency, on=on, rates=rates)
    gain = subtract_columns(sign * subtract_columns(paid_.base, net.base), difference.base)
    return Drafts(
        event="dividend_settlement",
        kind="normal",
        day_order=CASH,
        cells={"side": texts(part, "side")},
        **_identity(part, paid.item, stage="dividend_settlement"),
        accounting_date=on,
        activity_date=days(came, "settled_date"),
        **_owned(part),
        quantity=numbers(part, "quantity"),
        amounts={
            "net": net,
            "paid": paid_,
            "difference": difference,
            "fx_gain": Amounts.base_only(gain),
            "revaluation_released": Amounts.base_only(revalued.standing[paid.item]),
        },
        words={"event_id": texts(part, "event_id"), "instrument": texts(part, "instrument")},
    )


def items_left(items: pa.Table, paid: Paid, *, revalued: Revalued) -> pa.Table:
    """Return ENTITLEMENTS that are not paid after the window, with what closes have revalued."""
    stays = np.ones(items.num_rows, bool)
    stays[paid.item] = False
    table = with_numbers(items, "revalued", values=revalued.standing)
    return ordered(ENTITLEMENTS, table.filter(pa.array(stays)))
