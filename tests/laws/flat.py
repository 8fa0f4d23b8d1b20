"""Firms that end flat: every lot closed on the day after the last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from tests.laws import facts
from tests.laws.books import mark
from tests.laws.facts import day
from tests.laws.firm import LAST, Firm
from tests.laws.reading import OWNER, by


def flattened(firm: Firm, prices: Mapping[str, str], *, fee: int = 0) -> Firm:
    """Return the firm with trades that close every open lot at a price, each side for itself."""
    lots = firm.booked().carried.lots.to_pylist()
    units = by(
        [lot | {"units": lot["opened"] - lot["closed"]} for lot in lots],
        *OWNER,
        "instrument",
        "side",
        of="units",
    )
    closing = [
        facts.trade(
            f"Z{number:02d}",
            "sell" if side == "long" else "buy",
            quantity,
            price=prices[instrument],
            held=firm.held_as(instrument),
            gross=firm.worth(instrument, quantity, prices[instrument]),
            position_effect="close",
            status="settled",
            trade_date=day(LAST + 1),
            settlement_date=day(LAST + 1),
            commission=fee,
            **dict(zip(OWNER, owner, strict=True)),
        )
        for number, ((*owner, instrument, side), quantity) in enumerate(sorted(units.items()))
    ]
    return firm.but(trades=[*firm.trades, *closing])


def booked_trades(firm: Firm) -> list[dict[str, Any]]:
    """Return the trades that are booked: known, let through by the filter, and not refused."""
    refused = set(firm.booked().exceptions["event_id"].to_pylist())
    trades: list[dict[str, Any]] = firm.events().trades.to_pylist()
    return [trade for trade in trades if trade["trade_id"] not in refused]


def in_securities(firm: Firm, trades: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the trades that move lots: all but exchanges of currencies."""
    classes = {row["instrument"]: row["asset_class"] for row in firm.held}
    return [dict(trade) for trade in trades if classes[trade["instrument"]] != "fx_spot"]


def paid(trade: Mapping[str, Any]) -> int:
    """Return what a trade brings in cash: received positive, paid negative."""
    net: int = trade["net"]
    return net if trade["side"] == "sell" else -net


def marked(firm: Firm, at: dict[str, str], *dates: date) -> list[facts.Row]:
    """Return marks of every instrument at one price on some dates."""
    return [mark(row["instrument"], on, at[row["instrument"]]) for row in firm.held for on in dates]
