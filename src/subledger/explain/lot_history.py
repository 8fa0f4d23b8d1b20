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
from subledger.explain.actions import predecessor_of
from subledger.explain.lot_origins import lot_origin
from subledger.explain.lot_terms import NOTHING, Level, LotState, LotTerms
from subledger.explain.material import Material, Month, Row, rows_where
from subledger.explain.moves import Touched, moves_with
from subledger.explain.rates import rate_on
from subledger.numbers import mul_div, part_of, product
from subledger.tables import DATED_TRADES


@dataclass(frozen=True, slots=True)
class ReliefStep:
    """One relief (`row` of `tables.RELIEFS`), the lot before and after it."""

    row: Row
    before: LotState
    after: LotState


@dataclass(frozen=True, slots=True)
class MarkStep:
    """One mark (`row` of `tables.MARKS`): value of the open units, target, change.

    `value`, `cost` and their base amounts are positive; target and change debit positive.
    """

    row: Row
    month: Month
    before: LotState
    after: LotState
    quantity: int
    value: int
    value_base: int
    cost: int
    cost_base: int
    target: Level
    change: Level


@dataclass(frozen=True, slots=True)
class JoinStep:
    """The end of a lot: what is left of it moves to a pool's next version, or to its successor.

    Of its mark, too, a corporate action moves what is left; in a pool it is released.
    """

    by: Touched
    before: LotState
    after: LotState

    @property
    def released(self) -> Level:
        """Return what was left of the lot's mark."""
        return self.before.mark.less(self.before.released)


Step: TypeAlias = ReliefStep | MarkStep | JoinStep


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

    @property
    def joining(self) -> JoinStep | None:
        """Return the step with which the lot ended in another one, None where it did not."""
        return next((step for step in self.steps if isinstance(step, JoinStep)), None)

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


def require_history(material: Material, lot_id: str) -> LotHistory:
    """Return the history of a lot that is known to be in the months at hand."""
    history = lot_history(material, lot_id)
    if history is None:
        raise InvariantError(f"no month at hand has lot {lot_id}")
    return history


def lot_history(material: Material, lot_id: str) -> LotHistory | None:
    """Replay a lot through the months at hand; None where none of them has it."""
    if lot_id not in material.remembered:
        material.remembered[lot_id] = _replay(material, lot_id)
    found: LotHistory | None = material.remembered[lot_id]
    return found


def _replay(material: Material, lot_id: str) -> LotHistory | None:
    terms, state = lot_origin(material, lot_id)
    if terms is None:
        return None
    if terms.origin == "action" and terms.made_by is not None:
        state = _with_mark(material, terms, by=terms.made_by)
    steps: list[Step] = []
    joins = [
        (month, one)
        for month, one in moves_with(material, lot_id)
        if (move := one.move_of(lot_id)) is not None and move.quantity < 0
    ]
    for month in material.months:
        ends = [one for of_month, one in joins if of_month is month]
        for event in _events(material, month, terms=terms, joins=ends):
            step = _step(material, month, terms=terms, state=state, event=event)
            if step is not None:
                steps.append(step)
                state = step.after
    start = steps[0].before if steps else state
    return LotHistory(terms, start, steps)


def _with_mark(material: Material, terms: LotTerms, *, by: Touched) -> LotState:
    """Return a lot as an action left it: with the mark that its predecessor had left."""
    step = require_history(material, predecessor_of(by, terms.lot_id).lot_id).joining
    if step is None:
        raise InvariantError(f"{by.entry['entry_id']} ends no lot for {terms.lot_id}")
    if not step.before.marked_quantity:
        return LotState()
    return LotState(marked_quantity=terms.opened, mark=step.released)


def _step(
    material: Material, month: Month, *, terms: LotTerms, state: LotState, event: Row | Touched
) -> Step | None:
    if isinstance(event, Touched):
        return _join(terms, state, by=event)
    if "relief_id" in event:
        return _relieve(terms, state, row=event)
    return _mark(material, month, terms=terms, state=state, row=event)


def _events(
    material: Material, month: Month, *, terms: LotTerms, joins: Sequence[Touched]
) -> Iterator[Row | Touched]:
    """Yield what happens to a lot in a month; of a mark date, the mark comes last.

    A lot that is joined to a pool is relieved no more.
    """
    reliefs = in_processing_order(material, rows_where(month.reliefs, lot_id=terms.lot_id))
    leaving: list[Row | Touched] = [*reliefs, *joins]
    dates = [row["accounting_date"] for row in reliefs]
    dates += [one.entry["accounting_date"] for one in joins]
    marks = rows_where(month.marks, instrument=terms.instrument)
    for mark in sorted(marks, key=lambda row: row["mark_date"]):
        while leaving and dates[0] <= mark["mark_date"]:
            del dates[0]
            yield leaving.pop(0)
        if terms.recognised is None or terms.recognised <= mark["mark_date"]:
            yield mark
    yield from leaving


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
    after = _taken(terms, state, units=row["quantity"])
    carried = "cost" if terms.side == "long" else "proceeds"
    booked = (row[carried], row[f"{carried}_base"], row["mark_released"], row["mark_fx_released"])
    released = after.released.less(state.released)
    replayed = (
        after.relieved - state.relieved,
        after.relieved_base - state.relieved_base,
        released.price,
        released.fx,
    )
    if booked != replayed or not 0 < after.closed <= terms.opened:
        raise InvariantError(f"relief {row['relief_id']}: booked {booked}, replayed {replayed}")
    return ReliefStep(row, state, after)


def _taken(terms: LotTerms, state: LotState, *, units: int) -> LotState:
    """Return a lot after some of its units left."""
    closed, since = state.closed + units, state.since + units
    after = replace(
        state,
        closed=closed,
        since=since,
        relieved=part_of(terms.cost, closed, terms.opened),
        relieved_base=part_of(terms.cost_base, closed, terms.opened),
    )
    if state.marked_quantity:
        after = replace(after, released=state.mark.part(since, state.marked_quantity))
    return after


def _join(terms: LotTerms, state: LotState, *, by: Touched) -> JoinStep:
    after = _taken(terms, state, units=terms.opened - state.closed)
    move = by.move_of(terms.lot_id)
    replayed = (
        state.closed - terms.opened,
        state.relieved - terms.cost,
        state.relieved_base - terms.cost_base,
    )
    booked = (move.quantity, move.cost, move.cost_base) if move else ()
    if booked != replayed:
        raise InvariantError(f"lot {terms.lot_id}: moved {booked}, replayed {replayed}")
    return JoinStep(by, state, after)


def _mark(
    material: Material, month: Month, *, terms: LotTerms, state: LotState, row: Row
) -> MarkStep | None:
    """Return the mark of a lot on a date, None where it is closed by then, or has no rate."""
    quantity = terms.opened - state.closed
    rate = rate_on(material, terms.currency, on=row["mark_date"])
    if not quantity or rate is None:
        return None
    instrument = material.instrument(terms.instrument)
    shift = instrument["quantity_decimals"] + instrument["multiplier_scale"] + row["price_scale"]
    mantissa = row["price_mantissa"] * instrument["multiplier_mantissa"]
    value = product(quantity, mantissa, shift - material.units.decimals[terms.currency])
    value_base = rate.value(value)
    cost, cost_base = terms.cost - state.relieved, terms.cost_base - state.relieved_base
    sign = 1 if terms.side == "long" else -1
    local = sign * (value - cost)
    price = rate.value(local)
    if material.policy.fx_split == "acquisition_rate" and terms.cost:
        cost_sign = -1 if terms.cost < 0 else 1
        price = mul_div(local, cost_sign * terms.cost_base, abs(terms.cost))
    target = Level(local, price, sign * (value_base - cost_base) - price)
    change = target.less(state.mark.less(state.released))
    after = replace(state, marked_quantity=quantity, mark=target, released=NOTHING, since=0)
    return MarkStep(
        row=row,
        month=month,
        before=state,
        after=after,
        quantity=quantity,
        value=value,
        value_base=value_base,
        cost=cost,
        cost_base=cost_base,
        target=target,
        change=change,
    )
