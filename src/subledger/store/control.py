"""The control database: opened once, read as at any batch, written in units of work."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from subledger.errors import Exit, Refused, refuse
from subledger.store import schema
from subledger.store.connection import (
    Place,
    changed_triggers,
    engine_for,
    find_place,
    finish_interrupted,
    prepare,
    refusing_database_errors,
)
from subledger.store.files import RAW, require_writable
from subledger.store.hashing import canonical_json
from subledger.store.reading import Reading, Row, rows_found
from subledger.store.segments import SEGMENTS, batch_of
from subledger.store.unit import Command, Unit

_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


class Control:
    """The store of a books folder: what exists, since when, by whom."""

    def __init__(self, place: Place, *, clock: Callable[[], datetime], actor: str) -> None:
        self.place = place
        self._clock = clock
        self._actor = actor
        self._reader = engine_for(place, write=False)
        self._writer = engine_for(place, write=True)

    @classmethod
    def open(
        cls,
        books: Path,
        url: str = "sqlite:///store/control.db",
        *,
        create: bool,
        clock: Callable[[], datetime],
        actor: str,
    ) -> Control:
        """Open the store of a books folder; make it or bring it up to date where `create` says.

        Args:
            books: The books folder.
            url: The control database; a SQLite path lies below the books folder.
            create: Make a store that is not there, migrate one of an earlier schema.
            clock: The present instant, with a time zone.
            actor: Who runs the commands.

        Refuses with NO_STORE, STORE_URL, STORE_OLDER, STORE_NEWER, STORE_DAMAGED, CANNOT_WRITE,
        BUSY.
        """
        place = find_place(books, url)
        prepare(place, create=create)
        return cls(place, clock=clock, actor=actor)

    def read(self, as_at: int | None = None) -> Reading:
        """Return what the store knows as at a batch (None: now); later batches stay invisible.

        Refuses with UNKNOWN_BATCH.
        """
        with refusing_database_errors(self.place):
            finish_interrupted(self.place)
        return Reading(self._query, self.place.store, as_at=as_at)

    def _query(self, query: Select[Any]) -> Sequence[Row]:
        with refusing_database_errors(self.place), self._reader.begin() as connection:
            return rows_found(connection, query)

    @contextmanager
    def write(
        self, command: str, arguments: Mapping[str, object], *, dry_run: bool = False
    ) -> Iterator[Unit]:
        """Run a command's writes in one transaction under the write lock, and commit them.

        Anything raised inside undoes all of it, and so does `dry_run` without raising. A command
        that is refused inside is kept in the audit trail, unless the machine refused it. Refuses
        with CANNOT_WRITE before anything is written, with BUSY when another command holds the
        lock for 5 s, with IO_ERROR when the disk is full, with STORE_SCHEMA when triggers were
        changed and with STORE_BEHIND when the control database is older than the segments.
        """
        self._require_writable()
        try:
            with self._unit(command, arguments, dry_run=dry_run) as unit:
                yield unit
        except Refused as refused:
            if not dry_run and refused.exit < Exit.INTEGRITY:
                codes = sorted({finding.code for finding in refused.findings})
                self.record_refusal(command, arguments, codes=codes)
            raise

    @contextmanager
    def _unit(
        self, command: str, arguments: Mapping[str, object], *, dry_run: bool
    ) -> Iterator[Unit]:
        with self._transaction() as connection:
            if changed := changed_triggers(connection):
                names = ", ".join(changed)
                raise refuse("STORE_SCHEMA", f"triggers: {names}", file=self.place.name)
            stamp = self._command(connection, command, arguments=arguments)
            unit = Unit(connection, self.place.store, command=stamp, dry_run=dry_run)
            if not dry_run:
                sweep_orphans(connection, self.place.store, next_batch=unit.seq)
            try:
                yield unit
            finally:
                unit.rest()
            if unit.abandoned:
                connection.rollback()
            else:
                unit.finish()

    def record_refusal(
        self, command: str, arguments: Mapping[str, object], *, codes: Sequence[str]
    ) -> None:
        """Keep a refused command in the audit trail; it becomes no batch.

        Refuses as `write` does when the store itself cannot be written.
        """
        self._require_writable()
        table = schema.REFUSED_COMMAND
        with self._transaction() as connection:
            last = connection.scalar(select(func.max(table.c.n))) or 0
            row = {
                "n": last + 1,
                "at": self._now().strftime(_INSTANT),
                "actor": self._actor,
                "command": command,
                "arguments": canonical_json(dict(arguments)),
                "codes": canonical_json(list(codes)),
            }
            connection.execute(insert(table), [row])

    def _require_writable(self) -> None:
        database = self.place.database
        if database is not None:
            require_writable(database.parent)
            if not os.access(database, os.W_OK):
                raise refuse("CANNOT_WRITE", "no permission to write the file", file=str(database))
        require_writable(self.place.store)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with refusing_database_errors(self.place), self._writer.begin() as connection:
            yield connection

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC)

    def _command(
        self, connection: Connection, name: str, *, arguments: Mapping[str, object]
    ) -> Command:
        """Stamp a command with a time that is later than every batch before."""
        now = self._now()
        stamp, regressed = now, False
        if last := connection.scalar(select(func.max(schema.BATCH.c.at))):
            before = datetime.strptime(last, _INSTANT).replace(tzinfo=UTC)
            regressed = now < before
            stamp = max(now, before + timedelta(microseconds=1))
        return Command(
            name, arguments, self._actor, stamp.strftime(_INSTANT), regressed, program_version()
        )


def program_version() -> str:
    """Return the version of the program that is installed."""
    try:
        return version("subledger")
    except PackageNotFoundError:
        return "unknown"


def sweep_orphans(connection: Connection, store: Path, *, next_batch: int) -> list[str]:
    """Remove files that a command left which never committed; return their paths.

    Called under the write lock, where no other command can be between its files and its commit.
    Refuses with STORE_BEHIND, and removes nothing, when a segment names a later batch than the
    next: then the control database is an old copy.
    """
    segments = set(connection.scalars(select(schema.SEGMENT.c.path)))
    raw = set(connection.scalars(select(schema.RAW_FILE.c.sha256)))
    orphans: list[Path] = []
    for folder, _, names in os.walk(store / SEGMENTS):
        for name in names:
            path = Path(folder, name)
            batch = batch_of(name)
            if batch is not None and batch > next_batch:
                where = path.relative_to(store).as_posix()
                raise refuse("STORE_BEHIND", f"the next batch is {next_batch}", file=where)
            if path.relative_to(store).as_posix() not in segments:
                orphans.append(path)
    if (store / RAW).is_dir():
        orphans.extend(path for path in (store / RAW).iterdir() if path.name not in raw)
    for path in orphans:
        path.unlink()
    return sorted(path.relative_to(store).as_posix() for path in orphans)
