"""Dividends: entitled by position, recognised once, and gone from the books when they are paid.

10 examples each, longs and shorts in four currencies; the tolerance is zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import UNNAMED, firms
from tests.laws.dividends import dividend, gross_of, part_withheld
from tests.laws.facts import day
from tests.laws.firm import Firm
from tests.laws.flat import in_securities
from tests.laws.reading import by, lines_of, on_accounts
from tests.laws.test_posting import Store

from subledger.journal.difference import live

NARROW = ("book", "strategy", "broker_account", "instrument")
PAY = 15


@st.composite
def holders(draw: st.DrawFn) -> Firm:
    """Draw a firm that goes long and short in pools of one owner, and a dividend or two."""
    drawn = draw(firms(openings=False, methods=UNNAMED))
    trades = [trade | {"position_effect": "auto"} for trade in in_securities(drawn, drawn.trades)]
    held = drawn.held[: draw(st.integers(1, 2))]
    actions = [
        dividend(
            f"D{number}",
            row,
            ex=draw(st.integers(3, PAY - 1)),
            pay=PAY,
            amount=(draw(st.integers(1, 9999)), 3),
            withheld=draw(st.sampled_from((("0", "0"), ("0.15", "0"), ("0.25", "0.1")))),
            currency=draw(st.sampled_from((row["currency"], "USD", "JPY"))),
            row=number + 2,
        )
        for number, row in enumerate(held)
    ]
    firm = drawn.but(trades=trades, cash=(), journals=(), actions=actions)
    return firm.under(pool_by=NARROW, allow_short=True, overrides=())


def expected(firm: Firm, action: Mapping[str, Any]) -> dict[str, Counter[str]]:
    """Return what a dividend comes to per broker account, each amount rounded once."""
    sign = {"buy": 1, "sell": -1}
    owned: Counter[tuple[str, str, str]] = Counter()
    for trade in firm.trades:
        posted = trade["status"] == "settled" or firm.policy.post_status == "confirmed"
        is_in = trade["instrument"] == action["instrument"]
        if posted and is_in and trade["trade_date"] < action["ex_date"]:
            owner = (trade["broker_account"], trade["book"], trade["strategy"])
            owned[owner] += sign[trade["side"]] * trade["quantity"]
    found: dict[str, Counter[str]] = {}
    for account in sorted({owner[0] for owner in owned}):
        units = [held for owner, held in owned.items() if owner[0] == account]
        gross = gross_of(firm, action, sum(held for held in units if held > 0))
        owed = gross_of(firm, action, -sum(held for held in units if held < 0))
        # The broker knows one position per account, and withholds tax on that.
        taxed = gross_of(firm, action, max(sum(units), 0))
        withheld = part_withheld(action, taxed)
        reclaimable = part_withheld(action, taxed, what="reclaimable")
        found[account] = Counter(
            gross=gross, owed=owed, tax=withheld - reclaimable, reclaimable=reclaimable
        )
        found[account]["cash"] = gross - withheld - owed
    return found


@settings(max_examples=10)
@given(holders(), st.integers(0, 3))
def test_a_dividend_that_is_paid_leaves_its_income_its_tax_and_its_cash(
    drawn: Firm, late: int
) -> None:
    """Invariant 29: nothing stays receivable or payable, in its currency or in base."""
    due = {action["event_id"]: expected(drawn, action) for action in drawn.actions}
    cash = [
        {
            "event_id": f"P-{action['event_id']}-{account}",
            "kind": "dividend",
            "broker_account": account,
            "book": "B1",
            "strategy": "S1",
            "instrument": action["instrument"],
            "date": day(PAY + late),
            "settled_date": day(PAY + late),
            "batch": 1,
            "row": 90,
            "currency": action["currency"],
            "amount": parts["cash"],
            "reference": action["event_id"],
        }
        for action in drawn.actions
        for account, parts in due[action["event_id"]].items()
        if parts["gross"] or parts["owed"]
    ]
    close = [row | {"mark_date": day(30)} for row in drawn.marks[:1]]
    firm = drawn.but(cash=cash, marks=[*drawn.marks, *close])
    lines = lines_of(firm.booked())
    open_items = list(filter(on_accounts({"1410", "2410"}), lines))
    assert by(open_items, "account", of="amount") == {}
    assert by(open_items, "account") == {}
    of_dividends = [line for line in lines if line["event_kind"].startswith("dividend")]
    sums: Counter[tuple[str, str]] = Counter()
    for action in firm.actions:
        for parts in due[action["event_id"]].values():
            for account, name, sign in (
                ("1020", "cash", 1),
                ("1430", "reclaimable", 1),
                ("5110", "gross", -1),
                ("6210", "owed", 1),
                ("6310", "tax", 1),
            ):
                sums[account, action["currency"]] += sign * parts[name]
    held = by(
        filter(on_accounts({account for account, _ in sums}), of_dividends),
        *("account", "currency"),
        of="amount",
    )
    assert held == {key: amount for key, amount in sums.items() if amount}


@settings(max_examples=10)
@given(holders(), st.integers(1, 500), st.sampled_from(("buy", "sell")))
def test_a_backdated_trade_in_an_open_period_cuts_the_entitlement_anew(
    drawn: Firm, units: int, side: str
) -> None:
    """The income that stands is that of the position as it is known now, by appended entries."""
    firm = drawn.under(dividends="ex_date", post_status="confirmed")
    store = Store(firm)
    store.post()
    of_first = [t for t in firm.trades if t["instrument"] == firm.actions[0]["instrument"]]
    for trade in of_first[:1]:
        late = {**trade, "trade_id": "LATE", "side": side, "quantity": units}
        late |= {"trade_date": day(0), "settlement_date": day(2)}
        store.take({"trades": [late | {"status": "confirmed", "settled_date": None}]})
        store.post()
    income = by(
        filter(on_accounts({"5110", "6210"}), lines_of(live(store.journal()))),
        *("account", "currency"),
        of="amount",
    )
    sums: Counter[tuple[str, str]] = Counter()
    for action in firm.actions:
        for parts in expected(store.firm, action).values():
            sums["5110", action["currency"]] -= parts["gross"]
            sums["6210", action["currency"]] += parts["owed"]
    assert income == {key: amount for key, amount in sums.items() if amount}
    appended = filter(on_accounts({"5110", "6210"}), lines_of(store.journal()))
    assert by(appended, "account", "currency", of="amount") == income
