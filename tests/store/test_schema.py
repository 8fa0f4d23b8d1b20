"""The tables of the control database: migrated as declared, exact types, append-only, fast."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Float, Integer, Numeric, Text, create_engine, text

from subledger.errors import Exit, InvariantError, Refused
from subledger.store import connection as connections
from subledger.store import schema
from subledger.store.control import Control

if TYPE_CHECKING:
    from tests.store.conftest import Samples

ROW_OF_EACH = sorted(table.name for table in schema.METADATA.sorted_tables)


@pytest.fixture
def raw(control: Control, samples: Samples) -> sqlite3.Connection:
    """A connection that was opened by someone else, without any of our settings."""
    with control.write("import", {}) as unit:
        samples.everything(unit)
    control.record_refusal("import", {}, codes=["BUSY"])
    assert control.place.database is not None
    return sqlite3.connect(control.place.database, isolation_level=None)


def manifest(connection: sqlite3.Connection) -> list[dict[str, object]]:
    columns = [column.name for column in schema.SEGMENT.c]
    found = connection.execute("select * from segment order by n")
    return [dict(zip(columns, row, strict=True)) for row in found]


def definitions(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the columns and constraints of each table; a column added later stands anywhere."""
    rows = connection.execute("select name, sql from sqlite_master where type = 'table'")
    return {
        name: sorted(part.strip() for part in re.split(r",(?![^()]*\))|\n", sql) if part.strip())
        for name, sql in rows
        if name != "alembic_version"
    }


def test_the_migrations_make_the_declared_tables(raw: sqlite3.Connection, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/declared.db")
    schema.METADATA.create_all(engine)
    engine.dispose()
    declared = sqlite3.connect(tmp_path / "declared.db")
    assert definitions(raw) == definitions(declared)
    assert len(definitions(raw)) == 15
    raw.close()
    declared.close()


def test_no_column_can_hold_a_number_that_is_not_exact() -> None:
    for table in schema.METADATA.sorted_tables:
        assert table.dialect_options["sqlite"]["strict"], table.name
        for column in table.c:
            assert isinstance(column.type, (Integer, Text)), column
            assert not isinstance(column.type, (Numeric, Float)), column


def test_a_table_refuses_a_value_of_another_type(raw: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="cannot store"):
        raw.execute("insert into raw_file values ('x', 1.5, 1)")
    raw.close()


@pytest.mark.parametrize("table", ROW_OF_EACH)
def test_update_delete_and_replace_are_refused_to_everyone(
    raw: sqlite3.Connection, table: str
) -> None:
    column = schema.METADATA.tables[table].c[0].name
    assert raw.execute(f'select count(*) from "{table}"').fetchone()[0] > 0
    for statement in (
        f'update "{table}" set "{column}" = "{column}"',
        f'delete from "{table}"',
        f'insert or replace into "{table}" select * from "{table}"',
        f'replace into "{table}" select * from "{table}"',
    ):
        with pytest.raises(
            sqlite3.IntegrityError, match=f"{table}(: gap in the numbers| is append-only)"
        ):
            raw.execute(statement)
    raw.close()


def test_replacing_by_another_unique_key_is_refused(raw: sqlite3.Connection) -> None:
    rows = manifest(raw)
    lots = next(row for row in rows if row["kind"] == "lots")
    row = lots | {"n": len(rows) + 1, "previous": lots["chain"], "chain": "e" * 64}
    marks = ", ".join("?" * len(row))
    with pytest.raises(sqlite3.IntegrityError, match="segment is append-only"):
        raw.execute(f"insert or replace into segment values ({marks})", list(row.values()))
    raw.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 9}, "gap in the numbers"),
        ({"previous": "f" * 64}, "chain broken"),
        ({"first_seq": 4, "last_seq": 5}, "gap in the entry numbers"),
        ({"first_seq": None, "last_seq": None}, "gap in the entry numbers"),
        ({"rows": 3}, "gap in the entry numbers"),
        ({"kind": "lines", "previous": "", "debit": "1", "credit": "2"}, "debit and credit"),
    ],
)
def test_a_segment_that_does_not_follow_is_refused_by_the_database(
    raw: sqlite3.Connection, change: dict[str, object], message: str
) -> None:
    rows = manifest(raw)
    entries = next(row for row in rows if row["kind"] == "entries")
    lines = next(row for row in rows if row["kind"] == "lines")
    row = entries | {
        "n": len(rows) + 1,
        "path": "elsewhere",
        "previous": entries["chain"],
        "chain": "e" * 64,
        "first_seq": 3,
        "last_seq": 4,
    }
    row |= change
    if row["previous"] == "":
        row["previous"] = lines["chain"]
    marks = ", ".join("?" * len(row))
    with pytest.raises(sqlite3.IntegrityError, match=message):
        raw.execute(f"insert into segment values ({marks})", list(row.values()))
    raw.close()


def test_our_own_connections_may_only_insert(control: Control) -> None:
    for statement in ("delete from batch", "drop table batch", "attach ':memory:' as x"):
        with (
            pytest.raises(InvariantError, match="not authorized"),
            control.write("x", {}) as unit,
        ):
            unit._connection.execute(text(statement))


def test_a_reading_connection_cannot_write(control: Control) -> None:
    assert control.place.database is not None
    connection = connections.connect(control.place.database, write=False)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("insert into raw_file values ('x', 1, 1)")
    connection.close()


@pytest.mark.parametrize("write", [True, False])
def test_every_setting_is_made_on_every_connection(control: Control, *, write: bool) -> None:
    assert control.place.database is not None
    connection = connections.connect(control.place.database, write=write)
    settings = {
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "synchronous": 2,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "journal_mode": "delete",
        "busy_timeout": 5000,
    }
    found = {name: connection.execute(f"pragma {name}").fetchone()[0] for name in settings}
    connection.close()
    assert found == settings


def test_a_store_whose_triggers_were_dropped_is_refused(
    control: Control, raw: sqlite3.Connection
) -> None:
    raw.execute("drop trigger batch_no_update")
    raw.close()
    with pytest.raises(Refused) as refused, control.write("x", {}):
        pytest.fail("the command must not start")
    finding = refused.value.findings[0]
    assert (finding.code, refused.value.exit) == ("STORE_SCHEMA", Exit.INTEGRITY)
    assert "batch_no_update" in finding.message


def test_a_store_at_its_schema_opens_without_alembic(control: Control, tmp_path: Path) -> None:
    script = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from subledger.store.control import Control\n"
        "control = Control.open(Path(sys.argv[1]), create=True, actor='ada',\n"
        "    clock=lambda: datetime(2022, 10, 3, tzinfo=UTC))\n"
        "control.read().batches()\n"
        "print(sorted({'alembic', 'pandas', 'mako'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
