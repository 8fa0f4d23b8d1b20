"""Changes of a rule's lines, and what the proof says of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from subledger.chart import RuleLine

Lines = tuple[RuleLine, ...]
Proved = Callable[[str, Callable[[Lines], Lines]], list[tuple[str, str]]]


def with_changes(slot: str, amount: str, /, **changes: object) -> Callable[[Lines], Lines]:
    """Return the change of the one line that posts a measure to a slot."""

    def change(lines: Lines) -> Lines:
        (at,) = [n for n, one in enumerate(lines) if (one.slot, one.amount) == (slot, amount)]
        changed = replace(lines[at], **changes)  # type: ignore[arg-type]
        return (*lines[:at], changed, *lines[at + 1 :])

    return change


def without(*dropped: tuple[str, str]) -> Callable[[Lines], Lines]:
    """Return the change that takes lines away, by slot and measure."""
    return lambda lines: tuple(one for one in lines if (one.slot, one.amount) not in dropped)


def unbalanced(rule: str, residual: str, *, view: str, cell: str) -> tuple[str, str]:
    message = f"rule {rule}: residual: {residual}; view: {view}; cell: {cell}"
    return "RULE_UNBALANCED", message
