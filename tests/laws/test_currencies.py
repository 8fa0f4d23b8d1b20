"""Currencies: rates that stand still earn nothing, and what a close leaves stands at its rate.

8 to 25 examples each, in four currencies with 0 to 8 decimals; tolerances stand with their laws.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import days, firms, for_any_firm
from tests.laws.facts import BASE, CHART, CURRENCIES, day
from tests.laws.firm import Firm, Quoted
from tests.laws.reading import (
    FX_ACCOUNTS,
    FX_GAINS,
    FX_TRADING,
    OWNER,
    UNSETTLED_ACCOUNTS,
    Line,
    by,
    is_profit,
    lines_of,
    on_accounts,
    total,
    until,
)

from subledger.store.hashing import same
from subledger.tables import FEES

FOREIGN = CURRENCIES[1:]
MONETARY = {number for number, account in CHART.accounts.items() if account.monetary}
ITEM_ACCOUNTS = {*UNSETTLED_ACCOUNTS, "1410", "2410"}
# A line is at most gross and five fees, translated one by one, and a difference of two shares of a
# whole, each rounded in base and, where it is a share, in its own currency.
TRANSLATED, SHARES = 1 + len(FEES), 2


def half_units(firm: Firm, lines: list[dict[str, Any]], on: date) -> Fraction:
    """Return half a ledger unit per rounding that these lines can rest on, in base."""
    in_base = Fraction(TRANSLATED + SHARES, 2)
    return sum(
        (
            in_base + Fraction(SHARES, 2) * firm.factor(line["currency"], on)
            for line in lines
            if line["currency"] != BASE
        ),
        Fraction(0),
    )


def half_units_abroad(firm: Firm, on: date) -> Fraction:
    """Return half a unit of each currency into which a trade's net or fees are converted, in base.

    The net amount becomes units of the currency of settlement, fees become units of the trade's;
    what rounds to nothing has no line.
    """
    return sum(
        (
            firm.factor(trade[into], on) / 2
            for trade in firm.trades
            for into, other in (("settlement_currency", "currency"), ("currency", "fee_currency"))
            if trade[into] != trade[other]
        ),
        Fraction(0),
    )


def without_exchanges(firm: Firm) -> Firm:
    """Return the firm without trades at rates of their own: exchanges and stated settlements."""
    kept = [t | {"settlement_rate": ""} for t in firm.trades if t["instrument"] != "DDD"]
    return firm.but(trades=kept)


@settings(max_examples=12)
@given(firms(moving=False))
def test_rates_that_stand_still_earn_nothing(drawn: Firm) -> None:
    """Invariant 13: every FX bucket is zero within half a unit per rounding behind its lines."""
    firm = without_exchanges(drawn).under(fx_split="disposal_rate")
    lines = lines_of(firm.booked())
    tolerance = half_units(firm, lines, day(0)) + half_units_abroad(firm, day(0))
    for account in (*FX_GAINS, FX_TRADING):
        assert abs(total(lines, on_accounts({account}))) <= tolerance


@for_any_firm
def test_what_is_in_the_base_currency_has_no_fx_at_all(firm: Firm) -> None:
    """Invariant 13, tolerance zero: an instrument traded, paid and entitled in base."""
    abroad = {row["instrument"] for row in firm.held if row["currency"] != BASE}
    abroad |= {row["instrument"] for row in firm.held if row["asset_class"] == "fx_spot"}
    for trade in firm.trades:
        if {trade["fee_currency"], trade["settlement_currency"]} != {BASE}:
            abroad.add(trade["instrument"])
    paid = [row for row in (*firm.actions, *firm.cash) if row["currency"] != BASE]
    abroad |= {row["instrument"] for row in paid if row.get("instrument")}
    fx = [
        line
        for line in lines_of(firm.booked())
        if line["account"] in FX_ACCOUNTS and line["instrument"] not in {"", *abroad}
    ]
    assert fx == []


@settings(max_examples=10)
@given(firms(), st.tuples(*[st.integers(1, 50)] * 4))
def test_prices_that_stand_still_leave_only_fx_gains(drawn: Firm, worth: tuple[int, ...]) -> None:
    """Invariant 14, tolerance zero: the smallest unit is worth whole ledger units; no fees."""
    held = [row | {"multiplier_mantissa": 1, "multiplier_scale": 0} for row in drawn.held]
    each = {row["instrument"]: value for row, value in zip(held, worth, strict=True)}
    scales = {
        row["instrument"]: drawn.decimals[row["currency"]] - row["quantity_decimals"]
        for row in held
    }

    def priced(name: str) -> dict[str, int]:
        scale = scales[name]
        mantissa = each[name] * 10 ** max(-scale, 0)
        return {"price_mantissa": mantissa, "price_scale": max(scale, 0)}

    def small(row: Line) -> dict[str, int]:
        quantity = row["quantity"] % 997 + 1
        return {"quantity": quantity, "worth": quantity * each[row["instrument"]]}

    trades = []
    for trade in without_exchanges(drawn).trades:
        sized = small(trade)
        same = {"gross": sized["worth"], "net": sized["worth"], "quantity": sized["quantity"]}
        trades.append({**trade, **same, **dict.fromkeys(FEES, 0), **priced(trade["instrument"])})
    lots = []
    for lot in drawn.opening_lots:
        sized = small(lot)
        base = drawn.in_base(sized["worth"], lot["currency"], lot["as_of"])
        same = {"quantity": sized["quantity"], "cost": sized["worth"], "cost_base": base}
        lots.append({**lot, **same})
    marks = [row | priced(row["instrument"]) for row in drawn.marks]
    firm = drawn.but(held=held, trades=trades, opening_lots=lots, marks=marks)
    lines = lines_of(firm.booked())
    assert by(filter(on_accounts({"4110", "4210"}), lines), "account", "lot_id") == {}
    of_trading = [line for line in lines if line["event_kind"] in ("trade", "mark", "settlement")]
    assert {line["account"] for line in of_trading if is_profit(line)} <= FX_GAINS


def scaled(firm: Firm, times: int) -> Firm:
    """Return the firm with every rate into the base currency a multiple of what it was."""

    def rate(quoted: Quoted) -> Quoted:
        if quoted.quote == BASE:
            return replace(quoted, mantissas=[m * times for m in quoted.mantissas])
        if quoted.base == BASE:
            inverse = [m * 10 // times for m in quoted.mantissas]
            return replace(quoted, mantissas=inverse, scale=quoted.scale + 1)
        return quoted

    return firm.but(
        rates=[rate(quoted) for quoted in firm.rates],
        opening_lots=[lot | {"cost_base": times * lot["cost_base"]} for lot in firm.opening_lots],
        **{
            name: [row | {"amount_base": times * row["amount_base"]} for row in getattr(firm, name)]
            for name in ("journals", "opening_balances")
        },
    )


@settings(max_examples=10)
@given(firms(only=FOREIGN), st.sampled_from((2, 10)))
def test_a_base_currency_worth_less_scales_what_is_in_base_and_nothing_else(
    drawn: Firm, times: int
) -> None:
    """Invariant 15: local amounts exact; base within the roundings of the lines, once in each.

    Without the acquisition rate: the rate of a cost of a few units is itself a rounded one.
    """
    kept = [t for t in drawn.trades if BASE not in {t["fee_currency"], t["settlement_currency"]}]
    firm = drawn.but(trades=kept).under(fx_split="disposal_rate")
    ours, theirs = (lines_of(each.booked()) for each in (firm, scaled(firm, times)))
    local = ("account", "currency", *OWNER, "instrument", "lot_id")
    first, second = (
        by([line for line in lines if line["currency"] != BASE], *local, of="amount")
        for lines in (ours, theirs)
    )
    assert second == first
    roundings = (TRANSLATED + SHARES) * (len(ours) * times + len(theirs))
    before, after = by(ours, "account"), by(theirs, "account")
    for account in {*before, *after}:
        left = after.get(account, 0) - times * before.get(account, 0)
        assert abs(left) <= Fraction(roundings, 2)


@st.composite
def crossed(draw: st.DrawFn, *, off: int = 0) -> tuple[Firm, Firm]:
    """Draw a firm whose rates go through EUR, and one with the crosses quoted `off` per mille."""
    firm = draw(firms())
    wobbles = [draw(st.lists(st.integers(800, 1300), min_size=3, max_size=3)) for _ in FOREIGN]
    eur, *others = (
        Quoted(name, "EUR", each, 3, (1,)) for name, each in zip(FOREIGN, wobbles, strict=True)
    )
    through = replace(eur, quote=BASE)
    direct = [
        Quoted(
            one.base,
            BASE,
            [a * b * (1000 + off) for a, b in zip(one.mantissas, through.mantissas, strict=True)],
            9,
            (1,),
        )
        for one in others
    ]
    pivoted = firm.but(rates=[through, *others], pivot="EUR")
    return pivoted, firm.but(rates=[through, *direct], pivot="")


@settings(max_examples=8)
@given(crossed())
def test_a_cross_through_the_pivot_books_what_the_direct_one_does(
    pair: tuple[Firm, Firm],
) -> None:
    """Invariant 48, tolerance zero: a cross is one rational number, rounded once."""
    ours, theirs = (firm.booked() for firm in pair)
    assert same(theirs.entries, ours.entries)
    assert same(theirs.lines, ours.lines)


@settings(max_examples=8)
@given(crossed(off=3))
def test_an_inconsistent_cross_moves_profit_by_at_most_its_inconsistency(
    pair: tuple[Firm, Firm],
) -> None:
    """Invariant 48: 3 per mille of every amount translated, and the roundings of both bookings."""
    ours, theirs = (lines_of(firm.booked()) for firm in pair)
    moved = sum(abs(line["amount_base"]) for line in ours if line["currency"] in ("GBP", "JPY"))
    roundings = (TRANSLATED + SHARES) * (len(ours) + len(theirs))
    apart = abs(total(ours, is_profit) - total(theirs, is_profit))
    assert apart <= Fraction(3 * moved, 1000) + Fraction(roundings, 2)


@for_any_firm
def test_fx_trading_is_zero_in_base_after_every_close(firm: Firm) -> None:
    """Tolerance zero, per owner: what passed through it is a gain on foreign currency by then."""
    lines = list(filter(on_accounts({FX_TRADING}), lines_of(firm.booked())))
    for on in firm.closes:
        assert by(until(lines, on), *OWNER) == {}


@for_any_firm
def test_every_monetary_balance_stands_at_the_closing_rate_after_a_close(firm: Firm) -> None:
    """Tolerance zero per balance; where an account holds items, half a unit for each of them."""
    if not firm.policy.revalues:
        return
    foreign = [line for line in lines_of(firm.booked()) if line["currency"] != BASE]
    lines = list(filter(on_accounts(MONETARY), foreign))
    key = ("account", "currency", *OWNER, "instrument", "counterparty")
    for on in firm.closes:
        known = until(lines, on)
        local, base = by(known, *key, of="amount"), by(known, *key)
        items = by([{**line, "one": 1} for line in known], *key, of="one")
        for balance in {*local, *base}:
            exact = local.get(balance, 0) * firm.factor(balance[1], on)
            if balance[0] in ITEM_ACCOUNTS:
                assert abs(base.get(balance, 0) - exact) <= Fraction(items[balance], 2)
            else:
                assert base.get(balance, 0) == round(exact)


@settings(max_examples=10)
@given(firms(most=1), st.tuples(days, st.integers(1, 10**6), st.integers(1, 2500)), days, days)
def test_an_exchange_there_and_back_at_one_rate_earns_nothing(
    drawn: Firm, terms: tuple[int, int, int], first: int, second: int
) -> None:
    """Invariant 35, tolerance zero: P&L, FX trading and cash in every currency, after a close."""
    on, quantity, price = terms
    held = drawn.held_as("DDD")
    common = {
        "instrument": "DDD",
        **dict.fromkeys(("currency", "fee_currency", "settlement_currency"), held["currency"]),
        "version": 1,
        "status": "settled",
        "trade_date": day(on),
        "batch": 1,
        "book": "B1",
        "broker_account": "K1",
        "strategy": "S1",
        "position_effect": "auto",
        "quantity": quantity,
        "price_mantissa": price,
        "price_scale": 0,
        "gross": quantity * price,
        "net": quantity * price,
    }
    trades = [
        {**common, "trade_id": side, "side": side, "settlement_date": day(on + lag), "row": lag}
        | {"settled_date": day(on + lag)}
        for side, lag in (("buy", first), ("sell", second))
    ]
    marks = [*drawn.marks, *({**row, "mark_date": day(30)} for row in drawn.marks[:1])]
    firm = Firm(
        drawn.policy,
        drawn.held,
        trades=trades,
        marks=marks,
        rates=drawn.rates,
        decimals=drawn.decimals,
        pivot=drawn.pivot,
    )
    lines = lines_of(firm.booked())
    assert len(lines) >= 8
    assert total(lines, is_profit) == 0
    assert by(filter(on_accounts({FX_TRADING, "1020"}), lines), "account", "currency") == {}
    assert by(filter(on_accounts({FX_TRADING, "1020"}), lines), "currency", of="amount") == {}


@settings(max_examples=10)
@given(firms(), st.sampled_from(("fair_value", "cost")))
def test_however_cash_is_relieved_the_profit_is_one_once_it_is_spent(
    drawn: Firm, valuation: str
) -> None:
    """Tolerance zero: all foreign cash withdrawn or covered by the owners, then a close.

    At cost only average and FIFO are compared: the rate of the day revalues other balances too.
    """
    firm = drawn.under(valuation=valuation, cash_fx="day_rate")
    cash = [
        line
        for line in lines_of(firm.booked())
        if line["account"] == "1020" and line["currency"] != BASE
    ]
    left = by(cash, *OWNER, "currency", of="amount")
    emptied = [
        {
            "event_id": f"E{number}",
            "kind": "withdrawal" if amount > 0 else "contribution",
            **dict(zip(OWNER, owner, strict=True)),
            "date": day(30),
            "settled_date": day(30),
            "batch": 1,
            "row": 200 + number,
            "currency": currency,
            "amount": -amount,
        }
        for number, ((*owner, currency), amount) in enumerate(sorted(left.items()))
    ]
    of_last = [row for row in firm.marks if row["mark_date"] == firm.closes[-1]]
    last = [row | {"mark_date": day(31)} for row in of_last]
    flat = firm.but(cash=[*firm.cash, *emptied], marks=[*firm.marks, *last])
    ways = ("average", "fifo", *(("day_rate",) if valuation == "fair_value" else ()))
    earned = {way: total(lines_of(flat.under(cash_fx=way).booked()), is_profit) for way in ways}
    assert len(set(earned.values())) == 1, earned
