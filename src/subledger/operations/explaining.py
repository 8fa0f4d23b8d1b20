"""Explain: from the id of an entry, lot, relief, trade or exception back to file and row."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart, load_chart
from subledger.columns import texts
from subledger.errors import refuse
from subledger.explain.entries import Links, entry_node
from subledger.explain.events import cash_facts, journal_facts
from subledger.explain.files import files_node
from subledger.explain.journal import replacement_of, reversal_of
from subledger.explain.lot_history import lot_history
from subledger.explain.lots import lot_node, relief_node
from subledger.explain.material import Command, Material, Month, PostedRange, Row, rows_where
from subledger.explain.nodes import Node, as_dict, outline
from subledger.explain.trades import exception_node, exceptions_of, month_of_entry, trade_node
from subledger.operations.books import Books
from subledger.periods import Period, month_of, parse_period, previous_month
from subledger.store.reading import Reading
from subledger.store.records import Batch, Segment
from subledger.tables import (
    ENTRIES,
    FACTS,
    LINES,
    LOTS,
    MARKS,
    MEASURES,
    PRICES,
    RELIEFS,
    Table,
)

_RELIEF = re.compile(r"(?P<trade>.+):r[0-9]{4,}\Z")
_ENTRY = re.compile(r"(?P<basis>.+)-(?P<seq>[0-9]{8,18})\Z")
_MONTH = len("2026-01")
_PRICE = ("date", "instrument", "price_mantissa", "price_scale")


def explain_data(
    books: Books, identifier: str, *, basis: str = "", as_at: int | None = None
) -> dict[str, object]:
    """Return where an id comes from, JSON-ready, with every figure as exact text.

    The shape is `{"schema": "subledger.explain/1", "meta": {}, "rows": [], "totals": {}}`; each row
    is a node with facts, arithmetic, rows and children. Refuses with NOTHING_KNOWN.
    """
    asked = _asked(books, identifier, basis=basis, as_at=as_at)
    meta = {
        "title": f"Explanation of {identifier}",
        "base": books.settings.base,
        "id": identifier,
        "basis": asked.policy.name,
        "as_at": asked.reading.as_at,
    }
    rows = [as_dict(node) for node in _answer(asked, identifier)]
    return {"schema": "subledger.explain/1", "meta": meta, "rows": rows, "totals": {}}


def explain(
    books: Books, identifier: str, *, basis: str = "", as_at: int | None = None
) -> list[str]:
    """Return where an id comes from as indented text, line by line; refuses with NOTHING_KNOWN.

    `basis` is the first of the settings where none is named; the id of an entry or an exception
    names its own.
    """
    asked = _asked(books, identifier, basis=basis, as_at=as_at)
    lines: list[str] = []
    for node in _answer(asked, identifier):
        lines += [*([""] if lines else []), *outline(node)]
    return lines


def _asked(books: Books, identifier: str, *, basis: str, as_at: int | None) -> _Asked:
    """Return the basis and the knowledge that a question is about."""
    policy = books.policy(basis) if basis else books.policies()[0]
    reading = books.control.read(as_at)
    match = _ENTRY.match(identifier)
    if match and match["basis"] in books.settings.bases:
        policy = books.policy(match["basis"])
    for row in rows_where(reading.exceptions(), exception_id=identifier):
        policy = books.policy(row["basis"])
    return _Asked(books, reading, policy)


def _answer(asked: _Asked, identifier: str) -> list[Node]:
    """Return what is known of an id, followed by the files that it rests on."""
    for look in (_entry, _exception, _relief, _trade_and_lot, _event):
        nodes = look(asked, identifier)
        if nodes:
            return [*nodes, *files_node(asked.material(()), nodes)]
    message = f"no entry, relief, trade, lot, event or exception of {asked.policy.name}"
    raise refuse("NOTHING_KNOWN", message, value=identifier)


def _entry(asked: _Asked, identifier: str) -> list[Node]:
    match = _ENTRY.match(identifier)
    if match is None or match["basis"] != asked.policy.name:
        return []
    segment = asked.entry_segment(int(match["seq"]))
    return [] if segment is None else [_entry_node(asked, segment, identifier=identifier)]


def _entry_node(asked: _Asked, segment: Segment, *, identifier: str) -> Node:
    """Return an entry with what became of it.

    An entry that was reversed is explained from what was known when it was posted.
    """
    links, entry = asked.links(segment.period, identifier)
    if links.reversal is not None:
        asked = replace(asked, reading=asked.books.control.read(segment.batch))
    labels = [segment.period]
    if entry["event_kind"] in ("trade", "settlement"):
        labels = asked.between([*asked.trade_months(entry["event_id"]), segment.period])
    material = asked.material(labels)
    return entry_node(material, month_of_entry(material, entry), entry=entry, links=links)


def _exception(asked: _Asked, identifier: str) -> list[Node]:
    found = rows_where(asked.reading.exceptions(), exception_id=identifier)
    if not found:
        return []
    row, material = found[0], asked.material(())
    names = dict.fromkeys((row["event_id"], row["subject"]))
    events = [node for name in names for node in _trade(asked, name) or _facts(material, name)]
    return [exception_node(material, row), *events]


def _relief(asked: _Asked, identifier: str) -> list[Node]:
    match = _RELIEF.match(identifier)
    if match is None:
        return []
    labels = asked.trade_months(match["trade"])
    material = asked.material(asked.between(labels))
    found = [row for _, row in material.rows("reliefs", relief_id=identifier)]
    return [relief_node(material, row) for row in found]


def _trade_and_lot(asked: _Asked, identifier: str) -> list[Node]:
    return [*_trade(asked, identifier), *_lot(asked, identifier)]


def _trade(asked: _Asked, identifier: str) -> list[Node]:
    labels = asked.trade_months(identifier)
    if not labels:
        return []
    return [trade_node(asked.material(asked.between(labels)), identifier)]


def _lot(asked: _Asked, identifier: str) -> list[Node]:
    taken = rows_where(asked.facts["opening_lots"], lot_id=identifier)
    months = {month_of(row["as_of"]).label for row in taken} | asked.trade_months(identifier)
    labels = asked.while_open(identifier, months)
    history = lot_history(asked.material(labels), identifier) if labels else None
    return [] if history is None else [lot_node(asked.material(labels), history)]


def _facts(material: Material, identifier: str) -> list[Node]:
    nodes = []
    if material.fact_rows("cash", event_id=identifier):
        nodes.append(cash_facts(material, identifier))
    if material.fact_rows("journals", journal_id=identifier):
        nodes.append(journal_facts(material, identifier))
    return nodes


def _event(asked: _Asked, identifier: str) -> list[Node]:
    """Return the standing entries of any other event: cash, journal, mark, year-end."""
    nodes = []
    for label in asked.reading.periods("entries", asked.policy.name):
        journal = asked.reading.rows(ENTRIES, basis=asked.policy.name, period=label)
        every = rows_where(journal, event_id=identifier)
        gone = {row["reverses"] for row in every}
        for row in every:
            segment = asked.entry_segment(row["seq"])
            if segment and not row["reverses"] and row["entry_id"] not in gone:
                nodes.append(_entry_node(asked, segment, identifier=row["entry_id"]))
    if nodes:
        return nodes
    material = asked.material(())
    queued = [exception_node(material, row) for row in exceptions_of(material, identifier)]
    return [*_facts(material, identifier), *queued]


@lru_cache(maxsize=8)
def _loaded(files: tuple[tuple[str, bytes], ...]) -> Chart:
    """Return a chart that was posted with, from its files by name."""
    return load_chart(dict(files))


def _command(batch: Batch) -> Command:
    """Return a batch as explanations name it."""
    file, digest = "", ""
    if batch.imported:
        file, digest = batch.imported.file_name, batch.imported.raw_sha256
    return Command(batch.seq, batch.command, batch.at, batch.actor, file, digest)


class _Facts(Mapping[str, pa.Table]):
    """Facts by kind, each read when it is first asked for."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._known: dict[str, pa.Table] = {}

    def __getitem__(self, kind: str) -> pa.Table:
        if kind not in self._known:
            self._known[kind] = self._reading.facts(kind)
        return self._known[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)


@dataclass(frozen=True)
class _Asked:
    """What is asked about: one basis as at one batch; segments are read as they are needed."""

    books: Books
    reading: Reading
    policy: BasisPolicy

    @cached_property
    def facts(self) -> Mapping[str, pa.Table]:
        """Return the facts by kind."""
        return _Facts(self.reading)

    def entry_segment(self, seq: int) -> Segment | None:
        """Return the segment that holds an entry, None where there is none."""
        for segment in self._entry_segments:
            if (segment.first_seq or 0) <= seq <= (segment.last_seq or -1):
                return segment
        return None

    def links(self, period: str, entry_id: str) -> tuple[Links, Row]:
        """Return what became of an entry of a period, and the entry."""
        material = self.material([period])
        entry = next(row for _, row in material.rows("entries", entry_id=entry_id))
        if entry["reverses"]:
            key = {"entry_id": entry["reverses"]}
            original = next((row for _, row in material.rows("entries", **key)), None)
            return Links(original=original, replacement=self._replacement(entry)), entry
        reversal = reversal_of(material, entry)
        replacement = None if reversal is None else self._replacement(reversal)
        return Links(reversal=reversal, replacement=replacement), entry

    def _replacement(self, reversal: Row) -> Row | None:
        """Return what was booked in place of a reversed entry, in whatever month."""
        labels = [reversal["period"]]
        if reversal["event_kind"] in ("trade", "settlement"):
            labels = sorted({*labels, *self.trade_months(reversal["event_id"])})
        return replacement_of(self.material(labels), reversal)

    def trade_months(self, trade_id: str) -> set[str]:
        """Return the months in which a trade may have entries; none for an unknown trade."""
        trades = rows_where(self.facts["trades"], trade_id=trade_id)
        if not trades:
            return set()
        dates = {row[name] for row in trades for name in ("trade_date", "settled_date")}
        dates |= {row["date"] for row in rows_where(self.facts["settlements"], trade_id=trade_id)}
        swept = rows_where(self.reading.exceptions(self.policy.name), event_id=trade_id)
        dates |= {row["swept_to"] for row in swept}
        return {month_of(day).label for day in dates if day is not None}

    def between(self, labels: Collection[str], *, to_the_end: bool = False) -> list[str]:
        """Return the months from the first to the last of some, or to the last that has entries."""
        ends = sorted(label for label in labels if len(label) == _MONTH)
        if to_the_end:
            known = self.reading.periods("entries", self.policy.name)
            ends += [label for label in known if len(label) == _MONTH and label > ends[-1]]
        if not ends:
            return []
        first, last = parse_period(ends[0]), parse_period(ends[-1])
        return [month.label for month in Period("", first.start, last.end).months()]

    def while_open(self, lot_id: str, opening: set[str]) -> list[str]:
        """Return the months in which a lot may have been opened, on to that in which it closed."""
        taken: list[str] = []
        for label in self.between(opening, to_the_end=True) if opening else ():
            taken.append(label)
            lots = self._latest(LOTS, label)
            if label >= max(opening) and lot_id not in set(texts(lots, "lot_id")):
                break
        return taken

    def material(self, labels: Sequence[str]) -> Material:
        """Return the tables of some periods with everything that explains them."""
        months = self._months
        for label in labels:
            if label not in months:
                months[label] = self._month(label)
        return replace(self._frame, months=[months[label] for label in labels])

    @cached_property
    def _months(self) -> dict[str, Month]:
        """Return the periods read so far."""
        return {}

    @cached_property
    def _frame(self) -> Material:
        """Return what explains entries of any period."""
        return Material(
            policy=self.policy,
            units=self.books.units(self.reading),
            instruments=self.reading.instruments(),
            months=(),
            facts=self.facts,
            exceptions=self.reading.exceptions(self.policy.name),
            commands={batch.seq: _command(batch) for batch in self.reading.batches()},
            posted=[
                PostedRange(segment.first_seq or 0, segment.last_seq or 0, segment.batch)
                for segment in self._entry_segments
            ],
            charts=self._charts,
        )

    @cached_property
    def _entry_segments(self) -> list[Segment]:
        return self.reading.segments("entries", self.policy.name)

    @cached_property
    def _charts(self) -> list[tuple[int, Chart]]:
        """Return the charts posted with, each from the first batch that used it on."""
        charts: list[tuple[int, Chart]] = []
        last = ""
        for batch, digest in self.reading.postings(self.policy.name):
            if digest != last:
                files = tuple(sorted(self.reading.chart(digest).items()))
                charts.append((batch, _loaded(files)))
                last = digest
        return charts

    def _latest(self, declared: Table, label: str) -> pa.Table:
        found = self.reading.latest(declared, basis=self.policy.name, period=label)
        return declared.empty() if found is None else found

    def _month(self, label: str) -> Month:
        basis = self.policy.name
        monthly = len(label) == _MONTH
        before = previous_month(parse_period(label)).label if monthly else ""
        marks = self._latest(MARKS, label)
        return Month(
            label,
            self.reading.rows(ENTRIES, basis=basis, period=label),
            self.reading.rows(LINES, basis=basis, period=label),
            self._latest(MEASURES, label),
            self._latest(RELIEFS, label),
            marks,
            self._latest(LOTS, before) if monthly else LOTS.empty(),
            self._prices(marks, label) if marks.num_rows else PRICES.empty(),
        )

    def _prices(self, marks: pa.Table, label: str) -> pa.Table:
        """Return PRICES as the marks of a month took them, though some were corrected since."""
        prices = self._known_prices
        taken = marks.select(["price_date", *_PRICE[1:]]).rename_columns(list(_PRICE))
        if not taken.join(prices.select(_PRICE), list(_PRICE), join_type="left anti").num_rows:
            return prices
        segment = self.reading.segments("marks", self.policy.name, period=label)[-1]
        return self.books.control.read(segment.batch).prices()

    @cached_property
    def _known_prices(self) -> pa.Table:
        return self.reading.prices()
