"""What the manifest tells of a segment and its facts, and what a month was booked from."""

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

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = Text()
WHOLE = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns, null in rows of before, whose hashes leave nulls out, and the table."""
    op.add_column("segment", Column("form", WHOLE, nullable=True))
    for name in ("last_day", "first_id", "last_id"):
        op.add_column("segment", Column(name, TEXT, nullable=True))
    keys = ["basis", "period", "batch"]
    op.create_table(
        "booked_month",
        *(Column(name, TEXT, nullable=False) for name in ("basis", "period")),
        Column("batch", WHOLE, nullable=False, autoincrement=False),
        *(Column(name, TEXT, nullable=False) for name in ("inputs", "marked", "outputs")),
        PrimaryKeyConstraint(*keys),
        ForeignKeyConstraint(["batch"], ["batch.seq"], deferrable=True, initially="DEFERRED"),
        sqlite_strict=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        for text in append_only("booked_month", [keys]).values():
            op.execute(text)
