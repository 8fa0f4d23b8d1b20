"""Small tables and a store to keep them in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from subledger import tables
from subledger.store.control import Control
from subledger.store.unit import Unit

START = datetime(2022, 10, 3, 9, tzinfo=UTC)


class Clock:
    """A clock that advances by a second each time it is asked."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Samples:
    """Rows of declared tables: what is not given is "", 0, false, null or the same day."""

    def rows(self, declared: tables.Table, *rows: dict[str, Any]) -> pa.Table:
        full = [{f.name: row.get(f.name, self._blank(f)) for f in declared.schema} for row in rows]
        return pa.Table.from_pylist(full, schema=declared.schema)

    @staticmethod
    def _blank(field: pa.Field) -> object:
        if field.nullable:
            return None
        if tables.is_text(field.type):
            return ""
        if pa.types.is_date32(field.type):
            return date(2022, 9, 30)
        return False if pa.types.is_boolean(field.type) else 0

    def trades(self, batch: int, *ids: str) -> pa.Table:
        rows = [
            {"trade_id": name, "version": 1, "quantity": 100, "batch": batch, "row": n}
            for n, name in enumerate(ids, 2)
        ]
        return self.rows(tables.TRADES, *rows)

    def entries(self, first: int, count: int) -> pa.Table:
        rows = [{"seq": seq, "entry_id": f"E{seq}"} for seq in range(first, first + count)]
        return self.rows(tables.ENTRIES, *rows)

    def lines(self, first: int, count: int, amount: int = 100) -> pa.Table:
        rows = [
            {
                "seq": seq,
                "line": n,
                "account": "1210",
                "currency": "USD",
                "amount": sign * amount,
                "amount_base": sign * amount,
            }
            for seq in range(first, first + count)
            for n, sign in ((1, 1), (2, -1))
        ]
        return self.rows(tables.LINES, *rows)

    def lots(self, *ids: str) -> pa.Table:
        return self.rows(tables.LOTS, *({"lot_id": name, "opened": 10} for name in ids))

    def prices(self, batch: int, *rows: tuple[str, int, int]) -> pa.Table:
        named = [
            {"instrument": name, "version": version, "price_mantissa": price, "batch": batch}
            for name, version, price in rows
        ]
        return self.rows(tables.PRICES, *named)

    def rates(self, batch: int, *rows: tuple[str, int, int]) -> pa.Table:
        named = [
            {"base": name, "quote": "USD", "version": version, "rate_mantissa": rate}
            for name, version, rate in rows
        ]
        return self.rows(tables.RATES, *({**row, "rate_scale": 4, "batch": batch} for row in named))

    def exceptions(self, *ids: str, at_risk: int = 5) -> pa.Table:
        rows = [
            {"exception_id": name, "code": "LATE", "basis": "US-GAAP", "amount_at_risk": at_risk}
            for name in ids
        ]
        return self.rows(tables.EXCEPTIONS, *rows)

    def everything(self, unit: Unit) -> None:
        """Record one row of every kind."""
        unit.fix("entity", "Example Trading LLC")
        unit.raw(b"trade_id\nT%d\n" % unit.seq)
        unit.add_facts("trades", self.trades(unit.seq, f"T{unit.seq}"))
        first = 2 * unit.seq - 1
        unit.add_segment(tables.ENTRIES, self.entries(first, 2), basis="US-GAAP")
        unit.add_segment(tables.LINES, self.lines(first, 2), basis="US-GAAP")
        unit.add_segment(tables.LOTS, self.lots(f"T{unit.seq}"), basis="US-GAAP", period="2022-09")
        instrument = {"instrument": "AAPL", "batch": unit.seq, "row": 2, "name": f"v{unit.seq}"}
        unit.add_instruments(self.rows(tables.INSTRUMENTS, instrument))
        unit.add_prices(self.prices(unit.seq, ("AAPL", unit.seq, 100 + unit.seq)))
        unit.add_rates(self.rates(unit.seq, ("EUR", unit.seq, 10_000 + unit.seq)))
        unit.record_chart("US-GAAP", "c" * 64, files={"accounts.toml": b"# none\n"})
        unit.add_mark_run("US-GAAP", date(2022, 9, 30))
        unit.remember("US-GAAP", "2022-09", inputs=f"{unit.seq:064d}", marked="", outputs="{}")
        unit.set_exceptions("US-GAAP", self.exceptions(f"X{unit.seq}"))
        unit.add_close("US-GAAP", f"2022-{unit.seq:02d}", knowledge_seq=unit.seq - 1, seal="{}")


def opened(books: Path, clock: Clock) -> Control:
    return Control.open(books, create=True, clock=clock, actor="ada")


@pytest.fixture(scope="session")
def new_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A books folder whose store has no batch yet, made once and copied for each test."""
    books = tmp_path_factory.mktemp("new")
    opened(books, Clock())
    return books


@pytest.fixture(scope="session")
def full_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A books folder with two batches of everything, made once and copied for each test."""
    books = tmp_path_factory.mktemp("full")
    control = opened(books, Clock())
    for _ in range(2):
        with control.write("import", {}) as unit:
            Samples().everything(unit)
    return books


@pytest.fixture
def samples() -> Samples:
    return Samples()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reopen(new_books: Path, tmp_path: Path, clock: Clock) -> Callable[[], Control]:
    shutil.copytree(new_books / "store", tmp_path / "store")
    return lambda: opened(tmp_path, clock)


@pytest.fixture
def control(reopen: Callable[[], Control]) -> Control:
    return reopen()
