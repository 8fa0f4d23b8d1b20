"""Lot methods: they choose what is realised when, and never what is earned.

6 to 25 examples each, every method on each firm; a tolerance is stated with its law.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from hypothesis import given, settings
from tests.laws.books import UNNAMED, firms, for_any_firm
from tests.laws.facts import day
from tests.laws.firm import Firm
from tests.laws.flat import flattened, marked
from tests.laws.reading import by, lines_of, on_accounts, until
from tests.laws.test_profit import price_of_each

from subledger.booking.inputs import Booking
from subledger.numbers import to_text
from subledger.store.hashing import same

METHODS = sorted({*UNNAMED})
GAINS = {"4110", "4120", "4210", "4220"}


def by_method(firm: Firm, method: str) -> Firm:
    """Return the firm under one lot method, without an override of it."""
    overrides = [each for each in firm.policy.overrides if "lot_method" not in each.settings]
    return firm.under(lot_method=method, overrides=overrides)


def named_like(firm: Firm, method: str) -> Firm:
    """Return the firm under SPECIFIC, with the lots named that another method takes."""
    names: dict[str, list[str]] = defaultdict(list)
    for relief in by_method(firm, method).booked().reliefs.to_pylist():
        places = firm.held_as(relief["instrument"])["quantity_decimals"]
        units = to_text(relief["quantity"], places)
        names[relief["trade_id"]].append(f"{relief['lot_id']}:{units}")
    named = [trade | {"lots": ";".join(names[trade["trade_id"]])} for trade in firm.trades]
    return by_method(firm.but(trades=named), "SPECIFIC")


def open_lot_roundings(firm: Firm, booking: Booking) -> dict[str, Fraction]:
    """Return per instrument half a unit of its currency and half one in base for each open lot."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for lot in booking.carried.lots.to_pylist():
        found[lot["instrument"]] += (1 + firm.factor(lot["currency"], day(30))) / 2
    return found


@settings(max_examples=6)
@given(firms(), price_of_each)
def test_realised_and_unrealised_gains_together_do_not_depend_on_the_lot_method(
    drawn: Firm, at: dict[str, str]
) -> None:
    """Invariant 6, price and FX together, per instrument at a close.

    Each open lot is valued by itself: half a unit in its currency and half one in base for each.
    """
    firm = drawn.under(valuation="fair_value")
    firm = firm.but(marks=[*firm.marks, *marked(firm, at, day(30))])
    ways = [by_method(firm, method) for method in METHODS] + [named_like(firm, "LIFO")]
    first, *others = [
        (
            by(filter(on_accounts(GAINS), lines_of(each.booked())), "instrument"),
            open_lot_roundings(each, each.booked()),
        )
        for each in ways
    ]
    for gains, roundings in others:
        for instrument in {name for (name,) in (*gains, *first[0])}:
            apart = gains.get((instrument,), 0) - first[0].get((instrument,), 0)
            assert abs(apart) <= roundings[instrument] + first[1][instrument]


@settings(max_examples=6)
@given(firms(), price_of_each)
def test_realised_gains_do_not_depend_on_the_lot_method_once_flat(
    drawn: Firm, at: dict[str, str]
) -> None:
    """Invariant 7, tolerance zero: price and FX together, per instrument; nothing unrealised."""
    flat = flattened(by_method(drawn, "FIFO"), at)
    realised = []
    for method in METHODS:
        booking = by_method(flat, method).booked()
        assert booking.carried.lots.num_rows == 0
        lines = lines_of(booking)
        assert by(filter(on_accounts({"4210", "4220"}), lines), "instrument") == {}
        realised.append(by(filter(on_accounts({"4110", "4120"}), lines), "instrument"))
    assert all(gains == realised[0] for gains in realised)


@settings(max_examples=6)
@given(firms())
def test_naming_the_lots_that_a_method_takes_is_that_method(drawn: Firm) -> None:
    """Specific identification, tolerance zero: reliefs, lots and lines of LIFO, HIFO and LOFO."""
    for method in ("LIFO", "HIFO", "LOFO"):
        ours, theirs = by_method(drawn, method).booked(), named_like(drawn, method).booked()
        assert same(theirs.reliefs, ours.reliefs)
        assert same(theirs.carried.lots, ours.carried.lots)
        assert same(theirs.lines, ours.lines)


@for_any_firm
def test_every_gain_is_proceeds_less_cost_in_price_and_fx(firm: Firm) -> None:
    """Invariant 12, tolerance zero, under both splits: the price part at the rate that it names."""
    booking = firm.booked()
    cost = {
        leg["event_id"]: (leg["cost"], leg["cost_base"])
        for leg in booking.measures.to_pylist()
        if leg["effect"] == "open" or leg["event_kind"] == "opening_lot"
    }
    for relief in booking.reliefs.to_pylist():
        price, fx = relief["gain_price_base"], relief["gain_fx_base"]
        assert relief["gain"] == relief["proceeds"] - relief["cost"]
        assert price + fx == relief["gain_base"] == relief["proceeds_base"] - relief["cost_base"]
        on = relief["accounting_date"]
        local, base = cost.get(relief["lot_id"], (0, 0))
        if firm.policy.fx_split == "disposal_rate" or (relief["lot_id"] in cost and not local):
            assert price == firm.in_base(relief["gain"], relief["currency"], on)
        elif local:  # a version of a pool has the cost of many trades
            assert price == round(Fraction(relief["gain"] * base, local))


@settings(max_examples=6)
@given(firms())
def test_the_split_between_price_and_fx_changes_no_sum(firm: Firm) -> None:
    """Invariant 12, tolerance zero: realised per event; unrealised per instrument at the close."""
    last = max(firm.closes)
    ours, theirs = (
        (
            by(filter(on_accounts({"4110", "4120"}), lines), "event_id", "instrument"),
            by(filter(on_accounts({"4210", "4220"}), until(lines, last)), "instrument"),
        )
        for lines in (
            lines_of(firm.under(fx_split=split).booked())
            for split in ("disposal_rate", "acquisition_rate")
        )
    )
    assert theirs == ours
