"""The terms under which the ledger text carries a lot: side, base unit cost, date and label.

A lot keeps its terms for life, in every month's file. What the unit cost leaves over stands on a
residue line, so the line's base amount is exact; over the life of a lot the residue sums to zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger import columns, numbers
from subledger.columns import Flags, Texts
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_names import currency, quoted
from subledger.numbers import Int64Array

UNIT_DECIMALS = 8
# The reader computes with 28 digits; units times unit cost stays exact with room for the sums.
_DIGITS = 26


@dataclass(frozen=True, slots=True)
class LotTerms:
    """How the ledger names a lot: `text` is {unit cost BASE, opened date, "lot id"}."""

    short: bool
    unit: int
    scale: int
    text: str


def unit_cost(
    cost: int, quantity: int, *, decimals: int, quantity_decimals: int
) -> tuple[int, int]:
    """Return cost per unit as (mantissa, scale), rounded half even at up to 8 decimals.

    `cost` is in ledger units of `decimals`, `quantity` positive. A cost below zero gives zero, and
    so does one per unit that has more digits than can be multiplied exactly.
    """
    for scale in range(UNIT_DECIMALS, -1, -1):
        shift = scale - decimals + quantity_decimals
        try:
            unit = numbers.mul_div(
                max(cost, 0), 10 ** max(shift, 0), quantity * 10 ** max(-shift, 0)
            )
        except numbers.NumberOverflow:
            continue
        if len(str(unit)) + len(str(quantity)) <= _DIGITS:
            return _shorter(unit, scale, decimals=decimals)
    return 0, 0


def _shorter(unit: int, scale: int, *, decimals: int) -> tuple[int, int]:
    while scale > decimals and unit % 10 == 0:
        unit, scale = unit // 10, scale - 1
    return unit, scale


def residue(amount: int, decimals: int, *, weight: int, scale: int) -> tuple[int, int]:
    """Return amount - weight as (mantissa, scale), exactly and with as few decimals as it needs."""
    shared = max(decimals, scale)
    difference = amount * 10 ** (shared - decimals) - weight * 10 ** (shared - scale)
    return _shorter(difference, shared, decimals=decimals)


def lot_terms(context: LedgerContext, month: LedgerMonth, *, live: Flags) -> dict[str, LotTerms]:
    """Return the terms of every lot of the month's lines, by lot id.

    `live` says which lines carry a lot and are not cancelled. Terms come from `month.lots`, else
    from the line that opened the lot: the earliest, on one day that of the event the lot is named
    after.
    """
    terms = {lot_id: _terms(context, row) for lot_id, row in _known_lots(month)}
    for lot_id, row in _opened_lots(month, live):
        if lot_id not in terms:
            terms[lot_id] = _terms(context, row)
    return terms


@dataclass(frozen=True, slots=True)
class _Opening:
    lot_id: str
    instrument: str
    short: bool
    opened_on: str
    quantity: int
    cost_base: int


def _known_lots(month: LedgerMonth) -> Iterator[tuple[str, _Opening]]:
    wanted = ["lot_id", "instrument", "side", "opened_on", "opened", "cost_base"]
    rows = month.lots.select(wanted).to_pydict()
    for lot_id, instrument, side, day, opened, cost in zip(*rows.values(), strict=True):
        yield (
            lot_id,
            _Opening(lot_id, instrument, side == "short", day.isoformat(), opened, cost),
        )


def _opened_lots(month: LedgerMonth, live: Flags) -> Iterator[tuple[str, _Opening]]:
    """Yield each lot's opening line; of several candidates the first is the one that counts."""
    rows = np.flatnonzero(live)
    lines = month.lines.take(pa.array(rows))
    entry = entry_rows(month.entries, columns.numbers(lines, "seq"))
    lot_ids = columns.texts(lines, "lot_id")
    named = _named_after(lot_ids, columns.texts(month.entries, "event_id")[entry])
    dates = columns.days(month.entries, "accounting_date")[entry].astype(np.int64)
    order = np.lexsort(
        (columns.numbers(lines, "line"), columns.numbers(lines, "seq"), ~named, dates)
    )
    activity = columns.days(month.entries, "activity_date")[entry]
    quantity = columns.numbers(lines, "quantity")
    amount = columns.numbers(lines, "amount_base")
    instrument = columns.texts(lines, "instrument")
    for row in order:
        units = int(quantity[row])
        sign = 1 if units > 0 else -1
        yield (
            lot_ids[row],
            _Opening(
                lot_ids[row],
                instrument[row],
                units < 0,
                str(activity[row]),
                abs(units),
                sign * int(amount[row]),
            ),
        )


def _named_after(lot_ids: Texts, event_ids: Texts) -> Flags:
    pairs = zip(lot_ids, event_ids, strict=True)
    return np.array([lot.split("#")[0] == event for lot, event in pairs], dtype=bool)


def _terms(context: LedgerContext, lot: _Opening) -> LotTerms:
    unit, scale = unit_cost(
        lot.cost_base,
        lot.quantity,
        decimals=context.units.decimals_of_base(),
        quantity_decimals=context.units.quantity_decimals[lot.instrument],
    )
    price = f"{numbers.to_text(unit, scale)} {currency(context.units.base)}"
    return LotTerms(lot.short, unit, scale, f"{{{price}, {lot.opened_on}, {quoted(lot.lot_id)}}}")


def entry_rows(entries: pa.Table, seq: Int64Array) -> columns.Codes:
    """Return the row of ENTRIES of each seq."""
    known = columns.numbers(entries, "seq")
    order = np.argsort(known, kind="stable")
    return np.asarray(order[np.searchsorted(known[order], seq)], dtype=np.intp)


def signs(lot_ids: Texts, terms: Mapping[str, LotTerms]) -> Int64Array:
    """Return the sign of an opening of each lot: 1 long, -1 short."""
    return np.array([-1 if terms[lot].short else 1 for lot in lot_ids], dtype=np.int64)
