"""The engine's contract: events, the dimensions of their decision table, measures, identities.

An identity names its derived measure on the left. A fee measure is the positive part of that fee;
`rebate` is the sum of the negative parts, positive. Amounts of trades are positive; `realised_*`
are gains; `mark_*` are debit-positive balances, releases or changes of the lot's mark account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TypeAlias

from subledger.chart.linear import Form, parse_identity, reduce
from subledger.instruments import ASSET_CLASSES
from subledger.tables import MEASURE_NAMES

Cell: TypeAlias = tuple[str, ...]  # one value per dimension of the event, in declared order

SIDES = ("long", "short")
EFFECTS = ("open", "close")
FEE_POLICIES = ("expense", "capitalise")
DIRECTIONS = ("receive", "pay")
SETTLED = ("at_once", "later")

# The decision table of each event: its dimensions and their values.
EVENTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "trade": {
        "asset_class": ASSET_CLASSES,
        "side": SIDES,
        "effect": EFFECTS,
        "fees": FEE_POLICIES,
    },
    "settlement": {"asset_class": ASSET_CLASSES, "direction": DIRECTIONS},
    "mark": {"asset_class": ASSET_CLASSES, "side": SIDES},
    "contribution": {"settled": SETTLED},
    "withdrawal": {"settled": SETTLED},
    "capital_settlement": {"direction": DIRECTIONS},
    "opening_lot": {"asset_class": ASSET_CLASSES, "side": SIDES},
}

# Slots that the engine itself posts to: the contra of what is taken over, and the year-end close.
ENGINE_SLOTS = ("equity.opening", "equity.retained")

EVENTS_WITH_INSTRUMENT = frozenset({"trade", "settlement", "mark", "opening_lot"})
EVENTS_WITH_LOTS = frozenset({"trade", "mark", "opening_lot"})
# One entry marks the lots of several owners, so that it has no owner of its own.
EVENTS_OF_MANY_OWNERS = frozenset({"mark"})

# What the narration of an event may name in braces.
NARRATION: Mapping[str, tuple[str, ...]] = {
    "trade": ("trade_id", "instrument", "quantity", "price"),
    "settlement": ("trade_id", "instrument"),
    "mark": ("instrument", "date"),
    "contribution": ("memo", "reference"),
    "withdrawal": ("memo", "reference"),
    "capital_settlement": ("memo", "reference"),
    "opening_lot": ("lot_id", "instrument"),
}

# Measures that exist in base only: their lines cannot stand in the event's currency.
BASE_MEASURES = frozenset(
    {"realised_fx", "mark_released", "mark_fx_released", "mark_change", "mark_fx_change"}
)

_FEE_MEASURES = (
    "commission",
    "exchange_fee",
    "clearing_fee",
    "regulatory_fee",
    "tax",
    "rebate",
    "fees",
)
_CLOSE_MEASURES = (
    "cost_relieved",
    "interbook_cost",
    "realised_price",
    "realised_fx",
    "mark_released",
    "mark_fx_released",
)
_FEES = "fees = commission + exchange_fee + clearing_fee + regulatory_fee + tax - rebate"

# Identities of a trade by (side, effect); a prefix names the one fee policy or view it holds in.
_TRADE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("long", "open"): (
        _FEES,
        "net = gross + fees",
        "expense: cost = gross",
        "capitalise: cost = gross + fees",
    ),
    ("short", "open"): (
        _FEES,
        "net = gross - fees",
        "expense: cost = gross",
        "capitalise: cost = gross - fees",
    ),
    ("long", "close"): (
        _FEES,
        "net = gross - fees",
        "expense: proceeds = gross",
        "capitalise: proceeds = gross - fees",
        "local: realised_price = proceeds - cost_relieved",
        "base: realised_fx = proceeds - cost_relieved - realised_price",
    ),
    ("short", "close"): (
        _FEES,
        "net = gross + fees",
        "expense: cost = gross",
        "capitalise: cost = gross + fees",
        "local: realised_price = cost_relieved - cost",
        "base: realised_fx = cost_relieved - cost - realised_price",
    ),
}


@dataclass(frozen=True, slots=True)
class CellContract:
    """What the engine guarantees in one cell: the measures that exist and their identities.

    `local` and `base` give each derived measure of that view as a form over free measures. With
    `two_owners` a relieved lot may belong to another book, strategy or broker account than the
    trade; `interbook_cost` is then the cost relieved, and zero otherwise.
    """

    measures: tuple[str, ...]
    identities: tuple[str, ...]
    local: Mapping[str, Form]
    base: Mapping[str, Form]
    two_owners: bool


def cells(event: str) -> Iterator[Cell]:
    """Yield every cell of an event's decision table, in the declared order of its values."""
    return product(*EVENTS[event].values())


def cell_of(event: str, values: Mapping[str, str]) -> Cell:
    """Return the cell with the values given by dimension; KeyError where one is missing."""
    return tuple(values[dimension] for dimension in EVENTS[event])


@cache
def contract(event: str, cell: Cell) -> CellContract:
    """Return the engine's contract in one cell of an event's decision table."""
    values = dict(zip(EVENTS[event], cell, strict=True))
    identities = identities_of(event, cell)
    return CellContract(
        measures=_measures(event, values),
        identities=identities,
        local=_definitions(identities, view="local"),
        base=_definitions(identities, view="base"),
        two_owners=values.get("effect") == "close",
    )


@cache
def event_measures(event: str) -> tuple[str, ...]:
    """Return every measure that exists in some cell of the event."""
    known = {name for cell in cells(event) for name in contract(event, cell).measures}
    return tuple(name for name in MEASURE_NAMES if name in known)


def identities_of(event: str, cell: Cell) -> tuple[str, ...]:
    """Return the identities of a cell as text, derived measure first.

    An identity that holds in one view only starts with `local: ` or `base: `.
    """
    if event != "trade":
        return ()
    values = dict(zip(EVENTS[event], cell, strict=True))
    found = []
    for identity in _TRADE[values["side"], values["effect"]]:
        policy, colon, rest = identity.partition(": ")
        if colon and policy in FEE_POLICIES:
            if policy == values["fees"]:
                found.append(rest)
        else:
            found.append(identity)
    return tuple(found)


def owner_definitions(
    contract_: CellContract, *, view: str, two_owners: bool
) -> Mapping[str, Form]:
    """Return a view's definitions with `interbook_cost` as it is with one or with two owners."""
    known = contract_.local if view == "local" else contract_.base
    if not contract_.two_owners:
        return known
    return {**known, "interbook_cost": {"cost_relieved": 1} if two_owners else {}}


def _measures(event: str, values: Mapping[str, str]) -> tuple[str, ...]:
    match event:
        case "trade":
            match values["side"], values["effect"]:
                case _, "open":
                    return ("gross", *_FEE_MEASURES, "net", "cost")
                case "long", _:
                    return ("gross", *_FEE_MEASURES, "net", "proceeds", *_CLOSE_MEASURES)
                case _:
                    return ("gross", *_FEE_MEASURES, "net", "cost", *_CLOSE_MEASURES)
        case "mark":
            return ("mark_change", "mark_fx_change")
        case "opening_lot":
            return ("cost",)
        case _:
            return ("amount",)


def _definitions(identities: tuple[str, ...], *, view: str) -> Mapping[str, Form]:
    found: dict[str, Form] = {}
    for identity in identities:
        only, colon, rest = identity.partition(": ")
        if not colon or only == view:
            derived, form = parse_identity(rest if colon else identity)
            found[derived] = form
    return {derived: reduce(form, found) for derived, form in found.items()}
