"""Splits, stock dividends and changes of symbol explained, in the golden book of splits."""

from __future__ import annotations

from typing import Any

import pytest
from tests.explain.arithmetic import equations, is_right
from tests.test_books import build

from subledger.operations.books import Books
from subledger.operations.explaining import explain_data
from subledger.tables import ENTRIES


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Books:
    return build("splits", tmp_path_factory.mktemp("splits") / "books")


def explained(books: Books, identifier: str, basis: str = "US-GAAP") -> list[dict[str, Any]]:
    data: Any = explain_data(books, identifier, basis=basis)
    return list(data["rows"])


def titles(node: dict[str, Any]) -> list[str]:
    """Return the titles of a node and of those below it."""
    return [node["title"], *(title for child in node["children"] for title in titles(child))]


@pytest.mark.parametrize("basis", ["US-GAAP", "US-TAX"])
def test_every_equation_of_every_entry_and_lot_is_right(firm: Books, basis: str) -> None:
    ids = firm.control.read().rows(ENTRIES, basis=basis)["entry_id"].to_pylist()
    ids += ["T1", "T1#2", "T2", "T2#2", "T3", "T3#2", "T4", "T4#2", "A1", "A2", "A3", "A4"]
    found = [
        (identifier, equation["figures"])
        for identifier in ids
        for node in explained(firm, identifier, basis)
        for equation in equations(node)
    ]
    assert len(found) > 200
    assert [one for one in found if not is_right(one[1])] == []


def test_a_split_says_how_many_units_each_lot_has_after_it(firm: Books) -> None:
    (node,) = explained(firm, "A1")[:1]
    units = next(child for child in node["children"] if child["title"].startswith("Units after"))
    assert [one["figures"] for one in units["arithmetic"]] == ["200 = 200 - 0"]
    assert "Lot T1 ended: T1#2 stands for it since split A1" in titles(node)


def test_a_successor_says_which_lot_it_stands_for_and_when_that_was_acquired(firm: Books) -> None:
    (node,) = explained(firm, "T4#2")
    facts = node["facts"]
    assert facts["instrument"] == "NEWY"
    assert facts["stands for"] == "T4, 50 units before"
    assert facts["made by"] == "symbol change A4"
    assert facts["opened on"] == "2026-01-08, with the first lot of its chain"
