"""The header of a source file against the columns of its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subledger.errors import Finding
from subledger.events.columns import Column


def match_header(
    header: Sequence[str],
    declared: Sequence[Column],
    *,
    file: str,
    mapping: Mapping[str, str] | None,
) -> tuple[dict[str, int], list[Finding]]:
    """Return the position of each of our columns in the file, and what is wrong with the header.

    `mapping` gives our name for a source's column; one mapped to "" is left out on purpose.
    Findings: DUPLICATE_COLUMN, UNKNOWN_COLUMN, MISSING_COLUMN, MAPPED_COLUMN_MISSING.
    """
    mapping = mapping or {}
    known = {column.name for column in declared}
    places: dict[str, int] = {}
    findings: list[Finding] = []
    seen: set[str] = set()
    for place, name in enumerate(header):
        ours = mapping.get(name, name)
        if name in seen or ours in places:
            message = "another column has that name"
            findings.append(Finding("DUPLICATE_COLUMN", message, file, 1, ours or name))
        elif ours in known:
            places[ours] = place
        elif ours or name not in mapping:
            findings.append(
                Finding("UNKNOWN_COLUMN", "no column of this file", file, 1, value=ours or name)
            )
        seen.add(name)
    for name in mapping:
        if name not in seen:
            message = "the mapping names a column that the file does not have"
            findings.append(Finding("MAPPED_COLUMN_MISSING", message, file, 1, value=name))
    for column in declared:
        if column.required and column.name not in places:
            message = "a required column is missing"
            findings.append(Finding("MISSING_COLUMN", message, file, 1, column.name))
    return places, findings
