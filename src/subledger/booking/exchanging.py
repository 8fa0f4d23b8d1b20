"""Exchanges of currencies on the spot: two amounts, through FX trading in each, and no lots."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import (
    TRADE,
    Drafts,
    dimensions,
    quantity_decimals,
    repeated,
    translated,
)
from subledger.booking.inputs import Terms
from subledger.booking.measuring import fee_amounts, trade_words
from subledger.booking.trading import processing_order
from subledger.columns import Flags, Texts, days, numbers, texts
from subledger.conversion import Conversions
from subledger.numbers import Int64Array
from subledger.tables import FEES


def exchange_drafts(exchanges: pa.Table, *, terms: Terms, rates: Conversions) -> Drafts:
    """Return a draft per screened DATED_TRADES of class fx_spot, event `fx_trade`."""
    part = exchanges.take(processing_order(exchanges))
    currency, fee_currency = texts(part, "currency"), texts(part, "fee_currency")
    on, side = days(part, "accounting_date"), texts(part, "side")
    other = other_currency(part, terms)
    gross = translated(numbers(part, "gross"), currency, on=on, rates=rates)
    of_fees = fee_amounts(
        {fee: numbers(part, fee) for fee in FEES},
        {fee: rates.to_base(numbers(part, fee), fee_currency, dates=on) for fee in FEES},
    )
    same = fee_currency == currency
    sign = np.where(side == "buy", 1, -1)
    return Drafts(
        event="fx_trade",
        kind="normal",
        day_order=TRADE,
        cells={"side": side, "fee_currency": Texts.either(same, "same", "other")},
        event_id=texts(part, "trade_id"),
        event_version=numbers(part, "version"),
        stage=repeated("trade", part.num_rows),
        leg=np.ones(part.num_rows, np.int64),
        accounting_date=on,
        activity_date=days(part, "trade_date"),
        **dimensions(part),
        quantity=numbers(part, "quantity"),
        amounts={
            "gross": gross,
            **of_fees,
            "net": gross.plus(of_fees["fees"].signed(np.where(same, sign, 0))),
            "traded": translated(traded_amount(part, terms)[0], other, on=on, rates=rates),
        },
        words=trade_words(
            part, numbers(part, "quantity"), terms=terms, rows=np.arange(part.num_rows)
        ),
        currencies={"fee": fee_currency, "traded": other},
    )


def other_currency(trades: pa.Table, terms: Terms) -> Texts:
    """Return the currency in which the quantity of each exchange is."""
    names = texts(terms.instruments, "instrument")
    bought = dict(zip(names, texts(terms.instruments, "base_currency"), strict=True))
    return texts(trades, "instrument").mapped(bought)


def traded_amount(trades: pa.Table, terms: Terms) -> tuple[Int64Array, Flags]:
    """Return each quantity in ledger units of its currency, and whether it is whole ones."""
    places = quantity_decimals(terms)
    quantity = numbers(trades, "quantity").astype(object)
    decimals = [terms.decimals.get(name, 0) for name in other_currency(trades, terms)]
    shift = [
        there - places[name]
        for there, name in zip(decimals, texts(trades, "instrument"), strict=True)
    ]
    units = np.array(
        [q * 10 ** max(n, 0) // 10 ** max(-n, 0) for q, n in zip(quantity, shift, strict=True)],
        dtype=object,
    )
    whole = np.array(
        [
            u * 10 ** max(-n, 0) == q * 10 ** max(n, 0) and abs(u) < 2**63
            for u, q, n in zip(units, quantity, shift, strict=True)
        ],
        bool,
    )
    return np.where(whole, units, 0).astype(np.int64), whole
