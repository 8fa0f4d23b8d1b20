"""Exact scaled integers: parsing, formatting, the checked mul_div and allocation.

Amounts, quantities and prices are integers at a declared number of decimals. This is the only
room that rounds, and it rounds half to even. Results are checked against 64 bits: they raise
`NumberOverflow`, they never wrap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Int64Array: TypeAlias = npt.NDArray[np.int64]

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1
MAX_DECIMALS = 8
MAX_DIGITS = 28
MAX_SCALE = 18

_PLAIN_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?\Z", re.ASCII)
# A product below this bound cannot overflow int64 even after the doubling that rounding needs.
_SAFE_PRODUCT = float(2**61)


class NumberOverflow(ArithmeticError):
    """A result does not fit in 64 bits; nothing was wrapped and nothing was posted."""


class NotANumber(ValueError):
    """A text is not a plain decimal, or carries more digits than are allowed."""


class ExcessDigits(ValueError):
    """A decimal carries more decimals than the unit that is to hold it."""


def check_range(value: int) -> int:
    """Return the value; raise NumberOverflow when it does not fit in 64 bits."""
    if not INT64_MIN <= value <= INT64_MAX:
        raise NumberOverflow(f"{value} does not fit in 64 bits")
    return value


def mul_div(a: int, b: int, divisor: int) -> int:
    """Return a * b / divisor rounded half to even; raise if it does not fit in 64 bits."""
    quotient, remainder = divmod(a * b, divisor)
    twice = 2 * remainder
    if abs(twice) > abs(divisor) or (abs(twice) == abs(divisor) and quotient % 2):
        quotient += 1
    return check_range(quotient)


def mul_div_columns(a: npt.ArrayLike, b: npt.ArrayLike, divisor: npt.ArrayLike) -> Int64Array:
    """Return mul_div of three columns, row by row; scalars are repeated.

    Rows whose product is safely below 2**61 are computed in int64, the others in Python integers;
    both round half to even. Divisors are positive.
    """
    left, right, below = np.broadcast_arrays(
        np.asarray(a, np.int64), np.asarray(b, np.int64), np.asarray(divisor, np.int64)
    )
    safe = np.abs(left.astype(np.float64)) * np.abs(right.astype(np.float64)) < _SAFE_PRODUCT
    result = np.empty(left.shape, np.int64)
    bottom = below[safe]
    quotient, remainder = np.divmod(left[safe] * right[safe], bottom)
    half = bottom - remainder
    result[safe] = quotient + ((remainder > half) | ((remainder == half) & (quotient % 2 != 0)))
    for row in np.flatnonzero(~safe):
        result[row] = mul_div(int(left[row]), int(right[row]), int(below[row]))
    return result


def ratio_columns(values: npt.ArrayLike, numerator: int, denominator: int) -> Int64Array:
    """Return values * numerator / denominator, half to even, row by row.

    Numerator and denominator may be of any size, as those of a cross rate are; the denominator is
    positive.
    """
    column = np.asarray(values, np.int64)
    if abs(numerator) <= INT64_MAX and denominator <= INT64_MAX:
        return mul_div_columns(column, numerator, denominator)
    exact = [mul_div(value, numerator, denominator) for value in column.tolist()]
    return np.array(exact, np.int64)


def product_columns(
    quantity: npt.ArrayLike, mantissa: npt.ArrayLike, shift: npt.ArrayLike
) -> Int64Array:
    """Return quantity * mantissa / 10**shift, half to even, row by row: an amount from a price.

    `shift` is the decimals of quantity and price less those of the amount; it may be negative.
    """
    left, right, places = np.broadcast_arrays(
        np.asarray(quantity, np.int64), np.asarray(mantissa, np.int64), np.asarray(shift, np.int64)
    )
    result = np.empty(left.shape, np.int64)
    simple = (places >= 0) & (places <= MAX_SCALE)
    result[simple] = mul_div_columns(left[simple], right[simple], 10 ** places[simple])
    for row in np.flatnonzero(~simple):
        result[row] = product(int(left[row]), int(right[row]), int(places[row]))
    return result


def product(quantity: int, mantissa: int, shift: int) -> int:
    """Return quantity * mantissa / 10**shift, half to even; `shift` may be negative."""
    return mul_div(quantity, mantissa * 10 ** max(-shift, 0), 10 ** max(shift, 0))


def part_of(total: int, part: int, whole: int) -> int:
    """Return the cumulative share of a total that belongs to the first `part` of `whole` units."""
    return total if part == whole else mul_div(total, part, whole)


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total over weights cumulatively, so that the parts add up to it exactly.

    After k parts the sum so far is round_half_even(total * weights[:k] / weights); a part is the
    difference to the sum before it, and the last takes what is left.
    """
    whole = sum(weights)
    parts: list[int] = []
    weight_so_far = amount_so_far = 0
    for weight in weights:
        weight_so_far += weight
        reached = part_of(total, weight_so_far, whole)
        parts.append(reached - amount_so_far)
        amount_so_far = reached
    return parts


def exact_sum(values: npt.ArrayLike) -> int:
    """Return the sum of an int64 column as a Python integer, which cannot wrap."""
    column = np.asarray(values, np.int64)
    high, low = column >> np.int64(32), column & np.int64(0xFFFFFFFF)
    return (int(high.sum()) << 32) + int(low.sum())


def add_columns(first: npt.ArrayLike, *others: npt.ArrayLike) -> Int64Array:
    """Return the sum of columns row by row; raise NumberOverflow instead of wrapping."""
    total = np.asarray(first, np.int64)
    for other in others:
        column = np.asarray(other, np.int64)
        reached = total + column
        # A sum wraps where both parts have the sign that it has not.
        if np.any(((total ^ reached) & (column ^ reached)) < 0):
            raise NumberOverflow("a sum of amounts does not fit in 64 bits")
        total = reached
    return total


def subtract_columns(first: npt.ArrayLike, second: npt.ArrayLike) -> Int64Array:
    """Return the difference of two columns row by row; raise NumberOverflow, never wrap."""
    left, right = np.asarray(first, np.int64), np.asarray(second, np.int64)
    reached = left - right
    if np.any(((left ^ right) & (left ^ reached)) < 0):
        raise NumberOverflow("a difference of amounts does not fit in 64 bits")
    return reached


def group_sums(groups: npt.NDArray[np.intp], values: npt.ArrayLike, count: int) -> Int64Array:
    """Return the sum of values per group 0..count-1; raise NumberOverflow instead of wrapping.

    The column is summed in two halves of 32 bits, each exact for up to 2**31 rows.
    """
    column = np.asarray(values, np.int64)
    high = np.zeros(count, np.int64)
    low = np.zeros(count, np.int64)
    np.add.at(high, groups, column >> np.int64(32))
    np.add.at(low, groups, column & np.int64(0xFFFFFFFF))
    high += low >> np.int64(32)
    if count and (int(high.max()) >= 2**31 or int(high.min()) < -(2**31)):
        raise NumberOverflow("a sum of amounts does not fit in 64 bits")
    return (high << np.int64(32)) + (low & np.int64(0xFFFFFFFF))


def parse_decimal(text: str) -> tuple[int, int]:
    """Parse a plain decimal to (mantissa, scale): "-12.50" gives (-1250, 2).

    Raises NotANumber for anything but `-?(0|[1-9][0-9]*)(.[0-9]+)?` in ASCII, for more than 28
    significant digits and for more than 18 decimals.
    """
    match = _PLAIN_DECIMAL.match(text)
    if match is None:
        raise NotANumber(f"{text!r} is not a plain decimal number")
    sign, whole, fraction = match.group(1), match.group(2), match.group(3) or ""
    digits = (whole + fraction).lstrip("0")
    if len(digits) > MAX_DIGITS or len(fraction) > MAX_SCALE:
        raise NotANumber(f"{text!r} has more than {MAX_DIGITS} digits or {MAX_SCALE} decimals")
    mantissa = int(whole + fraction)
    return (-mantissa if sign else mantissa), len(fraction)


def trim(mantissa: int, scale: int) -> tuple[int, int]:
    """Return the same number without trailing zeros after the point: (1250, 2) gives (125, 1)."""
    while scale > 0 and mantissa % 10 == 0:
        mantissa //= 10
        scale -= 1
    return mantissa, scale


def rescale(mantissa: int, scale: int, decimals: int) -> int:
    """Return a decimal as an integer at the given decimals, exactly.

    Raises ExcessDigits when digits would be lost, NumberOverflow beyond 64 bits.
    """
    if scale <= decimals:
        return check_range(mantissa * 10 ** (decimals - scale))
    quotient, remainder = divmod(mantissa, 10 ** (scale - decimals))
    if remainder:
        raise ExcessDigits(f"{decimals} decimals cannot hold all digits")
    return check_range(quotient)


def to_decimal(value: int, decimals: int) -> Decimal:
    """Return a scaled integer as an exact Decimal with that many decimals."""
    return Decimal(value).scaleb(-decimals)


def ratio_text(numerator: int, denominator: int, digits: int) -> str:
    """Return a positive ratio as decimal text: exact up to `digits` decimals, else rounded.

    A ratio that needs more decimals is rounded half to even to that many significant digits, and
    to no fewer than its whole ones: (2, 3, 8) gives "0.66666667", (1, 4, 8) gives "0.25".
    """
    decimals = digits
    if numerator * 10**digits % denominator:
        whole = numerator // denominator
        # The first significant digit stands that many places after the point.
        leading = len(str(denominator // numerator)) - 1 if whole == 0 else -len(str(whole))
        decimals = max(digits + leading, 0)
    twice, rest = divmod(2 * numerator * 10**decimals, denominator)
    quotient, half = divmod(twice, 2)
    if half and (rest or quotient % 2):
        quotient += 1
    return to_text(*trim(quotient, decimals))


def to_text(value: int, decimals: int) -> str:
    """Return a scaled integer as plain decimal text, exactly: (-1250, 2) gives "-12.50"."""
    if decimals == 0:
        return str(value)
    digits = str(abs(value)).rjust(decimals + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"
