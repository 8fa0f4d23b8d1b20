"""Lots and P&L alone: the lot engine on the trades of a generated book, in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from subledger.lots.engine import AUTO, METHODS, Lots, Picks, Relieved, Trades
from subledger.lots.engines import relieve
from subledger.operations.bench_book import Generated, Whole

NAMED = "SPECIFIC"  # lots that the trade names: no generated trade names any
_YEAR_AND_DAY = 366  # from a day of January 2026


@dataclass(frozen=True, slots=True)
class Gains:
    """What relieving lots came to: the lots and, per closing leg, the gain in cents."""

    relieved: Relieved
    leg: Whole  # rows of the legs that close
    gain: Whole


def engine_trades(book: Generated, method: str) -> Trades:
    """Return the trades of a book as the lot engine takes them, fees not in cost."""
    count = len(book.quantity)
    nothing, gross = np.zeros(count, np.int64), book.gross
    days = book.traded.astype("datetime64[D]").astype(np.int64)
    _, pool = np.unique(book.instrument * book.recipe.books + book.book, return_inverse=True)
    columns = {
        "pool": pool.astype(np.int64),
        "direction": np.where(book.buys, 1, -1),
        "effect": np.full(count, AUTO, np.int64),
        "quantity": book.quantity,
        "gross": gross,
        "gross_base": gross,
        "fees": nothing,
        "fees_base": nothing,
        "ranking_fees": book.all_fees,
        "method": np.full(count, METHODS.index(method), np.int64),
        "name": np.arange(count, dtype=np.int64),
        "picks_from": np.zeros(count + 1, np.int64),
        "may_short": np.ones(count, bool),
        "traded_on": days,
        "long_from": days + _YEAR_AND_DAY,
    }
    return Trades(**{name: columns[name] for name in Trades._fields})


def lots_and_gains(trades: Trades) -> Gains:
    """Relieve lots from nothing and return them with the gain of each closing leg."""
    none = np.empty(0, np.int64)
    lots, picks = Lots(*(none for _ in Lots._fields)), Picks(*(none for _ in Picks._fields))
    relieved = relieve(lots, trades, picks=picks)
    legs, reliefs = relieved.legs, relieved.reliefs
    if not len(reliefs.leg):
        return Gains(relieved, none, none)
    starts = np.flatnonzero(np.diff(reliefs.leg, prepend=-1))
    leg = reliefs.leg[starts]
    cost = np.add.reduceat(reliefs.cost, starts)
    # A long gains what it sells for above its cost, a short what it was sold for above that.
    return Gains(relieved, leg, legs.side[leg] * (legs.gross[leg] - cost))
