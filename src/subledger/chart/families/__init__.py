"""Every family of events; their order is that of the decision tables and of the manual."""

from __future__ import annotations

from subledger.chart.dimensions import Family
from subledger.chart.families.actions import ACTIONS
from subledger.chart.families.capital import CAPITAL
from subledger.chart.families.cash import CASH
from subledger.chart.families.dividends import DIVIDENDS
from subledger.chart.families.money import MONEY
from subledger.chart.families.openings import OPENINGS
from subledger.chart.families.trades import TRADES

FAMILIES: tuple[Family, ...] = (
    TRADES,
    CAPITAL,
    OPENINGS,
    CASH,
    ACTIONS,
    DIVIDENDS,
    MONEY,
)

__all__ = ["FAMILIES"]
