"""Import: a file becomes facts, all of it or nothing, and the same facts never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from subledger.columns import days, numbers
from subledger.errors import Finding, Refused, refuse
from subledger.events.context import Context
from subledger.events.identity import Admission, admit
from subledger.events.kinds import KINDS
from subledger.events.reading import Reading as Read
from subledger.importers.arrival import Arrival, arrived
from subledger.importers.canonical import read_file
from subledger.importers.formats import AUTO, format_of
from subledger.importers.in_blocks import read_in_blocks
from subledger.importers.source import Intake
from subledger.numbers import to_text
from subledger.operations.books import Books
from subledger.operations.months import sealed_state
from subledger.store.hashing import content_hash as hashed
from subledger.store.reading import Reading
from subledger.store.records import Batch, Imported
from subledger.store.unit import Unit
from subledger.tables import FACTS


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did: rows read, new and known, and what was noted on the way.

    `batch` is the number of the batch, or that of an earlier one that brought the same file.
    """

    kind: str
    file: str
    rows_read: int
    rows_new: int
    rows_known: int
    batch: int
    duplicate: bool
    notes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file as it arrived: its kind, its name in the books, its bytes or where they are.

    `mapping` gives our column for a source's column; `format` is one of `formats.FORMATS`, or
    `auto`, which goes by the first bytes.
    """

    kind: str
    file: str
    data: bytes | Path
    mapping: Mapping[str, str] | None = None
    format: str = AUTO

    @property
    def arguments(self) -> dict[str, object]:
        """Return what the audit trail says of it."""
        return {"kind": self.kind, "file": self.file}


def import_file(
    books: Books,
    kind: str,
    *,
    path: Path,
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Import a file, in the format of its first bytes; refuse every finding, or take it whole."""
    delivery = delivered(kind, path, mapping=mapping)
    return import_bytes(books, delivery, dry_run=dry_run)


def delivered(
    kind: str, path: Path, *, mapping: Mapping[str, str] | None = None, source_format: str = AUTO
) -> Delivery:
    """Return a file of this machine as a delivery; FILE_UNREADABLE is refused.

    The books name the file as it was given, but never by a path from the root of this machine.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise refuse("FILE_UNREADABLE", str(error.strerror), file=str(path)) from error
    file = path.name if path.is_absolute() else path.as_posix()
    return Delivery(kind, file, path, mapping, source_format)


def import_bytes(books: Books, delivery: Delivery, *, dry_run: bool = False) -> ImportResult:
    """Import a file as it arrived; refuse with every finding, and then do nothing."""
    if delivery.kind not in KINDS:
        raise refuse("UNKNOWN_KIND", f"kinds: {', '.join(KINDS)}", value=delivery.kind)
    with arrived(delivery.data) as arrival:
        return _imported(books, delivery, arrival=arrival, dry_run=dry_run)


def _imported(books: Books, delivery: Delivery, *, arrival: Arrival, dry_run: bool) -> ImportResult:
    kind, file = delivery.kind, delivery.file
    source_format = format_of(arrival.first, delivery.format)
    with books.control.write("import", delivery.arguments, dry_run=dry_run) as unit:
        before = unit.reading.imported(kind, raw_sha256=arrival.sha256)
        if before is not None and not delivery.mapping:
            unit.abandon()
            return _known_already(kind, file, before=before)
        read = _judged(books, unit, delivery=delivery, source_format=source_format, arrival=arrival)
        admission = _admitted(books, unit.reading, delivery=delivery, rows=read.table)
        if before is not None and not admission.rows.num_rows:
            unit.abandon()
            return _known_already(kind, file, before=before)
        # From here the file is taken whole: every row is new, known, or noted.
        notes = (*read.notes, *admission.notes)
        _fix_settings(books, unit, rows=read.table)
        with unit.keeping(delivery.data, arrival.sha256):
            content_hash = _write(unit, kind, rows=admission, read=read)
        unit.imported(
            Imported(
                kind=kind,
                format=source_format,
                file_name=file,
                file_size=arrival.size,
                raw_sha256=arrival.sha256,
                content_hash=content_hash,
                rows_read=read.rows_read,
                rows_appended=admission.rows.num_rows,
                rows_duplicate=admission.duplicates,
            )
        )
        unit.note(notes)
        new, known = admission.rows.num_rows, admission.duplicates
        return ImportResult(
            kind, file, read.rows_read, new, known, unit.seq, duplicate=False, notes=notes
        )


def _judged(
    books: Books, unit: Unit, *, delivery: Delivery, source_format: str, arrival: Arrival
) -> Read:
    """Return the file as read, and refuse all that is wrong with it."""
    context = _context(books, unit, kind=delivery.kind)
    intake = Intake(
        file=delivery.file,
        kind=delivery.kind,
        format=source_format,
        limits=context.limits,
        rounding=books.settings.intake.get(source_format, {}),
    )
    mapping = delivery.mapping
    read = read_in_blocks(arrival.content, intake, context=context, mapping=mapping)
    if read is None:
        # Held by nothing else, so that the bytes are given up when the rows are made of them.
        read = read_file(arrival.whole(), intake, context=context, mapping=mapping)
    arrival.require_unchanged()
    if read.findings:
        raise Refused(read.findings)
    return read


def _admitted(books: Books, reading: Reading, *, delivery: Delivery, rows: pa.Table) -> Admission:
    """Return which rows are news, and refuse those that contradict what is known or sealed."""
    kind, file = delivery.kind, delivery.file
    admission = admit(kind, rows, known=_known(kind, reading), file=file)
    sealed = _sealed(books, reading, kind=kind, rows=admission.rows, file=file)
    if findings := [*admission.findings, *sealed]:
        raise Refused(findings)
    return admission


def _known_already(kind: str, file: str, *, before: Batch) -> ImportResult:
    """Return what importing a file again did: nothing."""
    rows = before.imported.rows_read if before.imported else 0
    return ImportResult(kind, file, rows, 0, rows, before.seq, duplicate=True, notes=())


def _fix_settings(books: Books, unit: Unit, *, rows: pa.Table) -> None:
    """Fix for good whose books these are, and the decimals in which amounts are now held."""
    settings = books.settings
    unit.fix("entity", settings.entity)
    unit.fix("base", settings.base)
    named = {settings.base}
    for column in ("currency", "base_currency", "fee_currency", "settlement_currency"):
        if column in rows.column_names:
            named |= set(rows[column].unique().to_pylist())
    for name in sorted(named & settings.currencies.keys()):
        unit.fix(f"decimals.{name}", str(settings.currencies[name]))


def _context(books: Books, unit: Unit, *, kind: str) -> Context:
    """Return what rows of a kind are judged against; what no row of it asks for is not read."""
    reading = unit.reading
    context = Context(
        base_currency=books.settings.base,
        decimals=books.settings.currencies,
        instruments=reading.instruments(),
        bases=tuple(books.settings.bases),
        tolerance=books.settings.tolerances["gross"],
        batch=unit.seq,
    )
    if kind == "settlements":
        trades, settlements = reading.facts("trades"), reading.facts("settlements")
        return replace(context, trades=trades, settlements=settlements)
    if kind in ("journals", "opening_balances"):
        return replace(context, accounts=books.chart.accounts)
    return context


def _known(kind: str, reading: Reading) -> dict[str, pa.Table]:
    """Return the facts against which rows of a kind are compared."""
    if kind == "instruments":
        return {kind: reading.instruments()}
    if kind == "prices":
        return {kind: reading.prices()}
    if kind == "rates":
        return {kind: reading.rates()}
    needed = {kind, "trades", "settlements"} if kind in ("trades", "settlements") else {kind}
    return {name: reading.facts(name) for name in sorted(needed)}


_OBSERVED = {
    "prices": ("PRICE_SEALED", "price", ("instrument",)),
    "rates": ("RATE_SEALED", "rate", ("base", "quote")),
}


def _sealed(
    books: Books, reading: Reading, *, kind: str, rows: pa.Table, file: str
) -> list[Finding]:
    """Return a finding for each price or rate that corrects one which a close has sealed.

    A basis at cost takes no prices; every basis translates, whatever its valuation.
    """
    if kind not in _OBSERVED or not rows.num_rows:
        return []
    code, column, names = _OBSERVED[kind]
    through = [
        sealed.through
        for policy in books.policies()
        if (kind == "rates" or policy.valuation != "cost")
        and (sealed := sealed_state(reading, policy.name)).through is not None
    ]
    if not through:
        return []
    last = np.datetime64(max(day for day in through if day is not None))
    corrected = (numbers(rows, "version") > 1) & (days(rows, "date") <= last)
    return [
        Finding(
            code,
            f"the {column} of {'/'.join(row[name] for name in names)} on {row['date']} "
            "was sealed by a close",
            file=file,
            row=row["row"],
            column=column,
            value=to_text(row[f"{column}_mantissa"], row[f"{column}_scale"]),
        )
        for row in rows.filter(pa.array(corrected)).to_pylist()
    ]


def _write(unit: Unit, kind: str, *, rows: Admission, read: Read) -> str:
    """Record what is new; return the hash of the content of the whole file."""
    if kind in FACTS:
        segment = unit.add_facts(kind, rows.rows)
        if segment and rows.rows is read.table:
            return segment.content_hash  # all of it is new, and was hashed as it was sealed
    elif kind == "instruments":
        unit.add_instruments(rows.rows)
    elif kind == "rates":
        unit.add_rates(rows.rows)
    else:
        unit.add_prices(rows.rows)
    return hashed(read.table, KINDS[kind].table)
