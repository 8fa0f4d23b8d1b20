"""What the tie-outs of a close look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart
from subledger.closing.tally import Tally


@dataclass(frozen=True, slots=True)
class Closed:
    """What the checks of one period look at, all of one basis.

    `opening` and `closing` are BALANCES; `tally` has the sums of the period's journal and reliefs,
    `conversions` the rates that it used; `lots`, `unsettled`, `entitlements`, `money` and
    `cash_lots` are the tables at its end, those that end in `_before` the same before it.
    `valued_on` is the period's last day where lots and balances were valued on it, else None.
    """

    chart: Chart
    policy: BasisPolicy
    opening: pa.Table
    closing: pa.Table
    tally: Tally
    lots: pa.Table
    unsettled: pa.Table
    unsettled_before: pa.Table
    entitlements: pa.Table
    entitlements_before: pa.Table
    money: pa.Table
    cash_lots: pa.Table
    conversions: pa.Table
    valued_on: date | None
