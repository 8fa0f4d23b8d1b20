"""A file as it arrived: its bytes, in memory or, of a long one, where they lie, and SHA-256."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO

from subledger.errors import refuse

LONG = 2**24  # bytes from which a file stays where it lies
_FIRST = 64


@dataclass(frozen=True, slots=True)
class Arrival:
    """The bytes of a file, their number, the first of them, and the SHA-256 of all as hex text.

    `place` is the path of a file that stays where it lies, `stamp` what tells its state there.
    """

    content: BinaryIO
    size: int
    first: bytes
    sha256: str
    place: Path | None = None
    stamp: tuple[int, int] | None = None

    def whole(self) -> bytes:
        """Return all bytes; FILE_UNREADABLE is refused."""
        with _refusing(self.place):
            self.content.seek(0)
            return self.content.read()

    def require_unchanged(self) -> None:
        """Refuse with FILE_UNREADABLE if the file was written to since its SHA-256 was taken."""
        if self.place is not None and _stamp(self.content) != self.stamp:
            message = "the file was changed while it was imported"
            raise refuse("FILE_UNREADABLE", message, file=str(self.place))


@contextmanager
def arrived(data: bytes | Path) -> Iterator[Arrival]:
    """Give a file, open while the block runs; FILE_UNREADABLE is refused."""
    place = None if isinstance(data, bytes) else data
    with _refusing(place):
        opened = io.BytesIO(data) if isinstance(data, bytes) else data.open("rb")
    with opened:
        with _refusing(place):
            content = opened
            if place is not None and os.fstat(opened.fileno()).st_size < LONG:
                content, place = io.BytesIO(opened.read()), None
            stamp = _stamp(content) if place is not None else None
            digest = file_digest(content, "sha256").hexdigest()
            size = content.seek(0, io.SEEK_END)
            content.seek(0)
            first = content.read(_FIRST)
        yield Arrival(content, size, first, digest, place, stamp)


def _stamp(content: BinaryIO) -> tuple[int, int]:
    found = os.fstat(content.fileno())
    return found.st_size, found.st_mtime_ns


@contextmanager
def _refusing(place: Path | None) -> Iterator[None]:
    """Refuse with FILE_UNREADABLE what the machine does not let be read."""
    try:
        yield
    except OSError as error:
        raise refuse("FILE_UNREADABLE", str(error.strerror), file=str(place or "")) from error
