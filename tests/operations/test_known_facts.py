"""A month costs what its own facts cost: those of closed months are read only where needed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa
import pytest
from tests.operations.desk import Desk

from subledger.closing.window import Window, open_window
from subledger.operations.known_facts import known_facts
from subledger.operations.months import sealed_state
from subledger.store.hashing import same
from subledger.store.reading import Reading
from subledger.store.records import Segment
from subledger.tables import FACTS, Table

LAST_SESSION = {"2025-11": 28, "2025-12": 31, "2026-01": 30, "2026-02": 27}
MONTHS = tuple(LAST_SESSION)


def trades(month: str, *, prefix: str = "") -> str:
    """Return three trades of a month, the last of which settles in the next."""
    number = f"{prefix}{month}"
    return f"""
    trade_id   trade_date  settled_date side quantity price
    {number}-1 {month}-05  {month}-07   buy  100      10.00
    {number}-2 {month}-10  {month}-12   sell 60       12.00
    {number}-3 {month}-26  {after(month)}-02 buy 5    11.00
    """


def takes(desk: Desk, month: str) -> None:
    """Import a month's facts."""
    desk.takes("trades", trades(month))
    desk.takes("prices", f"date price\n{month}-{LAST_SESSION[month]} 11.00")
    desk.takes("cash", f"event_id date amount\nC{month} {month}-03 100.00")


def after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


@contextmanager
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Count the rows of facts that are read of segments, by kind."""
    counted = dict.fromkeys((*FACTS, "ids"), 0)
    read = Reading.read

    def counting(
        self: Reading, declared: Table, segment: Segment, *, columns: Collection[str] | None = None
    ) -> pa.Table:
        if declared.name in FACTS:
            counted["ids" if columns else declared.name] += segment.rows
        return read(self, declared, segment, columns=columns)

    with monkeypatch.context() as patch:
        patch.setattr(Reading, "read", counting)
        yield counted


def windows(desk: Desk) -> tuple[Window, Window]:
    """Return the window of the first basis, from the facts that are needed, and from all."""
    reading, policy = desk.books.control.read(), desk.books.policies()[0]
    sealed = sealed_state(reading, policy.name)
    everything = replace(sealed, open_trades=None, open_settlements=None)
    part, whole = (
        open_window(known_facts(reading, one), one, policy=policy) for one in (sealed, everything)
    )
    return part, whole


def assert_same(part: Window, whole: Window) -> None:
    for name in ("trades", "settling", "cash", "journals"):
        assert same(getattr(part.events, name), getattr(whole.events, name)), name
    assert same(part.exceptions, whole.exceptions)
    assert same(part.withheld, whole.withheld)


@pytest.fixture
def closed(desk: Desk) -> Desk:
    """Return books that are closed through January, with the trades of February known."""
    for month in MONTHS:
        takes(desk, month)
        if month == MONTHS[-1]:
            break
        desk.close(month)
        if month.endswith("12"):
            desk.close("2025")
    return desk


def test_a_later_month_reads_no_more_facts_than_an_earlier_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    for month in MONTHS:
        takes(desk, month)
        with reads(monkeypatch) as counted:
            reading = desk.books.control.read()
            known_facts(reading, sealed_state(reading, "US-GAAP"))
        counts.append(counted)
        desk.close(month)
        if month.endswith("12"):
            desk.close("2025")
    assert [count["trades"] for count in counts] == [3, 3, 3, 3]
    assert [count["cash"] for count in counts] == [1, 1, 1, 1]
    assert [count["ids"] for count in counts] == [0, 0, 0, 0]


def test_what_is_left_out_changes_no_window(closed: Desk) -> None:
    part, whole = windows(closed)
    assert_same(part, whole)
    # Those of February, and the settlement of January's last; all but the last of them settle.
    assert (part.events.trades.num_rows, part.events.settling.num_rows) == (3, 4)


def test_a_later_fact_of_a_finished_trade_is_late_as_it_was(closed: Desk) -> None:
    header, first, *_ = trades(MONTHS[1]).strip().splitlines()
    amended = first.replace("10.00", "10.50")
    closed.takes("trades", f"version {header}\n2 {amended}")
    moved = "2025-12-2 2026-02-05 2026-02-07 sell 60 12.00"
    closed.takes("trades", f"version {header}\n2 {moved}")
    part, whole = windows(closed)
    assert_same(part, whole)
    assert part.exceptions["code"].to_pylist() == ["LATE", "LATE"]


def test_a_settlement_of_a_finished_trade_is_no_settlement_of_an_unknown_one(closed: Desk) -> None:
    closed.takes(
        "settlements", f"event_id trade_id date quantity amount\nS1 {MONTHS[0]}-1 2025-11-07 40 -"
    )
    part, whole = windows(closed)
    assert_same(part, whole)
    assert part.exceptions["code"].to_pylist() == ["LATER_PARTIAL_SETTLEMENT"]


def test_of_old_months_only_those_with_such_names_are_read(
    closed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    header, first, *_ = trades(MONTHS[0]).strip().splitlines()
    closed.takes("trades", f"version {header}\n2 {first.replace('10.00', '10.50')}")
    with reads(monkeypatch) as counted:
        part, _ = windows(closed)
    reading = closed.books.control.read()
    everything = reading.facts("trades").num_rows
    # Those of February and the late one, the ids of November, and November; and once everything.
    assert (counted["trades"] - everything, counted["ids"]) == (4 + 3, 3)
    assert part.exceptions["code"].to_pylist() == ["LATE"]
