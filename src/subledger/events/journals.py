"""The journals file: manual journals, whose lines sum to zero per currency and in base."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from subledger.columns import group_codes
from subledger.events.columns import Column
from subledger.events.context import Context
from subledger.events.lookup import (
    find_instruments,
    refuse_accounts,
    refuse_base_amount,
    refuse_order,
)
from subledger.events.reading import Kind, Reading
from subledger.events.sheet import Rows, Sheet
from subledger.numbers import Int64Array, to_text
from subledger.tables import JOURNALS

COLUMNS = (
    Column("journal_id", "id", required=True),
    Column("line", "integer", required=True, minimum=1),
    Column("date", "date", required=True),
    Column("account", "id", required=True),
    Column("currency", "id", required=True),
    Column("amount", "number", required=True),
    Column("amount_base", "number"),
    Column("book", "id"),
    Column("strategy", "id"),
    Column("broker_account", "id"),
    Column("instrument", "id"),
    Column("counterparty", "id"),
    Column("reason", "text", required=True),
    Column("attachment", "text"),
    Column("reverse_on", "date"),
)


def read(rows: Rows, context: Context) -> Reading:
    """Judge the lines of manual journals and return them as JOURNALS, debit-positive.

    `amount_base` defaults to amount in the base currency and is required in others. Findings:
    grammar, UNKNOWN_CURRENCY, UNKNOWN_INSTRUMENT, UNKNOWN_ACCOUNT, HEADING_ACCOUNT, NOT_MANUAL,
    DIMENSION_MISSING, EXCESS_DECIMALS, NUMBER_TOO_LARGE, BASE_AMOUNT_MISSING,
    BASE_AMOUNT_DIFFERS, DATE_ORDER, JOURNAL_LINE_TWICE, JOURNAL_MIXED, JOURNAL_ONE_LINE,
    JOURNAL_UNBALANCED.
    """
    sheet = Sheet(rows, COLUMNS, context=context)
    find_instruments(sheet)
    refuse_accounts(sheet)
    refuse_order(sheet, "reverse_on", earlier="date")
    amount, base = _amounts(sheet)
    _refuse_journals(sheet, amount, base=base)
    values = {"amount": amount, "amount_base": base}
    return Reading(sheet.table(JOURNALS, values), sheet.notes, sheet.findings, sheet.count)


def _amounts(sheet: Sheet) -> tuple[Int64Array, Int64Array]:
    decimals, known = sheet.decimals("currency")
    amount = sheet.scaled("amount", decimals, where=known)
    context = sheet.context
    places = np.full(sheet.count, context.decimals[context.base_currency], np.int64)
    stated = sheet.scaled("amount_base", places, where=np.ones(sheet.count, bool))
    given = sheet.given("amount_base")
    foreign = (sheet["currency"] != context.base_currency) & known
    sheet.refuse(
        foreign & ~given,
        "BASE_AMOUNT_MISSING",
        column="amount_base",
        message=f"it has no default where the currency is not {context.base_currency}",
    )
    refuse_base_amount(sheet, "amount_base", amount=amount, base=stated)
    base: Int64Array = np.where(given, stated, amount)
    return amount, base


def _refuse_journals(sheet: Sheet, amount: Int64Array, *, base: Int64Array) -> None:
    """Refuse what only all lines of a journal together show; one mask row per journal."""
    sound = sheet.sound()
    for rows in _journals(sheet):
        _refuse_twice(sheet, rows)
        for name in ("date", "reason", "reverse_on"):
            if len(set(sheet[name][rows].tolist())) > 1 and sheet.sound(name)[rows].all():
                message = f"the lines of a journal have one {name}"
                _refuse_one(sheet, rows[-1], what=("JOURNAL_MIXED", name), message=message)
        if not sheet.rows.complete or not sound[rows].all():
            continue  # a sum over lines that could not be read says nothing
        if len(rows) == 1:
            message = "a journal has at least two lines"
            _refuse_one(sheet, rows[0], what=("JOURNAL_ONE_LINE", "journal_id"), message=message)
        else:
            _refuse_sums(sheet, rows, amount=amount, base=base)


def _journals(sheet: Sheet) -> Iterator[np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Yield the positions of the lines of each journal, in order of its first line."""
    ids = sheet["journal_id"]
    code, first = group_codes([ids])
    order = np.lexsort((np.arange(len(ids)), first[code]))
    yield from np.split(order, np.flatnonzero(np.diff(first[code][order])) + 1) if len(ids) else ()


def _refuse_twice(sheet: Sheet, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> None:
    seen: set[int] = set()
    for row in rows.tolist():
        number = int(sheet["line"][row])
        if number in seen and sheet.sound("line")[row]:
            message = "the journal has another line of that number"
            _refuse_one(sheet, row, what=("JOURNAL_LINE_TWICE", "line"), message=message)
        seen.add(number)


def _refuse_sums(
    sheet: Sheet,
    rows: np.ndarray[tuple[int], np.dtype[np.intp]],
    *,
    amount: Int64Array,
    base: Int64Array,
) -> None:
    sums: dict[str, int] = {}
    for row in rows.tolist():
        currency = sheet["currency"][row]
        sums[currency] = sums.get(currency, 0) + int(amount[row])
    context = sheet.context
    wrong = [
        f"{to_text(total, context.decimals[currency])} {currency}"
        for currency, total in sums.items()
        if total
    ]
    total = sum(int(value) for value in base[rows].tolist())
    if total and set(sums) != {context.base_currency}:
        places = context.decimals[context.base_currency]
        wrong.append(f"{to_text(total, places)} {context.base_currency} in base")
    if wrong:
        message = f"the lines sum to {' and '.join(wrong)}, not to zero"
        _refuse_one(sheet, rows[0], what=("JOURNAL_UNBALANCED", "journal_id"), message=message)


def _refuse_one(sheet: Sheet, row: int, *, what: tuple[str, str], message: str) -> None:
    mask = np.zeros(sheet.count, bool)
    mask[row] = True
    sheet.refuse(mask, what[0], column=what[1], message=message)


KIND = Kind("journals", COLUMNS, JOURNALS, read)
