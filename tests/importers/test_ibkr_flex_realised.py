"""What closing executions of a Flex statement realised, and whether its own rows say the same."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.importers.test_ibkr_flex import CLOSING, OPTION, SALE, codes, read, statement, trade

from subledger.importers.ibkr_flex_realised import BrokerRealised, realised_by_broker

EXPIRING = OPTION | {"expiry": "2026-01-16", "openCloseIndicator": "O"}
EXPIRY = {
    "transactionType": "BookTrade",
    "openCloseIndicator": "C",
    "tradeDate": "2026-01-16",
    "dateTime": "2026-01-16;16:20:00",
    "tradePrice": "0",
    "tradeMoney": "0",
    "ibCommission": "0",
    "netCash": "0",
}


def written(number: int, quantity: str, cost: str, **more: str) -> str:
    """Return a sale that opens short calls; `cost` is negative, as the broker states it."""
    given = {"transactionID": str(number), "quantity": f"-{quantity}", "cost": cost}
    return trade(EXPIRING, {"buySell": "SELL"}, given | more)


def expired(number: int, quantity: str, cost: str, **more: str) -> str:
    """Return the expiry of short calls with their whole premium as gain."""
    given = {"transactionID": str(number), "quantity": quantity, "cost": cost}
    return trade(EXPIRING, EXPIRY, {"buySell": "BUY", "fifoPnlRealized": cost}, given | more)


def by_rows(*rows: str) -> list[tuple[str, Decimal | None]]:
    """Return what the broker's own rows give where they contradict it, closing by closing."""
    found = realised_by_broker(statement(*rows), "s.xml")
    return [(one.trade_id, one.by_rows) for one in found]


def test_the_brokers_own_realised_gains_are_read_for_comparison_alone() -> None:
    found = realised_by_broker(statement(trade(), trade(SALE, CLOSING)), "s.xml")
    assert found == [BrokerRealised("ibkr:7002", "ACME", "USD", Decimal(-2))]


def test_a_cost_that_the_opening_row_does_not_state_gives_another_gain() -> None:
    """The figures of one call of a real statement, with a net of 767.1073096 where it opens."""
    found = realised_by_broker(
        statement(written(1, "1", "-767.1073096"), expired(2, "1", "767.11731")), "s.xml"
    )
    assert found == [
        BrokerRealised(
            "ibkr:2",
            "ACME260220C00200000",
            "USD",
            Decimal("767.11731"),
            Decimal("767.11731"),
            Decimal("767.1073096"),
        )
    ]
    same = (written(1, "1", "-767.1073096"), expired(2, "1", "767.107310"))
    assert by_rows(*same) == [("ibkr:2", None)]


def test_lots_are_closed_first_in_first_out_in_the_order_of_processing() -> None:
    """Of 5 calls two were written for 10 a piece, then three for 20; rows come in any order."""
    rows = [
        expired(9, "3", "40.00"),
        expired(10, "2", "40.00"),
        written(8, "3", "-60.00"),
        written(7, "2", "-20.00"),
    ]
    assert by_rows(*rows) == [("ibkr:9", None), ("ibkr:10", None)]
    rows[:2] = [expired(9, "3", "45.00"), expired(10, "2", "35.00")]
    assert by_rows(*rows) == [("ibkr:9", Decimal(40)), ("ibkr:10", Decimal(40))]


def test_a_share_that_has_no_end_is_no_contradiction_and_is_shown_rounded() -> None:
    """A third of 100.00 is 33.33, 33.33 and 33.34: each is off by less than a cent."""
    thirds = [expired(2, "1", "33.33"), expired(3, "1", "33.33"), expired(4, "1", "33.34")]
    assert {gain for _, gain in by_rows(written(1, "3", "-100.00"), *thirds)} == {None}
    thirds[0] = expired(2, "1", "40.00")
    assert by_rows(written(1, "3", "-100.00"), *thirds)[0] == ("ibkr:2", Decimal("33.3333333333"))


@pytest.mark.parametrize(
    "rows",
    [
        (written(1, "1", "-10.00"), expired(2, "2", "25.00")),
        (written(1, "2", "-10.00"), expired(2, "1", "25.00")),
        (written(1, "1", "-10.00", expiry="2026-02-20"), expired(2, "1", "25.00", expiry="")),
        (written(1, "1", ""), expired(2, "1", "25.00")),
        (written(1, "1", "-10.00"), expired(2, "1", "25.00", openCloseIndicator="C;O")),
        (expired(2, "1", "25.00"), written(3, "1", "-10.00", tradeDate="2026-01-17")),
    ],
    ids=["more held", "some left", "runs on", "no cost", "crosses", "closed before it opens"],
)
def test_nothing_is_said_where_the_statement_does_not_show_all_lots(rows: tuple[str, ...]) -> None:
    """What was held before at a cost that nobody states would look like a contradiction."""
    assert ("ibkr:2", None) in by_rows(*rows)


@given(
    premiums=st.lists(st.integers(1, 99_999), min_size=1, max_size=6),
    off=st.integers(-500, 500),
    at=st.integers(0, 5),
)
def test_exactly_the_closings_whose_cost_is_off_are_contradictions(
    premiums: list[int], off: int, at: int
) -> None:
    """Calls written one at a time, in cents; one unit of the last digit is rounding."""
    odd = at % len(premiums)
    stated = [cents + (off if at == odd else 0) for at, cents in enumerate(premiums)]
    opened = [
        written(10 + at, "1", str(Decimal(-cents).scaleb(-2))) for at, cents in enumerate(premiums)
    ]
    closed = [
        expired(20 + at, "1", format(Decimal(cents).scaleb(-2), ".2f"))
        for at, cents in enumerate(stated)
    ]
    expected: list[Decimal | None] = [None] * len(premiums)
    if abs(off) > 1:
        expected[odd] = Decimal(premiums[odd]).scaleb(-2)
    assert [gain for _, gain in by_rows(*opened, *closed)] == expected


def test_a_stock_that_is_booked_beside_its_option_is_noted_as_a_delivery() -> None:
    """Found by what the option names as its underlying, or by the beginning of its symbol."""
    closed = trade(EXPIRING, EXPIRY, transactionID="7002")
    unnamed = trade(EXPIRING, EXPIRY, transactionID="7002", underlyingConid="", underlyingSymbol="")
    for option in (closed, unnamed):
        delivery = trade(EXPIRY, {"tradePrice": "200"}, transactionID="7003", ibCommission="0")
        assert codes(read(statement(option, delivery))) == [("FLEX_ASSUMED", 7)]
    traded = trade(EXPIRY, transactionID="7003", transactionType="ExchTrade")
    another = trade(EXPIRY, transactionID="7003", tradeDate="2026-01-15")
    for stock in (traded, another):
        assert codes(read(statement(closed, stock))) == []
