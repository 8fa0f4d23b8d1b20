"""Entries and the lines that belong to them, before they have their numbers in the journal.

Lines stand in blocks, each made by one line of a rule's template: a block names the columns and
rows that its values come from, and they are written once, in their final place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from subledger.booking.drafts import DIMENSION_NAMES
from subledger.columns import Flags, Texts, build, joined_columns, order_of, side_by_side
from subledger.errors import InvariantError
from subledger.numbers import Int64Array
from subledger.tables import ENTRIES, LINES
from subledger.texts import unified

Rows: TypeAlias = npt.NDArray[np.int32]
TEXTS = ("account", "slot", "currency", "lot_id", *DIMENSION_NAMES)
_AMOUNTS = ("amount", "amount_base")


@dataclass(frozen=True, slots=True)
class At:
    """Some rows of a column: texts, or numbers times a sign."""

    source: Texts | Int64Array
    rows: Any
    sign: int = 1

    def values(self) -> Any:  # noqa: ANN401 - texts or numbers
        """Return the values."""
        found = self.source[self.rows]
        return found if self.sign == 1 else self.sign * found


@dataclass(frozen=True, slots=True)
class Block:
    """Lines of one making: the entry of each by row, and its place among the entry's lines.

    A column is one text for all lines, or rows of another column. `quantity` is None where the
    lines carry no units.
    """

    entry: Rows
    place: Rows
    slot: str
    measure: str
    columns: Mapping[str, str | At]
    amount: At
    amount_base: At
    quantity: At | None = None

    def __len__(self) -> int:
        return len(self.entry)

    def moved(self, entry: Rows) -> Block:
        """Return the same lines with entries at other rows: `entry` is the new row of each."""
        return replace(self, entry=entry[self.entry])

    def texts(self, name: str) -> Texts:
        """Return a text column."""
        if name in ("slot", "measure"):
            return Texts.repeated(getattr(self, name), len(self))
        column = self.columns[name]
        found = Texts.repeated(column, len(self)) if isinstance(column, str) else column.values()
        return found if isinstance(found, Texts) else Texts.of(found)


@dataclass(frozen=True, slots=True)
class Composed:
    """Entries of one booking as columns, in no final order, and their lines in blocks.

    `within` orders the entries of one event kind that several parts made; None where one did.
    """

    entries: dict[str, Any]
    blocks: Sequence[Block]
    within: Int64Array | None = None

    def __len__(self) -> int:
        return len(self.entries["event_id"])

    def lines(self, chosen: Callable[[Block], Flags | None]) -> dict[str, Any]:
        """Return the columns of lines in the order of their entries, and `measure` of each.

        `chosen` says which lines of a block are wanted; None where none is.
        """
        parts = [
            _part(block, np.flatnonzero(wanted))
            for block in self.blocks
            if (wanted := chosen(block)) is not None and wanted.any()
        ]
        if not parts:
            return _part(_NOTHING, np.empty(0, np.intp))
        whole = {name: joined_columns([part[name] for part in parts]) for name in parts[0]}
        order = np.lexsort((whole["place"], whole["entry"]))
        return {name: values[order] for name, values in whole.items()}


def _part(block: Block, rows: npt.NDArray[np.intp]) -> dict[str, Any]:
    return {
        "entry": block.entry[rows].astype(np.intp),
        "place": block.place[rows],
        **{name: block.texts(name)[rows] for name in (*TEXTS, "measure")},
        **{name: getattr(block, name).values()[rows] for name in _AMOUNTS},
    }


_NONE: Rows = np.empty(0, np.int32)
_NO_AMOUNT = At(np.empty(0, np.int64), _NONE)
_NOTHING = Block(_NONE, _NONE, "", "", dict.fromkeys(TEXTS, ""), _NO_AMOUNT, _NO_AMOUNT)


def in_order(parts: Sequence[Composed], groups: Sequence[int] = ()) -> Composed:
    """Return all parts as one, entries in the order of the journal.

    The order is accounting date, kind of event, then the order of parts and within each part, which
    for trades is the order in which they met the lots. Parts of one group are ordered by their keys
    `within`; without groups, each is one of its own.
    """
    numbered = list(zip(groups or range(len(parts)), parts, strict=True))
    filled = [part for part in parts if len(part)] or list(parts[:1])
    offsets = np.cumsum([0, *(len(part) for part in filled)])
    entries = {name: _joined([part.entries[name] for part in filled]) for name in filled[0].entries}
    day = entries["accounting_date"].astype(np.int64)
    keys = [day * _KINDS + entries["day_order"]]
    if any(part.within is not None for part in filled):
        keys += [_places([one for one in numbered if len(one[1])])]
    # Each part is nearly sorted already, of which a stable sort makes use.
    order = order_of(keys)
    seq = np.empty(len(order), np.int32)
    seq[order] = np.arange(len(order), dtype=np.int32)
    blocks = [
        block.moved(seq[offsets[n] : offsets[n + 1]])
        for n, part in enumerate(filled)
        for block in part.blocks
    ]
    if np.array_equal(order, np.arange(len(order))):
        return Composed(entries, blocks)
    return Composed({name: _taken(values, order) for name, values in entries.items()}, blocks)


def _places(numbered: Sequence[tuple[int, Composed]]) -> Int64Array:
    """Return the place of each entry among those of its day: by group, then within it."""
    return np.concatenate(
        [
            group * _GROUP + (np.zeros(len(part), np.int64) if part.within is None else part.within)
            for group, part in numbered
        ]
    )


_GROUP = 2**56  # above every key `within`


def _joined(parts: Sequence[Any]) -> Any:  # noqa: ANN401 - a column of any kind
    if len(parts) == 1:
        return parts[0]
    return pa.concat_arrays(parts) if isinstance(parts[0], pa.Array) else joined_columns(parts)


def _taken(values: Any, order: npt.NDArray[np.intp]) -> Any:  # noqa: ANN401 - a column of any kind
    return values.take(pa.array(order)) if isinstance(values, pa.Array) else values[order]


_KINDS = 16  # above every `day_order`


def finish(whole: Composed) -> tuple[pa.Table, pa.Table]:
    """Return ENTRIES and LINES of entries in the order of the journal, numbered from 0."""
    table = build(
        ENTRIES,
        {
            **{name: values for name, values in whole.entries.items() if name != "day_order"},
            "seq": np.arange(len(whole)),
            "entry_id": "",
            "reverses": "",
        },
    )
    return table, lines_table(whole.blocks, len(whole))


def lines_table(blocks: Sequence[Block], count: int) -> pa.Table:
    """Return LINES of a number of entries in order, numbered from 1 within each entry."""
    per_entry = np.zeros(count, np.int32)
    for block in blocks:
        per_entry += np.bincount(block.entry, minlength=count).astype(np.int32)
    start = np.cumsum(per_entry, dtype=np.int64) - per_entry
    size = int(per_entry.sum())
    places = [start[block.entry] + block.place for block in blocks]
    same_in_base = all(block.amount is block.amount_base for block in blocks)
    amounts = ("amount", "quantity", *(() if same_in_base else ("amount_base",)))
    makers: dict[str, Callable[[], Any]] = {
        name: partial(_texts, blocks, name, places=places) for name in TEXTS
    }
    makers |= {name: partial(_numbers, blocks, name, places=places) for name in amounts}
    makers["seq"] = lambda: np.repeat(np.arange(count), per_entry)
    makers["line"] = lambda: np.arange(1, size + 1) - np.repeat(start, per_entry)
    made = side_by_side(list(makers.values()), rows=size)
    columns: dict[str, Any] = dict(zip(makers, made, strict=True))
    columns.setdefault("amount_base", columns["amount"])
    has_units = np.zeros(size, bool)
    for block, place in zip(blocks, places, strict=True):
        has_units[place] = block.quantity is not None
    columns["quantity"] = np.ma.masked_array(columns["quantity"], ~has_units)
    return build(LINES, columns)


def _texts(blocks: Sequence[Block], name: str, *, places: Sequence[Int64Array]) -> Texts:
    """Return a text column of all lines, each in its place."""
    codes, values = unified([*(_source(block, name) for block in blocks), Texts.repeated("", 1)])
    found = np.zeros(sum(map(len, places)), np.int32)
    for block, place, coded in zip(blocks, places, codes, strict=False):
        given = block.columns.get(name)
        found[place] = coded[given.rows] if isinstance(given, At) else coded[0]
    return Texts(found, values)


def _source(block: Block, name: str) -> Texts:
    """Return the column that a block's lines have rows of, or the one text of all of them."""
    if name == "slot":
        return Texts.repeated(block.slot, 1)
    given = block.columns[name]
    if isinstance(given, str):
        return Texts.repeated(given, 1)
    if not isinstance(given.source, Texts):
        raise InvariantError(f"{name} is not a text")
    return given.source


def _numbers(blocks: Sequence[Block], name: str, *, places: Sequence[Int64Array]) -> Int64Array:
    """Return a number column of all lines, each in its place; 0 where there is none."""
    found = np.zeros(sum(map(len, places)), np.int64)
    for block, place in zip(blocks, places, strict=True):
        given = getattr(block, name)
        if given is not None:
            found[place] = given.values()
    return found
