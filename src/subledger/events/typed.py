"""Columns as files hold them: text, or whole and decimal numbers that a typed file states exactly.

A number stands for the text that would state it in a CSV file, without zeros at the end of its
decimals; null stands for an empty one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.events.vectors import MAX_PLAIN, Scales, trim
from subledger.numbers import MAX_SCALE, Int64Array

# Text without nulls, coded or plain, or numbers of a type for which `is_number` holds.
Given: TypeAlias = pa.Array | pa.ChunkedArray | Sequence[str]


class Exact(NamedTuple):
    """Numbers as mantissa and scale without zeros at the end, and which rows have one."""

    mantissa: Int64Array
    scale: Scales
    given: npt.NDArray[np.bool_]


def is_number(values: Given) -> bool:
    """Say whether a column holds numbers instead of text."""
    if not isinstance(values, (pa.Array, pa.ChunkedArray)):
        return False
    return bool(pa.types.is_integer(values.type) or pa.types.is_decimal(values.type))


def exact(values: pa.Array) -> Exact | None:
    """Return numbers of at most 18 digits and decimals; None for a column that has others."""
    given = values.is_valid().to_numpy(zero_copy_only=False)
    scale = 0
    if pa.types.is_integer(values.type):
        if pa.types.is_uint64(values.type) and (pc.max(values).as_py() or 0) > MAX_PLAIN:
            return None
        mantissa = values.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False).copy()
    else:
        scale = values.type.scale
        if not pa.types.is_decimal128(values.type) or not 0 <= scale <= MAX_SCALE:
            return None
        words = np.frombuffer(values.buffers()[1], np.int64)[2 * values.offset :]
        words = words[: 2 * len(values)].reshape(-1, 2)  # the low 64 bits, then the high ones
        if (given & (words[:, 0] >> np.int64(63) != words[:, 1])).any():
            return None
        mantissa = words[:, 0] * given
    if len(mantissa) and not -MAX_PLAIN <= mantissa.min() <= mantissa.max() <= MAX_PLAIN:
        return None
    scales = np.full(len(mantissa), scale, np.int8)
    trim(mantissa, scales)
    scales[mantissa == 0] = 0
    return Exact(mantissa, scales, given)


def written(values: pa.Array) -> pa.StringArray:
    """Return numbers as text, "" for null."""
    if pa.types.is_integer(values.type):
        return values.cast(pa.string()).fill_null("")
    coded = values.dictionary_encode()
    texts = [number_text(value) for value in coded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(coded.indices).fill_null("")


def number_text(value: Decimal | int) -> str:
    """Return a plain decimal; zeros that fill up a type's scale are no digits of the value."""
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").removesuffix(".") if "." in text else text


def text_at(values: Given, row: int) -> str:
    """Return the text of a row."""
    value = values[row]
    if isinstance(value, pa.Scalar):
        value = value.as_py()
    if value is None:
        return ""
    return value if isinstance(value, str) else number_text(value)


def texts_of(values: Given) -> list[str]:
    """Return a column as texts, for columns of few rows."""
    return [text_at(values, row) for row in range(len(values))]
