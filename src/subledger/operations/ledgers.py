"""The ledger files of a basis: text of sealed periods, written by a close, read-only then."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from subledger.booking.carrying import opened_from
from subledger.columns import concatenate, group_codes, numbers, texts
from subledger.exports.beancount import month_files
from subledger.exports.beancount_frame import frame_files
from subledger.exports.beancount_input import SOURCES, LedgerContext, LedgerMonth
from subledger.exports.beancount_reuse import WrittenLedger, written_ledger
from subledger.exports.beancount_seal import MANIFEST, manifest_text
from subledger.exports.beancount_uses import merge_uses
from subledger.numbers import group_sums, to_text
from subledger.operations.balances import state_on
from subledger.operations.books import Books
from subledger.operations.months import BookedMonth, month_journal
from subledger.periods import parse_period
from subledger.statements.report import Units
from subledger.store.reading import Reading
from subledger.tables import BALANCES, CONVERSIONS, LOTS, MARKS

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
        event_sources(reading),
    )


def event_sources(reading: Reading) -> pa.Table:
    """Return SOURCES: the file and row that each event came from, by event id and version."""
    files = {batch.seq: batch.imported.file_name for batch in reading.batches() if batch.imported}
    parts = []
    for kind, column in _SOURCE_COLUMNS.items():
        facts = reading.facts(kind)
        ones = pa.repeat(pa.scalar(1, pa.int64()), facts.num_rows)
        version = facts["version"] if "version" in facts.column_names else ones
        names = pa.array([files.get(seq, "") for seq in facts["batch"].to_pylist()], pa.string())
        parts.append(
            pa.Table.from_arrays(
                [facts[column], version, names, facts["row"]], schema=SOURCES.schema
            )
        )
    return pa.concat_tables(parts)


def sealed_months(reading: Reading, basis: str) -> list[LedgerMonth]:
    """Return what the ledger files of every sealed period are written from, in order."""
    return [
        _sealed_month(reading, basis, label=label)
        for close in reading.closes(basis)
        for label in sealed_labels(reading, basis, period=close.period)
    ]


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
    reading: Reading, basis: str, *, month: BookedMonth, balances: pa.Table, lots: pa.Table
) -> LedgerMonth:
    """Return what the ledger file of a month that is being closed is written from."""
    return LedgerMonth(
        month.month.label,
        month.journal.entries,
        month.journal.lines,
        lots=concatenate(LOTS, [lots, taken_over(reading, basis)]),
        marks=month.marks,
        conversions=month.booking.conversions,
        balances=balances,
    )


def sealed_ledger(reading: Reading, context: LedgerContext) -> WrittenLedger:
    """Return the ledger of every sealed period: its files as they were sealed.

    They are written anew where names have changed since, which one ledger cannot hold both.
    """
    closes = reading.closes(context.basis)
    if not closes:
        return WrittenLedger({}, merge_uses([]))
    hashes = json.loads(closes[-1].seal)["ledger"]
    texts_of = {name: reading.raw(sha).decode() for name, sha in hashes.items()}
    known = written_ledger(context, texts_of)
    if known is not None:
        return known
    return _with_months(context, sealed_months(reading, context.basis), uses=merge_uses([]))


def _with_months(
    context: LedgerContext, months: Iterable[LedgerMonth], *, uses: pa.Table
) -> WrittenLedger:
    """Return the files of months and USES after them; `uses` is USES before them."""
    files: dict[str, str] = {}
    for month in months:
        part = month_files(context, month, before=uses)
        files |= part.files
        uses = merge_uses([uses, part.uses])
    return WrittenLedger(files, uses)


def ledger_texts(
    context: LedgerContext,
    months: Iterable[LedgerMonth],
    *,
    before: WrittenLedger,
    balances: pa.Table,
    through: date,
) -> dict[str, str]:
    """Return every file of a ledger folder by name: the periods', their frame, and the manifest.

    `before` is the ledger of earlier periods. `balances` are BALANCES on the day `through`, the
    last that the ledger covers.
    """
    added = _with_months(context, months, uses=before.uses)
    texts_of = {**before.files, **added.files}
    texts_of = frame_files(context, added.uses, files=texts_of) | texts_of
    units = context.units
    manifest = manifest_text(
        texts_of, base=units.base, through=through, balances=_by_account(balances, units)
    )
    return texts_of | {MANIFEST: manifest}


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


def write_ledger(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the ledger files that are new or changed, each whole or not at all, read-only."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files.items():
        path, content = folder / name, text.encode()
        if path.is_file() and path.read_bytes() == content:
            continue
        partial = folder / f".{name}.partial"
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o444)
        partial.replace(path)
        written.append(path)
    return written
