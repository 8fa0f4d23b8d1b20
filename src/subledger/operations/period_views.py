"""One period of one basis as the store knows it, each part read once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.booking.direct import opening_balance_id
from subledger.booking.policy import BasisPolicy
from subledger.chart.measures import TRADE_EVENTS
from subledger.closing.window import POSTABLE, open_window
from subledger.columns import Texts, days, texts
from subledger.journal.journal import Journal, joined
from subledger.operations.balances import balances_before, period_journal, state_on
from subledger.operations.booked_months import month_journal
from subledger.operations.books import Books
from subledger.operations.known_facts import known_facts
from subledger.operations.months import sealed_state
from subledger.periods import Period, parse_period, previous_period
from subledger.statements import lists
from subledger.statements.balances import balances_after
from subledger.statements.causes import causes_of
from subledger.statements.posted import Part, Posted
from subledger.statements.report import Units
from subledger.statements.turnover import turnover
from subledger.store.reading import Reading
from subledger.store.records import Segment, newest_of_each
from subledger.tables import (
    BALANCES,
    DATED_TRADES,
    ENTRIES,
    LINES,
    RELIEFS,
    TRADES,
    Table,
)

Split = tuple[tuple[str, ...], frozenset[str] | None]  # columns, and accounts where not all


@dataclass(frozen=True)
class PeriodView:
    """One period of one basis as the store knows it at a batch.

    `compared_with` names the basis that `basis-difference` compares it with, "" the first other.
    """

    books: Books
    reading: Reading
    policy: BasisPolicy
    period: Period
    compared_with: str = ""
    # What bases are compared by, for every view of the same run.
    shared: dict[tuple[str, Period], pa.Table] = field(
        default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def opening(self) -> pa.Table:
        """Return BALANCES before the period."""
        return balances_before(self.reading, self.policy.name, day=self.period.start)

    @cached_property
    def journal(self) -> Journal:
        """Return the entries and lines of the period."""
        return period_journal(self.reading, self.policy.name, period=self.period)

    @cached_property
    def lines(self) -> int:
        """Return how many lines the journal of the period has."""
        return sum(segment.rows for segment in self.segments(LINES))

    def segments(self, declared: Table, *, last: bool = False) -> list[Segment]:
        """Return the segments of a table for the months of the period, oldest first.

        `last` asks for those that each month has written last.
        """
        found = self.reading.segments(declared.name, self.policy.name)
        labels = {month.label for month in self.period.months()}
        found = [segment for segment in found if segment.period in labels]
        return newest_of_each(found) if last else found

    def turnover(self, by: Sequence[str], *, accounts: Collection[str] | None = None) -> pa.Table:
        """Return the sums of the period's lines by columns (`statements.turnover`), or by more.

        Lines are read in the columns that this takes, and once for what is split alike.
        """
        kept: dict[Split, pa.Table] = self._kept
        chosen = None if accounts is None else frozenset(accounts)
        for split, sums in kept.items():
            if split[1] == chosen and set(by) <= set(split[0]):
                return sums
        sums = turnover(self.read_lines(by), by, accounts=chosen)
        kept[(*by,), chosen] = sums
        return sums

    def read_lines(self, by: Collection[str]) -> Journal:
        """Return the period's journal in the columns that its turnover by some columns takes.

        Called first with all columns that will be asked for, it reads the segments once.
        """
        return Journal(
            self._columns(ENTRIES, {"seq", "kind", *by}),
            self._columns(LINES, {"seq", "account", "amount", "amount_base", *by}),
        )

    def _columns(self, declared: Table, names: Collection[str]) -> pa.Table:
        """Return columns of a table of the period's months, each read once."""
        wanted = _declared(declared, names)
        known = self._read.setdefault(declared.name, {})
        missing = [name for name in wanted if name not in known]
        if missing:
            parts = [
                self.reading.read(declared, segment, columns=missing)
                for segment in self.segments(declared)
            ]
            whole = pa.concat_tables([declared.empty().select(missing), *parts])
            known |= {name: whole[name] for name in missing}
        return pa.table({name: known[name] for name in wanted})

    def forget_lines(self) -> None:
        """Free the columns of the journal that sums were drawn from; the sums stay."""
        self._read.clear()

    @cached_property
    def _read(self) -> dict[str, dict[str, pa.ChunkedArray]]:
        return {}

    @cached_property
    def closing(self) -> pa.Table:
        """Return BALANCES at the end of the period, before any year-end clearing.

        Of a month that is closed they are those that its close has sealed.
        """
        last = self.period.months()[-1].label
        closed = any(one.period == last for one in self.reading.closes(self.policy.name))
        sealed = self.reading.latest(BALANCES, basis=self.policy.name, period=last)
        if closed and sealed is not None:
            return sealed
        return balances_after(self.opening, self.journal.lines)

    @cached_property
    def prior(self) -> PeriodView | None:
        """Return the period of the same length before, None where the books have nothing then."""
        before = previous_period(self.period, self.policy.fiscal_first_month)
        view = PeriodView(self.books, self.reading, self.policy, before)
        return view if view.closing.num_rows else None

    def state(self, declared: Table) -> pa.Table:
        """Return one of STATES, or the marks or rates used last, at the end of the period."""
        if declared.name not in self._states:
            self._states[declared.name] = state_on(
                self.reading, declared, basis=self.policy.name, on=self.period.end
            )
        return self._states[declared.name]

    @cached_property
    def _states(self) -> dict[str, pa.Table]:
        return {}

    @cached_property
    def _kept(self) -> dict[Split, pa.Table]:
        return {}

    @cached_property
    def instruments(self) -> pa.Table:
        """Return the latest version of every instrument."""
        return self.reading.instruments()

    def of_months(self, declared: Table, *, columns: Collection[str] | None = None) -> pa.Table:
        """Return the rows of a table that each month of the period has written, as last written.

        `columns` limits what is read to some of the declared columns.
        """
        names = _declared(declared, columns or declared.schema.names)
        found = [
            self.reading.read(declared, segment, columns=columns)
            for segment in self.segments(declared, last=True)
        ]
        return pa.concat_tables([declared.empty().select(names), *found])

    @cached_property
    def reliefs(self) -> pa.Table:
        """Return the RELIEFS of the months of the period."""
        return self.of_months(RELIEFS)

    @cached_property
    def causes(self) -> pa.Table:
        """Return the balances at the end of the period by cause and account (`causes_of`)."""
        key = (self.policy.name, self.period)
        if key not in self.shared:
            self.shared[key] = causes_of(self._posted())
        return self.shared[key]

    def _posted(self) -> Posted:
        """Return all that was posted up to the end of the period, to be read part by part.

        Of measures these are the trades'; marks are kept apart, and have causes by their event.
        """
        return Posted(self.policy.name, self.books.chart, self._clearing(), self._parts)

    def _clearing(self) -> Journal:
        """Return the clearing entries of the years before the period."""
        labels = self.reading.periods(ENTRIES.name, self.policy.name)
        years = [label for label in labels if len(label) < len(self._last)]
        found = joined([month_journal(self.reading, self.policy.name, period=one) for one in years])
        before = days(found.entries, "accounting_date") < np.datetime64(self.period.start)
        return found.take(np.flatnonzero(before))

    def _parts(self, declared: Table) -> list[Part]:
        """Return how each part of a table is read that months up to the period's last have written.

        Of what is written anew each time there is one part a month: what was written last.
        """
        found = [
            segment
            for segment in self.reading.segments(declared.name, self.policy.name)
            if len(segment.period) == len(self._last) and segment.period <= self._last
        ]
        alone = declared.name in (ENTRIES.name, LINES.name)
        if not alone:
            found = newest_of_each(found)
        together: dict[object, list[Segment]] = {}
        for segment in found:
            together.setdefault(segment.n if alone else segment.period, []).append(segment)
        parts = [
            Part(parse_period(segments[0].period).end, partial(self._read_all, declared, segments))
            for segments in together.values()
        ]
        return parts if alone else sorted(parts, key=lambda part: part.through)

    def _read_all(
        self, declared: Table, segments: Sequence[Segment], *, columns: Collection[str]
    ) -> pa.Table:
        """Return columns of segments, one after the other."""
        found = [self.reading.read(declared, one, columns=columns) for one in segments]
        return found[0] if len(found) == 1 else pa.concat_tables(found)

    @property
    def _last(self) -> str:
        return self.period.months()[-1].label

    def of_basis(self, policy: BasisPolicy) -> PeriodView:
        """Return the same period of another basis."""
        return replace(self, policy=policy, compared_with="")

    @cached_property
    def other(self) -> PeriodView | None:
        """Return the same of the basis to compare with: the one named, else the first other."""
        if self.compared_with:
            return self.of_basis(self.books.policy(self.compared_with))
        others = [one for one in self.books.policies() if one.name != self.policy.name]
        return self.of_basis(others[0]) if others else None

    @cached_property
    def withheld(self) -> pa.Table:
        """Return trades up to the end of the period that post_status leaves out."""
        status = self.reading.rows(TRADES, basis="", columns=["status"])
        told = set(texts(status, "status").distinct())
        if told <= {*POSTABLE[self.policy.post_status], "cancelled"}:
            # Whatever settlements say, a trade does not fall behind its own row.
            return DATED_TRADES.empty()
        sealed = sealed_state(self.reading, self.policy.name)
        window = open_window(known_facts(self.reading, sealed), sealed, policy=self.policy)
        dates = days(window.withheld, "trade_date")
        return window.withheld.filter(pa.array(dates <= np.datetime64(self.period.end)))

    @cached_property
    def units(self) -> Units:
        """Return the decimals of every figure."""
        return self.books.units(self.reading)

    def batches_of_events(self) -> pa.Table:
        """Return which import brought each event (lists.BATCHES)."""
        parts = []
        for kind, event_kinds, column in _EVENT_SOURCES:
            facts = self._facts(kind)
            ones = pa.chunked_array([pa.repeat(pa.scalar(1, pa.int64()), facts.num_rows)])
            version = facts["version"] if "version" in facts.column_names else ones
            for event_kind in event_kinds:
                names = pa.chunked_array([pa.repeat(pa.scalar(event_kind), facts.num_rows)])
                columns = [names, facts[column], version, facts["batch"]]
                parts.append(pa.Table.from_arrays(columns, schema=lists.BATCHES))
        return pa.concat_tables(parts)

    def _facts(self, kind: str) -> pa.Table:
        """Return facts of a kind that this basis takes, with the ids of balances taken over."""
        facts = self.reading.facts(kind)
        if "basis" in facts.column_names:
            facts = facts.filter(pc.is_in(facts["basis"], pa.array(["", self.policy.name])))
        if kind == "opening_balances":
            ids = [opening_balance_id(row) for row in facts.to_pylist()]
            facts = facts.append_column("event_id", Texts.of(ids).dictionary())
        return facts


_EVENT_SOURCES = (
    ("trades", (*TRADE_EVENTS, "settlement"), "trade_id"),
    ("cash", ("cash", "contribution", "withdrawal", "capital_settlement"), "event_id"),
    ("corporate_actions", ("dividend", "dividend_settlement", "corporate_action"), "event_id"),
    ("journals", ("journal",), "journal_id"),
    ("opening_lots", ("opening_lot",), "lot_id"),
    ("opening_balances", ("opening_balance",), "event_id"),
)


def _declared(declared: Table, names: Collection[str]) -> list[str]:
    """Return those of some names that a table declares, in declared order."""
    return [name for name in declared.schema.names if name in names]


def view_of(
    books: Books, period: str, *, basis: str = "", other: str = "", as_at: int | None = None
) -> PeriodView:
    """Return a period of a basis (the first where none is named) as at a batch.

    `other` names the basis that it is to be compared with.
    """
    policy = books.policy(basis) if basis else books.policies()[0]
    if other:
        books.policy(other)
    reading = books.control.read(as_at)
    return PeriodView(books, reading, policy, books.period(period, policy), other)
