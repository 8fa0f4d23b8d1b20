"""MEASURES of drafts: the named amounts of each entry, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import Amounts, Drafts
from subledger.columns import Codes, Texts, build, order_of
from subledger.numbers import Int64Array
from subledger.tables import MEASURE_NAMES, MEASURES

_ROLES = ("fee", "settlement", "traded")


def measures_table(drafts: Sequence[Drafts]) -> pa.Table:
    """Return MEASURES of all drafts in their order; a name that an event does not yield is zero."""
    parts = [draft for draft in drafts if len(draft)]
    size = sum(len(part) for part in parts)
    if not size:
        return MEASURES.empty()
    place = _places(parts)
    nothing = np.zeros(size, np.int64)
    units = [part.quantity for part in parts]
    columns: dict[str, Any] = {
        "event_kind": _texts([Texts.repeated(part.event, len(part)) for part in parts], place),
        "side": _texts([_side(part) for part in parts], place),
        "effect": _texts([part.cells.get("effect", _none(part)) for part in parts], place),
        "quantity": _numbers(units, place, nothing=nothing),
    }
    for name in ("event_id", "stage", "currency"):
        columns[name] = _texts([getattr(part, name) for part in parts], place)
    for role in _ROLES:
        given = [part.currencies.get(role, _none(part)) for part in parts]
        columns[f"{role}_currency"] = _texts(given, place)
    for name in ("event_version", "leg"):
        columns[name] = _numbers([getattr(part, name) for part in parts], place, nothing=nothing)
    for name in MEASURE_NAMES:
        amounts = [part.amounts.get(name) for part in parts]
        columns |= _measure(name, amounts, place=place, nothing=nothing)
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


def _measure(
    name: str, amounts: Sequence[Amounts | None], *, place: Sequence[Codes], nothing: Int64Array
) -> dict[str, Int64Array]:
    """Return a measure's two columns; where it is the same in base throughout, they are one."""
    local = _numbers([None if a is None else a.local for a in amounts], place, nothing=nothing)
    if all(a is None or a.base is a.local for a in amounts):
        return {name: local, f"{name}_base": local}
    base = _numbers([None if a is None else a.base for a in amounts], place, nothing=nothing)
    return {name: local, f"{name}_base": base}


def _numbers(
    values: Sequence[Int64Array | None], place: Sequence[Codes], *, nothing: Int64Array
) -> Int64Array:
    """Return a column of all drafts, zero where a part has none; zero throughout is one array."""
    given = [
        (rows, own)
        for rows, own in zip(place, values, strict=True)
        if own is not None and own.any()
    ]
    if not given:
        return nothing
    found = np.zeros(len(nothing), np.int64)
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
