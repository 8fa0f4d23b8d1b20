"""Random cash: capital, and kinds of income and expense."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from tests.laws.currencies import ONLY_BASE, Currencies
from tests.laws.drawn import days, inside, owners
from tests.laws.facts import CURRENCIES, day

LATER_KINDS = (
    *("interest", "fee", "tax", "borrow_fee", "rebate", "dividend", "withholding"),
    *("funding", "reclaim", "claim"),
)
RECEIVED = ("reclaim",)


@st.composite
def cash(
    draw: st.DrawFn, known: Currencies = ONLY_BASE, *, only: Sequence[str] = CURRENCIES
) -> list[dict[str, Any]]:
    """Draw capital, paid at once or later, and where there are currencies other kinds of cash."""
    kinds = st.sampled_from(("capital", "capital", *(LATER_KINDS if known.rates else ())))
    one = st.tuples(
        kinds, st.booleans(), st.integers(1, 10**7), days, st.integers(0, 3), owners,
        inside(known, only),
    )  # fmt: skip
    drawn = draw(st.lists(one, max_size=4))
    return [
        {
            "event_id": f"C{number}",
            "kind": {True: "contribution", False: "withdrawal"}[comes]
            if kind == "capital"
            else kind,
            "date": day(on),
            "settled_date": day(on + lag),
            "currency": currency,
            "amount": amount if comes or kind in RECEIVED else -amount,
            "batch": 1,
            "row": number + 2,
            **owner,
        }
        for number, (kind, comes, amount, on, lag, owner, currency) in enumerate(drawn)
    ]
