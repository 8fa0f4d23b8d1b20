"""Worked examples: published figures and their entries, line by line."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from tests.booking.entries import FUND, SHARE, booked, entries, events_of, gains, lots
from tests.laws import facts
from tests.laws.books import mark
from tests.laws.facts import CHART, GAAP, TAX, day, trade
from tests.laws.firm import Firm
from tests.laws.reading import is_profit, lines_of
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.booking.policy import BasisPolicy
from subledger.periods import month_of
from subledger.tables import ENTRIES, LINES

MARK_DAY = day(6)


def test_ten_bought_at_160_and_three_sold_at_170() -> None:
    """IBM at 160, sold at 170 with a commission of 9.95, seven left at a price of 170."""
    booking = booked(
        trade("B", "buy", 10, price="160", held=SHARE),
        trade("S", "sell", 3, price="170", held=SHARE, trade_date=day(1), commission=995),
        prices={MARK_DAY: {"AAA": "170"}},
    )
    assert entries(booking) == [
        "day 0 B trade; 1210 1600.00 10@B; 2110 -1600.00",
        "day 1 S trade; 1110 500.05; 6110 9.95; 1210 -480.00 -3@B; 4110 -30.00",
        "day 6 mark:AAA:long 2022-09-30; 1211 70.00; 4210 -70.00",
    ]
    assert lots(booking) == ["B long 7 1120.00"]
    assert gains(booking) == ["S B 510.00 - 480.00 = 30.00"]


def test_an_entry_and_its_lines_carry_everything_that_names_them() -> None:
    bought = trade("B", "buy", 10, price="160", held=SHARE, counterparty="CP", version=3)
    booking = booked(bought)
    rule = next(rule for rule in CHART.rules if rule.id == "trade.long.open")
    assert booking.entries.to_pylist() == [
        {
            "seq": 0,
            "entry_id": "",
            "kind": "normal",
            "accounting_date": day(0),
            "activity_date": day(0),
            "period": "2022-09",
            "activity_period": "2022-09",
            "event_kind": "trade",
            "event_id": "B",
            "event_version": 3,
            "stage": "trade",
            "leg": 2,
            "rule": "trade.long.open",
            "rule_hash": rule.hash,
            "reverses": "",
            "reason": "",
            "narration": "Bought 10 AAA at 160",
        }
    ]
    owner = {"book": "B1", "strategy": "S1", "broker_account": "K1"}
    blank = {"seq": 0, "currency": "USD", "instrument": "AAA", **owner}
    assert booking.lines.to_pylist() == [
        {
            **blank,
            "line": 1,
            "account": "1210",
            "slot": "investment.cost",
            "amount": 160000,
            "amount_base": 160000,
            "quantity": 10,
            "lot_id": "B",
            "counterparty": "",
        },
        {
            **blank,
            "line": 2,
            "account": "2110",
            "slot": "payable.unsettled",
            "amount": -160000,
            "amount_base": -160000,
            "quantity": None,
            "lot_id": "",
            "counterparty": "CP",
        },
    ]
    assert (booking.entries.schema, booking.lines.schema) == (ENTRIES.schema, LINES.schema)


def test_a_hundred_sold_short_at_50_and_covered_at_43() -> None:
    """Hull's short sale without its dividend: the gain is 700."""
    booking = booked(
        trade("S", "sell", 100, price="50", held=SHARE, status="settled", settlement_date=day(2)),
        trade("C", "buy", 100, price="43", held=SHARE, trade_date=day(5)),
        prices={day(3): {"AAA": "52"}},
    )
    assert entries(booking) == [
        "day 0 S trade; 1110 5000.00; 2210 -5000.00 -100@S",
        "day 2 S settlement; 1020 5000.00; 1110 -5000.00",
        "day 3 mark:AAA:short 2022-09-27; 2211 -200.00; 4210 200.00",
        "day 5 C trade; 2210 5000.00 100@S; 2110 -4300.00; 4110 -700.00; 4210 -200.00; 2211 200.00",
    ]
    assert gains(booking) == ["C S 5000.00 - 4300.00 = 700.00"]
    assert lots(booking) == []


def test_150_sold_when_100_are_long_closes_100_and_opens_50_short() -> None:
    booking = booked(
        trade("B", "buy", 100, price="10", held=SHARE),
        trade("S", "sell", 150, price="12", held=SHARE, trade_date=day(1), commission=300, tax=-1),
    )
    assert entries(booking)[1:] == [
        "day 1 S trade; 1110 1198.01; 6110 2.00; 5190 -0.01; 1210 -1000.00 -100@B; 4110 -200.00",
        "day 1 S trade; 1110 599.00; 6110 1.00; 2210 -600.00 -50@S",
    ]
    assert lots(booking) == ["S short 50 600.00"]
    items = booking.carried.unsettled.to_pylist()
    assert [(row["trade_id"], row["amount"], row["account"]) for row in items] == [
        ("B", -100000, "2110"),
        ("S", 179701, "1110"),
    ]


def itot(policy: BasisPolicy) -> list[str]:
    """Buy 100 at 80, sell 40 at 82 and 60 at 84, 10 of fees each."""
    return gains(
        booked(
            trade("B", "buy", 100, price="80", held=FUND, commission=1000),
            trade("S1", "sell", 40, price="82", held=FUND, trade_date=day(1), commission=1000),
            trade("S2", "sell", 60, price="84", held=FUND, trade_date=day(2), commission=1000),
            policy=policy,
        )
    )


def test_fees_expensed_leave_gains_of_80_and_240_before_30_of_fees() -> None:
    """ITOT: 70 and 230 after each sale's own fee, 60 and 230 after the purchase's too, 290."""
    assert itot(GAAP) == [
        "S1 B 3280.00 - 3200.00 = 80.00",
        "S2 B 5040.00 - 4800.00 = 240.00",
    ]


def test_fees_capitalised_give_gains_of_66_and_224() -> None:
    """ITOT: 290 in both ways."""
    assert itot(TAX) == [
        "S1 B 3270.00 - 3204.00 = 66.00",
        "S2 B 5030.00 - 4806.00 = 224.00",
    ]


def test_profit_by_month_of_fees_expensed_is_60_then_230() -> None:
    booking = booked(
        trade("B", "buy", 100, price="80", held=FUND, commission=1000),
        trade("S1", "sell", 40, price="82", held=FUND, trade_date=day(1), commission=1000),
        trade("S2", "sell", 60, price="84", held=FUND, trade_date=day(9), commission=1000),
    )
    profit = {"2022-09": 0, "2022-10": 0}
    for line in filter(is_profit, lines_of(booking)):
        profit[month_of(line["accounting_date"]).label] -= line["amount_base"]
    assert profit == {"2022-09": 6000, "2022-10": 23000}


def test_a_pool_wider_than_a_line_relieves_another_books_lot_through_due_accounts() -> None:
    """Cost leaves the lot's book, proceeds and gain stand in the trade's, and both balance."""
    booking = booked(
        trade("B", "buy", 10, price="100", held=SHARE, book="B2", strategy="S2"),
        trade("S", "sell", 10, price="107", held=SHARE, trade_date=day(1), commission=100),
        policy=TAX,
    )
    assert entries(booking, owner=True)[1].split("; ") == [
        "day 1 S trade",
        "1110 1069.00 B1/S1/K1",
        "1210 -1000.00 -10@B B2/S2/K1",
        "4110 -69.00 B1/S1/K1",
        "1190 1000.00 B2/S2/K1",
        "2190 -1000.00 B1/S1/K1",
    ]
    relief = booking.reliefs.to_pylist()[0]
    assert (relief["book"], relief["lot_book"], relief["lot_strategy"]) == ("B1", "B2", "S2")


def test_a_marked_lot_releases_its_mark_pro_rata_and_the_last_relief_the_rest() -> None:
    booking = booked(
        trade("B", "buy", 3, price="10", held=SHARE),
        *(
            trade(f"S{n}", "sell", 1, price="20", held=SHARE, trade_date=day(2 + n))
            for n in range(3)
        ),
        prices={day(1): {"AAA": "13.3333"}},
    )
    released = booking.reliefs["mark_released"].to_pylist()
    assert released == [333, 334, 333]
    assert entries(booking)[1] == "day 1 mark:AAA:long 2022-09-25; 1211 10.00; 4210 -10.00"
    assert (
        sum(line["amount"] for line in booking.lines.to_pylist() if line["account"] == "1211") == 0
    )


def test_a_mark_is_released_across_windows_as_within_one() -> None:
    bought = trade("B", "buy", 3, price="10", held=SHARE)
    sales = [
        trade(f"S{n}", "sell", 1, price="20", held=SHARE, trade_date=day(2 + n)) for n in range(3)
    ]
    firm = Firm(GAAP, (SHARE,), trades=[bought, *sales], marks=[mark("AAA", day(1), "13.3333")])
    carried, released = Carried(), []
    for edges in pairwise((-1, 3, 4, 9)):
        booking = book(between(events_of(firm), *edges), carried, terms=firm.terms)
        carried = booking.carried
        released.append(booking.reliefs["mark_released"].to_pylist())
    assert released == [[333], [334], [333]]


def test_a_lot_is_marked_on_the_day_on_which_it_comes_into_the_books() -> None:
    bought = trade("B", "buy", 3, price="10", held=SHARE, trade_date=day(1))
    later = trade("C", "buy", 3, price="10", held=SHARE, trade_date=day(2))
    taken = {"as_of": day(1), "lot_id": "L", "instrument": "AAA", "side": "short", "quantity": 1}
    taken |= {"currency": "USD", "cost": 900, "cost_base": 900, "opened_on": day(-9)}
    taken |= {"book": "B1", "strategy": "S2", "broker_account": "K1"}
    booking = booked(
        bought, later, opening_lots=[taken], prices={day(0): {"AAA": "8"}, day(1): {"AAA": "12"}}
    )
    assert [line for line in entries(booking) if "mark:" in line] == [
        "day 1 mark:AAA:long 2022-09-25; 1211 6.00; 4210 -6.00",
        "day 1 mark:AAA:short 2022-09-25; 2211 -3.00; 4210 3.00",
    ]


def test_a_lot_taken_over_is_not_relieved_by_trades_before_its_day() -> None:
    taken = {"as_of": day(2), "lot_id": "L", "instrument": "AAA", "side": "long", "quantity": 5}
    taken |= {"currency": "USD", "cost": 500, "cost_base": 500, "opened_on": day(-9)}
    taken |= {"book": "B1", "strategy": "S1", "broker_account": "K1"}
    booking = booked(
        trade("S1", "sell", 2, price="2", held=SHARE, trade_date=day(2)),
        trade("S2", "sell", 2, price="2", held=SHARE, trade_date=day(3)),
        opening_lots=[taken],
    )
    assert lots(booking) == ["S1 short 2 4.00", "L long 3 3.00"]
    assert gains(booking) == ["S2 L 4.00 - 2.00 = 2.00"]


def test_capital_told_and_paid_on_different_days_stands_as_receivable_in_between() -> None:
    common = {"broker_account": "K1", "book": "B1", "currency": "USD", "batch": 1}
    cash = [
        {**common, "event_id": "C1", "kind": "contribution", "date": day(0), "amount": 500000}
        | {"settled_date": day(0)},
        {**common, "event_id": "C2", "kind": "contribution", "date": day(1), "amount": 70000}
        | {"settled_date": day(3)},
        {**common, "event_id": "W1", "kind": "withdrawal", "date": day(2), "amount": -20000}
        | {"settled_date": day(4)},
    ]
    assert entries(booked(cash=cash)) == [
        "day 0 C1 capital; 1020 5000.00; 3010 -5000.00",
        "day 1 C2 capital; 1490 700.00; 3010 -700.00",
        "day 2 W1 capital; 3020 200.00; 2610 -200.00",
        "day 3 C2 capital_settlement; 1020 700.00; 1490 -700.00",
        "day 4 W1 capital_settlement; 2610 200.00; 1020 -200.00",
    ]


def test_a_journal_is_booked_and_reversed_on_its_dates() -> None:
    journals = [
        {"journal_id": "J", "line": line, "date": day(2), "reverse_on": day(8), "currency": "USD"}
        | {"account": account, "amount": amount, "amount_base": amount, "reason": "Data"}
        for line, account, amount in ((1, "6410", 900), (2, "2480", -900))
    ]
    booking = booked(journals=journals)
    assert entries(booking) == [
        "day 2 J manual; 6410 9.00; 2480 -9.00",
        "day 8 J manual_reversal; 6410 -9.00; 2480 9.00",
    ]
    assert booking.entries["kind"].to_pylist() == ["manual", "manual"]
    assert booking.entries["reason"].to_pylist() == ["Data", "Data"]


def test_what_is_taken_over_stands_against_opening_balances() -> None:
    lot = {"as_of": day(-1), "instrument": "AAA", "currency": "USD", "broker_account": "K1"}
    lot |= {"book": "B1", "strategy": "S1", "opened_on": date(2021, 5, 3)}
    balance = {"as_of": day(-1), "currency": "USD", "broker_account": "K1"}
    booking = booked(
        opening_lots=[
            {**lot, "lot_id": "L2", "side": "short", "quantity": 5, "cost": 400, "cost_base": 400},
            {**lot, "lot_id": "L1", "side": "long", "quantity": 7, "cost": 900, "cost_base": 900},
        ],
        opening_balances=[
            {**balance, "account": "1020", "amount": 5000, "amount_base": 5000},
            {**balance, "account": "3010", "amount": -5500, "amount_base": -5500},
        ],
    )
    assert entries(booking) == [
        "day -1 opening:2022-09-23:1020:USD://K1 opening; 1020 50.00; 3090 -50.00",
        "day -1 opening:2022-09-23:3010:USD://K1 opening; 3010 -55.00; 3090 55.00",
        "day -1 L1 opening; 1210 9.00 7@L1; 3090 -9.00",
        "day -1 L2 opening; 3090 4.00; 2210 -4.00 -5@L2",
    ]
    assert lots(booking) == ["L1 long 7 9.00", "L2 short 5 4.00"]


def test_two_balances_taken_over_never_share_an_event() -> None:
    row = {"as_of": day(-1), "account": "3010", "currency": "USD", "amount": -1, "amount_base": -1}
    rows = [
        {**row, "book": "X"},
        {**row, "strategy": "X"},
        {**row, "book": "X", "strategy": "Y"},
        {**row, "book": "X:Y"},
        {**row, "as_of": day(0), "book": "X"},
    ]
    booking = booked(opening_balances=rows)
    assert len(set(booking.entries["event_id"].to_pylist())) == len(rows)


def test_a_trade_without_any_amount_moves_units_only() -> None:
    """A price of zero posts no money and fails nothing."""
    booking = booked(
        trade("B", "buy", 10, price="0", held=SHARE, status="settled", settlement_date=day(2)),
        trade("S", "sell", 4, price="5", held=SHARE, trade_date=day(1)),
    )
    assert entries(booking) == [
        "day 0 B trade; 1210 0.00 10@B",
        "day 1 S trade; 1110 20.00; 1210 0.00 -4@B; 4110 -20.00",
    ]
    assert lots(booking) == ["B long 6 0.00"]


def test_a_fee_larger_than_the_sale_leaves_a_negative_receivable() -> None:
    booking = booked(trade("S", "sell", 1, price="1", held=SHARE, commission=150))
    assert entries(booking) == ["day 0 S trade; 1110 -0.50; 6110 1.50; 2210 -1.00 -1@S"]
    (item,) = booking.carried.unsettled.to_pylist()
    assert (item["amount"], item["account"]) == (-50, "1110")


def test_quantities_and_prices_with_decimals_are_multiplied_exactly() -> None:
    coin = facts.instrument("CCC", decimals=8, multiplier="0.01")
    bought = trade("B", "buy", 123456789, price="10000.005", held=coin)
    assert bought["gross"] == 12346  # 1.23456789 x 10000.005 x 0.01 = 123.45685072...
    booking = booked(bought, held=[coin], prices={day(1): {"CCC": "20000"}})
    assert entries(booking)[1] == "day 1 mark:CCC:long 2022-09-25; 1211 123.45; 4210 -123.45"
