"""Every tie-out holds for random books that are closed month by month; the tolerance is zero."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given, settings
from tests.laws.books import firms, mark
from tests.laws.facts import CHART, day
from tests.laws.firm import LAST, Firm
from tests.laws.reading import journal_of
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.closing.checks import Closed, tie_outs
from subledger.closing.tally import Tally
from subledger.statements.balances import balances_after
from subledger.tables import BALANCES

CLOSES = (6, LAST + 10)  # 2022-09-30, and a day after everything has happened


def closed_months(firm: Firm) -> Iterator[Closed]:
    """Yield what the checks look at in each month; lots and balances are valued at its end."""
    events, carried, balances = firm.events(), Carried(), BALANCES.empty()
    for start, end in pairwise((-501, *CLOSES)):
        booking = book(between(events, start + 1, end + 1), carried, terms=firm.terms)
        opening, balances = balances, balances_after(balances, booking.lines)
        yield Closed(
            chart=CHART,
            policy=firm.policy,
            opening=opening,
            closing=balances,
            tally=Tally.of(journal_of(booking), booking.reliefs, chart=CHART),
            lots=booking.carried.lots,
            unsettled=booking.carried.unsettled,
            unsettled_before=carried.unsettled,
            entitlements=booking.carried.entitlements,
            entitlements_before=carried.entitlements,
            money=booking.carried.money,
            cash_lots=booking.carried.cash_lots,
            conversions=booking.conversions,
            valued_on=day(end),
        )
        carried = booking.carried


@settings(max_examples=20)
@given(firms(most=8))
def test_every_tie_out_holds_in_every_month_of_any_books(firm: Firm) -> None:
    """In any currency, under any mixture of policies, with fees and settlement in other ones."""
    prices = [mark(row["instrument"], day(on), "7.5") for row in firm.held for on in CLOSES]
    for closed in closed_months(firm.but(marks=prices)):
        assert [
            (check.id, check.left, check.right, check.differences)
            for check in tie_outs(closed)
            if not check.passed
        ] == []
