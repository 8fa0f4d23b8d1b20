"""Writes the generated pages of the manual: errors.md from the list of codes.

Usage: `python docs/generate.py` writes, `python docs/generate.py --check` exits 1 when a page is
not what would be written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from subledger.errors import CODES, Code, Exit

HERE = Path(__file__).resolve().parent

_EXITS = {
    Exit.FINDINGS: "a check failed, or an exception is open",
    Exit.USAGE: "the command was not asked rightly",
    Exit.REFUSED: "input is refused; nothing was done",
    Exit.CLOSED: "a period is closed or locked, or an approval is missing",
    Exit.INTEGRITY: "what is stored is not what was written",
    Exit.BUG: "a fault of the program",
    Exit.CANNOT_WRITE: "the machine cannot write",
    Exit.IO: "the machine cannot read",
    Exit.BUSY: "another command is at work",
}

_HEAD = """\
# Every code

Generated from `src/subledger/errors` by `docs/generate.py`; a test compares.

What is refused says what was found, where (file, row, column, value), a code that never changes its
meaning, and what to do. In Python it is `subledger.Refused` with `.findings`. On the command line
the exit code is that of the gravest finding.
"""


def errors_page() -> str:
    """Return errors.md: a table of codes for each exit code."""
    parts = [_HEAD]
    for status, meaning in _EXITS.items():
        codes = {name: code for name, code in sorted(CODES.items()) if code.exit == status}
        if codes:
            parts.append(f"## Exit {int(status)}: {meaning}\n\n{_table(codes)}")
    return "\n".join(parts)


def _table(codes: Mapping[str, Code]) -> str:
    rows = ["| code | means | what to do |", "|---|---|---|"]
    for name, code in codes.items():
        remedy = code.remedy[:1].upper() + code.remedy[1:]
        waive = " Can be waived." if code.waivable else ""
        rows.append(
            f"| `{name}` | {_cell(code.meaning)} | {_cell(remedy.removesuffix('.'))}.{waive} |"
        )
    return "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES: Mapping[str, Callable[[], str]] = {"errors.md": errors_page}


def main() -> int:
    """Write every page, or compare every page; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if one differs")
    check = parser.parse_args().check
    stale = []
    for name, page in PAGES.items():
        file, text = HERE / name, page()
        if check and (not file.exists() or file.read_text(encoding="utf-8") != text):
            stale.append(name)
        elif not check:
            file.write_text(text, encoding="utf-8", newline="\n")
    if stale:
        print(f"not up to date: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
