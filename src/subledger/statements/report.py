"""A report: one declared table with its title, its totals and the exact text of every figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from subledger import columns, numbers

JsonValue = str | int | bool | None
_CSV_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Units:
    """How many decimals each integer of a table carries.

    `decimals` is per currency and includes the base currency, `quantity_decimals` per instrument.
    """

    base: str
    decimals: Mapping[str, int]
    quantity_decimals: Mapping[str, int]

    def decimals_of_base(self) -> int:
        """Return the decimals of the base currency."""
        return self.decimals[self.base]


@dataclass(frozen=True, slots=True)
class Report:
    """A table whose columns are those that scripts rely on, in that order.

    Amounts are int64 with the metadata `unit` currency or base, quantities int64 with the unit
    quantity; prices and rates are plain decimal text. `totals` names the columns, always in base,
    whose sum means something.
    """

    name: str
    title: str
    table: pa.Table
    totals: tuple[str, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)

    def exact(self, name: str, units: Units) -> list[str | None]:
        """Return a column as exact text, row by row; None where nothing is given."""
        unit = unit_of(self.table.schema.field(name))
        column = self.table.column(name)
        if not unit:
            return [text or None for text in column.cast(pa.string()).to_pylist()]
        return [
            None if value is None else numbers.to_text(value, places)
            for value, places in zip(column.to_pylist(), self.decimals(name, units), strict=True)
        ]

    def decimals(self, name: str, units: Units) -> list[int]:
        """Return the decimals of an amount or quantity column, row by row."""
        unit = unit_of(self.table.schema.field(name))
        rows = self.table.num_rows
        if unit == "base":
            return [units.decimals_of_base()] * rows
        key = {"currency": "currency", "quantity": "instrument"}[unit]
        known = units.decimals if unit == "currency" else units.quantity_decimals
        return [known.get(code, 0) for code in self.table.column(key).to_pylist()]

    def sums(self, units: Units) -> dict[str, str]:
        """Return the totals as exact text; each is summed beyond 64 bits where it must be."""
        return {
            name: numbers.to_text(
                numbers.exact_sum(column_values(self.table, name)), units.decimals_of_base()
            )
            for name in self.totals
        }


def unit_of(declared: pa.Field) -> str:
    """Return the unit of a column: currency, base, quantity, or "" for anything uncounted."""
    return _metadata(declared, b"unit")


def is_decimal_text(declared: pa.Field) -> bool:
    """Say whether a text column holds plain decimal numbers (a price or a rate)."""
    return _metadata(declared, b"holds") == "decimal"


def _metadata(declared: pa.Field, key: bytes) -> str:
    return str((declared.metadata or {}).get(key, b"").decode())


def number_text(name: str) -> pa.Field:
    """Declare a price or rate column: plain decimal text; "" means not given."""
    return pa.field(name, pa.string(), nullable=False, metadata={"holds": "decimal"})


def maybe_base(name: str) -> pa.Field:
    """Declare an amount in base currency in which null means that there is none."""
    return pa.field(name, pa.int64(), nullable=True, metadata={"unit": "base"})


def maybe_money(name: str) -> pa.Field:
    """Declare an amount in the row's currency in which null means that there is none."""
    return pa.field(name, pa.int64(), nullable=True, metadata={"unit": "currency"})


def column_values(table: pa.Table, name: str) -> numbers.Int64Array:
    """Return an integer column as int64; null counts as zero."""
    return columns.numbers(table, name)


def report_json(report: Report, units: Units) -> dict[str, object]:
    """Return a report as a JSON-ready dict: decimals as strings, empty as None.

    The shape is `{"schema": "subledger.<name>/1", "meta": {}, "rows": [], "totals": {}}`.
    """
    names = report.table.column_names
    values = [_json_column(report, name, units=units) for name in names]
    return {
        "schema": f"subledger.{report.name}/1",
        "meta": {"title": report.title, "base": units.base, **report.meta},
        "rows": [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)],
        "totals": report.sums(units),
    }


def _json_column(report: Report, name: str, *, units: Units) -> Sequence[JsonValue]:
    declared = report.table.schema.field(name)
    counted = pa.types.is_integer(declared.type) and not unit_of(declared)
    if counted or pa.types.is_boolean(declared.type):
        values: list[JsonValue] = report.table.column(name).to_pylist()
        return values
    return report.exact(name, units)


def report_csv(report: Report, units: Units) -> str:
    r"""Return a report as CSV (RFC 4180 quoting, lines end in \n), without its totals."""
    return "".join(csv_parts(report, units))


def csv_parts(report: Report, units: Units) -> Iterator[str]:
    """Yield the CSV of a report piece by piece, so that a long journal needs little memory."""
    names = report.table.column_names
    yield _csv([names])
    for start in range(0, report.table.num_rows, _CSV_ROWS):
        part = replace(report, table=report.table.slice(start, _CSV_ROWS))
        columns_of_part = (part.exact(name, units) for name in names)
        yield _csv(zip(*columns_of_part, strict=True))


def _csv(rows: Iterable[Iterable[str | None]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
