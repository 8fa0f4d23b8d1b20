"""What an explanation reads: one basis as at one batch, month by month as it is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from subledger.booking.naming_lots import chain_of
from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart, load_chart
from subledger.chart.measures import TRADE_EVENTS
from subledger.columns import texts
from subledger.explain.entries import Links
from subledger.explain.journal import replacement_of, reversal_of
from subledger.explain.material import Command, Material, Month, PostedRange, Row, rows_where
from subledger.operations.books import Books
from subledger.operations.remembering import measures_in
from subledger.periods import Period, month_of, parse_period, previous_month
from subledger.store.reading import Reading
from subledger.store.records import Batch, Segment
from subledger.tables import (
    CASH_LOTS,
    CONVERSIONS,
    ENTRIES,
    FACTS,
    LINES,
    LOTS,
    MARKS,
    MONEY,
    PRICES,
    RATES,
    RELIEFS,
    Table,
)

_MONTH = len("2026-01")
_PRICE = ("date", "instrument", "price_mantissa", "price_scale")
_OF_TRADES = (*TRADE_EVENTS, "settlement")


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
class Asked:
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
        if reversal["event_kind"] in _OF_TRADES:
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

    def entry_months(self, entry: Row) -> list[str]:
        """Return the months that an entry is explained from: that of its event to its own."""
        kind, event_id = entry["event_kind"], entry["event_id"]
        labels = {entry["period"]}
        if kind in _OF_TRADES:
            labels |= self.trade_months(event_id)
        elif kind in ("dividend", "dividend_settlement", "corporate_action"):
            labels |= self._action_months(event_id)
        elif kind == "revaluation":
            first, _, _ = event_id.partition("/")
            labels |= self.trade_months(event_id.rpartition("/")[0]) | self._action_months(first)
        elif kind == "capital_settlement":
            told = rows_where(self.facts["cash"], event_id=event_id)
            labels |= {month_of(row["date"]).label for row in told}
        known = {label for label in labels if label <= entry["period"]}
        return self.between(known) or [entry["period"]]

    def _action_months(self, event_id: str) -> set[str]:
        actions = rows_where(self.facts["corporate_actions"], event_id=event_id)
        return {month_of(row["ex_date"]).label for row in actions}

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
        chain, version = chain_of(lot_id)
        for label in self.between(opening, to_the_end=True) if opening else ():
            taken.append(label)
            held = set(texts(self._latest(LOTS, label), "lot_id"))
            # A later version of a pool may still come while an earlier one is held.
            stays = lot_id in held or (
                version > 1 and chain in {chain_of(name)[0] for name in held}
            )
            if label >= max(opening) and not stays:
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
        marks, conversions = self._latest(MARKS, label), self._latest(CONVERSIONS, label)

        def brought(state: Table) -> pa.Table:
            return self._latest(state, before) if monthly else state.empty()

        return Month(
            label,
            self.reading.rows(ENTRIES, basis=basis, period=label),
            self.reading.rows(LINES, basis=basis, period=label),
            measures_in(self.reading, basis, period=label),
            self._latest(RELIEFS, label),
            marks,
            brought(LOTS),
            self._prices(marks, label) if marks.num_rows else PRICES.empty(),
            conversions,
            self._rates(label) if conversions.num_rows else RATES.empty(),
            brought(MONEY),
            brought(CASH_LOTS),
        )

    def _rates(self, label: str) -> pa.Table:
        """Return RATES as the conversions of a month took them, though some were corrected since.

        Rates of other dates may have come since as well; those change nothing.
        """
        rates = self._known_rates
        segment = self.reading.segments("conversions", self.policy.name, period=label)[-1]
        corrected = pc.and_(
            pc.greater(rates["version"], 1), pc.greater(rates["batch"], segment.batch)
        )
        if not pc.any(corrected).as_py():
            return rates
        return self.books.control.read(segment.batch).rates()

    @cached_property
    def _known_rates(self) -> pa.Table:
        return self.reading.rates()

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
