"""Canonical files: bytes of a known kind to its canonical table, or to all that is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from subledger.events.context import Context
from subledger.events.kinds import KINDS
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows
from subledger.importers.csv_file import Source, parse_csv
from subledger.importers.header import match_header


def read_canonical(
    kind: str,
    data: bytes,
    *,
    file: str,
    context: Context,
    mapping: Mapping[str, str] | None = None,
) -> Reading:
    """Read a canonical CSV file of a kind of `KINDS`.

    Args:
        kind: The file's name in the table of files, such as "trades".
        data: The file byte for byte.
        file: The name that findings give it.
        context: What the books folder knows, which the rows are judged against.
        mapping: Our column for a source's column; "" leaves one out.

    Returns:
        The canonical table (without rows when there are findings), notes, and all findings of
        the file: of its form first, then by row and column. Nothing is raised.
    """
    source = parse_csv(data, file, limits=context.limits)
    return read_source(KINDS[kind], source, file=file, context=context, mapping=mapping)


def read_source(
    kind: Kind,
    source: Source,
    *,
    file: str,
    context: Context,
    mapping: Mapping[str, str] | None = None,
) -> Reading:
    """Judge rows of text, from whatever format they were read, as a file of a kind."""
    empty = kind.table.empty()
    if not source.header:
        return Reading(empty, findings=source.findings)
    places, findings = match_header(source.header, kind.columns, file=file, mapping=mapping)
    findings = [*findings, *source.findings]
    if findings and any(column.required and column.name not in places for column in kind.columns):
        return Reading(empty, findings=findings, rows_read=len(source.numbers))
    columns = {name: source.columns[place] for name, place in places.items()}
    complete = source.complete
    reading = kind.read(Rows(file, source.numbers, columns, complete=complete), context)
    if not findings:
        return reading
    return Reading(empty, reading.notes, [*findings, *reading.findings], reading.rows_read)
