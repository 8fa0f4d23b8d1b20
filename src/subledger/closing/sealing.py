"""What a seal holds: everything that a later reader needs to prove that nothing has changed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from subledger.booking.policy import BasisPolicy
from subledger.closing.checks import Check


@dataclass(frozen=True, slots=True)
class SealContents:
    """The figures and hashes of one closed period of one basis.

    `states` are the content hashes of the tables at the period's end by name; `ledger` the SHA-256
    of each ledger file as it was written; `withheld` what the filter left out, with its effect.
    """

    entity: str
    period: str
    through: str
    chart: str
    entries: int
    debit: str
    credit: str
    states: Mapping[str, str]
    ledger: Mapping[str, str]
    exceptions: Sequence[Mapping[str, str]]
    withheld: Mapping[str, object]


def seal_text(contents: SealContents, policy: BasisPolicy, *, checks: Sequence[Check]) -> str:
    """Return a seal as canonical JSON text: sorted keys, no clock, the same for the same close."""
    seal = asdict(contents) | {
        "basis": policy.name,
        "policy": stated_policy(policy),
        "checks": [_check(check) for check in checks],
    }
    return json.dumps(seal, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def stated_policy(policy: BasisPolicy) -> dict[str, Any]:
    """Return a policy as a seal states it: plain values, as JSON would give them back."""
    stated = asdict(replace(policy, overrides=()))
    if policy.rank_with_fees:
        # What seals from before it could be set say by not saying it.
        del stated["rank_with_fees"]
    stated["pool_by"] = list(policy.pool_by)
    stated["overrides"] = [
        {"when": dict(o.when), "settings": dict(o.settings), "from": str(o.start or "")}
        for o in policy.overrides
    ]
    return stated


def _check(check: Check) -> dict[str, object]:
    return {
        "id": check.id,
        "left": str(check.left),
        "right": str(check.right),
        "compared": check.compared,
        "passed": check.passed,
    }
