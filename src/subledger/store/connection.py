"""How the control database is reached: its place, its connections, its schema version.

SQLite: every setting is made and read back; writers take the write lock at once (BEGIN
IMMEDIATE), readers open the file read-only. Alembic is imported only when a schema is behind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from subledger.errors import InvariantError, Refused, refuse
from subledger.store.files import make_folder, refusing_machine_errors, require_writable
from subledger.store.schema import HEAD, expected_triggers

STORE = "store"
BUSY_MILLISECONDS = 5000
_SETTINGS: dict[str, str | int] = {
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "synchronous": 2,  # FULL
    "trusted_schema": 0,
    "cell_size_check": 1,
}
_JOURNAL = "delete"  # a store at rest is one file, which a plain copy copies whole
_FORBIDDEN = {
    sqlite3.SQLITE_UPDATE,
    sqlite3.SQLITE_DELETE,
    sqlite3.SQLITE_ALTER_TABLE,
    sqlite3.SQLITE_ATTACH,
    sqlite3.SQLITE_DROP_TABLE,
    sqlite3.SQLITE_DROP_TRIGGER,
    sqlite3.SQLITE_DROP_INDEX,
}
_REFUSALS = {
    sqlite3.SQLITE_BUSY: ("BUSY", "the database is locked"),
    sqlite3.SQLITE_LOCKED: ("BUSY", "the database is locked"),
    sqlite3.SQLITE_FULL: ("IO_ERROR", "the disk is full"),
    sqlite3.SQLITE_IOERR: ("IO_ERROR", "the disk reported an error"),
    sqlite3.SQLITE_READONLY: ("CANNOT_WRITE", "the database may not be written"),
    sqlite3.SQLITE_CANTOPEN: ("CANNOT_WRITE", "the database cannot be opened"),
    sqlite3.SQLITE_CORRUPT: ("STORE_DAMAGED", "the database is malformed"),
    sqlite3.SQLITE_ERROR: ("STORE_SCHEMA", "a table or column is not as it was made"),
    sqlite3.SQLITE_NOTADB: ("STORE_DAMAGED", "the file is not a database"),
}
_WRITERS = 7205759403  # the key of the lock that writers of a PostgreSQL store hold
_BROKEN = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_AUTH}
_CONSTRAINT, _SERIALIZATION = "23", {"40001", "40P01", "55P03"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: its folder, and its control database as a file or as a url."""

    store: Path
    database: Path | None
    url: str

    @property
    def name(self) -> str:
        """Return what a message calls the control database."""
        return str(self.database) if self.database else "control database"


def find_place(books: Path, url: str) -> Place:
    """Return the place of a books folder's store; refuse with STORE_URL what cannot be one.

    A SQLite path is taken below the books folder and may not leave it.
    """
    store = books / STORE
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise refuse("STORE_URL", "this is not a database url", value=url) from error
    if parsed.get_backend_name() == "postgresql":
        return Place(store, None, url)
    path = PurePosixPath(parsed.database or "")
    inside = parsed.database and not path.is_absolute() and ".." not in path.parts
    if parsed.get_backend_name() != "sqlite" or not inside or parsed.query:
        raise refuse("STORE_URL", "the path must lie below the books folder", value=url)
    return Place(store, books / path, url)


def connect(database: Path, *, write: bool) -> sqlite3.Connection:
    """Open a SQLite database under the store's policy; every setting is read back.

    A writing connection may insert, and create while it migrates, and nothing else.
    """
    mode = "rwc" if write else "ro"
    connection = sqlite3.connect(
        f"{database.resolve().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_MILLISECONDS / 1000,
        check_same_thread=False,
    )
    try:
        _apply_policy(connection, write=write)
    except BaseException:
        connection.close()
        raise
    return connection


def _apply_policy(connection: sqlite3.Connection, *, write: bool) -> None:
    settings = _SETTINGS | {"busy_timeout": BUSY_MILLISECONDS, "query_only": 0 if write else 1}
    for name, value in settings.items():
        connection.execute(f"pragma {name} = {value}")
        found = connection.execute(f"pragma {name}").fetchone()
        if found != (value,):
            raise InvariantError(f"SQLite does not keep {name} = {value}: {found}")
    if write:
        connection.execute(f"pragma journal_mode = {_JOURNAL}")
    found = connection.execute("pragma journal_mode").fetchone()
    if found != (_JOURNAL,):
        raise refuse("STORE_SCHEMA", f"the journal mode is {found[0]}, not {_JOURNAL}")


def forbid_changes(connection: sqlite3.Connection) -> None:
    """Let a connection insert and read only: no update, delete, drop, alter or attach."""

    def allow(action: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if action in _FORBIDDEN else sqlite3.SQLITE_OK

    connection.set_authorizer(allow)


def engine_for(place: Place, *, write: bool) -> Engine:
    """Return an engine whose transactions follow the policy: one connection per transaction."""
    database = place.database
    if database is None:
        return _postgresql_engine(place, write=write)

    def guarded() -> sqlite3.Connection:
        connection = connect(database, write=write)
        if write:
            forbid_changes(connection)
        return connection

    return _sqlite_engine(guarded, begin="begin immediate" if write else "begin")


def _postgresql_engine(place: Place, *, write: bool) -> Engine:
    try:
        engine = create_engine(place.url, isolation_level="SERIALIZABLE", poolclass=NullPool)
    except ImportError as error:
        raise refuse("STORE_URL", f"its driver is not installed: {error}") from error

    def lock(connection: DBAPIConnection, _: object) -> None:
        # Taken by the session before its transaction takes a snapshot, given back when it closes.
        cursor = connection.cursor()
        cursor.execute(f"set lock_timeout = {BUSY_MILLISECONDS}")
        cursor.execute(f"select pg_advisory_lock({_WRITERS})")
        connection.commit()

    if write:
        event.listen(engine, "connect", lock)
    return engine


def _sqlite_engine(creator: object, *, begin: str) -> Engine:
    engine = create_engine("sqlite://", creator=creator, poolclass=NullPool)

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", start)
    return engine


@contextmanager
def refusing_database_errors(place: Place) -> Iterator[None]:
    """Turn errors of the database and the machine into refusals with a code that name the file.

    What a constraint or a trigger stops is a broken promise of our own: InvariantError.
    """
    try:
        with refusing_machine_errors(place.database or place.store):
            yield
    except (DBAPIError, sqlite3.Error) as error:
        original = error.orig if isinstance(error, DBAPIError) else error
        if getattr(original, "sqlite_errorcode", 0) & 0xFF in _BROKEN or _is_constraint(original):
            raise InvariantError(str(original)) from error
        refusal = _refusal_of(original, place)
        if refusal is None:
            raise
        raise refusal from error
    except UnicodeDecodeError as error:
        # SQLite's own message quotes damaged text, which the driver then cannot decode.
        if b"malformed" not in error.object:
            raise
        raise refuse("STORE_DAMAGED", "the schema is malformed", file=place.name) from error


def _is_constraint(error: BaseException | None) -> bool:
    return str(getattr(error, "sqlstate", "")).startswith(_CONSTRAINT)


def _refusal_of(error: BaseException | None, place: Place) -> Refused | None:
    if getattr(error, "sqlstate", None) in _SERIALIZATION:
        return refuse("BUSY", "another command committed first", file=place.name)
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in _REFUSALS:
        code, message = _REFUSALS[primary]
        return refuse(code, f"{message} ({error})", file=place.name)
    if "decode to UTF-8" in str(error):
        return refuse("STORE_DAMAGED", "a text is not UTF-8", file=place.name)
    return None


def prepare(place: Place, *, create: bool) -> None:
    """Make sure that the control database is there and at this program's schema.

    Refuses with NO_STORE when there is none and none may be made, with STORE_OLDER when an earlier
    program wrote it and it may not be migrated, with STORE_NEWER when a newer one did, and with
    CANNOT_WRITE before anything is written.
    """
    with refusing_database_errors(place):
        finish_interrupted(place)
        version = _version_of(place)
        if version == HEAD:
            return
        if version is not None and version > HEAD:
            raise refuse("STORE_NEWER", f"its schema is {version}, not {HEAD}", file=place.name)
        if not create and version is not None:
            raise refuse("STORE_OLDER", f"its schema is {version}, not {HEAD}", file=place.name)
        if not create:
            raise refuse("NO_STORE", "there is no control database", file=place.name)
        _make_folders(place)
        _upgrade(place, backup=version is not None)


def _version_of(place: Place) -> str | None:
    """Return the schema version without importing Alembic, None if nothing was made yet."""
    if place.database is None:
        with engine_for(place, write=False).connect() as connection:
            known = connection.scalar(text("select to_regclass('alembic_version')"))
            query = text("select version_num from alembic_version")
            return str(connection.scalar(query)) if known else None
    if not place.database.exists():
        return None
    uri = f"{place.database.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_MILLISECONDS / 1000)) as connection:
        try:
            row = connection.execute("select version_num from alembic_version").fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return None
    return str(row[0]) if row else None


def finish_interrupted(place: Place) -> None:
    """Roll back what a killed writer left behind, which a read-only connection cannot do.

    While another writer is at work nothing is left behind: its journal is its own.
    """
    if place.database is None or not place.database.exists():
        return
    if not Path(f"{place.database}-journal").exists():
        return
    with closing(sqlite3.connect(place.database, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("begin immediate")
            connection.execute("rollback")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise


def _make_folders(place: Place) -> None:
    folders = [place.store] + ([place.database.parent] if place.database else [])
    for folder in folders:
        existing = folder
        while not existing.exists():
            existing = existing.parent
        require_writable(existing)
    for folder in folders:
        make_folder(folder)


def _upgrade(place: Place, *, backup: bool) -> None:
    """Bring the schema to this program's version in one transaction."""
    from alembic import command  # noqa: PLC0415 - slow to import and seldom needed
    from alembic.config import Config  # noqa: PLC0415

    database = place.database
    if database is not None and backup:
        copy = database.with_name(f"{database.name}.before-{HEAD}")
        if not copy.exists():
            with closing(connect(database, write=True)) as connection:
                connection.execute("vacuum into ?", (str(copy),))
    engine = (
        engine_for(place, write=True)
        if database is None
        else _sqlite_engine(lambda: connect(database, write=True), begin="begin immediate")
    )
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def changed_triggers(connection: Connection) -> list[str]:
    """Return the names of triggers that are missing, foreign or not as the program made them."""
    if connection.dialect.name != "sqlite":
        return []
    rows = connection.execute(text("select name, sql from sqlite_master where type = 'trigger'"))
    found = {str(name): str(sql).lower() for name, sql in rows}
    expected = {name: sql.lower() for name, sql in expected_triggers().items()}
    return sorted(name for name in found.keys() | expected if found.get(name) != expected.get(name))
