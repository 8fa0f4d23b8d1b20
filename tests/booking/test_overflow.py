"""Amounts beyond 64 bits raise wherever they arise; nothing wraps and nothing is booked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.booking.entries import SHARE, booked, entries
from tests.laws import facts
from tests.laws.facts import GAAP, day, trade

from subledger.numbers import INT64_MAX, NumberOverflow

HUGE = INT64_MAX - 7


def huge(trade_id: str, side: str, **rest: Any) -> facts.Row:
    return trade(trade_id, side, 1, price="1", held=SHARE, gross=HUGE, **rest)


def test_the_largest_trade_is_booked_exactly() -> None:
    row = {**huge("B", "buy", commission=7)}
    assert entries(booked(row))[0].startswith(
        "day 0 B trade; 1210 92233720368547758.00 1@B; 6110 0"
    )


@pytest.mark.parametrize("fees", ["expense", "capitalise"])
@pytest.mark.parametrize(
    "trades",
    [
        [huge("B", "buy", commission=8) | {"net": 0}],
        [huge("B", "buy", commission=INT64_MAX, tax=INT64_MAX) | {"net": 0}],
        [huge("B", "sell", commission=-8) | {"net": 0}],
        [huge("B", "sell", commission=-INT64_MAX, tax=-INT64_MAX) | {"net": 0}],
    ],
)
def test_a_net_amount_or_fees_beyond_64_bits_raise(trades: list[facts.Row], fees: str) -> None:
    with pytest.raises(NumberOverflow):
        booked(*trades, policy=replace(GAAP, fees=fees))


def test_a_gain_beyond_64_bits_raises() -> None:
    policy = replace(GAAP, fees="capitalise")
    opened = trade("B", "buy", 1, price="1", held=SHARE, commission=-200)
    with pytest.raises(NumberOverflow):
        booked(opened, huge("S", "sell", trade_date=day(1)), policy=policy)


def test_a_market_value_beyond_64_bits_raises() -> None:
    held = trade("B", "buy", 9_000_000_000, price="0", held=SHARE)
    with pytest.raises(NumberOverflow):
        booked(held, prices={day(1): {"AAA": "10250000000"}})


def test_an_unrealised_gain_beyond_64_bits_raises() -> None:
    policy = replace(GAAP, fees="capitalise")
    opened = trade("B", "buy", 1, price="1", held=SHARE, commission=-200)
    with pytest.raises(NumberOverflow):
        booked(opened, policy=policy, prices={day(1): {"AAA": "92233720368547758"}})
