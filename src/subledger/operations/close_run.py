"""A close while it runs: what its steps find out about one period of one basis."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from subledger.booking.policy import BasisPolicy
from subledger.closing.checks import Check
from subledger.closing.finished import open_facts
from subledger.errors import Finding
from subledger.exports.beancount_text import LedgerText
from subledger.operations.balances import balances_before, last_close_before
from subledger.operations.booked_months import BookedBasis, BookedMonth, Excepted
from subledger.operations.books import Books
from subledger.operations.months import Asked, book_open_months
from subledger.operations.posting import Recorder
from subledger.periods import Period
from subledger.statements.balances import balances_after
from subledger.store.reading import Reading
from subledger.store.records import Close


@dataclass
class CloseRun:
    """One month of one basis being closed; nothing is written before every step has passed."""

    books: Books
    reading: Reading
    policy: BasisPolicy
    period: Period
    scratch: Path  # a folder for files that the close makes
    findings: list[Finding] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    withheld: dict[str, object] = field(default_factory=dict)
    ledger: dict[str, LedgerText] = field(default_factory=dict)
    summaries: Sequence[str] = ()  # periods that the ledger tells in daily sums
    recorder: Recorder | None = None  # of a month; None of a year

    def let_go(self) -> None:
        """Let go of all tables but the exceptions, before another basis is closed."""
        self.excepted = self.booked.excepted
        for name in ("booked", "opening", "closing"):
            self.__dict__.pop(name, None)

    @cached_property
    def excepted(self) -> Excepted:
        """Return the exceptions that were found."""
        return self.booked.excepted

    @property
    def basis(self) -> str:
        """Return the name of the accounting basis."""
        return self.policy.name

    @cached_property
    def last_close(self) -> Close | None:
        """Return the last seal of the basis."""
        return last_close_before(self.reading, self.basis, day=date.max)

    @cached_property
    def closed_through(self) -> date | None:
        """Return the last closed day of the basis."""
        if self.last_close is None:
            return None
        return date.fromisoformat(json.loads(self.last_close.seal)["through"])

    @cached_property
    def booked(self) -> BookedBasis:
        """Return every open month, booked with the marks of the period's last day."""
        # Full detail is written from a journal that is there as a whole.
        in_full = self.books.settings.ledger_detail == "full"
        take = None if in_full or self.recorder is None else self.recorder.take
        return book_open_months(
            self.books, self.reading, policy=self.policy, asked=Asked(self.period.end), take=take
        )

    @property
    def earlier(self) -> Iterator[BookedMonth]:
        """Yield the open months before the period: those in which the books were opened."""
        return (month for month in self.booked.months if month.month.end < self.period.start)

    @property
    def month(self) -> BookedMonth:
        """Return the month that is being closed."""
        return next(m for m in self.booked.months if m.month.label == self.period.label)

    @cached_property
    def opening(self) -> pa.Table:
        """Return BALANCES with which the period opens."""
        balances = balances_before(self.reading, self.basis, day=self.closed_start)
        for month in self.earlier:
            balances = balances_after(balances, month.tally.balances)
        return balances

    @property
    def closed_start(self) -> date:
        """Return the first day that is not closed, or the period's own where nothing is."""
        first = min((month.month.start for month in self.earlier), default=self.period.start)
        return min(first, self.period.start)

    def left_open(self) -> tuple[pa.Table, pa.Table]:
        """Return the facts of trades and of settlements that are read again after this close."""
        known = self.booked.known
        after = replace(
            self.booked.sealed,
            through=self.period.end,
            batch=self.reading.as_at,
            unsettled=self.month.booking.carried.unsettled,
        )
        return open_facts(
            known.trades, known.settlement_facts, sealed=after, trades=known.trade_facts
        )

    @cached_property
    def closing(self) -> pa.Table:
        """Return BALANCES at the end of the period."""
        return balances_after(self.opening, self.month.tally.balances)
