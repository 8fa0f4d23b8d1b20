"""The tie-outs of a close: each a computed comparison of two figures, all of them every time.

The tolerance is zero throughout: amounts are exact integers on both sides. Those of lots, of open
items and of balances in foreign currency stand in modules of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from subledger.closing.closed import Closed
from subledger.closing.comparing import Check, Figures, compare, places, within
from subledger.closing.currency_checks import (
    cash_lots_are_foreign_cash,
    fx_trading_is_swept,
    money_is_ledger,
    revalued_at_closing_rate,
)
from subledger.closing.item_checks import dividends_item_by_item, unsettled_item_by_item
from subledger.closing.lot_checks import (
    lot_cost_is_ledger_cost,
    lots_are_positions,
    realised_is_ledger,
    unrealised_is_ledger,
)
from subledger.columns import group_codes, numbers, texts
from subledger.numbers import exact_sum, group_sums

__all__ = ["Check", "Closed", "tie_outs"]


def tie_outs(closed: Closed) -> list[Check]:
    """Return every tie-out of the period, in the order in which the close lists them."""
    return [
        trial_balance_is_zero(closed, ()),
        trial_balance_is_zero(closed, ("book",)),
        trial_balance_is_zero(closed, ("strategy",)),
        trial_balance_is_zero(closed, ("currency",)),
        entries_sum_to_zero(closed),
        opening_plus_movement_is_closing(closed),
        accounting_equation(closed),
        lots_are_positions(closed),
        lot_cost_is_ledger_cost(closed),
        unsettled_item_by_item(closed),
        dividends_item_by_item(closed),
        realised_is_ledger(closed),
        unrealised_is_ledger(closed),
        money_is_ledger(closed),
        revalued_at_closing_rate(closed),
        cash_lots_are_foreign_cash(closed),
        fx_trading_is_swept(closed),
        numbers_have_no_gap(closed),
    ]


def trial_balance_is_zero(closed: Closed, by: Sequence[str]) -> Check:
    """Check that closing balances sum to zero: in total, or for each book, strategy or currency.

    For each currency it is the balances in that currency that are summed, else those in base.
    """
    balances = closed.closing
    in_base = numbers(balances, "amount_base")
    if not by:
        total = exact_sum(in_base)
        return Check("TB", "Trial balance sums to zero", total, 0, len(in_base))
    name = by[0]
    of_currency = name == "currency"
    amounts = numbers(balances, "amount") if of_currency else in_base
    codes, first = group_codes([texts(balances, name)])
    sums = group_sums(codes, amounts, len(first))
    bad = tuple(
        f"{texts(balances, name)[first[row]] or '(none)'}: {sums[row]}"
        for row in np.flatnonzero(sums)
    )
    words = "in" if of_currency else "for"
    description = f"Trial balance sums to zero {words} each {name}"
    return Check(f"TB-{name.upper()}", description, 0, 0, len(first), differences=bad)


def entries_sum_to_zero(closed: Closed) -> Check:
    """Check that the lines of every entry sum to zero per currency and in base."""
    entries, bad, count = closed.tally.balanced
    return Check(
        "ENTRIES",
        "Lines of every entry sum to zero, per currency and in base",
        count,
        0,
        entries,
        unit="count",
        differences=bad,
    )


def opening_plus_movement_is_closing(closed: Closed) -> Check:
    """Check per account and currency that opening and the period's lines give the closing."""
    opening, closing = (
        Figures(
            places(table, ("account", "currency")),
            numbers(table, "amount"),
            numbers(table, "amount_base"),
        )
        for table in (closed.opening, closed.closing)
    )
    differences, compared = compare([opening, closed.tally.rolled], [closing])
    description = "Opening balance plus movement is the closing balance, each account and currency"
    return Check("ROLL", description, 0, 0, compared, differences=differences)


def accounting_equation(closed: Closed) -> Check:
    """Check that assets equal liabilities plus equity plus income less expenses."""
    accounts, amounts = texts(closed.closing, "account"), numbers(closed.closing, "amount_base")
    assets = {n for n, account in closed.chart.accounts.items() if account.type == "asset"}
    is_asset = within(accounts, assets)
    return Check(
        "EQUATION",
        "Assets = liabilities + equity + income - expenses",
        exact_sum(amounts[is_asset]),
        -exact_sum(amounts[~is_asset]),
        len(accounts),
    )


def numbers_have_no_gap(closed: Closed) -> Check:
    """Check that entry numbers are unique, that entries have lines and lines their entry."""
    found = closed.tally.numbers
    return Check(
        "NUMBERS",
        "Every entry number of the period stands once",
        found.entries,
        found.distinct,
        found.entries,
        unit="count",
        differences=found.odd,
    )
