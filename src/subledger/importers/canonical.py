"""Canonical files: bytes of a known kind to its canonical table, or to all that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from subledger.errors import Finding
from subledger.events.context import Context
from subledger.events.kinds import KINDS
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows
from subledger.importers.formats import FORMATS, format_of
from subledger.importers.header import match_header
from subledger.importers.intake_rounding import round_source
from subledger.importers.source import Intake, Source


def read_canonical(
    kind: str,
    data: bytes,
    *,
    file: str,
    context: Context,
    mapping: Mapping[str, str] | None = None,
) -> Reading:
    """Read a canonical file of a kind of `KINDS`, in the format that its first bytes tell.

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
    intake = Intake(file=file, kind=kind, format=format_of(data), limits=context.limits)
    return read_file(data, intake, context=context, mapping=mapping)


def read_file(
    data: bytes, intake: Intake, *, context: Context, mapping: Mapping[str, str] | None = None
) -> Reading:
    """Read a file of a kind of `KINDS` in a format of `FORMATS`, as `read_canonical` does."""
    source = source_of(data, intake, context=context)
    kind = KINDS[intake.kind]
    return read_source(kind, source, file=intake.file, context=context, mapping=mapping)


def source_of(data: bytes, intake: Intake, *, context: Context) -> Source:
    """Return the rows of a file as its format reads them, rounded as is declared for it."""
    return round_source(FORMATS[intake.format](data, intake), intake, context=context)


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
        return Reading(empty, source.notes, source.findings)
    places, findings = match_header(source.header, kind.columns, file=file, mapping=mapping)
    findings = [*findings, *source.findings]
    if findings and any(column.required and column.name not in places for column in kind.columns):
        return Reading(empty, source.notes, findings, len(source.numbers))
    columns = {name: source.columns[place] for name, place in places.items()}
    rows = Rows(file, source.numbers, columns, complete=source.complete)
    reading = kind.read(rows, context)
    unreadable = _in_our_names(source, places)
    if unreadable:
        judged = _besides(unreadable, reading.findings)
        findings = [*findings, *_by_row(unreadable + judged, [*columns])]
    elif findings:
        findings = [*findings, *reading.findings]
    notes = [*source.notes, *reading.notes]
    if not findings:
        return replace(reading, notes=notes)
    return Reading(empty, notes, findings, reading.rows_read)


def _in_our_names(source: Source, places: Mapping[str, int]) -> list[Finding]:
    """Return what is unreadable in the columns that are used, under our names of them."""
    ours = {source.header[place]: name for name, place in places.items()}
    return [
        replace(finding, column=ours[finding.column])
        for finding in source.unreadable
        if finding.column in ours
    ]


def _besides(unreadable: Sequence[Finding], judged: Sequence[Finding]) -> list[Finding]:
    """Return the findings about other values than those that are unreadable themselves."""
    places = {(finding.row, finding.column) for finding in unreadable}
    return [
        finding
        for finding in judged
        if places.isdisjoint({(finding.row, finding.column), (None, finding.column)})
    ]


def _by_row(findings: Sequence[Finding], columns: Sequence[str]) -> list[Finding]:
    """Return findings by row, those of whole columns first, and by column within a row."""
    order = {name: place for place, name in enumerate(columns)}
    last = len(order)
    return sorted(findings, key=lambda found: (found.row or 0, order.get(found.column, last)))
