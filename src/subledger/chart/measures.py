"""The engine's contract: events, the dimensions of their decision table, measures, identities.

An identity names its derived measure on the left. A fee measure is the positive part of that fee;
`rebate` is the sum of the negative parts, positive. Amounts of trades are positive; `realised_*`,
`fx_gain` and `difference` are gains; `mark_*` and `revaluation*` are debit-positive balances,
releases or changes of the account of the lot or item. `cost_moved` is what a lot received from
other lots of its pool, so that it sums to zero over an entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import TypeAlias

from subledger.chart.linear import Form, parse_identity, reduce
from subledger.instruments import ASSET_CLASSES
from subledger.tables import FEES, MEASURE_NAMES

Cell: TypeAlias = tuple[str, ...]  # one value per dimension of the event, in declared order

SIDES = ("long", "short")
EFFECTS = ("open", "close")
FEE_POLICIES = ("expense", "capitalise")
SAME_OR_OTHER = ("same", "other")  # than the currency of the event
EXCHANGES = ("buy", "sell")
ITEMS = ("amount", "traded", "fees")
DIRECTIONS = ("receive", "pay")
SETTLED = ("at_once", "later")
CASH_KINDS = ("interest", "fee", "tax", "borrow_fee", "rebate", "dividend", "withholding")
REVALUED = ("cash", "other", "unsettled", "entitlement")

# The decision table of each event: its dimensions and their values. An event without dimensions
# has one cell, the empty one.
EVENTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "trade": {
        "asset_class": ASSET_CLASSES,
        "side": SIDES,
        "effect": EFFECTS,
        "fees": FEE_POLICIES,
        "fee_currency": SAME_OR_OTHER,
        "settlement": SAME_OR_OTHER,
    },
    "fx_trade": {"side": EXCHANGES, "fee_currency": SAME_OR_OTHER},
    "settlement": {"asset_class": ASSET_CLASSES, "item": ITEMS, "direction": DIRECTIONS},
    "mark": {"asset_class": ASSET_CLASSES, "side": SIDES},
    "contribution": {"settled": SETTLED},
    "withdrawal": {"settled": SETTLED},
    "capital_settlement": {"direction": DIRECTIONS},
    "opening_lot": {"asset_class": ASSET_CLASSES, "side": SIDES},
    "cash": {"kind": CASH_KINDS, "direction": DIRECTIONS},
    "dividend": {"side": SIDES},
    "dividend_settlement": {"side": SIDES},
    "revaluation": {"of": REVALUED},
    "cash_relief": {},
    "fx_sweep": {},
}

# A trade is booked by one of these, an exchange of currencies by the second.
TRADE_EVENTS = ("trade", "fx_trade")
# The engine posts these of its own accord: no import brings them, so that no exception could stand
# for one that is not booked.
EVENTS_OF_THE_ENGINE = frozenset({"revaluation", "cash_relief", "fx_sweep"})

# Slots that the engine itself posts to: the contra of what is taken over, and the year-end close.
ENGINE_SLOTS = ("equity.opening", "equity.retained")
# What a rule of these events posts to `balance` stands on the account of the balance itself.
BALANCE_SLOT = "balance"
EVENTS_OF_A_BALANCE = frozenset({"revaluation", "cash_relief"})

# What stands on accounts of these slots: foreign money, and the two sides of an exchange.
CASH_SLOT, FX_TRADING_SLOT = "cash", "fx.trading"
# The measures whose lines make an item that waits for its cash; those through FX trading do not.
# Fees make one where they are in another currency than the trade.
_ITEMS_OF_TRADES = ("net", "settlement_net", "traded", "fees")
ITEM_MEASURES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(TRADE_EVENTS, _ITEMS_OF_TRADES),
    "dividend": ("net",),
    "capital_settlement": ("amount",),
}
# Lines of these measures make or relieve items, which are revalued one by one; those of the slot
# of FX trading are none.
LINES_OF_ITEMS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(TRADE_EVENTS, frozenset(_ITEMS_OF_TRADES)),
    "settlement": frozenset({"amount", "revaluation_released"}),
    "dividend": frozenset({"net"}),
    "dividend_settlement": frozenset({"net", "revaluation_released"}),
}

EVENTS_WITH_INSTRUMENT = frozenset(
    {
        *(*TRADE_EVENTS, "settlement", "mark", "opening_lot"),
        *("dividend", "dividend_settlement"),
    }
)
EVENTS_WITH_LOTS = frozenset({"trade", "mark", "opening_lot"})
# One entry marks the lots of several owners, so that it has no owner of its own.
EVENTS_OF_MANY_OWNERS = frozenset({"mark"})

# What the narration of an event may name in braces.
NARRATION: Mapping[str, tuple[str, ...]] = {
    "trade": ("trade_id", "instrument", "quantity", "price"),
    "fx_trade": ("trade_id", "instrument", "quantity", "price"),
    "settlement": ("trade_id", "instrument"),
    "mark": ("instrument", "date"),
    "contribution": ("memo", "reference"),
    "withdrawal": ("memo", "reference"),
    "capital_settlement": ("memo", "reference"),
    "opening_lot": ("lot_id", "instrument"),
    "cash": ("kind", "memo", "reference"),
    "dividend": ("event_id", "instrument", "quantity"),
    "dividend_settlement": ("event_id", "instrument"),
    "revaluation": ("account", "currency", "date"),
    "cash_relief": ("account", "currency", "event_id"),
    "fx_sweep": ("date",),
}

# The currency of a measure and of the lines that post it: `event`, or one of its own. A measure
# that is `base_only` has no local amount; its line stands in the event's currency with zero.
_OWN_CURRENCY = {
    **dict.fromkeys((*FEES, "rebate", "fees"), "fee"),
    "settlement_net": "settlement",
    "traded": "traded",
    **dict.fromkeys(
        (
            *("realised_fx", "mark_fx_released", "mark_fx_change"),
            *("fx_gain", "revaluation", "revaluation_released"),
        ),
        "base_only",
    ),
}
CURRENCY_OF: Mapping[str, str] = {name: _OWN_CURRENCY.get(name, "event") for name in MEASURE_NAMES}

_FEE_MEASURES = (*FEES, "rebate", "fees")
_FEES = f"fees = {' + '.join(FEES)} - rebate"

# The measures of events other than trades; nothing is withheld from what a short position owes.
_MEASURES: Mapping[str, tuple[str, ...]] = {
    "fx_trade": ("gross", *_FEE_MEASURES, "net", "traded"),
    "settlement": ("amount", "paid", "fx_gain", "revaluation_released"),
    "mark": ("mark_change", "mark_fx_change"),
    "contribution": ("amount",),
    "withdrawal": ("amount",),
    "capital_settlement": ("amount", "paid", "fx_gain"),
    "opening_lot": ("cost",),
    "cash": ("amount",),
    "dividend": ("gross", "withheld", "reclaimable", "net"),
    "dividend_settlement": ("net", "paid", "difference", "fx_gain", "revaluation_released"),
    "revaluation": ("revaluation",),
    "cash_relief": ("fx_gain",),
    "fx_sweep": ("amount",),
}
_RECEIVED = ("local: paid = amount", "base: fx_gain = paid - amount")
_PAID = ("local: paid = amount", "base: fx_gain = amount - paid")
_IDENTITIES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("settlement", "receive"): _RECEIVED,
    ("settlement", "pay"): _PAID,
    ("capital_settlement", "receive"): _RECEIVED,
    ("capital_settlement", "pay"): _PAID,
    ("dividend", "long"): ("net = gross - withheld - reclaimable",),
    ("dividend", "short"): ("net = gross",),
    ("dividend_settlement", "long"): (
        "local: paid = net + difference",
        "base: fx_gain = paid - net - difference",
    ),
    ("dividend_settlement", "short"): (
        "local: paid = net - difference",
        "base: fx_gain = net - paid - difference",
    ),
}


@dataclass(frozen=True, slots=True)
class CellContract:
    """What the engine guarantees in one cell: the measures that exist and their identities.

    `local` and `base` give each derived measure of that view as a form over free measures;
    `currencies` gives the currency of each measure, fees in the event's own where that is theirs.
    `lot_cost` is what a lot line of a trade carries: a lot may belong to another book, strategy or
    broker account than the trade, and `interbook_cost` is then that, and zero otherwise. It is
    empty for events that know one owner only.
    """

    measures: tuple[str, ...]
    identities: tuple[str, ...]
    local: Mapping[str, Form]
    base: Mapping[str, Form]
    currencies: Mapping[str, str]
    lot_cost: Form

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
    measures = _measures(event, values)
    merged = {"fee": "event"} if values.get("fee_currency") == "same" else {}
    lot_cost: Form = {}
    if event == "trade":
        opens = values["effect"] == "open"
        lot_cost = {"cost" if opens else "cost_relieved": 1, "cost_moved": 1 if opens else -1}
    return CellContract(
        measures=measures,
        identities=identities,
        local=_definitions(identities, view="local"),
        base=_definitions(identities, view="base"),
        currencies={name: merged.get(CURRENCY_OF[name], CURRENCY_OF[name]) for name in measures},
        lot_cost=lot_cost,
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
    values = values_of(event, cell)
    if event == "trade":
        return tuple(_trade_identities(values))
    if event == "fx_trade":
        return (_FEES, _net(values, buys=values["side"] == "buy"))
    way = values.get("direction", values.get("side", ""))
    return _IDENTITIES.get((event, way), ())


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


def _trade_identities(values: Mapping[str, str]) -> Iterator[str]:
    long, opens = values["side"] == "long", values["effect"] == "open"
    buys = opens == long  # opening a long and closing a short are buys
    yield _FEES
    yield _net(values, buys=buys)
    carried = "proceeds" if long and not opens else "cost"
    if values["fees"] == "capitalise":
        view = "" if values["fee_currency"] == "same" else "base: "
        yield f"{view}translated_fees = fees"
        yield f"{carried} = gross {'+' if buys else '-'} translated_fees"
    else:
        yield f"{carried} = gross"
    yield "cost_moved = 0"
    if not opens:
        gain = "proceeds - cost_relieved" if long else "cost_relieved - cost"
        yield f"local: realised_price = {gain}"
        yield f"base: realised_fx = {gain} - realised_price"


def _net(values: Mapping[str, str], *, buys: bool) -> str:
    """Return what is paid or received: fees in another currency are paid apart."""
    if values["fee_currency"] == "other":
        return "net = gross"
    return f"net = gross {'+' if buys else '-'} fees"


def _measures(event: str, values: Mapping[str, str]) -> tuple[str, ...]:
    if event == "trade":
        return tuple(_trade_measures(values))
    if event == "dividend" and values["side"] == "short":
        return ("gross", "net")
    return _MEASURES[event]


def _trade_measures(values: Mapping[str, str]) -> Iterator[str]:
    yield from ("gross", *_FEE_MEASURES)
    if values["fees"] == "capitalise":
        yield "translated_fees"
    yield "net"
    if values["settlement"] == "other":
        yield "settlement_net"
    closes = values["effect"] == "close"
    yield "proceeds" if closes and values["side"] == "long" else "cost"
    yield from ("cost_moved", *(("cost_relieved",) if closes else ()), "interbook_cost")
    if closes:
        yield from ("realised_price", "realised_fx")
    yield from ("mark_released", "mark_fx_released")


@cache  # the cells of an event share few sets of identities
def _definitions(identities: tuple[str, ...], *, view: str) -> Mapping[str, Form]:
    found: dict[str, Form] = {}
    for identity in identities:
        only, colon, rest = identity.partition(": ")
        if not colon or only == view:
            derived, form = parse_identity(rest if colon else identity)
            found[derived] = form
    return {derived: reduce(form, found) for derived, form in found.items()}
