"""Which columns a declared table had at each version of its schema.

Columns are only ever added. A column that came later carries `since` (a number from 2 on) in its
metadata; a table's schema version is the highest of them, else 1. A sealed segment is hashed and
read through its own version, and the columns it does not have yet get their defaults, which
`tables.declaring.added` states: a text, or another column's values.
"""

from __future__ import annotations

import pyarrow as pa

from subledger.errors import InvariantError
from subledger.tables import TEXT, Table, is_text
from subledger.texts import Texts, from_arrow

SINCE, DEFAULT, LIKE = b"since", b"default", b"like"


def since(field: pa.Field) -> int:
    """Return the version of its table's schema from which a column exists."""
    return int((field.metadata or {}).get(SINCE, b"1"))


def schema_version(declared: Table) -> int:
    """Return the version of a table's schema as it is declared now."""
    return max(since(field) for field in declared.schema)


def schema_at(declared: Table, version: int) -> pa.Schema:
    """Return the columns that a table had at a version of its schema."""
    return pa.schema([field for field in declared.schema if since(field) <= version])


def conform(table: pa.Table, declared: Table, *, version: int | None = None) -> pa.Table:
    """Return the table in the declared columns, order and types of a schema version.

    Text columns become coded ones, however they were held; integers of other widths become the
    declared ones. Raises InvariantError for a missing, unknown or floating column, for a value
    that does not fit and for a null where none may be.
    """
    schema = schema_at(declared, version or schema_version(declared))
    if sorted(table.column_names) != sorted(schema.names):
        odd = sorted(set(table.column_names) ^ set(schema.names))
        raise InvariantError(f"{declared.name}: columns missing, doubled or not declared: {odd}")
    return pa.table([_cast(table[field.name], field) for field in schema], schema=schema)


def _cast(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if pa.types.is_floating(column.type):
        raise InvariantError(f"{field.name}: a floating-point column may not be stored")
    if field.type == TEXT and column.null_count:
        raise InvariantError(f"{field.name}: a value is missing")
    if field.type == TEXT and _any_text(column.type):
        return pa.chunked_array([from_arrow(column).dictionary()])
    if column.type != field.type:
        try:
            column = column.cast(field.type)
        except pa.ArrowInvalid as error:
            raise InvariantError(f"{field.name}: {error}") from error
    if column.null_count and not field.nullable:
        raise InvariantError(f"{field.name}: a value is missing")
    return column


def _any_text(kind: pa.DataType) -> bool:
    return is_text(kind) or bool(pa.types.is_large_string(kind))


def complete(table: pa.Table, declared: Table) -> pa.Table:
    """Return a table of an earlier schema version with the columns added since, at defaults."""
    have = set(table.column_names)
    columns = [
        table[field.name] if field.name in have else _default(field, table)
        for field in declared.schema
    ]
    return pa.table(columns, schema=declared.schema)


def _default(field: pa.Field, table: pa.Table) -> pa.Array | pa.ChunkedArray:
    metadata, rows = field.metadata or {}, table.num_rows
    if LIKE in metadata:
        return table[metadata[LIKE].decode()]
    if field.nullable:
        return pa.nulls(rows, field.type)
    if is_text(field.type):
        found = Texts.repeated(metadata.get(DEFAULT, b"").decode(), rows)
        return found.dictionary() if field.type == TEXT else found.plain()
    if pa.types.is_boolean(field.type):
        return pa.repeat(pa.scalar(value=False, type=field.type), rows)
    if pa.types.is_integer(field.type):
        return pa.repeat(pa.scalar(0, field.type), rows)
    raise InvariantError(f"{field.name}: a column of this type can only be added as nullable")
