"""The kinds of canonical files by name."""

from __future__ import annotations

from subledger.events import (
    cash,
    corporate_actions,
    instruments,
    journals,
    openings,
    prices,
    rates,
    settlements,
    trades,
)
from subledger.events.reading import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        trades.KIND,
        instruments.KIND,
        prices.KIND,
        rates.KIND,
        cash.KIND,
        corporate_actions.KIND,
        settlements.KIND,
        journals.KIND,
        openings.LOTS_KIND,
        openings.BALANCES_KIND,
    )
}
