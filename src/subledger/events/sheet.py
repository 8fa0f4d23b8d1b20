"""A file's rows while they are judged: parsed columns, and the findings collected so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.columns import build
from subledger.errors import Finding
from subledger.events.columns import BoolArray, Column, Fault, Parsed, parse_column
from subledger.events.context import Context
from subledger.events.decimals import EVERY, repeated, scaled
from subledger.events.typed import Given, text_at
from subledger.numbers import Int64Array
from subledger.tables import Table
from subledger.texts import Texts

_THREADS = 2
_ROWS_WORTH_A_THREAD = 50_000
_SHOWN = 80  # characters of a value that a finding repeats


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file as text: its columns, and the file's line number of each row.

    `complete` is false when rows are missing because the file itself is damaged.
    """

    file: str
    numbers: Sequence[int]
    columns: Mapping[str, Given]
    complete: bool = True


class Sheet:
    """The parsed columns of one file; checks add findings, nothing is raised."""

    def __init__(self, rows: Rows, declared: Sequence[Column], *, context: Context) -> None:
        self.rows = rows
        self.context = context
        self.count = len(rows.numbers)
        self.notes: list[Finding] = []
        self._place = {column.name: place for place, column in enumerate(declared)}
        self._found: list[tuple[int, int, Finding]] = []
        self._columns: dict[str, Parsed] = {}
        for name, (parsed, faults) in zip(self._place, self._parsed(declared), strict=True):
            self._columns[name] = parsed
            self._record(name, faults)

    def _parsed(self, declared: Sequence[Column]) -> list[tuple[Parsed, list[Fault]]]:
        """Return the declared columns as read, a large file's two at a time."""
        absent = Texts.repeated("", self.count).dictionary()
        given = [self.rows.columns.get(column.name, absent) for column in declared]
        columns = [
            column if column.name in self.rows.columns else replace(column, required=False)
            for column in declared
        ]
        if self.count < _ROWS_WORTH_A_THREAD:
            return [parse_column(*pair) for pair in zip(columns, given, strict=True)]
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(parse_column, columns, given))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the declared columns."""
        return tuple(self._columns)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - as the column's kind says
        """Return the values of a column."""
        return self._columns[name].values

    def given(self, name: str) -> BoolArray:
        """Say for which rows a column is not empty."""
        return self._columns[name].given

    def sound(self, *names: str) -> BoolArray:
        """Say for which rows none of these columns (default: no column) broke a rule."""
        sound = np.ones(self.count, bool)
        for name in names or self._columns:
            sound &= self._columns[name].sound
        return sound

    def text(self, name: str, row: int) -> str:
        """Return the text of a value as the file has it."""
        values = self.rows.columns.get(name)
        return "" if values is None else text_at(values, row)

    @property
    def findings(self) -> list[Finding]:
        """Return what was found so far, by row and column."""
        return [finding for _, _, finding in sorted(self._found, key=lambda found: found[:2])]

    def refuse(
        self, where: BoolArray, code: str, *, column: str, message: str | Callable[[int], str]
    ) -> None:
        """Refuse the rows of a mask; the value found is that of the column."""
        rows = np.flatnonzero(where).tolist()
        say = message if callable(message) else lambda _: message
        self._record(column, [Fault(row, code, say(row)) for row in rows])

    def note(
        self, where: BoolArray, code: str, *, column: str, message: Callable[[int], str]
    ) -> None:
        """Record a finding that refuses nothing for the rows of a mask."""
        for row in np.flatnonzero(where).tolist():
            self.notes.append(self._finding(column, Fault(row, code, message(row))))

    def scaled(self, name: str, decimals: Int64Array, *, where: BoolArray) -> Int64Array:
        """Return a column of numbers at each row's decimals; what does not fit is refused."""
        values, excess, large = scaled(self[name], decimals, where=where & self.sound(name))
        self.refuse(
            excess,
            "EXCESS_DECIMALS",
            column=name,
            message=lambda row: f"more than the {decimals[row]} decimals of its unit",
        )
        self.refuse(
            large,
            "NUMBER_TOO_LARGE",
            column=name,
            message=lambda row: f"does not fit in 64 bits at {decimals[row]} decimals",
        )
        return values

    def decimals(self, name: str) -> tuple[Int64Array, BoolArray]:
        """Return the ledger decimals of a column of currencies and where they are known.

        Refuses a currency without decimals with UNKNOWN_CURRENCY; an empty one is not known.
        """
        sound = self.sound(name)
        known = self.context.decimals
        values: Texts = self[name]
        places = values.looked_up(lambda code: known.get(code, 0 if code == "" else -1))
        unknown = (places < 0) & sound
        message = "no currency of that code is known"
        self.refuse(unknown, "UNKNOWN_CURRENCY", column=name, message=message)
        return repeated(np.maximum(places, 0), EVERY), sound & ~unknown & (values != "")

    def _record(self, column: str, faults: Sequence[Fault]) -> None:
        place = self._place[column]
        parsed = self._columns[column]
        if faults and not parsed.sound.flags.writeable:
            parsed = self._columns[column] = replace(parsed, sound=parsed.sound.copy())
        for fault in faults:
            self._found.append((fault.position, place, self._finding(column, fault)))
            parsed.sound[fault.position] = False

    def _finding(self, column: str, fault: Fault) -> Finding:
        number = self.rows.numbers[fault.position]
        value = self.text(column, fault.position)
        if len(value) > _SHOWN:
            value = f"{value[:_SHOWN]}..."
        return Finding(fault.code, fault.message, self.rows.file, number, column, value)

    def table(self, table: Table, values: Mapping[str, object]) -> pa.Table:
        """Return the canonical table: the named values, else the parsed column of that name.

        Without rows once anything was refused.
        """
        if self._found:
            return table.empty()
        given = {
            "batch": np.full(self.count, self.context.batch, np.int64),
            "row": line_numbers(self.rows.numbers),
        } | dict(values)
        columns = {
            name: given[name] if name in given else self[name] for name in table.schema.names
        }
        return build(table, columns)


def line_numbers(numbers: Sequence[int]) -> Int64Array:
    """Return the line numbers of rows as a column."""
    if isinstance(numbers, range):
        return np.arange(numbers.start, numbers.stop, numbers.step, dtype=np.int64)
    return np.asarray(numbers, np.int64)
