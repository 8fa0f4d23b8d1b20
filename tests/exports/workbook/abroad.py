"""What a firm does in euros and yen: each figure worked out by hand, at rates that are round.

The euro stands at 1.10 in August, at 1.05 on the day of the sale and at 1.00 at the end; 100 yen
are worth 0.75 then, and the yen has no decimals.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from subledger import tables

OWNER = {"book": "EQ-CORE", "strategy": "MEAN-REV", "broker_account": "IB1"}
END = date(2022, 9, 30)
INSTRUMENT = "SAP"
Line = dict[str, Any]


def line(account: str, currency: str, amount: int, amount_base: int, **more: Any) -> Line:
    """Return a line in a currency: cents of euros or dollars, whole yen."""
    return (
        {"account": account, "currency": currency, "amount": amount}
        | OWNER
        | more
        | {"amount_base": amount_base}
    )


def blank(declared: tables.Table) -> Line:
    """Return a row of nothing but zeros and empty texts."""
    empty = {tables.TEXT: "", pa.bool_(): False, pa.date32(): None}
    return {field.name: empty.get(field.type, 0) for field in declared.schema}


def go_abroad(firm: Any) -> None:
    """Pay in euros, change some into yen, buy a share, sell half of it, and value all of it."""
    _trade(firm)
    _value(firm)
    _stand(firm)


def _trade(firm: Any) -> None:
    held = {"instrument": INSTRUMENT, "lot_id": "T-SAP"}
    paid_in = [line("1020", "EUR", 200_000, 220_000), line("3010", "EUR", -200_000, -220_000)]
    firm.post(date(2022, 8, 15), "C-EUR", lines=paid_in, event_kind="contribution")
    exchanged = [
        line("1020", "EUR", -50_000, -55_000),
        line("3900", "EUR", 50_000, 55_000),
        line("1020", "JPY", 70_000, 54_000),
        line("3900", "JPY", -70_000, -54_000),
    ]
    firm.post(date(2022, 9, 5), "X-1", lines=exchanged, event_kind="fx_trade")
    bought = [
        line("1210", "EUR", 100_000, 110_000, quantity=10, **held),
        line("2110", "EUR", -100_000, -110_000, instrument=INSTRUMENT),
    ]
    firm.post(date(2022, 9, 6), "T-SAP", lines=bought)
    dividend = [
        line("1410", "EUR", 4_250, 4_590, instrument=INSTRUMENT),
        line("6310", "EUR", 750, 810, instrument=INSTRUMENT),
        line("5110", "EUR", -5_000, -5_400, instrument=INSTRUMENT),
    ]
    firm.post(date(2022, 9, 12), "D-SAP", lines=dividend, event_kind="dividend")
    # 500.00 of cost for 600.00 at 1.05: 105.00 of price, and 25.00 lost on the euro.
    sold = [
        line("1020", "EUR", 60_000, 63_000),
        line("1210", "EUR", -50_000, -55_000, quantity=-5, **held),
        line("4110", "EUR", -10_000, -10_500, instrument=INSTRUMENT, slot="gain.realised.price"),
        line("4120", "EUR", 0, 2_500, instrument=INSTRUMENT, slot="gain.realised.fx"),
    ]
    firm.post(date(2022, 9, 20), "T-SAP-2", lines=sold)


def _value(firm: Any) -> None:
    marked = [
        line("1211", "EUR", 15_000, 15_000, instrument=INSTRUMENT),
        line("4210", "EUR", -15_000, -15_000, instrument=INSTRUMENT),
        line("1212", "EUR", 0, -5_000, instrument=INSTRUMENT),
        line("4220", "EUR", 0, 5_000, instrument=INSTRUMENT),
    ]
    firm.post(END, "T-SAP", lines=marked, kind="mark", event_kind="mark")
    for account, currency, change in (
        ("1020", "EUR", -18_000),
        ("1020", "JPY", -1_500),
        ("2110", "EUR", 10_000),
        ("1410", "EUR", -340),
    ):
        lines = [line(account, currency, 0, change), line("4420", currency, 0, -change)]
        firm.post(END, "revaluation", lines=lines, kind="mark", event_kind="revaluation")
    swept = [line("3900", "USD", -1_000, -1_000), line("4410", "USD", 1_000, 1_000)]
    firm.post(END, "fx_sweep", lines=swept, kind="mark", event_kind="fx_sweep")


def _stand(firm: Any) -> None:
    """Write down what is open at the end, and the rates."""
    of_share = {"instrument": INSTRUMENT, "currency": "EUR"} | OWNER
    firm.lots.append(
        blank(tables.LOTS)
        | of_share
        | {"lot_id": "T-SAP", "side": "long", "opened_on": date(2022, 9, 6), "version": 1}
        | {"opened": 10, "closed": 5, "cost": 100_000, "relieved": 50_000, "cost_base": 110_000}
        | {"relieved_base": 55_000, "marked_quantity": 5, "mark_local": 15_000, "mark": 15_000}
        | {"mark_fx": -5_000}
    )
    firm.reliefs.append(
        blank(tables.RELIEFS)
        | of_share
        | {"relief_id": "T-SAP-2:r1", "kind": "normal", "trade_id": "T-SAP-2", "version": 1}
        | {"lot_id": "T-SAP", "side": "long", "opened_on": date(2022, 9, 6), "quantity": 5}
        | {"closed_on": date(2022, 9, 20), "accounting_date": date(2022, 9, 20), "term": "short"}
        | {"proceeds": 60_000, "cost": 50_000, "gain": 10_000, "proceeds_base": 63_000}
        | {"cost_base": 55_000, "gain_price_base": 10_500, "gain_fx_base": -2_500}
        | {"gain_base": 8_000}
    )
    firm.unsettled.append(
        blank(tables.UNSETTLED)
        | of_share
        | {"trade_id": "T-SAP", "item": "amount", "version": 1, "status": "failed", "side": "buy"}
        | {"trade_date": date(2022, 9, 6), "settlement_date": date(2022, 9, 8), "quantity": 10}
        | {"amount": -100_000, "amount_base": -110_000, "revalued": 10_000, "account": "2110"}
    )
    dividend = {"event_id": "D-SAP", "side": "long", "ex_date": date(2022, 9, 12), "quantity": 10}
    dividend |= {"gross": 5_000, "withheld": 750, "net": 4_250, "net_base": 4_590}
    dividend |= {"revalued": -340, "recognised": True, "account": "1410"}
    firm.entitlements.append(blank(tables.ENTITLEMENTS) | of_share | dividend)
    for account, currency, kind, amount, amount_base in (
        ("1020", "EUR", "cash", 210_000, 210_000),
        ("1020", "JPY", "cash", 70_000, 52_500),
        ("3900", "EUR", "fx_trading", 50_000, 55_000),
        ("3900", "JPY", "fx_trading", -70_000, -54_000),
        ("3900", "USD", "fx_trading", -1_000, -1_000),
    ):
        balance = {"account": account, "currency": currency, "kind": kind, "amount": amount}
        firm.money.append(blank(tables.MONEY) | OWNER | balance | {"amount_base": amount_base})
    for on, currency, rate, numerator, stale in (
        (date(2022, 9, 20), "EUR", "1.05", "21", False),
        (END, "EUR", "1", "1", False),
        (END, "JPY", "0.0075", "3", True),
    ):
        pair = {"rate": rate, "path": f"{currency}/USD {on}", "rate_date": on, "source": "ECB"}
        ratio = {"numerator": numerator, "denominator": {"21": "20", "1": "1", "3": "4"}[numerator]}
        given = {"date": on, "currency": currency, "stale": stale}
        firm.conversions.append(blank(tables.CONVERSIONS) | pair | ratio | given)
