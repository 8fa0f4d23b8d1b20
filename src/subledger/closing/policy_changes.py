"""Whether settings reach into a closed period: what was sealed there may not change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from subledger.booking.policy import BasisPolicy
from subledger.closing.sealing import stated_policy
from subledger.errors import Finding

# What may change at any time: it selects which trades are taken in from now on, or is only shown.
_FREE = {"post_status", "not_included"}
# What held for every seal that was written before the setting existed.
_UNSTATED: Mapping[str, Any] = {"dividends": "ex_date", "rank_with_fees": True}


def policy_changes(
    sealed: Mapping[str, Any], policy: BasisPolicy, *, through: date
) -> list[Finding]:
    """Compare a policy with the one of the last seal; findings have the code POLICY_CLOSED.

    A setting may differ from what was sealed only by an override that begins after the last closed
    day, and the overrides that were sealed must still stand.
    """
    now = dict(_UNSTATED) | stated_policy(policy)
    sealed = dict(_UNSTATED) | dict(sealed)
    names = sorted((sealed.keys() | now.keys()) - _FREE - {"overrides"})
    findings = [
        _finding(policy, name, message=f"was sealed as {sealed.get(name)}")
        for name in names
        if sealed.get(name) != now.get(name)
    ]
    findings += [
        _finding(policy, "override", message=f"{override} was sealed")
        for override in sealed["overrides"]
        if override not in now["overrides"]
    ]
    for override in now["overrides"]:
        begins_closed = not override["from"] or override["from"] <= through.isoformat()
        if override not in sealed["overrides"] and begins_closed:
            message = f"begins before {through}, the last closed day"
            findings.append(_finding(policy, "override", message=message))
    return findings


def _finding(policy: BasisPolicy, name: str, *, message: str) -> Finding:
    return Finding("POLICY_CLOSED", message, "subledger.toml", column=f"basis.{policy.name}.{name}")
