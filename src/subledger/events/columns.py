"""Columns of a canonical file: their declaration, and reading a whole column at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.events.decimals import EVERY, Decimals, repeated
from subledger.events.grammar import MAX_TEXT, PARSERS, Number, Unreadable
from subledger.events.typed import Exact, Given, exact, is_number, written
from subledger.events.vectors import are_ids, are_printable, decimals, instants, integers
from subledger.numbers import INT64_MAX, INT64_MIN, Int64Array
from subledger.texts import Texts, from_arrow

BoolArray: TypeAlias = npt.NDArray[np.bool_]

Codes: TypeAlias = npt.NDArray[np.int32]

_NOT_CODED = ("number", "price", "integer")  # mostly distinct, and read faster than they are coded
_ABSENT = {"date": np.datetime64("NaT", "D"), "boolean": np.False_}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a canonical file: how its values are written and what an empty one means."""

    name: str
    kind: str  # one of grammar.PARSERS
    required: bool = False
    default: str = ""  # the text that an empty value stands for; "" = not given
    choices: tuple[str, ...] = ()
    minimum: int | None = None


class Fault(NamedTuple):
    """A value that breaks a rule: its position among the rows, the rule's code, the message."""

    position: int
    code: str
    message: str


class Moments(NamedTuple):
    """Instants as received ("" where not given) and in nanoseconds since 1970 UTC (then 0)."""

    texts: Texts
    nanoseconds: Int64Array


Values: TypeAlias = npt.NDArray[np.generic] | Texts | Decimals | Moments


@dataclass(frozen=True, slots=True)
class Parsed:
    """A column as read: which rows are given, which are sound, and their values.

    What was read stands once per distinct text, with each row's position; without positions it
    stands row by row.
    """

    read: Values
    codes: Codes | None
    given: BoolArray
    sound: BoolArray

    @property
    def values(self) -> Values:
        """Return the values of the rows.

        Text, id and choice are Texts ("" when not given), a date is datetime64[D] (NaT), an
        integer int64 (0), a boolean bool (False), number and price are Decimals, instants Moments.
        """
        return self.read if self.codes is None else _at(self.read, self.codes)


def parse_column(column: Column, values: Given) -> tuple[Parsed, list[Fault]]:
    """Read a column of a file; each distinct text, or each row of a number, is read once.

    Returns the column and its faults in the order of the rows. Faults: EMPTY_VALUE, NOT_A_CHOICE,
    BELOW_MINIMUM and the codes of the grammar of its kind.
    """
    distinct, codes = _distinct(column, values)
    reader = _Reader(column, distinct)
    read = reader.read()
    sound = np.ones(len(reader.given), bool)
    sound[list(reader.faults)] = False
    every = EVERY if codes is None else codes
    parsed = Parsed(read, codes, repeated(reader.given, every), repeated(sound, every))
    bad = np.flatnonzero(~parsed.sound) if reader.faults else np.empty(0, np.intp)
    at = bad if codes is None else codes[bad]
    faults = [
        Fault(row, reader.faults[code].code, reader.faults[code].message)
        for row, code in zip(bad.tolist(), at.tolist(), strict=True)
    ]
    return parsed, faults


def _distinct(column: Column, values: Given) -> tuple[pa.StringArray | Exact, Codes | None]:
    """Return what is to be read and each row's place in it; None where that is row by row."""
    if not isinstance(values, (pa.ChunkedArray, pa.Array)):
        values = pa.array(values, pa.string())
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if is_number(values):
        stated = exact(values) if column.kind in _NOT_CODED and not column.default else None
        if stated is not None and not (column.kind == "integer" and stated.scale.any()):
            return stated, None
        values = written(values)
    if column.kind in _NOT_CODED and pa.types.is_string(values.type):
        return values, None
    coded = from_arrow(values)
    return coded.values, coded.codes


def _at(read: Values, codes: Codes) -> Values:
    """Return the values of rows from those of their distinct texts."""
    if isinstance(read, Decimals):
        return read.at(codes)
    if isinstance(read, Moments):
        return Moments(read.texts[codes], repeated(read.nanoseconds, codes))
    return read[codes] if isinstance(read, Texts) else repeated(read, codes)


class _Reader:
    """Reads the distinct texts of a column: vectors first, the grammar for all that is left."""

    def __init__(self, column: Column, distinct: pa.StringArray | Exact) -> None:
        self.column, self.exact = column, cast("Exact | None", None)
        self.faults: dict[int, Unreadable] = {}
        if isinstance(distinct, Exact):
            self.exact, self.given = distinct, distinct.given
            distinct = pa.array([], pa.string())  # nothing is left for the grammar
        else:
            self.given = pc.not_equal(distinct, "").to_numpy(zero_copy_only=False)
        if column.required:
            empty = Unreadable("EMPTY_VALUE", f"{column.name} is required")
            self.faults = dict.fromkeys(np.flatnonzero(~self.given).tolist(), empty)
        self.stated: BoolArray = self.given
        self.distinct = self.texts = distinct
        if column.default and not column.required:
            self.stated = np.ones(len(distinct), bool)
            self.texts = pc.if_else(pa.array(self.given), distinct, column.default)

    def read(self) -> Values:
        """Return the values; those that are not given or not sound are absent."""
        match self.column.kind:
            case "number" | "price":
                return self._decimals()
            case "integer":
                return self._integers()
            case "instant":
                nanoseconds, plain = instants(self.texts)
                for place, moment in self._parsed(~plain):
                    nanoseconds[place] = moment.nanoseconds
                return Moments(self._sound_texts(), nanoseconds)
            case "date" | "boolean" as kind:
                values = np.full(len(self.texts), _ABSENT[kind])
                for place, value in self._parsed(self.stated):
                    values[place] = value
                return values
            case _:
                deque(self._parsed(~self._plain()), maxlen=0)
                return self._sound_texts()

    def _plain(self) -> BoolArray:
        """Say which texts are sound without asking the grammar."""
        column = self.column
        if column.kind == "choice":
            chosen = pc.is_in(self.texts, value_set=pa.array(column.choices, pa.string()))
            found: BoolArray = chosen.to_numpy(zero_copy_only=False)
            return found
        if column.kind in ("id", "lot_id"):
            return are_ids(self.texts)
        if column.kind == "text":
            return are_printable(self.texts, longest=MAX_TEXT)
        return np.zeros(len(self.texts), bool)

    def _decimals(self) -> Decimals:
        mantissa, scale, plain = self.exact or decimals(self.texts)
        wide: dict[int, Number] = {}
        for place, number in self._parsed(~plain):
            if INT64_MIN <= number.mantissa <= INT64_MAX:
                mantissa[place], scale[place] = number
            else:
                wide[place] = number
        given = self.stated.copy()
        given[list(self.faults)] = False
        return Decimals(mantissa, scale, given, wide)

    def _integers(self) -> Int64Array:
        values, plain = (self.exact[0], self.given) if self.exact else integers(self.texts)
        for place, number in self._parsed(~plain):
            values[place] = number
        least = self.column.minimum
        if least is not None:
            low = Unreadable("BELOW_MINIMUM", f"{self.column.name} starts with {least}")
            below = (values < least) & self.stated
            below[list(self.faults)] = False
            self.faults |= dict.fromkeys(np.flatnonzero(below).tolist(), low)
            values[below] = 0
        return values

    def _parsed(self, where: BoolArray) -> Iterator[tuple[int, Any]]:
        """Yield place and value of the texts of a mask by the grammar; keep what it refuses."""
        parse = self._refuse_choice if self.column.choices else PARSERS[self.column.kind]
        places = np.flatnonzero(where & self.stated)
        if not len(places):
            return
        texts = self.texts.take(pa.array(places)).to_pylist()
        for place, text in zip(places.tolist(), texts, strict=True):
            try:
                value = parse(text)
            except Unreadable as unreadable:
                self.faults[place] = unreadable
                continue
            yield place, value

    def _refuse_choice(self, text: str) -> object:
        del text
        raise Unreadable("NOT_A_CHOICE", f"not one of {', '.join(self.column.choices)}")

    def _sound_texts(self) -> Texts:
        """Return the texts, those that are not sound as "", each of them once."""
        texts = self.texts
        if self.faults:
            sound = np.ones(len(texts), bool)
            sound[list(self.faults)] = False
            texts = pc.if_else(pa.array(sound), texts, "")
        if texts is self.distinct:
            return Texts(np.arange(len(texts), dtype=np.int32), texts)
        return from_arrow(texts)
