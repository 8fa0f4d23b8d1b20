"""Currencies, lot methods and dividends explained: whole texts, and every equation worked out.

Hashes and the sources of rules are named in the texts instead of written out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.explain.abroad import SETTINGS, open_desk, tell_two_months
from tests.explain.arithmetic import equations, is_right
from tests.explain.firm import StillDesk
from tests.explain.showing import shown

from subledger.operations.explaining import explain_data
from subledger.tables import ENTRIES

GOLDEN = Path(__file__).resolve().parent / "golden" / "abroad"

# The entry of a kind of event, its id and the beginning of its stage.
ENTRIES_OF = {
    "exchange": ("US-GAAP", "fx_trade", "X-1", "trade"),
    "exchange_settled": ("US-GAAP", "settlement", "X-1", "settlement"),
    "bought_and_settled_in_another_currency": ("US-GAAP", "trade", "A-2", "trade"),
    "fees_in_dollars_into_cost": ("US-TAX", "trade", "A-3", "trade"),
    "fees_in_pounds": ("US-GAAP", "trade", "A-6", "trade"),
    "sold_at_the_rate_of_the_disposal": ("US-GAAP", "trade", "A-4", "trade"),
    "sold_at_the_rate_of_the_acquisition": ("US-TAX", "trade", "A-4", "trade"),
    "settled_with_a_revaluation_released": ("US-GAAP", "settlement", "A-4", "settlement"),
    "capital_paid_later": ("US-GAAP", "capital_settlement", "C-1", ""),
    "interest": ("US-GAAP", "cash", "C-2", ""),
    "dividend": ("US-GAAP", "dividend", "CA-1", "dividend:B1/S1/K1"),
    "dividend_when_paid": ("US-TAX", "dividend", "CA-1", "dividend:B1/S1/K1"),
    "dividend_paid": ("US-GAAP", "dividend_settlement", "CA-1", "dividend_settlement:B1/S1/K1"),
    "mark": ("US-GAAP", "mark", "mark:GGG:long", "2026-02-28"),
    "revaluation_of_an_item": ("US-GAAP", "revaluation", "A-4/amount", "2026-01-31"),
    "revaluation_of_a_dividend": ("US-GAAP", "revaluation", "CA-1/B1/S1/K1/long", "2026-01-31"),
    "revaluation_of_cash": ("US-GAAP", "revaluation", "revaluation:1020/EUR/B1/S1/K1", "2026-02"),
    "revaluation_of_a_claim": (
        *("US-GAAP", "revaluation", "revaluation:1430/EUR/B1/S1/K1/EEE", "2026-02"),
    ),
    "swept": ("US-GAAP", "fx_sweep", "fx_sweep:B1/S1/K1", "2026-01-31"),
    "cash_at_average": ("US-TAX", "cash_relief", "A-7/settlement/settlement/0", ""),
    "bought_at_average_cost_after_a_mark": ("US-GAAP", "trade", "V-3", "trade"),
    "bought_back": ("US-TAX", "trade", "A-7", "trade"),
    "sold_by_highest_cost": ("US-GAAP", "trade", "H-3", "trade"),
    "sold_by_name": ("US-GAAP", "trade", "N-3", "trade"),
    "sold_last_in_first_out": ("US-GAAP", "trade", "L-3", "trade"),
}
IDS = {
    "trade_that_crossed_zero": ("US-GAAP", "A-5"),
    "pool_version": ("US-GAAP", "V-1#2"),
    "corporate_action": ("US-GAAP", "CA-1"),
}
BASES = ("US-GAAP", "US-TAX")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> StillDesk:
    """Two months abroad, closed."""
    books = open_desk(tmp_path_factory.mktemp("abroad") / "books")
    tell_two_months(books)
    return books


def standing(desk: StillDesk, basis: str) -> list[dict[str, Any]]:
    """Return the entries that stand, of both months."""
    rows: list[dict[str, Any]] = desk.books.control.read().rows(ENTRIES, basis=basis).to_pylist()
    gone = {row["reverses"] for row in rows}
    return [row for row in rows if not row["reverses"] and row["entry_id"] not in gone]


def id_of(desk: StillDesk, kind: str) -> tuple[str, str]:
    """Return basis and id of what a golden text explains."""
    if kind in IDS:
        return IDS[kind]
    basis, event_kind, event_id, stage = ENTRIES_OF[kind]
    found = [
        row["entry_id"]
        for row in standing(desk, basis)
        if (row["event_kind"], row["event_id"]) == (event_kind, event_id)
        and row["stage"].startswith(stage)
    ]
    return basis, found[0]


@pytest.mark.parametrize("kind", [*ENTRIES_OF, *IDS])
def test_the_whole_text_of(kind: str, desk: StillDesk) -> None:
    basis, identifier = id_of(desk, kind)
    golden = (GOLDEN / f"{kind}.txt").read_text(encoding="utf-8")
    assert shown(desk, identifier, basis) == golden


@pytest.mark.parametrize("basis", BASES)
def test_every_equation_of_every_entry_is_right(desk: StillDesk, basis: str) -> None:
    rows = desk.books.control.read().rows(ENTRIES, basis=basis).to_pylist()
    found = 0
    for row in rows:
        answer: Any = explain_data(desk.books, row["entry_id"], basis=basis)["rows"]
        for node in answer:
            for equation in equations(node):
                assert is_right(equation["figures"]), (row["entry_id"], equation)
                found += 1
    assert found > 500


def test_a_lot_that_ended_in_a_pool_says_so(desk: StillDesk) -> None:
    answer: Any = explain_data(desk.books, "V-1")["rows"]
    lot = next(node for node in answer if node["kind"] == "lot")
    assert "Lot V-1 ended: joined to V-1#2 by trade V-2" in [
        child["title"] for child in lot["children"]
    ]
    assert lot["children"][-1]["arithmetic"][0]["figures"] == "0 = 10 - 10"


def test_a_rate_that_was_corrected_since_is_explained_as_it_was_used(tmp_path: Path) -> None:
    desk = StillDesk(tmp_path / "books", SETTINGS)
    desk.takes("rates", "date base quote rate source\n01-05 EUR USD 1.1 ECB")
    desk.takes("cash", "event_id date settled_date currency amount\nC-1 01-05 01-05 EUR 10.00")
    desk.post()
    before = shown(desk, "C-1")
    desk.takes("rates", "date base quote rate source\n01-05 EUR USD 1.9 ECB")
    assert "EUR/USD of 2026-01-05  1.1, ECB, rates-2.csv row 2" in before
    assert shown(desk, "C-1") == before
