"""A chart of accounts with its slots, posting rules and statements, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from subledger.chart.accounts import Account
from subledger.chart.canonical import digest
from subledger.chart.decision import DecisionTable, decide
from subledger.chart.layouts import Statement, StatementLine
from subledger.chart.measures import cell_of
from subledger.chart.rules import Rule, Ruling, Unbooked
from subledger.chart.slots import CONDITIONS, Slot
from subledger.errors import InvariantError


@dataclass(frozen=True)
class Chart:
    """A loaded chart; `prove_chart` says whether it may be posted with. `files` are its sources."""

    name: str
    accounts: Mapping[str, Account]
    slots: Mapping[str, Slot]
    rules: tuple[Rule, ...]
    unbooked: tuple[Unbooked, ...]
    statements: Mapping[str, Statement]
    files: Mapping[str, bytes]

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of everything the chart says; order in the files does not matter."""
        return digest(
            {
                "name": self.name,
                "accounts": self.accounts,
                "slots": self.slots,
                "rules": sorted(rule.hash for rule in self.rules),
                "unbooked": sorted(digest(one) for one in self.unbooked),
                "statements": self.statements,
            }
        )

    @property
    def layouts(self) -> Mapping[str, tuple[StatementLine, ...]]:
        """Return the lines of each statement by the statement's name."""
        return {name: statement.lines for name, statement in self.statements.items()}

    @cached_property
    def decisions(self) -> DecisionTable:
        """Return the decision table, built once."""
        rulings: tuple[Ruling, ...] = (*self.rules, *self.unbooked)
        changes = [one.from_ for slot in self.slots.values() for one in slot.overrides if one.from_]
        return decide(rulings, changes)

    def rule_for(
        self, event: str, cell: Mapping[str, str], *, basis: str, on: date
    ) -> Rule | Unbooked | None:
        """Return what holds for an event: its rule, a declared gap, or None for an undeclared one.

        The rule carries only the lines that apply in the cell; for equal lines it is one object.
        Raises InvariantError in a tie: such a chart does not pass the proof.
        """
        table = self.decisions
        part = table.interval(basis, on)
        key = (event, cell_of(event, cell))
        winner = table.winners[part].get(key)
        if winner is None and table.candidates[part][key]:
            raise InvariantError(f"rules tie in {key}; the chart was not proved")
        return winner

    def account_for(
        self, slot: str, *, basis: str = "", on: date | None = None, **conditions: str
    ) -> str:
        """Return the account number that a slot stands for.

        `conditions` are asset_class, book, strategy and broker_account of the line. `basis` and
        `on` (accounting date) must be given where an override of the slot depends on them.
        """
        unknown = conditions.keys() - set(CONDITIONS)
        found = self.slots[slot]
        if unknown or ((not basis or on is None) and not found.timeless):
            raise InvariantError(f"slot {slot}: unknown {sorted(unknown)}, or no basis and date")
        return found.account(conditions, basis=basis, on=on or date.min)
