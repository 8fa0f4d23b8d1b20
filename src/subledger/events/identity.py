"""Identity: which rows of a file are news, which are known already, and which contradict.

A known id with the same content is no news; with other content it is a contradiction, and the
whole file is refused. Trades move on under one version and have a module of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import Flags, column, concatenate, group_codes, numbers, sorted_by, texts
from subledger.errors import Finding
from subledger.events.identity_trades import admit_trades, refuse_settlements
from subledger.events.naming import names_in_file
from subledger.instruments import ECONOMIC
from subledger.numbers import Int64Array
from subledger.tables import DIMENSIONS, FACTS, INSTRUMENTS, PRICES, RATES, Table

_PLACE = ("batch", "row")
_VERSIONED: dict[str, Table] = {"prices": PRICES, "rates": RATES}
_TABLES: dict[str, Table] = FACTS | _VERSIONED | {"instruments": INSTRUMENTS}

KEYS: dict[str, tuple[str, ...]] = {
    "cash": ("event_id",),
    "corporate_actions": ("event_id",),
    "settlements": ("event_id",),
    "journals": ("journal_id", "line"),
    "opening_lots": ("as_of", "lot_id", "basis"),
    "opening_balances": (
        "as_of",
        "account",
        "currency",
        *(dimension.name for dimension in DIMENSIONS),
        "basis",
    ),
    "instruments": ("instrument", "valid_from"),
    "prices": ("instrument", "date"),
    "rates": ("base", "quote", "date"),
}


@dataclass(frozen=True, slots=True)
class Admission:
    """What a file adds: rows to append; without rows when there are findings.

    `duplicates` counts the rows that were known already or stand twice in the file.
    """

    rows: pa.Table
    duplicates: int = 0
    notes: list[Finding] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def admit(
    kind: str, incoming: pa.Table, *, known: Mapping[str, pa.Table], file: str = ""
) -> Admission:
    """Compare a file's canonical table with the facts known, and return what it adds.

    `known` holds tables of facts by kind (absent = none): of the kind itself, and of trades and
    settlements for each other. Findings: ID_CONFLICT, STATUS_BACK, SETTLEMENT_CONFLICT,
    INSTRUMENT_CONFLICT, BASIS_OVERLAP. Note: VERSION_IGNORED.
    """
    facts = {name: known.get(name, table.empty()) for name, table in _TABLES.items()}
    if kind == "trades":
        news, notes, findings = admit_trades(incoming, facts, file=file)
    elif kind in _VERSIONED:
        return _admit_versions(_VERSIONED[kind], incoming, known=facts[kind], file=file)
    elif kind == "instruments":
        news, findings = _admit_instruments(incoming, facts[kind], file=file)
        notes = []
    else:
        news, findings = _admit_fixed(_TABLES[kind], incoming, known=facts[kind], file=file)
        notes = []
    if kind == "settlements" and not findings:
        findings = refuse_settlements(incoming.filter(pa.array(news)), facts, file=file)
    return _admission(incoming, news, notes=notes, findings=findings)


def _admission(
    incoming: pa.Table, news: Flags, *, notes: list[Finding], findings: list[Finding]
) -> Admission:
    rows = incoming.schema.empty_table() if findings else incoming
    if not findings and not news.all():
        rows = incoming.filter(pa.array(news))
    duplicates = incoming.num_rows - int(news.sum()) - len(notes)
    return Admission(rows, duplicates, notes, findings)


def _first_of_key(
    table: Table, incoming: pa.Table, *, known: pa.Table
) -> tuple[pa.Table, Int64Array, Int64Array]:
    """Return known and incoming rows together, the first row of each row's key, and of its code.

    Known rows come first, so that a known row is the first of its key.
    """
    together = concatenate(table, [known, incoming])
    keys = [_comparable(together, name) for name in KEYS[table.name]]
    code, first = group_codes(keys)
    return together, first[code], code.astype(np.int64)


def _comparable(table: pa.Table, name: str) -> Any:  # noqa: ANN401 - a column of any kind
    """Return a column in which null equals null."""
    if pa.types.is_date(table.schema.field(name).type):
        return pc.fill_null(table[name].cast(pa.int32()), -1).to_numpy()
    return column(table, name)


def _differing(table: pa.Table, first: Int64Array, *, names: Sequence[str]) -> dict[str, Flags]:
    """Say for each column in which rows it differs from the first row of the same key."""
    result: dict[str, Flags] = {}
    for name in names:
        values = _comparable(table, name)
        missing: Flags = pc.is_null(table[name]).to_numpy()
        result[name] = (values != values[first]) | (missing != missing[first])
    return result


def _conflicts(
    table: pa.Table,
    differing: Mapping[str, Flags],
    *,
    rows: Int64Array,
    what: tuple[str, str],
    file: str,
) -> list[Finding]:
    """Return one finding per conflicting row, with the columns in which it differs."""
    code, key = what
    lines, ids = numbers(table, "row"), table[key]
    return [
        Finding(
            code,
            f"known with other {names_in_file(n for n, flags in differing.items() if flags[row])}",
            file,
            int(lines[row]),
            key,
            str(ids[row].as_py()),
        )
        for row in rows.tolist()
    ]


def _any(differing: Mapping[str, Flags], length: int) -> Flags:
    found = np.zeros(length, bool)
    for flags in differing.values():
        found |= flags
    return found


def _admit_fixed(
    table: Table, incoming: pa.Table, *, known: pa.Table, file: str
) -> tuple[Flags, list[Finding]]:
    """Admit rows whose content never changes: same id and content is no news."""
    together, first, _ = _first_of_key(table, incoming, known=known)
    rows, start = np.arange(together.num_rows), known.num_rows
    names = [n for n in table.schema.names if n not in _PLACE and n not in KEYS[table.name]]
    differing = _differing(together, first, names=names)
    wrong = rows[_any(differing, together.num_rows) & (rows >= start)]
    key = KEYS[table.name][1 if KEYS[table.name][0] == "as_of" else 0]
    findings = _conflicts(together, differing, rows=wrong, what=("ID_CONFLICT", key), file=file)
    news = (first == rows)[start:]
    if table.name == "journals" and not findings:
        findings = _changed_journals(incoming, known, news=news, file=file)
    if "basis" in KEYS[table.name] and not findings:
        findings = _overlapping_bases(table, together, start=start, file=file)
    return news, findings


def _changed_journals(
    incoming: pa.Table, known: pa.Table, *, news: Flags, file: str
) -> list[Finding]:
    """Refuse lines added to or left out of a journal that is known: a journal is one fact."""
    before = _line_counts(known)
    lines = _line_counts(incoming)
    rows = incoming.select(["journal_id", "row"]).to_pydict()
    findings, seen = [], set[str]()
    for journal, row, new in zip(rows["journal_id"], rows["row"], news.tolist(), strict=True):
        changed = journal in before and (new or lines[journal] != before[journal])
        if changed and journal not in seen:
            seen.add(journal)
            message = f"known with {before[journal]} lines, not {lines[journal]}"
            findings.append(Finding("ID_CONFLICT", message, file, row, "journal_id", journal))
    return findings


def _line_counts(journals: pa.Table) -> dict[str, int]:
    counted = journals["journal_id"].value_counts().to_pylist()
    return {item["values"]: item["counts"] for item in counted}


def _overlapping_bases(table: Table, together: pa.Table, *, start: int, file: str) -> list[Finding]:
    """Refuse an opening that stands for every basis and for one of them besides."""
    keys = [_comparable(together, name) for name in KEYS[table.name] if name != "basis"]
    code, first = group_codes(keys)
    every = texts(together, "basis") == ""
    has_every, has_one = np.zeros(len(first), bool), np.zeros(len(first), bool)
    has_every[code[every]] = True
    has_one[code[~every]] = True
    wrong = np.flatnonzero((has_every & has_one)[code])
    message = "given for every basis (empty) and for one of them"
    rows, bases = numbers(together, "row"), texts(together, "basis")
    return [
        Finding("BASIS_OVERLAP", message, file, int(rows[row]), "basis", bases[row])
        for row in wrong.tolist()
        if row >= start and (bases[row] or (code[wrong[wrong < start]] == code[row]).any())
    ]


def _revised(
    table: Table, incoming: pa.Table, *, known: pa.Table, file: str
) -> tuple[Int64Array, Flags, list[Finding]]:
    """Compare rows whose content may be revised with the last known row of their key.

    Returns that row's position in `known` (-1 without one), whether each incoming row is news,
    and an ID_CONFLICT for each key that the file itself gives two contents.
    """
    together, first, code = _first_of_key(table, incoming, known=known)
    rows, start = np.arange(together.num_rows), known.num_rows
    fixed = (*_PLACE, *KEYS[table.name], "version")
    names = [name for name in table.schema.names if name not in fixed]
    is_new = rows >= start
    opening, latest = np.full((2, int(code.max(initial=-1)) + 1), -1, np.int64)
    opening[code[is_new][::-1]] = rows[is_new][::-1]  # the first row of the file for each key
    latest[code[~is_new]] = rows[~is_new]
    within = _differing(together, np.where(is_new, opening[code], first), names=names)
    wrong = rows[_any(within, together.num_rows) & is_new]
    what = ("ID_CONFLICT", KEYS[table.name][0])
    findings = _conflicts(together, within, rows=wrong, what=what, file=file)
    before = latest[code]
    changed = _any(_differing(together, np.maximum(before, 0), names=names), together.num_rows)
    news: Flags = ((before < 0) | changed) & (opening[code] == rows)
    return before[start:], news[start:], findings


def _admit_instruments(
    incoming: pa.Table, known: pa.Table, *, file: str
) -> tuple[Flags, list[Finding]]:
    """Admit instruments: economic attributes are fixed, descriptive ones may change."""
    ordered = sorted_by(known, ("batch", "row"))
    together = concatenate(INSTRUMENTS, [ordered, incoming])
    code, first = group_codes([column(together, "instrument")])
    differing = _differing(together, first[code], names=ECONOMIC)
    # Until it was required, an exchange of currencies could be known without its base currency.
    differing["base_currency"] &= texts(together, "base_currency")[first[code]] != ""
    rows = np.arange(together.num_rows)
    wrong = rows[_any(differing, together.num_rows) & (rows >= known.num_rows)]
    what = ("INSTRUMENT_CONFLICT", "instrument")
    findings = _conflicts(together, differing, rows=wrong, what=what, file=file)
    _, news, twice = _revised(INSTRUMENTS, incoming, known=ordered, file=file)
    return news, findings or twice


def _admit_versions(table: Table, incoming: pa.Table, *, known: pa.Table, file: str) -> Admission:
    """Admit prices or rates: another one for a known key is the next version of it."""
    ordered = sorted_by(known, ("version",))
    before, news, findings = _revised(table, incoming, known=ordered, file=file)
    versions = np.append(numbers(ordered, "version"), 0)  # the last stands for not known
    place = table.schema.get_field_index("version")
    numbered = incoming.set_column(
        place, table.schema.field(place), pa.array(versions[before] + 1, pa.int64())
    )
    return _admission(numbered, news, notes=[], findings=findings)
