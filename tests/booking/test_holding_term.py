"""The holding term: long from the first day on which more than one year has been held."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.booking.entries import SHARE, booked
from tests.laws.facts import trade

from subledger.booking.lot_facts import long_term_from


@pytest.mark.parametrize(
    ("acquired", "first_long_day"),
    [
        (date(2021, 3, 15), date(2022, 3, 16)),
        (date(2021, 12, 31), date(2023, 1, 1)),
        (date(2022, 1, 31), date(2023, 2, 1)),
        (date(2019, 2, 28), date(2020, 3, 1)),  # the year ends with the leap day
        (date(2020, 2, 28), date(2021, 3, 1)),  # held from the leap day; the next year has none
        (date(2020, 2, 29), date(2021, 3, 1)),
        (date(2023, 2, 28), date(2024, 3, 1)),
        (date(2023, 3, 1), date(2024, 3, 2)),
        (date(2024, 2, 29), date(2025, 3, 1)),
    ],
)
def test_the_term_is_long_from_the_day_after_one_year(acquired: date, first_long_day: date) -> None:
    """26 USC 1222: more than 1 year, the day of acquisition not counted."""
    found = long_term_from(np.array([acquired], "datetime64[D]"))
    assert found.astype(object).tolist() == [first_long_day]


def test_a_sale_is_long_term_on_that_day_and_short_term_the_day_before() -> None:
    booking = booked(
        trade("B", "buy", 2, price="10", held=SHARE, trade_date=date(2021, 9, 25)),
        trade("S1", "sell", 1, price="11", held=SHARE, trade_date=date(2022, 9, 25)),
        trade("S2", "sell", 1, price="11", held=SHARE, trade_date=date(2022, 9, 26)),
    )
    assert booking.reliefs["term"].to_pylist() == ["short", "long"]


def test_covering_a_short_is_short_term_however_long_it_was_open() -> None:
    booking = booked(
        trade("S", "sell", 1, price="10", held=SHARE, trade_date=date(2020, 1, 2)),
        trade("B", "buy", 1, price="9", held=SHARE, trade_date=date(2022, 9, 26)),
    )
    assert booking.reliefs["term"].to_pylist() == ["short"]


def test_a_lot_taken_over_is_held_from_the_day_that_is_stated() -> None:
    lot = {"as_of": date(2022, 9, 1), "lot_id": "L", "instrument": "AAA", "side": "long"}
    lot |= {"quantity": 1, "currency": "USD", "broker_account": "K1", "book": "B1"}
    lot |= {"strategy": "S1", "opened_on": date(2022, 8, 1), "hold_from": date(2021, 8, 1)}
    sale = trade("S", "sell", 1, price="9", held=SHARE, trade_date=date(2022, 9, 26))
    assert booked(sale, opening_lots=[lot]).reliefs["term"].to_pylist() == ["long"]
    plain = booked(sale, opening_lots=[lot | {"hold_from": None}])
    assert plain.reliefs["term"].to_pylist() == ["short"]
