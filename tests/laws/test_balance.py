"""Everything balances: entries, dates, owners, and the accounting equation.

25 examples each; the tolerance is zero.
"""

from __future__ import annotations

from collections import defaultdict

from tests.laws.books import for_any_firm
from tests.laws.facts import CHART
from tests.laws.firm import Firm
from tests.laws.reading import (
    DUE_ACCOUNTS,
    OWNER,
    TYPES,
    by,
    dates_of,
    lines_of,
    on_accounts,
    posted_of,
    total,
    until,
)

from subledger.statements.balances import balances_after
from subledger.statements.trial_balance import trial_balance
from subledger.tables import BALANCES


@for_any_firm
def test_every_entry_sums_to_zero_per_currency_and_in_base(firm: Firm) -> None:
    """Invariant 1, tolerance zero."""
    lines = lines_of(firm.booked())
    assert by(lines, "seq", "currency", of="amount") == {}
    assert by(lines, "seq") == {}


@for_any_firm
def test_the_trial_balance_is_zero_on_every_date_for_every_owner(firm: Firm) -> None:
    """Invariant 2, tolerance zero: in total, per book, strategy and broker account."""
    lines = lines_of(firm.booked())
    for on in dates_of(lines):
        known = until(lines, on)
        assert total(known) == 0
        assert by(known, *OWNER) == {}


@for_any_firm
def test_assets_are_liabilities_plus_equity_plus_profit_after_every_entry(firm: Firm) -> None:
    """Invariant 3, tolerance zero: each type on its natural side, entry by entry."""
    natural = {"asset": 1, "expense": 1, "liability": -1, "equity": -1, "income": -1}
    lines = lines_of(firm.booked())
    held: dict[str, int] = defaultdict(int)
    for number, line in enumerate(lines):
        kind = TYPES[line["account"]]
        held[kind] += natural[kind] * line["amount_base"]
        is_last = number + 1 == len(lines) or lines[number + 1]["seq"] != line["seq"]
        if is_last:
            profit = held["income"] - held["expense"]
            assert held["asset"] == held["liability"] + held["equity"] + profit


@for_any_firm
def test_the_parts_of_every_dimension_add_up_to_the_entity(firm: Firm) -> None:
    """Invariant 39, tolerance zero; what trading books owe each other eliminates to zero."""
    booking = firm.booked()
    whole = trial_balance(BALANCES.empty(), posted_of(booking), accounts=CHART.accounts)
    closing = {row["account"]: row["closing"] for row in whole.table.to_pylist()}
    for dimension in (*OWNER, "instrument", "counterparty"):
        parts = trial_balance(
            BALANCES.empty(), posted_of(booking), accounts=CHART.accounts, by=[dimension]
        )
        sums = dict.fromkeys(closing, 0)
        for row in parts.table.to_pylist():
            sums[row["account"]] = sums.get(row["account"], 0) + row["closing"]
        assert {k: v for k, v in sums.items() if v} == {k: v for k, v in closing.items() if v}
    assert total(lines_of(booking), on_accounts(DUE_ACCOUNTS)) == 0


@for_any_firm
def test_balances_carried_from_cut_to_cut_are_the_sums_of_the_lines(firm: Firm) -> None:
    """Invariant 2, tolerance zero: BALANCES, which a seal holds, are the lines added up."""
    booking = firm.booked()
    lines = lines_of(booking)
    halves = [booking.lines.slice(0, len(lines) // 3), booking.lines.slice(len(lines) // 3)]
    balances = BALANCES.empty()
    for half in halves:
        balances = balances_after(balances, half)
    keys = BALANCES.order
    for amount in ("amount", "amount_base", "quantity"):
        assert by(balances.to_pylist(), *keys, of=amount) == by(lines, *keys, of=amount)
