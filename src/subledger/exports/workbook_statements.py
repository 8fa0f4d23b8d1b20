"""The balance sheet and the income statement as sheets: every figure a live formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_pack import ClosePack
from subledger.exports.workbook_page import Binder, Page
from subledger.statements.financial import LayoutLine

BALANCE_SHEET, INCOME_STATEMENT = "balance-sheet", "income-statement"
_NOTE_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5
_LABEL, _LINE, _AMOUNT, _PRIOR, _CHANGE, _SHARE = 0, 1, 2, 3, 4, 5
_CHANGE_FORMAT = '#,##0.0%_);(#,##0.0%);"–"_)'


@dataclass(frozen=True, slots=True)
class Source:
    """Where a statement column takes its figures: the sum over trial balance and netting."""

    trial_balance: str
    netting: str

    def of_line(self, criterion: str, *, netted: bool) -> str:
        """Return the debit-positive sum of the accounts on a line."""
        own = f"SUMIFS({self.trial_balance},TB_Line,{criterion})"
        return f"{own}+SUMIFS({self.netting},Netting_Line,{criterion})" if netted else own


_SOURCES = {
    BALANCE_SHEET: (
        Source("TB_Closing", "Netting_Amount"),
        Source("TB_PriorClosing", "Netting_Prior"),
    ),
    INCOME_STATEMENT: (Source("TB_Movement", ""), Source("TB_PriorMovement", "")),
}
_SHEETS = {BALANCE_SHEET: "Balance sheet", INCOME_STATEMENT: "Income statement"}
_PREFIXES = {BALANCE_SHEET: "BS", INCOME_STATEMENT: "IS"}


def name_of(statement: str, line: str) -> str:
    """Return the defined name of a total: `BS_total_assets`."""
    return f"{_PREFIXES[statement]}_{line.replace('-', '_').replace('.', '_')}"
