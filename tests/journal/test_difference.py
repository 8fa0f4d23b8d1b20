"""What posting appends, by example: new entries, reversals of those that are no longer right."""

from __future__ import annotations

import numpy as np
import pytest
from tests.booking.entries import SHARE, booked
from tests.laws import facts
from tests.laws.facts import GAAP, TAX, day, trade
from tests.laws.reading import as_set, journal_of, plain

from subledger.journal.difference import difference, live
from subledger.journal.journal import Journal, joined

BOUGHT = trade("B", "buy", 10, price="10", held=SHARE)
SOLD = trade("S", "sell", 4, price="12", held=SHARE, trade_date=day(3))


def journal(*trades: facts.Row) -> Journal:
    """Return the entries of trades as booking numbers them."""
    return journal_of(booked(*trades))


def post(booking: Journal, posted: Journal) -> Journal:
    """Return what posting appends."""
    return difference(booking, posted, basis="US-GAAP", next_seq=1 + posted.entries.num_rows)


def heads(journal: Journal) -> list[tuple[str, str, str, str]]:
    """Return id, kind, event and what is reversed of each entry."""
    names = ("entry_id", "kind", "event_id", "reverses")
    rows = journal.entries.select(names).to_pylist()
    return [tuple(row[name] for name in names) for row in rows]


def test_new_entries_are_appended_in_order_and_numbered_from_where_the_journal_ends() -> None:
    first = post(journal(BOUGHT), Journal.empty())
    assert heads(first) == [("US-GAAP-00000001", "normal", "B", "")]
    second = post(journal(BOUGHT, SOLD), first)
    assert heads(second) == [("US-GAAP-00000002", "normal", "S", "")]
    assert set(second.lines["seq"].to_pylist()) == {2}


def test_what_is_posted_already_is_not_posted_again() -> None:
    first = post(journal(BOUGHT, SOLD), Journal.empty())
    again = post(journal(SOLD, BOUGHT), first)
    assert (again.entries.num_rows, again.lines.num_rows) == (0, 0)


def test_a_changed_entry_is_reversed_and_rebooked_and_the_others_stay() -> None:
    posted = post(journal(BOUGHT, SOLD), Journal.empty())
    dearer = SOLD | {"net": SOLD["net"] - 5, "commission": 5}
    added = post(journal(BOUGHT, dearer), posted)
    assert heads(added) == [
        ("US-GAAP-00000003", "reversal", "S", "US-GAAP-00000002"),
        ("US-GAAP-00000004", "normal", "S", ""),
    ]
    assert added.entries["reason"].to_pylist() == ["rebooked", ""]
    assert added.entries["narration"].to_pylist() == [
        "Reversal: Sold 4 AAA at 12",
        "Sold 4 AAA at 12",
    ]


def test_a_higher_version_is_an_entry_of_its_own_and_the_lower_is_no_longer_booked() -> None:
    posted = post(journal(BOUGHT), Journal.empty())
    added = post(journal(BOUGHT | {"version": 2}), posted)
    assert added.entries["event_version"].to_pylist() == [1, 2]
    assert added.entries["reason"].to_pylist() == ["no longer booked", ""]


def test_reversals_come_first_and_the_latest_first() -> None:
    posted = post(journal(BOUGHT, SOLD), Journal.empty())
    added = post(Journal.empty(), posted)
    assert heads(added) == [
        ("US-GAAP-00000003", "reversal", "S", "US-GAAP-00000002"),
        ("US-GAAP-00000004", "reversal", "B", "US-GAAP-00000001"),
    ]
    assert added.entries["accounting_date"].to_pylist() == [day(3), day(0)]


def test_what_was_reversed_is_posted_anew_when_it_comes_back() -> None:
    posted = post(journal(BOUGHT), Journal.empty())
    gone = joined([posted, post(Journal.empty(), posted)])
    back = joined([gone, post(journal(BOUGHT), gone)])
    assert heads(back)[2:] == [("US-GAAP-00000003", "normal", "B", "")]
    assert as_set(live(back)) == as_set(posted)
    assert post(journal(BOUGHT), back).entries.num_rows == 0


@pytest.mark.parametrize(
    "other",
    [
        SOLD | {"trade_date": day(4)},
        SOLD | {"book": "B2"},
        SOLD | {"strategy": "S2"},
        SOLD | {"counterparty": "CP"},
        SOLD | {"quantity": 3},
        SOLD | {"gross": SOLD["gross"] + 1, "net": SOLD["net"] + 1},
        SOLD | {"commission": 1, "tax": -1},
    ],
)
def test_any_change_of_an_entry_or_its_lines_is_seen(other: facts.Row) -> None:
    posted = post(journal(BOUGHT, SOLD), Journal.empty())
    booking = journal(BOUGHT, other)
    added = post(booking, posted)
    assert added.entries["kind"].to_pylist().count("reversal") >= 1
    assert as_set(live(joined([posted, added]))) == as_set(booking)


def test_a_change_that_ripples_through_fifo_rebooks_what_it_touches_only() -> None:
    earlier = trade("A", "buy", 4, price="9", held=SHARE, trade_date=day(-1))
    other = trade("O", "buy", 1, price="9", held=SHARE, book="B2")
    posted = post(journal(BOUGHT, SOLD, other), Journal.empty())
    added = post(journal(earlier, BOUGHT, SOLD, other), posted)
    assert [(kind, event) for _, kind, event, _ in heads(added)] == [
        ("reversal", "S"),
        ("normal", "A"),
        ("normal", "S"),
    ]


def test_two_legs_of_a_trade_are_compared_apart() -> None:
    crossing = trade("X", "sell", 15, price="12", held=SHARE, trade_date=day(3))
    posted = post(journal(BOUGHT, crossing), Journal.empty())
    cheaper = BOUGHT | {"gross": 9000, "net": 9000}
    added = post(journal(cheaper, crossing), posted)
    events = [(kind, event) for _, kind, event, _ in heads(added)]
    assert events == [("reversal", "X"), ("reversal", "B"), ("normal", "B"), ("normal", "X")]
    assert added.entries["leg"].to_pylist() == [1, 2, 2, 1]


def test_a_journal_taken_by_rows_keeps_lines_with_their_entries() -> None:
    posted = post(journal(BOUGHT, SOLD), Journal.empty())
    turned = posted.take(np.array([1, 0]))
    assert plain(turned.entries, turned.lines) == plain(posted.entries, posted.lines)[::-1]
    assert turned.lines["seq"].to_pylist() == [2] * 3 + [1] * 2


def test_bases_have_journals_of_their_own() -> None:
    ours = journal_of(booked(BOUGHT, policy=GAAP))
    theirs = journal_of(booked(BOUGHT, policy=TAX))
    assert as_set(ours) == as_set(theirs)
    added = difference(theirs, Journal.empty(), basis="US-TAX", next_seq=7)
    assert heads(added) == [("US-TAX-00000007", "normal", "B", "")]
