"""The sheet of foreign currency: gains on it, balances at the closing rate, and the rates used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from subledger import numbers
from subledger.exports import workbook_formats as looks
from subledger.exports.workbook_columns import rounded
from subledger.exports.workbook_pack import ClosePack
from subledger.exports.workbook_page import Binder, Page

SHEET = "FX"
_NOTE_ROW, _FIRST_ROW = 3, 5
_ACCOUNT, _NAME, _CURRENCY, _LOCAL, _RATE, _IMPLIED, _VALUE, _BOOKED, _DIFFERENCE = range(9)
_HEAD = (("Account", "left"), ("Name", "left"), ("Currency", "left"), ("Local balance", "right"))
_WIDTHS = (12.0, 46.0, 10.0, 19.0, 19.0, 19.0, 19.0, 19.0, 19.0)
_NOT_BOOKED = (
    "The difference is unrealised FX that is not booked: the basis does not revalue, or the period "
    "has not been valued yet."
)
_GAIN = (
    '=SUMIFS(JE_Credit,JE_Account,"{account}",JE_Currency,$A{row},JE_Kind,"<>closing")'
    '-SUMIFS(JE_Debit,JE_Account,"{account}",JE_Currency,$A{row},JE_Kind,"<>closing")'
)
_HELD = "=SUMIFS({name},TBC_Account,$A{row},TBC_Currency,$C{row})"


@dataclass(frozen=True, slots=True)
class Total:
    """What a named cell sums up: its formula, and the engine's value in base."""

    formula: str
    value: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of the sheet: gains by account, monetary balances and FX trading."""

    gains: Mapping[str, Total]
    value: Total
    booked: Total
    trading: Total


class _Sheet(NamedTuple):
    """The sheet that is written and what it shows."""

    page: Page
    pack: ClosePack


def add_fx(binder: Binder, pack: ClosePack) -> Totals:
    """Add the sheet from the reports `fx` and `rates`; return its totals.

    Every balance and gain is a formula: of the trial balance by currency, or of the journal. What
    balances are worth is the engine's, which values each item by itself.
    """
    rows = pack.reports["fx"].table.to_pylist()
    page = binder.page(SHEET, "Foreign currency", gridlines=False)
    page.exact_column = len(_WIDTHS)
    base = pack.units.base
    note = (
        f"Gains are positive, losses in parentheses; balances are debit positive. Base is {base}."
    )
    page.text((_NOTE_ROW, 0), note, style=page.formats.style("note"))
    page.widths(_WIDTHS)
    sheet = _Sheet(page, pack)
    gains = _Gains([row for row in rows if row["section"] == "gains"])
    place, found = _gains(sheet, gains, row=_FIRST_ROW)
    balances = [row for row in rows if row["section"] == "monetary" and _stands(row)]
    place, (value, booked) = _balances(sheet, balances, row=place + 2)
    trading = [row for row in rows if row["section"] == "fx_trading"]
    place, swept = _trading(sheet, trading, row=place + 2)
    last = _rates(sheet, row=place + 2)
    page.codes_are_texts((last, _DIFFERENCE))
    page.print_columns(_widths(gains), rows=(_FIRST_ROW, last), repeated=1)
    return Totals(found, value, booked, swept)


def _stands(row: dict[str, Any]) -> bool:
    """Say whether a balance is there at the end of the period; others have only moved."""
    return any(row[name] for name in ("closing", "closing_base", "value_base"))


class _Gains:
    """Gains by account and currency."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.names = {row["account"]: row["name"] for row in rows}
        self.currencies = sorted({row["currency"] for row in rows})
        self.amounts = {(row["account"], row["currency"]): -row["movement_base"] for row in rows}

    def of(self, account: str, currency: str) -> int:
        """Return the gain on an account in a currency."""
        return int(self.amounts.get((account, currency), 0))


def _widths(gains: _Gains) -> Sequence[float]:
    more = len(gains.names) + 1 - (len(_WIDTHS) - _LOCAL)
    return (*_WIDTHS, *([_WIDTHS[-1]] * more))


def _section(page: Page, row: int, *, title: str, headings: Sequence[tuple[str, str]]) -> int:
    """Write a title and a row of headings; return the row after them."""
    page.text((row, 0), title, style=page.formats.style("group"))
    page.sheet.set_row(row + 1, 38 if any("\n" in heading for heading, _ in headings) else 26)
    for column, (heading, align) in enumerate(headings):
        beside = column > 0 and headings[column - 1][1] == "right" and align == "left"
        style = page.formats.style("heading", align=align, **({"indent": 1} if beside else {}))
        page.text((row + 1, column), heading, style=style)
    return row + 2


def _gains(sheet: _Sheet, gains: _Gains, *, row: int) -> tuple[int, dict[str, Total]]:
    """Write the gains by currency and account; return the last row and each account's total."""
    page, pack = sheet
    words = [(f"{number}\n{name}", "right") for number, name in gains.names.items()]
    headings = [("Currency", "left"), ("", "left"), ("", "left"), *words, ("Total", "right")]
    title = f"Gains and losses on foreign currency, in {pack.units.base}"
    first = _section(page, row, title=title, headings=headings)
    style, accounts = page.formats.number(pack.decimals), list(gains.names)
    end = _LOCAL + len(accounts)
    for at, currency in enumerate(gains.currencies, start=first):
        page.text((at, 0), currency)
        page.text((at, 1), f"Booked in {currency}")
        for column, account in enumerate(accounts, start=_LOCAL):
            exact = numbers.to_decimal(gains.of(account, currency), pack.decimals)
            formula = _GAIN.format(account=account, row=at + 1)
            page.formula((at, column), formula, value=exact, style=style)
        total = sum(gains.of(account, currency) for account in accounts)
        _sum(sheet, (at, end), area=((at, _LOCAL), (at, max(end - 1, _LOCAL))), value=total)
    last = first + len(gains.currencies)
    _total_label(page, last, columns=_LOCAL)
    totals = {}
    for column, account in enumerate([*accounts, ""], start=_LOCAL):
        chosen = [account] if account else accounts
        value = sum(gains.of(one, currency) for one in chosen for currency in gains.currencies)
        area = ((first, column), (max(last - 1, first), column))
        totals[account] = _sum(sheet, (last, column), area=area, value=value, final=True)
    totals.pop("")
    return last, totals


def _balances(
    sheet: _Sheet, rows: Sequence[dict[str, Any]], *, row: int
) -> tuple[int, tuple[Total, Total]]:
    """Write monetary balances at the closing rate; return the last row, value and booked."""
    page, pack = sheet
    base = pack.units.base
    headings = [
        *_HEAD,
        *(("Closing rate", "right"), ("Rate as booked", "right")),
        *((f"Value at closing rate {base}", "right"), (f"Booked {base}", "right")),
        (f"Difference {base}", "right"),
    ]
    title = "Monetary balances and open items at the closing rate, each valued by itself"
    first = _section(page, row, title=title, headings=headings)
    style = page.formats.number(pack.decimals)
    for at, balance in enumerate(rows, start=first):
        _place(sheet, at, balance=balance)
        _implied(sheet, at, balance=balance)
        if balance["value_base"] is not None:
            rate = page.formats.pattern(looks.RATE)
            page.decimal((at, _RATE), balance["rate"], style=rate)
            page.number((at, _VALUE), balance["value_base"], decimals=pack.decimals, style=style)
            _difference(sheet, at, balance=balance)
    last = first + len(rows)
    _total_label(page, last, columns=_VALUE)
    totals = {}
    names = {_VALUE: "value_base", _BOOKED: "closing_base", _DIFFERENCE: "difference_base"}
    for column, name in names.items():
        value = sum(balance[name] or 0 for balance in rows)
        area = ((first, column), (max(last - 1, first), column))
        totals[column] = _sum(sheet, (last, column), area=area, value=value, final=True)
    if totals[_DIFFERENCE].value:
        last += 1
        page.text((last, 0), _NOT_BOOKED, style=page.formats.style("note"))
    return last, (totals[_VALUE], totals[_BOOKED])


def _place(sheet: _Sheet, at: int, *, balance: dict[str, Any]) -> None:
    """Write the account, the currency, and the closing balance in it and in base."""
    page, pack = sheet
    for column, name in ((_ACCOUNT, "account"), (_NAME, "name"), (_CURRENCY, "currency")):
        page.text((at, column), balance[name])
    local = pack.units.decimals[balance["currency"]]
    for column, source, value, decimals in (
        (_LOCAL, "TBC_Closing", balance["closing"], local),
        (_BOOKED, "TBC_ClosingBase", balance["closing_base"], pack.decimals),
    ):
        formula = _HELD.format(name=source, row=at + 1)
        exact = numbers.to_decimal(value, decimals)
        page.formula((at, column), formula, value=exact, style=page.formats.number(decimals))


def _difference(sheet: _Sheet, at: int, *, balance: dict[str, Any]) -> None:
    page, pack = sheet
    booked, value = (xl_rowcol_to_cell(at, column) for column in (_BOOKED, _VALUE))
    page.formula(
        (at, _DIFFERENCE),
        f"=ROUND({booked}-{value},{pack.decimals})",
        value=numbers.to_decimal(balance["difference_base"], pack.decimals),
        style=page.formats.number(pack.decimals),
    )


def _implied(sheet: _Sheet, at: int, *, balance: dict[str, Any]) -> None:
    """Write what one unit of the currency stands at in the books."""
    page, pack = sheet
    if not balance["closing"]:
        return
    local = numbers.to_decimal(balance["closing"], pack.units.decimals[balance["currency"]])
    in_base = numbers.to_decimal(balance["closing_base"], pack.decimals)
    booked, held = (xl_rowcol_to_cell(at, column) for column in (_BOOKED, _LOCAL))
    page.formula(
        (at, _IMPLIED),
        f"={booked}/{held}",
        value=Decimal(rounded(str(in_base / local))),
        style=page.formats.pattern(looks.RATE, font_color=looks.QUIET),
    )


def _trading(sheet: _Sheet, rows: Sequence[dict[str, Any]], *, row: int) -> tuple[int, Total]:
    """Write FX trading by currency; return the last row and the total in base."""
    page, pack = sheet
    headings = [
        *_HEAD,
        *([("", "left")] * (_BOOKED - _RATE)),
        *((f"Booked {pack.units.base}", "right"), ("", "left")),
    ]
    title = "FX trading: what was exchanged; its balance in base is swept to gains at each close"
    first = _section(page, row, title=title, headings=headings)
    for at, balance in enumerate(rows, start=first):
        _place(sheet, at, balance=balance)
    last = first + len(rows)
    _total_label(page, last, columns=_BOOKED)
    value = sum(balance["closing_base"] for balance in rows)
    area = ((first, _BOOKED), (max(last - 1, first), _BOOKED))
    return last, _sum(sheet, (last, _BOOKED), area=area, value=value, final=True)


def _rates(sheet: _Sheet, *, row: int) -> int:
    """Write the rates that the period used, stale ones marked; return the last row."""
    page, pack = sheet
    headings = [("Date", "left"), ("Rate from", "left"), ("Currency", "left")]
    headings += [("Rate", "right"), ("Oldest rate of", "right"), ("Source", "left")]
    headings += [("Stale", "left"), *[("", "left")] * (_DIFFERENCE - _VALUE)]
    title = f"Rates used: one unit of the currency in {pack.units.base}"
    first = _section(page, row, title=title, headings=headings)
    rate = page.formats.pattern(looks.RATE)
    right = page.formats.pattern(looks.DAY, align="right")
    at = first - 1
    for at, used in enumerate(pack.reports["rates"].table.to_pylist(), start=first):
        page.day((at, _ACCOUNT), used["date"])
        page.text((at, _NAME), used["path"])
        page.text((at, _CURRENCY), used["currency"])
        page.decimal((at, _LOCAL), used["rate"], style=rate)
        page.day((at, _RATE), used["rate_date"], style=right)
        page.text((at, _IMPLIED), used["source"], style=page.formats.style("text", indent=1))
        if used["stale"]:
            page.text((at, _VALUE), "stale", style=page.formats.style("bad"))
    if at < first:
        page.text((first, 0), "None.", style=page.formats.style("note"))
    return max(at, first)


def _total_label(page: Page, row: int, *, columns: int) -> None:
    style = page.formats.style("bold", top=1)
    for column in range(columns):
        page.text((row, column), "" if column else "Total", style=style)


def _sum(
    sheet: _Sheet,
    at: tuple[int, int],
    *,
    area: tuple[tuple[int, int], tuple[int, int]],
    value: int,
    final: bool = False,
) -> Total:
    """Write the sum of an area of cells, rounded, so that zero is zero."""
    page, pack = sheet
    first, last = (xl_rowcol_to_cell(*cell) for cell in area)
    style = page.formats.number(pack.decimals, bold=True)
    if final:
        style = page.formats.total(pack.decimals, final=True)
    exact = numbers.to_decimal(value, pack.decimals)
    page.formula(at, f"=ROUND(SUM({first}:{last}),{pack.decimals})", value=exact, style=style)
    return Total(f"{SHEET}!{xl_rowcol_to_cell(*at)}", value)
