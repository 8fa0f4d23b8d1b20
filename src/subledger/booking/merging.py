"""The parts of a window put together again, in the order of the journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from subledger.booking.part import Booked, BookedPart, Made
from subledger.columns import Texts, concatenate, days, order_of, ordered, taken, texts
from subledger.tables import ENTITLEMENTS, LOTS, RELIEFS, UNSETTLED

T = TypeVar("T")


def merged(parts: Sequence[BookedPart]) -> BookedPart:
    """Return what parts gave as one; their entries stay apart, with keys that put them in order.

    A single part is the whole, and is returned as it is.
    """
    if len(parts) == 1:
        return parts[0]
    arrival = np.concatenate([part.arrival for part in parts if part.arrival is not None])
    lots = concatenate(LOTS, [part.lots for part in parts])
    reliefs = concatenate(RELIEFS, [part.reliefs for part in parts])
    # The reliefs of a trade stand together in their part, numbered in order.
    accounting = days(reliefs, "accounting_date").astype(np.int64)
    order = order_of([accounting, texts(reliefs, "trade_id").ranks()])
    made = Made(*(_joined(kinds) for kinds in zip(*(part.made for part in parts), strict=True)))
    return BookedPart(
        made._replace(revaluations=_by_event(made.revaluations)),
        taken(reliefs, order),
        taken(lots, np.argsort(arrival, kind="stable")),
        None,
        ordered(UNSETTLED, concatenate(UNSETTLED, [part.unsettled for part in parts])),
        ordered(ENTITLEMENTS, concatenate(ENTITLEMENTS, [part.entitled for part in parts])),
        *(
            _joined([getattr(part, name) for part in parts])
            for name in ("exceptions", "unpriced", "unrated", "stale")
        ),
    )


def _joined(lists: Iterable[Sequence[T]]) -> list[T]:
    return [one for part in lists for one in part]


def _by_event(booked: Sequence[Booked]) -> list[Booked]:
    """Give revaluations the order of their events."""
    ids = [made.entries["event_id"] for _, made in booked]
    ranks = np.split(Texts.joined(ids).ranks().astype(np.int64), np.cumsum([len(i) for i in ids]))
    return [
        (drafts, replace(made, within=within))
        for (drafts, made), within in zip(booked, ranks, strict=False)
    ]
