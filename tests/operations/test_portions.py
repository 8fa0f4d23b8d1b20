"""A month that is booked in portions of days is the same month: nothing but its ledger is short."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.operations.desk import Desk

from subledger.booking.inputs import Events
from subledger.columns import build
from subledger.operations import packaging, portions
from subledger.operations.books import Books, open_books
from subledger.operations.closing import close
from subledger.operations.demonstrating import demo
from subledger.operations.packaging import package
from subledger.operations.posting import post
from subledger.operations.reporting import report, view_of
from subledger.operations.verifying import verify
from subledger.tables import SETTLING

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "ROWS", 100)


def settling(counts: dict[int, int]) -> Events:
    """Return so many settlements on days of September 2022, counted from 1."""
    on = [np.datetime64(date(2022, 9, day)) for day, count in counts.items() for _ in range(count)]
    rows = {"trade_id": "", "version": 1, "batch": 1, "row": 1}
    dates = np.array(on, "datetime64[D]")
    columns = rows | {"activity_date": dates, "accounting_date": dates}
    return Events(settling=build(SETTLING, columns))


@pytest.mark.parametrize(
    ("counts", "starts"),
    [
        ({5: 100}, []),
        ({5: 50, 6: 51}, [6]),
        ({5: 900, 9: 1}, [9]),
        ({1: 1, 5: 900, 9: 1}, [5, 9]),
        ({1: 100, 2: 100, 3: 100, 6: 100}, [2, 3, 6]),
        ({5: 900}, []),
    ],
)
def test_portions_are_whole_days_of_about_as_many_rows(
    counts: dict[int, int], starts: list[int]
) -> None:
    found = portions.runs_of_days(settling(counts))
    assert [first.astype(object).day for first, _ in found[1:]] == starts
    if found:
        assert (str(found[0][0]), str(found[-1][1])) == ("0001-01-01", "9999-12-31")
    gaps = {later[0] - earlier[1] for earlier, later in pairwise(found)}
    assert gaps <= {np.timedelta64(1, "D")}


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Return the sample firm, every month of which was booked in portions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portions, "ROWS", 100)
        return demo(tmp_path_factory.mktemp("demo") / "books", None, echo=lambda _: None).books


def test_every_report_of_the_sample_firm_is_the_same(firm: Books) -> None:
    compared = 0
    for path in sorted((ROOT / "reports").rglob("*.csv")):
        if path.name != "journal.csv":
            name = path.relative_to(ROOT)
            assert (firm.folder / name).read_bytes() == path.read_bytes(), name
            compared += 1
    assert compared > 80


def test_its_journal_has_the_same_lines(firm: Books) -> None:
    """Numbers differ: a portion's reversals come before its new entries, not before the month's."""
    for path in sorted((ROOT / "reports").rglob("journal.csv")):
        one, other = (lines_of(root / path.relative_to(ROOT)) for root in (ROOT, firm.folder))
        assert one == other, path


def lines_of(path: Path) -> Counter[tuple[str, ...]]:
    numbered = {"seq", "entry_id", "reverses", "reason", "batch"}
    with path.open(newline="") as file:
        return Counter(
            tuple(value for name, value in row.items() if name not in numbered)
            for row in csv.DictReader(file)
        )


def test_its_months_stand_in_several_segments_and_are_verified(firm: Books) -> None:
    reading = firm.control.read()
    for kind in ("entries", "lines", "measures", "reliefs"):
        written = Counter(one.batch for one in reading.segments(kind, "US-GAAP", period="2022-10"))
        assert max(written.values()) >= 3, kind
    found = verify(firm)
    assert [finding for result in found for finding in result.findings] == []
    notes = "; ".join(note for result in found for note in result.notes)
    assert "beancount agrees on" in notes


def test_posting_again_posts_nothing_and_marks_nothing(firm: Books) -> None:
    assert [(one.entries, one.reversals) for one in post(firm)] == [(0, 0), (0, 0)]


TRADES = """
trade_id trade_date settled_date side quantity price commission
T1       2025-10-06 2025-10-08   buy  30       10.01 1.00
T2       2025-10-07 2025-11-04   buy  40       11.03 1.00
T3       2025-11-06 2025-11-10   sell 50       12.00 0.50
T4       2025-11-12 2025-11-14   sell 60       12.50 0.50
T5       2025-11-20 2025-12-11   buy  20       13.00 0.25
"""
PRICES = """
date       price
2025-10-31 10.50
2025-11-28 12.25
"""
REPORTS = ("journal", "lots", "realised", "trial-balance", "unsettled", "basis-difference")


def closed(folder: Path, rows: int) -> Books:
    """Return books whose months were booked by their close, in portions of so many rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portions, "ROWS", rows)
        desk = Desk(folder, {})
        desk.takes("trades", TRADES)
        desk.takes("prices", PRICES)
        for label in ("2025-10", "2025-11"):
            close(open_books(folder), label)
    return open_books(folder)


def test_a_close_that_books_in_portions_seals_the_same_and_tells_it_in_sums(tmp_path: Path) -> None:
    whole, cut = closed(tmp_path / "whole", 1_000), closed(tmp_path / "cut", 2)
    for basis in ("US-GAAP", "US-TAX"):
        for name in REPORTS:
            for label in ("2025-10", "2025-11"):
                tables = [
                    report(view_of(one, label, basis=basis), name).table for one in (whole, cut)
                ]
                assert tables[0].to_pylist() == tables[1].to_pylist(), (basis, name, label)
        text = [
            (one.folder / "ledgers" / basis / "2025-10.beancount").read_text()
            for one in (whole, cut)
        ]
        assert [";; A daily summary: " in one for one in text] == [False, True]
        seals = [
            [json.loads(seal.seal)["states"] for seal in one.control.read().closes(basis)]
            for one in (whole, cut)
        ]
        journal = {"entries", "lines"}
        for one, other in zip(*seals, strict=True):
            assert {name for name in one if one[name] != other[name]} == journal
    found = verify(cut)
    assert [finding for result in found for finding in result.findings] == []
    assert "daily sums without lots: 2025-10" in found[1].notes


def test_a_trial_close_in_portions_leaves_nothing_behind(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "books", {})
    desk.takes("trades", TRADES)
    desk.takes("prices", PRICES)
    before = sorted(path for path in (tmp_path / "books").rglob("*") if path.is_file())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portions, "ROWS", 2)
        results = close(open_books(tmp_path / "books"), "2025-10", dry_run=True)
    assert [check.id for one in results for check in one.checks if not check.passed] == []
    after = sorted(path for path in (tmp_path / "books").rglob("*") if path.is_file())
    assert after == before


def test_a_package_holds_every_portion_of_a_long_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = closed(tmp_path / "cut", 2)
    monkeypatch.setattr(packaging, "CSV_ROWS", 1)
    [folder] = [made.folder for made in package(books, "2025-10", bases=["US-GAAP"])]
    manifest = json.loads((folder / "manifest.json").read_text())
    named = manifest["instead_of_csv"]["journal"]["files"]
    lines = [pq.read_table(folder / name) for name in named if name.startswith("lines-")]
    assert len(lines) == 2
    journal = report(view_of(books, "2025-10", basis="US-GAAP"), "journal").table
    assert sum(part.num_rows for part in lines) == journal.num_rows
    assert [number for part in lines for number in part["seq"].to_pylist()] == journal[
        "seq"
    ].to_pylist()
