"""Entries of the ledger text: the first line with payee, narration and links, and metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns
from subledger.columns import Flags, Texts
from subledger.exports import beancount_names as names
from subledger.exports.beancount_bytes import (
    Sheet,
    day_texts,
    linked_texts,
    narrowed,
    number_texts,
    quoted_texts,
    written_once,
)
from subledger.exports.beancount_lines import Lines, MonthLines, Owner
from subledger.exports.beancount_order import OrderedMonth
from subledger.numbers import Int64Array
from subledger.texts import unified

# What they are named after is no document to link.
_UNLINKED = frozenset({"mark", "fx_sweep", "year_end"})
_OF_AN_EVENT = frozenset({"revaluation", "cash_relief"})  # named after one, then "/" and more
BEFORE_LINKS, AFTER_LINKS = 4, 8  # pieces of an entry before its links, and between them and lines
_TEXTS = ("kind", "event_kind", "event_id", "stage", "rule", "reverses", "reason")
_WRITTEN_ONCE = ("entry_id", "narration")


class Links(NamedTuple):
    """The links of some entries: the entry of each, how many each entry has, and what is linked."""

    entry: Int64Array
    per_entry: Int64Array
    linked: Texts


@dataclass(frozen=True)
class _Linked:
    """What the entries and lines of a month may link, as codes into one list; -1 is nothing."""

    document: npt.NDArray[np.int32]
    last: npt.NDArray[np.int32]  # the entry that is reversed, or the entry itself
    lot: npt.NDArray[np.int32]  # of each text among the lot ids
    values: pa.StringArray

    @classmethod
    def of(cls, text: Mapping[str, Texts], cancelled: Flags, *, lines: MonthLines) -> _Linked:
        """Return what is linked, of entries in the order of the file."""
        document = _documents(text["event_kind"], text["event_id"])
        reverses = np.asarray(text["reverses"] != "", bool)
        ending = np.flatnonzero(reverses | cancelled)
        last = Texts.either(reverses[ending], text["reverses"][ending], text["entry_id"][ending])
        lot = lines.text["lot_id"].values
        lots = Texts(np.arange(len(lot), dtype=np.int32), lot)
        codes, values = unified([document, narrowed(last), lots])
        found = np.full(len(document), -1, np.int32)
        found[ending] = codes[1]
        nothing = pc.index(values, "").as_py()
        linked, of_lines = (np.where(code == nothing, -1, code) for code in (codes[0], codes[2]))
        return cls(linked, found, of_lines, values)


@dataclass(frozen=True)
class MonthEntries:
    """The columns of a month's entries in the order of the file, and what is found for each.

    `owner` and `payee` are those of its lines; `source` is the row among `sources` that brought its
    event, -1 where none did.
    """

    text: Mapping[str, Texts]
    booked_on: Texts
    version: Int64Array
    cancelled: Flags
    owner: npt.NDArray[np.int32]
    owners: list[Owner]
    payee: Texts
    source: Int64Array
    sources: pa.Table
    linked: _Linked
    shared: Texts  # what few entries have for themselves, as it is written
    named: Flags  # an event is named

    @classmethod
    def of(cls, ordered: OrderedMonth, lines: MonthLines, *, sources: pa.Table) -> MonthEntries:
        """Return the entries of a month."""
        rows = ordered.entry_order
        found = {name: columns.texts(ordered.entries, name) for name in _TEXTS}
        found |= {name: written_once(ordered.entries, name) for name in _WRITTEN_ONCE}
        text = {name: ordered.in_file(column) for name, column in found.items()}
        version = columns.numbers(ordered.entries, "event_version")[rows]
        source = _source_rows(sources, text["event_id"], version=version)
        owner, owners = _owners(ordered, lines)
        days = (columns.days(ordered.entries, name)[rows] for name in _DAYS)
        booked_on, active_on = (day_texts(day) for day in days)
        return cls(
            text,
            booked_on,
            version,
            ordered.cancelled,
            owner,
            owners,
            _payees(ordered, lines, source=source, sources=sources, owner=(owner, owners)),
            source,
            sources,
            _Linked.of(text, ordered.cancelled, lines=lines),
            _shared(text, booked_on, active_on=active_on),
            np.asarray(text["event_id"] != "", bool),
        )

    def links(self, rows: Int64Array, lines: Lines, *, entry: Int64Array) -> Links:
        """Return what each entry links: its document, its lots, and what it cancels; each once.

        `lines` are their lines, `entry` is the place among `rows` of the entry of each.
        """
        lot = np.where(lines.lot < 0, -1, self.linked.lot[lines.lot_id.codes])
        given = (self.linked.document[rows], lot, self.linked.last[rows])
        place = np.arange(len(rows))
        some = [np.flatnonzero(codes >= 0) for codes in given]
        codes = np.concatenate([code[rows_] for code, rows_ in zip(given, some, strict=True)])
        of = np.concatenate([place[some[0]], entry[some[1]], place[some[2]]])
        order = np.argsort(of, kind="stable")
        of, codes = of[order], codes[order]
        if _may_repeat(of, codes):
            _, kept = np.unique(of * len(self.linked.values) + codes, return_index=True)
            kept.sort()
            of, codes = of[kept], codes[kept]
        return Links(of, np.bincount(of, minlength=len(rows)), Texts(codes, self.linked.values))

    def put(self, sheet: Sheet, places: Int64Array, *, rows: Int64Array, links: Links) -> None:
        """Write entries up to their lines; the pieces of each stand from its place on."""
        self._put_first(sheet, places, rows=rows)
        linked = narrowed(links.linked)
        nth = (
            np.arange(len(links.entry))
            - (np.cumsum(links.per_entry) - links.per_entry)[links.entry]
        )
        sheet.put(
            places[links.entry] + BEFORE_LINKS + nth,
            linked_texts(linked.values),
            codes=linked.codes,
        )
        self._put_metadata(sheet, places + BEFORE_LINKS + links.per_entry, rows=rows)

    def _put_first(self, sheet: Sheet, places: Int64Array, *, rows: Int64Array) -> None:
        sheet.put_coded(places, self.booked_on[rows], write=lambda day: f"{day} * ")
        payee = narrowed(self.payee[rows])
        sheet.put(places + 1, quoted_texts(payee.values), codes=payee.codes)
        narration = quoted_texts(self.text["narration"][rows].plain())
        sheet.put(places + 2, pc.binary_join_element_wise(" ", narration, ""))
        tags = [f" #{names.link(one.strategy)}" if one.strategy else "" for one in self.owners]
        sheet.put(places + 3, pa.array(tags, pa.string()), codes=self.owner[rows])

    def _put_metadata(self, sheet: Sheet, at: Int64Array, *, rows: Int64Array) -> None:
        entry_id = quoted_texts(self.text["entry_id"][rows].plain())
        sheet.put(at, pc.binary_join_element_wise("\n  entry: ", entry_id, "\n", ""))
        sheet.put_coded(at + 1, self.text["kind"][rows], write=_line_of("kind"))
        named = np.flatnonzero(self.named[rows])
        event = quoted_texts(self.text["event_id"][rows[named]].plain())
        written = pc.binary_join_element_wise("  event: ", event, "\n", "")
        sheet.put(at[named] + 2, written)
        shared = narrowed(self.shared[rows])
        sheet.put(at + 3, shared.values, codes=shared.codes)
        owned = [_metadata_of_owner(owner) for owner in self.owners]
        sheet.put(at + 4, pa.array(owned, pa.string()), codes=self.owner[rows])
        brought = np.flatnonzero(self.source[rows] >= 0)
        source = self.source[rows[brought]]
        file = columns.texts(self.sources, "file")[source]
        named_file = file != ""
        brought, source, file = brought[named_file], source[named_file], file[named_file]
        sheet.put_coded(at[brought] + 5, narrowed(file), write=_line_of("source-file"))
        row = number_texts(columns.numbers(self.sources, "row")[source], 0)
        sheet.put(at[brought] + 6, pc.binary_join_element_wise("  source-row: ", row, "\n", ""))
        version = number_texts(self.version[rows[named]], 0)
        written = pc.binary_join_element_wise("  event-version: ", version, "\n", "")
        sheet.put(at[named] + 7, written)


_DAYS = ("accounting_date", "activity_date")


def _may_repeat(of: Int64Array, codes: npt.NDArray[np.int32]) -> bool:
    """Say whether an entry may link something twice; its links stand together."""
    together = of[1:] == of[:-1]
    more = np.append(together[1:], [False]) & together
    return bool((together & (codes[1:] == codes[:-1])).any() or more.any())


def _documents(kind: Texts, event_ids: Texts) -> Texts:
    """Return the event to link: of an item or of cash that was spent where it came from."""
    found = event_ids
    parts = np.flatnonzero(kind.isin(_OF_AN_EVENT))
    if len(parts):
        named = Texts.of(
            [
                _event_named(event_id, event_kind)
                for event_id, event_kind in zip(event_ids[parts], kind[parts], strict=True)
            ]
        )
        both = Texts.joined([event_ids, named])
        codes = both.codes[: len(found)].copy()
        codes[parts] = both.codes[len(found) :]
        found = Texts(codes, both.values)
    unlinked = kind.isin(_UNLINKED)
    return Texts.either(unlinked, "", found) if unlinked.any() else found


def _line_of(key: str) -> Callable[[str], str]:
    return lambda value: f"  {key}: {names.quoted(value)}\n" if value else ""


def _shared(text: Mapping[str, Texts], booked_on: Texts, *, active_on: Texts) -> Texts:
    """Return stage, rule, reversal, reason and day of each entry as they are written."""
    keys = ("stage", "rule", "reverses", "reason")
    found = [text[key] for key in keys]
    code, first = columns.group_codes([*found, booked_on, active_on])
    active = active_on[first]
    moved = Texts.either(booked_on[first] == active, "", active)
    values = (column.objects().tolist() for column in (*(one[first] for one in found), moved))
    written = [
        "".join(
            _line_of(key)(value) for key, value in zip((*keys, "activity-date"), row, strict=True)
        )
        for row in zip(*values, strict=True)
    ]
    return Texts(code.astype(np.int32), pa.array(written, pa.string()))


def _metadata_of_owner(owner: Owner) -> str:
    pairs = zip(("book", "strategy", "broker-account"), owner, strict=True)
    return "".join(_line_of(key)(value) for key, value in pairs)


def _event_named(event_id: str, kind: str) -> str:
    """Return the event that an item or cash that was spent came from, else ""."""
    named = event_id.partition("/")[0]
    return "" if named.startswith(f"{kind}:") else named


def _owners(ordered: OrderedMonth, lines: MonthLines) -> tuple[npt.NDArray[np.int32], list[Owner]]:
    """Return each entry's owner: of its lines without a lot, else of all; blank where they differ.

    The last owner of the list is the blank one.
    """
    owner = lines.owner[lines.order]
    without = np.asarray(lines.text["lot_id"] == "", bool)[lines.order]
    count, size = len(ordered.first) - 1, len(lines.owners)
    counted = np.bincount(ordered.entry[without], minlength=count) > 0
    chosen = np.flatnonzero(without | ~counted[ordered.entry])
    least, most = np.full(count, size, np.int32), np.full(count, -1, np.int32)
    np.minimum.at(least, ordered.entry[chosen], owner[chosen])
    np.maximum.at(most, ordered.entry[chosen], owner[chosen])
    return np.where(least == most, least, size), [*lines.owners, Owner("", "", "")]


def _payees(
    ordered: OrderedMonth,
    lines: MonthLines,
    *,
    source: Int64Array,
    sources: pa.Table,
    owner: tuple[npt.NDArray[np.int32], list[Owner]],
) -> Texts:
    """Return each entry's first counterparty, else the venue of its event, else its broker."""
    brokers = Texts.of([one.broker_account for one in owner[1]])[owner[0]]
    if "venue" in sources.column_names and (source >= 0).any():
        venue = columns.texts(sources, "venue")[np.maximum(source, 0)]
        brokers = Texts.either((source >= 0) & (venue != ""), venue, brokers)
    named = np.flatnonzero((lines.text["counterparty"] != "")[lines.order])
    if not len(named):
        return brokers
    first = np.full(len(source), -1)
    # Written from the last line to the first, so that the first one stays.
    first[ordered.entry[named][::-1]] = lines.order[named][::-1]
    counterparty = lines.text["counterparty"][np.maximum(first, 0)]
    return Texts.either(first >= 0, counterparty, brokers)


def _source_rows(sources: pa.Table, event_ids: Texts, *, version: Int64Array) -> Int64Array:
    """Return the first source of each version of an event, -1 where there is none."""
    known = sources.num_rows
    if not known:
        return np.full(len(event_ids), -1)
    ids = Texts.joined([columns.texts(sources, "event_id"), event_ids])
    versions = np.concatenate([columns.numbers(sources, "event_version"), version])
    group, first = columns.group_codes([ids, versions])
    found = first[group[known:]]
    return np.where(found < known, found, -1)
