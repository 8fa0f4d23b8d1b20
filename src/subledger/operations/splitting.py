"""The columns by which reports can be split, and what to refuse before a report is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subledger.errors import refuse
from subledger.statements import basis_difference, pnl, trial_balance

SPLITS: Mapping[str, Sequence[str]] = {
    "trial-balance": trial_balance.BY,
    "pnl": pnl.KEYS,
    "basis-difference": basis_difference.BY,
}


def require_splits(report: str, by: Sequence[str]) -> None:
    """Refuse with UNKNOWN_SPLIT a column by which a report cannot be split."""
    known = SPLITS.get(report, ())
    for name in by:
        if name not in known:
            listed = f"columns: {', '.join(known)}" if known else f"{report} is never split"
            raise refuse("UNKNOWN_SPLIT", listed, column="by", value=name)
