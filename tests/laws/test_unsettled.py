"""Settlement: what is unsettled is listed, moves cash once, and earns nothing.

8 to 25 examples each; the tolerance is zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.books import days, firms, for_any_firm
from tests.laws.facts import day
from tests.laws.firm import Firm
from tests.laws.flat import booked_trades
from tests.laws.reading import (
    FX_GAINS,
    OWNER,
    UNSETTLED_ACCOUNTS,
    by,
    dates_of,
    lines_of,
    on_accounts,
    plain,
    rows,
    until,
)
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.tables import FEES


def due(firm: Firm, trade: Mapping[str, Any]) -> dict[str, int]:
    """Return what settling a trade brings (positive) or takes, per currency, rounded once each."""
    held, sign = firm.held_as(trade["instrument"]), 1 if trade["side"] == "sell" else -1
    currency, settled_in = trade["currency"], trade["settlement_currency"]
    net, on = trade["net"], trade["accounting_date"]
    if settled_in != currency:
        rate = firm.factor(currency, on) / firm.factor(settled_in, on)
        if trade["settlement_rate"]:
            shift = Fraction(10) ** (firm.decimals[settled_in] - firm.decimals[currency])
            rate = Fraction(trade["settlement_rate"]) * shift
        net = round(net * rate)
    found = Counter({settled_in: sign * net})
    if trade["fee_currency"] != currency:
        found[trade["fee_currency"]] -= sum(trade[fee] for fee in FEES)
    if held["asset_class"] == "fx_spot":
        found[held["base_currency"]] -= sign * trade["quantity"]
    return dict(found)


def all_due(firm: Firm, trades: Iterable[Mapping[str, Any]]) -> dict[tuple[str], int]:
    sums: Counter[str] = Counter()
    for trade in trades:
        sums.update(due(firm, trade))
    return {(currency,): amount for currency, amount in sums.items() if amount}


@for_any_firm
def test_receivables_less_payables_are_the_unsettled_trades_on_every_date(firm: Firm) -> None:
    """Invariant 17, tolerance zero per currency; with settled cash they are trade-date cash."""
    lines = lines_of(firm.booked())
    trades = booked_trades(firm)
    settled_on = {
        row["trade_id"]: row["accounting_date"] for row in firm.events().settling.to_pylist()
    }
    for on in dates_of(lines):
        traded = [trade for trade in trades if trade["accounting_date"] <= on]
        pending = [trade for trade in traded if settled_on.get(trade["trade_id"], day(999)) > on]
        known = until(lines, on)
        unsettled = list(filter(on_accounts(UNSETTLED_ACCOUNTS), known))
        assert by(unsettled, "currency", of="amount") == all_due(firm, pending)
        cash = [
            line
            for line in known
            if line["event_kind"] == "settlement" and line["account"] == "1020"
        ]
        assert by([*unsettled, *cash], "currency", of="amount") == all_due(firm, traded)


@settings(max_examples=10)
@given(firms(), days)
def test_the_list_of_unsettled_items_is_the_ledger_item_by_item(firm: Firm, last: int) -> None:
    """Invariant 17 for each item, tolerance zero, at any cut: in its currency and in base."""
    booking = book(between(firm.events(), -500, last), Carried(), terms=firm.terms)
    items = booking.carried.unsettled.to_pylist()
    lines = list(filter(on_accounts(UNSETTLED_ACCOUNTS), lines_of(booking)))
    for line in lines:
        line["trade_id"] = line["event_id"].partition("/")[0]
    columns = ("trade_id", "account", "currency", *OWNER, "instrument")
    assert by(items, *columns, of="amount") == by(lines, *columns, of="amount")
    for item in items:
        item["in_base"] = item["amount_base"] + item["revalued"]
    assert by(items, *columns, of="in_base") == by(lines, *columns)
    assert len({(item["trade_id"], item["item"]) for item in items}) == len(items)


@settings(max_examples=10)
@given(firms(foreign=False))
def test_settling_earns_nothing_in_one_currency(firm: Firm) -> None:
    """Invariant 18, tolerance zero: cash against the open item."""
    lines = lines_of(firm.booked())
    settled = [line for line in lines if line["event_kind"] == "settlement"]
    assert {line["account"] for line in settled} <= {"1020", *UNSETTLED_ACCOUNTS}
    capital = [line for line in lines if line["event_kind"] == "capital_settlement"]
    assert {line["account"] for line in capital} <= {"1020", "1490", "2610"}


@for_any_firm
def test_settling_earns_what_the_rate_has_moved_since_the_item_was_last_valued(firm: Firm) -> None:
    """Invariant 18, tolerance zero: cash at the rate of the day, the item gone, the rest is FX."""
    standing: Counter[tuple[str, str, str]] = Counter()
    accounts = {"1020", *UNSETTLED_ACCOUNTS, *FX_GAINS}
    for line in lines_of(firm.booked()):
        if line["account"] in UNSETTLED_ACCOUNTS:
            trade = line["event_id"].partition("/")[0]
            standing[trade, line["account"], line["currency"]] += line["amount_base"]
        if line["event_kind"] != "settlement":
            continue
        assert line["account"] in accounts
        if line["account"] == "1020":
            on = line["accounting_date"]
            assert line["amount_base"] == firm.in_base(line["amount"], line["currency"], on)
    settled = set(firm.events().settling["trade_id"].to_pylist())
    assert {key for key, base in standing.items() if base and key[0] in settled} == set()


@settings(max_examples=8)
@given(firms(), st.booleans())
def test_a_fail_and_its_cure_move_neither_profit_nor_cash(
    firm: Firm,
    by_fact: bool,  # noqa: FBT001 - drawn
) -> None:
    """Invariant 19, tolerance zero: a failed trade stands exactly where a confirmed one does."""
    confirmed = firm.under(post_status="confirmed").but(
        trades=[trade | {"status": "confirmed", "settled_date": None} for trade in firm.trades]
    )
    facts = [
        {
            "event_id": f"F{number}",
            "trade_id": trade["trade_id"],
            "date": trade["settlement_date"],
            "status": "failed",
            "batch": 2,
            "row": number + 2,
        }
        for number, trade in enumerate(confirmed.trades)
    ]
    failed = (
        confirmed.but(settlements=facts)
        if by_fact
        else confirmed.but(trades=[trade | {"status": "failed"} for trade in confirmed.trades])
    )
    cured = confirmed.but(
        settlements=[
            *facts,
            *(f | {"event_id": f"{f['event_id']}c", "status": "cured"} for f in facts),
        ]
    )
    expected = confirmed.booked()
    for other in (failed, cured):
        booking = other.booked()
        assert plain(booking.entries, booking.lines) == plain(expected.entries, expected.lines)
        assert rows(booking.carried.unsettled.drop_columns(["status"])) == rows(
            expected.carried.unsettled.drop_columns(["status"])
        )
    pending = failed.booked().carried.unsettled["status"].to_pylist()
    assert set(pending) <= {"failed"}
