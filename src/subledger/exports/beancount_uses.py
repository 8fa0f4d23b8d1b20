"""Which ledger accounts the journal uses, so that each is opened once, from its first day on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger import columns, tables
from subledger.columns import Flags
from subledger.exports import beancount_names as names
from subledger.exports.beancount_accounts import MONEY, AccountBook, LineAccounts
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_order import OrderedMonth, in_file_order
from subledger.numbers import Int64Array

USES = tables.Table(
    "uses",
    "Accounts of the ledger text with the first date on which each is posted to.",
    pa.schema(
        [
            tables.text("name", "in the ledger"),
            tables.text("account", "of the chart"),
            tables.text("book"),
            tables.text("instrument"),
            tables.flag("units", "holds units of the instrument and nothing else"),
            tables.flag("residue", "holds base amounts that units or rates leave over"),
            tables.day("first_date"),
        ]
    ),
    ("name",),
)


class Use(NamedTuple):
    """A row of USES."""

    name: str
    account: str
    book: str
    instrument: str
    units: bool
    residue: bool
    first_date: date


def ledger_uses(context: LedgerContext, month: LedgerMonth) -> pa.Table:
    """Return USES of the entries and lines given, which may be those of many months at once."""
    ordered = in_file_order(context, month)
    return uses_of(context, ordered, accounts=LineAccounts.of(context, ordered))


def uses_of(context: LedgerContext, ordered: OrderedMonth, *, accounts: LineAccounts) -> pa.Table:
    """Return USES of entries and lines in file order."""
    return uses_table(_uses(context, ordered, accounts=accounts))


def residues(uses: pa.Table) -> frozenset[str]:
    """Return the names of the accounts in USES that hold residue."""
    chosen = uses.filter(uses.column("residue"))
    return frozenset(columns.texts(chosen, "name").tolist())


def merge_uses(parts: Sequence[pa.Table]) -> pa.Table:
    """Return USES of several parts together: of one account the earliest date."""
    filled = [part for part in parts if part.num_rows]
    if len(filled) == 1:
        return filled[0]
    return _by_name(columns.concatenate(USES, filled))


def uses_table(uses: Iterable[Use]) -> pa.Table:
    """Return USES by name, of one account the earliest date."""
    given = zip(USES.schema, zip(*uses, strict=True), strict=False)  # nothing of no uses
    found = {field.name: pa.array(values, _plain(field)) for field, values in given}
    return _by_name(columns.build(USES, found)) if found else USES.empty()


def _plain(field: pa.Field) -> pa.DataType:
    return pa.string() if tables.is_text(field.type) else field.type


def _by_name(uses: pa.Table) -> pa.Table:
    """Return the rows of USES by name; of one account the earliest date, units if all say so."""
    name = columns.texts(uses, "name")
    code, first = columns.group_codes([name])
    days = columns.days(uses, "first_date").astype(np.int64)
    earliest, units = days[first], columns.flags(uses, "units")[first]
    np.minimum.at(earliest, code, days)
    np.logical_and.at(units, code, columns.flags(uses, "units"))
    merged = {
        field.name: columns.column(uses, field.name)[first]
        for field in USES.schema
        if field.name not in ("units", "first_date")
    }
    merged |= {"units": units, "first_date": earliest.astype("datetime64[D]")}
    return columns.sorted_by(columns.build(USES, merged), ("name",))


def _uses(
    context: LedgerContext, ordered: OrderedMonth, *, accounts: LineAccounts
) -> Iterator[Use]:
    lines, rows = ordered.lines, ordered.line_order
    dates = columns.days(ordered.entries, "accounting_date")[ordered.entry_order]
    day = dates.astype(np.int64)[ordered.entry]
    exact = (columns.texts(lines, "currency") == context.units.base) & (
        columns.numbers(lines, "amount") == columns.numbers(lines, "amount_base")
    )
    inexact = ~exact[rows] | (np.array(accounts.kind, np.int8) != MONEY)[accounts.codes]
    plain = AccountBook(context.accounts).plain
    earliest = _earliest(accounts, day, chosen=np.ones(len(day), bool))
    left_over_from = _earliest(accounts, day, chosen=inexact)
    for code, name in enumerate(accounts.names):
        account, side = accounts.account[code], accounts.sides[code]
        owner = instrument = ""
        if name != plain[account]:
            owner, instrument = accounts.book[code], accounts.instrument[code]
        units = accounts.kind[code] != MONEY
        first = date.fromordinal(_EPOCH + int(earliest[code]))
        of = (account, owner, instrument)
        yield Use(name, *of, units, residue=False, first_date=first)
        if side:
            yield Use(name + side, *of, units, residue=False, first_date=first)
        if left_over_from[code] != _NEVER:
            first = date.fromordinal(_EPOCH + int(left_over_from[code]))
            residual = f"{name}{side}:{names.RESIDUE}"
            yield Use(residual, *of, units=False, residue=True, first_date=first)


_NEVER = np.iinfo(np.int64).max
_EPOCH = date(1970, 1, 1).toordinal()


def _earliest(accounts: LineAccounts, day: Int64Array, *, chosen: Flags) -> Int64Array:
    """Return the first day on which one of the chosen lines stands in each account."""
    found = np.full(len(accounts.names), _NEVER)
    np.minimum.at(found, accounts.codes[chosen], day[chosen])
    return found
