"""Ledger files as they stand on disk: written part by part, hashed as they are written.

A file of the ledger may be larger than memory; nothing here holds more than a part of it.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KEPT = 4  # bytes of a line's digest: enough to name the line, the file's hash proves it
_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class LedgerText:
    """A ledger file: where its bytes are, their SHA-256, and the digests of its lines in base64.

    `sealed` says that an earlier close sealed it.
    """

    path: Path
    sha256: str
    lines: str
    sealed: bool = False

    def read(self) -> str:
        """Return the whole text, for files that are small."""
        return self.path.read_text(encoding="utf-8")


def write_text(path: Path, parts: Iterable[memoryview | bytes]) -> LedgerText:
    """Write parts of whole lines as a file, and return what was written."""
    whole = hashlib.sha256()
    digests: list[bytes] = []
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
            whole.update(part)
            digests.append(_digests_of(bytes(part)))
    # What follows the last line is an empty one.
    digests.append(hashlib.sha256(b"").digest()[:KEPT])
    return LedgerText(path, whole.hexdigest(), b64encode(b"".join(digests)).decode())


def write_plain(path: Path, parts: Iterable[memoryview | bytes]) -> int:
    """Write parts as a file without digests, and return how many bytes there are."""
    size = 0
    with path.open("wb") as file:
        for part in parts:
            size += file.write(part)
    return size


def _digests_of(part: bytes) -> bytes:
    sha256 = hashlib.sha256
    lines = part.split(b"\n")
    if lines.pop():
        raise ValueError("a part of a ledger file ends within a line")
    return b"".join([sha256(line).digest()[:KEPT] for line in lines])


def digest_file(path: Path) -> tuple[str, int]:
    """Return the SHA-256 of a file and the number of its line ends."""
    found, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(_READ):
            found.update(part)
            lines += part.count(b"\n")
    return found.hexdigest(), lines
