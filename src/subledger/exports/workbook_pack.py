"""What a close package holds: the figures of one closed period of one basis, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from subledger.chart.accounts import Account
from subledger.chart.chart import Chart
from subledger.chart.layouts import BALANCE_SHEET, Statement
from subledger.periods import Period
from subledger.statements import financial
from subledger.statements.report import Report, Units

BY_CURRENCY = "trial-balance-by-currency"

# The report that supports the balance, or of gains the movement, of a slot's accounts.
SCHEDULE_SLOTS: Mapping[str, str] = {
    "investment.cost": "lots",
    "short.cost": "lots",
    "investment.mark": "unrealised",
    "investment.mark_fx": "unrealised",
    "short.mark": "unrealised",
    "short.mark_fx": "unrealised",
    "gain.realised.price": "realised",
    "gain.realised.fx": "realised",
    "receivable.unsettled": "unsettled",
    "payable.unsettled": "unsettled",
    "fx.receivable": "unsettled",
    "fx.payable": "unsettled",
    "payable.fees": "unsettled",
    "dividend.receivable": "entitlements",
    "dividend.payable": "entitlements",
}


@dataclass(frozen=True, slots=True)
class Check:
    """A control that the engine ran: two figures that must agree, and its verdict.

    `left` and `right` are scaled integers with `decimals`. Where `id` is one of the workbook's own
    tie-outs (`workbook_checks.tie_outs`), both stand in one row.
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
        reports: By name: balance-sheet, income-statement, trial-balance, journal, pnl, realised,
            unrealised, lots, unsettled, entitlements; of books in several currencies also
            trial-balance-by-currency, fx and rates. Trial balances leave closing entries out.
        statements: The statement layouts of the chart, by report name.
        accounts: The chart, by account number.
        schedules: The report that supports an account, by account number (`schedules_of`): `lots`
            (the cost of open lots), `unrealised` (their marks), `realised` (gains of the period),
            `unsettled` (receivable and payable), `entitlements` (dividends). Each becomes a
            tie-out.
        slots: The accounts of each slot (`accounts_of_slots`).
        prior: The trial balance of the period before, for comparatives; None without one. It must
            be drawn as the `prior` column of the statements is.
        prior_label: Its period.
        netting: What netting long and short positions adds to statement lines (`netting_of`).
        checks: The engine's controls.
        valued: Whether lots and balances were valued on the period's last day.
        not_included: What the reports of the basis do not include yet, in words.
        elsewhere: The files that hold the rows of a report, by name, where it has no CSV file.
    """

    entity: str
    basis: str
    period: Period
    status: str
    seal: Seal
    units: Units
    reports: Mapping[str, Report]
    statements: Mapping[str, Statement]
    accounts: Mapping[str, Account]
    schedules: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    prior: Report | None = None
    prior_label: str = ""
    netting: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    valued: bool = True
    not_included: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def decimals(self) -> int:
        """Return the decimals of the base currency."""
        return self.units.decimals_of_base()

    @property
    def foreign(self) -> bool:
        """Say whether any balance or movement is in another currency than base."""
        if BY_CURRENCY not in self.reports:
            return False
        currencies = self.reports[BY_CURRENCY].table["currency"].unique().to_pylist()
        return bool(set(currencies) - {self.units.base})


def accounts_of_slots(chart: Chart) -> dict[str, tuple[str, ...]]:
    """Return, by slot, every account that the slot can stand for, in order of their number."""
    return {
        name: tuple(sorted({slot.default, *(override.account for override in slot.overrides)}))
        for name, slot in chart.slots.items()
    }


def schedules_of(chart: Chart) -> dict[str, str]:
    """Return, by account number, the report that supports the account, as its slots say."""
    accounts = accounts_of_slots(chart)
    found: dict[str, str] = {}
    for name, report in SCHEDULE_SLOTS.items():
        found |= dict.fromkeys(accounts.get(name, ()), report)
    return found


def netting_of(
    statements: Mapping[str, Statement],
    accounts: Mapping[str, Account],
    *,
    closing: pa.Table,
    prior: pa.Table | None,
) -> dict[str, tuple[int, int]]:
    """Return what netting adds to balance sheet lines, now and prior: base, debit-positive.

    `closing` and `prior` are the balances (`tables.BALANCES`) of the balance sheet's columns. A
    trial balance by account does not hold instruments, so these figures enter as values.
    """
    found: dict[str, tuple[int, int]] = {}
    for asset, liability in statements[BALANCE_SHEET].net:
        shared = [
            0
            if balances is None
            else financial.offset(balances, accounts, asset=asset, liability=liability)
            for balances in (closing, prior)
        ]
        for line, sign in ((asset, -1), (liability, 1)):
            now, before = found.get(line, (0, 0))
            found[line] = (now + sign * shared[0], before + sign * shared[1])
    return {line: amounts for line, amounts in found.items() if any(amounts)}
