"""Sealed segments: append-only Parquet files, named by their content, written once.

A segment that the manifest in the control database does not name does not exist for any reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from subledger.errors import InvariantError, refuse
from subledger.store.files import put
from subledger.store.hashing import content_hash, sha256
from subledger.store.versions import complete, conform, schema_version
from subledger.tables import Table

SEGMENTS = "segments"
EVERY = "all"  # the folder of what is not kept per basis or per period
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\Z", re.ASCII)
_NAME = re.compile(r"([0-9]{8,})-[0-9a-f]{16}\.parquet\Z", re.ASCII)
_TABLE, _VERSION = b"subledger.table", b"subledger.schema"


@dataclass(frozen=True, slots=True)
class SegmentFile:
    """A segment on disk: its path below the store, both hashes, its number of rows."""

    path: str
    content_hash: str
    file_sha256: str
    rows: int


def segment_folder(kind: str, basis: str = "", *, period: str = "") -> str:
    """Return the folder of segments of a kind, basis and period, relative to the store."""
    parts = (kind, basis or EVERY, period or EVERY)
    for part in parts:
        if not _SAFE.match(part):
            raise InvariantError(f"{part!r} cannot be the name of a folder")
    return "/".join((SEGMENTS, *parts))


def segment_path(folder: str, content: str, *, batch: int) -> str:
    """Return the final path of a segment, named by its batch and the hash of its content."""
    return f"{folder}/{batch:08d}-{content[:16]}.parquet"


def batch_of(name: str) -> int | None:
    """Return the batch that a segment's file name states, None if it is no segment's name."""
    match = _NAME.match(name)
    return int(match[1]) if match else None


def write_segment(
    store: Path, declared: Table, *, table: pa.Table, folder: str, batch: int
) -> SegmentFile:
    """Write a table as a sealed segment and return what the manifest needs to know of it.

    Args:
        store: The store's folder.
        declared: The declared table; columns, types and nulls are checked against it.
        table: The rows, sorted as the declared table says.
        folder: From `segment_folder`.
        batch: The batch that writes it.

    Raises:
        InvariantError: If the table is not as declared.
        Refused: SEGMENT_CHANGED if the name is taken by other bytes.
    """
    version = schema_version(declared)
    plain = conform(table, declared)
    content = content_hash(plain, declared)
    data = _encode(plain, name=declared.name, version=version)
    path = segment_path(folder, content, batch=batch)
    if not put(store / path, data) and (store / path).read_bytes() != data:
        raise refuse("SEGMENT_CHANGED", "the file holds other bytes", file=path)
    return SegmentFile(path, content, sha256(data), plain.num_rows)


def _encode(table: pa.Table, *, name: str, version: int) -> bytes:
    sink = pa.BufferOutputStream()
    schema = table.schema.with_metadata({_TABLE: name, _VERSION: str(version)})
    pq.write_table(table.cast(schema), sink, compression="zstd")
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


def read_segment(store: Path, declared: Table, *, path: str, file_sha256: str) -> pa.Table:
    """Return the rows of a segment in the declared schema, after checking its bytes.

    A segment of an earlier schema version is read through that version; columns added since get
    their defaults (null, "", 0, false). Refuses with SEGMENT_MISSING or SEGMENT_CHANGED (exit 5).
    """
    data = segment_bytes(store, path)
    if sha256(data) != file_sha256:
        raise refuse("SEGMENT_CHANGED", "the file's SHA-256 is not the manifest's", file=path)
    return complete(decode_segment(data, declared)[0], declared)


def segment_bytes(store: Path, path: str) -> bytes:
    """Return the bytes of a segment's file; refuse with SEGMENT_MISSING."""
    try:
        return (store / path).read_bytes()
    except FileNotFoundError as error:
        raise refuse("SEGMENT_MISSING", "there is no such file", file=path) from error


def decode_segment(data: bytes, declared: Table) -> tuple[pa.Table, int]:
    """Return the rows of a segment's bytes in its own schema, and its schema version."""
    table = pq.read_table(pa.BufferReader(data))
    metadata = table.schema.metadata or {}
    version = int(metadata.get(_VERSION, b"0"))
    if metadata.get(_TABLE) != declared.name.encode() or version < 1:
        raise InvariantError(f"the file is not a segment of {declared.name}")
    if version > schema_version(declared):
        raise refuse("STORE_NEWER", f"{declared.name} is at schema version {version}")
    return conform(table, declared, version=version), version
