"""Size: a firm k times as large has k times the money; what is free of charge posts no money.

10 to 25 examples each; tolerances stand with their laws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import firms
from tests.laws.facts import BASE, CHART
from tests.laws.firm import Firm, factors_of
from tests.laws.flat import booked_trades
from tests.laws.reading import (
    FX_GAINS,
    FX_TRADING,
    OWNER,
    UNSETTLED_ACCOUNTS,
    by,
    lines_of,
    on_accounts,
)
from tests.laws.test_currencies import SHARES, TRANSLATED, without_exchanges

from subledger.chart.measures import TRADE_EVENTS
from subledger.tables import FEES

# A method that ranks lots by cost may take another lot where two costs per unit are nearly equal,
# since shares of fees at a crossing of zero are rounded.
UNRANKED = ("FIFO", "LIFO", "AVERAGE")
_TIMES: Mapping[str, tuple[str, ...]] = {
    "trades": ("quantity", "gross", "net", *FEES),
    "cash": ("amount",),
    "journals": ("amount", "amount_base"),
    "opening_lots": ("quantity", "cost", "cost_base"),
    "opening_balances": ("amount", "amount_base"),
}


def times(firm: Firm, k: int) -> Firm:
    """Return the firm with k times the units and k times the money."""
    return firm.but(
        **{
            name: [row | {part: k * row[part] for part in parts} for row in getattr(firm, name)]
            for name, parts in _TIMES.items()
        }
    )


def without_dividends(firm: Firm) -> Firm:
    """Return the firm without dividends: cash must meet one within an amount that does not grow."""
    return firm.but(actions=(), cash=[row for row in firm.cash if "reference" not in row])


def highest(firm: Firm) -> dict[str, Fraction]:
    """Return the most that a ledger unit of each currency is worth in base on any day."""
    most = {BASE: Fraction(1)}
    known = factors_of(firm.rates, firm.decimals, pivot=firm.pivot)
    for (currency, _), factor in known.items():
        most[currency] = max(most.get(currency, factor), factor)
    return most


@settings(max_examples=25)
@given(firms(methods=UNRANKED), st.sampled_from((2, 3, 10, 1000)))
def test_all_quantities_times_k_are_all_money_times_k(drawn: Firm, k: int) -> None:
    """Invariant 44: half a unit per rounding behind a line, and k times that of the smaller firm.

    A line rests on shares of a whole, and in base on amounts translated one by one; a gain on
    currencies and FX trading on amounts of any currency. Units are exact. Without the acquisition
    rate: the rate of a cost of a few units is itself a rounded one.
    """
    firm = without_dividends(without_exchanges(drawn)).under(fx_split="disposal_rate")
    ours, theirs = (lines_of(each.booked()) for each in (firm, times(firm, k)))
    counted = Counter((line["account"], line["currency"]) for line in (*ours, *theirs))
    worth = highest(firm)
    for part in ("amount", "amount_base"):
        first, second = (by(each, "account", "currency", of=part) for each in (ours, theirs))
        for account, currency in {*first, *second}:
            key = account, currency
            unit = Fraction(1) if part == "amount" else 1 + worth[currency]
            if account in {*FX_GAINS, FX_TRADING}:
                unit = 1 + max(worth.values())
            roundings = counted[key] * (TRANSLATED + SHARES) * (k + 1)
            assert abs(second.get(key, 0) - k * first.get(key, 0)) <= unit * roundings / 2
    names = ("account", *OWNER, "instrument", "lot_id")
    first, second = (by(each, *names, of="quantity") for each in (ours, theirs))
    assert second == {each: k * units for each, units in first.items()}


@settings(max_examples=10)
@given(firms(foreign=False), st.integers(2, 1000))
def test_cash_and_what_is_unsettled_grow_with_the_firm_exactly(firm: Firm, k: int) -> None:
    """Invariant 44, tolerance zero: on every date, by owner; a trade's net amount is stated."""
    names = ("accounting_date", "account", *OWNER)
    money = on_accounts({"1020", *UNSETTLED_ACCOUNTS})
    first, second = (
        by(filter(money, lines_of(each.booked())), *names) for each in (firm, times(firm, k))
    )
    assert second == {each: k * amount for each, amount in first.items()}


@settings(max_examples=25)
@given(firms())
def test_what_costs_nothing_posts_units_and_no_money(drawn: Firm) -> None:
    """Invariant 45, tolerance zero: prices of zero, free of charge; nothing else is refused."""
    priced = without_dividends(without_exchanges(drawn))
    nothing = dict.fromkeys(("price_mantissa", "price_scale", "gross", "net", *FEES), 0)
    free = priced.but(
        trades=[trade | nothing for trade in priced.trades],
        opening_lots=[lot | {"cost": 0, "cost_base": 0} for lot in priced.opening_lots],
        marks=[mark | {"price_mantissa": 0} for mark in priced.marks],
    )
    kinds = {"trade", "settlement", "mark", "opening_lot"}
    ours, theirs = (
        [line for line in lines_of(each.booked()) if line["event_kind"] in kinds]
        for each in (priced, free)
    )
    assert {(line["amount"], line["amount_base"]) for line in theirs} <= {(0, 0)}
    first, second = (by(each, "account", "instrument", of="quantity") for each in (ours, theirs))
    assert second == first
    refused, also = (
        sorted((row["event_id"], row["code"]) for row in each.booked().exceptions.to_pylist())
        for each in (priced, free)
    )
    assert also == refused


@settings(max_examples=25)
@given(firms())
def test_a_negative_fee_is_a_rebate_and_income(drawn: Firm) -> None:
    """Invariant 45, tolerance zero: each fee on its account, all negative ones on 5190."""
    firm = drawn.under(fees="expense", overrides=())
    expected: Counter[tuple[str, str]] = Counter()
    for trade in booked_trades(firm):
        for fee in FEES:
            charged = trade[fee] > 0
            account = CHART.account_for(f"expense.{fee}") if charged else "5190"
            expected[account, trade["fee_currency"]] += trade[fee]
    lines = [line for line in lines_of(firm.booked()) if line["event_kind"] in TRADE_EVENTS]
    accounts = {"5190", *(CHART.account_for(f"expense.{fee}") for fee in FEES)}
    found = by(filter(on_accounts(accounts), lines), "account", "currency", of="amount")
    assert found == {key: amount for key, amount in expected.items() if amount}
