"""The grammar of single values: what a text must look like to be an id, a date, a number.

Every rule has its own code. A parser takes a non-empty text and returns its value, or raises
`Unreadable` with the code of the first rule that the text breaks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from subledger.numbers import INT64_MAX, INT64_MIN, MAX_DIGITS, MAX_SCALE, to_text, trim

MAX_TEXT = 10_000
EPOCH = date(1970, 1, 1)
NANOSECONDS = 1_000_000_000

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z", re.ASCII)
_LOT_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}(#[A-Za-z0-9_.:-]{1,64})*\Z", re.ASCII)
_MAX_LOT_ID = 256
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})\Z", re.ASCII)
_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?\Z", re.ASCII)
_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z", re.ASCII)
_CLOCK = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
_INSTANT = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})T{_CLOCK}(Z|[+-][0-9]{{2}}:[0-9]{{2}})?\Z", re.ASCII
)
_NOT_FINITE = re.compile(r"[+-]?(s?nan|inf|infinity)\Z", re.ASCII | re.IGNORECASE)
_EXPONENT = re.compile(r"[+-]?[0-9.]+[eE][+-]?[0-9]+\Z", re.ASCII)
_BIDI = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)
# Line and paragraph separators end a line in many programs, so they count as controls.
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_LAST_SECOND, _LAST_MINUTE, _LAST_HOUR = 59, 59, 23


class Unreadable(ValueError):
    """A text breaks a rule of the grammar; `code` is the rule's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Number(NamedTuple):
    """A decimal number as mantissa / 10**scale, without trailing zeros."""

    mantissa: int
    scale: int

    @property
    def text(self) -> str:
        """Return the number as canonical plain decimal text."""
        return to_text(self.mantissa, self.scale)


class Instant(NamedTuple):
    """A moment: its text as received and nanoseconds since 1970-01-01 UTC."""

    text: str
    nanoseconds: int


def parse_id(text: str) -> str:
    """Return an id of 1 to 64 characters; refuse others with NOT_AN_ID."""
    if _ID.match(text) is None:
        raise Unreadable("NOT_AN_ID", "not an id of 1 to 64 letters, digits, _ . : or -")
    return text


def parse_lot_id(text: str) -> str:
    """Return the id of a lot, which may carry suffixes `#...`; refuse others with NOT_AN_ID."""
    if _LOT_ID.match(text) is None or len(text) > _MAX_LOT_ID:
        raise Unreadable("NOT_AN_ID", "not the id of a lot: an id, perhaps with a suffix #...")
    return text


def parse_text(text: str) -> str:
    """Return a text in NFC without control or bidi characters, of at most 10,000 characters."""
    if len(text) > MAX_TEXT:
        raise Unreadable("TEXT_TOO_LONG", f"{len(text)} characters, more than {MAX_TEXT}")
    if text.isascii() and text.isprintable():
        return text
    for place, character in enumerate(text, start=1):
        if unicodedata.category(character) in _CONTROL:
            found = f"character {place} is U+{ord(character):04X}, a control character"
            raise Unreadable("CONTROL_CHARACTER", found)
        if character in _BIDI:
            found = f"character {place} is U+{ord(character):04X}, which changes the direction"
            raise Unreadable("BIDI_CHARACTER", found)
    if not unicodedata.is_normalized("NFC", text):
        raise Unreadable("TEXT_NOT_NFC", "text is not in Unicode normal form C")
    return text


def parse_date(text: str) -> date:
    """Return a real calendar day from 1970-01-01 on, written YYYY-MM-DD in ASCII digits."""
    match = _DATE.match(text)
    if match is None:
        raise Unreadable("DATE_FORMAT", "not a date YYYY-MM-DD")
    try:
        day = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError as error:
        raise Unreadable("NO_SUCH_DAY", "the calendar has no such day") from error
    if day < EPOCH:
        raise Unreadable("DATE_BEFORE_1970", "dates start with 1970-01-01")
    return day


def parse_number(text: str) -> Number:
    """Return a plain decimal of at most 28 significant digits and 18 decimals."""
    match = _NUMBER.match(text)
    if match is None:
        raise _not_a_number(text)
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len((whole + fraction).lstrip("0")) > MAX_DIGITS:
        raise Unreadable("NUMBER_DIGITS", f"more than {MAX_DIGITS} significant digits")
    if len(fraction) > MAX_SCALE:
        raise Unreadable("NUMBER_DECIMALS", f"more than {MAX_SCALE} decimals")
    mantissa = int(whole + fraction)
    return Number(*trim(-mantissa if sign else mantissa, len(fraction)))


def _not_a_number(text: str) -> Unreadable:
    reasons = (
        (any(mark.isspace() for mark in text), "NUMBER_BLANK", "a number has no blanks"),
        ("_" in text, "NUMBER_UNDERSCORE", "a number has no underscores"),
        (
            any(mark in text for mark in ",'\u2019"),
            "NUMBER_SEPARATOR",
            "a number has no separator of thousands, and a point before its decimals",
        ),
        (_NOT_FINITE.match(text), "NUMBER_NOT_FINITE", "not a finite number"),
        (_EXPONENT.match(text), "NUMBER_EXPONENT", "a number has no exponent"),
        (text.startswith("+"), "NUMBER_PLUS_SIGN", "a number has no plus sign"),
        (True, "NUMBER_FORMAT", "not a plain decimal number such as -1234.50"),
    )
    _, code, message = next(reason for reason in reasons if reason[0])
    return Unreadable(code, message)


def parse_price(text: str) -> Number:
    """Return a plain decimal whose digits, without trailing zeros, fit in 64 bits."""
    number = parse_number(text)
    if not INT64_MIN <= number.mantissa <= INT64_MAX:
        raise Unreadable("NUMBER_TOO_LARGE", "the digits do not fit in 64 bits")
    return number


def parse_integer(text: str) -> int:
    """Return a whole number that fits in 64 bits."""
    if _INTEGER.match(text) is None:
        raise Unreadable("NOT_AN_INTEGER", "not a whole number")
    if len(text) > MAX_DIGITS or not INT64_MIN <= int(text) <= INT64_MAX:
        raise Unreadable("NUMBER_TOO_LARGE", "does not fit in 64 bits")
    return int(text)


def parse_boolean(text: str) -> bool:
    """Return true or false, written so."""
    if text not in {"true", "false"}:
        raise Unreadable("NOT_A_BOOLEAN", "not true or false")
    return text == "true"


def parse_instant(text: str) -> Instant:
    """Return an ISO 8601 moment with its offset from UTC; up to nine decimals of a second."""
    match = _INSTANT.match(text)
    if match is None:
        raise Unreadable("INSTANT_FORMAT", "not a time such as 2026-01-31T09:30:00.125-05:00")
    day = parse_date(match[1])
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    if second == _LAST_SECOND + 1:
        raise Unreadable("LEAP_SECOND", "a second 60 names no instant")
    offset = match[6]
    if offset is None:
        raise Unreadable("INSTANT_WITHOUT_OFFSET", "a time without offset names no instant")
    minutes = 0 if offset == "Z" else _offset_minutes(offset)
    if hour > _LAST_HOUR or minute > _LAST_MINUTE or second > _LAST_SECOND:
        raise Unreadable("INSTANT_FORMAT", "no such time of day")
    seconds = timedelta(days=(day - EPOCH).days, hours=hour, minutes=minute - minutes)
    whole = seconds.days * 86_400 + seconds.seconds + second
    value = whole * NANOSECONDS + int((match[5] or "").ljust(9, "0"))
    if not INT64_MIN <= value <= INT64_MAX:
        raise Unreadable("INSTANT_RANGE", "instants end in April 2262")
    return Instant(text, value)


def _offset_minutes(offset: str) -> int:
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    if hours > _LAST_HOUR or minutes > _LAST_MINUTE:
        raise Unreadable("INSTANT_FORMAT", "no such offset from UTC")
    return (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)


def parse_moment(text: str) -> str:
    """Return a date, or an instant with its offset, as received."""
    if "T" in text:
        return parse_instant(text).text
    parse_date(text)
    return text


def parse_lots(text: str) -> str:
    """Return `lot_id:quantity;...` as received; the last colon divides, quantities positive."""
    for part in text.split(";"):
        lot, colon, quantity = part.rpartition(":")
        if not colon:
            raise Unreadable("LOTS_FORMAT", "not lot_id:quantity;... with a colon in each part")
        parse_lot_id(lot)
        if parse_number(quantity).mantissa <= 0:
            raise Unreadable("LOTS_FORMAT", f"the quantity of lot {lot} is not positive")
    return text


def lot_quantities(text: str) -> list[Number]:
    """Return the quantities of a text that `parse_lots` accepts."""
    return [parse_number(part.rpartition(":")[2]) for part in text.split(";")] if text else []


def parse_isin(text: str) -> str:
    """Return an ISIN whose check digit is right (Luhn over its characters as two digits)."""
    if re.match(r"[A-Z]{2}[A-Z0-9]{9}[0-9]\Z", text, re.ASCII) is None:
        raise Unreadable("ISIN_FORMAT", "not an ISIN: two letters, nine characters, one digit")
    digits = [int(digit) for digit in "".join(str(int(mark, 36)) for mark in text)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    if (sum(digits[-1::-2]) + sum(doubled)) % 10:
        raise Unreadable("ISIN_CHECK_DIGIT", "the check digit is wrong")
    return text


PARSERS: dict[str, Callable[[str], object]] = {
    "id": parse_id,
    "lot_id": parse_lot_id,
    "text": parse_text,
    "date": parse_date,
    "number": parse_number,
    "price": parse_price,
    "integer": parse_integer,
    "boolean": parse_boolean,
    "instant": parse_instant,
    "moment": parse_moment,
    "lots": parse_lots,
    "isin": parse_isin,
    "choice": str,
}
