"""The chart of accounts: accounts, slots, posting rules, and the proof that they are complete."""

from __future__ import annotations

from subledger.chart.accounts import Account
from subledger.chart.chart import Chart
from subledger.chart.explaining import ExplainedLine, ManualRow, explain_cell, manual_table
from subledger.chart.layouts import Statement, StatementLine
from subledger.chart.loading import load_accounts, load_chart
from subledger.chart.proof import prove_chart
from subledger.chart.rules import Rule, RuleLine, Unbooked
from subledger.chart.slots import Slot, SlotOverride

__all__ = [
    "Account",
    "Chart",
    "ExplainedLine",
    "ManualRow",
    "Rule",
    "RuleLine",
    "Slot",
    "SlotOverride",
    "Statement",
    "StatementLine",
    "Unbooked",
    "explain_cell",
    "load_accounts",
    "load_chart",
    "manual_table",
    "prove_chart",
]
