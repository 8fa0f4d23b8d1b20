"""Marks on lots: the unrealised gain set on mark dates and released by reliefs since.

A lot keeps one mark: the unrealised gain at its last mark date, and the units then open. Reliefs
release it cumulatively, like cost; the next mark posts the difference to its target. So marks
telescope: the path of marks in between changes no balance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from subledger.booking.trading import Traded, by_arrival, lot_facts, lot_recognised
from subledger.columns import Codes, Days, Texts, days, numbers, texts
from subledger.numbers import Int64Array, mul_div_columns, product_columns, subtract_columns
from subledger.tables import MARK_DATES


@dataclass(slots=True)
class LotMarks:
    """The marks of all lots while time passes; one row per lot, base currency, debit positive."""

    mark: Int64Array
    marked_quantity: Int64Array
    released: Int64Array
    since: Int64Array  # units relieved since the mark
    closed: Int64Array
    relieved_base: Int64Array


@dataclass(slots=True)
class Marked:
    """What marking gives: changes per (mark date, lot), releases per relief, and the marks left."""

    left: LotMarks
    date: list[Days] = field(default_factory=list)
    lot: list[Codes] = field(default_factory=list)
    change: list[Int64Array] = field(default_factory=list)
    released: Int64Array = field(default_factory=lambda: np.empty(0, np.int64))
    missing: list[tuple[np.datetime64, str, int]] = field(default_factory=list)
    stale: list[tuple[np.datetime64, str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of one mark date by instrument, with the multiplier folded in."""

    mantissa: Mapping[str, int]
    shift: Mapping[str, int]  # decimals of quantity and price less those of the base currency
    stale: frozenset[str]


def mark_lots(
    traded: Traded,
    marks: pa.Table,
    *,
    instruments: pa.Table,
    decimals: int,
    dates: pa.Table | None = None,
) -> Marked:
    """Set and release marks along the mark dates; a lot without a price is left as it is.

    The dates are those of MARKS and of MARK_DATES; `decimals` are those of the base currency.
    Missing and stale prices are listed with the cost of the open lots concerned.
    """
    state = _carried(traded)
    reliefs = traded.relieved.reliefs
    relief_date = days(traded.trades, "accounting_date")[traded.relieved.legs.trade[reliefs.leg]]
    marked = Marked(state, released=np.zeros(len(reliefs.lot), np.int64))
    done = 0
    stated = days(MARK_DATES.empty() if dates is None else dates, "mark_date")
    for mark_date in np.union1d(days(marks, "mark_date"), stated):
        upto = int(np.searchsorted(relief_date, mark_date, side="right"))
        _release(state, traded, released=marked.released, rows=slice(done, upto))
        done = upto
        prices = _prices(marks, mark_date, instruments=instruments, decimals=decimals)
        _mark(state, traded, marked=marked, on=mark_date, prices=prices)
    _release(state, traded, released=marked.released, rows=slice(done, len(reliefs.lot)))
    return marked


def _carried(traded: Traded) -> LotMarks:
    """Return the marks that the carried lots bring; new lots have none."""
    lots, count = traded.opening_lots, len(traded.relieved.lots.pool)

    def padded(values: Int64Array) -> Int64Array:
        return np.concatenate([values, np.zeros(count - len(values), np.int64)])

    still_open = numbers(lots, "opened") - numbers(lots, "closed")
    marked_quantity = numbers(lots, "marked_quantity")
    return LotMarks(
        mark=padded(numbers(lots, "mark")),
        marked_quantity=padded(marked_quantity),
        released=padded(numbers(lots, "mark_released")),
        since=padded(np.where(marked_quantity > 0, marked_quantity - still_open, 0)),
        closed=padded(numbers(lots, "closed")),
        relieved_base=padded(numbers(lots, "relieved_base")),
    )


def _release(state: LotMarks, traded: Traded, *, released: Int64Array, rows: slice) -> None:
    """Release marks for some reliefs, cumulatively per lot."""
    reliefs = traded.relieved.reliefs
    lot, quantity = reliefs.lot[rows], reliefs.quantity[rows]
    np.add.at(state.relieved_base, lot, reliefs.cost_base[rows])
    np.add.at(state.closed, lot, quantity)
    order = np.argsort(lot, kind="stable")
    by_lot = lot[order]
    so_far = np.cumsum(quantity[order])
    first = np.searchsorted(by_lot, by_lot, side="left")
    since = so_far - so_far[first] + quantity[order][first] + state.since[by_lot]
    whole = state.marked_quantity[by_lot]
    # A lot opened after the last mark has nothing to release.
    reached = np.where(
        whole > 0, mul_div_columns(state.mark[by_lot], since, np.maximum(whole, 1)), 0
    )
    before = np.concatenate([np.zeros(1, np.int64), reached[:-1]])[: len(reached)]
    is_first = first == np.arange(len(first))
    amounts = np.where(whole > 0, reached - np.where(is_first, state.released[by_lot], before), 0)
    part = np.empty(len(lot), np.int64)
    part[order] = amounts
    released[rows] = part
    np.add.at(state.released, lot, part)
    np.add.at(state.since, lot, quantity)


def _prices(marks: pa.Table, on: np.datetime64, *, instruments: pa.Table, decimals: int) -> Prices:
    rows = np.flatnonzero(days(marks, "mark_date") == on)
    part = marks.take(rows)
    position = {name: n for n, name in enumerate(texts(instruments, "instrument"))}
    where = np.array([position[name] for name in texts(part, "instrument")], np.intp)
    multiplier = numbers(instruments, "multiplier_mantissa")[where]
    shift = (
        numbers(instruments, "quantity_decimals")[where]
        + numbers(instruments, "multiplier_scale")[where]
        + numbers(part, "price_scale")
        - decimals
    )
    names = texts(part, "instrument")
    mantissa = mul_div_columns(numbers(part, "price_mantissa"), multiplier, 1)
    late = names[days(part, "price_date") < days(part, "session")]
    return Prices(
        dict(zip(names, mantissa.tolist(), strict=True)),
        dict(zip(names, shift.tolist(), strict=True)),
        frozenset(late),
    )


def _mark(
    state: LotMarks, traded: Traded, *, marked: Marked, on: np.datetime64, prices: Prices
) -> None:
    """Bring every open lot to its target: market value less cost, or cost less market value."""
    lots, owners = traded.relieved.lots, lot_facts(traded)
    order = by_arrival(lots)
    held = order[((lots.opened > state.closed) & (lot_recognised(traded) <= on))[order]]
    names: Texts = owners.instrument[held]
    cost = lots.cost_base[held] - state.relieved_base[held]
    _list_doubts(marked, on, names=names, cost=cost, prices=prices)
    priced = np.array([name in prices.mantissa for name in names], bool)
    held, names, cost = held[priced], names[priced], cost[priced]
    quantity = lots.opened[held] - state.closed[held]
    value = product_columns(
        quantity,
        np.array([prices.mantissa[name] for name in names], np.int64),
        np.array([prices.shift[name] for name in names], np.int64),
    )
    target = lots.side[held] * subtract_columns(value, cost)
    standing = subtract_columns(state.mark[held], state.released[held])
    change = subtract_columns(target, standing)
    state.mark[held], state.marked_quantity[held] = target, quantity
    state.released[held] = state.since[held] = 0
    moved = change != 0
    marked.date.append(np.full(int(moved.sum()), on, "datetime64[D]"))
    marked.lot.append(held[moved])
    marked.change.append(change[moved])


def _list_doubts(
    marked: Marked, on: np.datetime64, *, names: Texts, cost: Int64Array, prices: Prices
) -> None:
    for name in sorted(set(names)):
        at_risk = int(cost[names == name].sum())
        if name not in prices.mantissa:
            marked.missing.append((on, name, at_risk))
        elif name in prices.stale:
            marked.stale.append((on, name, at_risk))
