"""numba, for the kernels alone: what is compiled, and exact arithmetic in 128 bits.

Nothing but the kernels imports this module, and they are imported when a batch is large: numba is
the extra `fast`, and everything works without it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from subledger.numbers import NumberOverflow

F = TypeVar("F", bound=Callable[..., Any])

_TOO_LARGE = "an amount does not fit in 64 bits"
_U0, _U1, _U32, _U64 = np.uint64(0), np.uint64(1), np.uint64(32), np.uint64(64)
_LOW = np.uint64(0xFFFFFFFF)
_WIDE, _WORD = ir.IntType(128), ir.IntType(64)


def _sources() -> str:
    """Return the digest of all kernels: numba itself looks at the file of one function alone."""
    folder = Path(__file__).parent
    files = [Path(__file__), *sorted(folder.glob("kernel*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


_DIGEST = _sources()


# Kernels allocate nothing: without numba's reference counts, which are atomic, they run ten times
# as fast. They take no lock of the interpreter.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: F) -> F:
    """Compile a function that kernels call."""
    made: F = numba.njit(**_OPTIONS)(function)
    return made


def inlined(function: F) -> F:
    """Compile a function into those that call it: handing arrays on costs more than it does."""
    made: F = numba.njit(**_OPTIONS, forceinline=True)(function)
    return made


def kernel(function: F) -> F:
    """Compile a function that Python calls, and keep it on disk until a kernel's source changes."""
    function.__qualname__ += f"_{_DIGEST}"
    made: F = numba.njit(**_OPTIONS, cache=True)(function)
    return made


def _high(extend: str, shift: str) -> Callable[..., Any]:
    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
        left, right = (getattr(builder, extend)(word, _WIDE) for word in args)
        product = getattr(builder, shift)(builder.mul(left, right), ir.Constant(_WIDE, 64))
        return builder.trunc(product, _WORD)

    return generate


@intrinsic  # type: ignore[untyped-decorator]
def high_word(_context: Any, _left: Any, _right: Any) -> Any:  # noqa: ANN401
    """Return the high 64 bits of the product of two unsigned words."""
    return types.uint64(types.uint64, types.uint64), _high("zext", "lshr")


@intrinsic  # type: ignore[untyped-decorator]
def signed_high_word(_context: Any, _left: Any, _right: Any) -> Any:  # noqa: ANN401
    """Return the high 64 bits of the product of two signed words."""
    return types.int64(types.int64, types.int64), _high("sext", "ashr")


@intrinsic  # type: ignore[untyped-decorator]
def leading_zeros(_context: Any, _word: Any) -> Any:  # noqa: ANN401
    """Return how many high bits of an unsigned word that is not 0 are 0."""

    def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:  # noqa: ANN401
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), generate


@inlined
def added(left: int, right: int) -> int:
    """Return a sum; raise NumberOverflow when it does not fit in 64 bits."""
    total = left + right
    if ((left ^ total) & (right ^ total)) < 0:
        raise NumberOverflow(_TOO_LARGE)
    return total


@inlined
def subtracted(left: int, right: int) -> int:
    """Return a difference; raise NumberOverflow when it does not fit in 64 bits."""
    rest = left - right
    if ((left ^ right) & (left ^ rest)) < 0:
        raise NumberOverflow(_TOO_LARGE)
    return rest


@compiled
def compared(a: int, b: int, c: int, d: int) -> int:
    """Return the sign of a x b - c x d, exactly."""
    left, right = signed_high_word(a, b), signed_high_word(c, d)
    if left != right:
        return -1 if left < right else 1
    low_left, low_right = np.uint64(a) * np.uint64(b), np.uint64(c) * np.uint64(d)
    if low_left == low_right:
        return 0
    return -1 if low_left < low_right else 1


@inlined
def part_of(total: int, part: int, whole: int) -> int:
    """Return total x part / whole, rounded half to even; part is 0 to whole, so the result fits."""
    return total if part == whole else _part_of(total, part, whole)


@compiled
def _part_of(total: int, part: int, whole: int) -> int:
    magnitude = np.uint64(total) if total >= 0 else _U0 - np.uint64(total)
    quotient, remainder = _product_over(magnitude, np.uint64(part), np.uint64(whole))
    half = np.uint64(whole) - remainder
    if remainder > half or (remainder == half and quotient & _U1):
        quotient += _U1
    if total >= 0:
        return np.int64(quotient)  # type: ignore[return-value]
    return np.int64(_U0 - quotient)  # type: ignore[return-value]


@inlined
def second_part(total: int, first: int, whole: int) -> int:
    """Return what is left of a total after the part of the first units."""
    return total if first == 0 else total - part_of(total, first, whole)


@compiled
def part_rounded_up(total: int, part: int, whole: int) -> int:
    """Return total x part / whole, rounded up; none is negative and part is at most whole."""
    if part == whole:
        return total
    quotient, remainder = _product_over(np.uint64(total), np.uint64(part), np.uint64(whole))
    return np.int64(quotient) + (remainder > _U0)  # type: ignore[no-any-return]


@compiled
def _product_over(left: np.uint64, right: np.uint64, divisor: np.uint64) -> Any:  # noqa: ANN401
    """Return quotient and remainder of left x right by a divisor above right."""
    high, low = high_word(left, right), left * right
    if high == _U0:
        quotient = low // divisor
        return quotient, low - quotient * divisor
    if divisor <= _LOW:
        # The high word is below the divisor, so that both steps stay within 64 bits.
        upper = (high << _U32) | (low >> _U32)
        first = upper // divisor
        lower = ((upper - first * divisor) << _U32) | (low & _LOW)
        second = lower // divisor
        return (first << _U32) + second, lower - second * divisor
    return _long_division(high, low, divisor)


@compiled
def _long_division(high: Any, low: Any, divisor: Any) -> Any:  # noqa: ANN401
    """Divide two words by one that is above the high word.

    Source: Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D, in half words.
    """
    shift = leading_zeros(divisor)
    divisor <<= shift
    if shift > _U0:
        high = (high << shift) | (low >> (_U64 - shift))
        low <<= shift
    first = _half_digit(high, low >> _U32, divisor)
    middle = (high << _U32) + (low >> _U32) - first * divisor
    second = _half_digit(middle, low & _LOW, divisor)
    remainder = (middle << _U32) + (low & _LOW) - second * divisor
    return (first << _U32) + second, remainder >> shift


@compiled
def _half_digit(high: Any, next_half: Any, divisor: Any) -> Any:  # noqa: ANN401
    """Return the next 32 bits of a quotient: an estimate that is at most two too large."""
    top, bottom = divisor >> _U32, divisor & _LOW
    digit = high // top
    rest = high - digit * top
    while digit > _LOW or digit * bottom > ((rest << _U32) | next_half):
        digit -= _U1
        rest += top
        if rest > _LOW:
            break
    return digit
