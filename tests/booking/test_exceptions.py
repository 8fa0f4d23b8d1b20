"""What cannot be booked is an exception with the amount at risk, and nothing of it is booked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.booking.entries import (
    SHARE,
    booked,
    booked_with,
    codes,
    entries,
    events_of,
    lots,
)
from tests.laws import facts
from tests.laws.facts import FOLDER, GAAP, day, trade
from tests.laws.firm import Firm

from subledger.booking.policy import Override
from subledger.chart import Chart, load_chart
from subledger.tables import MARK_DATES

BOND = facts.instrument("BND", "bond")
CASH = {"event_id": "C", "date": day(0), "settled_date": day(0), "currency": "USD", "batch": 1}
CASH |= {"broker_account": "K1", "row": 2}


def bought(**change: Any) -> dict[str, Any]:
    return trade("T", "buy", 10, price="100", held=SHARE, status="settled", row=2) | change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "EUR"}, "MISSING_RATE"),
        ({"fee_currency": "EUR"}, "MISSING_RATE"),
        ({"settlement_currency": "EUR"}, "MISSING_RATE"),
        ({"instrument": "BND"}, "LATER_ASSET_CLASS"),
        ({"accrued_interest": 5}, "LATER_ACCRUED_INTEREST"),
        ({"lots": "L1:10"}, "LOT_UNKNOWN"),
        ({"position_effect": "close"}, "OVER_CLOSE"),
    ],
)
def test_a_trade_of_later_work_without_rate_or_against_the_position_books_nothing(
    change: dict[str, Any], code: str
) -> None:
    booking = booked(bought(**change), held=(SHARE, BOND))
    assert codes(booking) == [(code, "T")]
    assert entries(booking) == []
    assert lots(booking) == []
    assert booking.carried.unsettled.num_rows == booking.measures.num_rows == 0
    (row,) = booking.exceptions.to_pylist()
    assert (row["amount_at_risk"], row["period"], row["batch"], row["row"]) == (
        100000,
        "2022-09",
        1,
        2,
    )


def test_the_first_reason_of_a_trade_is_the_one_that_is_named() -> None:
    two = bought(accrued_interest=5, currency="EUR", lots="L:1")
    assert codes(booked(two)) == [("LATER_ACCRUED_INTEREST", "T")]
    three = two | {"instrument": "BND"}
    assert codes(booked(three, held=(SHARE, BOND))) == [("LATER_ASSET_CLASS", "T")]


def test_a_short_that_is_not_allowed_is_refused_whole_by_book_and_from_a_date() -> None:
    never = replace(GAAP, allow_short=False)
    sold = trade("S", "sell", 11, price="10", held=SHARE, trade_date=day(2))
    held = trade("B", "buy", 10, price="10", held=SHARE)
    booking = booked(held, sold, policy=never)
    assert codes(booking) == [("SHORT_NOT_ALLOWED", "S")]
    assert lots(booking) == ["B long 10 100.00"]
    later = Override({"book": "B1"}, {"allow_short": False}, start=day(3))
    assert codes(booked(held, sold, policy=replace(GAAP, overrides=[later]))) == []
    today = replace(later, start=day(2))
    refused = booked(held, sold, policy=replace(GAAP, overrides=[today]))
    assert codes(refused) == [("SHORT_NOT_ALLOWED", "S")]
    elsewhere = replace(later, when={"book": "B2"}, start=None)
    assert codes(booked(held, sold, policy=replace(GAAP, overrides=[elsewhere]))) == []


def test_a_refused_trade_leaves_the_lots_to_the_next_one() -> None:
    booking = booked(
        trade("B", "buy", 10, price="10", held=SHARE),
        trade("X", "sell", 11, price="10", held=SHARE, trade_date=day(1), position_effect="close"),
        trade("S", "sell", 10, price="10", held=SHARE, trade_date=day(2), position_effect="close"),
    )
    assert codes(booking) == [("OVER_CLOSE", "X")]
    assert lots(booking) == []
    assert [entry.partition(";")[0] for entry in entries(booking)] == [
        "day 0 B trade",
        "day 2 S trade",
    ]


@pytest.mark.parametrize("kind", ["coupon"])
def test_kinds_of_cash_that_are_not_booked_yet_wait(kind: str) -> None:
    booking = booked(cash=[{**CASH, "kind": kind, "amount": -700}])
    assert codes(booking) == [("LATER_CASH_KIND", "C")]
    assert booking.exceptions["amount_at_risk"].to_pylist() == [700]
    assert entries(booking) == []


@pytest.mark.parametrize(
    ("kind", "received", "paid"),
    [
        ("interest", "5140", "6240"),
        ("fee", "6510", "6510"),
        ("tax", "6900", "6900"),
        ("borrow_fee", "6230", "6230"),
        ("rebate", "5150", "5150"),
        ("funding", "5160", "6260"),
        ("claim", "6520", "6520"),
    ],
)
def test_other_cash_is_income_or_expense_of_its_day(kind: str, received: str, paid: str) -> None:
    came = booked(cash=[{**CASH, "kind": kind, "amount": 700}])
    assert entries(came) == [f"day 0 C cash; 1020 7.00; {received} -7.00"]
    went = booked(cash=[{**CASH, "kind": kind, "amount": -700}])
    assert entries(went) == [f"day 0 C cash; {paid} 7.00; 1020 -7.00"]
    assert codes(came) == codes(went) == []


def test_reclaimed_tax_ends_the_claim_on_it_and_none_is_paid() -> None:
    came = booked(cash=[{**CASH, "kind": "reclaim", "amount": 700}])
    assert entries(came) == ["day 0 C cash; 1020 7.00; 1430 -7.00"]
    assert codes(came) == []
    # The file of cash refuses such a row (CASH_SIGN); nothing is booked of it either.
    went = booked(cash=[{**CASH, "kind": "reclaim", "amount": -700}])
    assert (codes(went), entries(went)) == ([("LATER_CASH_KIND", "C")], [])


@pytest.mark.parametrize(
    ("kind", "received", "paid"), [("dividend", "5110", "6210"), ("withholding", "6310", "6310")]
)
def test_a_dividend_without_a_known_event_is_booked_as_it_came_and_listed(
    kind: str, received: str, paid: str
) -> None:
    came = booked(cash=[{**CASH, "kind": kind, "amount": 700}])
    assert entries(came) == [f"day 0 C cash; 1020 7.00; {received} -7.00"]
    went = booked(cash=[{**CASH, "kind": kind, "amount": -700}])
    assert entries(went) == [f"day 0 C cash; {paid} 7.00; 1020 -7.00"]
    assert codes(came) == codes(went) == [("NO_EVENT", "C")]


@pytest.mark.parametrize("kind", ["contribution", "fee", "dividend"])
def test_cash_in_a_currency_without_a_rate_is_not_booked(kind: str) -> None:
    booking = booked(cash=[{**CASH, "kind": kind, "amount": 700, "currency": "EUR"}])
    assert codes(booking) == [("MISSING_RATE", "C")]
    assert entries(booking) == []


def test_capital_paid_later_needs_the_rate_of_its_notice_and_of_its_payment() -> None:
    """A contribution told on one day and paid on another is translated on both."""
    later = {**CASH, "kind": "contribution", "amount": 700, "currency": "EUR"}
    booking = booked(cash=[later | {"settled_date": day(3)}])
    assert set(codes(booking)) == {("MISSING_RATE", "C")}
    assert entries(booking) == []


def test_journals_and_openings_bring_their_base_amounts_and_need_no_rate() -> None:
    foreign = {"currency": "EUR", "batch": 1, "row": 2}
    journal = {"journal_id": "J", "date": day(0), "reason": "r", **foreign}
    lot = {"as_of": day(0), "lot_id": "L", "instrument": "AAA", "side": "long", "quantity": 1}
    booking = booked(
        journals=[
            {**journal, "line": 1, "account": "6410", "amount": 90, "amount_base": 100},
            {**journal, "line": 2, "account": "2480", "amount": -90, "amount_base": -100},
        ],
        opening_lots=[{**lot, **foreign, "cost": 5, "cost_base": 6}],
        opening_balances=[
            {"as_of": day(0), "account": "1020", **foreign, "amount": 5, "amount_base": 6}
        ],
    )
    assert codes(booking) == []
    assert entries(booking) == [
        "day 0 opening:2022-09-24:1020:EUR opening; 1020 0.06; 3090 -0.06",
        "day 0 L opening; 1210 0.06 1@L; 3090 -0.06",
        "day 0 J manual; 6410 1.00; 2480 -1.00",
    ]
    assert lots(booking) == ["L long 1 0.05"]


def test_a_lot_without_a_price_stays_as_it_is_and_the_others_are_marked() -> None:
    other = facts.instrument("CCC")
    firm = Firm(
        GAAP,
        (SHARE, other),
        trades=[
            trade("A", "buy", 1, price="10", held=SHARE),
            trade("C", "sell", 2, price="10", held=other),
        ],
        marks=[
            {"mark_date": day(6), "price_date": day(6), "session": day(6), "instrument": "CCC"}
            | {"price_mantissa": 9}
        ],
    )
    booking = firm.booked()
    assert codes(booking) == [("MISSING_PRICE", "mark:2022-09-30:AAA")]
    assert booking.exceptions["amount_at_risk"].to_pylist() == [1000]
    assert entries(booking)[2:] == ["day 6 mark:CCC:short 2022-09-30; 2211 2.00; 4210 -2.00"]


def test_a_date_without_any_price_is_missed_for_every_instrument_held() -> None:
    events = events_of(Firm(GAAP, (SHARE,), trades=[trade("A", "buy", 1, price="10", held=SHARE)]))
    booking = booked_with(
        replace(events, mark_dates=facts.table(MARK_DATES, [{"mark_date": day(6)}])), held=(SHARE,)
    )
    assert codes(booking) == [("MISSING_PRICE", "mark:2022-09-30:AAA")]


def test_a_stale_price_marks_and_is_named() -> None:
    mark = {"mark_date": day(6), "price_date": day(4), "session": day(6), "instrument": "AAA"}
    booking = booked(
        trade("A", "buy", 1, price="10", held=SHARE), marks=[{**mark, "price_mantissa": 12}]
    )
    assert codes(booking) == [("STALE_PRICE", "mark:2022-09-30:AAA")]
    assert entries(booking)[1:] == ["day 6 mark:AAA:long 2022-09-30; 1211 2.00; 4210 -2.00"]


def test_a_closed_position_needs_no_price() -> None:
    events = events_of(
        Firm(
            GAAP,
            (SHARE,),
            trades=[
                trade("A", "buy", 1, price="10", held=SHARE),
                trade("B", "sell", 1, price="10", held=SHARE, trade_date=day(1)),
            ],
        )
    )
    assert (
        codes(
            booked_with(
                replace(events, mark_dates=facts.table(MARK_DATES, [{"mark_date": day(6)}])),
                held=(SHARE,),
            )
        )
        == []
    )


def chart_without(*rules: str) -> Chart:
    """Return the shipped chart without some rules; it is loaded, and has not been proved."""
    files = {path.name: path.read_text() for path in FOLDER.glob("*.toml")}
    head, *blocks = files["posting_rules.toml"].split("\n[[")
    kept = [block for block in blocks if not any(f'id = "{rule}"' in block for rule in rules)]
    files["posting_rules.toml"] = "\n[[".join([head, *kept])
    chart = load_chart({name: text.encode() for name, text in files.items()})
    assert len(chart.rules) == len(facts.CHART.rules) - len(rules)
    return chart


@pytest.mark.parametrize(
    "rule", ["trade.long.open", "trade.short.close", "settlement.pay", "mark.short"]
)
def test_a_class_that_the_rules_do_not_book_whole_is_not_booked_at_all(rule: str) -> None:
    """A trade whose settlement or mark has no rule would be booked in part."""
    events = events_of(
        Firm(GAAP, (SHARE,), trades=[bought()], marks=[
            {"mark_date": day(6), "price_date": day(6), "instrument": "AAA", "price_mantissa": 9}
        ])
    )  # fmt: skip
    booking = booked_with(events, held=(SHARE,), chart=chart_without(rule))
    assert (codes(booking), entries(booking)) == ([("NO_RULE", "T")], [])


def test_capital_without_a_rule_is_an_exception() -> None:
    firm = Firm(GAAP, (SHARE,), cash=[{**CASH, "kind": "contribution", "amount": 500}])
    booking = booked_with(events_of(firm), chart=chart_without("contribution.at_once"))
    assert (codes(booking), entries(booking)) == ([("NO_RULE", "C")], [])
