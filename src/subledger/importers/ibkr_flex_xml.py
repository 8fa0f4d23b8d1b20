"""Flex XML, safely: the elements of a statement with their lines, and their values.

Nothing of the file is followed: a document type, and with it every entity, is refused. Which
elements and attributes there are and what type a value has is known to `ibflex`; what it does not
know becomes a note.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from xml.parsers import expat

from subledger.errors import Finding
from subledger.importers.source import Intake

_ROOT, _STATEMENTS, _STATEMENT = "FlexQueryResponse", "FlexStatements", "FlexStatement"
_SECTION_DEPTH = 4  # of a section in the nesting of elements, the root's being 1
_NOT_GIVEN = frozenset({"", "-", "--", "N/A"})
# Beyond these a number is no amount, and writing it out would fill the memory.
_MOST_DIGITS = 40
_GROUPED = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class FlexRow:
    """One element with its attributes as text and the line of the file on which it starts."""

    tag: str
    line: int
    attributes: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return an attribute, "" where the broker gives none or a dash for none."""
        text = self.attributes.get(name, "").strip()
        return "" if text in _NOT_GIVEN else text


@dataclass(slots=True)
class Statement:
    """One account's statement: its own attributes and its elements by name, in their order."""

    row: FlexRow
    rows: dict[str, list[FlexRow]] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """Return the broker's id of the account."""
        return self.row.text("accountId")

    def of(self, *tags: str) -> Iterator[FlexRow]:
        """Yield the elements of these names, name by name."""
        for tag in tags:
            yield from self.rows.get(tag, ())

    def account_of(self, row: FlexRow) -> str:
        """Return the account of an element: its own, which summaries do not name, or this one."""
        return row.text("accountId") or self.account


@dataclass(slots=True)
class Flex:
    """A file: its statements, what is wrong with it, and what was noted while it was read."""

    file: str
    statements: list[Statement] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    _reported: set[tuple[int, str, str]] = field(default_factory=set)

    def number(self, row: FlexRow, name: str) -> Decimal | None:
        """Return an attribute as an exact decimal; None where it is not given."""
        text = row.text(name)
        value = self._value(row, name)
        if value is None:
            return None
        wrong = ""
        if not isinstance(value, Decimal):
            wrong = "not a number"
        elif "," in text and _GROUPED.match(text) is None:
            wrong = "a number with a comma that divides no thousands"
        elif not value.is_finite() or max(abs(value.adjusted()), _scale(value)) > _MOST_DIGITS:
            wrong = "not a number that an amount can be"
        if wrong:
            self._unreadable(row, name, message=wrong)
        return None if wrong else value

    def day(self, row: FlexRow, name: str) -> date | None:
        """Return an attribute as a day, of a moment its day; None where it is not given."""
        if "/" in row.text(name):
            message = "a date with slashes, of which day and month cannot be told"
            self._unreadable(row, name, message=message)
            return None
        value = self._value(row, name)
        return value.date() if isinstance(value, datetime) else value

    def moment(self, row: FlexRow, name: str) -> datetime | None:
        """Return an attribute as date and time of day, without zone; None without a time."""
        text = row.text(name)
        if sum(character.isdigit() for character in text) <= len("YYYYMMDD"):
            return None
        return self._value(row, name) if self.day(row, name) else None

    def find(self, code: str, message: str, *, row: FlexRow, column: str = "") -> None:
        """Record what is wrong with an element or with one of its attributes."""
        value = row.attributes.get(column, "")
        self.findings.append(Finding(code, message, self.file, row.line, column, value))

    def note(self, code: str, message: str, *, row: FlexRow, value: str = "") -> None:
        """Record what refuses nothing."""
        self.notes.append(Finding(code, message, self.file, row.line, value=value))

    def _value(self, row: FlexRow, name: str) -> Any:  # noqa: ANN401 - as the library declares it
        if not row.text(name):
            return None
        try:
            return _converted(row, name)
        except ValueError as error:
            self._unreadable(row, name, message=str(error))
            return None

    def _unreadable(self, row: FlexRow, name: str, *, message: str) -> None:
        if (row.line, row.tag, name) not in self._reported:
            self._reported.add((row.line, row.tag, name))
            self.find("FLEX_VALUE", message, row=row, column=name)


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def plain(value: Decimal | None) -> str:
    """Return a decimal written out, "" for none."""
    return "" if value is None else format(value, "f")


def times(count: int) -> str:
    """Return how often something occurs, in words."""
    return "once" if count == 1 else f"{count} times"


def iso(day: date | None) -> str:
    """Return a day as YYYY-MM-DD, "" for none."""
    return "" if day is None else day.isoformat()


def _converted(row: FlexRow, name: str) -> Any:  # noqa: ANN401 - as the library declares it
    """Return a value in the type that the library declares for it; raise ValueError."""
    from ibflex import parser  # noqa: PLC0415 - a slow import, for this format alone

    declared = _element(row.tag)
    if declared is None or name not in declared.__annotations__:
        raise ValueError("the library for this format does not know the attribute")
    try:
        return parser.parse_element_attr(declared, name, row.text(name))[1]
    except parser.FlexParserError as error:
        kind = declared.__annotations__[name].split()[0].rpartition(".")[2]
        raise ValueError(f"cannot be read as {kind}") from error


@cache
def _element(tag: str) -> Any:  # noqa: ANN401 - a class, which the library declares as its instance
    """Return the library's class of an element, None for one that it does not know."""
    from ibflex import Types  # noqa: PLC0415 - a slow import, for this format alone

    found = getattr(Types, tag, None)
    return found if isinstance(found, type) and dataclasses.is_dataclass(found) else None


def parse_flex(data: bytes, intake: Intake) -> Flex:
    """Return the statements of a Flex file; never raise.

    Findings: FILE_TOO_LARGE, FLEX_DOCTYPE, FLEX_MALFORMED, TOO_MANY_ROWS. Note: FLEX_SKIPPED, once
    per element and attribute that the library does not know, with how often it occurs.
    """
    flex = Flex(intake.file)
    limit = min(intake.limits.size, intake.limits.inflated)
    if len(data) > limit:
        message = f"{len(data)} bytes, more than {limit}"
        flex.findings.append(Finding("FILE_TOO_LARGE", message, intake.file))
        return flex
    reader = _Reader(flex, most_rows=intake.limits.rows)
    try:
        reader.parse(data)
    except _Stopped as stopped:
        flex.statements.clear()
        flex.findings.append(stopped.finding)
        return flex
    _note_unknown(flex)
    return flex


class _Stopped(Exception):
    """Reading stops here; nothing of the file is used."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class _Reader:
    """Builds statements from the events of the XML parser."""

    def __init__(self, flex: Flex, *, most_rows: int) -> None:
        self.flex, self.most_rows = flex, most_rows
        self.path: list[str] = []
        self.count = 0
        self.promised: tuple[int, str] | None = None  # the count of statements and its line
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def parse(self, data: bytes) -> None:
        try:
            self.parser.Parse(data, True)
        except expat.ExpatError as error:
            raise self._stop("FLEX_MALFORMED", expat.ErrorString(error.code)) from error
        except (LookupError, ValueError) as error:
            raise self._stop("FLEX_MALFORMED", "an encoding that is not known") from error
        found = len(self.flex.statements)
        if self.promised is not None and self.promised[1] != str(found):
            line, promised = self.promised
            message = f"{found} statements, where {_STATEMENTS} counts {promised}"
            raise _Stopped(Finding("FLEX_MALFORMED", message, self.flex.file, line))

    def _stop(self, code: str, message: str, *, value: str = "") -> _Stopped:
        line = self.parser.CurrentLineNumber
        return _Stopped(Finding(code, message, self.flex.file, line, value=value))

    def _doctype(self, name: str, *_: object) -> None:
        raise self._stop("FLEX_DOCTYPE", "a document type declaration", value=name)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.path.append(tag)
        line = self.parser.CurrentLineNumber
        expected = (_ROOT, _STATEMENTS, _STATEMENT)
        depth = len(self.path)
        if depth < _SECTION_DEPTH:
            if tag != expected[depth - 1]:
                message = f"not a Flex statement: {expected[depth - 1]} is expected here"
                raise self._stop("FLEX_MALFORMED", message, value=tag)
            if tag == _STATEMENTS and "count" in attributes:
                self.promised = (line, attributes["count"])
            if tag == _STATEMENT:
                self.flex.statements.append(Statement(FlexRow(tag, line, attributes)))
        elif attributes:
            self.count += 1
            if self.count > self.most_rows:
                raise self._stop("TOO_MANY_ROWS", f"more than {self.most_rows} rows")
            rows = self.flex.statements[-1].rows
            rows.setdefault(tag, []).append(FlexRow(tag, line, attributes))

    def _end(self, _: str) -> None:
        self.path.pop()


def _note_unknown(flex: Flex) -> None:
    """Note every element and attribute that the library does not know."""
    seen: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], FlexRow] = {}
    for statement in flex.statements:
        for row in [statement.row, *statement.of(*statement.rows)]:
            declared = _element(row.tag)
            names = {""} if declared is None else row.attributes.keys() - declared.__annotations__
            for name in names:
                seen[row.tag, name] += 1
                first.setdefault((row.tag, name), row)
    for tag, name in sorted(seen):
        what = f"the attribute {name} of {tag}" if name else f"the element {tag}"
        message = f"{what} is not known and was skipped; it occurs {times(seen[tag, name])}"
        flex.note("FLEX_SKIPPED", message, row=first[tag, name], value=name or tag)
