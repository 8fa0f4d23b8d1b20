"""Random manual journals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from tests.laws.currencies import ONLY_BASE, Currencies
from tests.laws.drawn import days, in_base, inside, owners
from tests.laws.facts import CURRENCIES, day


@st.composite
def journals(
    draw: st.DrawFn, known: Currencies = ONLY_BASE, *, only: Sequence[str] = CURRENCIES
) -> list[dict[str, Any]]:
    """Draw accruals (some with a reversal) and capital that one strategy hands to the other."""
    one = st.tuples(
        st.booleans(),
        st.integers(1, 10**6),
        days,
        st.none() | st.integers(0, 5),
        owners,
        inside(known, only),
    )
    rows: list[dict[str, Any]] = []
    for number, drawn in enumerate(draw(st.lists(one, max_size=2))):
        moves, amount, on, later, owner, currency = drawn
        other = owner | {"strategy": "S2" if owner["strategy"] == "S1" else "S1"}
        lines: list[tuple[str, int, dict[str, str]]] = (
            [
                *(("3050", amount, owner), ("1020", -amount, owner)),
                *(("1020", amount, other), ("3050", -amount, other)),
            ]
            if moves
            else [("6410", amount, owner), ("2480", -amount, owner)]
        )
        rows += [
            {
                "journal_id": f"J{number}",
                "line": line,
                "date": day(on),
                "reverse_on": None if later is None else day(on + later),
                "account": account,
                "currency": currency,
                "amount": value,
                "amount_base": in_base(known, value, currency, on),
                "reason": "because",
                "batch": 1,
                "row": len(rows) + line,
                **dimensions,
            }
            for line, (account, value, dimensions) in enumerate(lines, 1)
        ]
    return rows
