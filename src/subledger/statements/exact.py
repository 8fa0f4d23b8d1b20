"""Exact decimal text of scaled integers, a whole column at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")
_WORKERS, _AHEAD = 2, 4
_PLAIN = 6  # with more decimals Arrow writes small numbers in powers of ten


def decimal_texts(values: pa.Array, places: npt.NDArray[np.int64]) -> pa.Array:
    """Return scaled integers as exact decimal texts, each with its decimals; null stays null."""
    if not len(values):
        return pa.array([], pa.string())
    lowest, highest = int(places.min()), int(places.max())
    found = _with_places(values, lowest)
    for number in range(lowest + 1, highest + 1):
        rows = places == number
        if rows.any():
            found = pc.if_else(pa.array(rows), _with_places(values, number), found)
    return found


def _with_places(values: pa.Array, places: int) -> pa.Array:
    if places > _PLAIN:
        return _split(values, places)
    whole = values.cast(pa.decimal128(38, 0))
    scaled = pa.Array.from_buffers(
        pa.decimal128(38, places), len(whole), whole.buffers(), offset=whole.offset
    )
    return scaled.cast(pa.string())


def _split(values: pa.Array, places: int) -> pa.Array:
    """Return the texts before and after the point put together."""
    given = np.asarray(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), np.int64)
    size = np.abs(given).view(np.uint64)  # the lowest integer stays as it is, and fits
    whole, part = np.divmod(size, np.uint64(10**places))
    sign = pa.array(np.where(given < 0, "-", "").tolist(), pa.string())
    after = pc.utf8_lpad(pa.array(part).cast(pa.string()), places, "0")
    before = pc.binary_join_element_wise(sign, pa.array(whole).cast(pa.string()), "")
    texts = pc.binary_join_element_wise(before, after, ".")
    return pc.if_else(values.is_valid(), texts, pa.scalar(None, pa.string()))


def bytes_of(texts: pa.StringArray) -> bytes:
    """Return the bytes of texts, one after another."""
    _, bounds, text = texts.buffers()
    if text is None or not len(texts):
        return b""
    ends = np.frombuffer(bounds, np.int32)
    first, last = int(ends[texts.offset]), int(ends[texts.offset + len(texts)])
    written: bytes = text.slice(first, last - first).to_pybytes()
    return written


def in_order(make: Callable[[_Given], _Made], given: Iterable[_Given]) -> Iterator[_Made]:
    """Yield what is made of each of some things, in their order; a few are made ahead."""
    with ThreadPoolExecutor(_WORKERS) as pool:
        waiting: deque[Future[_Made]] = deque()
        for one in given:
            waiting.append(pool.submit(make, one))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
