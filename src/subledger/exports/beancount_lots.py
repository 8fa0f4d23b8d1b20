"""The terms under which the ledger text carries a lot: side, base unit cost, date and label.

A lot keeps its terms for life, in every month's file. What the unit cost leaves over stands on a
residue line, so the line's base amount is exact; over the life of a lot the residue sums to zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns
from subledger.booking.naming_lots import chain_of, chains_of
from subledger.columns import Codes, Days, Flags, Texts
from subledger.exports.beancount_bytes import day_texts, quoted_texts, scaled_texts
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_names import currency
from subledger.exports.beancount_units import unit_costs
from subledger.numbers import Int64Array


@dataclass(frozen=True, slots=True)
class LotTerms:
    """How the ledger names each lot: by unit cost in base, the day it was opened, and its id."""

    lot_ids: Texts
    short: Flags
    opened_on: Days
    unit: Int64Array
    scale: Int64Array

    def rows_of(self, lot_ids: Texts) -> Int64Array:
        """Return the row of each lot; every one is known."""
        return columns.rows_named(lot_ids, among=self.lot_ids)

    def opened_by(self, day: date | None) -> Flags:
        """Say for each lot whether it was opened up to a day, if there is one."""
        return np.asarray(self.opened_on <= np.datetime64(day or date.min, "D"), dtype=bool)

    def prices(self, rows: Int64Array, base: str) -> pa.StringArray:
        """Return the unit cost of some lots as text, with the currency."""
        price = scaled_texts(self.unit[rows], self.scale[rows])
        return pc.binary_join_element_wise(price, currency(base), " ")

    def texts_of(self, rows: Int64Array, base: str, *, without: Flags) -> pa.StringArray:
        """Return {unit cost BASE, day, "lot id"} of some lots; of those `without`, @ unit cost."""
        price = self.prices(rows, base)
        opened = day_texts(self.opened_on[rows]).plain()
        label = quoted_texts(self.lot_ids[rows].plain())
        full = pc.binary_join_element_wise("{", price, ", ", opened, ", ", label, "}", "")
        if not without.any():
            return full
        return pc.if_else(pa.array(without), pc.binary_join_element_wise("@ ", price, ""), full)


def lot_terms(context: LedgerContext, month: LedgerMonth, *, live: Flags) -> LotTerms:
    """Return the terms of every lot of the month's lines.

    `live` says which lines carry a lot and are not cancelled. Terms come from `month.lots`, else
    from the line that opened the lot: the earliest, on one day that of the event the lot is named
    after. A version of a pool is opened by the first entry that adds to it, and has the side and
    date of the first lot of its chain.
    """
    lines = _LotLines.of(month, np.flatnonzero(live))
    named = columns.rows_named(lines.lot_ids, among=columns.texts(month.lots, "lot_id"))
    fresh = np.flatnonzero(named < 0)
    first, ids = _opening_rows(lines, fresh)
    found = _joined([_known(month), _opened(lines, first, ids=ids)])
    found = _with_versions(found, lines, new=fresh)
    places = found.instrument.looked_up(context.units.quantity_decimals)
    unit, scale = unit_costs(
        found.cost_base,
        found.quantity,
        decimals=context.units.decimals_of_base(),
        quantity_decimals=places,
    )
    return LotTerms(found.lot_ids, found.short, found.opened_on, unit, scale)


class _Openings(NamedTuple):
    """How lots came into the books: units acquired, and their cost in base."""

    lot_ids: Texts
    instrument: Texts
    short: Flags
    opened_on: Days
    quantity: Int64Array
    cost_base: Int64Array


@dataclass(frozen=True, slots=True)
class _LotLines:
    """Lines that carry a lot, by entry and line."""

    lot_ids: Texts
    instrument: Texts
    seq: Int64Array
    entry: Codes
    quantity: Int64Array
    amount_base: Int64Array
    event_ids: Texts  # of every entry
    booked_on: Int64Array
    activity: Days

    @classmethod
    def of(cls, month: LedgerMonth, rows: Int64Array) -> _LotLines:
        """Return the lines of the given rows."""
        lines = month.lines
        seq = columns.numbers(lines, "seq")[rows]
        order = in_order(columns.numbers(lines, "line")[rows], seq)
        rows, seq = rows[order], seq[order]
        return cls(
            columns.texts(lines, "lot_id")[rows],
            columns.texts(lines, "instrument")[rows],
            seq,
            entry_rows(month.entries, seq),
            columns.numbers(lines, "quantity")[rows],
            columns.numbers(lines, "amount_base")[rows],
            columns.texts(month.entries, "event_id"),
            columns.days(month.entries, "accounting_date").astype(np.int64),
            columns.days(month.entries, "activity_date"),
        )

    def before(self, rows: Int64Array) -> Int64Array:
        """Return a number by which the lines of a lot stand: day, then its own event first."""
        event_ids = self.event_ids[self.entry[rows]]
        named = np.asarray(pc.equal(self.lot_ids[rows].plain(), event_ids.plain()), bool)
        day: Int64Array = self.booked_on[self.entry[rows]]
        return np.asarray(2 * day + ~named, dtype=np.int64)


def _opening_rows(lines: _LotLines, rows: Int64Array) -> tuple[Int64Array, Texts]:
    """Return the line that opens each lot of some lines, and the lots' ids."""
    if not len(rows):
        return rows, lines.lot_ids[rows]
    group, first = columns.group_codes([lines.lot_ids[rows]])
    place = lines.before(rows)
    least = np.full(len(first), np.iinfo(np.int64).max)
    np.minimum.at(least, group, place)
    hit = np.flatnonzero(place == least[group])
    opening = np.empty(len(first), np.int64)
    # Written from the last line to the first, so that the first one stays.
    opening[group[hit][::-1]] = rows[hit][::-1]
    return opening, lines.lot_ids[opening]


def _known(month: LedgerMonth) -> _Openings:
    lots = month.lots
    return _Openings(
        columns.texts(lots, "lot_id"),
        columns.texts(lots, "instrument"),
        np.asarray(columns.texts(lots, "side") == "short", bool),
        columns.days(lots, "opened_on"),
        columns.numbers(lots, "opened"),
        columns.numbers(lots, "cost_base"),
    )


def _opened(lines: _LotLines, rows: Int64Array, *, ids: Texts) -> _Openings:
    sign = np.where(lines.quantity[rows] > 0, 1, -1)
    return _Openings(
        ids,
        lines.instrument[rows],
        sign < 0,
        lines.activity[lines.entry[rows]],
        sign * lines.quantity[rows],
        sign * lines.amount_base[rows],
    )


def _joined(parts: Sequence[_Openings]) -> _Openings:
    return _Openings(*(columns.joined_columns(list(column)) for column in zip(*parts, strict=True)))


class _Opening(NamedTuple):
    """One lot of _Openings."""

    lot_id: str
    short: bool
    opened_on: np.datetime64
    quantity: int
    cost_base: int


class _Line(NamedTuple):
    """A line of a chain's lot."""

    lot_id: str
    seq: int
    quantity: int
    amount_base: int


def _with_versions(found: _Openings, lines: _LotLines, *, new: Int64Array) -> _Openings:
    """Return the openings with those of new versions of pools as their chains have it.

    Only lots of such chains are looked at one by one.
    """
    numbered = pc.match_substring(lines.lot_ids.values, "#")
    if not pc.any(numbered).as_py():
        return found
    chain, version = chains_of(lines.lot_ids[new])
    later = np.flatnonzero(version > 1)
    if not len(later):
        return found
    chains = set(chain[later].distinct())
    all_chains, _ = chains_of(lines.lot_ids)
    of_chains = _in_chains(lines, np.flatnonzero(all_chains.isin(chains)))
    in_entry: dict[int, set[str]] = {}
    for line in (line for own in of_chains.values() for line in own):
        in_entry.setdefault(line.seq, set()).add(line.lot_id)
    place = {name: row for row, name in enumerate(found.lot_ids.objects())}
    short, opened_on = found.short.copy(), found.opened_on.copy()
    quantity, cost_base = found.quantity.copy(), found.cost_base.copy()
    known = _Known(place, found._replace(short=short, opened_on=opened_on))
    names = lines.lot_ids[new][later].distinct()
    for lot_id in sorted(names, key=lambda name: chain_of(name)[1]):
        opening = _version(of_chains[lot_id], in_entry, known=known)
        if opening:
            row = place[lot_id]
            short[row], opened_on[row] = opening.short, opening.opened_on
            quantity[row], cost_base[row] = opening.quantity, opening.cost_base
    return found._replace(short=short, opened_on=opened_on, quantity=quantity, cost_base=cost_base)


class _Known(NamedTuple):
    """The openings of lots so far, by id."""

    place: Mapping[str, int]
    openings: _Openings

    def side_and_day(self, lot_id: str) -> tuple[np.datetime64, bool]:
        """Return when a lot was opened, and whether it is short."""
        row = self.place[lot_id]
        return self.openings.opened_on[row], bool(self.openings.short[row])


def _in_chains(lines: _LotLines, rows: Int64Array) -> dict[str, list[_Line]]:
    """Return the lines of each lot by date, those of the event it is named after first."""
    rows = rows[np.argsort(lines.before(rows), kind="stable")]
    found: dict[str, list[_Line]] = {}
    chosen = (lines.seq, lines.quantity, lines.amount_base)
    numbers = (column[rows].tolist() for column in chosen)
    for row in zip(lines.lot_ids[rows].objects().tolist(), *numbers, strict=True):
        found.setdefault(row[0], []).append(_Line._make(row))
    return found


def _version(
    lines: Sequence[_Line], in_entry: Mapping[int, set[str]], *, known: _Known
) -> _Opening | None:
    """Return how a version of a pool came: with all that the entry which ended another one adds.

    None for a lot that is no version of an earlier one.
    """
    name, version = chain_of(lines[0].lot_id)
    for seq in dict.fromkeys(line.seq for line in lines):
        others = [(lot_id, *chain_of(lot_id)) for lot_id in in_entry[seq]]
        ended = [
            known.side_and_day(lot) for lot, of, number in others if of == name and number < version
        ]
        if ended:
            opened_on, short = min(ended, key=lambda one: one[0])
            sign = -1 if short else 1
            own = [line for line in lines if line.seq == seq and sign * line.quantity > 0]
            return _Opening(
                lines[0].lot_id,
                short,
                opened_on,
                sign * sum(line.quantity for line in own),
                sign * sum(line.amount_base for line in own),
            )
    return None


def in_order(*keys: Int64Array | Flags) -> Codes:
    """Return the order by several columns, the last the most important, as np.lexsort does."""
    top, below = keys[-1], keys[:-1]
    sorted_so_far = np.ones(max(len(top) - 1, 0), bool)
    for key in below:
        sorted_so_far = (key[1:] > key[:-1]) | ((key[1:] == key[:-1]) & sorted_so_far)
    sorted_so_far = (top[1:] > top[:-1]) | ((top[1:] == top[:-1]) & sorted_so_far)
    if sorted_so_far.all():
        return np.arange(len(top))
    return np.lexsort(keys)


_DENSE = 4  # numbers per entry up to which a table of all of them is kept


def entry_rows(entries: pa.Table, seq: Int64Array) -> Codes:
    """Return the row of ENTRIES of each seq."""
    known = columns.numbers(entries, "seq")
    least, most = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    if most - least < _DENSE * len(known):
        place = np.zeros(most - least + 1, np.intp)
        place[known - least] = np.arange(len(known))
        return place[seq - least]
    order = np.argsort(known, kind="stable")
    return np.asarray(order[np.searchsorted(known[order], seq)], dtype=np.intp)
