"""Trades that arrive late, are amended or cancelled leave a ledger that beancount still proves."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from subledger.numbers import part_of

Lines = list[dict[str, Any]]
Booked = dict[tuple[str, int], tuple[str, Lines]]


@dataclass(frozen=True)
class Trade:
    trade_id: str
    day: str
    quantity: int  # negative: sold
    price: int
    version: int = 1


@dataclass
class Open:
    lot_id: str
    quantity: int
    cost: int
    closed: int = 0
    relieved: int = 0

    def relieve(self, quantity: int) -> int:
        """Return the cost of so many units more, first in first out of rounding."""
        self.closed += quantity
        reached = part_of(self.cost, self.closed, abs(self.quantity))
        cost, self.relieved = reached - self.relieved, reached
        return cost


def line(account: str, amount: int, **further: Any) -> dict[str, Any]:
    return {
        "account": account,
        "amount": amount,
        "amount_base": amount,
        "currency": "USD",
    } | further


def units(lot: Open, quantity: int, amount: int) -> dict[str, Any]:
    account = "1210" if lot.quantity > 0 else "2210"
    given = {"quantity": quantity, "lot_id": lot.lot_id, "instrument": "AAPL"}
    return line(account, amount, **given)


def book(trades: list[Trade]) -> Booked:
    """Book trades first in, first out; crossing zero is two entries."""
    booked: Booked = {}
    lots: list[Open] = []
    for trade in sorted(trades, key=lambda trade: (trade.day, trade.trade_id)):
        left = trade.quantity
        lines: Lines = []
        while left and lots and lots[0].quantity * left < 0:
            lot = lots[0]
            taken = min(abs(left), abs(lot.quantity) - lot.closed)
            sign = 1 if left > 0 else -1
            lines.append(units(lot, sign * taken, sign * lot.relieve(taken)))
            left -= sign * taken
            if lot.closed == abs(lot.quantity):
                lots.pop(0)
        if lines:
            cash = (left - trade.quantity) * trade.price
            lines.append(line("1010", cash))
            lines.append(line("4110", -sum(one["amount"] for one in lines)))
            booked[trade.trade_id, 1] = trade.day, lines
        if left:
            cost = left * trade.price + (1 if left > 0 else -1)
            lots.append(Open(trade.trade_id, left, abs(cost)))
            opened = [units(lots[-1], left, cost), line("1010", -cost)]
            booked[trade.trade_id, 2] = trade.day, opened
    return booked


def changed(trades: list[Trade], chance: random.Random, number: int) -> list[Trade]:
    """Return the trades with some more, some amended and some cancelled."""
    kept = [trade for trade in trades if chance.random() > 0.1]
    amended = [
        Trade(trade.trade_id, trade.day, trade.quantity, trade.price + 1, trade.version + 1)
        if chance.random() < 0.2
        else trade
        for trade in kept
    ]
    later = [
        Trade(
            f"T{number}-{place}",
            f"2022-01-{chance.randint(1, 6):02d}",
            chance.choice([-1, 1]) * chance.randint(1, 9),
            chance.randint(100, 999),
        )
        for place in range(12)
    ]
    return amended + later


@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_arrival_leaves_a_ledger_that_beancount_proves(
    seed: int, journal: Any, prove: Callable[..., str], tmp_path: Any
) -> None:
    chance = random.Random(seed)  # noqa: S311 - trades, not secrets
    trades: list[Trade] = []
    live: dict[tuple[str, int], tuple[str, tuple[str, Lines]]] = {}
    for number in range(5):
        trades = changed(trades, chance, number)
        wanted = book(trades)
        for key, (entry_id, posted) in list(live.items()):
            if wanted.get(key) != posted:
                journal.reverse(entry_id)
                del live[key]
        for key, (day, lines) in wanted.items():
            if key not in live:
                live[key] = journal.post(day, key[0], *lines, leg=key[1]), (day, lines)
    text = prove(tmp_path, journal, journal.month("2022-01", balances=journal.balances()))
    assert text.count("  reverses: ") > 20
