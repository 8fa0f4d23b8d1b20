"""The terms under which the ledger text carries a lot: side, base unit cost, date and label.

A lot keeps its terms for life, in every month's file. What the unit cost leaves over stands on a
residue line, so the line's base amount is exact; over the life of a lot the residue sums to zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger import columns, numbers
from subledger.booking.naming_lots import chain_of
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
    after. A version of a pool is opened by the first entry that adds to it, and has the side and
    date of the first lot of its chain.
    """
    found = {opening.lot_id: opening for opening in _known_lots(month)}
    lines = _live_lines(month, live)
    in_entry: dict[int, set[str]] = {}
    for line in chain.from_iterable(lines.values()):
        in_entry.setdefault(line.seq, set()).add(line.lot_id)
    new = [lot_id for lot_id in lines if lot_id not in found]
    for lot_id in sorted(new, key=lambda lot_id: chain_of(lot_id)[1]):
        found[lot_id] = _version(lines[lot_id], in_entry, known=found) or _opened(lines[lot_id])
    return {lot_id: _terms(context, opening) for lot_id, opening in found.items()}


class _Opening(NamedTuple):
    """How a lot came into the books: units acquired, and their cost in base."""

    lot_id: str
    instrument: str
    short: bool
    opened_on: str
    quantity: int
    cost_base: int


class _LotLine(NamedTuple):
    """A line that carries a lot; of one lot in the order in which the first one opened it."""

    lot_id: str
    instrument: str
    activity_date: str
    seq: int
    quantity: int
    amount_base: int


def _known_lots(month: LedgerMonth) -> Iterator[_Opening]:
    wanted = ["lot_id", "instrument", "side", "opened_on", "opened", "cost_base"]
    rows = month.lots.select(wanted).to_pydict()
    for lot_id, instrument, side, day, opened, cost in zip(*rows.values(), strict=True):
        yield _Opening(lot_id, instrument, side == "short", day.isoformat(), opened, cost)


def _opened(lines: Sequence[_LotLine]) -> _Opening:
    first = lines[0]
    sign = 1 if first.quantity > 0 else -1
    return _Opening(
        first.lot_id,
        first.instrument,
        first.quantity < 0,
        first.activity_date,
        sign * first.quantity,
        sign * first.amount_base,
    )


def _version(
    lines: Sequence[_LotLine], in_entry: Mapping[int, set[str]], *, known: Mapping[str, _Opening]
) -> _Opening | None:
    """Return how a version of a pool came: with all that the entry which ended another one adds.

    None for a lot that is no version of an earlier one.
    """
    name, version = chain_of(lines[0].lot_id)
    for seq in dict.fromkeys(line.seq for line in lines):
        others = [(lot_id, *chain_of(lot_id)) for lot_id in in_entry[seq]]
        ended = [known[lot] for lot, of, number in others if of == name and number < version]
        if ended:
            first = min(ended, key=lambda opening: opening.opened_on)
            sign = -1 if first.short else 1
            own = [line for line in lines if line.seq == seq and sign * line.quantity > 0]
            return first._replace(
                lot_id=lines[0].lot_id,
                quantity=sign * sum(line.quantity for line in own),
                cost_base=sign * sum(line.amount_base for line in own),
            )
    return None


def _live_lines(month: LedgerMonth, live: Flags) -> dict[str, list[_LotLine]]:
    """Return the lines of each lot by date, those of the event it is named after first."""
    lines = month.lines.take(pa.array(np.flatnonzero(live)))
    seq = columns.numbers(lines, "seq")
    entry = entry_rows(month.entries, seq)
    lot_ids = columns.texts(lines, "lot_id")
    named = _named_after(lot_ids, columns.texts(month.entries, "event_id")[entry])
    dates = columns.days(month.entries, "accounting_date")[entry].astype(np.int64)
    order = np.lexsort((columns.numbers(lines, "line"), seq, ~named, dates))
    activity = columns.days(month.entries, "activity_date")[entry].astype(str)
    instrument = columns.texts(lines, "instrument")
    amounts = [columns.numbers(lines, name)[order].tolist() for name in ("quantity", "amount_base")]
    found: dict[str, list[_LotLine]] = {}
    rows = zip(
        lot_ids[order], instrument[order], activity[order], seq[order], *amounts, strict=True
    )
    for line in map(_LotLine._make, rows):
        found.setdefault(line.lot_id, []).append(line)
    return found


def _named_after(lot_ids: Texts, event_ids: Texts) -> Flags:
    return np.asarray(lot_ids == event_ids, dtype=bool)


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
