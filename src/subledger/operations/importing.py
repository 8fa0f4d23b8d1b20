"""Import: a file becomes facts, all of it or nothing, and the same facts never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from subledger.importers.canonical import read_file
from subledger.importers.formats import AUTO, format_of
from subledger.importers.source import Intake
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
    """A file as it arrived: its kind, its name in the books, its bytes.

    `mapping` gives our column for a source's column; `format` is one of `formats.FORMATS`, or
    `auto`, which goes by the first bytes.
    """

    kind: str
    file: str
    data: bytes
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
        data = path.read_bytes()
    except OSError as error:
        raise refuse("FILE_UNREADABLE", str(error.strerror), file=str(path)) from error
    file = path.name if path.is_absolute() else path.as_posix()
    return Delivery(kind, file, data, mapping, source_format)


def import_bytes(books: Books, delivery: Delivery, *, dry_run: bool = False) -> ImportResult:
    """Import a file as it arrived; refuse with every finding, and then do nothing."""
    if delivery.kind not in KINDS:
        raise refuse("UNKNOWN_KIND", f"kinds: {', '.join(KINDS)}", value=delivery.kind)
    kind, file, data = delivery.kind, delivery.file, delivery.data
    source_format = format_of(data, delivery.format)
    digest = sha256(data).hexdigest()
    with books.control.write("import", delivery.arguments, dry_run=dry_run) as unit:
        before = unit.reading.imported(kind, raw_sha256=digest)
        if before is not None and not delivery.mapping:
            unit.abandon()
            return _known_already(kind, file, before=before)
        context = _context(books, unit)
        intake = Intake(
            file=file,
            kind=kind,
            format=source_format,
            limits=context.limits,
            rounding=books.settings.intake.get(source_format, {}),
        )
        read = read_file(data, intake, context=context, mapping=delivery.mapping)
        if read.findings:
            raise Refused(read.findings)
        known = _known(kind, unit.reading)
        admission = admit(kind, read.table, known=known, file=file)
        sealed = _sealed(books, unit.reading, kind=kind, rows=admission.rows, file=file)
        if findings := [*admission.findings, *sealed]:
            raise Refused(findings)
        if before is not None and not admission.rows.num_rows:
            unit.abandon()
            return _known_already(kind, file, before=before)
        # From here the file is taken whole: every row is new, known, or noted.
        notes = (*read.notes, *admission.notes)
        _fix_settings(books, unit, rows=read.table)
        _write(unit, replace(delivery, format=source_format), rows=admission, read=read)
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
    for column in ("currency", "base_currency", "fee_currency", "settlement_currency"):
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


def _write(unit: Unit, delivery: Delivery, *, rows: Admission, read: Read) -> None:
    kind = delivery.kind
    unit.imported(
        Imported(
            kind=kind,
            format=delivery.format,
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
    elif kind == "rates":
        unit.add_rates(rows.rows)
    else:
        unit.add_prices(rows.rows)
