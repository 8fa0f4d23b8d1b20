"""What a close package holds: the figures of one closed period of one basis, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from subledger.periods import Period
from subledger.statements.financial import Layouts
from subledger.statements.report import Report, Units


class ShownAccount(Protocol):
    """What the workbook shows of an account of the chart."""

    @property
    def name(self) -> str:
        """The account's name."""

    @property
    def type(self) -> str:
        """Its type: asset, liability, equity, income or expense."""

    @property
    def normal(self) -> str:
        """Its normal side: debit or credit."""

    @property
    def statement_line(self) -> str:
        """The id of the statement line on which it stands."""


@dataclass(frozen=True, slots=True)
class Check:
    """A control that the engine ran: two figures that must agree, and its verdict.

    `left` and `right` are scaled integers with `decimals`. Where `id` is one of the workbook's own
    tie-outs (`workbook_checks.TIE_OUTS`), both stand in one row.
    """

    id: str
    description: str
    left: int
    right: int
    decimals: int
    verdict: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """Where the figures come from, as text: what was sealed, known, run and configured."""

    hash: str = ""
    knowledge_seq: str = ""
    engine_version: str = ""
    chart_hash: str = ""


@dataclass(frozen=True, slots=True)
class ClosePack:
    """Everything that the workbook of one period and basis shows.

    Args:
        entity: Name of the legal entity.
        basis: The accounting basis.
        period: The period shown.
        status: How far it is closed, as a word for the reader ("open", "closed").
        seal: The origin of the figures.
        units: Decimals of currencies and instruments, and the base currency.
        reports: By name: balance-sheet, income-statement, trial-balance, journal, realised,
            unrealised, lots, unsettled. The trial balance leaves closing entries out.
        layouts: The statement layouts of the chart, by report name.
        accounts: The chart, by account number.
        schedules: The report that supports an account's balance, by account number: `lots` (the
            cost of open lots), `unrealised` (their marks), `realised` (gains of the period),
            `unsettled` (receivable and payable). Each named schedule becomes a tie-out.
        prior: The trial balance of the period before, for comparatives; None without one.
        prior_label: Its period.
        netting: What long and short positions of one instrument share, by statement line: base
            amounts, debit-positive, added to the line now and in the prior column.
        checks: The engine's controls.
    """

    entity: str
    basis: str
    period: Period
    status: str
    seal: Seal
    units: Units
    reports: Mapping[str, Report]
    layouts: Layouts
    accounts: Mapping[str, ShownAccount]
    schedules: Mapping[str, str] = field(default_factory=dict)
    prior: Report | None = None
    prior_label: str = ""
    netting: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    checks: Sequence[Check] = ()

    @property
    def decimals(self) -> int:
        """Return the decimals of the base currency."""
        return self.units.decimals_of_base()
