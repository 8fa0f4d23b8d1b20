"""Which ledger accounts the journal uses, so that each is opened once, from its first day on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger import columns, tables
from subledger.exports import beancount_names as names
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_lines import AccountBook
from subledger.exports.beancount_lots import entry_rows
from subledger.exports.beancount_order import OrderedMonth, in_file_order

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


class _Use(NamedTuple):
    name: str
    account: str
    book: str
    instrument: str
    units: bool
    residue: bool
    first_date: date


def ledger_uses(context: LedgerContext, month: LedgerMonth) -> pa.Table:
    """Return USES of the entries and lines given, which may be those of many months at once."""
    return uses_of(context, in_file_order(context, month))


def uses_of(context: LedgerContext, ordered: OrderedMonth) -> pa.Table:
    """Return USES of entries and lines in file order."""
    return _table(_uses(context, ordered))


def residues(uses: pa.Table) -> frozenset[str]:
    """Return the names of the accounts in USES that hold residue."""
    chosen = uses.filter(uses.column("residue"))
    return frozenset(columns.texts(chosen, "name").tolist())


def merge_uses(parts: Sequence[pa.Table]) -> pa.Table:
    """Return USES of several parts together: of one account the earliest date."""
    rows = (row for part in parts for row in part.to_pylist())
    return _table(_Use(**row) for row in rows)


def _table(uses: Iterator[_Use]) -> pa.Table:
    found: dict[str, _Use] = {}
    for use in uses:
        known = found.get(use.name, use)
        found[use.name] = use._replace(
            units=use.units and known.units, first_date=min(use.first_date, known.first_date)
        )
    rows = [found[name]._asdict() for name in sorted(found)]
    return pa.Table.from_pylist(rows, schema=USES.schema)


def _uses(context: LedgerContext, ordered: OrderedMonth) -> Iterator[_Use]:
    lines, book = ordered.lines, AccountBook(context.accounts)
    entry = entry_rows(ordered.entries, columns.numbers(lines, "seq"))
    dates = columns.days(ordered.entries, "accounting_date")[entry]
    live = np.array(ordered.live, dtype=bool)
    with_units = columns.numbers(lines, "quantity") != 0
    short = _short(ordered, live)
    exact = (columns.texts(lines, "currency") == context.units.base) & (
        columns.numbers(lines, "amount") == columns.numbers(lines, "amount_base")
    )
    keys = [columns.texts(lines, name) for name in ("account", "book", "instrument")]
    group, first = columns.group_codes([*keys, live, with_units, short, exact])
    earliest = np.full(len(first), np.iinfo(np.int64).max)
    np.minimum.at(earliest, group, dates.astype(np.int64))
    for row, days in zip(first, earliest.astype("datetime64[D]").tolist(), strict=True):
        account, owner, instrument = (key[row] for key in keys)
        units, carried = bool(with_units[row]), bool(live[row])
        name = book.name(account, book=owner, instrument=instrument, units=units)
        if name == book.plain[account]:
            owner = instrument = ""
        side = book.side(account, short=bool(short[row])) if carried else ""
        use = _Use(name, account, owner, instrument, units, residue=False, first_date=days)
        yield use
        if side:
            yield use._replace(name=name + side)
        if units or not exact[row]:
            left_over = f"{name}{side}:{names.RESIDUE}"
            yield use._replace(name=left_over, units=False, residue=True)


def _short(ordered: OrderedMonth, live: columns.Flags) -> columns.Flags:
    short = np.zeros(len(live), bool)
    rows = np.flatnonzero(live)
    lot_ids = columns.texts(ordered.lines, "lot_id")[rows]
    short[rows] = [ordered.terms[lot].short for lot in lot_ids]
    return short
