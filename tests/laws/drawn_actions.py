"""Random splits, stock dividends and changes of symbol of what a firm holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.facts import day
from tests.laws.firm import LAST

_RATIOS = (
    ("split", "2", "1"),
    ("split", "3", "2"),
    ("reverse_split", "1", "3"),
    ("stock_dividend", "0.1", "1"),
    ("symbol_change", "", "1"),
)


@st.composite
def lot_actions(draw: st.DrawFn, held: Sequence[facts.Row]) -> list[dict[str, Any]]:
    """Draw actions on lots of the instruments held; a symbol changes to one of equal facts."""
    one = st.tuples(st.integers(0, 2), st.integers(0, LAST + 1), st.sampled_from(_RATIOS))
    found = []
    for number, (which, ex, (kind, ratio, per)) in enumerate(draw(st.lists(one, max_size=4))):
        row = held[which]
        if row["asset_class"] not in ("equity", "etf"):
            continue
        found.append(
            lot_action(
                f"A{number}",
                kind,
                row["instrument"],
                ex=ex,
                ratio=ratio,
                per=per,
                new_instrument=_like(row, held) if kind == "symbol_change" else "",
                # Without a price that says that fractions are dropped, some are exceptions.
                cash_in_lieu_price=draw(st.sampled_from(("", "0"))),
                currency=row["currency"],
                row=90 + number,
            )
        )
    return [action for action in found if _is_whole(action)]


def _like(row: facts.Row, held: Sequence[facts.Row]) -> str:
    """Return another instrument of equal class, currency and decimals, "" where there is none."""
    names = ("asset_class", "currency", "quantity_decimals", "multiplier_mantissa")
    return next(
        (
            str(other["instrument"])
            for other in held
            if other is not row and all(other[name] == row[name] for name in names)
        ),
        "",
    )


def _is_whole(action: facts.Row) -> bool:
    return action["kind"] != "symbol_change" or bool(action["new_instrument"])


def lot_action(
    event_id: str, kind: str, instrument: str, *, ex: int, **rest: Any
) -> dict[str, Any]:
    """Return a row of CORPORATE_ACTIONS on lots, batch 1, of `ratio` for `per` (default 1)."""
    return {
        "event_id": event_id,
        "kind": kind,
        "ex_date": day(ex),
        "pay_date": None,
        "instrument": instrument,
        "per": "1",
        "batch": 1,
        **rest,
    }
