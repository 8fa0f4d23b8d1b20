"""The policies of one accounting basis: what a controller chose, resolved for each trade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from subledger.columns import Texts

Columns: TypeAlias = Mapping[str, Texts]


@dataclass(frozen=True, slots=True)
class Override:
    """A policy that differs for a book, broker account or asset class from a date on."""

    when: Mapping[str, str]
    settings: Mapping[str, str | bool]
    start: date | None = None


@dataclass(frozen=True, slots=True)
class BasisPolicy:
    """The policies of one accounting basis, as `[basis.NAME]` in subledger.toml states them."""

    name: str
    base_currency: str
    post_status: str = "settled"  # settled: once settlement is known; confirmed: failed ones too
    recognition: str = "trade_date"
    valuation: str = "fair_value"  # fair_value: marked through income; cost: never marked
    fees: str = "expense"
    fx_split: str = "disposal_rate"
    cash_fx: str = "day_rate"
    dividends: str = "ex_date"  # the date on which they are recognised, or pay_date
    lot_method: str = "FIFO"
    pool_by: tuple[str, ...] = ("book", "strategy", "broker_account", "instrument")
    allow_short: bool = True
    rank_with_fees: bool = True  # lots that are opened are ranked by cost with all fees
    fiscal_first_month: int = 1
    overrides: Sequence[Override] = field(default=())
    not_included: str = ""  # what the reports of the basis do not include yet, in words

    @property
    def revalues(self) -> bool:
        """Say whether monetary balances are brought to the closing rate at a close.

        Fair value asks for it. At cost, cash that is spent at the day's rate needs it too: nothing
        else would take up the difference to the rates at which the cash came in. Cash that is
        relieved by average or FIFO takes it up when it is spent.
        """
        return self.valuation != "cost" or self.cash_fx == "day_rate"

    def resolve(
        self, setting: str, dates: npt.NDArray[np.datetime64], *, columns: Columns
    ) -> Texts:
        """Return a setting row by row; of the overrides that apply the last written wins.

        `columns` holds book, broker_account and asset_class of each row, `dates` its accounting
        date.
        """
        values, which = [getattr(self, setting)], np.zeros(len(dates), np.int32)
        for override in self.overrides:
            if setting not in override.settings:
                continue
            applies = np.ones(len(dates), bool)
            for key, wanted in override.when.items():
                applies &= columns[key] == wanted
            if override.start is not None:
                applies &= dates >= np.datetime64(override.start)
            which[applies] = len(values)
            values.append(override.settings[setting])
        return Texts.of([str(value) for value in values])[which]
