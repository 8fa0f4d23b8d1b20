"""What comes of reading a file: its canonical table, notes and findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

from subledger.errors import Finding
from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.sheet import Rows
from subledger.tables import Table


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as read: the table is without rows when there are findings.

    `notes` are recorded findings that refuse nothing; `rows_read` counts the rows of the file.
    """

    table: pa.Table
    notes: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    rows_read: int = 0


Read: TypeAlias = Callable[[Rows, Context], Reading]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of canonical file: its columns, the table it becomes, and its judge.

    `by_rows` says that the judge looks at each row by itself, and notes what it notes in their
    order.
    """

    name: str
    columns: tuple[Column, ...]
    table: Table
    read: Read
    by_rows: bool = False
