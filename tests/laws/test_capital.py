"""Capital: owners' money changes net assets and never profit; a fee changes both by its amount.

12 examples each, in four currencies with 0 to 8 decimals; tolerance zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import days, firms, for_any_firm, owners
from tests.laws.facts import BASE, day
from tests.laws.firm import Firm
from tests.laws.reading import FX_GAINS, Line, by, is_net_asset, is_profit, lines_of

CAPITAL = ("contribution", "withdrawal")


def with_cash(firm: Firm, kind: str, amount: int, *, on: int, lag: int, owner: Line) -> Firm:
    """Return the firm with one more row of cash, in the base currency."""
    row: dict[str, Any] = {
        "event_id": "NEW",
        "kind": kind,
        "date": day(on),
        "settled_date": day(on + lag),
        "currency": BASE,
        "amount": amount,
        "batch": 1,
        "row": 99,
        **owner,
    }
    return firm.but(cash=[*firm.cash, row])


def moved(before: Firm, after: Firm, chosen: Callable[[Line], bool]) -> dict[Any, int]:
    """Return by date and owner what one firm has more than the other on the accounts chosen."""
    names = ("accounting_date", "book", "strategy", "broker_account")
    sums: Counter[Any] = Counter()
    for firm, sign in ((before, -1), (after, 1)):
        for key, amount in by(filter(chosen, lines_of(firm.booked())), *names).items():
            sums[key] += sign * amount
    return {key: amount for key, amount in sums.items() if amount}


@settings(max_examples=12)
@given(firms(), st.sampled_from(CAPITAL), st.integers(1, 10**6), days, st.integers(0, 4), owners)
def test_capital_changes_net_assets_and_no_profit(
    firm: Firm, kind: str, amount: int, on: int, lag: int, owner: Line
) -> None:
    """Invariant 47: on the day of the notice, by owner, whenever the cash follows."""
    signed = amount if kind == "contribution" else -amount
    after = with_cash(firm, kind, signed, on=on, lag=lag, owner=owner)
    assert moved(firm, after, is_net_asset) == {(day(on), *owner.values()): signed}
    assert moved(firm, after, is_profit) == {}


@for_any_firm
def test_only_rates_make_a_gain_of_capital(firm: Firm) -> None:
    """Invariant 47: cash that follows a notice abroad may bring an FX gain, and nothing else."""
    for line in lines_of(firm.booked()):
        if line["event_kind"] in CAPITAL:
            assert not is_profit(line)
        if line["event_kind"] == "capital_settlement" and is_profit(line):
            assert line["account"] in FX_GAINS
            assert line["currency"] != BASE


@settings(max_examples=12)
@given(firms(), st.integers(1, 10**6), days, owners)
def test_a_fee_reduces_net_assets_and_profit_by_just_that(
    firm: Firm, amount: int, on: int, owner: Line
) -> None:
    """Invariant 47: one fee on one date, paid in the base currency."""
    after = with_cash(firm, "fee", -amount, on=on, lag=0, owner=owner)
    key = (day(on), *owner.values())
    assert moved(firm, after, is_net_asset) == {key: -amount}
    assert moved(firm, after, is_profit) == {key: amount}
