"""Capital that owners put in or take out, paid at once or later."""

from __future__ import annotations

from subledger.chart.dimensions import DIRECTIONS, SETTLED, EventKind, Family, always
from subledger.chart.identities import paid_or_received

_NARRATION = ("memo", "reference")

CAPITAL = Family(
    events={
        "contribution": EventKind(
            dimensions={"settled": SETTLED}, narration=_NARRATION, measures=always("amount")
        ),
        "withdrawal": EventKind(
            dimensions={"settled": SETTLED}, narration=_NARRATION, measures=always("amount")
        ),
        "capital_settlement": EventKind(
            dimensions={"direction": DIRECTIONS},
            narration=_NARRATION,
            measures=always("amount", "paid", "fx_gain"),
            identities=paid_or_received,
            item_measures=("amount",),
        ),
    },
)
