"""Marks: repeated they post nothing, and their path changes no balance.

25 examples each; the tolerance is zero.
"""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.books import LAST, Firm, firms, mark, prices
from tests.laws.facts import GAAP, day
from tests.laws.reading import MARK_ACCOUNTS, OWNER, by, is_profit, lines_of, on_accounts, until
from tests.laws.test_profit import price_of_each
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.statements.report import Units
from subledger.statements.schedules import unrealised

MONTH_END = date(2022, 9, 30)
paths = st.lists(
    st.tuples(st.integers(0, LAST), st.tuples(prices, prices, prices)),
    max_size=5,
    unique_by=lambda one: one[0],
)


def marked(firm: Firm, at: dict[str, str], *dates: date) -> list[facts.Row]:
    """Return marks of every instrument at one price on some dates."""
    return [mark(row["instrument"], on, at[row["instrument"]]) for row in firm.held for on in dates]


@settings(max_examples=25)
@given(firms(policy=GAAP), price_of_each)
def test_marking_again_at_the_same_price_posts_nothing(firm: Firm, at: dict[str, str]) -> None:
    """Invariant 10, tolerance zero: on a later date on which nothing else has happened."""
    firm = firm.but(marks=marked(firm, at, day(20)))
    again = firm.but(marks=marked(firm, at, day(20), day(21)))
    first, second = firm.booked(), again.booked()
    assert second.entries.equals(first.entries)
    assert second.lines.equals(first.lines)
    assert second.carried.lots.equals(first.carried.lots)


@settings(max_examples=25)
@given(firms(policy=GAAP), price_of_each, price_of_each, paths)
def test_daily_marks_and_one_at_the_month_end_lead_to_the_same_balances(
    firm: Firm,
    first: dict[str, str],
    second: dict[str, str],
    path: list[tuple[int, tuple[str, str, str]]],
) -> None:
    """Invariant 11, tolerance zero: at both month ends, per account, owner and instrument."""
    ends = [*marked(firm, first, MONTH_END), *marked(firm, second, day(20))]
    between_them = [
        mark(row["instrument"], day(on), price)
        for on, at in path
        if day(on) != MONTH_END
        for row, price in zip(firm.held, at, strict=True)
    ]
    once = firm.but(marks=ends).booked()
    daily = firm.but(marks=[*ends, *between_them]).booked()
    columns = ("account", *OWNER, "instrument", "lot_id")
    for end in (MONTH_END, day(20)):
        held, also = (by(until(lines_of(each), end), *columns) for each in (once, daily))
        assert also == held
        gained, too = (
            by(filter(is_profit, until(lines_of(each), end)), *columns) for each in (once, daily)
        )
        assert too == gained
    assert daily.carried.lots.equals(once.carried.lots)


@settings(max_examples=25)
@given(firms(policy=GAAP), price_of_each, st.integers(0, LAST))
def test_unrealised_is_market_value_less_cost_of_every_lot(
    firm: Firm, at: dict[str, str], last: int
) -> None:
    """Invariant 12 for unrealised gains, tolerance zero: against quantity x price in Decimal."""
    firm = firm.but(marks=[*firm.marks, *marked(firm, at, day(30))])
    booking = book(between(firm.events(), -500, last), Carried(), terms=firm.terms)
    closing = book(between(firm.events(), 30, 31), booking.carried, terms=firm.terms)
    units = Units("USD", {"USD": 2}, {})
    report = unrealised(
        closing.carried.lots, firm.mark_table(), instruments=firm.terms.instruments, units=units
    )
    gains = []
    for lot in closing.carried.lots.to_pylist():
        name = lot["instrument"]
        held = firm.held_as(name)
        value = facts.worth(held, lot["opened"] - lot["closed"], at[name])
        gain = value - (lot["cost_base"] - lot["relieved_base"])
        gains.append((lot["lot_id"], value, gain if lot["side"] == "long" else -gain))
    columns = ("lot_id", "market_value", "unrealised_base")
    found = [tuple(row[name] for name in columns) for row in report.table.to_pylist()]
    assert sorted(found) == sorted(gains)
    ledger = by(
        filter(on_accounts(MARK_ACCOUNTS), [*lines_of(booking), *lines_of(closing)]), "lot_id"
    )
    assert ledger == {(lot,): gain for lot, _, gain in gains if gain}
