"""Lots: positions, conserved cost, crossing zero and fills.

8 to 25 examples each; the tolerance is zero unless a test states another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.books import POOLS, UNNAMED, firms, for_any_firm, owners, prices
from tests.laws.currencies import instruments
from tests.laws.facts import day
from tests.laws.firm import Firm
from tests.laws.flat import booked_trades, flattened, in_securities, marked
from tests.laws.reading import (
    LOT_ACCOUNTS,
    OWNER,
    UNSETTLED_ACCOUNTS,
    by,
    is_profit,
    lines_of,
    total,
)
from tests.laws.test_profit import plain_policies, price_of_each

from subledger.booking.policy import BasisPolicy
from subledger.numbers import allocate, part_of
from subledger.tables import FEES

MONEY_ACCOUNTS = {"1020", *UNSETTLED_ACCOUNTS}
SIGN = {"buy": 1, "sell": -1, "long": 1, "short": -1}


def signed(row: Mapping[str, Any], quantity: int) -> dict[str, Any]:
    return {**row, "units": SIGN[row["side"]] * quantity}


@for_any_firm
def test_open_lots_are_the_position_and_stand_on_one_side(firm: Firm) -> None:
    """Invariant 27, tolerance zero: per pool; both sides only after position_effect open."""
    pool_by = firm.policy.pool_by
    booking = firm.booked()
    lots = booking.carried.lots.to_pylist()
    assert all(0 <= lot["closed"] < lot["opened"] for lot in lots)
    trades = in_securities(firm, booked_trades(firm))
    moved = [signed(trade, trade["quantity"]) for trade in trades]
    moved += [signed(lot, lot["quantity"]) for lot in firm.opening_lots]
    held = [signed(lot, lot["opened"] - lot["closed"]) for lot in lots]
    assert by(held, *pool_by, of="units") == by(moved, *pool_by, of="units")

    def pool(row: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(row[name] for name in pool_by)

    may_box = {pool(trade) for trade in trades if trade["position_effect"] == "open"}
    may_box |= {pool(lot) for lot in firm.opening_lots}
    sides = Counter(key for key, _ in {(pool(lot), lot["side"]) for lot in lots})
    assert [key for key, count in sides.items() if count > 1 and key not in may_box] == []


@for_any_firm
def test_cost_relieved_and_cost_open_are_the_cost_acquired(firm: Firm) -> None:
    """Invariant 28, tolerance zero: per instrument and side, in units, currency and base.

    Whatever the method: what AVERAGE moves from lot to lot is neither acquired nor relieved.
    """
    booking = firm.booked()
    instruments = {trade["trade_id"]: trade["instrument"] for trade in firm.trades}
    instruments |= {lot["lot_id"]: lot["instrument"] for lot in firm.opening_lots}
    sums: Counter[tuple[str, str, str]] = Counter()

    def add(instrument: str, side: str, **amounts: int) -> None:
        for name, amount in amounts.items():
            sums[instrument, side, name] += amount

    for leg in booking.measures.to_pylist():
        if leg["event_kind"] == "opening_lot" or leg["effect"] == "open":
            part = {"units": leg["quantity"], "cost": leg["cost"], "base": leg["cost_base"]}
            add(instruments[leg["event_id"]], leg["side"], **part)
    for relief in booking.reliefs.to_pylist():
        name = "cost" if relief["side"] == "long" else "proceeds"
        part = {"cost": -relief[name], "base": -relief[f"{name}_base"]}
        add(relief["instrument"], relief["side"], units=-relief["quantity"], **part)
    for lot in booking.carried.lots.to_pylist():
        part = {"units": lot["closed"] - lot["opened"], "cost": lot["relieved"] - lot["cost"]}
        base = lot["relieved_base"] - lot["cost_base"]
        add(lot["instrument"], lot["side"], **part, base=base)
    assert {key: left for key, left in sums.items() if left} == {}


@for_any_firm
def test_the_ledger_holds_every_lot_as_the_lots_say(firm: Firm) -> None:
    """Invariants 27 and 28, tolerance zero: lot by lot, in units, currency and base."""
    booking = firm.booked()
    lines = [line for line in lines_of(booking) if line["account"] in LOT_ACCOUNTS]
    open_lots = {
        lot["lot_id"]: (1 if lot["side"] == "long" else -1, lot)
        for lot in booking.carried.lots.to_pylist()
    }
    for of, whole, gone in (
        ("quantity", "opened", "closed"),
        ("amount", "cost", "relieved"),
        ("amount_base", "cost_base", "relieved_base"),
    ):
        held = {(name,): side * (lot[whole] - lot[gone]) for name, (side, lot) in open_lots.items()}
        assert by(lines, "lot_id", of=of) == {name: left for name, left in held.items() if left}


@st.composite
def crossings(draw: st.DrawFn) -> tuple[Firm, Firm]:
    """Draw a firm in which one trade crosses zero, and one with that trade cut in two at zero."""
    held = draw(instruments())
    row, owner = held[draw(st.integers(0, 2))], draw(owners)
    side = draw(st.sampled_from(("sell", "buy")))
    closing, opening = (draw(st.integers(1, 300)) for _ in range(2))
    fees = draw(st.tuples(*[st.integers(-30, 60)] * 5))
    whole = facts.trade(
        "T", side, closing + opening, price=draw(prices), held=row, trade_date=day(3), **owner,
        **dict(zip(FEES, fees, strict=True)),
    )  # fmt: skip
    parts = []
    reached: dict[str, int] = {}
    so_far = total = 0
    for fee in FEES:  # the running total of the fees is split pro rata to quantity
        total += whole[fee]
        share = part_of(total, closing, closing + opening) - so_far
        so_far += share
        reached[fee] = share
    first = {"gross": part_of(whole["gross"], closing, closing + opening), **reached}
    rest = {name: whole[name] - amount for name, amount in first.items()}
    for name, quantity, amounts in (("A", closing, first), ("B", opening, rest)):
        cut = whole | amounts | {"trade_id": name, "quantity": quantity}
        cost = sum(amounts[fee] for fee in FEES)
        parts.append(cut | {"net": cut["gross"] + (cost if side == "buy" else -cost)})
    lot = {
        "as_of": day(-1),
        "lot_id": "L",
        "instrument": row["instrument"],
        "side": "long" if side == "sell" else "short",
        "quantity": closing,
        "opened_on": day(-9),
        "currency": "USD",
        "cost": draw(st.integers(0, 10**5)),
        **owner,
    }
    lot["cost_base"] = lot["cost"]
    policy = draw(plain_policies)
    mark = facts.decimal(draw(prices))
    marks = [
        {"mark_date": day(on), "price_date": day(on), "session": day(on), "price_scale": mark[1]}
        | {"instrument": row["instrument"], "price_mantissa": mark[0]}
        for on in (1, 5)
    ]
    firm = Firm(policy, held, trades=[whole], opening_lots=[lot], marks=marks)
    return firm, firm.but(trades=parts)


@settings(max_examples=8)
@given(crossings())
def test_crossing_zero_is_closing_and_then_opening_at_one_price(pair: tuple[Firm, Firm]) -> None:
    """Invariant 22, tolerance zero: lots, gains, cash and every balance, the fees pro rata."""
    crossed, cut = (firm.booked() for firm in pair)
    columns = ("accounting_date", "account", *OWNER, "instrument")
    assert by(lines_of(crossed), *columns) == by(lines_of(cut), *columns)
    assert by(lines_of(crossed), *columns, of="quantity") == by(
        lines_of(cut), *columns, of="quantity"
    )
    for table in ("reliefs", "lots"):
        ours, theirs = (
            (booking.carried.lots if table == "lots" else booking.reliefs).drop_columns(
                ["lot_id"] if table == "lots" else ["relief_id", "trade_id"]
            )
            for booking in (crossed, cut)
        )
        assert ours.to_pylist() == theirs.to_pylist()
    assert crossed.carried.lots["lot_id"].to_pylist() == ["T"]


def in_fills(trade: Mapping[str, Any], weights: list[int]) -> list[dict[str, Any]]:
    """Return a trade as fills at one price and time that add up to it; none is empty."""
    shares = [share for share in allocate(trade["quantity"], weights) if share]
    amounts = {name: allocate(trade.get(name, 0), shares) for name in ("gross", "net", *FEES)}
    return [
        {
            **trade,
            "trade_id": f"{trade['trade_id']}.{number}",
            "quantity": share,
            **{name: parts[number] for name, parts in amounts.items()},
        }
        for number, share in enumerate(shares)
    ]


@settings(max_examples=8)
@given(
    st.data(), plain_policies, price_of_each, st.lists(st.integers(1, 5), min_size=2, max_size=3)
)
def test_fills_leave_position_cash_and_the_profit_of_a_life_unchanged(
    data: st.DataObject, policy: BasisPolicy, at: dict[str, str], weights: list[int]
) -> None:
    """Invariant 23: position and cash exact on every date, total P&L exact when flat."""
    firm = data.draw(firms(policy=policy, foreign=False))
    # `close` beyond the open quantity is refused whole, and a part of it need not be.
    free = [trade | {"position_effect": "auto"} for trade in firm.trades]
    whole = firm.but(trades=free)
    filled = firm.but(trades=[fill for trade in free for fill in in_fills(trade, weights)])
    pool = tuple(name for name in policy.pool_by)
    cash = ("accounting_date", "account", *OWNER)
    ours, theirs = whole.booked(), filled.booked()
    for accounts in ({"1020"}, {"1110", "2110"}):
        first, second = (
            by([line for line in lines_of(b) if line["account"] in accounts], *cash[:1], *OWNER)
            for b in (ours, theirs)
        )
        assert first == second
    first, second = (
        by(
            [signed(lot, lot["opened"] - lot["closed"]) for lot in b.carried.lots.to_pylist()],
            *pool,
            of="units",
        )
        for b in (ours, theirs)
    )
    assert first == second
    earned = [
        by(filter(is_profit, lines_of(flattened(each, at).booked())), "instrument")
        for each in (whole, filled)
    ]
    assert earned[0] == earned[1]


@settings(max_examples=8)
@given(firms(methods=UNNAMED), price_of_each, st.lists(st.integers(1, 5), min_size=2, max_size=3))
def test_fills_in_any_currency_leave_cash_and_the_profit_of_a_life_unchanged(
    drawn: Firm, at: dict[str, str], weights: list[int]
) -> None:
    """Invariant 23: units and money exact per currency; P&L half a unit per item left open.

    All that is left of a flat firm after a close is money at the closing rate, item by item.
    """
    fair = drawn.under(valuation="fair_value").but(actions=())
    free = [
        trade
        | {"position_effect": "auto", "settlement_currency": trade["currency"]}
        | {"settlement_rate": ""}
        for trade in fair.trades
    ]
    whole = flattened(fair.but(trades=free), at)
    filled = whole.but(trades=[fill for trade in whole.trades for fill in in_fills(trade, weights)])
    close = marked(whole, at, day(30))
    ours, theirs = (each.but(marks=[*each.marks, *close]).booked() for each in (whole, filled))
    assert ours.carried.lots.num_rows == theirs.carried.lots.num_rows == 0
    first, second = (
        by(
            [line for line in lines_of(booking) if line["account"] in MONEY_ACCOUNTS],
            *("accounting_date", "currency", *OWNER),
            of="amount",
        )
        for booking in (ours, theirs)
    )
    assert second == first
    earned = [total(lines_of(booking), is_profit) for booking in (ours, theirs)]
    items = ours.carried.unsettled.num_rows + theirs.carried.unsettled.num_rows
    assert abs(earned[0] - earned[1]) <= Fraction(items, 2)


@settings(max_examples=8)
@given(firms(), st.sampled_from(POOLS))
def test_every_lot_and_relief_has_a_name_of_its_own(firm: Firm, pool_by: tuple[str, ...]) -> None:
    """Invariant 27, tolerance zero: a lot is named after the trade that opened it."""
    booking = firm.under(pool_by=pool_by).booked()
    lots = booking.carried.lots["lot_id"].to_pylist()
    reliefs = booking.reliefs["relief_id"].to_pylist()
    assert len(set(lots)) == len(lots)
    assert len(set(reliefs)) == len(reliefs)
