"""The lot engine alone, through its operation: what rankings compare, and either engine."""

from __future__ import annotations

import pytest

from subledger.lots import engines
from subledger.lots.engine import METHODS
from subledger.operations.relieving import ReliefTerms, relieve

DAYS = ("2025-01-06", "2025-01-07", "2026-01-07", "2026-01-08")


def trades(*rows: tuple[str, str, str, str]) -> dict[str, list[str]]:
    """Return the columns of a trades file; a row is side, quantity, price and commission."""
    days = list(DAYS[: len(rows)])
    columns = {
        "trade_id": [f"T{n}" for n in range(len(rows))],
        "side": [row[0] for row in rows],
        "quantity": [row[1] for row in rows],
        "price": [row[2] for row in rows],
        "commission": [row[3] for row in rows],
        **{name: list(days) for name in ("trade_date", "settlement_date", "settled_date")},
    }
    same = {
        "status": "settled",
        "book": "B1",
        "broker_account": "PB1",
        "instrument": "OAK",
        "currency": "USD",
    }
    return columns | {name: [value] * len(rows) for name, value in same.items()}


def relieved(columns: dict[str, list[str]], terms: ReliefTerms) -> list[str]:
    """Return the lots relieved, in the order of the report."""
    lots: list[str] = relieve(columns, "t.csv", terms=terms).realised.table["lot_id"].to_pylist()
    return lots


BY_PRICE_OR_COST = trades(
    ("buy", "10", "10.00", "0.20"), ("buy", "10", "9.90", "5.00"), ("sell", "5", "11.00", "0")
)


@pytest.mark.parametrize(("with_fees", "lot"), [(True, "T1"), (False, "T0")])
def test_hifo_ranks_by_cost_with_fees_or_by_price(*, with_fees: bool, lot: str) -> None:
    terms = ReliefTerms(method="HIFO", decimals=2, rank_with_fees=with_fees)
    assert relieved(BY_PRICE_OR_COST, terms) == [lot]


@pytest.mark.parametrize(
    ("day", "lot"), [("2026-01-06", "T1"), ("2026-01-07", "T0"), ("2026-01-08", "T1")]
)
def test_best_tax_knows_the_day_from_which_a_lot_is_long_term(day: str, lot: str) -> None:
    """T0 of 6 January is long-term from 7 January a year later, T1 of the 7th from the 8th.

    T1 gains less, and goes first while both are of one term.
    """
    columns = trades(("buy", "1", "9.00", "0"), ("buy", "1", "9.50", "0"), ("sell", "1", "10", "0"))
    for name in ("trade_date", "settlement_date", "settled_date"):
        columns[name][2] = day
    assert relieved(columns, ReliefTerms(method="BEST_TAX", decimals=2)) == [lot]


@pytest.mark.parametrize("method", METHODS)
def test_the_reports_are_the_same_whichever_engine_relieves(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("numba")
    columns = trades(
        *(("buy", "10", "9.00", "1"), ("buy", "7", "9.50", "0"), ("buy", "5", "8.00", "0.01")),
        ("sell", "22", "10", "0.5"),
    )
    terms = ReliefTerms(method=method, decimals=2)
    expected = relieve(columns, "t.csv", terms=terms)
    monkeypatch.setattr(engines, "LARGE", 0)
    found = relieve(columns, "t.csv", terms=terms)
    for ours, theirs in ((found.realised, expected.realised), (found.lots, expected.lots)):
        assert ours.table.to_pylist() == theirs.table.to_pylist()
