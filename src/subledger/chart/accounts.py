"""Accounts of the chart: their types, normal sides, and the tree they form."""

from __future__ import annotations

from dataclasses import dataclass

ACCOUNT_TYPES = ("asset", "liability", "equity", "income", "expense")
NORMAL_SIDES = ("debit", "credit")
PROFIT_AND_LOSS = frozenset({"income", "expense"})

# What a line may carry. Book, strategy and broker account are kept on every line.
LINE_DIMENSIONS = ("book", "strategy", "broker_account", "instrument", "counterparty", "lot")
PNL_BUCKETS = (
    "realised_price",
    "realised_fx",
    "unrealised_price",
    "unrealised_fx",
    "income",
    "carry",
    "fees",
    "other",
)
ALWAYS_KEPT = ("book", "strategy", "broker_account")


@dataclass(frozen=True, slots=True)
class Account:
    """One account of the chart, or a heading (`postable` false).

    `required` names the dimensions that each line must give, `keeps` those that are kept when
    given; others are dropped. `monetary` accounts are revalued at the closing rate. `manual`
    journals and opening balances may post only where it is true. `pnl_bucket` is the column of
    the P&L report that an income or expense account counts in.
    """

    number: str
    name: str
    type: str
    normal: str
    parent: str = ""
    statement_line: str = ""
    required: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    monetary: bool = False
    manual: bool = False
    postable: bool = True
    pnl_bucket: str = ""
    row: int | None = None

    @property
    def kept(self) -> tuple[str, ...]:
        """Return every dimension that a line of the account carries, in declared order."""
        given = {*ALWAYS_KEPT, *self.required, *self.keeps}
        return tuple(dimension for dimension in LINE_DIMENSIONS if dimension in given)

    @property
    def holds_lots(self) -> bool:
        """Return whether the account carries the cost of lots, in units and money."""
        return "lot" in self.required
