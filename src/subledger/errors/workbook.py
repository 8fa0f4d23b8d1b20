"""What a workbook cannot hold."""

from __future__ import annotations

from subledger.errors.code import Code

WORKBOOK_CODES: dict[str, Code] = {
    "WORKBOOK_LIMIT": Code(
        "A sheet of a workbook cannot hold what the books hold.",
        "use the CSV files of the reports, which have no limit",
    ),
}
