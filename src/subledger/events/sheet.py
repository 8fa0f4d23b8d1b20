"""A file's rows while they are judged: parsed columns, and the findings collected so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger.errors import Finding
from subledger.events.columns import BoolArray, Column, Fault, Parsed, Texts, parse_column
from subledger.events.columns import scale_column as _scale_column
from subledger.events.context import Context
from subledger.numbers import Int64Array
from subledger.tables import Table

_SHOWN = 80  # characters of a value that a finding repeats


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a file as text: one list per column, and the file's line number of each row.

    `complete` is false when rows are missing because the file itself is damaged.
    """

    file: str
    numbers: Sequence[int]
    columns: Mapping[str, Sequence[str]]
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
        for column in declared:
            values = rows.columns.get(column.name)
            if values is None:
                values = [""] * self.count
                column = Column(column.name, column.kind, default=column.default)  # noqa: PLW2901
            parsed, faults = parse_column(column, values)
            self._columns[column.name] = parsed
            self._record(column.name, faults)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the declared columns."""
        return tuple(self._columns)

    def __getitem__(self, name: str) -> Texts:
        """Return the values of a column."""
        return self._columns[name].values  # type: ignore[return-value]

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
        return "" if values is None else values[row]

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
        values, faults = _scale_column(self[name], decimals, where=where & self.sound(name))
        self._record(name, faults)
        return values

    def decimals(self, name: str) -> tuple[Int64Array, BoolArray]:
        """Return the ledger decimals of a column of currencies and where they are known.

        Refuses a currency without decimals with UNKNOWN_CURRENCY; an empty one is not known.
        """
        sound = self.sound(name)
        known = self.context.decimals
        values = self[name]
        missing = {code for code in set(values.tolist()) if code and code not in known}
        unknown = np.isin(values, list(missing)) & sound if missing else np.zeros(self.count, bool)
        message = "no currency of that code is known"
        self.refuse(unknown, "UNKNOWN_CURRENCY", column=name, message=message)
        table = {code: known.get(code, 0) for code in set(values.tolist())}
        places = np.fromiter((table[code] for code in values.tolist()), np.int64, self.count)
        return places, sound & ~unknown & (values != "")

    def _record(self, column: str, faults: Sequence[Fault]) -> None:
        place = self._place[column]
        for fault in faults:
            self._found.append((fault.position, place, self._finding(column, fault)))
            self._columns[column].sound[fault.position] = False

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
            "row": np.asarray(self.rows.numbers, np.int64),
        } | dict(values)
        columns = [
            pa.array(given[field.name] if field.name in given else self[field.name], field.type)
            for field in table.schema
        ]
        return pa.Table.from_arrays(columns, schema=table.schema)
