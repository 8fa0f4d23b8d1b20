"""Sealed segments: append-only Parquet files, named by their content, written once.

A segment that the manifest in the control database does not name does not exist for any reader.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from subledger.errors import InvariantError, refuse
from subledger.store.files import put
from subledger.store.hashing import canonical, hash_of, sha256
from subledger.store.versions import LIKE, complete, conform, schema_at, schema_version
from subledger.tables import Table, is_text

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
    plain = canonical(table, declared)
    content = hash_of(plain, declared)
    path = segment_path(folder, content, batch=batch)
    return put_segment(store, declared, plain=plain, content=content, path=path)


def put_segment(
    store: Path, declared: Table, *, plain: pa.Table, content: str, path: str
) -> SegmentFile:
    """Write a table in canonical form, whose content hash is known, under its final path."""
    data = _encode(plain, name=declared.name, version=schema_version(declared))
    if not put(store / path, data) and (store / path).read_bytes() != data:
        raise refuse("SEGMENT_CHANGED", "the file holds other bytes", file=path)
    return SegmentFile(path, content, sha256(data), plain.num_rows)


def _encode(plain: pa.Table, *, name: str, version: int) -> memoryview:
    """Return a table in canonical form as Parquet, in encodings that every reader knows.

    Texts that repeat are a dictionary, others are written by what they share with the one before;
    numbers by their differences, or as they are where most are zero.
    """
    columns = {field.name: plain[field.name].chunk(0) for field in plain.schema}
    spelled = {name for name, column in columns.items() if _spelled(column)}
    schema = pa.schema(
        [f.with_type(pa.string()) if f.name in spelled else f for f in plain.schema],
        {_TABLE: name, _VERSION: str(version)},
    )
    encodings = {
        name: "DELTA_BYTE_ARRAY" if name in spelled else _numbers_encoding(column)
        for name, column in columns.items()
        if name in spelled or not pa.types.is_dictionary(column.type)
    }
    sink = pa.BufferOutputStream()
    pq.write_table(
        plain.cast(schema),
        sink,
        compression={f.name: "zstd" if is_text(f.type) else "lz4" for f in plain.schema},
        use_dictionary=[name for name in columns if name not in encodings],
        column_encoding=encodings,
        write_statistics=[f.name for f in plain.schema if pa.types.is_date32(f.type)],
        row_group_size=max(plain.num_rows, 1),
        dictionary_pagesize_limit=_DICTIONARY_BYTES,
    )
    return memoryview(sink.getvalue()).cast("B")


_REPEATED = 4  # rows per distinct text from which a dictionary is smaller
_FEW = 4096
_DICTIONARY_BYTES = 2**30


def _spelled(column: pa.Array) -> bool:
    if not pa.types.is_dictionary(column.type):
        return bool(pa.types.is_string(column.type))
    return len(column.dictionary) * _REPEATED > max(len(column), _FEW)


def _numbers_encoding(column: pa.Array) -> str:
    if pa.types.is_boolean(column.type):
        return "PLAIN"
    if column.null_count or not pa.types.is_int64(column.type):
        return "DELTA_BINARY_PACKED"
    mostly_zero = 2 * np.count_nonzero(column.to_numpy()) < len(column)
    return "PLAIN" if mostly_zero else "DELTA_BINARY_PACKED"


def read_segment(
    store: Path,
    declared: Table,
    *,
    path: str,
    file_sha256: str,
    columns: Collection[str] | None = None,
) -> pa.Table:
    """Return the rows of a segment in the declared schema, after checking its bytes.

    A segment of an earlier schema version is read through that version; columns added since get
    their defaults (null, "", 0, false). `columns` limits what is decoded: the table then has only
    those, in declared order. Refuses with SEGMENT_MISSING or SEGMENT_CHANGED (exit 5).
    """
    data = segment_bytes(store, path)
    if sha256(data) != file_sha256:
        raise refuse("SEGMENT_CHANGED", "the file's SHA-256 is not the manifest's", file=path)
    if columns is None:
        return complete(decode_segment(data, declared)[0], declared)
    needed = narrowed(declared, columns)
    found = complete(decode_segment(data, declared, columns=needed.schema.names)[0], needed)
    return found.select([name for name in declared.schema.names if name in columns])


def narrowed(declared: Table, columns: Collection[str]) -> Table:
    """Return a declared table with some of its columns, and those that stand in for them."""
    chosen = [field for field in declared.schema if field.name in columns]
    needed = {*columns, *((field.metadata or {}).get(LIKE, b"").decode() for field in chosen)}
    return replace(declared, schema=pa.schema([f for f in declared.schema if f.name in needed]))


def segment_bytes(store: Path, path: str) -> bytes:
    """Return the bytes of a segment's file; refuse with SEGMENT_MISSING."""
    try:
        return (store / path).read_bytes()
    except FileNotFoundError as error:
        raise refuse("SEGMENT_MISSING", "there is no such file", file=path) from error


def decode_segment(
    data: bytes, declared: Table, *, columns: Collection[str] | None = None
) -> tuple[pa.Table, int]:
    """Return the rows of a segment's bytes in its own schema, and its schema version.

    `columns` limits what is decoded to some of the declared columns.
    """
    file = pq.ParquetFile(pa.BufferReader(data))
    metadata = file.schema_arrow.metadata or {}
    version = int(metadata.get(_VERSION, b"0"))
    if metadata.get(_TABLE) != declared.name.encode() or version < 1:
        raise InvariantError(f"the file is not a segment of {declared.name}")
    if version > schema_version(declared):
        raise refuse("STORE_NEWER", f"{declared.name} is at schema version {version}")
    if columns is None:
        return conform(file.read(), declared, version=version), version
    wanted = narrowed(declared, columns)
    found = file.read(columns=schema_at(wanted, version).names)
    return conform(found, wanted, version=version), version
