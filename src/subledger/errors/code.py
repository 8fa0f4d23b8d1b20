"""What a code is: its meaning, its remedy and the exit code of a command that it stops."""

from __future__ import annotations

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
    stops_a_close: bool = True  # likewise: an open exception that does not is only listed
