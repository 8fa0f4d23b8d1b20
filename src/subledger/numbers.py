"""Exact scaled integers: parsing, formatting, the checked mul_div and allocation.

Amounts, quantities and prices are integers at a declared number of decimals. This is the only
room that rounds, and it rounds half to even. Results are checked against 64 bits: they raise
`NumberOverflow`, they never wrap.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from math import gcd
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Int64Array: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = npt.NDArray[np.uint64]

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1
MAX_DECIMALS = 8
MAX_DIGITS = 28
MAX_SCALE = 18

_PLAIN_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?\Z", re.ASCII)
# A product below this bound cannot overflow int64 even after the doubling that rounding needs.
_SAFE_PRODUCT = float(2**61)
_TOO_LARGE = "an amount does not fit in 64 bits"
_BLOCK = 1 << 13  # rows that are divided at a time, so that what is between stays in the cache
_ONE, _HALF, _LOW = np.uint64(1), np.uint64(32), np.uint64(0xFFFFFFFF)


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

    Rows whose product is safely below 2**61 are computed in 64 bits, the others in 128; all are
    rounded half to even. Divisors are positive.
    """
    left, right, below = np.broadcast_arrays(
        np.asarray(a, np.int64), np.asarray(b, np.int64), np.asarray(divisor, np.int64)
    )
    safe = np.abs(left.astype(np.float64)) * np.abs(right.astype(np.float64)) < _SAFE_PRODUCT
    if safe.all():
        return _narrow(left * right, below)
    result = np.empty(left.shape, np.int64)
    result[safe] = _narrow(left[safe] * right[safe], below[safe])
    wide = ~safe
    result[wide] = _wide(left[wide], right[wide], below[wide].astype(np.uint64))
    return result


def floor_columns(a: npt.ArrayLike, b: npt.ArrayLike, divisor: npt.ArrayLike) -> Int64Array:
    """Return a * b / divisor rounded down, row by row; divisors are positive."""
    nearest, above = _nearest(a, b, divisor)
    return subtract_columns(nearest, above < 0)


def ceil_columns(a: npt.ArrayLike, b: npt.ArrayLike, divisor: npt.ArrayLike) -> Int64Array:
    """Return a * b / divisor rounded up, row by row; divisors are positive."""
    nearest, above = _nearest(a, b, divisor)
    return add_columns(nearest, above > 0)


def _nearest(
    a: npt.ArrayLike, b: npt.ArrayLike, divisor: npt.ArrayLike
) -> tuple[Int64Array, Int64Array]:
    """Return quotients half to even, and what products are above them, in parts of the divisor."""
    nearest = mul_div_columns(a, b, divisor)
    # No more than half a divisor, so that it is exact however far both products wrap.
    product = np.asarray(a, np.int64) * np.asarray(b, np.int64)
    return nearest, np.asarray(product - nearest * np.asarray(divisor, np.int64), np.int64)


def _narrow(product: Int64Array, divisor: Int64Array) -> Int64Array:
    """Return products over divisors, rounded half to even, where twice a product fits."""
    quotient, remainder = np.divmod(product, divisor)
    half = divisor - remainder
    up = (remainder > half) | ((remainder == half) & (quotient % 2 != 0))
    return np.asarray(quotient + up, np.int64)


def _wide(left: Int64Array, right: Int64Array, *divisors: Words) -> Int64Array:
    """Return left * right over one or two divisors, half to even, rounded once."""
    result = np.empty(len(left), np.int64)
    for start in range(0, len(left), _BLOCK):
        rows = slice(start, start + _BLOCK)
        result[rows] = _wide_block(left[rows], right[rows], *(by[rows] for by in divisors))
    return result


def _wide_block(left: Int64Array, right: Int64Array, *divisors: Words) -> Int64Array:
    # Of the lowest value of 64 bits the absolute value does not fit, but its bits are those of it.
    high, low = _product(np.abs(left).view(np.uint64), np.abs(right).view(np.uint64))
    quotient, remainder = _divided(high, low, divisors[0])
    divisor, rest = divisors[0], np.zeros(len(low), bool)
    if len(divisors) > 1:
        rest, divisor = remainder != 0, divisors[1]
        quotient, remainder = np.divmod(quotient, divisor)
    half = divisor - remainder
    odd_or_rest = (quotient & _ONE != 0) | rest
    up = (remainder > half) | ((remainder == half) & odd_or_rest)
    if np.any(up & (quotient == ~np.uint64(0))):
        raise NumberOverflow(_TOO_LARGE)
    quotient = quotient + up
    negative = (left < 0) != (right < 0)
    if np.any(quotient > np.uint64(INT64_MAX) + negative):
        raise NumberOverflow(_TOO_LARGE)
    signed: Words = np.where(negative, ~quotient + _ONE, quotient)
    return signed.view(np.int64)


def _product(left: Words, right: Words) -> tuple[Words, Words]:
    """Return the high and low words of products of two words."""
    left_high, left_low = left >> _HALF, left & _LOW
    right_high, right_low = right >> _HALF, right & _LOW
    lowest, one, other = left_low * right_low, left_low * right_high, left_high * right_low
    middle = (lowest >> _HALF) + (one & _LOW) + (other & _LOW)
    high = left_high * right_high + (one >> _HALF) + (other >> _HALF) + (middle >> _HALF)
    return high, (middle << _HALF) | (lowest & _LOW)


def _divided(high: Words, low: Words, divisor: Words) -> tuple[Words, Words]:
    """Return quotients and remainders of two words over one; raise where a quotient needs two.

    Source: Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D, in half words.
    """
    if np.any(high >= divisor):
        raise NumberOverflow(_TOO_LARGE)
    upper = divisor >> _HALF
    # Half words are exact as doubles.
    top = np.where(upper != 0, upper, divisor).astype(np.float64)
    length: Words = np.frexp(top)[1].astype(np.uint64)
    shift: Words = np.uint64(64) - length - np.where(upper != 0, _HALF, np.uint64(0))
    divisor = divisor << shift
    high = (high << shift) | ((low >> _ONE) >> (np.uint64(63) - shift))
    low = low << shift
    first = _digit(high, low >> _HALF, divisor)
    middle = (high << _HALF) + (low >> _HALF) - first * divisor
    second = _digit(middle, low & _LOW, divisor)
    remainder = (middle << _HALF) + (low & _LOW) - second * divisor
    return (first << _HALF) + second, remainder >> shift


def _digit(high: Words, next_half: Words, divisor: Words) -> Words:
    """Return the next 32 bits of quotients: estimates, which are at most two too large."""
    top, bottom = divisor >> _HALF, divisor & _LOW
    digit, rest = np.divmod(high, top)
    for _ in range(2):
        too_large = (digit > _LOW) | (digit * bottom > ((rest << _HALF) | next_half))
        too_large &= rest <= _LOW
        digit = digit - too_large.astype(np.uint64)
        rest = np.where(too_large, rest + top, rest)
    return digit


def ratio_columns(values: npt.ArrayLike, numerator: int, denominator: int) -> Int64Array:
    """Return values * numerator / denominator, half to even, row by row.

    Numerator and denominator may be of any size, as those of a cross rate are; the denominator is
    positive.
    """
    column = np.asarray(values, np.int64)
    common = gcd(numerator, denominator)
    above, below = numerator // common, denominator // common
    if abs(above) <= INT64_MAX and below <= INT64_MAX:
        return mul_div_columns(column, above, below)
    product = column.astype(object) * above
    quotient, twice = product // below, product % below * 2
    exact = quotient + ((twice > below) | ((twice == below) & (quotient % 2 == 1)))
    if len(exact) and not INT64_MIN <= exact.min() <= exact.max() <= INT64_MAX:
        raise NumberOverflow(_TOO_LARGE)
    return np.asarray(exact.astype(np.int64))


def product_columns(
    quantity: npt.ArrayLike, mantissa: npt.ArrayLike, shift: npt.ArrayLike
) -> Int64Array:
    """Return quantity * mantissa / 10**shift, half to even, row by row: an amount from a price.

    `shift` is the decimals of quantity and price less those of the amount; it may be negative.
    """
    left, right, places = np.broadcast_arrays(
        np.asarray(quantity, np.int64), np.asarray(mantissa, np.int64), np.asarray(shift, np.int64)
    )
    simple = (places >= 0) & (places <= MAX_SCALE)
    if simple.all():
        return mul_div_columns(left, right, 10**places)
    result = np.empty(left.shape, np.int64)
    result[simple] = mul_div_columns(left[simple], right[simple], 10 ** places[simple])
    up = (places < 0) & (places >= -MAX_SCALE)
    result[up] = mul_div_columns(mul_div_columns(left[up], right[up], 1), 10 ** -places[up], 1)
    # 10**19 is the largest power of ten in one word, and leaves a quotient of one word.
    one_word = places == MAX_SCALE + 1
    largest = np.full(left.shape, 10 ** (MAX_SCALE + 1), np.uint64)
    result[one_word] = _wide(left[one_word], right[one_word], largest[one_word])
    two_words = (places > MAX_SCALE + 1) & (places <= 2 * MAX_SCALE)
    rest = np.uint64(10) ** (places[two_words] - MAX_SCALE - 1).astype(np.uint64)
    result[two_words] = _wide(left[two_words], right[two_words], largest[two_words], rest)
    for row in np.flatnonzero(~(simple | up | one_word | two_words)):
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
    """Return the sum of values per group 0..count-1; raise NumberOverflow instead of wrapping."""
    column = np.asarray(values, np.int64)
    if _sums_fit(column):
        total = np.zeros(count, np.int64)
        np.add.at(total, groups, column)
        return total
    high, low = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.add.at(high, groups, column >> np.int64(32))
    np.add.at(low, groups, column & np.int64(0xFFFFFFFF))
    return _joined(high, low)


def _sums_fit(column: Int64Array) -> bool:
    """Say whether no sum of values can leave 64 bits."""
    if len(column) == 0:
        return True
    return max(int(column.max()), -int(column.min())) * len(column) <= INT64_MAX


def _joined(high: Int64Array, low: Int64Array) -> Int64Array:
    """Return sums that were taken in two halves of 32 bits, each exact for up to 2**31 rows."""
    high = high + (low >> np.int64(32))
    if len(high) and (int(high.max()) >= 2**31 or int(high.min()) < -(2**31)):
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
