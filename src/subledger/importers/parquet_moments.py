"""Timestamps of a Parquet file as the ISO texts of a CSV file, with the offset of their zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.numbers import Int64Array
from subledger.texts import Texts

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z", re.ASCII)
_MINUTE = 60
_YEAR_9999 = 253_370_764_800  # its first second; from there on a zone might lead beyond the year


def zone_of(name: str) -> tzinfo | None:
    """Return the zone that a timestamp's type names; None for one that is not known."""
    if match := _OFFSET.match(name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return None


def moments(column: pa.TimestampArray) -> pa.Array:
    """Return instants in their zone with its offset, times without zone without one, null as ""."""
    kind = column.type
    zone = zone_of(kind.tz) if kind.tz is not None else None
    values: Int64Array = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    seconds, part = np.divmod(values, _PER_SECOND[kind.unit])
    offsets = _offsets(seconds, zone)
    if offsets is None:
        distinct, place = np.unique(values, return_inverse=True)
        each = [written_moment(value, kind.unit, zone=zone) for value in distinct.tolist()]
        texts = pa.array(each, pa.string()).take(pa.array(place))
    else:
        clock = pa.array(seconds + offsets, pa.timestamp("s")).cast(pa.string())
        clock = pc.utf8_replace_slice(clock, 10, 11, "T")
        decimals = _decimals(part * (10**9 // _PER_SECOND[kind.unit]))
        texts = pc.binary_join_element_wise(clock, decimals, _zones(offsets, zone), "")
    return pc.if_else(column.is_valid(), texts, "") if column.null_count else texts


def _offsets(seconds: Int64Array, zone: tzinfo | None) -> Int64Array | None:
    """Return each moment's offset from UTC in seconds; None where whole columns cannot tell."""
    if len(seconds) and not 0 <= seconds.min() <= seconds.max() < _YEAR_9999:
        return None
    if zone is None:
        return np.zeros(len(seconds), np.int64)
    # Zones change their offset at whole minutes; where one does not, each moment is asked.
    minutes, place = np.unique(seconds // _MINUTE, return_inverse=True)
    found = np.array(
        [[_offset(m * _MINUTE + second, zone) for second in (0, 59)] for m in minutes.tolist()],
        np.int64,
    ).reshape(-1, 2)
    if (found[:, 0] != found[:, 1]).any() or (found % _MINUTE).any():
        return None
    return found[:, 0][place]


def _offset(second: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    return 0 if offset is None else offset.days * 86_400 + offset.seconds


def _decimals(nanoseconds: Int64Array) -> pa.StringArray:
    """Return the decimals of a second: six, nine where they are needed, none where all are 0."""
    if not nanoseconds.any():
        return Texts.repeated("", len(nanoseconds)).plain()
    needed = nanoseconds % 1000 != 0
    texts = _padded(nanoseconds // 1000, 6)
    if needed.any():
        texts = pc.if_else(pa.array(needed), _padded(nanoseconds, 9), texts)
    return pc.if_else(pa.array(nanoseconds == 0), "", texts)


def _padded(numbers: Int64Array, width: int) -> pa.StringArray:
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(".", digits, "")


def _zones(offsets: Int64Array, zone: tzinfo | None) -> pa.StringArray:
    if zone is None:
        return Texts.repeated("", len(offsets)).plain()
    distinct, place = np.unique(offsets, return_inverse=True)
    texts = [
        f"{'-' if offset < 0 else '+'}{abs(offset) // 3600:02}:{abs(offset) // 60 % 60:02}"
        for offset in distinct.tolist()
    ]
    return pa.array(texts, pa.string()).take(pa.array(place))


def written_moment(value: int, unit: str, *, zone: tzinfo | None) -> str:
    """Return an instant in its zone with the offset, or a time without zone without one."""
    whole, part = divmod(value, _PER_SECOND[unit])
    nanoseconds = part * (10**9 // _PER_SECOND[unit])
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole)
        moment = moment.astimezone(zone) if zone else moment.replace(tzinfo=None)
    except OverflowError:
        return str(value)
    text = moment.isoformat()
    decimals = f".{nanoseconds:09}".removesuffix("000") if nanoseconds else ""
    clock = len("2026-01-31T09:30:00")
    return f"{text[:clock]}{decimals}{text[clock:]}"
