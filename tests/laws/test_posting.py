"""Posting as a difference: any order of arrival leads to the entries of booking at once.

6 examples each; the tolerance is zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import firms
from tests.laws.facts import CHART, day
from tests.laws.firm import Firm
from tests.laws.reading import as_set, by, journal_of, lines_of, posted_of

from subledger import tables
from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried
from subledger.closing.knowledge import Sealed
from subledger.closing.window import open_window
from subledger.journal.difference import difference, live
from subledger.journal.journal import Journal, joined
from subledger.periods import month_of, parse_period
from subledger.statements.balances import balances_after
from subledger.statements.trial_balance import trial_balance
from subledger.store.hashing import content_hash, same
from subledger.tables import BALANCES

FACTS = (
    *("trades", "cash", "actions", "journals"),
    *("opening_lots", "opening_balances", "marks", "settlements"),
)
Batch = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass
class Store:
    """A journal that grows: every batch is added to what is known, booked and posted."""

    firm: Firm
    batch: int = 0
    months: dict[str, Journal] = field(default_factory=dict)
    booked: list[Booking] = field(default_factory=list)

    def take(self, batch: Batch) -> None:
        """Add the rows of a batch, under its number, to what is known."""
        self.batch += 1
        grown = {
            name: [
                *getattr(self.firm, name),
                *(row if name == "marks" else {**row, "batch": self.batch} for row in rows),
            ]
            for name, rows in batch.items()
        }
        self.firm = self.firm.but(**grown)

    def post(self) -> Journal:
        """Post every month that has events or entries; return what was appended."""
        window = open_window(
            self.firm.known(),
            Sealed(),
            policy=self.firm.policy,
            marks=self.firm.mark_table(),
            mark_dates=self.firm.closes,
        )
        carried, added = Carried(), []
        self.booked = []
        known = {month.label for month in window.months(Sealed())}
        for month in map(parse_period, sorted({*known, *self.months})):
            events = replace(window.within(month), conversions=self.firm.conversions())
            booking = book(events, carried, terms=self.firm.terms)
            posted = self.months.get(month.label, Journal.empty())
            addition = difference(
                journal_of(booking), posted, basis="B", next_seq=1 + self.entries().num_rows
            )
            self.months[month.label] = joined([posted, addition])
            carried = booking.carried
            added.append(addition)
            self.booked.append(booking)
        return joined(added)

    def carried(self) -> Carried:
        """Return open lots and items after the last month."""
        return self.booked[-1].carried if self.booked else Carried()

    def entries(self) -> pa.Table:
        """Return all entries of the journal."""
        return self.journal().entries

    def journal(self) -> Journal:
        """Return the whole journal."""
        return joined([self.months[label] for label in sorted(self.months)])


def _versions(
    trade: Mapping[str, Any], change: str, on: int
) -> list[tuple[str, Sequence[Mapping[str, Any]]]]:
    """Return the facts of a trade: its states under version 1, and what changes it later."""
    confirmed = {**trade, "status": "confirmed", "settled_date": None}
    is_settled = trade["status"] == "settled"
    rows = [confirmed, trade] if is_settled else [trade]
    other = {**trade, "version": 2, "gross": trade["gross"] + 7, "net": trade["net"] + 7}
    other |= {"quantity": trade["quantity"] + 1, "trade_date": day(on), "settlement_date": day(on)}
    other |= {"settled_date": day(on) if is_settled else None}
    if change in ("version", "cancel-2"):
        rows.append(other)
    if change.startswith("cancel"):
        gone = other if change == "cancel-2" else trade
        rows.append({**gone, "status": "cancelled", "settled_date": None})
    facts: list[tuple[str, Sequence[Mapping[str, Any]]]] = [("trades", [row]) for row in rows]
    if change == "late" and not is_settled:
        fact = {"event_id": f"S-{trade['trade_id']}", "trade_id": trade["trade_id"]}
        facts.append(
            ("settlements", [fact | {"date": trade["settlement_date"], "status": "settled"}])
        )
    return facts


@st.composite
def histories(draw: st.DrawFn) -> tuple[Firm, list[Batch]]:
    """Draw a firm without facts and the batches in which its facts arrive, in any order.

    Trades are amended to other quantities, prices and days, cancelled, and move from confirmed to
    settled.
    """
    firm = draw(firms(most=7))
    change = st.sampled_from(("", "", "", "version", "cancel", "cancel-2", "late"))
    rows = [
        fact
        for trade in firm.trades
        for fact in _versions(trade, draw(change), draw(st.integers(0, 13)))
    ]
    for name in ("cash", "actions", "opening_lots", "opening_balances"):
        rows += [(name, [row]) for row in getattr(firm, name)]
    for name, key in (("journals", "journal_id"), ("marks", "mark_date")):
        whole = getattr(firm, name)
        rows += [
            (name, [row for row in whole if row[key] == value])
            for value in sorted({row[key] for row in whole})
        ]
    arrived = draw(st.permutations(rows))
    count = draw(st.integers(1, 4))
    batches: list[Batch] = []
    for number in range(count):
        batch: dict[str, list[Mapping[str, Any]]] = {}
        for name, some in arrived[number::count]:
            batch.setdefault(name, []).extend(some)
        batches.append(batch)
    return firm.but(**dict.fromkeys(FACTS, ())), batches


def everything(firm: Firm, batches: Sequence[Batch]) -> Store:
    """Return a store that took all batches before it posted once."""
    store = Store(firm)
    for batch in batches:
        store.take(batch)
    store.post()
    return store


def step_by_step(firm: Firm, batches: Sequence[Batch]) -> Store:
    """Return a store that posted after every batch."""
    store = Store(firm)
    for batch in batches:
        store.take(batch)
        store.post()
    return store


def trial_balance_of(journal: Journal) -> list[dict[str, Any]]:
    report = trial_balance(BALANCES.empty(), posted_of(journal), accounts=CHART.accounts)
    rows: list[dict[str, Any]] = report.table.to_pylist()
    return rows


def wordless(journal: Journal) -> Journal:
    """Return a journal without narrations: they may name units of which no amount depends."""
    return Journal(journal.entries.drop_columns(["narration"]), journal.lines)


@settings(max_examples=6)
@given(histories())
def test_what_stands_depends_on_the_facts_and_not_on_their_arrival(
    history: tuple[Firm, list[Batch]],
) -> None:
    """Invariant 37, tolerance zero: live entries, lots, reliefs, measures, items, balances.

    An entry of which nothing but its words would change stays as it was posted.
    """
    firm, batches = history
    slow, quick = step_by_step(firm, batches), everything(firm, batches)
    backwards = step_by_step(firm, batches[::-1])
    for store in (slow, backwards):
        assert as_set(wordless(live(store.journal()))) == as_set(wordless(quick.journal()))
        assert same(
            balances_after(BALANCES.empty(), store.journal().lines),
            balances_after(BALANCES.empty(), quick.journal().lines),
        )
    for name in ("measures", "reliefs", "exceptions"):
        ours, theirs = (
            [row for one in each.booked for row in getattr(one, name).to_pylist()]
            for each in (slow, quick)
        )
        assert ours == theirs, name
    left, expected = (each.carried() for each in (slow, quick))
    for state in tables.STATES:
        assert left.state(state).to_pylist() == expected.state(state).to_pylist(), state.name


@settings(max_examples=6)
@given(histories())
def test_posting_twice_posts_nothing(history: tuple[Firm, list[Batch]]) -> None:
    """Invariant 10 of the journal, tolerance zero: after every batch."""
    firm, batches = history
    store = Store(firm)
    for batch in batches:
        store.take(batch)
        store.post()
        assert store.post().entries.num_rows == 0


@settings(max_examples=6)
@given(histories())
def test_an_entry_and_its_reversal_cancel_in_debit_and_credit(
    history: tuple[Firm, list[Batch]],
) -> None:
    """Invariant 36, tolerance zero: the trial balance shows what stands, on both sides."""
    firm, batches = history
    slow, quick = step_by_step(firm, batches), everything(firm, batches)
    assert trial_balance_of(slow.journal()) == trial_balance_of(quick.journal())


@settings(max_examples=6)
@given(histories())
def test_a_reversal_is_its_original_negated_on_its_own_dates_and_happens_once(
    history: tuple[Firm, list[Batch]],
) -> None:
    """Invariant 36, tolerance zero: line by line; numbers rise without a gap."""
    store = step_by_step(*history)
    entries = {entry["entry_id"]: entry for entry in store.entries().to_pylist()}
    of_entry: dict[int, list[dict[str, Any]]] = {}
    for line in store.journal().lines.to_pylist():
        of_entry.setdefault(line["seq"], []).append(line)
    reversed_ids = [entry["reverses"] for entry in entries.values() if entry["reverses"]]
    assert len(set(reversed_ids)) == len(reversed_ids)
    for entry in entries.values():
        assert bool(entry["reverses"]) == (entry["kind"] == "reversal")
        if entry["kind"] != "reversal":
            continue
        original = entries[entry["reverses"]]
        same = ("accounting_date", "activity_date", "period", "activity_period", "event_id", "rule")
        assert [entry[name] for name in same] == [original[name] for name in same]
        assert entry["seq"] > original["seq"]
        negated = [
            line
            | {name: None if line[name] is None else -line[name] for name in ("amount", "quantity")}
            | {"amount_base": -line["amount_base"], "seq": entry["seq"]}
            for line in of_entry[original["seq"]]
        ]
        assert of_entry[entry["seq"]] == negated
    seqs = sorted(entry["seq"] for entry in entries.values())
    assert seqs == list(range(1, len(seqs) + 1))


@settings(max_examples=6)
@given(histories())
def test_taking_everything_back_leaves_nothing_and_booking_it_again_all(
    history: tuple[Firm, list[Batch]],
) -> None:
    """Invariant 36, tolerance zero: cancel and rebook with the same data is the identity."""
    store = everything(*history)
    posted = store.journal()
    undone = difference(Journal.empty(), posted, basis="B", next_seq=10**6)
    gone = joined([posted, undone])
    assert by(lines_of(gone), "account") == {}
    assert trial_balance_of(gone) == []
    assert live(gone).entries.num_rows == 0
    again = joined([gone, difference(live(posted), gone, basis="B", next_seq=2 * 10**6)])
    assert as_set(live(again)) == as_set(live(posted))
    assert trial_balance_of(again) == trial_balance_of(posted)


@settings(max_examples=6)
@given(histories())
def test_replaying_the_same_commands_reproduces_every_hash(
    history: tuple[Firm, list[Batch]],
) -> None:
    """Invariant 37, tolerance zero: content hashes of the appended journal, month by month."""

    def hashes(store: Store) -> dict[str, tuple[str, str]]:
        return {
            label: (
                content_hash(journal.entries, tables.ENTRIES),
                content_hash(journal.lines, tables.LINES),
            )
            for label, journal in store.months.items()
        }

    assert hashes(step_by_step(*history)) == hashes(step_by_step(*history))


@settings(max_examples=6)
@given(histories())
def test_every_entry_of_a_booking_has_a_key_of_its_own(history: tuple[Firm, list[Batch]]) -> None:
    """Invariant 37: the key by which booking and journal are compared names one entry."""
    store = everything(*history)
    keys = [
        tuple(entry[name] for name in ("event_kind", "event_id", "event_version", "stage", "leg"))
        for booking in store.booked
        for entry in booking.entries.to_pylist()
    ]
    assert len(set(keys)) == len(keys)
    assert all(month_of(entry["accounting_date"]).label == entry["period"]
               for entry in store.entries().to_pylist())  # fmt: skip
