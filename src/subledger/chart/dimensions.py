"""The values of the dimensions by which rules are chosen, and what the engine knows by name.

An event is declared as an `EventKind` in the file of its family (`chart.families`); the tables
over all events are put together in `chart.measures`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from subledger.chart.linear import Form
from subledger.instruments import ASSET_CLASSES

Values: TypeAlias = Mapping[str, str]  # of one cell, by dimension

SIDES = ("long", "short")
EFFECTS = ("open", "close")
FEE_POLICIES = ("expense", "capitalise")
SAME_OR_OTHER = ("same", "other")  # than the currency of the event
EXCHANGES = ("buy", "sell")
ITEMS = ("amount", "traded", "fees")
DIRECTIONS = ("receive", "pay")
SETTLED = ("at_once", "later")
CASH_KINDS = (
    *("interest", "fee", "tax", "borrow_fee", "rebate", "dividend", "withholding"),
    *("funding", "reclaim", "claim"),
)
# What issuers do to the lots of holders; which of it is booked, the decision table says.
LOT_ACTIONS = (
    "split",
    "reverse_split",
    "stock_dividend",
    "cash_in_lieu",
    "spin_off",
    "stock_merger",
    "cash_merger",
    "cash_and_stock_merger",
    "return_of_capital",
    "rights_issue",
    "rights_exercise",
    "symbol_change",
    "delisting",
)
REVALUED = ("cash", "other", "unsettled", "entitlement")

# A trade is booked by one of these, an exchange of currencies by the second.
TRADE_EVENTS = ("trade", "fx_trade")
# What can become of an asset class. An event is booked only where the decision table books all of
# these in the cells of the class, for it would be booked in part otherwise; marks count only where
# a basis values positions.
HELD_EVENTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(ASSET_CLASSES, ("trade", "settlement", "opening_lot", "mark")),
    "fx_spot": ("fx_trade", "settlement"),
}
EVENTS_OF_VALUATION = frozenset({"mark"})

# Slots that the engine itself posts to: the contra of what is taken over, and the year-end close.
ENGINE_SLOTS = ("equity.opening", "equity.retained")
# What a rule of these events posts to `balance` stands on the account of the balance itself.
BALANCE_SLOT = "balance"
# What stands on accounts of these slots: foreign money, and the two sides of an exchange.
CASH_SLOT, FX_TRADING_SLOT = "cash", "fx.trading"


def always(*names: str) -> Callable[[Values], tuple[str, ...]]:
    """Return what gives the same names in every cell of an event."""
    return lambda _: names


def _nothing(_: Values) -> tuple[str, ...]:
    return ()


def _no_form(_: Values) -> Form:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """What the engine knows of one event.

    `dimensions` are those of its decision table with their values; without any it has one cell,
    the empty one. `narration` is what its narration may name in braces. `measures` and
    `identities` are those of a cell; an identity names its derived measure on the left and starts
    with `local: ` or `base: ` where it holds in one view only. `lot_cost` is what a lot line
    carries, empty where lot and event have one owner; `moved` what all lot lines carry of an event
    that moves it from lot to lot, where no sum could show what is missing. Lines of `item_measures`
    make an item that waits for its cash; lines of `lines_of_items` make or relieve items, which are
    revalued one by one; lines of the slot of FX trading do neither.
    """

    dimensions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    narration: tuple[str, ...]
    measures: Callable[[Values], tuple[str, ...]]
    identities: Callable[[Values], tuple[str, ...]] = _nothing
    lot_cost: Callable[[Values], Form] = _no_form
    moved: Callable[[Values], Form] = _no_form
    item_measures: tuple[str, ...] = ()
    lines_of_items: tuple[str, ...] = ()
    with_instrument: bool = False
    with_lots: bool = False
    # One entry concerns the lots of several owners, so that it has no owner of its own.
    of_many_owners: bool = False
    # What a rule posts to `balance` stands on the account of the balance itself.
    of_a_balance: bool = False
    # The engine posts it of its own accord: no import brings it, so that no exception could stand
    # for one that is not booked.
    of_the_engine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Events that belong together, and the measures whose lines are not in the event's currency.

    `currencies` names the currency of such a measure: `fee`, `settlement`, `traded`, or
    `base_only`, which has no local amount.
    """

    events: Mapping[str, EventKind]
    currencies: Mapping[str, str] = field(default_factory=dict)
