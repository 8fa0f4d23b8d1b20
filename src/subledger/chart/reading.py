"""Typed reading of TOML tables: every violation becomes a finding, none stops the reading."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from subledger.errors import Finding


@dataclass(slots=True)
class Page:
    """One file of the chart as it is read: its content and what was found wrong with it."""

    file: str
    text: str
    findings: list[Finding] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def parse(self) -> Mapping[str, object]:
        """Return the file as TOML; a syntax error is a finding and reads as an empty file."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            row = int(line.group(1)) if line else None
            self.find("CHART_FORMAT", f"not valid TOML: {error}", row=row)
            return {}

    def find(self, code: str, message: str, *, row: int | None = None, column: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(code, message, self.file, row, column))

    def row_of(self, pattern: str) -> int | None:
        """Return the line on which the pattern is found next, counting from 1.

        The same pattern asked for again finds the following place: versions of a rule share an id.
        """
        found = re.compile(pattern, re.MULTILINE).search(self.text, self._seen.get(pattern, 0))
        if found is None:
            return None
        self._seen[pattern] = found.end()
        return self.text.count("\n", 0, found.start()) + 1


@dataclass(slots=True)
class Fields:
    """The fields of one TOML table; each is taken by name and type, what is left is unknown."""

    page: Page
    name: str  # how findings name the table
    data: Mapping[str, object]
    row: int | None = None
    taken: set[str] = field(default_factory=set)

    def find(self, code: str, message: str, *, column: str = "") -> None:
        """Note a finding about the table."""
        self.page.find(code, f"{self.name}: {message}", row=self.row, column=column)

    def text(
        self, key: str, *, required: bool = False, choices: Collection[str] = (), default: str = ""
    ) -> str:
        """Take a text; with `choices` one of them."""
        value = self._take(key, required=required)
        if value is None:
            return default
        if not isinstance(value, str) or (required and not value):
            self._wrong(key, value, wanted="a text")
            return default
        if choices and value not in choices:
            self._unknown(key, value, choices=choices)
            return default
        return value

    def texts(
        self, key: str, *, required: bool = False, choices: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Take one text or a list of different texts."""
        value = self._take(key, required=required)
        return () if value is None else self._listed(key, value, choices=choices)

    def flag(self, key: str, *, default: bool) -> bool:
        """Take true or false."""
        value = self._take(key)
        if value is not None and not isinstance(value, bool):
            self._wrong(key, value, wanted="true or false")
        return value if isinstance(value, bool) else default

    def whole(self, key: str) -> int:
        """Take a whole number from 0; it is required."""
        value = self._take(key, required=True)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            if value is not None:
                self._wrong(key, value, wanted="a whole number")
            return 0
        return value

    def day(self, key: str) -> date | None:
        """Take a date, written without quotes."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            self._wrong(key, value, wanted="a date such as 2026-01-01, without quotes")
            return None
        return value

    def conditions(
        self, key: str, domains: Mapping[str, Collection[str]] | None
    ) -> Mapping[str, tuple[str, ...]]:
        """Take a table of conditions: per dimension one value or a list; no domains: ignore it."""
        found: dict[str, tuple[str, ...]] = {}
        table = self.table(key)
        if domains is None:
            return found
        for name, value in table.items():
            if name not in domains:
                hint = did_you_mean(name, domains)
                self.find("CHART_UNKNOWN_NAME", f"no dimension {name!r}{hint}", column=key)
            elif values := self._listed(f"{key}.{name}", value, choices=domains[name]):
                found[name] = values
        return found

    def table(self, key: str) -> Mapping[str, object]:
        """Take a table; empty when it is not given."""
        value = self._take(key)
        if value is not None and not isinstance(value, dict):
            self._wrong(key, value, wanted="a table")
        return value if isinstance(value, dict) else {}

    def tables(self, key: str, *, required: bool = False) -> list[Mapping[str, object]]:
        """Take a list of tables; empty when it is not given."""
        value = self._take(key, required=required)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._wrong(key, value, wanted="a list of tables")
            return []
        return value

    def lists(self, key: str) -> tuple[tuple[str, ...], ...]:
        """Take a list of lists of texts."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._wrong(key, value, wanted="a list of lists")
            return ()
        return tuple(self._listed(key, one, choices=()) for one in value)

    def refuse(self, key: str, reason: str) -> None:
        """Note why a key that is given must not be there."""
        self.taken.add(key)
        if key in self.data:
            self.find("CHART_FORMAT", f"unknown key {key!r}: {reason}", column=key)

    def finish(self) -> None:
        """Note every key that nobody took."""
        for key in [key for key in self.data if key not in self.taken]:
            hint = did_you_mean(key, self.taken)
            self.find("CHART_FORMAT", f"unknown key {key!r}{hint}", column=key)

    def _take(self, key: str, *, required: bool = False) -> object:
        self.taken.add(key)
        if required and key not in self.data:
            self.find("CHART_FORMAT", f"{key} is missing", column=key)
        return self.data.get(key)

    def _listed(self, key: str, value: object, *, choices: Collection[str]) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not values or not all(isinstance(one, str) and one for one in values):
            self._wrong(key, value, wanted="a text or a list of texts")
            return ()
        texts = [str(one) for one in values]
        for one in texts:
            if choices and one not in choices:
                self._unknown(key, one, choices=choices)
        if len(set(texts)) < len(texts):
            self.find("CHART_FORMAT", f"{key} names a value twice", column=key)
        return tuple(one for one in texts if not choices or one in choices)

    def _unknown(self, key: str, value: str, *, choices: Collection[str]) -> None:
        hint = did_you_mean(value, choices)
        self.find("CHART_UNKNOWN_NAME", f"no {key} {value!r}{hint}", column=key)

    def _wrong(self, key: str, value: object, *, wanted: str) -> None:
        self.find("CHART_FORMAT", f"{key} must be {wanted}, not {value!r}", column=key)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" with the nearest known name, or "" when none is near.

    Of account numbers the nearest is the next number that starts with the same digit.
    """
    names = sorted(known)
    if name.isdecimal():
        numbers = [one for one in names if one.isdecimal() and one[0] == name[0]]
        near = sorted(numbers, key=lambda one: abs(int(one) - int(name)))[:1]
    else:
        near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
