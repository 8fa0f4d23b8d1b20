"""What a journal comes to is the sum of what its parts come to, wherever it is cut."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.books import firms
from tests.laws.facts import CHART
from tests.laws.firm import Firm
from tests.laws.reading import journal_of

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.closing.comparing import Figures
from subledger.closing.tally import Tally, tally_of, trades_standing
from subledger.columns import numbers
from subledger.journal.difference import difference
from subledger.journal.journal import Journal
from subledger.statements.balances import balances_after
from subledger.tables import BALANCES, ENTRIES, LINES, RELIEFS


def amounts(figures: Figures) -> Counter[tuple[str, ...]]:
    """Return what figures add up to per place, in the currency of the place and in base."""
    found: Counter[tuple[str, ...]] = Counter()
    names = zip(*(column.tolist() for column in figures.place.columns), strict=True)
    for place, local, base in zip(names, figures.local, figures.base, strict=True):
        found[*place, "local"] += int(local)
        found[*place, "base"] += int(base)
    return Counter({place: amount for place, amount in found.items() if amount})


def told(tally: Tally) -> dict[str, object]:
    """Return a tally as plain values."""
    figures = ("rolled", "gains", "realised")
    return {
        "numbers": tally.numbers,
        "balanced": tally.balanced,
        "control": (tally.debit, tally.credit),
        "balances": balances_after(BALANCES.empty(), tally.balances).to_pylist(),
        "trades": set(trades_standing(tally).to_pylist()),
        "items": amounts(tally.items.items),
        "dividends": amounts(tally.dividends.items),
        **{name: amounts(getattr(tally, name)) for name in figures},
    }


@settings(max_examples=30)
@given(
    firms(most=8), st.lists(st.floats(0, 1), max_size=4), st.sampled_from(("as booked", "reversed"))
)
def test_a_journal_comes_to_what_its_parts_come_to(
    firm: Firm, places: list[float], state: str
) -> None:
    booking = book(firm.events(), Carried(), terms=firm.terms)
    journal = difference(journal_of(booking), Journal.empty(), basis="B", next_seq=1)
    if state == "reversed":
        undone = difference(Journal.empty(), journal, basis="B", next_seq=len_of(journal) + 1)
        journal = Journal(
            pa.concat_tables([journal.entries, undone.entries]),
            pa.concat_tables([journal.lines, undone.lines]),
        )
    count = journal.entries.num_rows
    cuts = sorted({0, count, *(int(place * count) for place in places)})
    parts = [
        Tally.of(
            journal.take(np.arange(first, last)),
            booking.reliefs if not first else RELIEFS.empty(),
            chart=CHART,
        )
        for first, last in pairwise(cuts)
    ]
    whole = Tally.of(journal, booking.reliefs, chart=CHART)
    assert told(tally_of(parts or [whole])) == told(whole)


def len_of(journal: Journal) -> int:
    return int(numbers(journal.entries, "seq").max(initial=0))


def part(first: int, *amounts: int, lines_of: int | None = None) -> Tally:
    """Return the sums of entries on account 1010, each of one line and numbered from `first`."""
    numbered = list(enumerate(amounts, first))
    entries = [{"seq": seq, "kind": "normal"} for seq, _ in numbered]
    lines = [
        {"seq": lines_of or seq, "line": 1, "account": "1010", "currency": "USD", "amount": amount,
         "amount_base": amount}
        for seq, amount in numbered
    ]  # fmt: skip
    journal = Journal(facts.table(ENTRIES, entries), facts.table(LINES, lines))
    return Tally.of(journal, RELIEFS.empty(), chart=CHART)


def test_entries_that_do_not_balance_are_counted_in_every_part() -> None:
    found = tally_of([part(1, 5, 0), part(3, 0, 7), part(5, -1)]).balanced
    assert (found.entries, found.how_many) == (5, 6)
    assert found.bad == (
        "entry 1 in USD",
        "entry 1 in base",
        "entry 4 in USD",
        "entry 4 in base",
        "entry 5 in USD",
    )


@pytest.mark.parametrize(
    ("parts", "odd"),
    [
        ([part(1, 0, 0), part(3, 0)], ()),
        ([part(1, 0, 0), part(2, 0)], ("entry 2",)),
        ([part(1, 0), part(2, 0, lines_of=9)], ("entry 2", "entry 9")),
        ([part(1), part(1, 0)], ()),
    ],
)
def test_an_entry_number_that_stands_twice_is_found_between_parts(
    parts: list[Tally], odd: tuple[str, ...]
) -> None:
    assert tally_of(parts).numbers.odd == odd
