"""Random lots and balances that are taken over from earlier books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.currencies import ONLY_BASE, Currencies
from tests.laws.drawn import in_base, inside, owners, quantities, securities
from tests.laws.facts import CURRENCIES, day


@st.composite
def opening_lots(
    draw: st.DrawFn, held: Sequence[facts.Row], *, known: Currencies = ONLY_BASE
) -> list[dict[str, Any]]:
    """Draw lots taken over the day before the first, or on a later day, at the rate of that day."""
    one = st.tuples(
        securities,
        owners,
        st.booleans(),
        quantities,
        st.integers(0, 10**5),
        st.integers(0, 400),
        st.sampled_from((-1, -1, -1, 4)),
    )
    rows = []
    for number, drawn in enumerate(draw(st.lists(one, max_size=3))):
        which, owner, is_long, (count, part), cost, age, taken_over = drawn
        as_of, currency = day(taken_over), held[which]["currency"]
        units = max(1, count * 10 ** held[which]["quantity_decimals"] // part)
        rows.append(
            {
                "as_of": as_of,
                "lot_id": f"L{number}",
                "instrument": held[which]["instrument"],
                "side": "long" if is_long else "short",
                "quantity": units,
                "opened_on": as_of - timedelta(days=age),
                "currency": currency,
                "cost": cost,
                "cost_base": in_base(known, cost, currency, taken_over),
                "batch": 1,
                "row": number + 2,
                **owner,
            }
        )
    return rows


@st.composite
def opening_balances(
    draw: st.DrawFn, known: Currencies = ONLY_BASE, *, only: Sequence[str] = CURRENCIES
) -> list[dict[str, Any]]:
    """Draw cash and capital taken over the day before the first."""
    one = st.tuples(
        st.sampled_from(("1020", "3010", "3030")),
        st.integers(-(10**6), 10**6),
        owners,
        inside(known, only),
    )
    unique = st.lists(
        one, max_size=2, unique_by=lambda drawn: (drawn[0], drawn[3], *drawn[2].values())
    )
    return [
        {
            "as_of": day(-1),
            "account": account,
            "currency": currency,
            "amount": amount,
            "amount_base": in_base(known, amount, currency, -1),
            "batch": 1,
            "row": number + 2,
            **owner,
        }
        for number, (account, amount, owner, currency) in enumerate(draw(unique))
    ]
