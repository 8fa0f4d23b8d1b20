"""Trades of what is held, exchanges of currencies, their settlement, and marks.

Amounts of trades are positive; `realised_*` are gains; `mark_*` are debit-positive releases or
changes of the account of the lot. `cost_moved` is what a lot received from other lots of its pool,
so that it sums to zero over an entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from subledger.chart.dimensions import (
    DIRECTIONS,
    EFFECTS,
    EXCHANGES,
    FEE_POLICIES,
    ITEMS,
    SAME_OR_OTHER,
    SIDES,
    EventKind,
    Family,
    Values,
    always,
)
from subledger.chart.identities import FEE_MEASURES, SUM_OF_FEES, net_of_fees, paid_or_received
from subledger.chart.linear import Form
from subledger.instruments import ASSET_CLASSES

_NARRATION = ("trade_id", "instrument", "quantity", "price")
# Fees make an item where they are in another currency than the trade.
_ITEMS = ("net", "settlement_net", "traded", "fees")


def _trade_measures(values: Values) -> tuple[str, ...]:
    return tuple(_measures(values))


def _measures(values: Values) -> Iterator[str]:
    yield from ("gross", *FEE_MEASURES)
    if values["fees"] == "capitalise":
        yield "translated_fees"
    yield "net"
    if values["settlement"] == "other":
        yield "settlement_net"
    closes = values["effect"] == "close"
    yield "proceeds" if closes and values["side"] == "long" else "cost"
    yield from ("cost_moved", *(("cost_relieved",) if closes else ()), "interbook_cost")
    if closes:
        yield from ("realised_price", "realised_fx")
    yield from ("mark_released", "mark_fx_released")


def _trade_identities(values: Values) -> tuple[str, ...]:
    return tuple(_identities(values))


def _identities(values: Values) -> Iterator[str]:
    long, opens = values["side"] == "long", values["effect"] == "open"
    buys = opens == long  # opening a long and closing a short are buys
    yield SUM_OF_FEES
    yield net_of_fees(values, buys=buys)
    carried = "proceeds" if long and not opens else "cost"
    if values["fees"] == "capitalise":
        view = "" if values["fee_currency"] == "same" else "base: "
        yield f"{view}translated_fees = fees"
        yield f"{carried} = gross {'+' if buys else '-'} translated_fees"
    else:
        yield f"{carried} = gross"
    yield "cost_moved = 0"
    if not opens:
        gain = "proceeds - cost_relieved" if long else "cost_relieved - cost"
        yield f"local: realised_price = {gain}"
        yield f"base: realised_fx = {gain} - realised_price"


def _lot_cost(values: Values) -> Form:
    opens = values["effect"] == "open"
    return {"cost" if opens else "cost_relieved": 1, "cost_moved": 1 if opens else -1}


def _exchange_identities(values: Values) -> tuple[str, ...]:
    return (SUM_OF_FEES, net_of_fees(values, buys=values["side"] == "buy"))


TRADES = Family(
    events={
        "trade": EventKind(
            dimensions={
                "asset_class": ASSET_CLASSES,
                "side": SIDES,
                "effect": EFFECTS,
                "fees": FEE_POLICIES,
                "fee_currency": SAME_OR_OTHER,
                "settlement": SAME_OR_OTHER,
            },
            narration=_NARRATION,
            measures=_trade_measures,
            identities=_trade_identities,
            lot_cost=_lot_cost,
            item_measures=_ITEMS,
            lines_of_items=_ITEMS,
            with_instrument=True,
            with_lots=True,
        ),
        "fx_trade": EventKind(
            dimensions={"side": EXCHANGES, "fee_currency": SAME_OR_OTHER},
            narration=_NARRATION,
            measures=always("gross", *FEE_MEASURES, "net", "traded"),
            identities=_exchange_identities,
            item_measures=_ITEMS,
            lines_of_items=_ITEMS,
            with_instrument=True,
        ),
        "settlement": EventKind(
            dimensions={"asset_class": ASSET_CLASSES, "item": ITEMS, "direction": DIRECTIONS},
            narration=("trade_id", "instrument"),
            measures=always("amount", "paid", "fx_gain", "revaluation_released"),
            identities=paid_or_received,
            lines_of_items=("amount", "revaluation_released"),
            with_instrument=True,
        ),
        "mark": EventKind(
            dimensions={"asset_class": ASSET_CLASSES, "side": SIDES},
            narration=("instrument", "date"),
            measures=always("mark_change", "mark_fx_change"),
            with_instrument=True,
            with_lots=True,
            of_many_owners=True,
        ),
    },
    currencies={
        **dict.fromkeys(FEE_MEASURES, "fee"),
        "settlement_net": "settlement",
        "traded": "traded",
        **dict.fromkeys(("realised_fx", "mark_fx_released", "mark_fx_change"), "base_only"),
    },
)
