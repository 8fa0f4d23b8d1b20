"""What an explanation is made from: the tables of some months, the facts, and their sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart
from subledger.errors import InvariantError
from subledger.explain.figures import Figures
from subledger.statements.report import Units
from subledger.tables import CASH_LOTS, CONVERSIONS, MONEY, RATES

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """A batch: what was run, when and by whom; of an import also the file."""

    seq: int
    command: str
    at: str
    actor: str
    file: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class PostedRange:
    """Which batch appended which entries of the basis, by number."""

    first: int
    last: int
    batch: int


@dataclass(frozen=True, slots=True)
class Month:
    """One period of the basis as posted: its journal and its state.

    `lots_before`, `money_before` and `cash_lots_before` are what it began with. `prices` and
    `rates` are PRICES and RATES as its marks and its CONVERSIONS took them.
    """

    label: str
    entries: pa.Table
    lines: pa.Table
    measures: pa.Table
    reliefs: pa.Table
    marks: pa.Table
    lots_before: pa.Table
    prices: pa.Table
    conversions: pa.Table = field(default_factory=CONVERSIONS.empty)
    rates: pa.Table = field(default_factory=RATES.empty)
    money_before: pa.Table = field(default_factory=MONEY.empty)
    cash_lots_before: pa.Table = field(default_factory=CASH_LOTS.empty)


@dataclass(frozen=True)
class Material:
    """Everything that an explanation may draw on, for one basis and as at one batch.

    `months` are the periods concerned, oldest first. `facts` are `tables.FACTS` by name.
    `charts` are the charts posted with, each from a batch on, oldest first.
    """

    policy: BasisPolicy
    units: Units
    instruments: pa.Table
    months: Sequence[Month]
    facts: Mapping[str, pa.Table]
    exceptions: pa.Table
    commands: Mapping[int, Command]
    posted: Sequence[PostedRange]
    charts: Sequence[tuple[int, Chart]]

    def figures(self, currency: str, instrument: str = "") -> Figures:
        """Return how to write figures of a currency and an instrument."""
        return Figures(self.units, currency, instrument)

    def rows(self, table: str, **equal: object) -> Iterator[tuple[Month, Row]]:
        """Yield the rows of a table of the months whose columns have the values given."""
        for month in self.months:
            for row in rows_where(getattr(month, table), **equal):
                yield month, row

    def fact_rows(self, kind: str, **equal: object) -> list[Row]:
        """Return the facts of a kind whose columns have the values given, as they came."""
        return rows_where(self.facts[kind], **equal)

    @cached_property
    def _instruments(self) -> Mapping[str, Row]:
        return {row["instrument"]: row for row in self.instruments.to_pylist()}

    @cached_property
    def remembered(self) -> dict[str, Any]:
        """Return what was worked out of these months, by the id of its subject."""
        return {}

    def instrument(self, name: str) -> Row:
        """Return an instrument's row of `tables.INSTRUMENTS`."""
        return self._instruments[name]

    def batch_of(self, seq: int) -> int:
        """Return the batch that appended an entry."""
        return next(one.batch for one in self.posted if one.first <= seq <= one.last)

    def chart_at(self, batch: int) -> Chart:
        """Return the chart with which a batch posted."""
        known = [chart for since, chart in self.charts if since <= batch]
        if not known:
            raise InvariantError(f"no chart is known for batch {batch}")
        return known[-1]

    def place(self, row: Row) -> str:
        """Return the file and row that a fact came from."""
        return self.place_of(row["batch"], row["row"])

    def place_of(self, batch: int, row: int) -> str:
        """Return a file and row with the batch that imported it, "" where there is none."""
        command = self.commands.get(batch)
        return f"{command.file} row {row} (batch {batch})" if command else ""


def table_where(table: pa.Table, **equal: object) -> pa.Table:
    """Return the part of a table whose columns have the values given."""
    for name, value in equal.items():
        chosen = pc.equal(table[name], pa.scalar(value, table.schema.field(name).type))
        table = table.filter(chosen)
    return table


def rows_where(table: pa.Table, **equal: object) -> list[Row]:
    """Return the rows of a table whose columns have the values given."""
    rows: list[Row] = table_where(table, **equal).to_pylist()
    return rows
