"""Explain: the whole text for each kind of id, and what is refused.

Rule hashes and sources, and hashes of files, are named in the texts instead of written out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.explain.arithmetic import equations, is_right
from tests.explain.firm import StillDesk, tell_the_year
from tests.explain.showing import shown
from tests.operations.desk import refusal

from subledger.errors import CODES
from subledger.operations.explaining import explain, explain_data

GOLDEN = Path(__file__).resolve().parents[1] / "explain" / "golden"
SETTINGS = {f"basis.{basis}.post_status": "confirmed" for basis in ("US-GAAP", "US-TAX")}

KINDS = {
    "entry_that_opened_a_lot": "US-GAAP-00000003",
    "entry_that_crossed_zero": "US-GAAP-00000009",
    "entry_that_closed_another_books_lot": "US-TAX-00000014",
    "entry_of_a_balance_taken_over": "US-GAAP-00000001",
    "entry_of_a_lot_taken_over": "US-GAAP-00000002",
    "settlement": "US-GAAP-00000007",
    "reversed_entry": "US-GAAP-00000018",
    "entry_rebooked_after_a_mark": "US-GAAP-00000023",
    "reversal": "US-GAAP-00000026",
    "mark": "US-GAAP-00000038",
    "year_end": "US-GAAP-00000040",
    "cash": "C-1",
    "journal": "J-1",
    "relief_of_a_cent": "T-3:r0001",
    "relief_held_for_long": "T-9:r0001",
    "relief_after_a_mark": "T-11:r0001",
    "trade_that_crossed_zero_and_its_lot": "T-4",
    "trade_amended": "T-7",
    "trade_not_settled": "T-8",
    "trade_not_booked": "T-10",
    "lot_taken_over": "O-1",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> StillDesk:
    """Tiny books of a year, closed."""
    books = StillDesk(tmp_path_factory.mktemp("explained") / "books", SETTINGS)
    tell_the_year(books)
    return books


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_text_of(kind: str, desk: StillDesk) -> None:
    golden = (GOLDEN / f"{kind}.txt").read_text(encoding="utf-8")
    assert shown(desk, KINDS[kind]) == golden


def test_a_trade_and_a_relief_are_explained_for_the_basis_that_is_named(desk: StillDesk) -> None:
    golden = (GOLDEN / "relief_under_another_basis.txt").read_text(encoding="utf-8")
    assert shown(desk, "T-7:r0001", "US-TAX") == golden
    assert refusal(explain, desk.books, "T-7:r0001", basis="US-GAAP") == ["NOTHING_KNOWN"]


def test_an_exception_is_explained_with_its_event(desk: StillDesk) -> None:
    rows = desk.exceptions("exception_id", "US-TAX")
    answer = explain(desk.books, rows[1][0])
    assert answer[:4] == [
        f"Exception {rows[1][0]}",
        "  basis           US-TAX",
        f"  code            LOT_UNKNOWN: {CODES['LOT_UNKNOWN'].meaning}",
        "  message         a lot that the trade names is not open, or has fewer units",
    ]
    assert "Trade T-10" in answer


def test_every_equation_of_the_tiny_books_is_right(desk: StillDesk) -> None:
    books = desk.books
    reading = books.control.read()
    found = 0
    last = max(segment.last_seq or 0 for segment in reading.segments("entries", "US-GAAP"))
    ids = {
        "US-GAAP": [f"US-GAAP-{n:08d}" for n in range(1, last + 1)],
        "US-TAX": [f"T-{n}" for n in range(1, 12)],
    }
    for basis, every in ids.items():
        for identifier in every:
            answer: Any = explain_data(books, identifier, basis=basis)["rows"]
            for node in answer:
                for equation in equations(node):
                    assert is_right(equation["figures"]), (identifier, equation)
                    found += 1
    assert found > 300


def test_the_past_is_explained_as_it_was_known(desk: StillDesk) -> None:
    before = max(
        batch.seq
        for batch in desk.books.control.read().batches()
        if batch.imported and batch.imported.kind == "trades" and batch.imported.rows_appended == 4
    )
    then: Any = explain_data(desk.books, "T-7", as_at=before + 2)
    now: Any = explain_data(desk.books, "T-7")
    assert then["rows"][0]["facts"]["known now"] == "version 1, settled"
    assert now["rows"][0]["facts"]["known now"] == "version 2, settled"
    assert [node["kind"] for node in then["rows"]] == ["trade", "lot", "sources"]
    assert then["rows"][0]["facts"]["posted"] == "yes"


def test_the_answer_as_data_says_what_was_asked(desk: StillDesk) -> None:
    answer: Any = explain_data(desk.books, "US-TAX-00000014")
    assert answer["schema"] == "subledger.explain/1"
    assert answer["totals"] == {}
    assert answer["meta"] == {
        "title": "Explanation of US-TAX-00000014",
        "base": "USD",
        "id": "US-TAX-00000014",
        "basis": "US-TAX",
        "as_at": desk.batch,
    }
    lines = answer["rows"][0]["children"][0]
    assert lines["kind"] == "lines"
    assert lines["rows"][0]["account"] == "2220"
    assert lines["rows"][0]["debit"] == "79.87"


@pytest.mark.parametrize(
    ("identifier", "basis", "code"),
    [
        ("T-99", "", "NOTHING_KNOWN"),
        ("T-1:r0001", "", "NOTHING_KNOWN"),
        ("US-GAAP-00000999", "", "NOTHING_KNOWN"),
        ("X-000000000000", "", "NOTHING_KNOWN"),
        ("", "", "NOTHING_KNOWN"),
        ("T-1", "IFRS", "UNKNOWN_BASIS"),
    ],
)
def test_what_is_not_known_is_refused(
    desk: StillDesk, identifier: str, basis: str, code: str
) -> None:
    assert refusal(explain, desk.books, identifier, basis=basis) == [code]
