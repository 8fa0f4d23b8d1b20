"""A file of whatever format as rows of text, and what a reader of a format is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from subledger.errors import Finding
from subledger.events.context import Limits
from subledger.events.typed import Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What a reader of a format is told: the file's name, its kind and format, what it may do.

    `format` is a name of `formats.FORMATS`; `rounding` says by column how a broker's format may
    round digits beyond the unit (`[intake.FORMAT.rounding]`), and is empty for canonical files.
    """

    file: str
    kind: str
    format: str = "csv"
    limits: Limits = field(default_factory=Limits)
    rounding: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A file as rows of text: header, columns, the row of the file of each row.

    Attributes:
        header: The names of the columns.
        columns: The texts of each column, "" where nothing is given: a list or an Arrow array.
        numbers: The line or sheet row on which each row starts; the header's is 1.
        findings: What is wrong with the file's form; rows may be missing.
        unreadable: Values and whole columns (without `row`) that no text states exactly, by the
            header's name; the columns hold what they seem to say, so that all else is judged.
        notes: What a reader did that refuses nothing, such as a rounding.
    """

    header: tuple[str, ...]
    columns: tuple[Given, ...]
    numbers: Sequence[int]
    findings: list[Finding] = field(default_factory=list)
    unreadable: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Say whether every row of the file was read."""
        return not self.findings


# Reads some rows of a file in which nothing is wrong, or gives None where something may be.
Block: TypeAlias = Callable[[], Source | None]
