"""The unit of work: what one command records, in one transaction, or not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, Select, Table, func, insert, select

from subledger import tables
from subledger.errors import Finding, InvariantError, refuse
from subledger.store import schema
from subledger.store.adding import Folder, Sealed, Sealing, ToSeal
from subledger.store.files import put_raw, put_raw_file
from subledger.store.hashing import (
    FORM,
    GENESIS,
    batch_hash,
    canonical_json,
    next_in_chain,
    rows_form,
    seal_hash,
    sha256,
)
from subledger.store.reading import Reading, Row, rows_found
from subledger.store.records import Close, Imported, Segment, notes_text, rows_of
from subledger.store.versions import conform, schema_version


@dataclass(frozen=True, slots=True)
class Command:
    """Who runs what, when: `at` is UTC text that is later than every batch before."""

    name: str
    arguments: Mapping[str, object]
    actor: str
    at: str
    clock_regressed: bool
    program_version: str


class Unit:
    """One command's writes under the write lock; `seq` is the batch they will be.

    `reading` answers as at the batch before, under the lock, so what it says cannot change before
    the commit. Leaving the `with` block commits; anything raised inside undoes everything.
    """

    def __init__(
        self, connection: Connection, store: Path, *, command: Command, dry_run: bool
    ) -> None:
        self._connection = connection
        self._store = store
        self._command = command
        self._dry_run = dry_run
        self._imported: Imported | None = None
        self._notes: list[Finding] = []
        self._pending: dict[str, pa.Table] = {}
        self._begun: list[Sealing] = []
        self.abandoned = dry_run
        self.reading = Reading(self._rows, store)
        self.seq: int = self.reading.as_at + 1

    def _rows(self, query: Select[Any]) -> Sequence[Row]:
        return rows_found(self._connection, query)

    def _insert(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            self._connection.execute(insert(table), [dict(row) for row in rows])

    @property
    def so_far(self) -> Reading:
        """Return a reading that also sees what this unit has recorded up to now."""
        reading = Reading(self._rows, self._store, pending=self._pending)
        reading.as_at = self.seq
        return reading

    def abandon(self) -> None:
        """Undo everything at the end of the block without raising: the command changes nothing."""
        self.abandoned = True

    def imported(self, imported: Imported) -> None:
        """State what this import read; it stands with the batch."""
        self._imported = imported

    def note(self, findings: Collection[Finding]) -> None:
        """Keep findings that did not stop the command with the batch."""
        self._notes.extend(findings)

    def raw_file(self, path: Path, name: str) -> None:
        """Keep a copy of a file whose SHA-256 is known, as `raw` does."""
        if self._dry_run:
            return
        put_raw_file(self._store, path, name=name)
        self._know_raw(name, path.stat().st_size)

    def raw(self, content: bytes) -> str:
        """Keep the bytes of an imported file; return their SHA-256, under which they stand."""
        with self.keeping(content, sha256(content)) as name:
            return name

    @contextmanager
    def keeping(self, content: bytes | Path, name: str) -> Iterator[str]:
        """Keep an imported file, whose SHA-256 is known, while the block runs."""
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        if self._dry_run:
            yield name
            return
        with ThreadPoolExecutor(1) as thread:
            kept = thread.submit(put_raw, self._store, content, name=name)
            yield name
            kept.result()
        self._know_raw(name, size)

    def _know_raw(self, name: str, size: int) -> None:
        known = select(schema.RAW_FILE.c.sha256).where(schema.RAW_FILE.c.sha256 == name)
        if not self._rows(known):
            self._insert(schema.RAW_FILE, [{"sha256": name, "size": size, "batch": self.seq}])

    def fix(self, key: str, value: str) -> None:
        """Fix a setting for good; refuse with SETTING_FIXED when it was fixed otherwise."""
        table = schema.FIXED_SETTING
        found = self._rows(select(table.c.value).where(table.c.key == key))
        if not found:
            self._insert(table, [{"key": key, "value": value, "batch": self.seq}])
        elif found[0]["value"] != value:
            was = found[0]["value"]
            raise refuse("SETTING_FIXED", f"it was fixed as {was}", column=key, value=value)

    def add_facts(self, kind: str, table: pa.Table) -> Segment | None:
        """Append imported rows of a kind of tables.FACTS; each `batch` must be this one."""
        self._require_own(table)
        return self.add_segment(tables.FACTS[kind], table, basis="")

    def _require_own(self, table: pa.Table) -> None:
        if table.num_rows and table["batch"].unique().to_pylist() != [self.seq]:
            raise InvariantError(f"rows of another batch than {self.seq}")

    def add_segment(
        self, declared: tables.Table, table: pa.Table, *, basis: str, period: str = ""
    ) -> Segment | None:
        """Seal a table as the next segment of its kind; return None when that adds nothing.

        Nothing is added when the newest segment of the kind, basis and period has the same
        content, and when an appended table (entries, lines, facts) has no rows. Entries must
        continue the basis's numbers; lines must sum to zero in base.
        """
        return self.add_segments([(declared, table)], basis=basis, period=period)[0]

    def add_segments(
        self,
        parts: Sequence[tuple[tables.Table, pa.Table]],
        *,
        basis: str,
        period: str = "",
        begun: Sealing | None = None,
    ) -> list[Segment | None]:
        """Seal tables of different kinds as `add_segment` does, each hashed once, two at a time.

        Returns the segment of each that added anything. `begun` is what `begin_segments` returned
        for the same tables.
        """
        sealing = begun or self.begin_segments(parts, basis=basis, period=period)
        found = sealing.result()
        self._begun.remove(sealing)
        self._pending |= {
            one.file.path: one.table for one in found if one.file and one.table is not None
        }
        return [self._listed(one, basis=basis, period=period) for one in found]

    def begin_segments(
        self,
        parts: Sequence[tuple[tables.Table, pa.Table]],
        *,
        basis: str,
        period: str = "",
        portion: int | None = None,
    ) -> Sealing:
        """Begin to seal tables that `add_segments` will add; what is never added does not exist.

        `portion` numbers, from 0, those that together make a period's tables in this batch.
        """
        wanted = [
            ToSeal(
                declared,
                table,
                self._last(declared.name, basis=basis, period=period) if not portion else None,
                may_repeat=portion is None,
            )
            for declared, table in parts
        ]
        place = Folder(self._store, basis, period, self.seq, dry_run=self._dry_run)
        # While portions are written the next one is booked, which leaves one processor for it.
        threads = {} if portion is None else {"threads": 1}
        self._begun.append(Sealing(place, wanted, **threads))
        return self._begun[-1]

    def rest(self) -> None:
        """Wait until nothing that was begun is being written."""
        for sealing in self._begun:
            sealing.wait()

    def _last(self, kind: str, *, basis: str, period: str) -> Row | None:
        """Return the row of the newest segment of a kind, basis and period."""
        same = [row for row in self._segments_of(kind, basis) if row["period"] == period]
        return same[-1] if same else None

    def _listed(self, sealed: Sealed, *, basis: str, period: str) -> Segment | None:
        """Add the row of a segment that was sealed to the manifest."""
        if sealed.file is None:
            return None
        declared = sealed.declared
        before = self._segments_of(declared.name, basis)
        previous = before[-1]["chain"] if before else GENESIS
        row = asdict(sealed.file) | sealed.facts
        row |= {
            "n": self._next(schema.SEGMENT.c.n),
            "batch": self.seq,
            "kind": declared.name,
            "basis": basis,
            "period": period,
            "previous": previous,
            "chain": next_in_chain(previous, sealed.content_hash),
            "schema_version": schema_version(declared),
            "form": FORM,
        }
        self._insert(schema.SEGMENT, [row])
        return Segment(**row)

    def _segments_of(self, kind: str, basis: str) -> Sequence[Row]:
        table = schema.SEGMENT
        where = (table.c.kind == kind, table.c.basis == basis)
        return self._rows(select(table).where(*where).order_by(table.c.n))

    def _next(self, column: Column[int]) -> int:
        return int(self._rows(select(func.max(column).label("last")))[0]["last"] or 0) + 1

    def add_instruments(self, table: pa.Table) -> None:
        """Record versions of instruments (tables.INSTRUMENTS); each `batch` must be this one."""
        self._require_own(table)
        self._insert(schema.INSTRUMENT_VERSION, rows_of(conform(table, tables.INSTRUMENTS)))

    def add_prices(self, table: pa.Table) -> None:
        """Record prices (tables.PRICES) under versions that are not known yet, of this batch."""
        self._require_own(table)
        self._insert(schema.PRICE, rows_of(conform(table, tables.PRICES)))

    def add_rates(self, table: pa.Table) -> None:
        """Record rates (tables.RATES) under versions that are not known yet, of this batch."""
        self._require_own(table)
        self._insert(schema.RATE, rows_of(conform(table, tables.RATES)))

    def record_chart(self, basis: str, hash_: str, *, files: Mapping[str, bytes]) -> None:
        """Record that this command posts a basis under a chart, and the chart when it is new."""
        table = schema.CHART_VERSION
        if not self._rows(select(table.c.hash).where(table.c.hash == hash_)):
            text = canonical_json({name: content.decode() for name, content in files.items()})
            self._insert(table, [{"hash": hash_, "batch": self.seq, "files": text}])
        self._insert(schema.POSTING, [{"batch": self.seq, "basis": basis, "chart": hash_}])

    def add_close(
        self, basis: str, period: str, *, knowledge_seq: int, seal: str, version: int = 1
    ) -> Close:
        """Seal a period of a basis; refuse with PERIOD_CLOSED when that version is sealed.

        `seal` is the seal as canonical JSON text, `knowledge_seq` the last batch it knows of.
        """
        table = schema.CLOSE_SEAL
        before = self._rows(select(table).where(table.c.basis == basis).order_by(table.c.n))
        if any((row["period"], row["version"]) == (period, version) for row in before):
            raise refuse("PERIOD_CLOSED", f"{basis} {period} is sealed already", value=period)
        previous = str(before[-1]["hash"]) if before else GENESIS
        row: dict[str, Any] = {
            "basis": basis,
            "n": len(before) + 1,
            "period": period,
            "version": version,
            "batch": self.seq,
            "knowledge_seq": knowledge_seq,
            "seal": seal,
        }
        close = Close(**row, previous=previous, hash=seal_hash(previous, row))
        self._insert(table, [asdict(close)])
        return close

    def remember(self, basis: str, period: str, *, inputs: str, marked: str, outputs: str) -> None:
        """Keep what a month was booked from and what came out, unless that is known already."""
        row = {"inputs": inputs, "marked": marked, "outputs": outputs}
        known = self.reading.booked_month(basis, period)
        if known is None or {name: known[name] for name in row} != row:
            row |= {"basis": basis, "period": period}
            self._insert(schema.BOOKED_MONTH, [row | {"batch": self.seq}])

    def add_mark_run(self, basis: str, mark_date: date) -> None:
        """Record that a basis was marked on a date."""
        row = {"basis": basis, "mark_date": mark_date.isoformat(), "batch": self.seq}
        self._insert(schema.MARK_RUN, [row])

    def set_exceptions(
        self, basis: str, current: pa.Table, *, codes: Collection[str] | None = None
    ) -> bool:
        """Make the exceptions found now (tables.EXCEPTIONS) those that are open for a basis.

        New ones and those that were fixed are opened; an open one that is no longer found is
        marked fixed; waived and swept ones stay as they are. `codes` limits what can be marked
        fixed to the codes that were looked for (None: all). Returns whether anything changed.
        """
        if set(current["basis"].to_pylist()) - {basis}:
            raise InvariantError(f"an exception of another basis than {basis}")
        known = {row["exception_id"]: row for row in self._exceptions(basis)}
        rows = rows_of(conform(current, tables.EXCEPTIONS))
        found = {row["exception_id"] for row in rows}
        changed = [row for row in rows if not _holds(known.get(row["exception_id"]), row)]
        self._insert(schema.EXCEPTION, [row | {"recorded": self.seq} for row in changed])
        not_open = [
            row["exception_id"]
            for row in rows
            if known.get(row["exception_id"], {"status": "fixed"})["status"] == "fixed"
        ]
        fixed = [
            row["exception_id"]
            for row in known.values()
            if row["status"] == "open"
            and row["exception_id"] not in found
            and (codes is None or row["code"] in codes)
        ]
        self._add_events([(str(name), "open") for name in not_open])
        self._add_events([(str(name), "fixed") for name in fixed])
        return bool(changed or not_open or fixed)

    def _exceptions(self, basis: str) -> list[dict[str, object]]:
        return rows_of(self.so_far.exceptions(basis))

    def _add_events(
        self, events: Sequence[tuple[str, str]], *, reason: str = "", swept_to: date | None = None
    ) -> None:
        first = self._next(schema.EXCEPTION_EVENT.c.n)
        rows = [
            {
                "n": n,
                "recorded": self.seq,
                "exception_id": exception_id,
                "status": status,
                "reason": reason,
                "swept_to": swept_to.isoformat() if swept_to else None,
            }
            for n, (exception_id, status) in enumerate(events, first)
        ]
        self._insert(schema.EXCEPTION_EVENT, rows)

    def exception_event(
        self, exception_id: str, status: str, *, reason: str = "", swept_to: date | None = None
    ) -> None:
        """Record a change of an exception's status: open, waived, swept or fixed."""
        self._add_events([(exception_id, status)], reason=reason, swept_to=swept_to)

    def finish(self) -> None:
        """Add the row of the batch, with the hash of all it recorded as the database holds it."""
        command = self._command
        previous = self.reading.head()
        row: dict[str, object] = {
            "seq": self.seq,
            "command": command.name,
            "arguments": canonical_json(dict(command.arguments)),
            "actor": command.actor,
            "at": command.at,
            "clock_regressed": int(command.clock_regressed),
            "program_version": command.program_version,
            "notes": notes_text(self._notes),
        }
        row |= asdict(self._imported) if self._imported else {}
        content = recorded_form(self._connection, self.seq)
        hash_ = batch_hash(previous, row, content=content)
        self._insert(schema.BATCH, [row | {"previous": previous, "hash": hash_}])


def recorded_form(connection: Connection, seq: int) -> bytes:
    """Return the canonical form of everything that a batch recorded in the control database."""
    forms: list[bytes] = []
    for table in schema.RECORDED:
        query = select(table).where(schema.known_in(table) == seq)
        rows = [dict(row) for row in connection.execute(query).mappings()]
        keys = schema.unique_keys(table)[0]
        rows.sort(key=lambda row, keys=keys: tuple(row[key] for key in keys))  # type: ignore[misc]
        if rows or table.name not in schema.ADDED:
            forms.append(rows_form(table.name, list(rows)))
    return b"".join(forms)


def _holds(known: Mapping[str, object] | None, row: Mapping[str, object]) -> bool:
    return known is not None and all(known[name] == value for name, value in row.items())
