"""The journal of a month as ledger text, which an auditor opens without this program.

The ledger balances in base, entry by entry and to the last digit (`tolerance_multiplier "0"`).
Every lot is named by its terms, so that the reader's own booking proves each disposal against an
existing lot with enough units. The same tables give the same bytes. A month of very many entries
is told in daily sums instead (`beancount_summary`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa

from subledger import columns
from subledger.errors import InvariantError
from subledger.exports import beancount_names as names
from subledger.exports.beancount_accounts import LineAccounts
from subledger.exports.beancount_bytes import Sheet
from subledger.exports.beancount_entries import AFTER_LINKS, BEFORE_LINKS, MonthEntries
from subledger.exports.beancount_input import SOURCES, LedgerContext, LedgerMonth
from subledger.exports.beancount_lines import MonthLines, PostingWriter
from subledger.exports.beancount_month_end import assertions_text, prices_text, rates_text
from subledger.exports.beancount_order import OrderedMonth, in_file_order
from subledger.exports.beancount_summary import about_summary, in_sums, sums_of
from subledger.exports.beancount_uses import residues, uses_of
from subledger.numbers import Int64Array

# Entries and lines whose text is put together at once: enough that writers seldom wait for another.
_ENTRIES, _LINES = 16_000, 64_000
_WRITERS = 2


class Content(Protocol):
    """The text of a file, made anew each time it is asked for, part by part."""

    def __call__(self) -> Iterator[memoryview | bytes]:
        """Return the parts, each of whole lines."""


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """Files of the ledger by name, and the accounts that they use (USES)."""

    files: Mapping[str, Content]
    uses: pa.Table


def month_files(
    context: LedgerContext, month: LedgerMonth, *, before: pa.Table | None = None
) -> LedgerPart:
    """Return the ledger files of one period: `YYYY-MM.beancount`, and `YYYY.beancount` for a year.

    `before` is USES of all periods before it. Entries of kind closing stand in the file of their
    year. Raises Refused (LEDGER_TEXT) when a text cannot be written.
    """
    about = ""
    if month.summary:
        sums = sums_of(month)
        month, about = in_sums(context, month, sums=sums), about_summary(sums)
    ordered = in_file_order(context, month)
    if (np.diff(ordered.first) == 0).any():
        raise InvariantError(f"an entry of {month.period} has no lines")
    accounts = LineAccounts.of(context, ordered, summarised=month.summarised)
    uses = uses_of(context, ordered, accounts=accounts)
    inexact = residues(uses) | (residues(before) if before is not None else frozenset())
    text = _MonthText(context, month, ordered=ordered, accounts=accounts, about=about)
    files: dict[str, Content] = {
        f"{name}.beancount": partial(text.parts, name, rows, inexact=inexact)
        for name, rows in sorted(_entries_of_files(month, ordered).items())
    }
    return LedgerPart(files, uses)


def _entries_of_files(month: LedgerMonth, ordered: OrderedMonth) -> dict[str, Int64Array]:
    """Return the entries that stand in each file, by their places in the order."""
    kind = columns.texts(ordered.entries, "kind")[ordered.entry_order]
    closing = np.asarray(kind == "closing", bool)
    found = {month.period: np.flatnonzero(~closing)}
    rows = np.flatnonzero(closing)
    dates = columns.days(ordered.entries, "accounting_date")[ordered.entry_order[rows]]
    in_year = dates.astype("datetime64[Y]").astype(str)
    for year in np.unique(in_year).tolist():
        own = rows[in_year == year]
        found[year] = np.union1d(found[year], own) if year in found else own
    return found


def _heading(context: LedgerContext, period: str, *, about: str) -> str:
    """Return the comment that a period's file begins with."""
    title = names.quoted(f"{context.entity}, {context.basis}, {period}")[1:-1]
    return f";; {title}\n;; Written by the close of the period. It is never edited.\n{about}\n"


def _ahead(
    write: Callable[[Int64Array], memoryview], portions: Iterator[Int64Array]
) -> Iterator[memoryview]:
    """Yield what is written of each portion, while the next ones are being written."""
    with ThreadPoolExecutor(_WRITERS) as pool:
        waiting: deque[Future[memoryview]] = deque()
        for portion in portions:
            waiting.append(pool.submit(write, portion))
            if len(waiting) > _WRITERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _MonthText:
    """The text of a month, written as it is read."""

    def __init__(
        self,
        context: LedgerContext,
        month: LedgerMonth,
        *,
        ordered: OrderedMonth,
        accounts: LineAccounts,
        about: str,
    ) -> None:
        self._about = about
        self._context, self._month, self._ordered = context, month, ordered
        self._lines = MonthLines.of(ordered, accounts, summary=month.summary)
        sources = SOURCES.empty() if month.summary else context.sources()
        self._entries = MonthEntries.of(ordered, self._lines, sources=sources)
        self._writer = PostingWriter(context, self._lines, summarised=month.summarised)

    def parts(
        self, name: str, rows: Int64Array, *, inexact: frozenset[str]
    ) -> Iterator[memoryview | bytes]:
        """Yield the text of a file: its heading, entries, and at the month's own what ends it."""
        about = self._about if name == self._month.period else ""
        yield _heading(self._context, name, about=about).encode()
        yield from _ahead(self._written, self._portions(rows))
        if name == self._month.period:
            yield prices_text(self._context, self._month).encode()
            yield rates_text(self._context, self._month).encode()
            yield assertions_text(self._context, self._month, inexact=inexact).encode()

    def _portions(self, rows: Int64Array) -> Iterator[Int64Array]:
        """Yield the entries of a file, some at a time."""
        first = self._ordered.first
        reached = np.cumsum(first[rows + 1] - first[rows])
        start = 0
        while start < len(rows):
            before = int(reached[start - 1]) if start else 0
            end = int(np.searchsorted(reached, before + _LINES, side="right"))
            end = max(min(end, start + _ENTRIES), start + 1)
            yield rows[start:end]
            start = end

    def _written(self, rows: Int64Array) -> memoryview:
        """Return some entries as text."""
        starts = self._ordered.first[rows]
        count = self._ordered.first[rows + 1] - starts
        entry = np.repeat(np.arange(len(rows)), count)
        places = np.arange(len(entry)) + np.repeat(starts - (np.cumsum(count) - count), count)
        lines = self._lines.at(places)
        links = self._entries.links(rows, lines, entry=entry)
        plan = self._writer.plan(lines, self._entries.owner[rows][entry])
        pieces = np.concatenate([np.zeros(1, np.int64), np.cumsum(plan.size)])
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(count)])
        own = BEFORE_LINKS + links.per_entry + AFTER_LINKS
        size = own + np.diff(pieces[before]) + 1  # and the blank line
        at = np.cumsum(size) - size
        sheet = Sheet(int(size.sum()))
        self._entries.put(sheet, at, rows=rows, links=links)
        lines_at = (at + own - pieces[before[:-1]])[entry] + pieces[:-1]
        self._writer.put(sheet, lines_at, plan=plan)
        sheet.put_text(at + size - 1, "\n")
        return sheet.content()
