"""What a month's journal comes to per day and owner, added up part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.columns import (
    Codes,
    Texts,
    build,
    concatenate,
    days,
    group_codes,
    numbers,
    ordered,
    texts,
)
from subledger.journal.journal import Journal
from subledger.numbers import Int64Array, group_sums
from subledger.statements import grouping
from subledger.tables import Table, base, day, money, text, units, whole

OWNER = ("book", "strategy", "broker_account")
_OWNED = (day("day"), *(text(name) for name in OWNER))

HEADS = Table(
    "heads",
    "The entries of a day and owner: how many, and the least and greatest number.",
    pa.schema([*_OWNED, whole("entries"), whole("first"), whole("last")]),
    ("day", *OWNER),
)
AMOUNTS = Table(
    "amounts",
    "What the lines of a day and owner come to, by account and currency.",
    pa.schema([*_OWNED, text("account"), text("currency"), money("amount"), base("amount_base")]),
    ("day", *OWNER, "account", "currency"),
)
MOVED_LOTS = Table(
    "moved_lots",
    "The units by which the lots of an account and instrument are moved, and their cost in base.",
    pa.schema([text("account"), text("instrument"), units("quantity"), base("cost")]),
    ("account", "instrument"),
)


@dataclass(frozen=True, slots=True)
class DailySums:
    """The sums of a part of a month's journal: HEADS, AMOUNTS and MOVED_LOTS."""

    heads: pa.Table
    amounts: pa.Table
    moved: pa.Table


def daily_sums(journal: Journal) -> DailySums:
    """Return the sums of a journal per day and owner; an owner is blank where lines differ."""
    entries, lines = journal.entries, journal.lines
    entry = journal.entry_rows()
    on = days(entries, "accounting_date")
    owner, owned = _entry_owners(lines, entry, count=entries.num_rows)
    group, first = group_codes([on, owner])
    place: dict[str, Any] = {"day": on[first]}
    place |= {name: known[owner[first]] for name, known in zip(OWNER, owned, strict=True)}
    seq, count = numbers(entries, "seq"), len(first)
    least, greatest = _bounds(group, [seq, seq], count=count)
    heads = place | {
        "entries": np.bincount(group, minlength=count),
        "first": least,
        "last": greatest,
    }
    account, currency = texts(lines, "account"), texts(lines, "currency")
    code, at = group_codes([group[entry], account, currency])
    of = group[entry[at]]
    amounts = {name: column[of] for name, column in place.items()} | {
        "account": account[at],
        "currency": currency[at],
        **{
            name: group_sums(code, numbers(lines, name), len(at))
            for name in ("amount", "amount_base")
        },
    }
    return DailySums(
        ordered(HEADS, build(HEADS, heads)),
        ordered(AMOUNTS, build(AMOUNTS, amounts)),
        _moved_lots(lines),
    )


def joined_sums(parts: Sequence[DailySums]) -> DailySums:
    """Return the sums of parts together; a day may be in several."""
    if len(parts) == 1:
        return parts[0]
    heads = concatenate(HEADS, [part.heads for part in parts])
    code, first = group_codes([days(heads, "day"), *(texts(heads, name) for name in OWNER)])
    bounds = [numbers(heads, "first"), numbers(heads, "last")]
    least, greatest = _bounds(code, bounds, count=len(first))
    place = {name: heads[name].take(pa.array(first)) for name in HEADS.order}
    counted = group_sums(code, numbers(heads, "entries"), len(first))
    found = build(HEADS, place | {"entries": counted, "first": least, "last": greatest})
    return DailySums(
        ordered(HEADS, found),
        _added_up(AMOUNTS, [part.amounts for part in parts]),
        _added_up(MOVED_LOTS, [part.moved for part in parts]),
    )


def _added_up(declared: Table, parts: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of tables that are alike in their order's columns as one each."""
    amounts = [name for name in declared.schema.names if name not in declared.order]
    sums = grouping.add_up(concatenate(declared, parts), declared.order, amounts=amounts)
    return sums.cast(declared.schema)


def _bounds(
    group: Codes, values: Sequence[Int64Array], *, count: int
) -> tuple[Int64Array, Int64Array]:
    """Return per group the least of the first values, and the greatest of the second."""
    least, greatest = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
    np.minimum.at(least, group, values[0])
    np.maximum.at(greatest, group, values[1])
    return least, greatest


def _entry_owners(lines: pa.Table, entry: Codes, *, count: int) -> tuple[Int64Array, list[Texts]]:
    """Return a code of each entry's owner, and the texts of the codes; blank where lines differ."""
    names = [texts(lines, name) for name in OWNER]
    code, first = group_codes(names)
    owner = np.full(count, len(first))
    owner[entry] = code
    owner[entry[owner[entry] != code]] = len(first)
    blank = Texts.repeated("", 1)
    return owner, [Texts.joined([name[first], blank]) for name in names]


def _moved_lots(lines: pa.Table) -> pa.Table:
    """Return MOVED_LOTS of lines with units."""
    rows = np.flatnonzero(numbers(lines, "quantity") != 0)
    account, instrument = (texts(lines, name)[rows] for name in ("account", "instrument"))
    code, first = group_codes([account, instrument])
    quantity, cost = (
        group_sums(code, numbers(lines, name)[rows], len(first))
        for name in ("quantity", "amount_base")
    )
    found = {"account": account[first], "instrument": instrument[first]}
    return ordered(MOVED_LOTS, build(MOVED_LOTS, found | {"quantity": quantity, "cost": cost}))
