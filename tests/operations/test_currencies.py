"""Closed months and rates that come later."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd

import subledger


def rates(*rows: tuple[str, str]) -> pd.DataFrame:
    """Return euro rates in dollars by day."""
    return pd.DataFrame(
        [{"date": on, "base": "EUR", "quote": "USD", "rate": rate} for on, rate in rows]
    )


def test_capital_is_relieved_at_what_it_was_booked_at_whatever_rates_come_later(
    tmp_path: Path,
) -> None:
    """A rate for a closed day may still come, but the receivable of that day is booked already."""
    books = subledger.create(tmp_path / "books")
    books.import_rates(rates(("2026-01-10", "1.12"), ("2026-01-30", "1.15")))
    told = {
        "event_id": "C1",
        "date": "2026-01-12",
        "settled_date": "2026-02-10",
        "kind": "contribution",
        "broker_account": "K1",
        "currency": "EUR",
        "amount": "1000.00",
    }
    books.import_cash(pd.DataFrame([told]))
    books.post()
    books.close("2026-01")
    books.import_rates(rates(("2026-01-12", "1.30"), ("2026-02-10", "1.20"), ("2026-02-27", "1.2")))
    books.close("2026-02")
    for basis in ("US-GAAP", "US-TAX"):
        rows = books.report("trial-balance", "2026-02", basis=basis)
        opening = dict(zip(rows["account"], rows["opening"], strict=True))
        closing = dict(zip(rows["account"], rows["closing"], strict=True))
        assert opening["1490"] > Decimal(0)
        assert closing["1490"] == Decimal(0)
        assert closing["4410"] == Decimal("-80.00")  # 1,000 x (1.20 - 1.12), a gain
