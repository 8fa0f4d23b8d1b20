"""Account slots: the names that rules post to, mapped to accounts in one table.

The most specific override wins: the one with the most conditions (a condition on the basis counts
as one), and of those the one with the most exact values; a `*` at the end of a value stands for
anything. An override with the conditions of an earlier one and a later `from` replaces it from
that date on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

CONDITIONS = ("asset_class", "book", "strategy", "broker_account")


@dataclass(frozen=True, slots=True)
class SlotOverride:
    """Another account where every condition holds; `bases` empty means every basis."""

    when: Mapping[str, tuple[str, ...]]
    account: str
    bases: tuple[str, ...] = ()
    from_: date | None = None

    @property
    def specificity(self) -> tuple[int, int]:
        """Return the number of conditions, then of conditions with exact values only."""
        exact = sum(not any(v.endswith("*") for v in values) for values in self.when.values())
        return len(self.when) + bool(self.bases), exact

    @property
    def key(self) -> tuple[object, ...]:
        """Return what makes two overrides versions of one."""
        return (tuple(sorted((k, tuple(sorted(v))) for k, v in self.when.items())), self.bases)

    def matches(self, conditions: Mapping[str, str]) -> bool:
        """Return whether every condition holds; one that is not given is empty."""
        return all(
            any(_matches(value, conditions.get(name, "")) for value in values)
            for name, values in self.when.items()
        )

    def overlaps(self, other: SlotOverride) -> bool:
        """Return whether some line could match both."""
        if self.bases and other.bases and not set(self.bases) & set(other.bases):
            return False
        return all(
            any(_overlap(a, b) for a in self.when[name] for b in other.when[name])
            for name in self.when.keys() & other.when.keys()
        )

    def __str__(self) -> str:
        parts = [f"{name}={'|'.join(values)}" for name, values in self.when.items()]
        parts += [f"basis={'|'.join(self.bases)}"] if self.bases else []
        parts += [f"from={self.from_.isoformat()}"] if self.from_ else []
        return f"({', '.join(parts)})"


@dataclass(frozen=True, slots=True)
class Slot:
    """A name that rules post to: the account it stands for, and where it stands for another."""

    name: str
    default: str
    overrides: tuple[SlotOverride, ...] = ()
    row: int | None = None

    @property
    def timeless(self) -> bool:
        """Return whether neither the basis nor the date decides about the account."""
        return not any(one.bases or one.from_ for one in self.overrides)

    def active(self, basis: str, on: date) -> tuple[SlotOverride, ...]:
        """Return the overrides in force for a basis on a date."""
        latest: dict[tuple[object, ...], SlotOverride] = {}
        for one in sorted(self.overrides, key=lambda each: each.from_ or date.min):
            if (not one.bases or basis in one.bases) and (one.from_ or date.min) <= on:
                latest[one.key] = one
        return tuple(latest.values())

    def account(self, conditions: Mapping[str, str], *, basis: str, on: date) -> str:
        """Return the account number for a line with the conditions given."""
        matching = [one for one in self.active(basis, on) if one.matches(conditions)]
        return max(matching, key=lambda one: one.specificity).account if matching else self.default

    def possible(self, asset_class: str, *, basis: str, on: date) -> tuple[str, ...]:
        """Return every account that a line could go to when only its asset class is known."""
        found = [
            one
            for one in self.active(basis, on)
            if not asset_class
            or "asset_class" not in one.when
            or any(_matches(value, asset_class) for value in one.when["asset_class"])
        ]
        certain = any(set(one.when) <= {"asset_class"} for one in found) and bool(asset_class)
        accounts = [one.account for one in found] + ([] if certain else [self.default])
        return tuple(sorted(set(accounts)))

    def ties(self) -> Iterator[tuple[SlotOverride, SlotOverride]]:
        """Yield each pair of equally specific overrides that one line could match both."""
        for one, other in combinations(self.overrides, 2):
            same = one.key == other.key and one.from_ != other.from_
            if not same and one.specificity == other.specificity and one.overlaps(other):
                yield one, other


def _matches(pattern: str, value: str) -> bool:
    return value.startswith(pattern[:-1]) if pattern.endswith("*") else value == pattern


def _overlap(one: str, other: str) -> bool:
    if one.endswith("*") and other.endswith("*"):
        return one[:-1].startswith(other[:-1]) or other[:-1].startswith(one[:-1])
    return _matches(one, other.rstrip("*")) if one.endswith("*") else _matches(other, one)
