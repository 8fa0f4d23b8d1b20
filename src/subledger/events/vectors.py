"""The grammar for whole columns: texts that plainly follow it are read from the bytes of all.

Each function returns values and where they hold; where they do not, the text is left to the parser
of `grammar`, which alone decides what is refused and why. So these need not know every text that
may be written, but must never take one otherwise than the parser does.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from subledger.numbers import Int64Array

BoolArray: TypeAlias = npt.NDArray[np.bool_]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Scales: TypeAlias = npt.NDArray[np.int8]

MAX_ID = 64
_MAX_CHARACTERS = 18  # as many digits fit in 64 bits, whatever they are
MAX_PLAIN = 10**_MAX_CHARACTERS - 1
_ROWS = 32_768  # of one step: what it works on stays in the processor's cache
_ZERO, _MINUS, _POINT = ord("0"), ord("-"), ord(".")
_FIRST_PRINTABLE, _LAST_PRINTABLE = ord(" "), ord("~")
_POWERS = 10 ** np.arange(_MAX_CHARACTERS + 1, dtype=np.int64)
_ID_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-"
_NOT_OF_AN_ID = np.ones(256, bool)
_NOT_OF_AN_ID[np.frombuffer(_ID_LETTERS, np.uint8)] = False


class Payload(NamedTuple):
    """Texts one after the other: the bytes of all, and where each begins and ends in them."""

    content: Bytes
    starts: Int64Array
    ends: Int64Array


def payload(texts: pa.StringArray) -> Payload:
    """Return the bytes of texts that are not null, without copying them."""
    _, offsets, content = texts.buffers()
    if not len(texts):
        return Payload(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64))
    bounds = np.frombuffer(offsets, np.int32, len(texts) + 1, 4 * texts.offset).astype(np.int64)
    first, last = int(bounds[0]), int(bounds[-1])
    data = np.frombuffer(content, np.uint8)[first:last] if last > first else np.empty(0, np.uint8)
    return Payload(data, bounds[:-1] - first, bounds[1:] - first)


def are_ids(texts: pa.StringArray, *, longest: int = MAX_ID) -> BoolArray:
    """Say which texts are ids: 1 to 64 letters, digits, _ . : or -."""
    held = payload(texts)
    lengths = held.ends - held.starts
    return (lengths > 0) & (lengths <= longest) & _free_of(held, _NOT_OF_AN_ID[held.content])


def are_printable(texts: pa.StringArray, *, longest: int) -> BoolArray:
    """Say which texts are printable ASCII of at most so many characters."""
    held = payload(texts)
    odd = (held.content < _FIRST_PRINTABLE) | (held.content > _LAST_PRINTABLE)
    return (held.ends - held.starts <= longest) & _free_of(held, odd)


def _free_of(held: Payload, odd: BoolArray) -> BoolArray:
    """Say which texts have no odd byte."""
    free = np.ones(len(held.starts), bool)
    places = np.flatnonzero(odd)
    free[np.searchsorted(held.starts, places, side="right") - 1] = False
    return free


def decimals(texts: pa.StringArray) -> tuple[Int64Array, Scales, BoolArray]:
    """Read plain decimals of at most 18 characters: mantissa, scale, and where both hold.

    Like those of `parse_number` they have no zeros at the end of their decimals; where they do not
    hold they are 0.
    """
    count = len(texts)
    mantissa, scale = np.zeros(count, np.int64), np.zeros(count, np.int8)
    plain = np.zeros(count, bool)
    for first in range(0, count, _ROWS):
        rows = slice(first, first + _ROWS)
        held = payload(texts[rows])
        mantissa[rows], scale[rows], plain[rows] = _decimals(held)
    trim(mantissa, scale)
    return mantissa, scale, plain


def integers(texts: pa.StringArray) -> tuple[Int64Array, BoolArray]:
    """Read whole numbers of at most 18 characters, and say where they hold."""
    number, _, plain = decimals(texts)
    held = payload(texts)
    whole = plain & _free_of(held, held.content == _POINT)
    return np.where(whole, number, 0), whole


def _decimals(held: Payload) -> tuple[Int64Array, Int64Array, BoolArray]:
    count = len(held.starts)
    lengths = held.ends - held.starts
    filled = np.flatnonzero(lengths)
    signs, points, others, point = _marks(held, filled)
    begin = held.starts + signs
    whole = np.where(points == 1, point, held.ends) - begin
    plain = (others == 0) & (points <= 1) & (whole >= 1) & (held.ends - begin <= _MAX_CHARACTERS)
    scale = np.where(points == 1, held.ends - 1 - point, 0)
    plain &= (scale > 0) | (points == 0)
    leading = np.zeros(count, bool)
    leading[filled] = held.content[np.minimum(begin, held.ends - 1)[filled]] == _ZERO
    plain &= ~leading | (whole == 1)
    value = np.zeros(count, np.int64)
    if len(filled):
        value[filled] = _digits(held, lengths, filled=filled)
    scale = np.where(plain, scale, 0)
    # The point took the place of a digit 0: what stands before it moves down by one.
    before = value // _POWERS[scale + 1]
    value = np.where(scale > 0, value - before * 9 * _POWERS[scale], value)
    value = np.where(signs == 1, -value, value)
    return np.where(plain, value, 0), scale, plain


def _marks(
    held: Payload, filled: npt.NDArray[np.intp]
) -> tuple[Int64Array, Int64Array, Int64Array, Int64Array]:
    """Return of each text: minus signs before it, points, other marks, place of the last point."""
    count = len(held.starts)
    signs = np.zeros(count, np.int64)
    signs[filled] = held.content[held.starts[filled]] == _MINUS
    places = np.flatnonzero(held.content - np.uint8(_ZERO) > 9)  # noqa: PLR2004 - no digit
    text = np.searchsorted(held.starts, places, side="right") - 1
    is_point = held.content[places] == _POINT
    points = np.bincount(text[is_point], minlength=count)
    others = np.bincount(text[~is_point], minlength=count) - signs
    point = np.zeros(count, np.int64)
    point[text[is_point]] = places[is_point]
    return signs, points, others, point


def _digits(held: Payload, lengths: Int64Array, *, filled: npt.NDArray[np.intp]) -> Int64Array:
    """Return the digits of each text that has any, marks counting as 0."""
    place = np.repeat(held.ends - 1, lengths)
    place -= np.arange(len(place))
    digits = held.content - np.uint8(_ZERO)
    digits *= digits <= 9  # noqa: PLR2004 - a digit
    worth = _POWERS.take(place, mode="clip")
    worth *= digits
    return np.add.reduceat(worth, held.starts[filled])


def trim(mantissa: Int64Array, scale: Scales) -> None:
    """Take zeros off the end of the decimals, in place."""
    rows = np.flatnonzero(scale > 0)
    while len(rows):
        rest, last = np.divmod(mantissa[rows], 10)
        zero = last == 0
        rows = rows[zero]
        mantissa[rows] = rest[zero]
        scale[rows] -= 1
        rows = rows[scale[rows] > 0]


_CLOCK = "0000-00-00T00:00:00"
_MARKED = [place for place, mark in enumerate(_CLOCK) if mark != "0"]
_OFFSET = len("+00:00")
_MAX_FRACTION = 9
_YEARS = (1970, 2261)  # all of them have their nanoseconds in 64 bits
_NANOSECONDS = 10**9


def instants(texts: pa.StringArray) -> tuple[Int64Array, BoolArray]:
    """Read moments with seconds and an offset: nanoseconds since 1970 UTC, and where they hold."""
    count = len(texts)
    moment, plain = np.zeros(count, np.int64), np.zeros(count, bool)
    for first in range(0, count, _ROWS):
        rows = slice(first, first + _ROWS)
        held = payload(texts[rows])
        long = np.flatnonzero(held.ends - held.starts > len(_CLOCK))
        if len(long):
            part = Payload(held.content, held.starts[long], held.ends[long])
            moment[first + long], plain[first + long] = _instants(part)
    return moment, plain


def _instants(held: Payload) -> tuple[Int64Array, BoolArray]:
    windows = np.lib.stride_tricks.sliding_window_view(held.content, len(_CLOCK))
    clock = np.ascontiguousarray(windows[held.starts].T)
    plain = np.ones(len(held.starts), bool)
    for place in _MARKED:
        plain &= clock[place] == ord(_CLOCK[place])
    clock -= np.uint8(_ZERO)
    for place in sorted(set(range(len(_CLOCK))) - set(_MARKED)):
        plain &= clock[place] <= 9  # noqa: PLR2004 - a digit
    day, is_day = _days(clock[:10])
    hour, minute, second = (_number(clock[place : place + 2]) for place in (11, 14, 17))
    plain &= is_day & (hour < 24) & (minute < 60) & (second < 60)  # noqa: PLR2004 - of a clock
    minutes, zone, is_zone = _zones(held)
    fraction, is_fraction = _fractions(held, zone)
    plain &= is_zone & is_fraction
    seconds = ((day * 24 + hour) * 60 + minute - minutes) * 60 + second
    return np.where(plain, seconds * _NANOSECONDS + fraction, 0), plain


def _number(digits: Bytes) -> Int64Array:
    number = np.zeros(digits.shape[1], np.int64)
    for digit in digits:
        number = number * 10 + digit
    return number


def _days(date: Bytes) -> tuple[Int64Array, BoolArray]:
    """Return the days since 1970 of digits YYYY-MM-DD, and whether the calendar has them."""
    year, month, day = _number(date[:4]), _number(date[5:7]), _number(date[8:10])
    real = (year >= _YEARS[0]) & (year <= _YEARS[1]) & (day >= 1)
    real &= (month >= 1) & (month <= 12)  # noqa: PLR2004 - the months of a year
    months = np.where(real, (year - 1970) * 12 + month - 1, 0)
    first, after = (
        (months + step).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        for step in (0, 1)
    )
    return first + day - 1, real & (day <= after - first)


def _zones(held: Payload) -> tuple[Int64Array, Int64Array, BoolArray]:
    """Return each text's offset in minutes, where it begins, and whether it is one."""
    utc = held.content[held.ends - 1] == ord("Z")
    zone = held.ends - np.where(utc, 1, _OFFSET)
    at = [held.content[np.maximum(zone, 0) + place * ~utc] for place in range(_OFFSET)]
    sign, colon = at[0], at[3]
    digits = np.stack([at[place] - np.uint8(_ZERO) for place in (1, 2, 4, 5)])
    hours, minutes = _number(digits[:2]), _number(digits[2:])
    named = ((sign == ord("+")) | (sign == _MINUS)) & (colon == ord(":"))
    named &= (digits <= 9).all(axis=0) & (hours < 24) & (minutes < 60)  # noqa: PLR2004 - of a clock
    total = np.where(sign == _MINUS, -1, 1) * (hours * 60 + minutes)
    return np.where(utc, 0, total), zone, (utc | named) & (zone >= held.starts + len(_CLOCK))


def _fractions(held: Payload, zone: Int64Array) -> tuple[Int64Array, BoolArray]:
    """Return the nanoseconds that stand between the seconds and the offset, if they are some."""
    begin = held.starts + len(_CLOCK)
    digits = zone - begin - 1
    plain = (digits == -1) | (
        (digits >= 1) & (digits <= _MAX_FRACTION) & (held.content[begin] == _POINT)
    )
    fraction = np.zeros(len(begin), np.int64)
    for place in range(min(int(digits.max(initial=0)), _MAX_FRACTION)):
        within = place < digits
        digit = held.content[np.minimum(begin + 1 + place, zone - 1)] - np.uint8(_ZERO)
        plain &= ~within | (digit <= 9)  # noqa: PLR2004 - a digit
        fraction = np.where(within, fraction * 10 + digit, fraction)
    return fraction * _POWERS[_MAX_FRACTION - np.clip(digits, 0, _MAX_FRACTION)], plain
