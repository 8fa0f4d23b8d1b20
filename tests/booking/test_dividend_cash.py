"""Which dividend a row of cash pays, day by day, and what it does where nothing of it is open."""

from __future__ import annotations

from tests.booking.entries import SHARE
from tests.laws import facts
from tests.laws.dividends import dividend
from tests.laws.facts import GAAP, day, trade
from tests.laws.firm import Firm
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried

NAME = SHARE["instrument"]


def paid(event_id: str, on: int, amount: int, *, reference: str = "") -> facts.Row:
    """Return a row of dividend cash in cents, announced for the same day."""
    return {
        "event_id": event_id,
        "kind": "dividend",
        "date": day(on),
        "settled_date": day(on),
        "broker_account": "K1",
        "currency": "USD",
        "instrument": NAME,
        "amount": amount,
        "reference": reference,
    }


def firm(*cash: facts.Row) -> Firm:
    """Return a firm with 100 shares and two dividends of 0.50, both to be paid on the 20th day."""
    announced = [
        dividend(
            name, SHARE, ex=ex, pay=20, amount=(5, 1), withheld=("0", "0"), currency="USD", row=row
        )
        for row, (name, ex) in enumerate((("D1", 5), ("D2", 10)), start=2)
    ]
    held = [trade("T1", "buy", 100, price="10", held=SHARE, trade_date=day(1))]
    return Firm(GAAP, [SHARE], held, cash=list(cash), actions=announced)


def codes(booking: Booking) -> list[tuple[str, str]]:
    """Return code and event of each exception."""
    rows = booking.exceptions.to_pylist()
    return [(row["code"], row["event_id"]) for row in rows]


def test_cash_without_a_reference_pays_the_only_dividend_that_is_still_open() -> None:
    """The first is paid by its name two days before, so the second is the only open one left."""
    of = firm(paid("C1", 18, 5_000, reference="D1"), paid("C2", 20, 5_000))
    whole = book(of.events(), Carried(), terms=of.terms)
    assert codes(whole) == []
    assert whole.carried.entitlements.num_rows == 0
    first = book(between(of.events(), -5, 19), Carried(), terms=of.terms)
    second = book(between(of.events(), 19, 40), first.carried, terms=of.terms)
    assert codes(second) == []
    assert second.carried.entitlements.num_rows == 0


def test_cash_that_names_a_dividend_of_which_nothing_is_open_is_no_income() -> None:
    """Paid before the ex-date, or a second time, it waits: it would be income twice."""
    early, twice = paid("C1", 7, 5_000, reference="D2"), paid("C3", 22, 5_000, reference="D1")
    of = firm(early, paid("C2", 20, 5_000, reference="D1"), twice)
    booking = book(of.events(), Carried(), terms=of.terms)
    assert codes(booking) == [("DIVIDEND_DIFFERS", "C1"), ("DIVIDEND_DIFFERS", "C3")]
    messages = {row["message"] for row in booking.exceptions.to_pylist()}
    assert messages == {
        "D1: nothing of it is open there on that day",
        "D2: nothing of it is open there on that day",
    }
    assert booking.carried.entitlements["event_id"].to_pylist() == ["D2"]
