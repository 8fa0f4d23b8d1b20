"""Checks that several kinds of files share: instruments, accounts, dates, signs."""

from __future__ import annotations

from subledger.events.columns import BoolArray
from subledger.events.sheet import Sheet
from subledger.instruments import Held
from subledger.numbers import Int64Array
from subledger.texts import Texts


def find_instruments(sheet: Sheet, column: str = "instrument") -> tuple[Held, Int64Array]:
    """Return the known instruments and each row's position among them, -1 where not given.

    Refuses ids that are not known with UNKNOWN_INSTRUMENT.
    """
    held = Held(sheet.context.instruments)
    positions = held.positions(sheet[column])
    unknown = (positions < 0) & sheet.given(column) & sheet.sound(column)
    message = "no instrument of that id is known"
    sheet.refuse(unknown, "UNKNOWN_INSTRUMENT", column=column, message=message)
    return held, positions


def refuse_currency(sheet: Sheet, own: Texts, *, positions: Int64Array) -> None:
    """Refuse a currency that is given and not the instrument's, with INSTRUMENT_CURRENCY."""
    wrong = (sheet["currency"] != own) & sheet.given("currency") & (positions >= 0)
    sheet.refuse(
        wrong & sheet.sound("currency"),
        "INSTRUMENT_CURRENCY",
        column="currency",
        message=lambda row: f"the instrument's currency is {own[row]}",
    )


def refuse_negative(sheet: Sheet, negative: BoolArray, *, allowed: BoolArray) -> None:
    """Refuse a price below zero unless the instrument allows it, with NEGATIVE_PRICE."""
    wrong = negative & ~allowed & sheet.sound("price", "instrument")
    message = "the instrument does not say negative_price = true"
    sheet.refuse(wrong, "NEGATIVE_PRICE", column="price", message=message)


def refuse_order(sheet: Sheet, later: str, *, earlier: str, where: BoolArray | bool = True) -> None:
    """Refuse rows whose date `later` lies before `earlier`, with DATE_ORDER."""
    wrong = (sheet[later] < sheet[earlier]) & sheet.sound(later, earlier) & where
    sheet.refuse(
        wrong,
        "DATE_ORDER",
        column=later,
        message=lambda row: f"lies before {earlier} {sheet.text(earlier, row)}",
    )


def refuse_not_positive(sheet: Sheet, name: str, *, values: Int64Array, where: BoolArray) -> None:
    """Refuse values of a column that are not above zero, with NOT_POSITIVE."""
    wrong = where & (values <= 0) & sheet.sound(name)
    sheet.refuse(wrong, "NOT_POSITIVE", column=name, message=f"{name} must be above zero")


def refuse_accounts(sheet: Sheet) -> None:
    """Refuse accounts that a manual line may not stand on, and dimensions that they require.

    Findings: UNKNOWN_ACCOUNT, HEADING_ACCOUNT, NOT_MANUAL, DIMENSION_MISSING.
    """
    accounts, known = sheet["account"], sheet.context.accounts
    usable = sheet.sound("account")
    for account in sorted(number for number in accounts.distinct() if number):
        rows = (accounts == account) & usable
        facts = known.get(account)
        if facts is None:
            message, code = "the chart has no such account", "UNKNOWN_ACCOUNT"
        elif not facts.postable:
            message, code = "the account is a heading", "HEADING_ACCOUNT"
        elif not facts.manual:
            message, code = "the account is posted by rules alone", "NOT_MANUAL"
        else:
            _refuse_dimensions(sheet, rows, required=facts.required)
            continue
        sheet.refuse(rows, code, column="account", message=message)


def _refuse_dimensions(sheet: Sheet, rows: BoolArray, *, required: tuple[str, ...]) -> None:
    for dimension in required:
        if dimension in sheet.names:
            missing = rows & ~sheet.given(dimension)
            message = f"the account requires {dimension}"
            sheet.refuse(missing, "DIMENSION_MISSING", column=dimension, message=message)


def refuse_base_amount(sheet: Sheet, name: str, *, amount: Int64Array, base: Int64Array) -> None:
    """Refuse a base amount that differs from the amount in base currency: BASE_AMOUNT_DIFFERS."""
    local = sheet["currency"] == sheet.context.base_currency
    wrong = local & (amount != base) & sheet.given(name)
    wrong &= sheet.sound("currency", name, name.removesuffix("_base"))
    message = f"in base currency it equals {name.removesuffix('_base')}"
    sheet.refuse(wrong, "BASE_AMOUNT_DIFFERS", column=name, message=message)
