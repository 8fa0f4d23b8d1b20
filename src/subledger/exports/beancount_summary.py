"""A month of very many entries as the ledger tells it in short: sums per day and owner.

Per day and owner one transaction sums its entries by account and currency. On the last day, one
entry per account moves what its lots cost to their units, per account and instrument. Every account
has the balance that the full detail gives it: in base, in each currency, and in units. Single lots,
events and narrations are left out, so a summary is read in seconds where the detail takes an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from subledger import columns
from subledger.columns import Texts
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_sums import OWNER, DailySums, daily_sums
from subledger.journal.difference import entry_ids
from subledger.journal.journal import Journal
from subledger.numbers import Int64Array, exact_sum, group_sums
from subledger.periods import parse_period
from subledger.tables import ENTRIES, LINES, LOTS, Table, is_text

# From so many entries in a month on, the independent check would take minutes and then hours.
MOST_ENTRIES_IN_DETAIL = 100_000

DETAILS = ("auto", "full", "summary")
KIND = "summary"


def is_summary(detail: str, entries: int) -> bool:
    """Say whether a month of so many entries is told in sums under a setting of `ledger.detail`."""
    return detail == "summary" or (detail == "auto" and entries > MOST_ENTRIES_IN_DETAIL)


def sums_of(month: LedgerMonth) -> DailySums:
    """Return the daily sums of a month: those given, else those of its journal."""
    return month.sums or daily_sums(Journal(month.entries, month.lines))


def about_summary(sums: DailySums) -> str:
    """Return what the heading of a summary says about it."""
    moved = columns.numbers(sums.moved, "quantity") != 0
    units = len(columns.texts(sums.moved, "account")[moved].distinct())
    return (
        f";; A daily summary: {exact_sum(columns.numbers(sums.heads, 'entries'))} entries in"
        f" {sums.heads.num_rows + units} sums per day and owner, without lots.\n"
        ";; Units stand on the last day, per account and instrument. Entries, events and lots"
        " stand in the books.\n"
    )


def in_sums(context: LedgerContext, month: LedgerMonth, *, sums: DailySums) -> LedgerMonth:
    """Return a month whose entries are the daily sums of its own; every balance is the same."""
    entries = _sum_entries(month, sums.heads, basis=context.basis)
    lines = _sum_lines(sums)
    base, first = context.units.base, sums.heads.num_rows + 1
    units, moved = _units(month, sums.moved, base=base, seq=first)
    return replace(
        month,
        entries=columns.concatenate(ENTRIES, [entries, units]),
        lines=columns.concatenate(LINES, [lines, moved]),
        lots=LOTS.empty(),
        summarised=parse_period(month.period).end,
    )


def _sum_entries(month: LedgerMonth, heads: pa.Table, *, basis: str) -> pa.Table:
    """Return an entry per sum, which says how many entries it stands for, and which."""
    ids = (entry_ids(basis, columns.numbers(heads, name)).to_pylist() for name in ("first", "last"))
    said = [
        f"{n} entries from {one} to {other}" if n > 1 else f"the entry {one}"
        for n, one, other in zip(columns.numbers(heads, "entries").tolist(), *ids, strict=True)
    ]
    seq = np.arange(1, heads.num_rows + 1)
    return _entries(month, seq, day=columns.days(heads, "day"), narration=said)


def _entries(
    month: LedgerMonth, seq: Int64Array, *, day: columns.Days, narration: Sequence[str]
) -> pa.Table:
    given: dict[str, Any] = {
        "seq": seq,
        "entry_id": Texts.of([f"{month.period}:{number}" for number in seq.tolist()]),
        "kind": KIND,
        "event_kind": KIND,
        "accounting_date": day,
        "activity_date": day,
        "period": month.period,
        "narration": Texts.of(narration),
    }
    return columns.build(ENTRIES, _filled(ENTRIES, given))


def _filled(table: Table, given: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a table, blank or zero where they are not given."""
    blank = {field.name: "" if is_text(field.type) else 0 for field in table.schema}
    return blank | given


def _sum_lines(sums: DailySums) -> pa.Table:
    """Return the lines of each sum by account and currency, those of nothing left out."""
    rows = sums.amounts
    found = {name: columns.numbers(rows, name) for name in ("amount", "amount_base")}
    some = np.any([amount != 0 for amount in found.values()], axis=0)
    owned = [columns.days(rows, "day"), *(columns.texts(rows, name) for name in OWNER)]
    # Both tables are in the order of their day and owner, and have the same of these.
    entry, first = columns.group_codes(owned)
    some[first] = True  # no entry is without lines
    kept = np.flatnonzero(some)
    given: dict[str, Any] = {name: amount[kept] for name, amount in found.items()}
    for name in (*OWNER, "account", "currency"):
        given[name] = columns.texts(rows, name)[kept]
    return _lines(entry[kept] + 1, given)


def _lines(seq: Int64Array, given: dict[str, Any]) -> pa.Table:
    """Return lines by entry, account and currency."""
    nothing = np.ma.array(np.zeros(len(seq), np.int64), mask=np.ones(len(seq), bool))
    given = {"quantity": nothing} | given
    given |= {"seq": seq, "line": np.zeros(len(seq), np.int64)}
    table = columns.build(LINES, _filled(LINES, given))
    table = columns.sorted_by(table, ("seq", "account", "currency", "instrument"))
    sorted_seq = columns.numbers(table, "seq")
    starts = np.searchsorted(sorted_seq, sorted_seq)
    place = table.schema.get_field_index("line")
    number = pa.array(np.arange(1, len(sorted_seq) + 1) - starts)
    return table.set_column(place, table.schema.field(place), number)


def _units(
    month: LedgerMonth, moved: pa.Table, *, base: str, seq: int
) -> tuple[pa.Table, pa.Table]:
    """Return an entry per account that moves the month's change in lots to their units."""
    quantity = columns.numbers(moved, "quantity")
    kept = np.flatnonzero(quantity)
    if not len(kept):
        return ENTRIES.empty(), LINES.empty()
    cost = columns.numbers(moved, "cost")[kept]
    account, instrument = (columns.texts(moved, name)[kept] for name in ("account", "instrument"))
    entry, of = columns.group_codes([account])
    total = group_sums(entry, cost, len(of))
    day = np.full(len(of), np.datetime64(parse_period(month.period).end, "D"))
    said = [f"Units of {name} at the month's end" for name in account[of]]
    lot_ids = [
        f"{month.period}:{one}:{other}" for one, other in zip(account, instrument, strict=True)
    ]
    lines = _lines(
        np.concatenate([entry, np.arange(len(of))]) + seq,
        {
            "account": Texts.joined([account, account[of]]),
            "currency": base,
            "amount": np.concatenate([cost, -total]),
            "amount_base": np.concatenate([cost, -total]),
            "quantity": np.ma.array(
                np.concatenate([quantity[kept], np.zeros(len(of), np.int64)]),
                mask=np.arange(len(kept) + len(of)) >= len(kept),
            ),
            "instrument": Texts.joined([instrument, Texts.repeated("", len(of))]),
            "lot_id": Texts.joined([Texts.of(lot_ids), Texts.repeated("", len(of))]),
        },
    )
    return _entries(month, np.arange(len(of)) + seq, day=day, narration=said), lines
