"""What a basis has posted, read part by part, and where cleared years stand since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers
from subledger.chart import Chart
from subledger.chart.accounts import PROFIT_AND_LOSS
from subledger.columns import Codes, Texts
from subledger.journal.journal import Journal
from subledger.tables import ENTRIES, LINES, OWNER, Table

_OWNER = tuple(field.name for field in OWNER)
_BLOCK = 1 << 16  # entries looked at together: what is made of their lines stays near the processor


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table that belong to the month that ends on a day.

    `read` returns those of the `columns` that it is asked for, in the order of the table.
    """

    through: date
    read: Callable[..., pa.Table]


@dataclass(frozen=True, slots=True)
class Posted:
    """What a basis has posted from its beginning to the end of a period.

    `parts` gives the parts of ENTRIES, LINES, MEASURES or RELIEFS, each in its declared order.
    Parts of entries and of lines belong together one by one, as they were posted, without clearing
    entries; `clearing` has those of the years before the period. Of measures and reliefs each month
    has one part, and a trade is measured in one month only.
    """

    basis: str
    chart: Chart
    clearing: Journal
    parts: Callable[[Table], Sequence[Part]]


@dataclass(frozen=True)
class Clearing:
    """On which accounts lines of the years before stand, income and expenses being cleared."""

    posted: Posted

    @cached_property
    def through(self) -> date | None:
        """Return the end of the last year that is cleared."""
        entries = self.posted.clearing.entries
        found: date | None = pc.max(entries["accounting_date"]).as_py()
        return found

    @cached_property
    def _retained(self) -> Mapping[tuple[str, ...], str]:
        """Return the account to which each owner's income and expenses were cleared."""
        rows = self.posted.clearing.lines
        rows = rows.filter(pc.not_equal(rows["slot"], ""))
        owners = zip(*(columns.texts(rows, name) for name in _OWNER), strict=True)
        return dict(zip(owners, columns.texts(rows, "account"), strict=True))

    @cached_property
    def _default(self) -> str:
        return self.posted.chart.slots["equity.retained"].default

    def covers(self, day: date) -> bool:
        """Say whether the year of a day is cleared."""
        return self.through is not None and day <= self.through

    def stands(self, account: str, *, cleared: bool) -> str:
        """Return where what was posted to an account stands, where owners make no difference."""
        return self._default if cleared and self._in_profit(account) else account

    @cached_property
    def of_entries(self) -> tuple[str, ...]:
        """Return which columns of entries `accounts` needs."""
        return ("accounting_date",) if self.through else ()

    @cached_property
    def of_lines(self) -> tuple[str, ...]:
        """Return which columns of lines `accounts` needs: owners where they have several."""
        several = self.through and {*self._retained.values()} - {self._default}
        return ("account", *_OWNER) if several else ("account",)

    def accounts(self, journal: Journal, entry: Codes) -> Texts:
        """Return the account on which each line stands now; `entry` is its row in the entries."""
        lines = journal.lines
        account = columns.texts(lines, "account")
        if self.through is None:
            return account
        before = columns.days(journal.entries, "accounting_date") <= np.datetime64(self.through)
        moves = before[entry] & account.looked_up(self._in_profit, bool)
        return Texts.either(moves, self._kept(lines), account) if moves.any() else account

    def _in_profit(self, account: str) -> bool:
        return self.posted.chart.accounts[account].type in PROFIT_AND_LOSS

    def _kept(self, lines: pa.Table) -> Texts:
        """Return the account of retained earnings of each line's owner."""
        if self.of_lines == ("account",):
            return Texts.repeated(self._default, lines.num_rows)
        owner, first = columns.group_codes([columns.texts(lines, name) for name in _OWNER])
        owners = zip(*(columns.texts(lines, name)[first] for name in _OWNER), strict=True)
        return Texts.of([self._retained.get(one, self._default) for one in owners])[owner]


def journals(
    posted: Posted, *, entries: Collection[str], lines: Collection[str]
) -> Iterator[tuple[date, Journal]]:
    """Yield the journal part by part in some columns, and the end of the month of each.

    `seq` is among the columns; event ids are not coded.
    """
    for heads, rows in zip(posted.parts(_ENTRIES), posted.parts(LINES), strict=True):
        found = heads.read(columns={"seq", *entries}), rows.read(columns={"seq", *lines})
        yield heads.through, Journal(*found)


def uncoded(declared: Table, name: str) -> Table:
    """Return a declared table with a text column plain: to be read and looked up, not grouped."""
    place = declared.schema.get_field_index(name)
    field = declared.schema.field(name).with_type(pa.string())
    return replace(declared, schema=declared.schema.set(place, field))


_ENTRIES = uncoded(ENTRIES, "event_id")


def blocks(journal: Journal) -> Iterator[tuple[Journal, Codes]]:
    """Yield a part of a journal a block at a time, and the row of each line's entry.

    A line without its entry is a bug.
    """
    starts = np.arange(0, max(journal.entries.num_rows, 1), _BLOCK)
    seq = columns.numbers(journal.lines, "seq")
    cuts = np.searchsorted(seq, columns.numbers(journal.entries, "seq")[starts[1:]])
    for start, here, end in zip(starts, [0, *cuts], [*cuts, len(seq)], strict=True):
        lines = journal.lines.slice(here, end - here)
        block = Journal(journal.entries.slice(start, _BLOCK), lines)
        yield block, block.entry_rows()


class Kind(NamedTuple):
    """What lines have in common that have one cause; `base_only` have no local amount."""

    event_kind: str
    rule: str
    slot: str
    base_only: bool
    account: str


def sums_of_lines(posted: Posted, clearing: Clearing) -> Counter[Kind]:
    """Return what the lines of each kind have come to in base, on the accounts they stand on now.

    A sum is as large as it is: that it fits in 64 bits is left to who makes a column of it.
    """
    sums: Counter[Kind] = Counter()
    heads = ("event_kind", "rule", *clearing.of_entries)
    wanted = ("slot", "amount", "amount_base", *clearing.of_lines)
    for _, journal in journals(posted, entries=heads, lines=wanted):
        for block, entry in blocks(journal):
            sums.update(_sums_of_block(block, entry, account=clearing.accounts(block, entry)))
    return sums


def _sums_of_block(block: Journal, entry: Codes, *, account: Texts) -> dict[Kind, int]:
    heads = [columns.texts(block.entries, name) for name in ("event_kind", "rule")]
    of_entry, first = columns.group_codes(heads)
    slot = columns.texts(block.lines, "slot")
    base_only = columns.numbers(block.lines, "amount") == 0
    kind, line = columns.group_codes([of_entry[entry], slot, base_only, account])
    added = numbers.group_sums(kind, columns.numbers(block.lines, "amount_base"), len(line))
    head = first[of_entry[entry[line]]]
    keys = (*(one[head] for one in heads), slot[line], base_only[line].tolist(), account[line])
    kinds = (Kind(*key) for key in zip(*keys, strict=True))
    return dict(zip(kinds, added.tolist(), strict=True))
