"""MEASURES of drafts: the named amounts of each entry, as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import Amounts, Drafts
from subledger.columns import Codes, Texts, build, order_of, side_by_side
from subledger.numbers import Int64Array
from subledger.tables import MEASURE_NAMES, MEASURES

_ROLES = ("fee", "settlement", "traded")
_WORDED = ("event_id", "stage", "currency")
_COUNTED = ("event_version", "leg", "quantity")


def measures_table(drafts: Sequence[Drafts]) -> pa.Table:
    """Return MEASURES of all drafts in their order; a name that an event does not yield is zero."""
    parts = [draft for draft in drafts if len(draft)]
    size = sum(len(part) for part in parts)
    if not size:
        return MEASURES.empty()
    place = _places(parts)
    worded = {
        "event_kind": [Texts.repeated(part.event, len(part)) for part in parts],
        "side": [_side(part) for part in parts],
        "effect": [part.cells.get("effect", _none(part)) for part in parts],
        **{name: [getattr(part, name) for part in parts] for name in _WORDED},
        **{
            f"{role}_currency": [part.currencies.get(role, _none(part)) for part in parts]
            for role in _ROLES
        },
    }
    makers: list[Callable[[], Mapping[str, Any]]] = [
        partial(_worded, name, values, place=place) for name, values in worded.items()
    ]
    makers += [
        partial(_counted, name, [getattr(part, name) for part in parts], place=place)
        for name in _COUNTED
    ]
    makers += [
        partial(_measure, name, [part.amounts.get(name) for part in parts], place=place)
        for name in MEASURE_NAMES
    ]
    nothing = np.zeros(size, np.int64)
    columns: dict[str, Any] = {}
    for made in side_by_side(makers, rows=size):
        # What is zero throughout is one array for all.
        columns |= {name: nothing if one is None else one for name, one in made.items()}
    return build(MEASURES, columns)


def _places(parts: Sequence[Drafts]) -> list[Codes]:
    """Return the place of each draft in the declared order of MEASURES."""
    keys = [
        Texts.joined([part.event_id for part in parts]).ranks(),
        np.concatenate([part.event_version for part in parts]),
        Texts.joined([part.stage for part in parts]).ranks(),
        np.concatenate([part.leg for part in parts]),
    ]
    order = order_of(keys)
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    return np.split(place, np.cumsum([len(part) for part in parts])[:-1])


def _worded(name: str, values: Sequence[Texts], *, place: Sequence[Codes]) -> dict[str, Any]:
    return {name: _texts(values, place)}


def _counted(
    name: str, values: Sequence[Int64Array | None], *, place: Sequence[Codes]
) -> dict[str, Any]:
    return {name: _numbers(values, place)}


def _measure(
    name: str, amounts: Sequence[Amounts | None], *, place: Sequence[Codes]
) -> dict[str, Any]:
    """Return a measure's two columns; where it is the same in base throughout, they are one."""
    local = _numbers([None if a is None else a.local for a in amounts], place)
    if all(a is None or a.base is a.local for a in amounts):
        return {name: local, f"{name}_base": local}
    base = _numbers([None if a is None else a.base for a in amounts], place)
    return {name: local, f"{name}_base": base}


def _numbers(values: Sequence[Int64Array | None], place: Sequence[Codes]) -> Int64Array | None:
    """Return a column of all drafts, zero where a part has none; None where all are zero."""
    given = [
        (rows, own)
        for rows, own in zip(place, values, strict=True)
        if own is not None and own.any()
    ]
    if not given:
        return None
    found = np.zeros(sum(map(len, place)), np.int64)
    for rows, own in given:
        found[rows] = own
    return found


def _texts(values: Sequence[Texts], place: Sequence[Codes]) -> Texts:
    whole = Texts.joined(values)
    codes = np.empty(len(whole), np.int32)
    codes[np.concatenate(place)] = whole.codes
    return Texts(codes, whole.values)


def _none(part: Drafts) -> Texts:
    return Texts.repeated("", len(part))


def _side(part: Drafts) -> Texts:
    return part.cells.get("side", part.cells.get("direction", _none(part)))
