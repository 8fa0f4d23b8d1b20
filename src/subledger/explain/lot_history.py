"""The life of one tax lot, replayed step by step: each relief and each mark with its arithmetic.

A step that does not come out as it was booked raises InvariantError: nothing is explained away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeAlias

import pyarrow as pa

from subledger.booking.trading import processing_order
from subledger.errors import InvariantError
from subledger.explain.material import Material, Month, Row, rows_where
from subledger.numbers import part_of, product
from subledger.tables import DATED_TRADES


@dataclass(frozen=True, slots=True)
class LotTerms:
    """What a lot is: its side, owner, dates, and the units and cost of its opening.

    `origin` is trade or opening_lot; `recognised` is None for a lot that the first month began
    with, and `began` then names that month.
    """

    lot_id: str
    origin: str
    version: int
    side: str
    instrument: str
    currency: str
    owner: tuple[str, str, str]
    opened_on: date
    hold_from: date | None
    opened: int
    cost: int
    cost_base: int
    recognised: date | None = None
    began: str = ""


@dataclass(frozen=True, slots=True)
class LotState:
    """How far a lot has been relieved, and what its last mark left: `tables.LOTS` explains each."""

    closed: int = 0
    relieved: int = 0
    relieved_base: int = 0
    marked_quantity: int = 0
    mark: int = 0
    mark_released: int = 0
    since: int = 0  # units relieved since the mark


@dataclass(frozen=True, slots=True)
class ReliefStep:
    """One relief (`row` of `tables.RELIEFS`), the lot before and after it."""

    row: Row
    before: LotState
    after: LotState


@dataclass(frozen=True, slots=True)
class MarkStep:
    """One mark (`row` of `tables.MARKS`): value of the open units, target, change.

    `value`, `cost`, `target` and `change` are in base; target and change debit positive.
    """

    row: Row
    month: Month
    before: LotState
    after: LotState
    quantity: int
    value: int
    cost: int
    target: int
    change: int


Step: TypeAlias = ReliefStep | MarkStep


@dataclass(frozen=True, slots=True)
class LotHistory:
    """A lot through the months at hand."""

    terms: LotTerms
    start: LotState
    steps: Sequence[Step]

    @property
    def end(self) -> LotState:
        """Return the lot after its last step."""
        return self.steps[-1].after if self.steps else self.start

    def relief(self, relief_id: str) -> ReliefStep:
        """Return the step of a relief."""
        return next(
            step
            for step in self.steps
            if isinstance(step, ReliefStep) and step.row["relief_id"] == relief_id
        )

    def mark_on(self, on: date) -> MarkStep | None:
        """Return the step of a mark date, None where the lot was not marked then."""
        marks = (step for step in self.steps if isinstance(step, MarkStep))
        return next((step for step in marks if step.row["mark_date"] == on), None)


def lot_history(material: Material, lot_id: str) -> LotHistory | None:
    """Replay a lot through the months at hand; None where none of them has it."""
    terms, state = _origin(material, lot_id)
    if terms is None:
        return None
    steps: list[Step] = []
    for month in material.months:
        for event in _events(material, month, terms=terms):
            step = (
                _relieve(terms, state, row=event)
                if "relief_id" in event
                else _mark(material, month, terms=terms, state=state, row=event)
            )
            if step is not None:
                steps.append(step)
                state = step.after
    start = steps[0].before if steps else state
    return LotHistory(terms, start, steps)


def _origin(material: Material, lot_id: str) -> tuple[LotTerms | None, LotState]:
    """Return a lot as the first month began with it, or as it was opened later."""
    taken = [
        row
        for row in material.fact_rows("opening_lots", lot_id=lot_id)
        if row["basis"] in ("", material.policy.name)
    ]
    origin = "opening_lot" if taken else "trade"
    if material.months:
        first = material.months[0]
        for row in rows_where(first.lots_before, lot_id=lot_id):
            return _carried(row, origin, began=first.label), _carried_state(row)
    leg = 2 if origin == "trade" else 0
    for month, measures in material.rows("measures", event_kind=origin, event_id=lot_id, leg=leg):
        if origin == "opening_lot":
            return _terms(
                taken[-1], measures, origin=origin, recognised=taken[-1]["as_of"]
            ), LotState()
        version = measures["event_version"]
        fact = material.fact_rows("trades", trade_id=lot_id, version=version)[-1]
        entries = rows_where(
            month.entries, event_kind=origin, event_id=lot_id, event_version=version, leg=leg
        )
        on = entries[-1]["accounting_date"] if entries else fact["trade_date"]
        return _terms(fact, measures, origin=origin, recognised=on), LotState()
    return None, LotState()


def _carried(row: Row, origin: str, *, began: str) -> LotTerms:
    same = {
        name: row[name]
        for name in ("lot_id", "version", "side", "instrument", "currency", "opened_on")
    }
    amounts = {name: row[name] for name in ("hold_from", "opened", "cost", "cost_base")}
    return LotTerms(origin=origin, owner=owner_of(row), began=began, **same, **amounts)


def _carried_state(row: Row) -> LotState:
    names = ("closed", "relieved", "relieved_base", "marked_quantity", "mark", "mark_released")
    still_open, marked = row["opened"] - row["closed"], row["marked_quantity"]
    return LotState(
        **{name: row[name] for name in names}, since=marked - still_open if marked else 0
    )


def _terms(fact: Row, measures: Row, *, origin: str, recognised: date) -> LotTerms:
    return LotTerms(
        lot_id=measures["event_id"],
        origin=origin,
        version=measures["event_version"],
        side=measures["side"],
        instrument=fact["instrument"],
        currency=measures["currency"],
        owner=owner_of(fact),
        opened_on=fact["trade_date"] if origin == "trade" else fact["opened_on"],
        hold_from=fact.get("hold_from"),
        opened=measures["quantity"],
        cost=measures["cost"],
        cost_base=measures["cost_base"],
        recognised=recognised,
    )


def owner_of(row: Row) -> tuple[str, str, str]:
    """Return book, strategy and broker account of a row."""
    return row["book"], row["strategy"], row["broker_account"]


def _events(material: Material, month: Month, *, terms: LotTerms) -> Iterator[Row]:
    """Yield reliefs of a lot and marks of its instrument; reliefs of a mark date come first."""
    reliefs = in_processing_order(material, rows_where(month.reliefs, lot_id=terms.lot_id))
    marks = rows_where(month.marks, instrument=terms.instrument)
    for mark in sorted(marks, key=lambda row: row["mark_date"]):
        while reliefs and reliefs[0]["accounting_date"] <= mark["mark_date"]:
            yield reliefs.pop(0)
        if terms.recognised is None or terms.recognised <= mark["mark_date"]:
            yield mark
    yield from reliefs


def in_processing_order(material: Material, reliefs: Sequence[Row]) -> list[Row]:
    """Return reliefs of one lot in the order in which their trades met the lots."""
    trades: list[dict[str, Any]] = [
        material.fact_rows("trades", trade_id=row["trade_id"], version=row["version"])[-1]
        | {"accounting_date": row["accounting_date"]}
        for row in reliefs
    ]
    order = processing_order(pa.Table.from_pylist(trades, schema=DATED_TRADES.schema))
    return [reliefs[n] for n in order]


def _relieve(terms: LotTerms, state: LotState, *, row: Row) -> ReliefStep:
    taken = row["quantity"]
    closed, since = state.closed + taken, state.since + taken
    after = replace(
        state,
        closed=closed,
        since=since,
        relieved=part_of(terms.cost, closed, terms.opened),
        relieved_base=part_of(terms.cost_base, closed, terms.opened),
    )
    if state.marked_quantity:
        released = part_of(state.mark, since, state.marked_quantity)
        after = replace(after, mark_released=released)
    carried = "cost" if terms.side == "long" else "proceeds"
    booked = (row[carried], row[f"{carried}_base"], row["mark_released"])
    replayed = (
        after.relieved - state.relieved,
        after.relieved_base - state.relieved_base,
        after.mark_released - state.mark_released,
    )
    if booked != replayed or not 0 < closed <= terms.opened:
        raise InvariantError(f"relief {row['relief_id']}: booked {booked}, replayed {replayed}")
    return ReliefStep(row, state, after)


def _mark(
    material: Material, month: Month, *, terms: LotTerms, state: LotState, row: Row
) -> MarkStep | None:
    """Return the mark of a lot on a date, None where it is closed by then."""
    quantity = terms.opened - state.closed
    if not quantity:
        return None
    instrument = material.instrument(terms.instrument)
    shift = instrument["quantity_decimals"] + instrument["multiplier_scale"] + row["price_scale"]
    mantissa = row["price_mantissa"] * instrument["multiplier_mantissa"]
    value = product(quantity, mantissa, shift - material.units.decimals_of_base())
    cost = terms.cost_base - state.relieved_base
    target = value - cost if terms.side == "long" else cost - value
    change = target - (state.mark - state.mark_released)
    after = replace(state, marked_quantity=quantity, mark=target, mark_released=0, since=0)
    return MarkStep(row, month, state, after, quantity, value, cost, target, change)
