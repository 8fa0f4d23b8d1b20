"""Corporate actions on lots: units change, and nothing else does.

20 to 40 examples each; the tolerance is zero.
"""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import UNNAMED, firms
from tests.laws.drawn_actions import lot_action, lot_actions
from tests.laws.facts import GAAP, day, instrument, trade
from tests.laws.firm import Firm
from tests.laws.reading import OWNER, by, lines_of
from tests.laws.test_time_cut import assert_same, between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.executors import Threads


@st.composite
def acted_firms(draw: st.DrawFn) -> Firm:
    """Draw a firm with dividends and with actions on its lots."""
    firm = draw(firms(methods=UNNAMED))
    return firm.but(actions=[*firm.actions, *draw(lot_actions(firm.held))])


@settings(max_examples=40)
@given(acted_firms(), st.lists(st.integers(0, 14), min_size=1, max_size=3, unique=True))
def test_time_is_cut_anywhere_with_actions_in_the_stream(firm: Firm, cuts: list[int]) -> None:
    """The time-cut law, tolerance zero: on an ex-date, before it and after it."""
    events, carried, parts = firm.events(), Carried(), []
    for start, end in pairwise([-500, *sorted(cuts), 500]):
        parts.append(book(between(events, start, end), carried, terms=firm.terms))
        carried = parts[-1].carried
    assert_same(parts, firm.booked())


@settings(max_examples=30)
@given(acted_firms())
def test_an_action_moves_cost_and_mark_and_changes_no_account_of_an_owner(firm: Firm) -> None:
    """Invariant 24, tolerance zero: every account of every owner is as before, in base and local.

    Where nothing but units changes, the cost of the lots that end is that of their successors.
    """
    lines = [one for one in lines_of(firm.booked()) if one["event_kind"] == "corporate_action"]
    assert by(lines, "seq", "account", *OWNER) == {}
    assert by(lines, "seq", "account", *OWNER, of="amount") == {}
    for line in lines:
        if line["quantity"] is not None:
            assert line["lot_id"]
            assert line["quantity"]


@settings(max_examples=30)
@given(acted_firms())
def test_lots_are_what_their_accounts_hold_after_any_actions(firm: Firm) -> None:
    """Invariant 28, tolerance zero: units and cost of open lots are the sums of their lines."""
    booked = firm.booked()
    lines = [one for one in lines_of(booked) if one["lot_id"] and one["quantity"] is not None]
    sign = {"long": 1, "short": -1}
    lots = booked.carried.lots.to_pylist()
    assert by(lines, "lot_id", "instrument", of="quantity") == {
        (lot["lot_id"], lot["instrument"]): sign[lot["side"]] * (lot["opened"] - lot["closed"])
        for lot in lots
    }
    assert by(lines, "lot_id") == {
        (lot["lot_id"],): cost
        for lot in lots
        if (cost := sign[lot["side"]] * (lot["cost_base"] - lot["relieved_base"]))
    }
    assert len({lot["lot_id"] for lot in lots}) == len(lots)


@settings(max_examples=20)
@given(acted_firms())
def test_several_workers_book_actions_to_the_same_bytes(firm: Firm) -> None:
    run = Threads(2, least=1)
    assert_same([book(firm.events(), Carried(), terms=firm.terms, executor=run)], firm.booked())


ACME = instrument("ACME")


def lots_after(*actions: dict[str, object], units: int = 100) -> list[tuple[object, ...]]:
    """Return id, units, cost and day of acquisition of the lots of a purchase at 66.30."""
    bought = trade("T1", "buy", units, price="66.30", held=ACME, trade_date=day(1))
    firm = Firm(GAAP, [ACME, instrument("NEWY")], trades=[bought], actions=actions)
    names = ("lot_id", "instrument", "opened", "cost", "opened_on")
    lots = firm.booked().carried.lots.select(names)
    return [tuple(row[name] for name in names) for row in lots.to_pylist()]


@pytest.mark.parametrize(
    ("kind", "ratio", "per", "units", "expected"),
    [
        # Posting model 2.4: 100 at 66.30, 2 for 1.
        ("split", "2", "1", 100, 200),
        ("reverse_split", "1", "3", 99, 33),
        ("stock_dividend", "0.1", "1", 400, 440),
    ],
)
def test_units_change_and_cost_and_day_of_acquisition_stay(
    kind: str, ratio: str, per: str, units: int, expected: int
) -> None:
    action = lot_action("A1", kind, "ACME", ex=3, ratio=ratio, per=per)
    assert lots_after(action, units=units) == [("T1#2", "ACME", expected, units * 6630, day(1))]


def test_what_is_bought_on_the_ex_date_is_not_entitled() -> None:
    action = lot_action("A1", "split", "ACME", ex=1, ratio="2")
    assert lots_after(action) == [("T1", "ACME", 100, 663_000, day(1))]


def test_an_instrument_meets_its_actions_after_the_lots_that_are_moved_into_it() -> None:
    renamed = lot_action("Z9", "symbol_change", "ACME", ex=3, new_instrument="NEWY")
    split = lot_action("A1", "split", "NEWY", ex=3, ratio="2")
    assert lots_after(renamed, split) == [("T1#3", "NEWY", 200, 663_000, day(1))]


def test_a_fraction_of_a_unit_is_an_exception_and_no_lot_changes() -> None:
    bought = trade("T1", "buy", 100, price="66.30", held=ACME, trade_date=day(1))
    action = lot_action("A1", "reverse_split", "ACME", ex=3, ratio="1", per="3")
    booked = Firm(GAAP, [ACME], trades=[bought], actions=[action]).booked()
    assert booked.exceptions["code"].to_pylist() == ["ACTION_FRACTION"]
    assert booked.carried.lots["lot_id"].to_pylist() == ["T1"]
    dropped = Firm(
        GAAP, [ACME], trades=[bought], actions=[action | {"cash_in_lieu_price": "0"}]
    ).booked()
    assert dropped.exceptions.num_rows == 0
    assert dropped.carried.lots["opened"].to_pylist() == [33]
