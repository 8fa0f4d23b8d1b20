"""A books folder in memory: files go in as text, tables and findings come out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pytest

from subledger.errors import Finding
from subledger.events.context import Context
from subledger.events.identity import Admission, admit
from subledger.events.known import known_trades
from subledger.events.reading import Reading
from subledger.importers.canonical import read_canonical
from subledger.tables import SETTLEMENTS, TRADES

INSTRUMENTS = """instrument,asset_class,currency,quantity_decimals,multiplier,negative_price
ACME,equity,USD,0,,
COIN,crypto,USD,8,,
BOND,bond,USD,2,,
NEST,equity,EUR,0,,
TOKY,equity,JPY,0,,
CRUDE,future,USD,0,1000,true
"""

FIRST: dict[str, dict[str, str]] = {
    "trades": {
        "trade_id": "T1",
        "status": "confirmed",
        "trade_date": "2026-01-05",
        "settlement_date": "2026-01-06",
        "book": "B1",
        "broker_account": "PB1",
        "instrument": "ACME",
        "side": "buy",
        "quantity": "100",
        "price": "12.50",
        "currency": "USD",
    },
    "settlements": {
        "trade_id": "T1",
        "event_id": "S1",
        "date": "2026-01-06",
        "status": "settled",
    },
    "cash": {
        "event_id": "C1",
        "date": "2026-01-05",
        "kind": "contribution",
        "broker_account": "PB1",
        "currency": "USD",
        "amount": "1000.00",
    },
    "rates": {"date": "2026-01-30", "base": "EUR", "quote": "USD", "rate": "1.0876"},
    "corporate_actions": {
        "event_id": "D1",
        "kind": "dividend",
        "ex_date": "2026-01-15",
        "pay_date": "2026-01-30",
        "instrument": "ACME",
        "amount": "0.25",
    },
    "prices": {"date": "2026-01-30", "instrument": "ACME", "price": "12.50"},
    "instruments": {"instrument": "NEW", "asset_class": "equity", "currency": "USD"},
    "opening_lots": {
        "as_of": "2025-12-31",
        "lot_id": "L1",
        "instrument": "ACME",
        "side": "long",
        "quantity": "100",
        "opened_on": "2025-06-30",
        "currency": "USD",
        "cost": "1000.00",
        "cost_base": "1000.00",
        "broker_account": "PB1",
        "book": "B1",
    },
    "opening_balances": {
        "as_of": "2025-12-31",
        "account": "1020",
        "currency": "USD",
        "amount": "500.00",
        "amount_base": "500.00",
        "broker_account": "PB1",
    },
    "journals": {
        "journal_id": "J1",
        "line": "1",
        "date": "2026-01-31",
        "account": "6410",
        "currency": "USD",
        "amount": "90.00",
        "reason": "Market data",
    },
}


@dataclass(frozen=True)
class Facts:
    """An account of the chart, as far as files need to know it."""

    postable: bool = True
    manual: bool = True
    required: tuple[str, ...] = ()


ACCOUNTS = {
    "1000": Facts(postable=False),
    "1020": Facts(required=("broker_account",)),
    "1210": Facts(manual=False, required=("instrument", "lot")),
    "6410": Facts(),
}


@dataclass
class Books:
    """Known facts and what imports make of them."""

    context: Context
    known: dict[str, pa.Table] = field(default_factory=dict)

    def read(self, kind: str, *rows: dict[str, str]) -> Reading:
        """Read rows, each the first of its kind with the changes given."""
        data = csv_text([{**FIRST[kind], **row} for row in rows]).encode()
        return read_canonical(kind, data, file=f"{kind}.csv", context=self.context)

    def add(self, kind: str, *rows: dict[str, str]) -> Admission:
        """Import rows under the next batch; keep what is admitted."""
        self.context = replace(self.context, batch=self.context.batch + 1)
        reading = self.read(kind, *rows)
        assert reading.findings == []
        admission = admit(kind, reading.table, known=self.known, file=f"{kind}.csv")
        before = self.known.get(kind, admission.rows.schema.empty_table())
        self.known[kind] = pa.concat_tables([before, admission.rows])
        if kind in {"instruments", "trades", "settlements"}:
            self.context = replace(self.context, **{kind: self.known[kind]})
        return admission

    def trades(self) -> list[dict[str, Any]]:
        """Return what is known of each trade, by trade_id."""
        rows: list[dict[str, Any]] = self.folded()[0].to_pylist()
        return rows

    def folded(self) -> tuple[pa.Table, pa.Table]:
        """Return known trades and odd settlements."""
        return known_trades(
            self.known.get("trades", TRADES.empty()),
            self.known.get("settlements", SETTLEMENTS.empty()),
        )


def csv_text(rows: Sequence[dict[str, str]]) -> str:
    """Return rows as CSV with all of their columns."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def brief(findings: Sequence[Finding]) -> list[tuple[str, int | None, str]]:
    """Return code, row and column of findings."""
    return [(finding.code, finding.row, finding.column) for finding in findings]


@pytest.fixture
def books() -> Books:
    context = Context(
        base_currency="USD",
        decimals={"USD": 2, "EUR": 2, "JPY": 0},
        accounts=ACCOUNTS,
        bases=("US-GAAP", "US-TAX"),
    )
    reading = read_canonical("instruments", INSTRUMENTS.encode(), file="i.csv", context=context)
    assert reading.findings == []
    return Books(replace(context, instruments=reading.table), {"instruments": reading.table})
