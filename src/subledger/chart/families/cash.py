"""Income and expense that come as cash, by kind."""

from __future__ import annotations

from subledger.chart.dimensions import CASH_KINDS, DIRECTIONS, EventKind, Family, always

CASH = Family(
    events={
        "cash": EventKind(
            dimensions={"kind": CASH_KINDS, "direction": DIRECTIONS},
            narration=("kind", "memo", "reference"),
            measures=always("amount"),
        ),
    },
)
