"""The tables of the control database: what is small, and decides.

Every table is append-only. A table's `batch` (for exceptions `recorded`) is the batch whose
commit made the row known, so every question can be asked as at an earlier batch. Money is whole
ledger units in INTEGER, totals that may pass 64 bits are decimal TEXT, dates are ISO text, hashes
are hexadecimal text. The migrations make exactly these tables.
"""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from subledger import tables
from subledger.store.triggers import append_only, chained, segment_order
from subledger.store.versions import since

HEAD = "0003"
METADATA = MetaData()
WHOLE = BigInteger().with_variant(Integer(), "sqlite")  # INTEGER, which strict tables ask for


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text(), nullable=null)


def _whole(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, WHOLE, nullable=null, autoincrement=False)


def _owner(column: str = "batch") -> ForeignKeyConstraint:
    # The row of the batch comes last, with the hash of all it recorded: checked at the commit.
    return ForeignKeyConstraint([column], ["batch.seq"], deferrable=True, initially="DEFERRED")


def _key(*columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns)


def _table(name: str, *items: SchemaItem) -> Table:
    return Table(name, METADATA, *items, sqlite_strict=True)


def _declared(declared: tables.Table) -> list[Column[str] | Column[int]]:
    """Return columns that hold the rows of a declared table.

    A column that was added later comes last, and is null in rows recorded before.
    """
    return [
        _text(field.name, null=field.nullable or since(field) > 1)
        if tables.is_text(field.type) or pa.types.is_date32(field.type)
        else _whole(field.name, null=field.nullable or since(field) > 1)
        for field in sorted(declared.schema, key=since)
    ]


FIXED_SETTING = _table(
    "fixed_setting", _text("key"), _text("value"), _whole("batch"), _key("key"), _owner()
)
BATCH = _table(
    "batch",
    _whole("seq"),
    _text("command"),
    _text("arguments"),
    _text("actor"),
    _text("at"),
    _whole("clock_regressed"),
    _text("program_version"),
    _text("kind", null=True),
    _text("format", null=True),
    _text("file_name", null=True),
    _whole("file_size", null=True),
    _text("raw_sha256", null=True),
    _text("content_hash", null=True),
    _whole("rows_read", null=True),
    _whole("rows_appended", null=True),
    _whole("rows_duplicate", null=True),
    _text("notes"),
    _text("previous"),
    _text("hash"),
    _key("seq"),
    UniqueConstraint("hash"),
    CheckConstraint("clock_regressed in (0, 1)"),
)
REFUSED_COMMAND = _table(
    "refused_command",
    _whole("n"),
    _text("at"),
    _text("actor"),
    _text("command"),
    _text("arguments"),
    _text("codes"),
    _key("n"),
)
RAW_FILE = _table(
    "raw_file", _text("sha256"), _whole("size"), _whole("batch"), _key("sha256"), _owner()
)
SEGMENT = _table(
    "segment",
    _whole("n"),
    _whole("batch"),
    _text("kind"),
    _text("basis"),
    _text("period"),
    _text("path"),
    _text("content_hash"),
    _text("file_sha256"),
    _text("previous"),
    _text("chain"),
    _whole("rows"),
    _whole("first_seq", null=True),
    _whole("last_seq", null=True),
    _whole("schema_version"),
    _text("debit", null=True),
    _text("credit", null=True),
    _whole("form", null=True),
    _text("last_day", null=True),
    _text("first_id", null=True),
    _text("last_id", null=True),
    _key("n"),
    UniqueConstraint("kind", "basis", "chain"),
    UniqueConstraint("path"),
    _owner(),
    CheckConstraint("rows >= 0"),
)
INSTRUMENT_VERSION = _table(
    "instrument_version",
    *_declared(tables.INSTRUMENTS),
    _key("instrument", "batch", "row"),
    _owner(),
)
PRICE = _table("price", *_declared(tables.PRICES), _key("date", "instrument", "version"), _owner())
RATE = _table("rate", *_declared(tables.RATES), _key("date", "base", "quote", "version"), _owner())
CHART_VERSION = _table(
    "chart_version", _text("hash"), _whole("batch"), _text("files"), _key("hash"), _owner()
)
POSTING = _table(
    "posting",
    _whole("batch"),
    _text("basis"),
    _text("chart"),
    _key("batch", "basis"),
    _owner(),
    ForeignKeyConstraint(["chart"], ["chart_version.hash"]),
)
CLOSE_SEAL = _table(
    "close_seal",
    _text("basis"),
    _whole("n"),
    _text("period"),
    _whole("version"),
    _whole("batch"),
    _whole("knowledge_seq"),
    _text("seal"),
    _text("previous"),
    _text("hash"),
    _key("basis", "n"),
    UniqueConstraint("basis", "period", "version"),
    UniqueConstraint("hash"),
    _owner(),
)
MARK_RUN = _table(
    "mark_run",
    _text("basis"),
    _text("mark_date"),
    _whole("batch"),
    _key("basis", "mark_date", "batch"),
    _owner(),
)
BOOKED_MONTH = _table(
    "booked_month",
    _text("basis"),
    _text("period"),
    _whole("batch"),
    _text("inputs"),
    _text("marked"),
    _text("outputs"),
    _key("basis", "period", "batch"),
    _owner(),
)
EXCEPTION = _table(
    "exception",
    *_declared(tables.EXCEPTIONS),
    _whole("recorded"),
    _key("exception_id", "recorded"),
    _owner("recorded"),
)
EXCEPTION_EVENT = _table(
    "exception_event",
    _whole("n"),
    _whole("recorded"),
    _text("exception_id"),
    _text("status"),
    _text("reason"),
    _text("swept_to", null=True),
    _key("n"),
    _owner("recorded"),
    CheckConstraint("status in ('open', 'waived', 'swept', 'fixed')"),
)

# What a batch records, in the order in which its hash covers the rows.
RECORDED: tuple[Table, ...] = (
    FIXED_SETTING,
    RAW_FILE,
    SEGMENT,
    INSTRUMENT_VERSION,
    PRICE,
    CHART_VERSION,
    POSTING,
    CLOSE_SEAL,
    MARK_RUN,
    EXCEPTION,
    EXCEPTION_EVENT,
    RATE,
    BOOKED_MONTH,
)
# Tables that a migration added: a batch that recorded nothing in them is hashed as before it.
ADDED: frozenset[str] = frozenset({"rate", "booked_month"})


def known_in(table: Table) -> Column[int]:
    """Return the column that names the batch in which a row became known."""
    return table.c.recorded if "recorded" in table.c else table.c.batch


def unique_keys(table: Table) -> list[list[str]]:
    """Return the primary key and the other unique keys of a table."""
    others = [
        [column.name for column in constraint.columns]
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    return [[column.name for column in table.primary_key.columns], *sorted(others)]


def expected_triggers() -> dict[str, str]:
    """Return the text of every trigger that a SQLite store has, by name."""
    triggers: dict[str, str] = {}
    for table in METADATA.sorted_tables:
        triggers |= append_only(table.name, unique_keys(table))
    triggers |= chained("batch", "seq", chain="hash")
    triggers |= chained("close_seal", "n", chain="hash", within=("basis",))
    return triggers | segment_order()
