"""The trial balance by currency: each currency in its own amounts, proved on its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subledger import numbers
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_pack import BY_CURRENCY, ClosePack
from subledger.exports.workbook_page import Binder, Page

SHEET = "TB by currency"
_NOTE_ROW, _HEADING_ROW, _DATA_ROW = 3, 4, 5
_TEXTS = (("Account", "TBC_Account"), ("Name", ""), ("Type", ""), ("Currency", "TBC_Currency"))
_LOCAL = ("Opening", "Debit", "Credit", "Closing")
_CURRENCY, _FIRST_FIGURE = 3, len(_TEXTS)
_CLOSING, _BASE = _FIRST_FIGURE + 3, _FIRST_FIGURE + 4
_MOVEMENT = '=E{row}+SUMIFS(JE_Amount,JE_Account,$A{row},JE_Currency,$D{row},JE_Kind,"<>closing")'


@dataclass(frozen=True, slots=True)
class CurrencyRow:
    """An account in one currency, debit-positive: four figures in it, the last also in base."""

    account: str
    name: str
    type: str
    currency: str
    opening: int
    debit: int
    credit: int
    closing: int
    closing_base: int

    @property
    def local(self) -> tuple[int, int, int, int]:
        """Return opening, debit, credit and closing."""
        return (self.opening, self.debit, self.credit, self.closing)


def add_currencies(binder: Binder, pack: ClosePack) -> list[CurrencyRow]:
    """Add the trial balance by currency, below it one total per currency, and their names.

    Closing is the opening balance and the journal's lines in that currency. `TBC_<Figure>` names
    the columns; a currency's total stands in a cell of its own: `TBC_EUR`.
    """
    rows = currency_rows(pack)
    page = binder.page(SHEET, "Trial balance by currency")
    page.exact_column = _BASE + 1
    note = (
        "Debits positive, each row in its currency; the last column is in "
        f"{pack.units.base}. Closing is opening plus the journal's lines in that currency."
    )
    page.text((_NOTE_ROW, 0), note, style=page.formats.style("note"))
    figures = (*_LOCAL, f"Closing {pack.units.base}")
    headings = [(label, "left") for label, _ in _TEXTS]
    page.headings(_HEADING_ROW, [*headings, *((label, "right") for label in figures)])
    widths = [9.0, 36.0, 10.0, 10.0, *([19.0] * len(figures))]
    page.widths(widths)
    page.sheet.freeze_panes(_DATA_ROW, 2)
    before = ""
    for place, row in enumerate(rows, start=_DATA_ROW):
        ruled = {"top": 1, "top_color": looks.RULE} if before not in {"", row.currency} else {}
        _currency_row(page, pack, row=row, place=place, ruled=ruled)
        before = row.currency
    last = _DATA_ROW + len(rows) - 1
    names = (*(name for _, name in _TEXTS), *(f"TBC_{name}" for name in (*_LOCAL, "ClosingBase")))
    for place, name in enumerate(names):
        if name:
            binder.define(name, sheet=SHEET, first=(_DATA_ROW, place), last=(last, place))
    page.sheet.autofilter(_HEADING_ROW, 0, last, _BASE)
    page.codes_are_texts((last, _BASE))
    end = _totals(page, pack, rows=rows, first=last + 2)
    page.print_columns(widths, rows=(_HEADING_ROW, end), repeated=2)
    return rows


def currency_rows(pack: ClosePack) -> list[CurrencyRow]:
    """Return the trial balance by currency, in order of currency and account."""
    if BY_CURRENCY not in pack.reports:
        return []
    table = pack.reports[BY_CURRENCY].table
    rows = [CurrencyRow(**row) for row in table.to_pylist()]
    return sorted(rows, key=lambda row: (row.currency, row.account))


def currencies_of(rows: Sequence[CurrencyRow]) -> list[str]:
    """Return the currencies, in order."""
    return sorted({row.currency for row in rows})


def total_name(currency: str) -> str:
    """Return the defined name of the sum of a currency's closing balances."""
    return f"TBC_Sum_{''.join(char if char.isalnum() else '_' for char in currency)}"


def _currency_row(
    page: Page, pack: ClosePack, *, row: CurrencyRow, place: int, ruled: Mapping[str, object]
) -> None:
    """Write a row; the first of a currency is ruled off from the one before."""
    for column, text in enumerate((row.account, row.name, row.type, row.currency)):
        page.text((place, column), text, style=page.formats.style("text", **ruled))
    decimals = pack.units.decimals[row.currency]
    style = page.formats.number(decimals, **ruled)
    for column, value in enumerate((row.opening, row.debit, row.credit), start=_FIRST_FIGURE):
        page.number((place, column), value, decimals=decimals, style=style)
    closing = numbers.to_decimal(row.closing, decimals)
    formula = _MOVEMENT.format(row=place + 1)
    page.formula((place, _CLOSING), formula, value=closing, style=style)
    in_base = page.formats.number(pack.decimals, **ruled)
    page.number((place, _BASE), row.closing_base, decimals=pack.decimals, style=in_base)


def _totals(page: Page, pack: ClosePack, *, rows: Sequence[CurrencyRow], first: int) -> int:
    """Write one total per currency and one in base; return the last row."""
    text = "Each currency on its own: closing balances sum to zero, debits equal credits"
    page.text((first, 0), text, style=page.formats.style("group"))
    place = first
    for place, currency in enumerate(currencies_of(rows), start=first + 1):
        mine = [row for row in rows if row.currency == currency]
        decimals = pack.units.decimals[currency]
        page.text((place, 1), f"Total {currency}", style=page.formats.style("bold"))
        page.text((place, _CURRENCY), currency, style=page.formats.style("bold"))
        columns = zip(_LOCAL, zip(*(row.local for row in mine), strict=True), strict=True)
        sums = [(name, numbers.exact_sum(values), decimals) for name, values in columns]
        in_base = numbers.exact_sum([row.closing_base for row in mine])
        for column, (name, total, places) in enumerate(
            [*sums, ("ClosingBase", in_base, pack.decimals)], start=_FIRST_FIGURE
        ):
            page.formula(
                (place, column),
                f"=ROUND(SUMIFS(TBC_{name},TBC_Currency,$D{place + 1}),{places})",
                value=numbers.to_decimal(total, places),
                style=page.formats.number(places, bold=True),
            )
        at = (place, _CLOSING)
        page.binder.define(total_name(currency), sheet=SHEET, first=at, last=at)
    exact = numbers.to_decimal(numbers.exact_sum([row.closing_base for row in rows]), pack.decimals)
    page.text((place + 1, 1), f"Total {pack.units.base}", style=page.formats.style("bold"))
    page.formula(
        (place + 1, _BASE),
        f"=ROUND(SUM(TBC_ClosingBase),{pack.decimals})",
        value=exact,
        style=page.formats.total(pack.decimals, final=True),
    )
    return place + 1
