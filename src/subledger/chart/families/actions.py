"""Corporate actions on lots: each lot concerned ends, and its successor takes units, cost and mark.

Each `*_moved` is what a lot received from another, so that it sums to zero over an entry; marks are
debit positive.
"""

from __future__ import annotations

from subledger.chart.dimensions import LOT_ACTIONS, SIDES, EventKind, Family, Values, always
from subledger.chart.linear import Form
from subledger.instruments import ASSET_CLASSES

_MOVED = ("cost_moved", "mark_moved", "mark_fx_moved")


def _moved(values: Values) -> Form:
    """Return what the lots of a side carry: the cost of a short is what it brought, a credit."""
    signs = (1, 1, 1) if values["side"] == "long" else (-1, 1, 1)
    return dict(zip(_MOVED, signs, strict=True))


ACTIONS = Family(
    events={
        "corporate_action": EventKind(
            dimensions={"kind": LOT_ACTIONS, "asset_class": ASSET_CLASSES, "side": SIDES},
            narration=("event_id", "instrument", "kind", "new", "per"),
            measures=always(*_MOVED),
            identities=always(*(f"{name} = 0" for name in _MOVED)),
            moved=_moved,
            with_instrument=True,
            with_lots=True,
            of_many_owners=True,
        ),
    },
    currencies={"mark_fx_moved": "base_only"},
)
