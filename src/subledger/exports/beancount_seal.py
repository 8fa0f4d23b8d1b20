"""Whether the ledger files are still what was written: hashes, and the line that was changed.

The manifest travels with the files, so that a copy of the folder can be checked by itself.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from pathlib import Path

from subledger.errors import Finding, refuse
from subledger.exports.beancount_text import KEPT, LedgerText, digest_file

SUFFIX = ".beancount"
MANIFEST, MANIFEST_SCHEMA = "MANIFEST.json", "subledger.ledger/1"
_KEPT = 2 * KEPT  # hex digits
_CACHE_SUFFIX = ".picklecache"
_NAMED_LINES = 20  # of one file; the rest are counted


def line_digests(text: str) -> list[str]:
    """Return 16 hex digits of the SHA-256 of each line, which name an edited line later."""
    return [_digest(line.encode()) for line in text.split("\n")]


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `MANIFEST.json` says: the files with their line digests, and the trial balance.

    `balances` holds the balance of each account in base as exact text, debit positive.
    """

    base: str
    through: date
    files: Mapping[str, Sequence[str]]
    balances: Mapping[str, str]


def manifest_text(
    files: Mapping[str, LedgerText], *, base: str, through: date, balances: Mapping[str, str]
) -> str:
    """Return the manifest of ledger files: their hashes, 4 bytes per line, and balances."""
    told = {
        name: {"sha256": file.sha256, "lines": file.lines} for name, file in sorted(files.items())
    }
    document = {"schema": MANIFEST_SCHEMA, "base": base, "through": through.isoformat()}
    body = {**document, "balances": dict(sorted(balances.items())), "files": told}
    return json.dumps(body, indent=1) + "\n"


def manifest_lines(manifest: str) -> dict[str, str]:
    """Return the digests of the lines of each file that a manifest's text names, as it has them."""
    return {name: file["lines"] for name, file in json.loads(manifest)["files"].items()}


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a ledger folder; refuse with LEDGER_MANIFEST what is none."""
    path = folder / MANIFEST
    try:
        body = json.loads(path.read_bytes())
        unpacked = {MANIFEST_SCHEMA: _unpacked}[body["schema"]]
        return Manifest(
            body["base"],
            date.fromisoformat(body["through"]),
            {name: unpacked(file["lines"]) for name, file in body["files"].items()},
            body["balances"],
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise refuse("LEDGER_MANIFEST", f"no manifest: {error}", file=str(path)) from error


def _unpacked(packed: str) -> list[str]:
    digits = b64decode(packed, validate=True).hex()
    return [digits[start : start + _KEPT] for start in range(0, len(digits), _KEPT)]


def compare_manifest(manifest: Manifest, folder: Path) -> list[Finding]:
    """Compare ledger files with the manifest that travels with them; findings as compare_text."""
    findings: list[Finding] = []
    for name, digests in manifest.files.items():
        path = folder / name
        if not path.is_file():
            findings.append(Finding("LEDGER_FILE_MISSING", "the ledger file is missing", file=name))
        else:
            findings.extend(find_edit(digests, path))
    return findings + unknown_files(manifest.files, folder)


def compare_text(
    expected: Mapping[str, str], folder: Path, *, text_of: Callable[[str], str]
) -> tuple[int, list[Finding]]:
    """Compare ledger files with the SHA-256 they should have; count lines, and say what differs.

    `text_of` gives the text of a SHA-256, and is asked where a file differs. Findings:
    LEDGER_EDITED with file and line, LEDGER_FILE_MISSING, and LEDGER_FILE_UNKNOWN for a ledger file
    or a reader's cache that is not expected.
    """
    findings: list[Finding] = []
    compared = 0
    for name, sha256 in sorted(expected.items()):
        path = folder / name
        found, lines = digest_file(path) if path.is_file() else ("", 0)
        if found == sha256:
            compared += lines
            continue
        text = text_of(sha256)
        compared += text.count("\n")
        if not found:
            findings.append(Finding("LEDGER_FILE_MISSING", "the ledger file is missing", file=name))
        else:
            findings.extend(find_edit(text, path))
    return compared, findings + unknown_files(expected, folder)


def unknown_files(expected: Mapping[str, object], folder: Path) -> list[Finding]:
    """Return a finding for each ledger file, or reader's cache, that no close wrote."""
    return [
        Finding("LEDGER_FILE_UNKNOWN", "no close wrote this file", file=path.name)
        for path in sorted(folder.iterdir())
        if path.name not in expected and path.name.endswith((SUFFIX, _CACHE_SUFFIX))
    ]


def find_edit(expected: str | Sequence[str], path: Path) -> list[Finding]:
    """Return a finding for each line of a file that is not as expected, with its number.

    `expected` is the whole text, or the `line_digests` of it. Bytes count: an added blank or
    another line ending is an edit.
    """
    content = path.read_bytes()
    if isinstance(expected, str):
        if content == expected.encode():
            return []
        wanted = line_digests(expected)
    else:
        wanted = list(expected)
    found = content.split(b"\n")
    edits = [_edited(path.name, row, line=line) for row, line in _differences(wanted, found)]
    if len(edits) > _NAMED_LINES:
        message = f"{len(edits)} lines differ; the first {_NAMED_LINES} are named"
        return [*edits[:_NAMED_LINES], Finding("LEDGER_EDITED", message, file=path.name)]
    return edits


def _differences(wanted: Sequence[str], found: list[bytes]) -> Iterator[tuple[int, bytes | None]]:
    for row, (digest, line) in enumerate(zip_longest(wanted, found), start=1):
        if line is None or digest is None or not _digest(line).startswith(digest):
            yield row, line


def _edited(name: str, row: int, *, line: bytes | None) -> Finding:
    if line is None:
        return Finding("LEDGER_EDITED", "the line is missing", file=name, row=row)
    return Finding(
        "LEDGER_EDITED",
        "the line is not what the sealed journal says",
        file=name,
        row=row,
        value=line.decode(errors="replace").strip()[:200],
    )
