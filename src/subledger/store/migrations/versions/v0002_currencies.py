"""Exchange rates, and the base currency of an instrument as a column of its own."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Text,
)

from subledger.store.triggers import append_only

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = Text()
WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def _numbers(*names: str) -> list[Column[int]]:
    return [Column(name, WHOLE, nullable=False, autoincrement=False) for name in names]


def upgrade() -> None:
    """Make the table of rates with its triggers, and add the column, null in earlier rows."""
    keys = ["date", "base", "quote", "version"]
    op.create_table(
        "rate",
        *(Column(name, TEXT, nullable=False) for name in ("date", "base", "quote")),
        *_numbers("version", "rate_mantissa", "rate_scale"),
        Column("source", TEXT, nullable=False),
        *_numbers("batch", "row"),
        PrimaryKeyConstraint(*keys),
        ForeignKeyConstraint(["batch"], ["batch.seq"], deferrable=True, initially="DEFERRED"),
        sqlite_strict=True,
    )
    op.add_column("instrument_version", Column("base_currency", TEXT, nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        for text in append_only("rate", [keys]).values():
            op.execute(text)
