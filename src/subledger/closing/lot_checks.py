"""Tie-outs of tax lots: units, cost, realised and unrealised gains against the ledger."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from subledger.closing.closed import Closed
from subledger.closing.comparing import (
    Check,
    Figures,
    Places,
    accounts_of,
    balances_on,
    compare,
    places,
)
from subledger.closing.tally import OF_LOTS
from subledger.columns import numbers, texts
from subledger.numbers import Int64Array, add_columns, exact_sum, subtract_columns

_POSITION = ("book", "strategy", "broker_account", "instrument")


def lots_are_positions(closed: Closed) -> Check:
    """Check that open lots are the units on the lot accounts, per book, strategy and broker."""
    lots, held = closed.lots, closed.closing
    units = _sign(lots) * (numbers(lots, "opened") - numbers(lots, "closed"))
    owned = numbers(held, "quantity")
    differences, compared = compare(
        [_units(places(lots, _POSITION), units)], [_units(places(held, _POSITION), owned)]
    )
    return Check(
        "LOTS-UNITS",
        "Open lots = positions of the ledger, each book, strategy, broker account and instrument",
        exact_sum(units),
        exact_sum(owned),
        compared,
        unit="quantity",
        differences=differences,
    )


def _units(place: Places, units: Int64Array) -> Figures:
    return Figures(place, units, np.zeros(len(units), np.int64))


def _sign(lots: pa.Table) -> Int64Array:
    return np.where(texts(lots, "side") == "long", 1, -1).astype(np.int64)


def _left(lots: pa.Table, pairs: tuple[tuple[str, str], ...]) -> Int64Array:
    """Return the sum of columns, each less what was relieved or released of it."""
    parts = [subtract_columns(numbers(lots, name), numbers(lots, gone)) for name, gone in pairs]
    total = np.zeros(lots.num_rows, np.int64)
    for part in parts:
        total = add_columns(total, part)
    return total


def lot_cost_is_ledger_cost(closed: Closed) -> Check:
    """Check that open cost of the lots is the balance of the lot accounts, per instrument."""
    accounts = accounts_of(closed.chart, "trade", measures=["cost_relieved"])
    accounts &= {n for n, a in closed.chart.accounts.items() if "lot" in a.required}
    lots, sign = closed.lots, _sign(closed.lots)
    cost = Figures(
        places(lots, OF_LOTS),
        sign * _left(lots, (("cost", "relieved"),)),
        sign * _left(lots, (("cost_base", "relieved_base"),)),
    )
    return _tied(
        "LOTS-COST",
        "Cost of open lots = balance of the lot accounts, each instrument",
        left=cost,
        right=balances_on(closed.closing, accounts, by=OF_LOTS),
    )


def realised_is_ledger(closed: Closed) -> Check:
    """Check the gains of the period's reliefs against the realised accounts, per instrument.

    Gains of other slots may stand on these accounts as well: those on money and manual journals.
    """
    posted = closed.tally.realised
    return _tied(
        "REALISED",
        "Realised report = realised accounts of the ledger, each instrument",
        left=closed.tally.gains,
        right=Figures(posted.place, -posted.local, -posted.base),
    )


def unrealised_is_ledger(closed: Closed) -> Check:
    """Check the marks of open lots against the mark accounts, per instrument."""
    accounts = accounts_of(closed.chart, "mark", measures=["mark_change", "mark_fx_change"], sign=1)
    lots = closed.lots
    marks = Figures(
        places(lots, OF_LOTS),
        _left(lots, (("mark_local", "mark_local_released"),)),
        _left(lots, (("mark", "mark_released"), ("mark_fx", "mark_fx_released"))),
    )
    return _tied(
        "UNREALISED",
        "Unrealised report = mark accounts of the ledger, each instrument",
        left=marks,
        right=balances_on(closed.closing, accounts, by=OF_LOTS),
    )


def _tied(name: str, description: str, *, left: Figures, right: Figures) -> Check:
    differences, compared = compare([left], [right])
    return Check(name, description, left.total, right.total, compared, differences=differences)
