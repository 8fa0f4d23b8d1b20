from __future__ import annotations

import pytest

from subledger.chart.measures import (
    ENGINE_SLOTS,
    EVENTS,
    NARRATION,
    cell_of,
    cells,
    contract,
    event_measures,
    identities_of,
    owner_definitions,
)
from subledger.tables import MEASURE_NAMES

LONG_SALE = ("equity", "long", "close", "capitalise")


def test_a_cell_names_its_values_in_the_order_of_the_dimensions() -> None:
    given = {"fees": "expense", "effect": "open", "side": "short", "asset_class": "etf"}
    assert cell_of("trade", given) == ("etf", "short", "open", "expense")
    assert len(list(cells("trade"))) == 88


def test_the_identities_of_a_capitalised_sale_are_those_declared() -> None:
    assert identities_of("trade", LONG_SALE) == (
        "fees = commission + exchange_fee + clearing_fee + regulatory_fee + tax - rebate",
        "net = gross - fees",
        "proceeds = gross - fees",
        "local: realised_price = proceeds - cost_relieved",
        "base: realised_fx = proceeds - cost_relieved - realised_price",
    )


@pytest.mark.parametrize("event", EVENTS)
def test_every_measure_is_a_column_and_every_identity_is_about_measures_of_its_cell(
    event: str,
) -> None:
    assert set(event_measures(event)) <= set(MEASURE_NAMES)
    for cell in cells(event):
        promised = contract(event, cell)
        for definitions in (promised.local, promised.base):
            assert set(definitions) <= set(promised.measures)
            for form in definitions.values():
                assert set(form) <= set(promised.measures) - set(definitions)


def test_every_measure_name_belongs_to_an_event() -> None:
    assert {name for event in EVENTS for name in event_measures(event)} == set(MEASURE_NAMES)


def test_only_closes_know_two_owners() -> None:
    two = {
        event: {cell for cell in cells(event) if contract(event, cell).two_owners}
        for event in EVENTS
    }
    assert two["trade"] == {cell for cell in cells("trade") if cell[2] == "close"}
    assert not any(two[event] for event in EVENTS if event != "trade")


def test_interbook_cost_is_nothing_with_one_owner_and_the_cost_relieved_with_two() -> None:
    promised = contract("trade", LONG_SALE)
    one = owner_definitions(promised, view="base", two_owners=False)
    two = owner_definitions(promised, view="base", two_owners=True)
    assert one["interbook_cost"] == {}
    assert two["interbook_cost"] == {"cost_relieved": 1}


def test_every_event_has_words_for_its_narration() -> None:
    assert NARRATION.keys() == EVENTS.keys()
    assert ENGINE_SLOTS == ("equity.opening", "equity.retained")
