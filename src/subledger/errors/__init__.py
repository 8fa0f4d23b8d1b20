"""Every refusal: a stable code, where it was, what was found and what to do.

`CODES` is the one list of codes; the manual's table is generated from it and every code of a file
has a runnable bad input in `tests/refusals/<code>/`. A user's mistake raises `Refused`, which
carries all findings at once; a broken promise of our own raises `InvariantError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from subledger.errors.chart import CHART_CODES
from subledger.errors.code import Code, Exit
from subledger.errors.exceptions import EXCEPTION_CODES
from subledger.errors.files import FILE_CODES
from subledger.errors.frames import FRAME_CODES
from subledger.errors.ledger import LEDGER_CODES
from subledger.errors.settings import CONFIG_CODES
from subledger.errors.state import STATE_CODES
from subledger.errors.store import STORE_CODES
from subledger.errors.workbook import WORKBOOK_CODES

__all__ = [
    "CHART_CODES",
    "CODES",
    "CONFIG_CODES",
    "EXCEPTION_CODES",
    "FILE_CODES",
    "FRAME_CODES",
    "LEDGER_CODES",
    "STATE_CODES",
    "STORE_CODES",
    "WORKBOOK_CODES",
    "Code",
    "Exit",
    "Finding",
    "InvariantError",
    "Refused",
    "refuse",
]

CODES: dict[str, Code] = {
    **FILE_CODES,
    **EXCEPTION_CODES,
    **STATE_CODES,
    **STORE_CODES,
    **FRAME_CODES,
    **CONFIG_CODES,
    **WORKBOOK_CODES,
    **LEDGER_CODES,
    **CHART_CODES,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: its code, its place, its value; `file`, `row`, `column` where they apply.

    `row` is the line number in the file as an editor shows it (the header is line 1).
    """

    code: str
    message: str
    file: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""

    @property
    def remedy(self) -> str:
        """Return what to do about it."""
        return CODES[self.code].remedy

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f" row {self.row}"
        if self.column:
            place += f" column {self.column}" if place else f"column {self.column}"
        found = f" (found {self.value!r})" if self.value else ""
        head = f"{place}: {self.code}" if place else self.code
        return f"{head} {self.message}{found}\n  fix: {self.remedy}"


class Refused(Exception):
    """What was asked is refused; nothing was done. `findings` lists every reason."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))

    @property
    def exit(self) -> Exit:
        """Return the gravest exit code among the findings."""
        return max((CODES[finding.code].exit for finding in self.findings), default=Exit.REFUSED)


class InvariantError(AssertionError):
    """A promise of the program itself is broken; the command stops and nothing is written."""


def refuse(code: str, message: str, **where: object) -> Refused:
    """Return a Refused with one finding."""
    return Refused([Finding(code, message, **where)])  # type: ignore[arg-type]
