"""Lots that are taken over from earlier books."""

from __future__ import annotations

from subledger.chart.dimensions import SIDES, EventKind, Family, always
from subledger.instruments import ASSET_CLASSES

OPENINGS = Family(
    events={
        "opening_lot": EventKind(
            dimensions={"asset_class": ASSET_CLASSES, "side": SIDES},
            narration=("lot_id", "instrument"),
            measures=always("cost"),
            with_instrument=True,
            with_lots=True,
        ),
    },
)
