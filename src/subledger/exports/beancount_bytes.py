"""Columns of text for the ledger: numbers, strings and links of many rows at once, as bytes.

A row that holds an unusual character is written by `beancount_names`, which also refuses it; all
others are ASCII that needs no second look, and are told apart by a table of 256 bytes.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import Days, Texts
from subledger.exports import beancount_names as names
from subledger.numbers import Int64Array
from subledger.texts import from_arrow

_POWERS = 10 ** np.arange(20, dtype=np.uint64)
_BLANK, _POINT, _MINUS = b" .-"
# The text of every number of four digits; a number is written four digits at a time.
_FOUR = 4
_TEN_THOUSAND = np.uint64(10**_FOUR)
_QUADS = np.frombuffer("".join(f"{n:04d}" for n in range(10**_FOUR)).encode(), np.uint32)


def _among(allowed: str) -> npt.NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(allowed.encode())] = True
    return table


_PLAIN = _among("".join(chr(n) for n in range(0x20, 0x7F) if chr(n) not in '"\\'))
_IN_LINKS = _among(string.ascii_letters + string.digits + "_.-")


class Sheet:
    """Text that is put together from pieces: each has its place, and all are copied at once."""

    def __init__(self, places: int) -> None:
        self._which = np.zeros(places, np.int32)  # 0 is the empty text
        self._pieces: list[pa.StringArray] = [pa.array([""], pa.string())]
        self._known = 1

    def put(
        self,
        places: Int64Array,
        pieces: pa.StringArray,
        *,
        codes: npt.NDArray[Any] | None = None,
    ) -> None:
        """Put a piece at each place: that of its code, or else one piece after another."""
        chosen = np.arange(len(pieces)) if codes is None else codes
        self._which[places] = chosen + self._known
        self._pieces.append(pieces)
        self._known += len(pieces)

    def put_text(self, places: Int64Array, text: str) -> None:
        """Put the same text at several places."""
        self.put(places, pa.array([text], pa.string()), codes=np.zeros(len(places), np.int32))

    def put_coded(self, places: Int64Array, texts: Texts, *, write: Callable[[str], str]) -> None:
        """Put what is written for the text of each place; it is written once per distinct text."""
        written = texts.mapped(write)
        self.put(places, written.values, codes=written.codes)

    def content(self) -> memoryview:
        """Return the text as UTF-8."""
        return content_of(pa.concat_arrays(self._pieces).take(pa.array(self._which)))


def content_of(rows: pa.StringArray) -> memoryview:
    """Return the bytes of a column's texts, one after another."""
    data = rows.buffers()[2]
    if data is None or not len(rows):
        return memoryview(b"")
    offsets = np.frombuffer(rows.buffers()[1], np.int32)
    start, end = offsets[rows.offset], offsets[rows.offset + len(rows)]
    return memoryview(data)[start:end]


def number_texts(values: Int64Array, decimals: int, *, width: int = 0) -> pa.StringArray:
    """Return scaled integers as `numbers.to_text`, with blanks before them up to a width."""
    count = len(values)
    if not count:
        return pa.array([], pa.string())
    magnitude = np.abs(values).view(np.uint64)
    known = np.searchsorted(_POWERS, magnitude, side="right")
    body = np.maximum(known, decimals + 1) + (decimals > 0)
    length = np.maximum(body + (values < 0), width)
    digits = _digits(magnitude, int(max(known.max(), decimals + 1)))
    across = max(width, digits.shape[1] + 2)
    written = np.full((count, across), _BLANK, np.uint8)
    whole = across - decimals - (decimals > 0)
    written[:, whole - (digits.shape[1] - decimals) : whole] = digits[
        :, : digits.shape[1] - decimals
    ]
    if decimals:
        written[:, whole] = _POINT
        written[:, whole + 1 :] = digits[:, digits.shape[1] - decimals :]
    column = np.arange(across)
    begin = across - body
    written[column < begin[:, None]] = _BLANK
    below = np.flatnonzero(values < 0)
    written[below, begin[below] - 1] = _MINUS
    if int(length.min()) == int(length.max()):
        data = np.ascontiguousarray(written[:, across - int(length[0]) :])
    else:
        data = written[column >= (across - length)[:, None]]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(length)]).astype(np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))


def _digits(magnitude: npt.NDArray[np.uint64], count: int) -> npt.NDArray[np.uint8]:
    """Return the last digits of numbers, at least `count` of each, zeros before them."""
    groups = -(-count // _FOUR)
    found = np.empty((len(magnitude), groups), np.uint32)
    rest = magnitude
    for group in range(groups - 1, -1, -1):
        higher = rest // _TEN_THOUSAND
        found[:, group] = _QUADS[rest - higher * _TEN_THOUSAND]
        rest = higher
    return found.view(np.uint8)


def scaled_texts(values: Int64Array, decimals: Int64Array, *, width: int = 0) -> pa.StringArray:
    """Return `number_texts` of numbers that each have their own decimals."""
    scales = np.unique(decimals).tolist()
    if len(scales) < 2:  # noqa: PLR2004 - one scale, or no rows
        return number_texts(values, scales[0] if scales else 0, width=width)
    chosen = [np.flatnonzero(decimals == scale) for scale in scales]
    written = [
        number_texts(values[rows], scale, width=width)
        for rows, scale in zip(chosen, scales, strict=True)
    ]
    place = np.empty(len(values), np.int64)
    place[np.concatenate(chosen)] = np.arange(len(values))
    return pa.concat_arrays(written).take(pa.array(place))


def day_texts(days: Days) -> Texts:
    """Return days as YYYY-MM-DD."""
    number = days.astype("datetime64[D]").astype(np.int64)
    if not len(number):
        return Texts.repeated("", 0)
    first = int(number.min())
    span = np.arange(first, int(number.max()) + 1, dtype=np.int64).astype("datetime64[D]")
    return Texts((number - first).astype(np.int32), pa.array(span.astype(str), pa.string()))


def quoted_texts(rows: pa.StringArray) -> pa.StringArray:
    """Return texts as `beancount_names.quoted`."""
    return _written(rows, names.quoted, plain=_PLAIN, around=('"', '"'))


def written_once(table: pa.Table, name: str) -> Texts:
    """Return a text column whose values are only written out, so that no two need be told apart."""
    column = table.column(name).combine_chunks()
    if not pa.types.is_string(column.type):
        return from_arrow(column)
    return Texts(np.arange(len(column), dtype=np.int32), column)


def linked_texts(rows: pa.StringArray) -> pa.StringArray:
    """Return ids as links: a blank, "^" and `beancount_names.link`."""
    return _written(rows, lambda text: f" ^{names.link(text)}", plain=_IN_LINKS, around=(" ^", ""))


def _written(
    rows: pa.StringArray,
    write: Callable[[str], str],
    *,
    plain: npt.NDArray[np.bool_],
    around: tuple[str, str],
) -> pa.StringArray:
    if plain[np.frombuffer(content_of(rows), np.uint8)].all():
        return pc.binary_join_element_wise(around[0], rows, around[1], "")
    return pa.array([write(text) for text in rows.to_pylist()], pa.string())


_SPARSE = 8  # possible codes per row, from which sorting the rows is quicker than a table of all


def narrowed(texts: Texts) -> Texts:
    """Return the same rows with no values but those in use."""
    used, codes = used_codes(texts.codes, len(texts.values))
    if len(used) == len(texts.values):
        return texts
    return Texts(codes, texts.values.take(pa.array(used)))


def used_codes(
    codes: npt.NDArray[Any], size: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
    """Return those codes below `size` that are in use, and the codes as places among them."""
    if size > _SPARSE * len(codes):
        found, places = np.unique(codes, return_inverse=True)
        return found.astype(np.intp), places.astype(np.int32)
    place = np.zeros(size, np.int32)
    place[codes] = 1
    used = np.flatnonzero(place)
    place[used] = np.arange(len(used), dtype=np.int32)
    return used, place[codes]
