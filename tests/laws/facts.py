"""Facts as tables, from rows that name only what matters; what a row leaves out is blank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from subledger import tables
from subledger.booking.inputs import Terms
from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart, load_chart

Row: TypeAlias = dict[str, Any]

FOLDER = Path(__file__).parents[2] / "chart_of_accounts" / "prop-us"
CHART: Chart = load_chart({path.name: path.read_bytes() for path in FOLDER.glob("*.toml")})
DAY = date(2022, 9, 24)
BASE = "USD"
CURRENCIES = (BASE, "EUR", "GBP", "JPY")
IN_CENTS = dict.fromkeys(CURRENCIES, 2)

GAAP = BasisPolicy("US-GAAP", "USD", post_status="confirmed")
TAX = BasisPolicy(
    "US-TAX",
    "USD",
    post_status="confirmed",
    valuation="cost",
    fees="capitalise",
    cash_fx="fifo",
    dividends="pay_date",
    pool_by=("broker_account", "instrument"),
)

_WIDE = Context(prec=60)


def table(declared: tables.Table, rows: Iterable[Row]) -> pa.Table:
    """Return a declared table; a date that is left out is the first day, unless it may be null."""
    blank: dict[str, Any] = {}
    for field in declared.schema:
        if field.nullable:
            blank[field.name] = None
        elif tables.is_text(field.type):
            blank[field.name] = ""
        else:
            blank[field.name] = {pa.date32(): DAY, pa.bool_(): False}.get(field.type, 0)
    return pa.Table.from_pylist([blank | dict(row) for row in rows], schema=declared.schema)


def day(number: int) -> date:
    """Return the date of a day counted from the first one."""
    return DAY + timedelta(days=number)


def instrument(
    name: str, asset_class: str = "equity", *, decimals: int = 0, multiplier: str = "1", **rest: Any
) -> dict[str, Any]:
    """Return a row of INSTRUMENTS, in the base currency unless it says otherwise."""
    mantissa, scale = decimal(multiplier)
    return {
        "instrument": name,
        "asset_class": asset_class,
        "currency": BASE,
        "quantity_decimals": decimals,
        "multiplier_mantissa": mantissa,
        "multiplier_scale": scale,
        **rest,
    }


def decimal(text: str) -> tuple[int, int]:
    """Return a decimal text as mantissa and scale."""
    parts = Decimal(text).as_tuple()
    scale = -int(parts.exponent)
    return int(Decimal(text).scaleb(scale, _WIDE)), scale


def in_units(value: Decimal, decimals: int) -> int:
    """Return an exact amount in ledger units, rounded half to even."""
    scaled = value.scaleb(decimals, _WIDE)
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_EVEN, context=_WIDE))


def worth(held: Row, quantity: int, price: str, *, decimals: int = 2) -> int:
    """Return quantity x price x multiplier in ledger units of the instrument's currency."""
    units = Decimal(quantity).scaleb(-held["quantity_decimals"], _WIDE)
    multiplier = Decimal(held["multiplier_mantissa"]).scaleb(-held["multiplier_scale"], _WIDE)
    value = _WIDE.multiply(_WIDE.multiply(units, Decimal(price)), multiplier)
    return in_units(value, decimals)


def trade(
    trade_id: str, side: str, quantity: int, *, price: str, held: Row, **rest: Any
) -> dict[str, Any]:
    """Return a row of TRADES that settles two days after `trade_date`, unless it says otherwise."""
    mantissa, scale = decimal(price)
    on = rest.get("trade_date", DAY)
    currency = held["currency"]
    row = {
        "trade_id": trade_id,
        "version": 1,
        "status": "confirmed",
        "trade_date": on,
        "settlement_date": on + timedelta(days=2),
        "book": "B1",
        "broker_account": "K1",
        "strategy": "S1",
        "instrument": held["instrument"],
        "side": side,
        "position_effect": "auto",
        "quantity": quantity,
        "price_mantissa": mantissa,
        "price_scale": scale,
        "currency": currency,
        "fee_currency": currency,
        "settlement_currency": currency,
        "batch": 1,
        **rest,
    }
    if "gross" not in row:
        row["gross"] = worth(held, quantity, price)
    same = row["fee_currency"] == currency
    fees = sum(row.get(fee, 0) for fee in tables.FEES) if same else 0
    row["net"] = row["gross"] + (fees if side == "buy" else -fees)
    if row["status"] == "settled":
        row.setdefault("settled_date", row["settlement_date"])
    return row


def terms(
    policy: BasisPolicy = GAAP,
    *,
    held: Sequence[Row] = (),
    decimals: Mapping[str, int] | None = None,
    chart: Chart = CHART,
) -> Terms:
    """Return the terms of a basis over the shipped chart; without decimals, in cents."""
    return Terms(policy, chart, table(tables.INSTRUMENTS, held), decimals or IN_CENTS)
