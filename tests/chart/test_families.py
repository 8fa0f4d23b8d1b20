from __future__ import annotations

from collections import Counter

from subledger.chart.families import FAMILIES
from subledger.chart.measures import EVENTS, EVENTS_OF_VALUATION, HELD_EVENTS
from subledger.instruments import ASSET_CLASSES
from subledger.tables import MEASURE_NAMES


def test_an_event_belongs_to_one_family() -> None:
    count = Counter(event for family in FAMILIES for event in family.events)
    assert list(count) == list(EVENTS)
    assert set(count.values()) == {1}


def test_families_agree_on_the_currency_of_a_measure() -> None:
    stated = {item for family in FAMILIES for item in family.currencies.items()}
    names = [name for name, _ in stated]
    assert sorted(names) == sorted(set(names))
    assert set(names) <= set(MEASURE_NAMES)


def test_measures_of_items_are_known() -> None:
    kinds = [kind for family in FAMILIES for kind in family.events.values()]
    items = {name for kind in kinds for name in (*kind.item_measures, *kind.lines_of_items)}
    assert items <= set(MEASURE_NAMES)


def test_what_can_become_of_every_asset_class_is_said_in_known_events() -> None:
    assert set(HELD_EVENTS) == set(ASSET_CLASSES)
    assert {event for events in HELD_EVENTS.values() for event in events} <= set(EVENTS)
    assert set(EVENTS) >= EVENTS_OF_VALUATION
