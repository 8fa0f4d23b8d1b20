"""Files that are written once and stay: flushed, renamed, their folder flushed, never overwritten.

What the machine refuses is refused with a code: no permission is CANNOT_WRITE (exit 73), a full
disk or a failing one IO_ERROR (exit 74), each with the path.
"""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from subledger.errors import Refused, refuse
from subledger.store.hashing import sha256

Content: TypeAlias = bytes | memoryview | Iterator[bytes]

RAW = "raw"
_BLOCK = 2**22  # bytes of a file that are copied at a time
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FAILING = {errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG}
_NEW_FILE = (
    os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
)


def machine_refusal(error: OSError, path: Path) -> Refused | None:
    """Return the refusal that an error of the machine stands for, None if it is none."""
    where = str(error.filename or path)
    if error.errno in _FORBIDDEN:
        return refuse("CANNOT_WRITE", f"no permission ({error.strerror})", file=where)
    if error.errno in _FAILING:
        return refuse("IO_ERROR", f"writing failed ({error.strerror})", file=where)
    return None


@contextmanager
def refusing_machine_errors(path: Path) -> Iterator[None]:
    """Turn errors of the disk and of permissions into refusals that name the path."""
    try:
        yield
    except OSError as error:
        refusal = machine_refusal(error, path)
        if refusal is None:
            raise
        raise refusal from error


def require_writable(folder: Path) -> None:
    """Refuse with CANNOT_WRITE unless files can be made in a folder; nothing is written."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise refuse("CANNOT_WRITE", "no permission to write in the folder", file=str(folder))


def sync_folder(folder: Path) -> None:
    """Flush a folder, so that the names in it survive a power cut; not on Windows."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _sync(handle)
    finally:
        os.close(handle)


def _sync(handle: int) -> None:
    os.fsync(handle)
    if sys.platform == "darwin":
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        # On macOS fsync leaves the data in the drive's cache.
        fcntl.fcntl(handle, fcntl.F_FULLFSYNC)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; each new name is flushed."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def put(path: Path, content: Content) -> bool:
    """Write a read-only file under its final name; say whether it was new.

    The bytes go to a temporary name in the same folder, are flushed, renamed, and the folder is
    flushed: after a crash the file is there whole or not at all. A file that is there already is
    left alone; the caller compares it.
    """
    if path.exists():
        return False
    make_folder(path.parent)
    temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        _write(temporary, content)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return True


def _write(path: Path, content: Content) -> None:
    handle = os.open(path, _NEW_FILE, 0o440)
    try:
        for block in (content,) if isinstance(content, (bytes, memoryview)) else content:
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(handle, rest) :]
        _sync(handle)
    finally:
        os.close(handle)


def put_raw(store: Path, content: bytes | Path, *, name: str = "") -> str:
    """Keep an imported file byte for byte as `raw/<sha256>`; return the SHA-256.

    `name` is the SHA-256 where it is known, as it must be of a path, from which the file is then
    copied. Refuses with RAW_CHANGED when a file of that name holds other bytes, with
    FILE_UNREADABLE when the path's bytes are not those of the name any more.
    """
    if not isinstance(content, Path):
        name = name or sha256(content)
    path = store / RAW / name
    blocks = _blocks(content, name) if isinstance(content, Path) else content
    if not put(path, blocks) and sha256(path.read_bytes()) != name:
        raise refuse("RAW_CHANGED", "the file does not hold the bytes of its name", file=str(path))
    return name


def put_raw_file(store: Path, source: Path, *, name: str) -> None:
    """Keep a copy of a file as `raw/<sha256>`, without holding it in memory; see `put_raw`."""
    path = store / RAW / name
    with source.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            put_raw(store, b"", name=name)
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            content = memoryview(mapped)
            try:
                known = not put(path, content)
            finally:
                content.release()
    if known:
        with path.open("rb") as kept:
            if hashlib.file_digest(kept, "sha256").hexdigest() != name:
                message = "the file does not hold the bytes of its name"
                raise refuse("RAW_CHANGED", message, file=str(path))


def _blocks(source: Path, name: str) -> Iterator[bytes]:
    """Yield the bytes of a file, and refuse at their end if they are not those of the name."""
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                yield block
    except OSError as error:
        raise refuse("FILE_UNREADABLE", str(error.strerror), file=str(source)) from error
    if digest.hexdigest() != name:
        message = "the file was changed while it was imported"
        raise refuse("FILE_UNREADABLE", message, file=str(source))


def read_raw(store: Path, name: str) -> bytes:
    """Return the bytes kept as `raw/<sha256>`; refuse with RAW_MISSING or RAW_CHANGED."""
    path = store / RAW / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise refuse("RAW_MISSING", "a kept file is missing", file=str(path)) from None
    if sha256(content) != name:
        raise refuse("RAW_CHANGED", "a kept file was changed", file=str(path))
    return content
