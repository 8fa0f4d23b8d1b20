from __future__ import annotations

import pytest

from subledger.chart.linear import parse_form, reduce
from subledger.chart.measures import (
    CURRENCY_OF,
    ENGINE_SLOTS,
    EVENTS,
    EVENTS_OF_A_BALANCE,
    EVENTS_OF_MANY_OWNERS,
    EVENTS_WITH_INSTRUMENT,
    EVENTS_WITH_LOTS,
    NARRATION,
    Cell,
    cell_of,
    cells,
    contract,
    event_measures,
    identities_of,
    owner_definitions,
    values_of,
)
from subledger.tables import FEES, MEASURE_NAMES

ALL_FEES = "fees = commission + exchange_fee + clearing_fee + regulatory_fee + tax - rebate"
LONG_SALE = ("equity", "long", "close", "capitalise", "same", "same")
ALL_CELLS = [(event, cell) for event in EVENTS for cell in cells(event)]


def test_a_cell_names_its_values_in_the_order_of_the_dimensions() -> None:
    given = {
        "settlement": "other",
        "fee_currency": "same",
        "fees": "expense",
        "effect": "open",
        "side": "short",
        "asset_class": "etf",
    }
    cell = ("etf", "short", "open", "expense", "same", "other")
    assert cell_of("trade", given) == cell
    assert values_of("trade", cell) == given
    assert len(list(cells("trade"))) == 352
    assert (list(cells("fx_sweep")), cell_of("fx_sweep", {})) == ([()], ())


@pytest.mark.parametrize(
    ("cell", "identities"),
    [
        (
            LONG_SALE,
            (
                *(ALL_FEES, "net = gross - fees", "translated_fees = fees"),
                *("proceeds = gross - translated_fees", "cost_moved = 0"),
                "local: realised_price = proceeds - cost_relieved",
                "base: realised_fx = proceeds - cost_relieved - realised_price",
            ),
        ),
        (
            ("etf", "short", "close", "capitalise", "other", "other"),
            (
                *(ALL_FEES, "net = gross", "base: translated_fees = fees"),
                *("cost = gross + translated_fees", "cost_moved = 0"),
                "local: realised_price = cost_relieved - cost",
                "base: realised_fx = cost_relieved - cost - realised_price",
            ),
        ),
        (
            ("equity", "long", "open", "expense", "same", "other"),
            (ALL_FEES, "net = gross + fees", "cost = gross", "cost_moved = 0"),
        ),
        (
            ("equity", "short", "open", "capitalise", "same", "same"),
            (
                *(ALL_FEES, "net = gross - fees", "translated_fees = fees"),
                *("cost = gross - translated_fees", "cost_moved = 0"),
            ),
        ),
    ],
)
def test_the_identities_of_a_trade_are_those_declared(
    cell: Cell, identities: tuple[str, ...]
) -> None:
    assert identities_of("trade", cell) == identities


@pytest.mark.parametrize(
    ("event", "cell", "identities"),
    [
        ("fx_trade", ("buy", "same"), (ALL_FEES, "net = gross + fees")),
        ("fx_trade", ("sell", "same"), (ALL_FEES, "net = gross - fees")),
        ("fx_trade", ("sell", "other"), (ALL_FEES, "net = gross")),
        (
            "settlement",
            ("equity", "amount", "receive"),
            ("local: paid = amount", "base: fx_gain = paid - amount"),
        ),
        (
            "settlement",
            ("fx_spot", "traded", "pay"),
            ("local: paid = amount", "base: fx_gain = amount - paid"),
        ),
        (
            "capital_settlement",
            ("pay",),
            ("local: paid = amount", "base: fx_gain = amount - paid"),
        ),
        ("dividend", ("long",), ("net = gross - withheld - reclaimable",)),
        ("dividend", ("short",), ("net = gross",)),
        (
            "dividend_settlement",
            ("long",),
            ("local: paid = net + difference", "base: fx_gain = paid - net - difference"),
        ),
        (
            "dividend_settlement",
            ("short",),
            ("local: paid = net - difference", "base: fx_gain = net - paid - difference"),
        ),
        ("cash", ("interest", "pay"), ()),
        ("fx_sweep", (), ()),
    ],
)
def test_the_identities_of_other_events_are_those_declared(
    event: str, cell: Cell, identities: tuple[str, ...]
) -> None:
    assert identities_of(event, cell) == identities


@pytest.mark.parametrize("event", EVENTS)
def test_every_measure_is_a_column_and_every_identity_is_about_measures_of_its_cell(
    event: str,
) -> None:
    assert set(event_measures(event)) <= set(MEASURE_NAMES)
    for cell in cells(event):
        promised = contract(event, cell)
        assert len(set(promised.measures)) == len(promised.measures)
        for definitions in (promised.local, promised.base):
            assert set(definitions) <= set(promised.measures)
            for form in definitions.values():
                assert set(form) <= set(promised.measures) - set(definitions)


def test_every_measure_name_belongs_to_an_event() -> None:
    assert {name for event in EVENTS for name in event_measures(event)} == set(MEASURE_NAMES)


def test_a_measure_exists_only_where_it_can_have_an_amount() -> None:
    for cell in cells("trade"):
        values, known = values_of("trade", cell), contract("trade", cell).measures
        assert ("translated_fees" in known) == (values["fees"] == "capitalise")
        assert ("settlement_net" in known) == (values["settlement"] == "other")
        assert ("realised_fx" in known) == (values["effect"] == "close")
        assert ("cost" in known) != ("proceeds" in known)
    assert "withheld" not in contract("dividend", ("short",)).measures


def test_each_measure_has_one_currency_and_fees_that_of_the_event_where_they_are_in_it() -> None:
    assert CURRENCY_OF.keys() == set(MEASURE_NAMES)
    own = {name: currency for name, currency in CURRENCY_OF.items() if currency != "event"}
    assert own == {
        **dict.fromkeys((*FEES, "rebate", "fees"), "fee"),
        "settlement_net": "settlement",
        "traded": "traded",
        **dict.fromkeys(("realised_fx", "mark_fx_released", "mark_fx_change"), "base_only"),
        "mark_fx_moved": "base_only",
        **dict.fromkeys(("fx_gain", "revaluation", "revaluation_released"), "base_only"),
    }
    for event, cell in ALL_CELLS:
        currencies = contract(event, cell).currencies
        assert currencies.keys() == set(contract(event, cell).measures)
        other = values_of(event, cell).get("fee_currency") == "other"
        assert ("fee" in currencies.values()) == other
        for name, currency in currencies.items():
            expected = CURRENCY_OF[name] if CURRENCY_OF[name] != "fee" or other else "event"
            assert currency == expected


def test_no_identity_mixes_currencies_in_local() -> None:
    for event, cell in ALL_CELLS:
        promised = contract(event, cell)
        for derived, form in promised.local.items():
            currencies = {promised.currencies[name] for name in (derived, *form)}
            assert len(currencies) == 1, (event, cell, derived)


def test_only_trades_know_two_owners() -> None:
    assert {event for event, cell in ALL_CELLS if contract(event, cell).two_owners} == {"trade"}
    assert all(contract("trade", cell).two_owners for cell in cells("trade"))


@pytest.mark.parametrize(
    ("effect", "lot_cost"), [("open", "cost + cost_moved"), ("close", "cost_relieved - cost_moved")]
)
def test_interbook_cost_is_nothing_with_one_owner_and_what_the_lot_carries_with_two(
    effect: str, lot_cost: str
) -> None:
    """An opening lot gets its cost and what moves into it; a relieved one gives up its cost."""
    promised = contract("trade", ("equity", "long", effect, "expense", "same", "same"))
    one, lot, trade = (
        owner_definitions(promised, view="base", owner=owner) for owner in ("", "lot", "trade")
    )
    assert (one["interbook_cost"], one["cost_moved"]) == ({}, {})
    assert "cost_moved" not in lot
    assert lot["interbook_cost"] == reduce(parse_form(lot_cost), lot)
    assert trade["interbook_cost"] == reduce(parse_form(lot_cost.split(maxsplit=1)[0]), trade)
    for forms in (one, lot, trade):
        assert all(not set(form) & set(forms) for form in forms.values())


def test_every_event_has_words_for_its_narration() -> None:
    assert NARRATION.keys() == EVENTS.keys()
    assert ENGINE_SLOTS == ("equity.opening", "equity.retained")


def test_every_event_with_an_asset_class_has_an_instrument_and_what_has_lots_too() -> None:
    classes = {event for event, dimensions in EVENTS.items() if "asset_class" in dimensions}
    assert classes | EVENTS_WITH_LOTS <= EVENTS_WITH_INSTRUMENT < set(EVENTS)
    assert EVENTS_OF_MANY_OWNERS < EVENTS_WITH_LOTS
    assert not EVENTS_OF_A_BALANCE & EVENTS_WITH_INSTRUMENT
