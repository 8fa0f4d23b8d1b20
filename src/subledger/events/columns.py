"""Columns of a canonical file: their declaration, and reading a whole column at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from subledger.events.grammar import PARSERS, Instant, Number, Unreadable
from subledger.numbers import ExcessDigits, Int64Array, NumberOverflow, rescale

BoolArray: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = npt.NDArray[np.object_]

_DTYPES: dict[str, npt.DTypeLike] = {
    "date": "datetime64[D]",
    "integer": np.int64,
    "boolean": np.bool_,
}


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


class Parsed(NamedTuple):
    """A column as read: values, which were given, which are sound.

    Values are numpy columns: text, id and choice as str ("" when not given), date as
    datetime64[D] (NaT), integer as int64 (0), boolean as bool (False); number, price and instant
    as objects of the grammar (None).
    """

    values: npt.NDArray[np.generic]
    given: BoolArray
    sound: BoolArray


def parse_column(column: Column, values: Sequence[str]) -> tuple[Parsed, list[Fault]]:
    """Read a column of texts; each distinct text is parsed once.

    Returns the column and its faults in the order of the rows. Faults: EMPTY_VALUE, NOT_A_CHOICE,
    BELOW_MINIMUM and the codes of the grammar of its kind.
    """
    encoded = pa.array(values, pa.string()).dictionary_encode()
    codes = encoded.indices.to_numpy().astype(np.int64)
    texts: list[str] = encoded.dictionary.to_pylist()
    results = np.empty(len(texts), _DTYPES.get(column.kind, object))
    results.fill(_absent(column.kind))
    sound, given = np.ones(len(texts), bool), np.ones(len(texts), bool)
    faults: dict[int, Unreadable] = {}
    for code, text in enumerate(texts):
        given[code] = bool(text)
        try:
            value = _parse(column, text)
        except Unreadable as unreadable:
            sound[code] = False
            faults[code] = unreadable
            continue
        if value is not None:
            results[code] = value
    bad = np.flatnonzero(~sound[codes])
    found = [Fault(int(row), faults[codes[row]].code, faults[codes[row]].message) for row in bad]
    return Parsed(results[codes], given[codes], sound[codes]), found


def _absent(kind: str) -> object:
    if kind == "date":
        return np.datetime64("NaT")
    if kind in _DTYPES:
        return 0
    return None if kind in {"number", "price", "instant"} else ""


def _parse(column: Column, text: str) -> object:
    """Return the value of one text, or None when it is not given."""
    if not text:
        if column.required:
            raise Unreadable("EMPTY_VALUE", f"{column.name} is required")
        text = column.default
        if not text:
            return None
    if column.choices and text not in column.choices:
        raise Unreadable("NOT_A_CHOICE", f"not one of {', '.join(column.choices)}")
    value = PARSERS[column.kind](text)
    if column.minimum is not None and isinstance(value, int) and value < column.minimum:
        raise Unreadable("BELOW_MINIMUM", f"{column.name} starts with {column.minimum}")
    return value


def scale_column(
    numbers: npt.NDArray[np.generic], decimals: Int64Array, *, where: BoolArray
) -> tuple[Int64Array, list[Fault]]:
    """Return numbers as int64 at each row's decimals, 0 where not given, and what does not fit.

    Only rows of `where` are looked at. Faults: EXCESS_DECIMALS, NUMBER_TOO_LARGE.
    """
    scaled = np.zeros(len(numbers), np.int64)
    faults: list[Fault] = []
    seen: dict[tuple[Number, int], int | Unreadable] = {}
    rows = np.flatnonzero(where & (numbers != None))  # noqa: E711 - element by element
    for row, number, places in zip(
        rows.tolist(), numbers[rows].tolist(), decimals[rows].tolist(), strict=True
    ):
        key = (number, places)
        if key not in seen:
            seen[key] = _scale(number, places)
        result = seen[key]
        if isinstance(result, Unreadable):
            faults.append(Fault(row, result.code, result.message))
        else:
            scaled[row] = result
    return scaled, faults


def _scale(number: Number, decimals: int) -> int | Unreadable:
    try:
        return rescale(number.mantissa, number.scale, decimals)
    except ExcessDigits:
        return Unreadable("EXCESS_DECIMALS", f"more than the {decimals} decimals of its unit")
    except NumberOverflow:
        return Unreadable("NUMBER_TOO_LARGE", f"does not fit in 64 bits at {decimals} decimals")


def mantissas(numbers: npt.NDArray[np.generic]) -> tuple[Int64Array, Int64Array]:
    """Return the mantissas and scales of a column of prices; 0 and 0 where not given."""
    pairs: list[Number | None] = numbers.tolist()
    given = [pair or Number(0, 0) for pair in pairs]
    mantissa = np.fromiter((pair.mantissa for pair in given), np.int64, len(given))
    return mantissa, np.fromiter((pair.scale for pair in given), np.int64, len(given))


def nanoseconds(instants: npt.NDArray[np.generic]) -> pa.Array:
    """Return a column of instants as int64 nanoseconds since 1970 UTC, null where not given."""
    pairs: list[Instant | None] = instants.tolist()
    return pa.array([pair and pair.nanoseconds for pair in pairs], pa.int64())


def canonical_texts(column: npt.NDArray[np.generic]) -> Texts:
    """Return a column of numbers or instants as canonical text, "" where not given."""
    values: list[Number | Instant | None] = column.tolist()
    texts = np.empty(len(values), object)
    texts[:] = [value.text if value else "" for value in values]
    return texts
