"""Entries with their lines: what a journal holds, or a part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import Codes, Flags, concatenate, numbers, rows_numbered, texts
from subledger.errors import InvariantError
from subledger.numbers import Int64Array, exact_sum
from subledger.tables import ENTRIES, LINES


@dataclass(frozen=True, slots=True)
class Journal:
    """ENTRIES and LINES that belong together by `seq`."""

    entries: pa.Table
    lines: pa.Table

    @classmethod
    def empty(cls) -> Journal:
        """Return a journal without entries."""
        return cls(ENTRIES.empty(), LINES.empty())

    def take(self, rows: Codes | Int64Array) -> Journal:
        """Return some entries, by row and in that order, with their lines."""
        if len(rows) == self.entries.num_rows and np.array_equal(rows, np.arange(len(rows))):
            return self
        entries = self.entries.take(pa.array(rows))
        position = rows_numbered(numbers(self.lines, "seq"), among=numbers(entries, "seq"))
        kept = np.flatnonzero(position >= 0)
        return Journal(entries, self.lines.take(kept[np.argsort(position[kept], kind="stable")]))

    def before_closing(self) -> Journal:
        """Return the same without entries of kind `closing`, which clear P&L at a year's end."""
        entries = self.entries.filter(pc.not_equal(self.entries["kind"], "closing"))
        kept = pc.is_in(self.lines["seq"], entries["seq"].combine_chunks())
        return Journal(entries, self.lines.filter(kept))

    def entry_rows(self) -> Codes:
        """Return the row in `entries` of each line; a line without its entry is a bug."""
        rows = rows_numbered(numbers(self.lines, "seq"), among=numbers(self.entries, "seq"))
        if (rows < 0).any():
            raise InvariantError("a line has no entry")
        return rows.astype(np.intp)

    def reversal_lines(self) -> Flags:
        """Say of each line whether its entry is a reversal."""
        is_reversal = np.asarray(texts(self.entries, "kind") == "reversal", bool)
        return is_reversal[self.entry_rows()]


def joined(parts: Sequence[Journal]) -> Journal:
    """Return several journals as one."""
    return Journal(
        concatenate(ENTRIES, [part.entries for part in parts]),
        concatenate(LINES, [part.lines for part in parts]),
    )


def control_totals(lines: pa.Table) -> tuple[int, int]:
    """Return total debit and credit of lines in base ledger units, both positive, exactly."""
    amounts = numbers(lines, "amount_base")
    return exact_sum(np.maximum(amounts, 0)), -exact_sum(np.minimum(amounts, 0))
