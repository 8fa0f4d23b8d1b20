"""Every refusal: a stable code, where it was, what was found and what to do.

`CODES` is the one list of codes; the manual's table is generated from it and every code of a file
has a runnable bad input in `tests/refusals/<code>/`. A user's mistake raises `Refused`, which
carries all findings at once; a broken promise of our own raises `InvariantError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line, as scripts rely on them."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    REFUSED = 3
    CLOSED = 4
    INTEGRITY = 5
    BUG = 70
    CANNOT_WRITE = 73
    IO = 74
    BUSY = 75


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means, what to do about it, and the exit code of a command that it stops."""

    meaning: str
    remedy: str
    exit: Exit = Exit.REFUSED
    waivable: bool = False  # only for codes of the exception queue


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


class Refused(Exception):  # noqa: N818 - the public name that scripts catch
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


_FILE_CODES: dict[str, Code] = {}

_EXCEPTION_CODES: dict[str, Code] = {
    "LATE": Code(
        "An event is dated in a closed period; it was kept and posted nowhere.",
        "sweep it into the open period (subledger exceptions sweep ID) or waive it with a reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "MISSING_PRICE": Code(
        "An open lot has no price on or before the mark date.",
        "import a price for the instrument; a missing price cannot be waived",
        Exit.FINDINGS,
    ),
    "STALE_PRICE": Code(
        "The latest price is older than the last session of the instrument's exchange.",
        "import the price of that session, or accept it: subledger exceptions waive ID --reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "NO_RULE": Code(
        "No posting rule covers the event.",
        "add a rule for its cell of the decision table, or waive it with a reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "OVER_CLOSE": Code(
        "A trade with position_effect close is larger than the open position.",
        "import the missing acquisition, or amend the trade",
        Exit.FINDINGS,
        waivable=True,
    ),
    "SHORT_NOT_ALLOWED": Code(
        "A sale goes beyond the position where lots.allow_short is false.",
        "import the missing acquisition, or set lots.allow_short",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_CURRENCY": Code(
        "The row is in another currency than the base currency, which is not booked yet.",
        "waive it with a reason; it stays listed until currencies are booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_ASSET_CLASS": Code(
        "The instrument's asset class is not booked yet.",
        "waive it with a reason; it stays listed until the class is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_CASH_KIND": Code(
        "The kind of this cash row is not booked yet.",
        "waive it with a reason, and book it as a manual journal until the kind is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_ACCRUED_INTEREST": Code(
        "The trade carries accrued interest, which is not booked yet.",
        "waive it with a reason; it stays listed until accrued interest is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_SPECIFIC_LOTS": Code(
        "The trade names the lots to relieve, which is not booked yet.",
        "waive it with a reason; it stays listed until specific identification is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_PARTIAL_SETTLEMENT": Code(
        "A settlement of a part, or of another amount, is not booked yet.",
        "waive it with a reason; the whole item stays unsettled",
        Exit.FINDINGS,
        waivable=True,
    ),
    "UNKNOWN_TRADE": Code(
        "A settlement names a trade that is not known.",
        "import the trade; until then the settlement waits here",
        Exit.FINDINGS,
        waivable=True,
    ),
}

_STATE_CODES: dict[str, Code] = {
    "NOT_A_BOOKS_FOLDER": Code(
        "The folder has no subledger.toml.",
        "run subledger init, or name the folder with --books",
        Exit.USAGE,
    ),
    "PERIOD_CLOSED": Code(
        "The period is closed; a closed period accepts nothing.",
        "date the change in an open period",
        Exit.CLOSED,
    ),
    "PERIOD_ORDER": Code(
        "Periods close in order, months before their year.",
        "close the earlier period first",
        Exit.CLOSED,
    ),
    "CHECK_FAILED": Code(
        "A check of the close failed.", "settle what it names, then close again", Exit.FINDINGS
    ),
    "EXCEPTION_OPEN": Code(
        "The exception queue is not empty.",
        "fix its cause, or run subledger exceptions waive ID --reason, or sweep ID",
        Exit.FINDINGS,
    ),
    "UNKNOWN_EXCEPTION": Code(
        "There is no open exception of that id.", "see subledger exceptions list", Exit.USAGE
    ),
    "NOT_WAIVABLE": Code(
        "This exception cannot be waived.", "do what its own line says", Exit.FINDINGS
    ),
    "NOT_SWEEPABLE": Code(
        "This exception cannot be swept to the next period.",
        "waive it with a reason, or correct it with a manual journal",
        Exit.FINDINGS,
    ),
    "REASON_MISSING": Code("A reason is required.", "say why with --reason", Exit.USAGE),
    "UNKNOWN_BASIS": Code(
        "There is no accounting basis of that name.",
        "use one of [basis.*] in subledger.toml",
        Exit.USAGE,
    ),
    "UNKNOWN_REPORT": Code(
        "There is no report of that name.", "use one of the names listed", Exit.USAGE
    ),
    "NOT_A_PERIOD": Code(
        "This is not a period.",
        "write a month 2026-01, a quarter 2026-Q1 or a year 2026",
        Exit.USAGE,
    ),
    "NOTHING_KNOWN": Code(
        "Nothing is known under that id.",
        "give the id of an entry, lot, relief or trade as a report shows it",
        Exit.USAGE,
    ),
    "NOT_OFFERED": Code("This is not offered yet.", "leave it out", Exit.USAGE),
}

CODES: dict[str, Code] = {**_FILE_CODES, **_EXCEPTION_CODES, **_STATE_CODES}
