"""The ledger files of a basis: text of sealed periods, written by a close, read-only then."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger.booking.carrying import opened_from
from subledger.columns import Texts, build, concatenate, group_codes, numbers, rows_numbered, texts
from subledger.errors import refuse
from subledger.exports.beancount import month_files
from subledger.exports.beancount_frame import FRAME, MAIN, frame_files
from subledger.exports.beancount_input import SOURCES, LedgerContext, LedgerMonth
from subledger.exports.beancount_reuse import WrittenLedger, summaries_of, written_ledger
from subledger.exports.beancount_seal import MANIFEST, manifest_lines, manifest_text
from subledger.exports.beancount_summary import is_summary
from subledger.exports.beancount_text import LedgerText, digest_file, write_text
from subledger.exports.beancount_uses import merge_uses
from subledger.journal.journal import Journal
from subledger.numbers import group_sums, to_text
from subledger.operations.balances import state_on
from subledger.operations.booked_months import BookedMonth, month_journal
from subledger.operations.books import Books
from subledger.periods import parse_period
from subledger.statements.report import Units
from subledger.store.reading import Reading
from subledger.tables import BALANCES, CONVERSIONS, FACTS, LOTS, MARKS

_SOURCE_COLUMNS = {
    "trades": "trade_id",
    "cash": "event_id",
    "corporate_actions": "event_id",
    "journals": "journal_id",
    "opening_lots": "lot_id",
}


def ledger_folder(books: Books, basis: str) -> Path:
    """Return the folder of a basis's ledger files."""
    return books.folder / "ledgers" / basis


def ledger_context(books: Books, reading: Reading, *, basis: str) -> LedgerContext:
    """Return what the ledger text needs besides the journal."""
    return LedgerContext(
        books.settings.entity,
        basis,
        books.units(reading),
        books.chart.accounts,
        reading.instruments(),
        partial(event_sources, reading),
    )


def event_sources(reading: Reading) -> pa.Table:
    """Return SOURCES: the file and row that each event came from, by event id and version."""
    batches = [batch for batch in reading.batches() if batch.imported]
    seqs = np.array([batch.seq for batch in batches], np.int64)
    files = Texts.of([*(batch.imported.file_name for batch in batches if batch.imported), ""])
    parts = []
    for kind, column in _SOURCE_COLUMNS.items():
        wanted = (column, "version", "batch", "row")
        facts = reading.rows(FACTS[kind], basis="", columns=wanted)
        versioned = "version" in facts.column_names
        parts.append(
            build(
                SOURCES,
                {
                    "event_id": texts(facts, column),
                    "event_version": numbers(facts, "version") if versioned else np.int64(1),
                    "file": files[rows_numbered(numbers(facts, "batch"), among=seqs)],
                    "row": numbers(facts, "row"),
                },
            )
        )
    return concatenate(SOURCES, parts)


def sealed_months(
    reading: Reading, basis: str, *, through: str = "", summaries: Collection[str] = ()
) -> Iterator[LedgerMonth]:
    """Yield what the ledger files of every sealed period are written from, in order.

    `through` is the last period that is asked for (default: all), `summaries` are those that are
    told in daily sums.
    """
    for close in reading.closes(basis):
        for label in sealed_labels(reading, basis, period=close.period):
            month = _sealed_month(reading, basis, label=label)
            yield replace(month, summary=label in summaries)
        if close.period == through:
            return


def sealed_labels(reading: Reading, basis: str, *, period: str) -> list[str]:
    """Return the journal periods that a close sealed: its own, and opening months before it."""
    if len(period) == len("2026"):
        return [period]
    before = [close.period for close in reading.closes(basis) if close.period < period]
    last = max((label for label in before if len(label) == len(period)), default="")
    known = reading.periods("entries", basis)
    return sorted({label for label in known if last < label < period} | {period})


def _sealed_month(reading: Reading, basis: str, *, label: str) -> LedgerMonth:
    journal = month_journal(reading, basis, period=label)
    if len(label) == len("2026"):  # its last month has marks, rates and balances of that day
        return LedgerMonth(label, journal.entries, journal.lines)
    tables = {
        declared.name: reading.latest(declared, basis=basis, period=label)
        for declared in (MARKS, CONVERSIONS, BALANCES)
    }
    return LedgerMonth(
        label,
        journal.entries,
        journal.lines,
        lots=_lots_before(reading, basis, label=label),
        **{name: table for name, table in tables.items() if table is not None},
    )


def _lots_before(reading: Reading, basis: str, *, label: str) -> pa.Table:
    """Return LOTS open when a month began, and those taken over."""
    before = parse_period(label).start - timedelta(days=1)
    found = state_on(reading, LOTS, basis=basis, on=before)
    return concatenate(LOTS, [found, taken_over(reading, basis)])


def taken_over(reading: Reading, basis: str) -> pa.Table:
    """Return LOTS as they were taken over from another system."""
    facts = reading.facts("opening_lots")
    names = facts["basis"].to_pylist()
    chosen = pa.array([name in ("", basis) for name in names], pa.bool_())
    return opened_from(facts.filter(chosen))


def booked_month(
    books: Books, reading: Reading, *, basis: str, month: BookedMonth, stands_on: StandsOn
) -> LedgerMonth:
    """Return what the ledger file of a month that is being closed is written from."""
    detail = books.settings.ledger_detail
    summary = month.in_portions or is_summary(detail, month.tally.numbers.entries)
    journal = Journal.empty() if summary else month.journal
    return LedgerMonth(
        month.month.label,
        journal.entries,
        journal.lines,
        lots=concatenate(LOTS, [stands_on.lots, taken_over(reading, basis)]),
        marks=month.marks,
        conversions=month.booking.conversions,
        balances=stands_on.balances,
        summary=summary,
        sums=month.sums if summary else None,
    )


class StandsOn(NamedTuple):
    """LOTS with which a month begins, and BALANCES at its end."""

    lots: pa.Table
    balances: pa.Table


def sealed_ledger(reading: Reading, context: LedgerContext, *, scratch: Path) -> WrittenLedger:
    """Return the ledger of every sealed period: its files as they were sealed.

    They are written anew, to the folder `scratch`, where names have changed since, which one ledger
    cannot hold both.
    """
    closes = reading.closes(context.basis)
    if not closes:
        return WrittenLedger({}, merge_uses([]))
    files = sealed_files(reading, json.loads(closes[-1].seal)["ledger"])
    known = written_ledger(context, files)
    if known is not None:
        return known
    summaries = summaries_of(files[MAIN].read())
    months = sealed_months(reading, context.basis, summaries=summaries)
    return with_months(context, months, before=WrittenLedger({}, merge_uses([])), scratch=scratch)


def sealed_files(reading: Reading, hashes: Mapping[str, str]) -> dict[str, LedgerText]:
    """Return ledger files as they were sealed, by name; only those that frame them are read."""
    lines: dict[str, str] = {}
    if MANIFEST in hashes:
        lines = manifest_lines(reading.raw(hashes[MANIFEST]).decode())
    for name in FRAME:
        if name in hashes:
            reading.raw(hashes[name])  # refuses one that was changed
    return {
        name: LedgerText(reading.raw_path(sha256), sha256, lines.get(name, ""), sealed=True)
        for name, sha256 in hashes.items()
    }


def with_months(
    context: LedgerContext, months: Iterable[LedgerMonth], *, before: WrittenLedger, scratch: Path
) -> WrittenLedger:
    """Return a ledger with the files of further months, written to a folder; see LedgerMonth."""
    files, uses, summaries = dict(before.files), before.uses, list(before.summaries)
    scratch.mkdir(parents=True, exist_ok=True)
    for month in months:
        last = max(summaries, default="")
        through = parse_period(last).end if last else None
        part = month_files(context, replace(month, summarised=through), before=uses)
        for name, content in part.files.items():
            files[name] = write_text(scratch / name, content())
        uses = merge_uses([uses, part.uses])
        summaries += [month.period] if month.summary else []
    return WrittenLedger(files, uses, summaries)


def ledger_texts(
    context: LedgerContext,
    ledger: WrittenLedger,
    *,
    balances: pa.Table,
    through: date,
    scratch: Path,
) -> dict[str, LedgerText]:
    """Return every file of a ledger folder by name: the periods', their frame, and the manifest.

    `balances` are BALANCES on the day `through`, the last that the ledger covers. Files that are
    not in the store yet stand in the folder `scratch`.
    """
    units = context.units
    framed = frame_files(context, ledger.uses, files=ledger.files, summaries=ledger.summaries)
    files = {
        **{name: write_text(scratch / name, [text.encode()]) for name, text in framed.items()},
        **ledger.files,
    }
    manifest = manifest_text(
        files, base=units.base, through=through, balances=_by_account(balances, units)
    )
    return files | {MANIFEST: write_text(scratch / MANIFEST, [manifest.encode()])}


def _by_account(balances: pa.Table, units: Units) -> dict[str, str]:
    """Return the balance of each account in base as exact text, those that are zero left out."""
    codes, first = group_codes([texts(balances, "account")])
    sums = group_sums(codes, numbers(balances, "amount_base"), len(first))
    names = texts(balances, "account")[first]
    decimals = units.decimals_of_base()
    return {
        name: to_text(total, decimals)
        for name, total in zip(names, sums.tolist(), strict=True)
        if total
    }


def write_ledger(folder: Path, files: Mapping[str, LedgerText]) -> list[Path]:
    """Write the ledger files that are new or changed, each whole or not at all, read-only.

    A file that an earlier close sealed is known by its size alone; `verify` reads it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, file in files.items():
        path = folder / name
        if path.is_file() and _is_as_written(path, file):
            continue
        partial_copy = folder / f".{name}.partial"
        _copy(file, partial_copy)
        partial_copy.chmod(0o444)
        partial_copy.replace(path)
        written.append(path)
    return written


_PART = 1 << 20  # bytes that are copied at once


def _copy(file: LedgerText, target: Path) -> None:
    """Copy a ledger file, and refuse with RAW_CHANGED what is not the one that was written."""
    found = hashlib.sha256()
    with file.path.open("rb") as source, target.open("wb") as copy:
        while part := source.read(_PART):
            found.update(part)
            copy.write(part)
        copy.flush()
        os.fsync(copy.fileno())
    if found.hexdigest() != file.sha256:
        target.unlink()
        raise refuse("RAW_CHANGED", "a kept file was changed", file=str(file.path))


def _is_as_written(path: Path, file: LedgerText) -> bool:
    if path.stat().st_size != file.path.stat().st_size:
        return False
    return file.sealed or digest_file(path)[0] == file.sha256
