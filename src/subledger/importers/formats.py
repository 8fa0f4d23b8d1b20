"""The formats by name: each turns the bytes of a file into rows of text, which kinds judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from subledger.errors import refuse
from subledger.importers import parquet_file, xlsx_file
from subledger.importers.csv_file import parse_csv
from subledger.importers.ibkr_flex import read_ibkr_flex
from subledger.importers.source import Intake, Source

AUTO = "auto"

Reader: TypeAlias = Callable[[bytes, Intake], Source]


def _read_csv(data: bytes, intake: Intake) -> Source:
    return parse_csv(data, intake.file, limits=intake.limits)


FORMATS: Mapping[str, Reader] = {
    "csv": _read_csv,
    "parquet": parquet_file.read_parquet,
    "xlsx": xlsx_file.read_xlsx,
    "ibkr-flex": read_ibkr_flex,
}

# A text file that begins so would have a header that no kind knows.
_FIRST_BYTES: tuple[tuple[bytes, str], ...] = (
    (parquet_file.FIRST_BYTES, "parquet"),
    (xlsx_file.FIRST_BYTES, "xlsx"),
    (b"<?xml", "ibkr-flex"),
    (b"<FlexQueryResponse", "ibkr-flex"),
)


def format_of(data: bytes, named: str = AUTO) -> str:
    """Return the format to read a file in: the named one, or for `auto` by its first bytes.

    Raises:
        Refused: UNKNOWN_FORMAT, when there is no format of that name.
    """
    if named == AUTO:
        return next((name for first, name in _FIRST_BYTES if data.startswith(first)), "csv")
    if named not in FORMATS:
        known = ", ".join((AUTO, *FORMATS))
        raise refuse("UNKNOWN_FORMAT", f"formats: {known}", value=named)
    return named
