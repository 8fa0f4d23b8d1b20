"""What the store knows as at a batch: facts, journal segments, prices, closes, exceptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
from sqlalchemy import Connection, Select, Table, func, select
from sqlalchemy.sql import ColumnElement

from subledger import tables
from subledger.columns import concatenate
from subledger.errors import refuse
from subledger.store import schema
from subledger.store.files import RAW, read_raw
from subledger.store.hashing import GENESIS, content_hash, hash_of_parts, sha256
from subledger.store.records import (
    APPENDED,
    Batch,
    Close,
    RefusedCommand,
    Segment,
    batch_of_row,
    in_order,
    instrument_of_row,
    newest_of_each,
    table_of,
)
from subledger.store.segments import read_segment, segment_bytes

Row: TypeAlias = dict[str, Any]
Query: TypeAlias = Callable[[Select[Any]], Sequence[Row]]

EXCEPTION_STATES = pa.schema(
    [
        *tables.EXCEPTIONS.schema,
        tables.text("status", "open, waived, swept or fixed"),
        tables.text("reason"),
        tables.maybe_day("swept_to", "first day of the period it was swept to"),
    ]
)


def rows_found(connection: Connection, query: Select[Any]) -> list[Row]:
    """Return the rows of a query by the names of their columns."""
    result = connection.execute(query)
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]


# A segment cannot change while it is read from; a small one is read once per command.
_KEPT_ROWS = 20_000


class Reading:
    """The store as at a batch: everything that batches up to `as_at` recorded, and nothing more.

    Tables only grow, so the same batch gives the same answers at any later time. Files are
    checked against the manifest whenever they are read (SEGMENT_MISSING, SEGMENT_CHANGED).
    """

    def __init__(
        self,
        query: Query,
        store: Path,
        *,
        as_at: int | None = None,
        pending: Mapping[str, pa.Table] | None = None,
    ) -> None:
        self._query = query
        self._store = store
        self._pending = pending or {}  # what a dry run would have sealed, by path
        self._kept: dict[str, pa.Table] = {}  # small segments as they were read, by path
        last = query(select(func.max(schema.BATCH.c.seq).label("last")))[0]["last"] or 0
        if as_at is not None and not 0 <= as_at <= last:
            raise refuse("UNKNOWN_BATCH", f"the last batch is {last}", value=str(as_at))
        self.as_at: int = last if as_at is None else as_at

    def _known(self, table: Table, *where: ColumnElement[bool]) -> Sequence[Row]:
        known = schema.known_in(table) <= self.as_at
        return self._query(select(table).where(known, *where).order_by(*table.primary_key))

    def batches(self) -> list[Batch]:
        """Return the committed commands, oldest first."""
        table = schema.BATCH
        query = select(table).where(table.c.seq <= self.as_at).order_by(table.c.seq)
        return [batch_of_row(row) for row in self._query(query)]

    def batch(self, seq: int) -> Batch:
        """Return one committed command; refuse with UNKNOWN_BATCH."""
        table = schema.BATCH
        found = self._query(select(table).where(table.c.seq == seq, table.c.seq <= self.as_at))
        if not found:
            raise refuse("UNKNOWN_BATCH", f"the last batch is {self.as_at}", value=str(seq))
        return batch_of_row(found[0])

    def head(self) -> str:
        """Return the hash of the last batch, which covers everything recorded up to it."""
        return self.batch(self.as_at).hash if self.as_at else GENESIS

    def imported(self, kind: str, *, raw_sha256: str = "", content_hash: str = "") -> Batch | None:
        """Return the first batch that imported these bytes, or else this content, None if none."""
        table = schema.BATCH
        keys = ((table.c.raw_sha256, raw_sha256), (table.c.content_hash, content_hash))
        for column, value in keys:
            query = select(table).where(
                table.c.kind == kind, column == value, table.c.seq <= self.as_at
            )
            if value and (found := self._query(query.order_by(table.c.seq).limit(1))):
                return batch_of_row(found[0])
        return None

    def refused_commands(self) -> list[RefusedCommand]:
        """Return the commands that were refused, oldest first; they have no batch."""
        rows = self._query(select(schema.REFUSED_COMMAND).order_by(schema.REFUSED_COMMAND.c.n))
        return [
            RefusedCommand(
                **{name: row[name] for name in ("n", "at", "actor", "command")},
                arguments=json.loads(row["arguments"]),
                codes=tuple(json.loads(row["codes"])),
            )
            for row in rows
        ]

    def fixed(self) -> dict[str, str]:
        """Return the settings that were fixed at first posting."""
        return {row["key"]: row["value"] for row in self._known(schema.FIXED_SETTING)}

    def segments(
        self, kind: str, basis: str | None = None, *, period: str | None = None
    ) -> list[Segment]:
        """Return the manifest's segments of a kind, oldest first; None means any."""
        columns = schema.SEGMENT.c
        where = [columns.kind == kind]
        where += [] if basis is None else [columns.basis == basis]
        where += [] if period is None else [columns.period == period]
        return [Segment(**row) for row in self._known(schema.SEGMENT, *where)]

    def all_segments(self) -> list[Segment]:
        """Return the whole manifest, oldest first."""
        return [Segment(**row) for row in self._known(schema.SEGMENT)]

    def read(
        self, declared: tables.Table, segment: Segment, *, columns: Collection[str] | None = None
    ) -> pa.Table:
        """Return the rows of a segment, or some columns of them, checked against the manifest."""
        held = self._pending if segment.path in self._pending else self._kept
        if (kept := held.get(segment.path)) is not None:
            wanted = [name for name in kept.column_names if columns is None or name in columns]
            return kept.select(wanted)
        table = read_segment(
            self._store,
            declared,
            path=segment.path,
            file_sha256=segment.file_sha256,
            columns=columns,
        )
        if columns is None and table.num_rows <= _KEPT_ROWS:
            self._kept[segment.path] = table
        return table

    def sealed_bytes(self, segment: Segment) -> bytes:
        """Return the bytes of a segment's file, checked against the manifest."""
        data = segment_bytes(self._store, segment.path)
        if sha256(data) != segment.file_sha256:
            message = "the file's SHA-256 is not the manifest's"
            raise refuse("SEGMENT_CHANGED", message, file=segment.path)
        return data

    def raw(self, sha256: str) -> bytes:
        """Return the bytes that are kept under a SHA-256: an imported file, or a ledger file."""
        return read_raw(self._store, sha256)

    def raw_path(self, sha256: str) -> Path:
        """Return where the bytes that are kept under a SHA-256 stand; `raw` checks them."""
        return self._store / RAW / sha256

    def facts(self, kind: str) -> pa.Table:
        """Return the facts of a kind in the order in which they became known (tables.FACTS)."""
        return self.rows(tables.FACTS[kind], basis="")

    def rows(
        self,
        declared: tables.Table,
        *,
        basis: str,
        period: str | None = None,
        columns: Collection[str] | None = None,
    ) -> pa.Table:
        """Return the rows of every segment of an appended table (entries, lines, facts).

        `columns` limits what is read to some of the declared columns.
        """
        found = self.segments(declared.name, basis, period=period)
        parts = [self.read(declared, segment, columns=columns) for segment in found]
        filled = [part for part in parts if part.num_rows]
        if len(filled) == 1:
            return filled[0]
        names = declared.schema.names
        wanted = [name for name in names if columns is None or name in columns]
        schema = pa.schema([declared.schema.field(name) for name in wanted])
        return concatenate(replace(declared, schema=schema), filled)

    def latest(self, declared: tables.Table, *, basis: str, period: str = "") -> pa.Table | None:
        """Return a table that is written anew each time (lots, reliefs) as it was last written.

        None means that it was never written for that basis and period.
        """
        found = self.newest(declared.name, basis, period=period)
        if not found:
            return None
        parts = [self.read(declared, segment) for segment in found]
        return parts[0] if len(parts) == 1 else concatenate(declared, parts)

    def content_of(self, declared: tables.Table, *, basis: str, period: str) -> str:
        """Return the hash of a table as it stands: of all rows where rows are appended to it."""
        if declared.name in APPENDED:
            found = self.segments(declared.name, basis, period=period)
        else:
            found = self.newest(declared.name, basis, period=period)
        if not found:
            return content_hash(declared.empty(), declared)
        return hash_of_parts([segment.content_hash for segment in found])

    def newest(self, kind: str, basis: str, *, period: str = "") -> list[Segment]:
        """Return the segments of a kind that were written last: all of one batch, in order."""
        return newest_of_each(self.segments(kind, basis, period=period))

    def periods(self, kind: str, basis: str) -> list[str]:
        """Return the periods for which a basis has segments of a kind, in order."""
        return sorted({segment.period for segment in self.segments(kind, basis)})

    def instruments(self) -> pa.Table:
        """Return the latest version of every instrument (tables.INSTRUMENTS)."""
        rows = sorted(
            self._known(schema.INSTRUMENT_VERSION), key=lambda row: (row["batch"], row["row"])
        )
        latest = {row["instrument"]: instrument_of_row(row) for row in rows}
        table = table_of(list(latest.values()), tables.INSTRUMENTS.schema)
        return in_order(table, tables.INSTRUMENTS)

    def prices(self) -> pa.Table:
        """Return the latest version of every date's and instrument's price (tables.PRICES)."""
        known = sorted(self._known(schema.PRICE), key=lambda row: row["version"])
        latest = {(row["date"], row["instrument"]): row for row in known}
        return in_order(table_of(list(latest.values()), tables.PRICES.schema), tables.PRICES)

    def rates(self) -> pa.Table:
        """Return the latest version of every rate of a date and two currencies (tables.RATES)."""
        known = sorted(self._known(schema.RATE), key=lambda row: row["version"])
        latest = {(row["date"], row["base"], row["quote"]): row for row in known}
        return in_order(table_of(list(latest.values()), tables.RATES.schema), tables.RATES)

    def closes(self, basis: str | None = None) -> list[Close]:
        """Return the seals of a basis (None: of all), oldest first."""
        where = [] if basis is None else [schema.CLOSE_SEAL.c.basis == basis]
        rows = self._known(schema.CLOSE_SEAL, *where)
        return [Close(**row) for row in sorted(rows, key=lambda row: (row["batch"], row["basis"]))]

    def booked_month(self, basis: str, period: str) -> Row | None:
        """Return what a month was last booked from and what came out, None if never."""
        table = schema.BOOKED_MONTH
        rows = self._known(table, table.c.basis == basis, table.c.period == period)
        return rows[-1] if rows else None

    def mark_dates(self, basis: str) -> list[date]:
        """Return the dates on which a basis was marked, in order."""
        rows = self._known(schema.MARK_RUN, schema.MARK_RUN.c.basis == basis)
        return sorted({date.fromisoformat(row["mark_date"]) for row in rows})

    def chart(self, hash_: str) -> dict[str, bytes]:
        """Return the files of a chart by name, as `load_chart` takes them; {} if not known."""
        rows = self._known(schema.CHART_VERSION, schema.CHART_VERSION.c.hash == hash_)
        files = json.loads(rows[0]["files"]) if rows else {}
        return {name: content.encode() for name, content in files.items()}

    def postings(self, basis: str) -> list[tuple[int, str]]:
        """Return each batch that posted for a basis and the hash of the chart it used."""
        rows = self._known(schema.POSTING, schema.POSTING.c.basis == basis)
        return [(row["batch"], row["chart"]) for row in rows]

    def exceptions(self, basis: str | None = None) -> pa.Table:
        """Return exceptions with their present status (schema EXCEPTION_STATES), sorted.

        `status` is that of the last event known; a basis of None means every basis.
        """
        where = [] if basis is None else [schema.EXCEPTION.c.basis == basis]
        known = sorted(self._known(schema.EXCEPTION, *where), key=lambda row: row["recorded"])
        rows = {row["exception_id"]: dict(row) for row in known}
        events = sorted(self._known(schema.EXCEPTION_EVENT), key=lambda row: row["n"])
        for event in events:
            if event["exception_id"] in rows:
                rows[event["exception_id"]] |= {
                    name: event[name] for name in ("status", "reason", "swept_to")
                }
        return in_order(table_of(list(rows.values()), EXCEPTION_STATES), tables.EXCEPTIONS)
