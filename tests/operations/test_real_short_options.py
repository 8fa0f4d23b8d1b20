"""A small real account with calls written on a share: a year, closed month by month.

The statement is an anonymised one of Interactive Brokers, which this project does not hold; the
tests are skipped where it is absent. It has prices and rates of a few days only, so each month but
the last is closed with what is stale accepted.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

import subledger

STATEMENT = Path(__file__).parents[3] / "shared/data/ibkr" / "minimal_short_options_repro_2025.xml"
KINDS = ("instruments", "trades", "cash", "prices", "rates")
MONTHS = [f"2025-{month:02}" for month in range(3, 13)]
CALL = "XXXX260220C00200000"
REASONS = {
    "STALE_PRICE": "last price of the statement",
    "STALE_RATE": "last rate of the statement",
    "NO_EVENT": "the statement has no accrual of this dividend",
}

pytestmark = pytest.mark.skipif(not STATEMENT.exists(), reason="the statement is not at hand")


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> subledger.Books:
    """Return books in francs with March to December closed."""
    settings = {"entity.name": "A real year", "entity.base": "CHF"}
    books = subledger.create(tmp_path_factory.mktemp("short") / "books", settings=settings)
    for kind in KINDS:
        getattr(books, f"import_{kind}")(STATEMENT, format="ibkr-flex")
    books.post()
    for month in MONTHS[:-1]:
        with pytest.raises(subledger.Refused):
            books.close(month)
        queue = books.exceptions()
        for row in queue[queue["status"] == "open"].to_dict("records"):
            if row["period"] <= month:
                books.waive(row["exception_id"], reason=REASONS[row["code"]])
        books.close(month)
    books.close(MONTHS[-1])
    return books


def test_two_writings_of_a_call_are_two_lots_at_what_the_broker_says_they_brought(
    year: subledger.Books,
) -> None:
    """The broker's cost basis of the position is 3,701.60, net of commissions."""
    lots = year.report("lots", "2025-12", basis="US-TAX")
    written = lots[lots["instrument"] == CALL]
    assert list(written["side"]) == ["short", "short"]
    assert list(written["quantity"]) == [Decimal(5), Decimal(7)]
    assert list(written["cost"]) == [Decimal("1746.50"), Decimal("1955.10")]
    assert sum(written["cost"]) == Decimal("3701.60")
    gross = year.report("lots", "2025-12", basis="US-GAAP")
    assert list(gross[gross["instrument"] == CALL]["cost"]) == [Decimal(1750), Decimal(1960)]


def test_positions_stand_at_the_value_that_the_broker_states(year: subledger.Books) -> None:
    """The year's end at 0.88: shares 204,000, ETF 4,250, calls written 1,800 dollars."""
    rows = year.report("trial-balance", "2025-12", basis="US-GAAP")
    closing = dict(zip(rows["account"], rows["closing"], strict=True))
    values = {
        name: sum(closing[f"{first}{digit}"] for digit in "012" if f"{first}{digit}" in closing)
        for name, first in (("shares", "121"), ("ETF", "122"), ("calls", "225"))
    }
    assert values == {
        "shares": Decimal(204000) * Decimal("0.88"),
        "ETF": Decimal(4250) * Decimal("0.88"),
        "calls": Decimal(-1800) * Decimal("0.88"),
    }


def test_nothing_is_left_unbooked_and_the_ledgers_are_verified(year: subledger.Books) -> None:
    codes = Counter(year.exceptions()["code"])
    assert codes.keys() == REASONS.keys()
    results = year.verify()
    assert [(one.basis, list(one.findings)) for one in results] == [
        ("store", []),
        ("US-GAAP", []),
        ("US-TAX", []),
    ]
    assert all(one.compared for one in results)


def test_nothing_was_disposed_of_on_either_side(year: subledger.Books) -> None:
    assert year.reconcile("trades", STATEMENT, basis="US-TAX").empty
