"""The canonical binary forms of tables and records, and the hashes and chains made of them.

A form depends on the values alone: not on chunks, slices, dictionary coding, the payload under
a null, the Parquet encoding or the version of a library. Everything variable carries its length,
so no two different contents have the same form. Form 1 is that of segments of earlier programs;
what is sealed now is in form 2.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger.errors import InvariantError
from subledger.store.versions import complete, conform, schema_at, schema_version
from subledger.tables import TEXT, Table, is_text
from subledger.texts import from_arrow

FORM = 2
FORMS = {1: b"subledger.table/1", 2: b"subledger.table/2"}
GENESIS = "0" * 64
# 0x00 and 0x01 are for Merkle leaves and nodes.
_SEGMENT, _BATCH, _SEAL, _PARTS = b"\x02", b"\x03", b"\x04", b"\x05"
_TYPES = {
    pa.int64(): b"int64",
    TEXT: b"text",
    pa.string(): b"spelled",
    pa.date32(): b"date32",
    pa.bool_(): b"bool",
}
# Bytes of a number, the least that hold every value of its column, and how many bits they are.
_WIDTHS = ((1, 7), (2, 15), (4, 31))


def _framed(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def content_hash(
    table: pa.Table, declared: Table, *, version: int | None = None, form: int = FORM
) -> str:
    """Return the SHA-256 of a table's content in canonical form, as hexadecimal text.

    Hashed are the table's name, schema version and number of rows, then per column in the order
    of the schema its name, type, number of nulls, validity bits (only if there are nulls; lowest
    bit first) and values: numbers, days and booleans (0 or 1) with 0 under a null, preceded by
    their width in one byte: the 1, 2, 4 or 8 little-endian bytes, signed, that hold the least and
    the greatest of the column, or 0 where all are one value, which follows once in 8. Text is its
    distinct values in the order of their first row (their number in 8 bytes, all lengths in bytes
    in 32 bits, all bytes) and then the position of each row's value, as numbers; text that is
    declared as spelled is the lengths of all rows in 32 bits followed by all bytes.

    In form 1 numbers have 64 bits, days 32 and booleans 8 throughout, and text is the lengths of
    all rows in 32 bits followed by all bytes.
    """
    plain = canonical(table, declared, version=version)
    return hash_of(plain, declared, version=version, form=form)


def canonical(table: pa.Table, declared: Table, *, version: int | None = None) -> pa.Table:
    """Return a table as it is hashed and written: as declared, texts in order of appearance.

    Equal content gives equal columns, in one chunk each.
    """
    plain = conform(table, declared, version=version)
    columns = [
        from_arrow(column).canonical().dictionary() if column.type == TEXT else _whole(column)
        for column in plain.columns
    ]
    return pa.Table.from_arrays(columns, schema=plain.schema)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def hash_of(
    plain: pa.Table, declared: Table, *, version: int | None = None, form: int = FORM
) -> str:
    """Return the content hash of a table that `canonical` made of the same version."""
    version = version or schema_version(declared)
    digest = hashlib.sha256(_framed(FORMS[form]) + _framed(declared.name.encode()))
    digest.update(struct.pack("<QQQ", version, plain.num_rows, plain.num_columns))
    for field in plain.schema:
        if field.type not in _TYPES:
            raise InvariantError(f"{field.name}: no canonical form for {field.type}")
        column = plain[field.name].chunk(0)
        kind = b"text" if form == 1 and is_text(field.type) else _TYPES[field.type]
        digest.update(_framed(field.name.encode()) + _framed(kind))
        digest.update(struct.pack("<Q", column.null_count))
        if column.null_count:
            valid = column.is_valid().to_numpy(zero_copy_only=False)
            digest.update(np.packbits(valid, bitorder="little").tobytes())
        if form == 1:
            _hash_values(digest, column)
        else:
            _hash_narrow(digest, column)
    return digest.hexdigest()


def sealed_as(table: pa.Table, declared: Table, *, sealed: str) -> bool:
    """Say whether a table's content has a hash that a close sealed, perhaps by an earlier program.

    An earlier version of the schema counts only where the columns added since hold no more than
    their defaults.
    """
    plain = conform(table, declared)
    for version in range(schema_version(declared), 0, -1):
        earlier = plain.select(schema_at(declared, version).names)
        if matches(earlier, declared, version=version, hashed=sealed):
            return same(complete(earlier, declared), plain)
    return False


def matches(table: pa.Table, declared: Table, *, version: int, hashed: str) -> bool:
    """Say whether a table has a content hash, in the present form or in an earlier one."""
    plain = canonical(table, declared, version=version)
    return any(hash_of(plain, declared, version=version, form=form) == hashed for form in (2, 1))


def same(table: pa.Table, other: pa.Table) -> bool:
    """Say whether two tables of one schema have equal values, however their texts are coded."""
    pairs = zip(table.columns, other.columns, strict=True)
    return table.num_rows == other.num_rows and all(_equal(*pair) for pair in pairs)


def _equal(column: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    if column.type != TEXT:
        return bool(column.equals(other))
    return bool((from_arrow(column) == from_arrow(other)).all())


def _hash_narrow(digest: hashlib._Hash, column: pa.Array) -> None:
    """Add the values of a column in form 2."""
    if column.type == TEXT:
        values = column.dictionary
        lengths = pc.binary_length(values).to_numpy(zero_copy_only=False)
        digest.update(struct.pack("<Q", len(values)))
        digest.update(np.ascontiguousarray(lengths, np.dtype("<i4")).data)
        digest.update(_text_bytes(values))
        _hash_numbers(digest, column.indices.to_numpy(), bounds=(0, max(len(values) - 1, 0)))
        return
    if is_text(column.type):
        _hash_values(digest, column)
        return
    plain = _plain_numbers(column).to_numpy()
    bounds = (int(plain.min()), int(plain.max())) if len(plain) else (0, 0)
    _hash_numbers(digest, plain, bounds=bounds)


def _hash_numbers(
    digest: hashlib._Hash, values: npt.NDArray[Any], *, bounds: tuple[int, int]
) -> None:
    least, greatest = bounds
    if least == greatest:
        digest.update(struct.pack("<Bq", 0, least))
        return
    bits = max(least.bit_length() if least >= 0 else (~least).bit_length(), greatest.bit_length())
    width = next((width for width, held in _WIDTHS if bits <= held), 8)
    digest.update(bytes([width]))
    digest.update(np.ascontiguousarray(values, np.dtype(f"<i{width}")).data)


def _plain_numbers(column: pa.Array) -> pa.Array:
    """Return numbers, days or booleans as integers, 0 under a null."""
    if pa.types.is_boolean(column.type):
        return column.fill_null(fill_value=False).cast(pa.int8())
    whole = column.view(pa.int32()) if pa.types.is_date32(column.type) else column
    return whole.fill_null(0) if whole.null_count else whole


def _hash_values(digest: hashlib._Hash, column: pa.Array) -> None:
    """Add the values of a column in form 1."""
    if is_text(column.type):
        spelled = from_arrow(column).plain() if column.type == TEXT else column
        lengths = pc.binary_length(spelled).to_numpy(zero_copy_only=False)
        digest.update(np.ascontiguousarray(lengths, np.dtype("<i4")).data)
        digest.update(_text_bytes(spelled))
        return
    code = {1: "|i1", 32: "<i4", 64: "<i8"}[column.type.bit_width]
    plain = _plain_numbers(column).to_numpy()
    digest.update(np.ascontiguousarray(plain, dtype=np.dtype(code)).tobytes())


def _text_bytes(chunk: pa.StringArray) -> memoryview:
    """Return the bytes of all texts of an array without nulls, one after the other."""
    if len(chunk) == 0:
        return memoryview(b"")
    _, offsets, payload = chunk.buffers()
    bounds = np.frombuffer(offsets, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    return memoryview(payload or b"")[int(bounds[0]) : int(bounds[-1])]


def hash_of_parts(parts: Sequence[str]) -> str:
    """Return the hash of a table that is kept in parts, by their content hashes in order.

    Of several it is SHA-256 of 0x05 and their hashes; a single part's is its own.
    """
    if len(parts) == 1:
        return parts[0]
    return _sha(_PARTS + b"".join(map(bytes.fromhex, parts)))


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


def sha256(content: bytes | memoryview) -> str:
    """Return the SHA-256 of bytes as hexadecimal text."""
    return _sha(content)


def _sha(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()
