"""A month that was booked from the same inputs is not booked again, and comes out the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from hypothesis import given, settings
from tests.laws.books import firms
from tests.laws.firm import Firm
from tests.laws.reading import plain
from tests.operations.desk import Desk

from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried, Events
from subledger.columns import days
from subledger.operations import months, remembering
from subledger.operations.remembering import Marked, Remembered, marked_alone, measures_in
from subledger.periods import Period
from subledger.store.hashing import same
from subledger.tables import CONVERSIONS, MARK_MEASURES, MEASURES, RELIEFS, STATES

TRADES = """
trade_id trade_date settled_date side quantity price commission instrument
T1       01-05      01-07        buy  100      10.00 1.00       ACME
T2       01-12      01-14        sell 40       12.00 0.50       ACME
T3       01-20      02-03        buy  10       50.00 -          BOLT
"""
FEBRUARY = """
trade_id trade_date settled_date side quantity price commission instrument
T4       02-10      02-12        sell 30       13.00 1.00       ACME
"""
PRICES = """
date       price instrument
2026-01-15 10.50 ACME
2026-01-30 11.50 ACME
2026-01-30 49.00 BOLT
2026-02-27 12.50 ACME
2026-02-27 48.00 BOLT
"""


@pytest.fixture
def booked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the months that are booked from then on, those that only are marked apart."""
    found: list[str] = []

    def counted(events: Events, carried: Carried, **terms: Any) -> Booking:
        dates = [day for day in days(events.trades, "accounting_date").tolist() if day]
        found.append(str(min(dates))[:7] if dates else "none")
        return book(events, carried, **terms)

    monkeypatch.setattr(months, "book", counted)
    return found


def store_of(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    """Return what stands in the store, by kind, basis and period, with the seals."""
    reading = desk.books.control.read()
    found = {}
    for declared in set(remembering.MADE) - {MARK_MEASURES}:
        for basis in ("US-GAAP", "US-TAX"):
            for period in reading.periods(declared.name, basis):
                if declared is MEASURES:
                    table = measures_in(reading, basis, period=period)
                else:
                    table = reading.latest(declared, basis=basis, period=period)
                assert table is not None
                found[f"{declared.name} {basis} {period}"] = table.to_pylist()
    for segment in reading.all_segments():
        if segment.kind in ("entries", "lines"):
            name = f"{segment.kind} {segment.basis} {segment.period}"
            found.setdefault(name, []).append({"hash": segment.content_hash})
    found["seals"] = [json.loads(close.seal) for close in reading.closes()]
    return found


def worked(desk: Desk) -> dict[str, list[dict[str, Any]]]:
    """Return the store after two months were posted, posted again, marked and closed."""
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    desk.post()
    desk.post()
    desk.mark("01-15")
    desk.takes("trades", FEBRUARY)
    desk.post()
    desk.close("2026-01")
    desk.post()
    desk.close("2026-02")
    return store_of(desk)


def test_what_is_remembered_is_what_booking_again_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembered = worked(Desk(tmp_path / "remembered"))
    monkeypatch.setattr(months, "recall", lambda *_, **__: (None, False))
    assert remembered == worked(Desk(tmp_path / "booked"))


def test_a_month_is_booked_once_and_its_last_day_is_marked_by_the_close(
    desk: Desk, booked: list[str]
) -> None:
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    desk.post("US-GAAP")
    assert booked == ["2026-01", "none"]  # February settles T3
    desk.post("US-GAAP")
    assert booked == ["2026-01", "none"]
    desk.close("2026-01", "US-GAAP")
    assert booked == ["2026-01", "none", "none"]  # February begins with marked lots
    desk.takes("trades", FEBRUARY)
    desk.post("US-GAAP")
    assert booked[3:] == ["2026-02"]
    desk.close("2026-02", "US-GAAP")
    assert booked[3:] == ["2026-02"]


def test_earlier_open_months_are_not_booked_when_a_later_one_is_posted(
    desk: Desk, booked: list[str]
) -> None:
    desk.takes("trades", TRADES)
    desk.takes("trades", FEBRUARY)
    desk.post("US-GAAP")
    assert booked == ["2026-01", "2026-02"]
    desk.takes("trades", FEBRUARY.replace("T4", "T5").replace("02-1", "03-1"))
    desk.post("US-GAAP")
    assert booked[2:] == ["2026-03"]


def test_a_correction_books_its_month_and_those_after_it(desk: Desk, booked: list[str]) -> None:
    desk.takes("trades", TRADES)
    desk.takes("trades", FEBRUARY)
    desk.post("US-GAAP")
    del booked[:]
    amended = TRADES.replace("trade_id", "version trade_id").replace("T1 ", "2 T1 ")
    header, first, *_ = amended.strip().splitlines()
    desk.takes("trades", f"{header}\n{first.replace('10.00', '10.50')}")
    desk.post("US-GAAP")
    assert booked == ["2026-01", "2026-02"]


@settings(max_examples=15)
@given(firms())
def test_marking_the_last_day_of_a_booked_month_is_booking_the_month_with_the_marks(
    firm: Firm,
) -> None:
    """The cut between a day's events and its marks, tolerance zero."""
    for on in firm.closes:
        events = firm.events()
        inside = {
            name: _until(getattr(events, name), column, on)
            for name, column in {
                **dict.fromkeys(("trades", "settling", "cash", "actions"), "accounting_date"),
                "journals": "accounting_date",
                **dict.fromkeys(("opening_lots", "opening_balances"), "as_of"),
                **dict.fromkeys(("marks", "mark_dates"), "mark_date"),
            }.items()
        }
        month = Period("", events_start(events), on)
        whole = replace(events, **inside)
        before, alone = marked_alone(whole, month)
        first = book(before, Carried(), terms=firm.terms)
        added = book(alone, first.carried, terms=firm.terms)
        expected = book(whole, Carried(), terms=firm.terms)
        if first.exceptions.num_rows or added.exceptions.num_rows:
            continue
        found = Marked(cast("Remembered", first), added)
        assert plain(found.entries, found.lines) == plain(expected.entries, expected.lines)
        assert not expected.exceptions.num_rows
        for declared in (MEASURES, RELIEFS, CONVERSIONS):
            made = getattr(found, declared.name)
            assert same(made, getattr(expected, declared.name)), declared.name
        for state in STATES:
            assert same(found.carried.state(state), expected.carried.state(state)), state.name


def events_start(events: Events) -> Any:
    return min(days(events.mark_dates, "mark_date").tolist())


def _until(table: pa.Table, column: str, on: Any) -> pa.Table:
    return table.filter(pa.array([day <= on for day in days(table, column).tolist()], pa.bool_()))
