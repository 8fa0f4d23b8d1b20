"""Statements: their totals are those of the trial balance, and the balance sheet balances.

25 examples each; the tolerance is zero.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.laws.books import for_any_firm
from tests.laws.facts import CHART, day
from tests.laws.firm import Firm
from tests.laws.reading import TYPES, journal_of, lines_of, posted_of, total, until
from tests.laws.test_profit import after_until

from subledger.statements.balances import balances_after, movements
from subledger.statements.financial import balance_sheet, income_statement
from subledger.statements.trial_balance import trial_balance
from subledger.tables import BALANCES


def amounts(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["line"]: row["amount"] for row in rows}


@for_any_firm
def test_the_totals_of_the_statements_are_those_of_the_trial_balance(firm: Firm) -> None:
    """Invariant 43, first half, tolerance zero: at both month ends."""
    journal = journal_of(firm.booked())
    for end in (date(2022, 9, 30), day(500)):
        known = after_until(journal, day(-500), end)
        balances = balances_after(BALANCES.empty(), known.lines)
        report = trial_balance(BALANCES.empty(), posted_of(known), accounts=CHART.accounts)
        sums = dict.fromkeys(("asset", "liability", "equity", "income", "expense"), 0)
        for row in report.table.to_pylist():
            sums[row["type"]] += row["closing"]
        assert sum(sums.values()) == 0
        sheet = balance_sheet(CHART.statements, CHART.accounts, closing=balances, prior=None)
        lines = amounts(sheet.table.to_pylist())
        # Netting a long against a short takes the same off assets and off liabilities.
        netted = sums["asset"] - lines["total-assets"]
        assert netted >= 0
        assert lines["total-liabilities"] == -sums["liability"] - netted
        assert lines["total-equity"] == -(sums["equity"] + sums["income"] + sums["expense"])
        assert lines["total-assets"] == lines["total-liabilities-and-equity"]
        statement = income_statement(
            CHART.statements, CHART.accounts, moved=movements(posted_of(known)), prior=None
        )
        net = amounts(statement.table.to_pylist())["net-income"]
        assert net == -(sums["income"] + sums["expense"])


@for_any_firm
def test_opening_debit_credit_and_closing_tie_from_month_to_month(firm: Firm) -> None:
    """Invariants 2 and 40, tolerance zero: October opens where September closed."""
    booking = firm.booked()
    journal, end = journal_of(booking), date(2022, 9, 30)
    september = after_until(journal, day(-500), end)
    october = after_until(journal, end, day(500))
    opening = balances_after(BALANCES.empty(), september.lines)
    report = trial_balance(opening, posted_of(october), accounts=CHART.accounts)
    rows = report.table.to_pylist()
    assert sum(row["debit"] for row in rows) == sum(row["credit"] for row in rows)
    lines = lines_of(booking)
    for row in rows:
        assert row["opening"] + row["debit"] - row["credit"] == row["closing"]
        of_account = [line for line in lines if line["account"] == row["account"]]
        assert row["closing"] == total(of_account)
        assert row["opening"] == total(until(of_account, end))
        assert row["type"] == TYPES[row["account"]]
