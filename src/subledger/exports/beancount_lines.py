"""Lines of entries as postings of the ledger text, each exact in base.

A line becomes one posting, and a second one in the `:Residue` sub-account of the same account where
units at unit cost, or foreign money at a rate, are not the line's base amount to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from subledger import numbers
from subledger.chart.accounts import Account
from subledger.exports import beancount_names as names
from subledger.exports.beancount_input import LedgerContext
from subledger.exports.beancount_lots import LotTerms, residue, unit_cost

_NAME_WIDTH, _NUMBER_WIDTH = 58, 16


class Owner(NamedTuple):
    """Who a line belongs to."""

    book: str
    strategy: str
    broker_account: str


class Line(NamedTuple):
    """A line of an entry; amounts debit-positive, `live` if it carries units of a lot."""

    account: str
    currency: str
    amount: int
    amount_base: int
    quantity: int | None
    lot_id: str
    owner: Owner
    instrument: str
    live: bool


class AccountBook:
    """The ledger's account names: chart accounts, and per book and instrument where lots stand."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self.accounts = accounts
        self.plain = names.account_names(accounts)

    def name(self, account: str, *, book: str, instrument: str, units: bool) -> str:
        """Return the ledger account of a line; `units` says that the line has a quantity."""
        if not instrument or not (units or self.accounts[account].holds_lots):
            return self.plain[account]
        parts = (self.plain[account], names.component(book), names.component(instrument))
        return ":".join(parts)

    def side(self, account: str, *, short: bool) -> str:
        """Return the sub-account of a lot on the side that its account is not for, else ""."""
        kind = self.accounts[account].type
        if kind == "asset" and short:
            return ":Short"
        return ":Long" if kind == "liability" and not short else ""


class PostingWriter:
    """Writes lines as postings, remembering the text of accounts and commodities."""

    def __init__(self, context: LedgerContext, terms: Mapping[str, LotTerms]) -> None:
        self._units = context.units
        self._base = names.currency(context.units.base)
        self._decimals = context.units.decimals_of_base()
        self._book = AccountBook(context.accounts)
        self._terms = terms
        self._padded: dict[tuple[str, str, str, str], tuple[str, str]] = {}
        self._commodities: dict[str, tuple[str, int]] = {}

    def postings(self, line: Line, owner: Owner) -> Iterator[str]:
        """Yield the residue of a line, its posting and the posting's metadata, as lines of text.

        `owner` is that of the entry; another one stands as metadata.
        """
        if line.live:
            yield from self._lot(line)
        elif line.quantity:
            yield from self._without_units(line)
        elif line.currency == self._base:
            yield from self._base_money(line)
        else:
            yield from self._foreign_money(line)
        if line.owner != owner:
            yield from _owner(line.owner)

    def _lot(self, line: Line) -> Iterator[str]:
        terms = self._terms[line.lot_id]
        quantity = line.quantity or 0
        side = self._book.side(line.account, short=terms.short)
        padded, residual = self._account(line, side, units=True)
        commodity, decimals = self._commodity(line.instrument)
        number = numbers.to_text(quantity, decimals)
        rest, scale = residue(
            line.amount_base,
            self._decimals,
            weight=quantity * terms.unit,
            scale=decimals + terms.scale,
        )
        if rest:
            yield self._money(residual, rest, decimals=scale)
        yield f"{padded}{number:>{_NUMBER_WIDTH}} {commodity} {terms.text}\n"
        yield self._cost(line)

    def _without_units(self, line: Line) -> Iterator[str]:
        _, residual = self._account(line, "", units=True)
        commodity, decimals = self._commodity(line.instrument)
        yield self._money(residual, line.amount_base, decimals=self._decimals)
        yield f"    units: {numbers.to_text(line.quantity or 0, decimals)} {commodity}\n"
        yield self._cost(line)
        yield _lot_id(line)

    def _base_money(self, line: Line) -> Iterator[str]:
        padded, residual = self._account(line, "", units=False)
        only_base = line.amount_base - line.amount
        if only_base:
            yield self._money(residual, only_base, decimals=self._decimals)
        if line.amount or not only_base:
            yield self._money(padded, line.amount, decimals=self._decimals)
        yield _lot_id(line)

    def _foreign_money(self, line: Line) -> Iterator[str]:
        padded, residual = self._account(line, "", units=False)
        decimals = self._units.decimals[line.currency]
        rate, scale = self._rate(line, decimals)
        rest, rest_scale = residue(
            line.amount_base, self._decimals, weight=line.amount * rate, scale=decimals + scale
        )
        if rest:
            yield self._money(residual, rest, decimals=rest_scale)
        if line.amount or not rest:
            number = numbers.to_text(line.amount, decimals)
            price = f"{numbers.to_text(rate, scale)} {self._base}"
            yield f"{padded}{number:>{_NUMBER_WIDTH}} {names.currency(line.currency)} @ {price}\n"
        yield _lot_id(line)

    def _rate(self, line: Line, decimals: int) -> tuple[int, int]:
        """Return what one unit of the line's currency is worth in base; below zero is zero."""
        if line.amount == 0:
            return 0, 0
        sign = 1 if line.amount > 0 else -1
        return unit_cost(
            sign * line.amount_base,
            abs(line.amount),
            decimals=self._decimals,
            quantity_decimals=decimals,
        )

    def _money(self, padded: str, amount: int, *, decimals: int) -> str:
        return f"{padded}{numbers.to_text(amount, decimals):>{_NUMBER_WIDTH}} {self._base}\n"

    def _cost(self, line: Line) -> str:
        """Return the line's exact cost in its own currency as metadata."""
        decimals = self._units.decimals[line.currency]
        return f"    cost: {numbers.to_text(line.amount, decimals)} {line.currency}\n"

    def _account(self, line: Line, side: str, *, units: bool) -> tuple[str, str]:
        """Return the line's account and its residue's, each as a posting begins."""
        key = (line.account, line.owner.book, line.instrument, side if units else "money")
        known = self._padded.get(key)
        if known is None:
            name = self._book.name(
                line.account, book=line.owner.book, instrument=line.instrument, units=units
            )
            name += side
            left_over = f"{name}:{names.RESIDUE}"
            known = f"  {name:<{_NAME_WIDTH}} ", f"  {left_over:<{_NAME_WIDTH}} "
            self._padded[key] = known
        return known

    def _commodity(self, instrument: str) -> tuple[str, int]:
        known = self._commodities.get(instrument)
        if known is None:
            name = names.commodity(instrument, self._units.decimals)
            known = self._commodities[instrument] = name, self._units.quantity_decimals[instrument]
        return known


def _lot_id(line: Line) -> str:
    return f"    lot: {names.quoted(line.lot_id)}\n" if line.lot_id else ""


def _owner(owner: Owner) -> Iterator[str]:
    for key, value in (
        ("book", owner.book),
        ("strategy", owner.strategy),
        ("broker-account", owner.broker_account),
    ):
        yield f"    {key}: {names.quoted(value)}\n"
