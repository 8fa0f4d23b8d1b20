"""What closes a month's file: prices, exchange rates, and balances the day after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers
from subledger.exports import beancount_names as names
from subledger.exports.beancount_accounts import AccountBook
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.periods import parse_period
from subledger.statements import grouping

_ASSERTED = frozenset({"asset", "liability"})  # income is cleared by the year's closing entries


def prices_text(context: LedgerContext, month: LedgerMonth) -> str:
    """Return a price directive per mark: what one unit is worth, the multiplier included."""
    found = {row["instrument"]: row for row in context.instruments.to_pylist()}
    rows = columns.sorted_by(month.marks, ("mark_date", "instrument"))
    text = []
    for mark in rows.to_pylist():
        instrument = found[mark["instrument"]]
        price, scale = numbers.trim(
            mark["price_mantissa"] * instrument["multiplier_mantissa"],
            mark["price_scale"] + instrument["multiplier_scale"],
        )
        commodity = names.commodity(mark["instrument"], context.units.decimals)
        value = f"{numbers.to_text(price, scale)} {names.currency(instrument['currency'])}"
        text.append(
            f"{mark['mark_date']} price {commodity} {value}\n"
            f"  price-date: {mark['price_date']}\n"
            f"  source: {names.quoted(mark['source'])}\n"
            f"  level: {mark['level']}\n"
        )
    return "".join(text) + ("\n" if text else "")


def rates_text(context: LedgerContext, month: LedgerMonth) -> str:
    """Return a price directive per currency: what one unit was worth at the end of the period."""
    if not month.conversions.num_rows:
        return ""
    day = parse_period(month.period).end
    rows = month.conversions.filter(pc.equal(month.conversions.column("date"), day))
    text = [
        f"{day} price {names.currency(rate['currency'])} {rate['rate']} {context.units.base}\n"
        f"  price-date: {rate['rate_date']}\n"
        f"  source: {names.quoted(rate['source'])}\n"
        f"  path: {names.quoted(rate['path'])}\n"
        for rate in columns.sorted_by(rows, ("currency",)).to_pylist()
    ]
    return "".join(text) + ("\n" if text else "")


def assertions_text(context: LedgerContext, month: LedgerMonth, *, inexact: frozenset[str]) -> str:
    """Return exact balance assertions of assets and liabilities, dated the day after the period.

    Accounts of lots are asserted in units per book and instrument, others in money. An account is
    not asserted in base once residue has stood under it: `inexact` are all accounts of residue. Nor
    are accounts of lots once a period was told in sums, whose units stand together.
    """
    if not month.balances.num_rows:
        return ""
    day = parse_period(month.period).end + timedelta(days=1)
    with_residue = {name.removesuffix(f":{names.RESIDUE}") for name in inexact}
    with_residue |= {above for name in with_residue for above in _accounts_above(name)}
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for name, unit, amount, decimals in _balances(context, month):
        if unit == context.units.base and name in with_residue:
            continue
        total, _ = found.get((name, unit), (0, 0))
        found[name, unit] = total + amount, decimals
    return "".join(
        f"{day} balance {name:<58} {numbers.to_text(amount, decimals):>16} {unit}\n"
        for (name, unit), (amount, decimals) in sorted(found.items())
        if amount
    )


def _accounts_above(name: str) -> Iterator[str]:
    while ":" in name:
        name = name.rpartition(":")[0]
        yield name


def _balances(context: LedgerContext, month: LedgerMonth) -> Iterator[tuple[str, str, int, int]]:
    """Yield account, commodity, amount and decimals of each balance that can be asserted."""
    book, units = AccountBook(context.accounts), context.units
    asserted = [number for number, one in context.accounts.items() if one.type in _ASSERTED]
    if month.summarised:
        asserted = [number for number in asserted if not context.accounts[number].holds_lots]
    rows = columns.chosen(month.balances, columns.texts(month.balances, "account").isin(asserted))
    account = columns.texts(rows, "account")
    holding = account[columns.numbers(rows, "quantity") != 0].distinct()
    holds = account.isin(holding)
    if not month.summarised:
        of_units = ("account", "book", "instrument")
        for row in _added_up(columns.chosen(rows, holds), of_units, amounts=["quantity"]):
            instrument = row["instrument"]
            name = book.name(row["account"], book=row["book"], instrument=instrument, units=True)
            commodity = names.commodity(instrument, units.decimals)
            yield name, commodity, row["quantity"], units.quantity_decimals[instrument]
    # Money in an account of lots stands by book and instrument as well; elsewhere these are blank.
    of_money = ("account", "currency", "book", "instrument")
    money = _undivided(columns.chosen(rows, ~holds), book)
    for row in _added_up(money, of_money, amounts=["amount", "amount_base"]):
        name = book.name(
            row["account"], book=row["book"], instrument=row["instrument"], units=False
        )
        if row["currency"] != units.base:
            currency = names.currency(row["currency"])
            yield name, currency, row["amount"], units.decimals[row["currency"]]
        else:
            yield name, units.base, row["amount_base"], units.decimals_of_base()


def _undivided(balances: pa.Table, book: AccountBook) -> pa.Table:
    """Return balances without book and instrument where their account is one for all of these."""
    divided = columns.texts(balances, "account").looked_up(book.is_divided, bool)
    for name in ("book", "instrument"):
        place = balances.schema.get_field_index(name)
        kept = columns.Texts.either(divided, columns.texts(balances, name), "")
        balances = balances.set_column(place, balances.schema.field(name), kept.dictionary())
    return balances


def _added_up(
    balances: pa.Table, by: Sequence[str], *, amounts: Sequence[str]
) -> list[dict[str, Any]]:
    """Return balances by columns, as rows."""
    found: list[dict[str, Any]] = grouping.add_up(balances, by, amounts=amounts).to_pylist()
    return found
