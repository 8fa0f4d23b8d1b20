"""Import: a file becomes facts, all of it or nothing, and the same facts never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa

from subledger.columns import days, numbers
from subledger.errors import Finding, Refused, refuse
from subledger.events.context import Context
from subledger.events.identity import Admission, admit
from subledger.events.kinds import KINDS
from subledger.events.reading import Reading as Read
from subledger.importers.canonical import read_canonical
from subledger.numbers import to_text
from subledger.operations.books import Books
from subledger.operations.months import sealed_state
from subledger.store.hashing import content_hash
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
    """A canonical CSV file as it arrived: its kind, its name in the books, its bytes.

    `mapping` gives our column for a source's column.
    """

    kind: str
    file: str
    data: bytes
    mapping: Mapping[str, str] | None = None

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
    """Import a canonical CSV file; refuse with every finding of the file, and then do nothing.

    The books name the file as it was given, but never by a path from the root of this machine.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise refuse("FILE_UNREADABLE", str(error.strerror), file=str(path)) from error
    file = path.name if path.is_absolute() else path.as_posix()
    return import_bytes(books, Delivery(kind, file, data, mapping), dry_run=dry_run)


def import_bytes(books: Books, delivery: Delivery, *, dry_run: bool = False) -> ImportResult:
    """Import a file as it arrived; refuse with every finding, and then do nothing."""
    if delivery.kind not in KINDS:
        raise refuse("UNKNOWN_KIND", f"kinds: {', '.join(KINDS)}", value=delivery.kind)
    kind, file, data = delivery.kind, delivery.file, delivery.data
    digest = sha256(data).hexdigest()
    with books.control.write("import", delivery.arguments, dry_run=dry_run) as unit:
        before = unit.reading.imported(kind, raw_sha256=digest)
        if before is not None and not delivery.mapping:
            unit.abandon()
            return _known_already(kind, file, before=before)
        context = _context(books, unit)
        read = read_canonical(kind, data, file=file, context=context, mapping=delivery.mapping)
        if read.findings:
            raise Refused(read.findings)
        known = _known(kind, unit.reading)
        admission = admit(kind, read.table, known=known, file=file)
        sealed = _sealed_prices(
            books, unit.reading, rows=admission.rows if kind == "prices" else None, file=file
        )
        if findings := [*admission.findings, *sealed]:
            raise Refused(findings)
        if before is not None and not admission.rows.num_rows:
            unit.abandon()
            return _known_already(kind, file, before=before)
        # From here the file is taken whole: every row is new, known, or noted.
        notes = (*read.notes, *admission.notes)
        _fix_settings(books, unit, rows=read.table)
        _write(unit, delivery, rows=admission, read=read)
        unit.note(notes)
        return ImportResult(
            kind,
            file,
            read.rows_read,
            admission.rows.num_rows,
            admission.duplicates,
            unit.seq,
            duplicate=False,
            notes=notes,
        )


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
    for column in ("currency", "fee_currency", "settlement_currency"):
        if column in rows.column_names:
            named |= set(rows[column].unique().to_pylist())
    for name in sorted(named & settings.currencies.keys()):
        unit.fix(f"decimals.{name}", str(settings.currencies[name]))


def _context(books: Books, unit: Unit) -> Context:
    reading = unit.reading
    return Context(
        base_currency=books.settings.base,
        decimals=books.settings.currencies,
        instruments=reading.instruments(),
        accounts=books.chart.accounts,
        trades=reading.facts("trades"),
        settlements=reading.facts("settlements"),
        bases=tuple(books.settings.bases),
        tolerance=books.settings.tolerances["gross"],
        batch=unit.seq,
    )


def _known(kind: str, reading: Reading) -> dict[str, pa.Table]:
    """Return the facts against which rows of a kind are compared."""
    if kind == "instruments":
        return {kind: reading.instruments()}
    if kind == "prices":
        return {kind: reading.prices()}
    needed = {kind, "trades", "settlements"} if kind in ("trades", "settlements") else {kind}
    return {name: reading.facts(name) for name in sorted(needed)}


def _sealed_prices(
    books: Books, reading: Reading, *, rows: pa.Table | None, file: str
) -> list[Finding]:
    """Return a finding for each row of PRICES that corrects a price which a close has sealed."""
    if rows is None or not rows.num_rows:
        return []
    through = [
        sealed.through
        for policy in books.policies()
        if policy.valuation != "cost"
        and (sealed := sealed_state(reading, policy.name)).through is not None
    ]
    if not through:
        return []
    last = np.datetime64(max(day for day in through if day is not None))
    corrected = (numbers(rows, "version") > 1) & (days(rows, "date") <= last)
    return [
        Finding(
            "PRICE_SEALED",
            f"the price of {row['instrument']} on {row['date']} was sealed by a close",
            file=file,
            row=row["row"],
            column="price",
            value=to_text(row["price_mantissa"], row["price_scale"]),
        )
        for row in rows.filter(pa.array(corrected)).to_pylist()
    ]


def _write(unit: Unit, delivery: Delivery, *, rows: Admission, read: Read) -> None:
    kind = delivery.kind
    unit.imported(
        Imported(
            kind=kind,
            format="csv",
            file_name=delivery.file,
            file_size=len(delivery.data),
            raw_sha256=unit.raw(delivery.data),
            content_hash=content_hash(read.table, KINDS[kind].table),
            rows_read=read.rows_read,
            rows_appended=rows.rows.num_rows,
            rows_duplicate=rows.duplicates,
        )
    )
    if kind in FACTS:
        unit.add_facts(kind, rows.rows)
    elif kind == "instruments":
        unit.add_instruments(rows.rows)
    else:
        unit.add_prices(rows.rows)
