"""A report: one declared table with its title, its totals and the exact text of every figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers
from subledger.statements.exact import bytes_of, decimal_texts, in_order
from subledger.tables import is_text

JsonValue = str | int | bool | None
_CSV_ROWS = 20_000
_QUOTED = '[",\r\n]'
_MARKS = (b'"', b",", b"\r", b"\n")


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
        column = self.table.column(name)
        if not unit_of(self.table.schema.field(name)):
            return [text or None for text in column.cast(pa.string()).to_pylist()]
        values = column.combine_chunks()
        found: list[str | None] = decimal_texts(values, self.decimals(name, units)).to_pylist()
        return found

    def decimals(self, name: str, units: Units) -> numbers.Int64Array:
        """Return the decimals of an amount or quantity column, row by row."""
        unit = unit_of(self.table.schema.field(name))
        if unit == "base":
            return np.full(self.table.num_rows, units.decimals_of_base(), np.int64)
        key = {"currency": "currency", "quantity": "instrument"}[unit]
        known = units.decimals if unit == "currency" else units.quantity_decimals
        return columns.texts(self.table, key).looked_up(lambda code: known.get(code, 0))

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
    rows = zip(*report_values(report, units), strict=True)
    return {
        "schema": f"subledger.{report.name}/1",
        "meta": {"title": report.title, "base": units.base, **report.meta},
        "rows": [dict(zip(names, row, strict=True)) for row in rows],
        "totals": report.sums(units),
    }


def report_values(report: Report, units: Units) -> list[Sequence[JsonValue]]:
    """Return the columns of a report: decimals and dates as text, empty as None."""
    return [_json_column(report, name, units=units) for name in report.table.column_names]


def _json_column(report: Report, name: str, *, units: Units) -> Sequence[JsonValue]:
    declared = report.table.schema.field(name)
    counted = pa.types.is_integer(declared.type) and not unit_of(declared)
    if counted or pa.types.is_boolean(declared.type):
        values: list[JsonValue] = report.table.column(name).to_pylist()
        return values
    return report.exact(name, units)


def report_csv(report: Report, units: Units) -> str:
    r"""Return a report as CSV (RFC 4180 quoting, lines end in \n), without its totals."""
    return b"".join(csv_parts(report, units)).decode()


def csv_parts(report: Report, units: Units) -> Iterator[bytes]:
    """Yield the CSV of a report piece by piece, so that a long one needs little memory."""
    names = report.table.column_names
    yield (",".join(_quoted(pa.array(names, pa.string())).to_pylist()) + "\n").encode()
    alike = _alike(report, units)
    cells = {name: _cells(report, name, units=units) for name in set(alike.values())}

    def lines(start: int) -> bytes:
        rows = slice(start, start + _CSV_ROWS)
        made = {name: column(rows) for name, column in cells.items()}
        *others, last = [made[alike[name]] for name in names]
        ended = pc.binary_join_element_wise(last, "\n", "", null_handling="replace")
        joined = pc.binary_join_element_wise(*others, ended, ",", null_handling="replace")
        return bytes_of(joined)

    yield from in_order(lines, range(0, report.table.num_rows, _CSV_ROWS))


def _alike(report: Report, units: Units) -> dict[str, str]:
    """Return for each column the first one with the same cells: in base they are often the same."""
    found: dict[str, str] = {}
    amounts: list[tuple[str, numbers.Int64Array]] = []
    for name in report.table.column_names:
        found[name] = name
        if unit_of(report.table.schema.field(name)):
            places, values = report.decimals(name, units), report.table.column(name)
            for other, as_places in amounts:
                same = values.equals(report.table.column(other))
                if same and np.array_equal(places, as_places):
                    found[name] = other
                    break
            else:
                amounts.append((name, places))
    return found


def _cells(report: Report, name: str, *, units: Units) -> Callable[[slice], pa.Array]:
    """Return a function that gives the cells of some rows of a column as text."""
    declared = report.table.schema.field(name)
    if unit_of(declared):
        values = report.table.column(name).combine_chunks()
        places = report.decimals(name, units)
        return lambda rows: decimal_texts(_slice(values, rows), places[rows])
    if is_text(declared.type):
        coded = columns.texts(report.table, name).compact()
        distinct = _quoted(coded.values)
        if len(report.table.column_names) == 1:  # a line of one empty cell would be blank
            distinct = pc.if_else(pc.equal(distinct, ""), '""', distinct)
        return lambda rows: distinct.take(pa.array(coded.codes[rows]))
    plain = report.table.column(name).combine_chunks()
    return lambda rows: _slice(plain, rows).cast(pa.string())


def _slice(values: pa.Array, rows: slice) -> pa.Array:
    return values.slice(rows.start, rows.stop - rows.start)


def _quoted(values: pa.Array) -> pa.Array:
    """Return texts with those quoted that hold a comma, a quote or an end of line."""
    held = bytes_of(values)
    if not any(mark in held for mark in _MARKS):  # many times faster than looking text by text
        return values
    odd = pc.match_substring_regex(values, _QUOTED)
    doubled = pc.replace_substring(values, '"', '""')
    return pc.if_else(odd, pc.binary_join_element_wise('"', doubled, '"', ""), values)
