"""What brings each kind of event, and what of a kind is not whole yet, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from subledger import tables

# What brings each event: tables of facts or prices that a file fills, or states that booking hands
# on, for the events that the engine posts of its own accord.
BROUGHT_BY: Mapping[str, tuple[tables.Table, ...]] = {
    "trade": (tables.TRADES,),
    "fx_trade": (tables.TRADES,),
    "settlement": (tables.TRADES, tables.SETTLEMENTS, tables.UNSETTLED),
    "mark": (tables.PRICES, tables.LOTS),
    "contribution": (tables.CASH,),
    "withdrawal": (tables.CASH,),
    "capital_settlement": (tables.CASH,),
    "opening_lot": (tables.OPENING_LOTS,),
    "cash": (tables.CASH,),
    "corporate_action": (tables.CORPORATE_ACTIONS, tables.LOTS),
    "dividend": (tables.CORPORATE_ACTIONS, tables.LOTS),
    "dividend_settlement": (tables.CASH, tables.ENTITLEMENTS),
    "revaluation": (tables.MONEY, tables.UNSETTLED, tables.ENTITLEMENTS),
    "cash_relief": (tables.CASH_LOTS,),
    "fx_sweep": (tables.MONEY,),
}
# Files that bring no event of the decision table.
NO_EVENT = {
    "instruments": "terms of what is held",
    "rates": "what revaluation and translation look up",
    "journals": "their lines are given, so that no rule makes them",
    "opening_balances": "booked against the opening slot by the engine itself",
}
# Looked at by tests.test_every_event. The list only shrinks: what is no gap any more goes.
NOT_YET: Mapping[str, Mapping[str, str]] = {
    "booked": {
        "asset class bond": "accrued interest, coupons and amortisation are not booked",
        "asset class future": "variation margin is not booked",
        "asset class fx_forward": "forwards and their fair value are not booked",
        "asset class perpetual": "variation and funding are not booked",
        "asset class rights": "subscription rights are not booked",
        "cash kind coupon": "bonds are not booked",
        **{
            f"corporate action {kind}": "booked for shares and ETFs alone"
            for kind in ("split", "reverse_split", "stock_dividend", "symbol_change")
        },
        **{
            f"corporate action {kind}": "other instruments and cash are not booked"
            for kind in (
                *("cash_in_lieu", "spin_off", "stock_merger", "cash_merger", "delisting"),
                *("cash_and_stock_merger", "return_of_capital", "rights_issue", "rights_exercise"),
            )
        },
    },
    "golden": {},
    "drawn": {},
}
