"""The archive of a workbook, opened without trust: how large it is, and what its cells hide.

What reads the cells later allocates every cell of the sheet's rectangle, copies a shared text
into each cell that shows it, and gives errors and uncomputed formulas as empty cells. So the
sheet's own text is looked through before.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

_WORKBOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_STRINGS = "xl/sharedstrings.xml"
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_MAX_CELLS = 20_000_000
_LETTERS = 26

_SHEET = re.compile(rb"<(?:\w+:)?sheet(?=\s)([^<>]*)>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship(?=\s)([^<>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^<>]*)>")
_REFERENCE = re.compile(rb"\sr\s*=\s*[\"']([A-Z]{1,3})([1-9][0-9]{0,6})[\"']")
_TYPE = re.compile(rb"\st\s*=\s*[\"'](\w+)[\"']")
_FORMULA = re.compile(rb"\s*<(?:\w+:)?f(?=[\s/>])(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f\s*>)")
_VALUE = re.compile(rb"\s*<(?:\w+:)?v(?=[\s/>])[^<>]*?(?:/>|>([^<]*)<)")
_SHARED = re.compile(rb"<(?:\w+:)?si(?=[\s/>])")


class DamagedArchive(Exception):
    """The bytes are no archive of a workbook; the message says why."""


class InflatedTooLarge(Exception):
    """The archive holds more than it may; the message says how much."""


@dataclass(slots=True)
class Hidden:
    """What a reader of cells does not tell, by (row, column) counted from 1.

    `errors` gives the error that a cell shows; `uncomputed` are formulas without a value.
    """

    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    uncomputed: set[tuple[int, int]] = field(default_factory=set)


def inflate(data: bytes, limit: int) -> dict[str, bytes]:
    """Return the parts of an archive by name, or raise before they take more than `limit` bytes.

    An archive's directory may lie about sizes; no part is inflated beyond what it says.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if size > limit:
                raise InflatedTooLarge(f"{size} bytes inflated, more than {limit}")
            if any(part.compress_type not in _METHODS or part.flag_bits & 1 for part in parts):
                raise DamagedArchive("it is encrypted, or compressed in an unknown way")
            return {part.filename: archive.read(part) for part in parts}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise DamagedArchive("not an archive, or a damaged one") from error
    except (NotImplementedError, RuntimeError) as error:
        raise DamagedArchive("the archive is of an unknown make") from error


def deflated(parts: Mapping[str, bytes]) -> io.BytesIO:
    """Return the parts as an archive whose directory tells the truth."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    out.seek(0)
    return out


def sheet_part(parts: Mapping[str, bytes], index: int) -> bytes:
    """Return the part that holds a sheet, by its place in the workbook."""
    if _WORKBOOK not in parts or _RELATIONS not in parts:
        raise DamagedArchive("the archive holds no workbook")
    sheets = [_attributes(found[1]) for found in _SHEET.finditer(parts[_WORKBOOK])]
    relations = [_attributes(found[1]) for found in _RELATION.finditer(parts[_RELATIONS])]
    targets = {relation.get("Id", ""): relation.get("Target", "") for relation in relations}
    if index >= len(sheets):
        raise DamagedArchive("the workbook does not say where its sheet is")
    named = next((v for name, v in sheets[index].items() if name.endswith(":id")), "")
    target = targets.get(named, "").removeprefix("/")
    path = target if target.startswith("xl/") else f"xl/{target}"
    if path not in parts:
        raise DamagedArchive("the archive lacks the sheet")
    return parts[path]


def _attributes(text: bytes) -> dict[str, str]:
    return {
        name.decode(): (double or single).decode("utf-8", "replace")
        for name, double, single in _ATTRIBUTE.findall(text)
    }


def look_through(sheet: bytes, parts: Mapping[str, bytes], *, room: int) -> Hidden:
    """Return what the cells of a sheet hide; raise when reading them would take too much.

    `room` is the most text in bytes that the cells may show together.
    """
    hidden = Hidden()
    rows: set[int] = set()
    letters: set[bytes] = set()
    shared: list[int] = []
    for attributes, body in _cells(sheet):
        place = _REFERENCE.search(attributes)
        if place is None:
            raise DamagedArchive("a cell does not say where it stands")
        letters.add(place[1])
        rows.add(int(place[2]))
        kind = found[1] if (found := _TYPE.search(attributes)) else b"n"
        formula = _FORMULA.match(sheet, body)
        if not formula and kind not in {b"e", b"s"}:
            continue
        value = _VALUE.match(sheet, formula.end() if formula else body)
        text = (value[1] or b"") if value else b""
        if kind == b"s" and text.isdigit():
            shared.append(int(text))
        elif kind == b"e":
            hidden.errors[int(place[2]), _column(place[1])] = text.decode("utf-8", "replace")
        elif formula and not text and not (value and kind == b"str"):
            hidden.uncomputed.add((int(place[2]), _column(place[1])))
    cells = max(rows, default=0) * max(map(_column, letters), default=0)
    if cells > _MAX_CELLS:
        raise InflatedTooLarge(f"{cells} cells up to the last one, more than {_MAX_CELLS}")
    _require_room(shared, parts, room=room)
    return hidden


def _cells(sheet: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the attributes of each cell that holds something, and where its content begins."""
    for cell in _CELL.finditer(sheet):
        if not cell[1].endswith(b"/"):
            yield cell[1], cell.end()


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + letter - ord("A") + 1
    return number


def _require_room(shared: list[int], parts: Mapping[str, bytes], *, room: int) -> None:
    """Raise when the texts that cells share would take too much once each cell has its own."""
    part = next((content for name, content in parts.items() if name.lower() == _STRINGS), b"")
    starts = [found.start() for found in _SHARED.finditer(part)]
    lengths = np.diff(np.array([*starts, len(part)], np.int64))
    known = np.array([index for index in shared if index < len(lengths)], np.int64)
    if known.size and int(lengths[known].sum()) > room:
        raise InflatedTooLarge(f"more than {room} bytes of text")
