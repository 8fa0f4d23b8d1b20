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
from subledger.columns import Codes, Texts
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_lots import entry_rows
from subledger.numbers import Int64Array, group_sums
from subledger.periods import parse_period
from subledger.tables import ENTRIES, LINES, LOTS, Table, is_text

# From so many entries in a month on, the independent check would take minutes and then hours.
MOST_ENTRIES_IN_DETAIL = 100_000

DETAILS = ("auto", "full", "summary")
KIND = "summary"
_OWNER = ("book", "strategy", "broker_account")


def is_summary(detail: str, entries: int) -> bool:
    """Say whether a month of so many entries is told in sums under a setting of `ledger.detail`."""
    return detail == "summary" or (detail == "auto" and entries > MOST_ENTRIES_IN_DETAIL)


def about_summary(month: LedgerMonth, sums: LedgerMonth) -> str:
    """Return what the heading of a summary says about it."""
    return (
        f";; A daily summary: {month.entries.num_rows} entries in {sums.entries.num_rows} sums per"
        " day and owner, without lots.\n;; Units stand on the last day, per account and"
        " instrument. Entries, events and lots stand in the books.\n"
    )


def in_sums(context: LedgerContext, month: LedgerMonth) -> LedgerMonth:
    """Return a month whose entries are the sums of another one's; every balance is the same."""
    end = parse_period(month.period).end
    if not month.entries.num_rows:
        return replace(month, summarised=end)
    entry = entry_rows(month.entries, columns.numbers(month.lines, "seq"))
    day = columns.days(month.entries, "accounting_date")
    owner, owned = _entry_owners(month.lines, entry, count=month.entries.num_rows)
    group, first = columns.group_codes([day, owner])
    order = np.lexsort((owner[first], day[first].astype(np.int64)))
    place = np.empty(len(first), np.intp)
    place[order] = np.arange(len(order))
    group, first = place[group], first[order]
    entries = _sum_entries(month, group, day=day[first])
    lines = _sum_lines(month.lines, group[entry], owner=[name[owner[first]] for name in owned])
    units, moved = _units(context, month, seq=len(first) + 1)
    return replace(
        month,
        entries=columns.concatenate(ENTRIES, [entries, units]),
        lines=columns.concatenate(LINES, [lines, moved]),
        lots=LOTS.empty(),
        summarised=end,
    )


def _entry_owners(lines: pa.Table, entry: Codes, *, count: int) -> tuple[Int64Array, list[Texts]]:
    """Return a code of each entry's owner, and the texts of the codes; blank where lines differ."""
    names = [columns.texts(lines, name) for name in _OWNER]
    code, first = columns.group_codes(names)
    least, most = np.full(count, len(first)), np.full(count, -1)
    np.minimum.at(least, entry, code)
    np.maximum.at(most, entry, code)
    blank = Texts.repeated("", 1)
    return (
        np.where(least == most, least, len(first)),
        [Texts.joined([name[first], blank]) for name in names],
    )


def _sum_entries(month: LedgerMonth, group: Codes, *, day: columns.Days) -> pa.Table:
    """Return an entry per sum, which says how many entries it stands for, and which."""
    count = np.bincount(group)
    seq = columns.numbers(month.entries, "seq")
    lowest, highest = np.full(len(count), np.iinfo(np.int64).max), np.zeros(len(count), np.int64)
    np.minimum.at(lowest, group, seq)
    np.maximum.at(highest, group, seq)
    ids = columns.texts(month.entries, "entry_id")
    rows = (columns.rows_numbered(found, among=seq) for found in (lowest, highest))
    first, last = (ids[row] for row in rows)
    said = [
        f"{n} entries from {one} to {other}" if n > 1 else f"the entry {one}"
        for n, one, other in zip(count.tolist(), first, last, strict=True)
    ]
    return _entries(month, np.arange(1, len(count) + 1), day=day, narration=said)


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


def _sum_lines(lines: pa.Table, group: Codes, *, owner: Sequence[Texts]) -> pa.Table:
    """Return the lines of each sum by account and currency, those of nothing left out."""
    names = ("account", "currency")
    keys = [columns.texts(lines, name) for name in names]
    code, first = columns.group_codes([group, *keys])
    amounts = {
        name: group_sums(code, columns.numbers(lines, name), len(first))
        for name in ("amount", "amount_base")
    }
    some = np.any([amounts[name] != 0 for name in amounts], axis=0)
    of = group[first]
    some[np.unique(of, return_index=True)[1]] = True  # no entry is without lines
    kept = np.flatnonzero(some)
    found: dict[str, Any] = {name: key[first[kept]] for name, key in zip(names, keys, strict=True)}
    found |= {name: amount[kept] for name, amount in amounts.items()}
    found |= {name: text[of[kept]] for name, text in zip(_OWNER, owner, strict=True)}
    return _lines(of[kept] + 1, found)


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
    return table.set_column(place, table.schema.field("line"), number)


def _units(context: LedgerContext, month: LedgerMonth, *, seq: int) -> tuple[pa.Table, pa.Table]:
    """Return an entry per account that moves the month's change in lots to their units."""
    lines, base = month.lines, context.units.base
    rows = np.flatnonzero(columns.numbers(lines, "quantity") != 0)
    keys = [columns.texts(lines, name)[rows] for name in ("account", "instrument")]
    code, first = columns.group_codes(keys)
    amounts = [columns.numbers(lines, name)[rows] for name in ("quantity", "amount_base")]
    quantity, cost = (group_sums(code, amount, len(first)) for amount in amounts)
    kept = np.flatnonzero(quantity)
    if not len(kept):
        return ENTRIES.empty(), LINES.empty()
    account, instrument = (key[first[kept]] for key in keys)
    entry, of = columns.group_codes([account])
    total = group_sums(entry, cost[kept], len(of))
    day = np.full(len(of), np.datetime64(parse_period(month.period).end, "D"))
    said = [f"Units of {name} at the month's end" for name in account[of]]
    lot_ids = [
        f"{month.period}:{one}:{other}" for one, other in zip(account, instrument, strict=True)
    ]
    moved = _lines(
        np.concatenate([entry, np.arange(len(of))]) + seq,
        {
            "account": Texts.joined([account, account[of]]),
            "currency": base,
            "amount": np.concatenate([cost[kept], -total]),
            "amount_base": np.concatenate([cost[kept], -total]),
            "quantity": np.ma.array(
                np.concatenate([quantity[kept], np.zeros(len(of), np.int64)]),
                mask=np.arange(len(kept) + len(of)) >= len(kept),
            ),
            "instrument": Texts.joined([instrument, Texts.repeated("", len(of))]),
            "lot_id": Texts.joined([Texts.of(lot_ids), Texts.repeated("", len(of))]),
        },
    )
    return _entries(month, np.arange(len(of)) + seq, day=day, narration=said), moved
