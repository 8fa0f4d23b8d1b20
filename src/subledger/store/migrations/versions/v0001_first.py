"""The first schema of the control database."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from subledger.store.triggers import append_only, chained, segment_order

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = Text()
WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def _columns(names: str) -> list[Column[str] | Column[int]]:
    """Read columns from text: `name` is text, `name:n` a whole number, `?` says nullable."""
    columns: list[Column[str] | Column[int]] = []
    for item in names.split():
        name, _, kind = item.removesuffix("?").partition(":")
        null = item.endswith("?")
        if kind:
            columns.append(Column(name, WHOLE, nullable=null, autoincrement=False))
        else:
            columns.append(Column(name, TEXT, nullable=null))
    return columns


def _table(
    name: str, columns: str, *constraints: SchemaItem, keys: list[str], batch: str = ""
) -> None:
    """Make an append-only table; the first of its keys is the primary one."""
    items: list[SchemaItem] = [*_columns(columns), PrimaryKeyConstraint(*keys[0].split())]
    items.extend(UniqueConstraint(*key.split()) for key in keys[1:])
    if batch:
        items.append(
            ForeignKeyConstraint([batch], ["batch.seq"], deferrable=True, initially="DEFERRED")
        )
    op.create_table(name, *items, *constraints, sqlite_strict=True)
    _triggers(append_only(name, [key.split() for key in keys]))


def _triggers(triggers: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for text in triggers.values():
            op.execute(text)


def upgrade() -> None:
    """Make every table with its triggers."""
    _commands()
    _facts()
    _decisions()
    _triggers(chained("batch", "seq", chain="hash"))
    _triggers(chained("close_seal", "n", chain="hash", within=("basis",)))
    _triggers(segment_order())


def _commands() -> None:
    _table(
        "batch",
        "seq:n command arguments actor at clock_regressed:n program_version kind? format? "
        "file_name? file_size:n? raw_sha256? content_hash? rows_read:n? rows_appended:n? "
        "rows_duplicate:n? notes previous hash",
        CheckConstraint("clock_regressed in (0, 1)"),
        keys=["seq", "hash"],
    )
    _table("refused_command", "n:n at actor command arguments codes", keys=["n"])
    _table("fixed_setting", "key value batch:n", keys=["key"], batch="batch")


def _facts() -> None:
    _table("raw_file", "sha256 size:n batch:n", keys=["sha256"], batch="batch")
    _table(
        "segment",
        "n:n batch:n kind basis period path content_hash file_sha256 previous chain rows:n "
        "first_seq:n? last_seq:n? schema_version:n debit? credit?",
        CheckConstraint("rows >= 0"),
        keys=["n", "kind basis chain", "path"],
        batch="batch",
    )
    _table(
        "instrument_version",
        "instrument asset_class currency valid_from? name multiplier_mantissa:n "
        "multiplier_scale:n quantity_decimals:n isin cusip figi exchange country industry "
        "tax_class level:n negative_price:n other batch:n row:n",
        keys=["instrument batch row"],
        batch="batch",
    )
    _table(
        "price",
        "date instrument version:n price_mantissa:n price_scale:n currency source level:n "
        "batch:n row:n",
        keys=["date instrument version"],
        batch="batch",
    )


def _decisions() -> None:
    _table("chart_version", "hash batch:n files", keys=["hash"], batch="batch")
    _table(
        "posting",
        "batch:n basis chart",
        ForeignKeyConstraint(["chart"], ["chart_version.hash"]),
        keys=["batch basis"],
        batch="batch",
    )
    _table(
        "close_seal",
        "basis n:n period version:n batch:n knowledge_seq:n seal previous hash",
        keys=["basis n", "basis period version", "hash"],
        batch="batch",
    )
    _table("mark_run", "basis mark_date batch:n", keys=["basis mark_date batch"], batch="batch")
    _table(
        "exception",
        "exception_id code basis period event_id event_version:n subject amount_at_risk:n "
        "currency message batch:n row:n recorded:n",
        keys=["exception_id recorded"],
        batch="recorded",
    )
    _table(
        "exception_event",
        "n:n recorded:n exception_id status reason swept_to?",
        CheckConstraint("status in ('open', 'waived', 'swept', 'fixed')"),
        keys=["n"],
        batch="recorded",
    )
