"""The canonical binary form of tables and records, and the hashes and chains made of it.

The form depends on the values alone: not on chunks, slices, dictionary coding, the payload under
a null, the Parquet encoding or the version of a library. Everything variable carries its length,
so no two different contents have the same form.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.errors import InvariantError
from subledger.store.versions import complete, conform, schema_at, schema_version
from subledger.tables import Table

FORM = b"subledger.table/1"
GENESIS = "0" * 64
_SEGMENT, _BATCH, _SEAL = b"\x02", b"\x03", b"\x04"  # 0x00 and 0x01 are for Merkle leaves and nodes
_TYPES = {pa.int64(): b"int64", pa.string(): b"text", pa.date32(): b"date32", pa.bool_(): b"bool"}


def _framed(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def content_hash(table: pa.Table, declared: Table, *, version: int | None = None) -> str:
    """Return the SHA-256 of a table's content in canonical form, as hexadecimal text.

    Hashed are the table's name, schema version and number of rows, then per column in the order
    of the schema its name, type, number of nulls, validity bits (only if there are nulls; lowest
    bit first) and values: integers and dates little-endian with 0 under a null, booleans one byte
    each, text as all lengths in bytes (32 bits) followed by all bytes.
    """
    version = version or schema_version(declared)
    plain = conform(table, declared, version=version)
    digest = hashlib.sha256(_framed(FORM) + _framed(declared.name.encode()))
    digest.update(struct.pack("<QQQ", version, plain.num_rows, plain.num_columns))
    for field in plain.schema:
        if field.type not in _TYPES:
            raise InvariantError(f"{field.name}: no canonical form for {field.type}")
        column = plain[field.name]
        digest.update(_framed(field.name.encode()) + _framed(_TYPES[field.type]))
        digest.update(struct.pack("<Q", column.null_count))
        if column.null_count:
            valid = column.is_valid().to_numpy()
            digest.update(np.packbits(valid, bitorder="little").tobytes())
        _hash_values(digest, column)
    return digest.hexdigest()


def sealed_as(table: pa.Table, declared: Table, *, sealed: str) -> bool:
    """Say whether a table's content has a hash that a close sealed, perhaps at an earlier schema.

    An earlier version counts only where the columns added since hold no more than their defaults.
    """
    plain = conform(table, declared)
    for version in range(schema_version(declared), 0, -1):
        earlier = plain.select(schema_at(declared, version).names)
        if content_hash(earlier, declared, version=version) == sealed:
            return bool(complete(earlier, declared).equals(plain))
    return False


def _hash_values(digest: hashlib._Hash, column: pa.ChunkedArray) -> None:
    if pa.types.is_string(column.type):
        chunks = column.fill_null("").chunks
        for chunk in chunks:
            digest.update(_little(pc.binary_length(chunk), "<i4"))
        for chunk in chunks:
            digest.update(_text_bytes(chunk))
    elif pa.types.is_boolean(column.type):
        digest.update(_little(column.fill_null(False).cast(pa.int8()), "|i1"))
    elif pa.types.is_date32(column.type):
        digest.update(_little(column.cast(pa.int32()).fill_null(0), "<i4"))
    else:
        digest.update(_little(column.fill_null(0), "<i8"))


def _little(values: pa.Array | pa.ChunkedArray, code: str) -> bytes:
    return np.ascontiguousarray(values.to_numpy(), dtype=np.dtype(code)).tobytes()


def _text_bytes(chunk: pa.StringArray) -> memoryview:
    """Return the bytes of all texts of an array without nulls, one after the other."""
    if len(chunk) == 0:
        return memoryview(b"")
    _, offsets, payload = chunk.buffers()
    bounds = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    return memoryview(payload or b"")[int(bounds[0]) : int(bounds[-1])]


def next_in_chain(previous: str, content: str) -> str:
    """Return the chain hash of a segment: SHA-256 of 0x02, the previous hash and its content's."""
    return _sha(_SEGMENT + bytes.fromhex(previous) + bytes.fromhex(content))


def canonical_json(content: object) -> str:
    """Return JSON with sorted keys and without blanks, the same text for the same content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def rows_form(table: str, rows: list[Mapping[str, object]]) -> bytes:
    """Return the canonical form of rows of a control table; columns that are null are left out.

    Columns may be added to a table later as nullable ones without changing the form of old rows.
    """
    forms = [canonical_json({k: v for k, v in row.items() if v is not None}) for row in rows]
    framed = b"".join(_framed(form.encode()) for form in forms)
    return _framed(table.encode()) + struct.pack("<Q", len(forms)) + framed


def batch_hash(previous: str, batch: Mapping[str, object], *, content: bytes) -> str:
    """Return the hash of a batch: 0x03, the previous batch's hash, its row, all it recorded.

    `batch` is the row without `previous` and `hash`, `content` the forms of the rows it recorded.
    """
    own = rows_form("batch", [batch])
    return _sha(_BATCH + bytes.fromhex(previous) + _framed(own) + _framed(content))


def seal_hash(previous: str, seal: Mapping[str, object]) -> str:
    """Return the hash of a close's seal: 0x04, the previous seal's hash, the row without both."""
    return _sha(_SEAL + bytes.fromhex(previous) + rows_form("close_seal", [seal]))


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes as hexadecimal text."""
    return _sha(content)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
