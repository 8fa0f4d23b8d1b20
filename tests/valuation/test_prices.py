"""The price of a mark date: the latest on or before it, and stale before the last session."""

from __future__ import annotations

from datetime import date

from tests.laws import facts

from subledger.tables import CORPORATE_ACTIONS, INSTRUMENTS, MARKS, PRICES
from subledger.valuation.prices import marks_on

FRIDAY, SATURDAY = date(2022, 9, 30), date(2022, 10, 1)
HELD = facts.table(
    INSTRUMENTS,
    [facts.instrument("AAA", exchange="XNYS", level=1), facts.instrument("BBB", level=2)],
)
SESSIONS = {(name, on): FRIDAY for name in ("XNYS", "") for on in (FRIDAY, SATURDAY)}


def row(instrument: str, on: date, mantissa: int, **rest: object) -> facts.Row:
    price = {"instrument": instrument, "date": on, "price_mantissa": mantissa, "price_scale": 2}
    return {**price, "version": 1, "currency": "USD", "source": "X", **rest}


def found(*rows: facts.Row, dates: tuple[date, ...] = (SATURDAY,)) -> list[tuple[object, ...]]:
    """Return mark date, instrument, price, its date, level and whether it is stale."""
    marks = marks_on(facts.table(PRICES, rows), dates, instruments=HELD, sessions=SESSIONS)
    assert marks.schema == MARKS.schema
    columns = ("mark_date", "instrument", "price_mantissa", "price_date", "level")
    return [
        (*(mark[name] for name in columns), mark["price_date"] < mark["session"])
        for mark in marks.to_pylist()
    ]


def test_the_latest_price_on_or_before_the_date_counts_whatever_the_order_of_rows() -> None:
    later = date(2022, 10, 2)
    rows = [row("AAA", later, 3), row("AAA", FRIDAY, 2), row("AAA", date(2022, 9, 1), 1)]
    assert found(*rows) == [(SATURDAY, "AAA", 2, FRIDAY, 1, False)]
    assert found(*rows[::-1]) == found(*rows)


def test_a_price_older_than_the_last_session_is_stale() -> None:
    thursday = date(2022, 9, 29)
    assert found(row("AAA", thursday, 1)) == [(SATURDAY, "AAA", 1, thursday, 1, True)]


def test_an_instrument_without_a_price_has_no_mark() -> None:
    assert found(row("AAA", SATURDAY, 1)) == [(SATURDAY, "AAA", 1, SATURDAY, 1, False)]
    assert found(row("AAA", date(2022, 10, 2), 1)) == []
    assert found() == []


def test_a_price_has_its_own_level_or_that_of_its_instrument() -> None:
    rows = [row("AAA", FRIDAY, 1, level=3), row("BBB", FRIDAY, 1)]
    assert [mark[4] for mark in found(*rows)] == [3, 2]


def test_every_date_has_marks_of_its_own_in_order() -> None:
    rows = [row("BBB", FRIDAY, 7), row("AAA", FRIDAY, 5), row("AAA", SATURDAY, 6)]
    assert [mark[:3] for mark in found(*rows, dates=(SATURDAY, FRIDAY))] == [
        (FRIDAY, "AAA", 5),
        (FRIDAY, "BBB", 7),
        (SATURDAY, "AAA", 6),
        (SATURDAY, "BBB", 7),
    ]


def test_a_price_of_before_a_split_values_nothing_from_the_ex_date_on() -> None:
    rows = [row("AAA", date(2022, 9, 29), 9), row("BBB", date(2022, 9, 29), 7)]
    split = {"kind": "split", "instrument": "AAA", "ex_date": FRIDAY}
    told = {"kind": "split", "instrument": "BBB", "ex_date": date(2022, 10, 2)}
    actions = facts.table(CORPORATE_ACTIONS, [split, told, {**told, "kind": "dividend"}])
    for more, expected in (([], ["BBB"]), ([row("AAA", FRIDAY, 5)], ["AAA", "BBB"])):
        prices = facts.table(PRICES, [*rows, *more])
        marks = marks_on(prices, (SATURDAY,), instruments=HELD, sessions=SESSIONS, actions=actions)
        assert marks["instrument"].to_pylist() == expected
