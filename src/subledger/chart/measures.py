"""The engine's contract: events, the dimensions of their decision table, measures, identities.

An identity names its derived measure on the left. A fee measure is the positive part of that fee;
`rebate` is the sum of the negative parts, positive. Amounts of trades are positive; `realised_*`,
`fx_gain` and `difference` are gains; `mark_*` and `revaluation*` are debit-positive balances,
releases or changes of the account of the lot or item. `cost_moved` is what a lot received from
other lots of its pool, so that it sums to zero over an entry.

What is said of one event stands with its family (`chart.families`); here it is put together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TypeAlias

from subledger.chart.dimensions import (
    BALANCE_SLOT,
    CASH_KINDS,
    CASH_SLOT,
    ENGINE_SLOTS,
    EVENTS_OF_VALUATION,
    FEE_POLICIES,
    FX_TRADING_SLOT,
    HELD_EVENTS,
    SIDES,
    TRADE_EVENTS,
    EventKind,
)
from subledger.chart.families import FAMILIES
from subledger.chart.linear import Form, parse_identity, reduce
from subledger.tables import MEASURE_NAMES

__all__ = [
    "BALANCE_SLOT",
    "CASH_KINDS",
    "CASH_SLOT",
    "CURRENCY_OF",
    "ENGINE_SLOTS",
    "EVENTS",
    "EVENTS_OF_A_BALANCE",
    "EVENTS_OF_MANY_OWNERS",
    "EVENTS_OF_THE_ENGINE",
    "EVENTS_OF_VALUATION",
    "EVENTS_WITH_INSTRUMENT",
    "EVENTS_WITH_LOTS",
    "FEE_POLICIES",
    "FX_TRADING_SLOT",
    "HELD_EVENTS",
    "ITEM_MEASURES",
    "LINES_OF_ITEMS",
    "NARRATION",
    "SIDES",
    "TRADE_EVENTS",
    "Cell",
    "CellContract",
    "cell_of",
    "cells",
    "contract",
    "event_measures",
    "identities_of",
    "owner_definitions",
    "values_of",
]

Cell: TypeAlias = tuple[str, ...]  # one value per dimension of the event, in declared order

_KINDS: Mapping[str, EventKind] = {
    event: kind for family in FAMILIES for event, kind in family.events.items()
}
# The decision table of each event: its dimensions and their values. An event without dimensions
# has one cell, the empty one.
EVENTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    event: kind.dimensions for event, kind in _KINDS.items()
}
# What the narration of an event may name in braces.
NARRATION: Mapping[str, tuple[str, ...]] = {event: kind.narration for event, kind in _KINDS.items()}
# The measures whose lines make an item that waits for its cash; those through FX trading do not.
ITEM_MEASURES: Mapping[str, tuple[str, ...]] = {
    event: kind.item_measures for event, kind in _KINDS.items() if kind.item_measures
}
# Lines of these measures make or relieve items, which are revalued one by one; those of the slot
# of FX trading are none.
LINES_OF_ITEMS: Mapping[str, frozenset[str]] = {
    event: frozenset(kind.lines_of_items) for event, kind in _KINDS.items() if kind.lines_of_items
}
EVENTS_WITH_INSTRUMENT = frozenset(name for name, kind in _KINDS.items() if kind.with_instrument)
EVENTS_WITH_LOTS = frozenset(name for name, kind in _KINDS.items() if kind.with_lots)
EVENTS_OF_MANY_OWNERS = frozenset(name for name, kind in _KINDS.items() if kind.of_many_owners)
EVENTS_OF_A_BALANCE = frozenset(name for name, kind in _KINDS.items() if kind.of_a_balance)
EVENTS_OF_THE_ENGINE = frozenset(name for name, kind in _KINDS.items() if kind.of_the_engine)

# The currency of a measure and of the lines that post it: `event`, or one of its own. A measure
# that is `base_only` has no local amount; its line stands in the event's currency with zero.
_OWN_CURRENCY: Mapping[str, str] = {
    name: currency for family in FAMILIES for name, currency in family.currencies.items()
}
CURRENCY_OF: Mapping[str, str] = {name: _OWN_CURRENCY.get(name, "event") for name in MEASURE_NAMES}


@dataclass(frozen=True, slots=True)
class CellContract:
    """What the engine guarantees in one cell: the measures that exist and their identities.

    `local` and `base` give each derived measure of that view as a form over free measures;
    `currencies` gives the currency of each measure, fees in the event's own where that is theirs.
    `lot_cost` is what a lot line of a trade carries: a lot may belong to another book, strategy or
    broker account than the trade, and `interbook_cost` is then that, and zero otherwise. It is
    empty for events that know one owner only. `moved` is what the lot lines of an event carry that
    moves between lots alone, debit positive.
    """

    measures: tuple[str, ...]
    identities: tuple[str, ...]
    local: Mapping[str, Form]
    base: Mapping[str, Form]
    currencies: Mapping[str, str]
    lot_cost: Form
    moved: Form

    @property
    def two_owners(self) -> bool:
        """Return whether the lot may have another owner than the event."""
        return bool(self.lot_cost)


def cells(event: str) -> Iterator[Cell]:
    """Yield every cell of an event's decision table, in the declared order of its values."""
    return product(*EVENTS[event].values())


def cell_of(event: str, values: Mapping[str, str]) -> Cell:
    """Return the cell with the values given by dimension; KeyError where one is missing."""
    return tuple(values[dimension] for dimension in EVENTS[event])


def values_of(event: str, cell: Cell) -> Mapping[str, str]:
    """Return the values of a cell by dimension."""
    return dict(zip(EVENTS[event], cell, strict=True))


@cache
def contract(event: str, cell: Cell) -> CellContract:
    """Return the engine's contract in one cell of an event's decision table."""
    values = values_of(event, cell)
    identities = identities_of(event, cell)
    measures = _KINDS[event].measures(values)
    merged = {"fee": "event"} if values.get("fee_currency") == "same" else {}
    return CellContract(
        measures=measures,
        identities=identities,
        local=_definitions(identities, view="local"),
        base=_definitions(identities, view="base"),
        currencies={name: merged.get(CURRENCY_OF[name], CURRENCY_OF[name]) for name in measures},
        lot_cost=_KINDS[event].lot_cost(values),
        moved=_KINDS[event].moved(values),
    )


@cache
def event_measures(event: str) -> tuple[str, ...]:
    """Return every measure that exists in some cell of the event."""
    known = {name for cell in cells(event) for name in contract(event, cell).measures}
    return tuple(name for name in MEASURE_NAMES if name in known)


@cache
def identities_of(event: str, cell: Cell) -> tuple[str, ...]:
    """Return the identities of a cell as text, derived measure first.

    An identity that holds in one view only starts with `local: ` or `base: `.
    """
    return _KINDS[event].identities(values_of(event, cell))


def owner_definitions(contract_: CellContract, *, view: str, owner: str = "") -> Mapping[str, Form]:
    """Return a view's definitions with `interbook_cost` as it is for an owner.

    `owner` is empty where lot and trade have one owner; `lot` or `trade` is one of two. What a lot
    received from others is zero over the entry, but not for the owner of that lot.
    """
    known = contract_.local if view == "local" else contract_.base
    if not contract_.two_owners:
        return known
    if owner == "lot":
        known = {name: form for name, form in known.items() if name != "cost_moved"}
    return {**known, "interbook_cost": reduce(contract_.lot_cost, known) if owner else {}}


@cache  # the cells of an event share few sets of identities
def _definitions(identities: tuple[str, ...], *, view: str) -> Mapping[str, Form]:
    found: dict[str, Form] = {}
    for identity in identities:
        only, colon, rest = identity.partition(": ")
        if not colon or only == view:
            derived, form = parse_identity(rest if colon else identity)
            found[derived] = form
    return {derived: reduce(form, found) for derived, form in found.items()}
