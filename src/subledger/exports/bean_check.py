"""The ledger files read by beancount itself, in a child process that can run nothing of theirs.

Only copies of the expected files are opened, in a scratch folder, without cache; a file that holds
a plugin line, a Python path, an unknown option or an include of something else is refused unread.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Context, Decimal
from pathlib import Path

import pyarrow as pa

from subledger import tables
from subledger.errors import Finding, Refused, refuse
from subledger.exports.beancount_frame import MAIN, OPTIONS
from subledger.exports.beancount_seal import SUFFIX

LEDGER_BALANCES = tables.Table(
    "ledger_balances",
    "Balance of each account of the chart per commodity, as beancount reads the ledger files.",
    pa.schema(
        [
            tables.text("gl_code", "number of the account in the chart"),
            tables.text("commodity", "currency, or instrument id"),
            tables.flag("instrument", "the commodity is an instrument"),
            tables.text("units", "exact decimal, debit positive, without residue"),
            tables.text("base_weight", "exact decimal, debit positive, with residue"),
        ]
    ),
    ("gl_code", "commodity"),
)

_OPTION = re.compile(r'option "([a-z_]+)" "[^"\\]*"\Z')
_INCLUDE = re.compile(r'include "([^"\\]*)"\Z')
_WORD = re.compile(r"^\s*(plugin|option|include|pythonpath)\b", re.IGNORECASE)
_ANY_WORD = re.compile(_WORD.pattern, re.IGNORECASE | re.MULTILINE)
_PART = 1 << 20  # bytes that are looked at together
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_ERROR = re.compile(r"(?P<path>[^\n]*?):(?P<row>[0-9]+):\s*(?P<message>.*)")
_EXACT = Context(prec=120)


def run_bean_check(folder: Path, files: Iterable[str] | None = None) -> list[Finding]:
    """Let bean-check read the ledger of a folder and return what it refuses, with file and line.

    `files` are the names that the seal knows (default: every ledger file of the folder); nothing
    else is copied to where the child process reads. Findings: LEDGER_CHECK, LEDGER_UNSAFE,
    LEDGER_TOOL_MISSING.
    """
    tool = _tool("bean-check")
    if isinstance(tool, Finding):
        return [tool]
    try:
        with _scratch_copy(folder, files) as scratch:
            done = _run([tool, "--no-cache", MAIN], scratch)
            return _errors(done, scratch)
    except Refused as unsafe:
        return list(unsafe.findings)


def ledger_balances(
    folder: Path, files: Iterable[str] | None = None, *, base: str, until: date | None = None
) -> pa.Table:
    """Return LEDGER_BALANCES of a ledger as bean-query adds it up, to the last digit.

    `until` is the last date that counts (default: all). Raises Refused (LEDGER_CHECK,
    LEDGER_UNSAFE, LEDGER_TOOL_MISSING).
    """
    tool = _tool("bean-query")
    if isinstance(tool, Finding):
        raise Refused([tool])
    with _scratch_copy(folder, files) as scratch:
        done = _run([tool, "--format", "csv", MAIN, _query(base, until)], scratch)
        if errors := _errors(done, scratch):
            raise Refused(errors)
    return _balances(csv.DictReader(io.StringIO(done.stdout)))


def _query(base: str, until: date | None) -> str:
    # str() of a number keeps every digit; numbers and amounts as such are rounded for display.
    where = f"WHERE date <= {until.isoformat()} " if until else ""
    return (
        "SELECT open_meta(account)['gl-code'] AS gl_code, open_meta(account)['part'] AS part,"
        " account, currency, currency_meta(currency)['ticker'] AS ticker,"
        f" str(sum(number)) AS units, str(number(only('{base}', sum(weight)))) AS weight"
        f" {where}GROUP BY gl_code, part, account, currency, ticker ORDER BY account, currency"
    )


def _balances(rows: Iterable[dict[str, str]]) -> pa.Table:
    found: dict[tuple[str, str, bool], tuple[Decimal, Decimal]] = {}
    for row in rows:
        if not row["gl_code"] or not row["weight"]:
            message = f"the account {row['account']} has no gl-code, or a balance without base"
            raise refuse("LEDGER_CHECK", message, value=row["currency"])
        key = (row["gl_code"], row["ticker"] or row["currency"], bool(row["ticker"]))
        units = Decimal(0) if row["part"] == "residue" else Decimal(row["units"])
        known = found.get(key, (Decimal(0), Decimal(0)))
        added = (_EXACT.add(known[0], units), _EXACT.add(known[1], Decimal(row["weight"])))
        found[key] = added
    return pa.Table.from_pylist(
        [
            {
                "gl_code": number,
                "commodity": commodity,
                "instrument": instrument,
                "units": format(found[number, commodity, instrument][0], "f"),
                "base_weight": format(found[number, commodity, instrument][1], "f"),
            }
            for number, commodity, instrument in sorted(found)
        ],
        schema=LEDGER_BALANCES.schema,
    )


def unsafe_lines(name: str, text: str, *, known: frozenset[str]) -> list[Finding]:
    """Return a finding for each line that could run or read anything but the known files."""
    return [
        Finding(
            "LEDGER_UNSAFE", "the program never writes such a line", name, row, value=line[:200]
        )
        for row, line in enumerate(text.split("\n"), start=1)
        if not _is_safe(line, known)
    ]


def _is_safe(line: str, known: frozenset[str]) -> bool:
    if _CONTROL.search(line):
        return False
    if not _WORD.match(line):
        return True
    option, include = _OPTION.match(line), _INCLUDE.match(line)
    if option:
        return option.group(1) in OPTIONS
    return include is not None and include.group(1) in known


@contextmanager
def _scratch_copy(folder: Path, files: Iterable[str] | None) -> Iterator[Path]:
    """Copy the files that are known, and safe to open, to a folder of their own."""
    found = (path.name for path in folder.glob(f"*{SUFFIX}"))
    known = frozenset(found if files is None else files)
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="ledger-") as name:
        scratch = Path(name).resolve()
        for file in sorted(known | {MAIN}):
            source = folder / file
            if Path(file).name != file or not file.endswith(SUFFIX) or not source.is_file():
                message = "the ledger file is missing"
                findings.append(Finding("LEDGER_FILE_MISSING", message, file=file))
                continue
            findings += _checked_copy(source, scratch / file, known=known)
        if findings:
            raise Refused(findings)
        yield scratch


def _checked_copy(source: Path, target: Path, *, known: frozenset[str]) -> list[Finding]:
    """Copy a file part by part, and return a finding for each line that is not safe to read."""
    findings: list[Finding] = []
    row = 0
    with source.open("rb") as lines, target.open("wb") as copy:
        while part := b"".join(lines.readlines(_PART)):
            copy.write(part)
            text = part.decode(errors="replace")
            if _CONTROL.search(text) or _ANY_WORD.search(text):
                unsafe = unsafe_lines(source.name, text, known=known)
                findings += [replace(one, row=row + (one.row or 0)) for one in unsafe]
            row += part.count(b"\n")
    return findings


def _tool(name: str) -> str | Finding:
    """Return the path of a program beside this interpreter or on the PATH, or what to install."""
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    found = beside or shutil.which(name)
    return found or Finding("LEDGER_TOOL_MISSING", f"{name} is not installed", value=name)


def _run(command: list[str], scratch: Path) -> subprocess.CompletedProcess[str]:
    kept = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH")
    environment = {key: os.environ[key] for key in kept if key in os.environ} | {
        "BEANCOUNT_DISABLE_LOAD_CACHE": "1",
        "HOME": str(scratch),  # no start file of the reader's
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
    }
    return subprocess.run(  # noqa: S603 - our own command, our own copies
        command, cwd=scratch, env=environment, capture_output=True, text=True, check=False
    )


def _errors(done: subprocess.CompletedProcess[str], scratch: Path) -> list[Finding]:
    findings = []
    for line in done.stderr.splitlines():
        error = _ERROR.match(line)
        if error and Path(error["path"]).parent == scratch:
            findings.append(
                Finding(
                    "LEDGER_CHECK",
                    error["message"].strip() or "bean-check refuses the line",
                    file=Path(error["path"]).name,
                    row=int(error["row"]),
                )
            )
    if (done.returncode or done.stderr.strip()) and not findings:
        message = f"beancount cannot read the ledger: {_last_line(done.stderr)}"
        findings.append(Finding("LEDGER_CHECK", message, file=MAIN))
    return findings


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.strip().splitlines()) if line.strip()), "no output")
