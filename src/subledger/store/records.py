"""What the control database answers with: batches, segments, seals as typed values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date

import pyarrow as pa

from subledger.columns import ordered
from subledger.errors import Finding
from subledger.store.hashing import canonical_json
from subledger.tables import FACTS, Table

# Written as what is new; all other kinds are written anew, so an empty one replaces a full one.
APPENDED = {"entries", "lines", *FACTS}


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import read: the file, both hashes, and how many rows were new or known."""

    kind: str
    format: str
    file_name: str
    file_size: int
    raw_sha256: str
    content_hash: str
    rows_read: int
    rows_appended: int
    rows_duplicate: int


@dataclass(frozen=True, slots=True)
class Batch:
    """A writing command that was committed; `seq` is its place in the order of knowledge.

    `at` is UTC as ISO 8601 with microseconds; `clock_regressed` says that the clock stood before
    the previous batch and was not believed. `hash` covers all that the batch recorded and the
    batch before it.
    """

    seq: int
    command: str
    arguments: Mapping[str, object]
    actor: str
    at: str
    clock_regressed: bool
    program_version: str
    imported: Imported | None
    notes: tuple[Finding, ...]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of the manifest; `basis` and `period` are "" where a kind has none.

    `first_seq` and `last_seq` are entry numbers, of entries only; `debit` and `credit` are totals
    of lines in base ledger units, both positive. `form` is that of its content hash, None being the
    first. Of facts, `last_day` is the last of all their dates; of trades and settlements,
    `first_id` and `last_id` are the least and greatest trade id. None says that it is not known.
    """

    n: int
    batch: int
    kind: str
    basis: str
    period: str
    path: str
    content_hash: str
    file_sha256: str
    previous: str
    chain: str
    rows: int
    first_seq: int | None
    last_seq: int | None
    schema_version: int
    debit: str | None
    credit: str | None
    form: int | None = None
    last_day: str | None = None
    first_id: str | None = None
    last_id: str | None = None


def newest_of_each(segments: Sequence[Segment]) -> list[Segment]:
    """Return those segments of a kind that the last batch of each period wrote, in order."""
    last = {segment.period: segment.batch for segment in segments}
    return [segment for segment in segments if segment.batch == last[segment.period]]


@dataclass(frozen=True, slots=True)
class Close:
    """A sealed close of one basis; `seal` is the seal's JSON text as it was signed off."""

    basis: str
    n: int
    period: str
    version: int
    batch: int
    knowledge_seq: int
    seal: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class RefusedCommand:
    """A command that was refused and changed nothing, kept for the audit trail."""

    n: int
    at: str
    actor: str
    command: str
    arguments: Mapping[str, object]
    codes: tuple[str, ...]


IMPORTED = tuple(field.name for field in fields(Imported))


def batch_of_row(row: Mapping[str, object]) -> Batch:
    """Return a batch from its row of the control database."""
    imported = {name: row[name] for name in IMPORTED}
    plain = {name: row[name] for name in ("seq", "command", "actor", "at", "program_version")}
    return Batch(
        **plain,  # type: ignore[arg-type]
        arguments=json.loads(str(row["arguments"])),
        clock_regressed=bool(row["clock_regressed"]),
        imported=None if row["kind"] is None else Imported(**imported),  # type: ignore[arg-type]
        notes=tuple(Finding(**note) for note in json.loads(str(row["notes"]))),
        previous=str(row["previous"]),
        hash=str(row["hash"]),
    )


def instrument_of_row(row: Mapping[str, object]) -> dict[str, object]:
    """Return an instrument from its row; before 0002 base_currency stood in `other`."""
    if row["base_currency"] is not None:
        return dict(row)
    other = json.loads(str(row["other"])) if row["other"] else {}
    base_currency = other.pop("base_currency", "")
    return {
        **row,
        "base_currency": base_currency,
        "other": canonical_json(other) if other else "",
    }


def notes_text(findings: Sequence[Finding]) -> str:
    """Return findings as the canonical JSON that a batch keeps."""
    return canonical_json([asdict(finding) for finding in findings])


def rows_of(table: pa.Table) -> list[dict[str, object]]:
    """Return the rows of a declared table as the control database holds them."""
    columns: list[list[object]] = []
    for field in table.schema:
        column = table[field.name]
        if pa.types.is_date32(field.type):
            column = column.cast(pa.string())
        elif pa.types.is_boolean(field.type):
            column = column.cast(pa.int64())
        columns.append(column.to_pylist())
    return [dict(zip(table.column_names, row, strict=True)) for row in zip(*columns, strict=True)]


def table_of(rows: Sequence[Mapping[str, object]], schema: pa.Schema) -> pa.Table:
    """Return rows of the control database as a table of a declared schema."""
    columns = [_column([row[field.name] for row in rows], field) for field in schema]
    return pa.table(columns, schema=schema)


def _column(values: list[object], field: pa.Field) -> pa.Array:
    if pa.types.is_date32(field.type):
        known = [None if value is None else date.fromisoformat(str(value)) for value in values]
        return pa.array(known, field.type)
    if pa.types.is_boolean(field.type):
        return pa.array([bool(value) for value in values], field.type)
    return pa.array(values, field.type)


def in_order(table: pa.Table, declared: Table) -> pa.Table:
    """Return the rows in the declared order; text sorts by code point."""
    return ordered(declared, table)
