"""The register of the 48 invariants of the posting model, as invariants.toml has it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Invariant:
    """One invariant: `tests` are module:name from the folder of tests; the tolerance is theirs.

    `not_yet` says what of it no test can hold, since nothing books it so far.
    """

    says: str
    tests: tuple[str, ...] = ()
    tolerance: str = ""
    not_yet: str = ""


def _read(file: Path) -> Mapping[int, Invariant]:
    rows = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        int(number): Invariant(**{**row, "tests": tuple(row.get("tests", ()))})
        for number, row in rows.items()
    }


INVARIANTS = _read(Path(__file__).with_name("invariants.toml"))
