"""What the rows of a file are judged against: currencies, instruments, accounts, known facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa

from subledger.tables import INSTRUMENTS, SETTLEMENTS, TRADES


class AccountFacts(Protocol):
    """What a file may know of an account of the chart."""

    @property
    def postable(self) -> bool:
        """Say whether lines may stand on it; headings are not postable."""

    @property
    def manual(self) -> bool:
        """Say whether manual journals and opening balances may post to it."""

    @property
    def required(self) -> tuple[str, ...]:
        """Return the dimensions that each of its lines must give."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be."""

    size: int = 2 * 10**9  # bytes
    rows: int = 20_000_000
    inflated: int = 100 * 10**6  # bytes of what a compressed file holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a books folder knows when a file arrives; nothing in it changes while it is read.

    `decimals` gives the ledger decimals of every currency that may appear; `instruments` is any
    table of instrument facts; `trades` and `settlements` are the known facts, which a settlements
    file refers to; `batch` is the sequence number of the import; `tolerance` is `tolerance.gross`,
    decimal text in units of the currency.
    """

    base_currency: str
    decimals: Mapping[str, int]
    instruments: pa.Table = field(default_factory=INSTRUMENTS.empty)
    accounts: Mapping[str, AccountFacts] = field(default_factory=dict)
    trades: pa.Table = field(default_factory=TRADES.empty)
    settlements: pa.Table = field(default_factory=SETTLEMENTS.empty)
    bases: tuple[str, ...] = ()
    tolerance: str = "0.01"
    batch: int = 0
    limits: Limits = field(default_factory=Limits)
