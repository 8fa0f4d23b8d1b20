"""The year-end close: income and expenses cleared, everything else as it was.

25 examples each; the tolerance is zero.
"""

from __future__ import annotations

from tests.laws.books import for_any_firm
from tests.laws.facts import CHART, day
from tests.laws.firm import Firm
from tests.laws.reading import OWNER, TYPES, by, is_profit, journal_of, lines_of, posted_of

from subledger.closing.year_end import clear_profit_and_loss
from subledger.journal.journal import Journal, joined
from subledger.periods import fiscal_year_of
from subledger.statements.balances import balances_after, movements
from subledger.statements.financial import income_statement
from subledger.statements.pnl import buckets_of, pnl
from subledger.store.hashing import same
from subledger.tables import BALANCES

YEAR = fiscal_year_of(day(0))


def cleared(firm: Firm) -> tuple[Journal, Journal]:
    """Return a firm's journal, and the clearing of its year."""
    journal = journal_of(firm.booked())
    balances = balances_after(BALANCES.empty(), journal.lines)
    return journal, clear_profit_and_loss(
        balances, YEAR, terms=firm.terms, seq=1 + journal.entries.num_rows
    )


@for_any_firm
def test_after_the_clearing_income_and_expenses_are_zero_for_every_owner(firm: Firm) -> None:
    """Invariant 41, tolerance zero: each account, book, strategy, broker account, instrument."""
    journal, clearing = cleared(firm)
    both = lines_of(joined([journal, clearing]))
    assert by(filter(is_profit, both), "account", *OWNER, "instrument", "counterparty") == {}
    assert by(both, *OWNER) == {}
    assert by(lines_of(clearing), "seq", "currency", of="amount") == {}


@for_any_firm
def test_retained_earnings_move_by_net_income_and_nothing_else_moves(firm: Firm) -> None:
    """Invariant 41, tolerance zero: 3030 takes each owner's profit, the rest stands."""
    journal, clearing = cleared(firm)
    before = lines_of(journal)
    moved = [line for line in lines_of(clearing) if line["account"] not in CHART.accounts
             or TYPES[line["account"]] not in ("income", "expense")]  # fmt: skip
    assert {line["account"] for line in moved} <= {"3030"}
    assert by(moved, *OWNER) == by(filter(is_profit, before), *OWNER)
    entries = clearing.entries.to_pylist()
    kinds = [(entry["kind"], entry["accounting_date"], entry["period"]) for entry in entries]
    assert kinds == [("closing", YEAR.end, "2022")] * len(entries)


@for_any_firm
def test_clearing_again_clears_nothing(firm: Firm) -> None:
    """Invariant 41, tolerance zero: the second clearing has no entry."""
    journal, clearing = cleared(firm)
    after = balances_after(BALANCES.empty(), joined([journal, clearing]).lines)
    again = clear_profit_and_loss(after, YEAR, terms=firm.terms, seq=10**6)
    assert again.entries.num_rows + again.lines.num_rows == 0


@for_any_firm
def test_the_profit_of_the_closed_year_can_still_be_reported(firm: Firm) -> None:
    """Invariants 40 and 41, tolerance zero: statement and P&L leave the clearing out."""
    journal, clearing = cleared(firm)
    both = joined([journal, clearing])
    ours, theirs = (
        income_statement(
            CHART.statements, CHART.accounts, moved=movements(posted_of(each)), prior=None
        ).table
        for each in (journal, both)
    )
    assert same(theirs, ours)
    buckets = buckets_of(CHART.accounts)
    assert same(
        pnl(posted_of(both), buckets=buckets).table, pnl(posted_of(journal), buckets=buckets).table
    )
