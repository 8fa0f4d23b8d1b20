"""What the engine posts for foreign money: revaluation, relief of cash, and the FX sweep.

`fx_gain` is a gain; `revaluation*` are debit-positive balances, releases or changes of the account
of the item.
"""

from __future__ import annotations

from subledger.chart.dimensions import REVALUED, EventKind, Family, always

MONEY = Family(
    events={
        "revaluation": EventKind(
            dimensions={"of": REVALUED},
            narration=("account", "currency", "date"),
            measures=always("revaluation"),
            of_a_balance=True,
            of_the_engine=True,
        ),
        "cash_relief": EventKind(
            narration=("account", "currency", "event_id"),
            measures=always("fx_gain"),
            of_a_balance=True,
            of_the_engine=True,
        ),
        "fx_sweep": EventKind(narration=("date",), measures=always("amount"), of_the_engine=True),
    },
    currencies=dict.fromkeys(("fx_gain", "revaluation", "revaluation_released"), "base_only"),
)
