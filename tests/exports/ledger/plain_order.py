"""The order of a ledger's entries and lines, entry by entry and lot by lot: the plain reference.

It says the same as the columns of `beancount_order` and `beancount_lots`, one row at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from subledger import columns, numbers
from subledger.booking.naming_lots import chain_of
from subledger.columns import Codes, Flags
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_names import currency, quoted
from subledger.exports.beancount_units import unit_cost
from subledger.numbers import Int64Array, group_sums


@dataclass(frozen=True, slots=True)
class LotTerms:
    """How the ledger names a lot: `text` is {unit cost BASE, opened date, "lot id"}."""

    short: bool
    unit: int
    scale: int
    text: str


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
    events = columns.texts(month.entries, "event_id")[entry]
    named = np.array([a == b for a, b in zip(lot_ids, events, strict=True)], bool)
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


def signs(lot_ids: Any, terms: Mapping[str, LotTerms]) -> Int64Array:
    """Return the sign of an opening of each lot: 1 long, -1 short."""
    return np.array([-1 if terms[lot].short else 1 for lot in lot_ids], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class OrderedMonth:
    """Entries and lines in the order of the file; `first` is where the lines of each entry begin.

    `cancelled` is per entry, `live` per line: it carries units of a lot.
    """

    entries: pa.Table
    lines: pa.Table
    first: list[int]
    cancelled: list[bool]
    live: list[bool]
    terms: Mapping[str, LotTerms]


def in_file_order(context: LedgerContext, month: LedgerMonth) -> OrderedMonth:
    """Return the month's entries and lines as they stand in the file, with the terms of lots."""
    entry = entry_rows(month.entries, columns.numbers(month.lines, "seq"))
    cancelled = cancelled_entries(month.entries)
    terms = lot_terms(context, month, live=live_lines(month, cancelled[entry]))
    month = _netted(month, live_lines(month, cancelled[entry]))
    entry = entry_rows(month.entries, columns.numbers(month.lines, "seq"))
    live = live_lines(month, cancelled[entry])
    adds = _adds(month, live, terms=terms)
    order = _entry_order(month, entry=entry, live=live, adds=adds)
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    line = columns.numbers(month.lines, "line")
    line_order = np.lexsort((line, ~(live & ~adds), place[entry]))
    first = np.searchsorted(place[entry][line_order], np.arange(len(order) + 1))
    return OrderedMonth(
        month.entries.take(pa.array(order)),
        month.lines.take(pa.array(line_order)),
        first.tolist(),
        cancelled[order].tolist(),
        live[line_order].tolist(),
        terms,
    )


_SIGNED = ("amount", "amount_base", "quantity")


def _netted(month: LedgerMonth, live: Flags) -> LedgerMonth:
    """Return the month with one line where an entry both adds to a lot and takes from it.

    Beancount does not see what a transaction adds to a lot when it takes from the lot. A line of
    which nothing is left is dropped.
    """
    rows, lines = np.flatnonzero(live), month.lines
    keys: list[Any] = [
        columns.numbers(lines, "seq"),
        *(columns.texts(lines, k) for k in ("account", "lot_id")),
    ]
    group, first = columns.group_codes([key[rows] for key in keys])
    signed = columns.numbers(lines, "quantity")[rows]
    both = np.isin(group, group[signed > 0]) & np.isin(group, group[signed < 0])
    if not both.any():
        return month
    values = {name: columns.numbers(lines, name).copy() for name in _SIGNED}
    kept = np.ones(len(live), bool)
    kept[rows[both]] = False
    chosen = np.unique(group[both])
    left = rows[first[chosen]]
    for amounts in values.values():
        amounts[left] = group_sums(group, amounts[rows], len(first))[chosen]
    kept[left] = np.any([amounts[left] != 0 for amounts in values.values()], axis=0)
    return replace(month, lines=_with_amounts(lines, values).filter(pa.array(kept)))


def _with_amounts(lines: pa.Table, values: Mapping[str, Int64Array]) -> pa.Table:
    none = lines.column("quantity").is_null().to_numpy()
    for name, amounts in values.items():
        mask = none if name == "quantity" else None
        place = lines.schema.get_field_index(name)
        column = pa.array(amounts, pa.int64(), mask=mask)
        lines = lines.set_column(place, lines.schema.field(name), column)
    return lines


def cancelled_entries(entries: pa.Table) -> Flags:
    """Say for each entry whether it and its reversal stand in the same period of these entries."""
    ids, reverses = columns.texts(entries, "entry_id"), columns.texts(entries, "reverses")
    period = columns.texts(entries, "period")
    own = dict(zip(ids, period, strict=True))
    reversed_in = {
        entry_id: label for entry_id, label in zip(reverses, period, strict=True) if entry_id
    }
    return np.array(
        [
            reversed_in.get(entry_id) == label or (back != "" and own.get(back) == label)
            for entry_id, back, label in zip(ids, reverses, period, strict=True)
        ],
        dtype=bool,
    )


def live_lines(month: LedgerMonth, cancelled: Flags) -> Flags:
    """Say for each line whether it stands in units of a lot; `cancelled` is given per line."""
    quantity = columns.numbers(month.lines, "quantity")
    lot = columns.texts(month.lines, "lot_id") != ""
    return np.asarray((quantity != 0) & lot & ~cancelled, dtype=bool)


def _adds(month: LedgerMonth, live: Flags, *, terms: Mapping[str, LotTerms]) -> Flags:
    adds = np.zeros(len(live), bool)
    rows = np.flatnonzero(live)
    quantity = columns.numbers(month.lines, "quantity")[rows]
    adds[rows] = np.sign(quantity) == signs(columns.texts(month.lines, "lot_id")[rows], terms)
    return adds


def _entry_order(month: LedgerMonth, *, entry: Codes, live: Flags, adds: Flags) -> Codes:
    """Return the rows of entries by (date, seq), each adding entry before those that take."""
    seq = columns.numbers(month.entries, "seq")
    dates = columns.days(month.entries, "accounting_date").astype(np.int64)
    order = np.lexsort((seq, dates))
    rows = np.flatnonzero(live)
    if not len(rows):
        return order
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    owner = entry[rows]
    lot = columns.texts(month.lines, "lot_id")[rows]
    group, _ = columns.group_codes([dates[owner], lot])
    groups = int(group.max()) + 1
    last_add, first_take = np.full(groups, -1), np.full(groups, len(order))
    adding = adds[rows]
    np.maximum.at(last_add, group[adding], place[owner[adding]])
    np.minimum.at(first_take, group[~adding], place[owner[~adding]])
    if not (last_add > first_take).any():
        return order
    before = _adding_entries(group, place[owner], adding=adding)
    return order[list(_in_need_order(len(order), before))]


def _adding_entries(group: Codes, place: Codes, *, adding: Flags) -> dict[int, list[int]]:
    """Return, per place of an entry that takes from lots, the places of those that add to them."""
    adders: dict[int, set[int]] = {}
    for lot, of in zip(group[adding].tolist(), place[adding].tolist(), strict=True):
        adders.setdefault(lot, set()).add(of)
    needs: dict[int, set[int]] = {}
    for lot, of in zip(group[~adding].tolist(), place[~adding].tolist(), strict=True):
        needs.setdefault(of, set()).update(adders.get(lot, ()))
    return {of: sorted(found - {of}) for of, found in needs.items()}


def _in_need_order(count: int, before: Mapping[int, Sequence[int]]) -> Iterator[int]:
    """Yield the places in order, but each after those that it needs."""
    begun: set[int] = set()
    done: set[int] = set()
    for start in range(count):
        waiting = [start]
        while waiting:
            place = waiting[-1]
            needed = [] if place in begun else before.get(place, [])
            begun.add(place)
            if needed := [one for one in needed if one not in begun]:
                waiting += reversed(needed)
                continue
            waiting.pop()
            if place not in done:
                done.add(place)
                yield place
