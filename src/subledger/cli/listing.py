"""What a command prints: named columns, rows of exact values, totals; as JSON and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

    from subledger.statements.report import Report, Units

Value: TypeAlias = str | int | bool | None

TEXT, AMOUNT, COUNT = "text", "amount", "count"


def texts(*names: str) -> dict[str, str]:
    """Declare columns of text."""
    return dict.fromkeys(names, TEXT)


def amounts(*names: str) -> dict[str, str]:
    """Declare columns of exact decimal text."""
    return dict.fromkeys(names, AMOUNT)


def counts(*names: str) -> dict[str, str]:
    """Declare columns of whole numbers that are printed without separators."""
    return dict.fromkeys(names, COUNT)


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows under named columns; an amount is exact decimal text, "" or None is not given.

    `kinds` says for each column whether it is text, an amount or a count.
    """

    name: str
    title: str
    kinds: Mapping[str, str]
    rows: Sequence[Sequence[Value]]
    totals: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, Value] = field(default_factory=dict)


def listing_of(report: Report, units: Units, **meta: str) -> Listing:
    """Return a report as a listing; `meta` says what it is of: entity, basis, period."""
    from subledger.statements.report import report_values  # noqa: PLC0415 - help stays light

    return Listing(
        name=report.name,
        title=report.title,
        kinds={column.name: _kind(column) for column in report.table.schema},
        rows=list(zip(*report_values(report, units), strict=True)),
        totals=report.sums(units),
        meta={**meta, "base": units.base, **report.meta},
    )


def _kind(column: pa.Field) -> str:
    import pyarrow as pa  # noqa: PLC0415 - help stays light

    from subledger.statements.report import is_decimal_text, unit_of  # noqa: PLC0415

    if unit_of(column) or is_decimal_text(column):
        return AMOUNT
    return COUNT if pa.types.is_integer(column.type) else TEXT


def json_text(listing: Listing) -> str:
    """Return the JSON document that scripts read; decimals are strings, empty is null."""
    document = {
        "schema": f"subledger.{listing.name}/1",
        "meta": {"title": listing.title, **listing.meta},
        "rows": [dict(zip(listing.kinds, row, strict=True)) for row in listing.rows],
        "totals": dict(listing.totals),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def csv_text(listing: Listing) -> str:
    r"""Return the rows as CSV under a header (RFC 4180 quoting, lines end in \n); no totals."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(listing.kinds)
    writer.writerows([_plain(value) for value in row] for row in listing.rows)
    return out.getvalue()


def _plain(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
