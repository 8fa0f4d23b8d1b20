"""Tie-outs of balances in foreign currency: complete, at the closing rate, and swept."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger.booking.money import accounts_of_slot
from subledger.chart import Chart
from subledger.chart.measures import FX_TRADING_SLOT
from subledger.closing.closed import Closed
from subledger.closing.comparing import (
    Check,
    Figures,
    Places,
    balances_on,
    compare,
    places,
    within,
)
from subledger.closing.item_checks import carrying, entitled_of, items_of
from subledger.columns import Texts, flags, numbers, texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array, exact_sum, subtract_columns

_OWNER = ("book", "strategy", "broker_account")
_DIMENSIONS = (*_OWNER, "instrument", "counterparty")
_BALANCE = ("account", "currency", *_DIMENSIONS)


def money_is_ledger(closed: Closed) -> Check:
    """Check that MONEY is every foreign balance of monetary accounts that is not an item.

    With it stands what is on FX trading, in every currency.
    """
    trading = accounts_of_slot(closed.chart, FX_TRADING_SLOT)
    base = closed.policy.base_currency
    held = closed.closing
    account, currency = texts(held, "account"), texts(held, "currency")
    monetary = {number for number, one in closed.chart.accounts.items() if one.monetary}
    chosen = within(account, trading) | (within(account, monetary - trading) & (currency != base))
    ledger = Figures(
        places(held, _BALANCE), numbers(held, "amount"), numbers(held, "amount_base")
    ).at(chosen)
    known = Figures(
        places(closed.money, _BALANCE),
        numbers(closed.money, "amount"),
        numbers(closed.money, "amount_base"),
    )
    items = _items_by_balance(closed)
    differences, compared = compare([known, *items], [ledger])
    return Check(
        "MONEY",
        "Balances to revalue and open items = monetary accounts of the ledger, each balance",
        known.total + sum(one.total for one in items),
        ledger.total,
        compared,
        differences=differences,
    )


def _items_by_balance(closed: Closed) -> list[Figures]:
    """Return the items in foreign currency by the balance of which they are a part."""
    recognised = closed.entitlements.filter(pa.array(flags(closed.entitlements, "recognised")))
    found = [
        (closed.unsettled, items_of(closed.unsettled)),
        (recognised, entitled_of(closed.entitlements)),
    ]
    return [
        one._replace(place=_balance_places(items, closed.chart)).at(
            texts(items, "currency") != closed.policy.base_currency
        )
        for items, one in found
    ]


def _balance_places(items: pa.Table, chart: Chart) -> Places:
    """Return the balance of each item: the dimensions that its account keeps."""
    accounts = texts(items, "account")
    kept = {number: chart.accounts[number].kept for number in accounts.distinct() if number}
    columns = [accounts, texts(items, "currency")]
    for name in _DIMENSIONS:
        if name in items.column_names:
            keeping = accounts.isin([number for number, names in kept.items() if name in names])
            columns.append(Texts.either(keeping, texts(items, name), ""))
        else:
            columns.append(Texts.repeated("", len(accounts)))
    return Places(tuple(columns))


class _Valued(NamedTuple):
    """Balances and items that a close brings to its rate, with what they stand at."""

    place: Texts
    currency: Texts
    amount: Int64Array
    booked: Int64Array


def revalued_at_closing_rate(closed: Closed) -> Check:
    """Check that every monetary balance and item stands at the closing rate.

    That is where the basis revalues and the period's last day was valued; elsewhere nothing is
    compared.
    """
    description = "Foreign balances and open items = local amount at the closing rate, each"
    on = closed.valued_on
    if on is None or not closed.policy.revalues:
        return Check("REVALUED", description, 0, 0, 0)
    rates = Conversions(closed.conversions, closed.policy.base_currency)
    given = _valued(closed)
    dates = np.full(len(given.place), np.datetime64(on), "datetime64[D]")
    known = rates.known(given.currency, dates)
    value = np.zeros(len(given.place), np.int64)
    value[known] = rates.to_base(given.amount[known], given.currency[known], dates=dates[known])
    off = subtract_columns(given.booked, value)
    bad = [f"{name}: no rate" for name in sorted(set(given.place[~known]))]
    bad += [f"{given.place[row]}: {off[row]} in base" for row in np.flatnonzero(known & (off != 0))]
    return Check(
        "REVALUED",
        description,
        exact_sum(given.booked),
        exact_sum(value),
        len(given.place),
        differences=tuple(bad[:5]),
    )


def _valued(closed: Closed) -> _Valued:
    """Return the foreign cash, other balances, unsettled items and recognised dividends."""
    money = closed.money.filter(pa.array(texts(closed.money, "kind") != "fx_trading"))
    items, base = closed.unsettled, closed.policy.base_currency
    recognised = closed.entitlements.filter(pa.array(flags(closed.entitlements, "recognised")))
    entitled = entitled_of(closed.entitlements)
    parts = [
        _Valued(
            places(money, _BALANCE).shown(),
            texts(money, "currency"),
            numbers(money, "amount"),
            numbers(money, "amount_base"),
        ),
        _Valued(
            items_of(items).place.shown(),
            texts(items, "currency"),
            numbers(items, "amount"),
            carrying(items, "amount_base"),
        ),
        _Valued(
            entitled.place.shown(),
            texts(recognised, "currency"),
            entitled.local,
            entitled.base,
        ),
    ]
    whole = _Valued(
        Texts.joined([part.place for part in parts]),
        Texts.joined([part.currency for part in parts]),
        np.concatenate([part.amount for part in parts]),
        np.concatenate([part.booked for part in parts]),
    )
    foreign = whole.currency != base
    return _Valued(
        whole.place[foreign],
        whole.currency[foreign],
        whole.amount[foreign],
        whole.booked[foreign],
    )


def cash_lots_are_foreign_cash(closed: Closed) -> Check:
    """Check the open lots of cash against the foreign cash of the ledger, where there are lots.

    They are compared in their currency and, where cash is not revalued as well, in base.
    """
    description = "Open lots of foreign cash = foreign cash of the ledger, each broker and currency"
    if closed.policy.cash_fx == "day_rate":
        return Check("CASH-LOTS", description, 0, 0, 0)
    by = ("account", "currency", "broker_account")
    lots, held = closed.cash_lots, closed.closing
    sign = np.where(texts(lots, "side") == "long", 1, -1).astype(np.int64)
    open_ = Figures(
        places(lots, by),
        sign * subtract_columns(numbers(lots, "opened"), numbers(lots, "closed")),
        sign * subtract_columns(numbers(lots, "cost_base"), numbers(lots, "relieved_base")),
    )
    foreign = held.filter(pa.array(texts(held, "currency") != closed.policy.base_currency))
    cash = balances_on(foreign, accounts_of_slot(closed.chart, "cash"), by=by)
    if closed.policy.revalues:
        open_, cash = (one._replace(base=np.zeros_like(one.base)) for one in (open_, cash))
    differences, compared = compare([open_], [cash])
    return Check(
        "CASH-LOTS", description, open_.total, cash.total, compared, differences=differences
    )


def fx_trading_is_swept(closed: Closed) -> Check:
    """Check that the base balance of FX trading is zero per owner once a period was valued."""
    accounts = accounts_of_slot(closed.chart, FX_TRADING_SLOT)
    left = balances_on(closed.closing, accounts if closed.valued_on else (), by=_OWNER)
    swept = left._replace(local=np.zeros_like(left.local))
    nothing = swept._replace(base=np.zeros_like(swept.base))
    differences, compared = compare([swept], [nothing])
    return Check(
        "FX-TRADING",
        "FX trading is zero in base, each book, strategy and broker account",
        swept.total,
        0,
        compared,
        differences=differences,
    )
