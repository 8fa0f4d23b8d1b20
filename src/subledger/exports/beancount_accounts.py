"""The ledger's accounts: their names, and in which of them each line of a month stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from subledger import columns
from subledger.chart.accounts import Account
from subledger.columns import Texts
from subledger.exports import beancount_names as names
from subledger.exports.beancount_input import LedgerContext
from subledger.exports.beancount_order import OrderedMonth

NAME_WIDTH = 58
# What a line stands in: money, units without a lot, units of a lot, units that were summed up.
MONEY, UNITS, LONG, SHORT, SUMMED = range(5)


class AccountBook:
    """The ledger's account names: chart accounts, and per book and instrument where lots stand."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self.accounts = accounts
        self.plain = names.account_names(accounts)
        self._components: dict[str, str] = {}

    def name(self, account: str, *, book: str, instrument: str, units: bool) -> str:
        """Return the ledger account of a line; `units` says that the line has a quantity."""
        if not instrument or not (units or self.is_divided(account)):
            return self.plain[account]
        return f"{self.plain[account]}:{self._component(book)}:{self._component(instrument)}"

    def is_divided(self, account: str) -> bool:
        """Say whether money in an account stands by book and instrument, as units do."""
        return self.accounts[account].holds_lots

    def _component(self, identifier: str) -> str:
        known = self._components.get(identifier)
        if known is None:
            known = self._components[identifier] = names.component(identifier)
        return known

    def side(self, account: str, *, kind: int) -> str:
        """Return the sub-account of units that do not stand in the account itself, else ""."""
        if kind == SUMMED:
            return f":{names.SUMMED}"
        of = self.accounts[account].type
        if of == "asset" and kind == SHORT:
            return f":{names.SHORT}"
        return f":{names.LONG}" if of == "liability" and kind == LONG else ""


@dataclass(frozen=True)
class LineAccounts:
    """The ledger account of every line: a code per line, and a name and side per code.

    `kind` is one of MONEY, UNITS, LONG, SHORT and SUMMED.
    """

    codes: npt.NDArray[np.int32]
    account: list[str]
    book: list[str]
    instrument: list[str]
    kind: list[int]
    names: list[str]
    sides: list[str]

    @classmethod
    def of(
        cls, context: LedgerContext, ordered: OrderedMonth, *, summarised: date | None = None
    ) -> LineAccounts:
        """Return the accounts of a month's lines, in the order of the file.

        Lots that were opened up to the day `summarised` stand in an account of their own, for all
        books: beancount takes what adds to a lot for a relief where units without cost stand below
        zero.
        """
        lines, rows, book = ordered.lines, ordered.line_order, AccountBook(context.accounts)
        kind = np.zeros(len(rows), np.int8)
        kind[columns.numbers(lines, "quantity")[rows] != 0] = UNITS
        live = np.flatnonzero(ordered.lot >= 0)
        lot = ordered.lot[live]
        kind[live] = np.where(ordered.terms.short[lot], SHORT, LONG)
        kind[live[ordered.terms.opened_by(summarised)[lot]]] = SUMMED
        keys = [columns.texts(lines, key)[rows] for key in ("account", "book", "instrument")]
        # Accounts that no line divides by book and instrument are one each, not thousands.
        whole = (kind == MONEY) & ~keys[0].looked_up(book.is_divided, dtype=bool)
        keys[1] = Texts.either(whole | (kind == SUMMED), "", keys[1])
        keys[2] = Texts.either(whole, "", keys[2])
        codes, first = columns.group_codes([*keys, kind])
        account, owner, instrument = (key[first].objects().tolist() for key in keys)
        kinds = kind[first].tolist()
        return cls(
            codes.astype(np.int32),
            account,
            owner,
            instrument,
            kinds,
            [
                book.name(a, book=b, instrument=i, units=k != MONEY)
                for a, b, i, k in zip(account, owner, instrument, kinds, strict=True)
            ],
            [book.side(a, kind=k) for a, k in zip(account, kinds, strict=True)],
        )

    @cached_property
    def padded(self) -> pa.StringArray:
        """Return each account as a posting begins."""
        return pa.array([as_posted(name) for name in self._whole()], pa.string())

    @cached_property
    def residual(self) -> pa.StringArray:
        """Return the account of each one's residue as a posting begins."""
        found = [as_posted(f"{name}:{names.RESIDUE}") for name in self._whole()]
        return pa.array(found, pa.string())

    def _whole(self) -> Iterator[str]:
        return (name + side for name, side in zip(self.names, self.sides, strict=True))


def as_posted(name: str) -> str:
    """Return an account as its posting begins."""
    return f"  {name:<{NAME_WIDTH}} "
