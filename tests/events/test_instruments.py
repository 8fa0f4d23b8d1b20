"""Looking up instruments by whole columns, and which fact of several counts."""

from __future__ import annotations

from typing import Any

from subledger.instruments import Held
from subledger.texts import Texts


def test_instruments_are_looked_up_by_columns_and_unknown_ones_give_nothing(books: Any) -> None:
    held = Held(books.known["instruments"])
    positions = held.positions(Texts.of(["COIN", "NOPE", "CRUDE", ""]))
    assert held.numbers("quantity_decimals", positions).tolist() == [8, 0, 0, 0]
    assert held.numbers("multiplier_mantissa", positions).tolist() == [1, 0, 1000, 0]
    assert held.texts("asset_class", positions).tolist() == ["crypto", "", "future", ""]
    assert held.flags("negative_price", positions).tolist() == [False, False, True, False]


def test_the_row_with_the_latest_start_counts_whatever_arrived_last(books: Any) -> None:
    books.add("instruments", {"name": "Two", "valid_from": "2026-02-01"})
    books.add("instruments", {"name": "One", "valid_from": "2026-01-01"})
    books.add("instruments", {"name": "Zero"})
    held = Held(books.known["instruments"])
    position = held.positions(Texts.of(["NEW"]))
    assert held.texts("name", position).tolist() == ["Two"]


def test_without_instruments_nothing_is_found(books: Any) -> None:
    held = Held(books.known["instruments"].slice(0, 0))
    assert held.positions(Texts.of(["ACME"])).tolist() == [-1]
    assert held.table.num_rows == 0
