"""Detail sheets of reports that are too long for a sheet: their totals, and where the rows are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa

from subledger import tables
from subledger.exports.workbook_schedules import Detail
from subledger.statements import grouping
from subledger.statements.report import Report, unit_of

_COUNT = "rows"


def in_totals(detail: Detail, report: Report, *, files: Mapping[str, str]) -> tuple[Detail, Report]:
    """Return a report's totals by `detail.totals_by`, and the sheet that shows them.

    Quantities are added up where they are of one instrument. `files` names the files that hold the
    rows of a report that has no CSV file.
    """
    table, by = report.table, detail.totals_by
    known = [field for field in table.schema if unit_of(field)]
    if "instrument" not in by:
        known = [field for field in known if unit_of(field) != "quantity"]
    if "currency" not in by:
        known = [field for field in known if unit_of(field) == "base"]
    amounts = [field.name for field in known]
    counted = table.append_column(_COUNT, pa.array(np.ones(table.num_rows, np.int64)))
    sums = grouping.add_up(counted, by, amounts=[_COUNT, *amounts])
    schema = pa.schema([*(table.schema.field(name) for name in by), tables.whole(_COUNT), *known])
    made = replace(
        report,
        title=f"{report.title}, totals",
        table=sums.select(schema.names).cast(schema),
        totals=tuple(name for name in report.totals if name in amounts),
    )
    words = f"{', '.join(by[:-1])} and {by[-1]}".replace("_", " ")
    shown = replace(
        detail,
        purpose=f"Totals by {words}; {_where(detail, files)}",
        columns=(*by, _COUNT, *(name for name in detail.columns if name in amounts)),
        unprinted=(),
    )
    return shown, made


def elsewhere(detail: Detail, files: Mapping[str, str]) -> Detail:
    """Return the sheet of a report with the files that hold its rows, where it has no CSV file."""
    if detail.report not in files:
        return detail
    totals = detail.purpose.partition("; ")[0]
    return replace(detail, purpose=f"{totals}; {_where(detail, files)}")


def _where(detail: Detail, files: Mapping[str, str]) -> str:
    return f"the rows are in {files.get(detail.report, f'{detail.report}.csv')}."
