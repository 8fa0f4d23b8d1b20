"""Every tie-out of a close fails when its figure is tampered with, and the others do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.booking.entries import FUND, SHARE
from tests.laws import facts
from tests.laws.books import mark
from tests.laws.dividends import dividend
from tests.laws.facts import CHART, GAAP, TAX, day, trade
from tests.laws.firm import Firm, Quoted
from tests.laws.reading import journal_of
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.booking.policy import BasisPolicy
from subledger.closing.checks import Closed, tie_outs
from subledger.closing.lot_checks import realised_is_ledger
from subledger.closing.tally import Tally
from subledger.journal.difference import difference
from subledger.journal.journal import Journal, joined
from subledger.statements.balances import balances_after
from subledger.tables import BALANCES, ENTRIES, LINES, RELIEFS

OCTOBER, LAST = 7, 37  # 2022-10-01 and 2022-10-31, counted from the first day
ALL = (
    "TB TB-BOOK TB-STRATEGY TB-CURRENCY ENTRIES ROLL EQUATION LOTS-UNITS LOTS-COST UNSETTLED "
    "DIVIDENDS REALISED UNREALISED MONEY REVALUED CASH-LOTS FX-TRADING NUMBERS"
)
EURO = facts.instrument("EEE", currency="EUR")
PAIR = facts.instrument("EUR/USD", "fx_spot", base_currency="EUR", decimals=2)


def firm(policy: BasisPolicy) -> Firm:
    """Return positions of either side in two months and three currencies, and open dividends."""
    prices = {"AAA": ("11", "9"), "FND": ("8", "9"), "EEE": ("101", "97")}
    settled = {"status": "settled"}
    paid: dict[str, Any] = {"pay": LAST + 3, "withheld": ("0.15", "0.05")}
    return Firm(
        policy,
        (SHARE, FUND, EURO, PAIR),
        trades=[
            trade("A1", "buy", 10, price="10", held=SHARE, commission=3),
            trade("A2", "sell", 4, price="12", held=SHARE, trade_date=day(8), tax=-1),
            trade("F1", "sell", 9, price="7", held=FUND, book="B2", strategy="S2"),
            trade("F2", "buy", 2, price="6", held=FUND, book="B2", strategy="S2",
                  trade_date=day(9), **settled),
            trade("E1", "buy", 10, price="100", held=EURO, tax=7, fee_currency="GBP", **settled),
            trade("E2", "sell", 4, price="103", held=EURO, trade_date=day(12), tax=5,
                  fee_currency="GBP"),
            trade("X1", "buy", 300_000, price="1.02", held=PAIR, **settled),
            trade("X2", "sell", 50_000, price="1.01", held=PAIR, trade_date=day(LAST)),
        ],
        cash=[
            {"event_id": "C1", "kind": "contribution", "date": day(1), "settled_date": day(1),
             "broker_account": "K1", "book": "B1", "strategy": "S1", "currency": "EUR",
             "amount": 500_000},
            {"event_id": "C2", "kind": "fee", "date": day(20), "settled_date": day(20),
             "broker_account": "K1", "book": "B1", "strategy": "S1", "currency": "EUR",
             "amount": -1234},
        ],
        actions=[
            dividend("D1", EURO, ex=10, amount=(15, 1), currency="EUR", **paid),
            dividend("D2", FUND, ex=11, amount=(2, 1), currency="EUR", **paid),
        ],
        marks=[
            mark(name, day(on), price)
            for name, both in prices.items()
            for on, price in zip((OCTOBER - 1, LAST), both, strict=True)
        ],
        rates=[
            Quoted(name, "USD", [level + 7 * on - 40 for on in range(-3, LAST + 3, 2)], 4, (2,))
            for name, level in (("EUR", 9_800), ("GBP", 11_200))
        ],
    )  # fmt: skip


NOTHING = Tally.of(Journal.empty(), RELIEFS.empty(), chart=CHART)


@dataclass(frozen=True)
class Shown(Closed):
    """What the checks look at, with the tables of which they are given the sums."""

    journal: Journal
    reliefs: pa.Table

    def __post_init__(self) -> None:
        tally = Tally.of(self.journal, self.reliefs, chart=self.chart)
        object.__setattr__(self, "tally", tally)


Tamper = Callable[[Shown], Shown]


@cache
def october(policy: BasisPolicy = GAAP) -> Shown:
    """Return what the checks of October look at."""
    of = firm(policy)
    events = of.events()
    september = book(between(events, -500, OCTOBER), Carried(), terms=of.terms)
    booking = book(between(events, OCTOBER, LAST + 1), september.carried, terms=of.terms)
    assert booking.exceptions.num_rows == september.exceptions.num_rows == 0
    opening = balances_after(BALANCES.empty(), september.lines)
    return Shown(
        chart=CHART,
        policy=policy,
        opening=opening,
        closing=balances_after(opening, booking.lines),
        tally=NOTHING,
        journal=difference(journal_of(booking), Journal.empty(), basis="B", next_seq=1),
        reliefs=booking.reliefs,
        lots=booking.carried.lots,
        unsettled=booking.carried.unsettled,
        unsettled_before=september.carried.unsettled,
        entitlements=booking.carried.entitlements,
        entitlements_before=september.carried.entitlements,
        money=booking.carried.money,
        cash_lots=booking.carried.cash_lots,
        conversions=booking.conversions,
        valued_on=day(LAST),
    )


def edited(table: pa.Table, change: Mapping[str, Any], **where: Any) -> pa.Table:
    """Return a table with one row changed: numbers are added, texts replaced."""
    rows = table.to_pylist()
    row = next(row for row in rows if all(row[name] == value for name, value in where.items()))
    for name, value in change.items():
        row[name] = value if isinstance(value, str) else row[name] + value
    return pa.Table.from_pylist(rows, schema=table.schema)


def edit(part: str, change: Mapping[str, Any], **where: Any) -> Tamper:
    """Return a change of one row of one table."""

    def tamper(closed: Shown) -> Shown:
        if part in ("entries", "lines"):
            journal = closed.journal
            table = edited(getattr(journal, part), change, **where)
            return replace(closed, journal=replace(journal, **{part: table}))
        return replace(closed, **{part: edited(getattr(closed, part), change, **where)})

    return tamper


def drop(part: str, **where: Any) -> Tamper:
    """Return the removal of one row of one table."""

    def tamper(closed: Shown) -> Shown:
        source = closed.journal if part in ("entries", "lines") else closed
        rows = getattr(source, part).to_pylist()
        row = next(row for row in rows if all(row[name] == value for name, value in where.items()))
        rows.remove(row)
        table = pa.Table.from_pylist(rows, schema=getattr(source, part).schema)
        if source is closed.journal:
            return replace(closed, journal=replace(closed.journal, **{part: table}))
        return replace(closed, **{part: table})

    return tamper


def both(first: Tamper, second: Tamper) -> Tamper:
    return lambda closed: second(first(closed))


BASE: dict[str, Any] = {"amount_base": 1}
LOCAL: dict[str, Any] = {"amount": 1}
DOLLARS: dict[str, Any] = {"account": "1020", "currency": "USD"}
EURO_CASH: dict[str, Any] = {"amount": -7}
FEES: dict[str, Any] = {"trade_id": "E2", "item": "fees"}
SWAP = both(
    edit("unsettled", {"amount_base": 1, "amount": 1}, trade_id="A1"),
    edit("unsettled", {"amount_base": -1, "amount": -1}, trade_id="F1"),
)


@pytest.mark.parametrize(
    ("tamper", "fails"),
    [
        (edit("closing", BASE, account="4110"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION"),
        (edit("closing", BASE, **DOLLARS), "TB TB-BOOK TB-STRATEGY ROLL EQUATION"),
        (
            edit("closing", BASE, account="1110", currency="USD"),
            "TB TB-BOOK TB-STRATEGY ROLL EQUATION UNSETTLED",
        ),
        (edit("closing", BASE, account="1210"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION LOTS-COST"),
        (edit("closing", BASE, account="2221"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION UNREALISED"),
        (edit("closing", {"book": "B2"}, account="4110", book="B1"), "TB-BOOK"),
        (edit("closing", {"strategy": "S2"}, account="4110", strategy="S1"), "TB-STRATEGY"),
        (edit("closing", {"quantity": 1}, account="1210"), "LOTS-UNITS"),
        (edit("opening", BASE, account="6110"), "ROLL"),
        (edit("lines", {"amount": 1}, account="1110"), "ENTRIES ROLL UNSETTLED"),
        (edit("lines", BASE, account="5190"), "ENTRIES ROLL"),
        (edit("lines", BASE, account="4110"), "ENTRIES ROLL REALISED"),
        (edit("lines", BASE, account="1110"), "ENTRIES ROLL UNSETTLED"),
        (edit("lines", {"account": "6120"}, account="5190"), "ROLL"),
        (drop("lines", account="1211"), "ENTRIES ROLL"),
        (edit("lots", {"closed": 1}, lot_id="A1"), "LOTS-UNITS"),
        (edit("lots", {"book": "B2"}, lot_id="A1"), "LOTS-UNITS"),
        (edit("lots", {"relieved_base": 1}, lot_id="A1"), "LOTS-COST"),
        (edit("lots", {"cost_base": -1}, lot_id="F1"), "LOTS-COST"),
        (edit("lots", {"mark": 1}, lot_id="F1"), "UNREALISED"),
        (edit("lots", {"mark_released": 1}, lot_id="A1"), "UNREALISED"),
        (edit("lots", {"mark_fx": 1}, lot_id="A1"), "UNREALISED"),
        (drop("lots", lot_id="F1"), "LOTS-UNITS LOTS-COST UNREALISED"),
        (edit("unsettled", BASE, trade_id="A2"), "UNSETTLED"),
        (drop("unsettled", trade_id="F1"), "UNSETTLED"),
        (edit("unsettled", {"trade_id": "A9"}, trade_id="A1"), "UNSETTLED"),
        (SWAP, "UNSETTLED"),
        (edit("unsettled_before", BASE, trade_id="A1"), "UNSETTLED"),
        (edit("reliefs", {"gain_base": 1}, trade_id="A2"), "REALISED"),
        (edit("reliefs", {"instrument": "FND"}, trade_id="A2"), "REALISED"),
        (drop("reliefs", trade_id="F2"), "REALISED"),
        (edit("entries", {"seq": 1}, event_id="A2"), "UNSETTLED NUMBERS"),
        (drop("entries", event_id="A2"), "UNSETTLED NUMBERS"),
        (drop("entries", event_id="mark:AAA:long"), "NUMBERS"),
        (edit("closing", LOCAL, account="4110", currency="EUR"), "TB-CURRENCY ROLL"),
        (edit("closing", EURO_CASH, account="1020", currency="EUR"), "TB-CURRENCY ROLL MONEY"),
        (edit("closing", BASE, account="1430"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION MONEY"),
        (
            edit("closing", BASE, account="3900", currency="USD"),
            "TB TB-BOOK TB-STRATEGY ROLL EQUATION MONEY FX-TRADING",
        ),
        (edit("opening", LOCAL, account="1210", currency="EUR"), "ROLL"),
        (edit("lines", LOCAL, account="4110", currency="EUR"), "ENTRIES ROLL REALISED"),
        (edit("lines", BASE, account="4420"), "ENTRIES ROLL"),
        (edit("lots", {"relieved": 1}, lot_id="E1"), "LOTS-COST"),
        (edit("lots", {"mark_local": 1}, lot_id="E1"), "UNREALISED"),
        (edit("lots", {"mark_fx_released": 1}, lot_id="E1"), "UNREALISED"),
        (edit("reliefs", {"gain": 1}, trade_id="E2"), "REALISED"),
        (edit("unsettled", LOCAL, trade_id="A2"), "UNSETTLED"),
        (edit("unsettled", {"revalued": 1}, **FEES), "UNSETTLED MONEY REVALUED"),
        (edit("unsettled", LOCAL, trade_id="X2", item="traded"), "UNSETTLED MONEY REVALUED"),
        (drop("unsettled", **FEES), "UNSETTLED MONEY"),
        (edit("lines", BASE, account="2450", currency="GBP"), "ENTRIES ROLL UNSETTLED"),
        (edit("entitlements", {"net_base": 1}, event_id="D1"), "DIVIDENDS MONEY REVALUED"),
        (edit("entitlements", {"revalued": 1}, event_id="D2"), "DIVIDENDS MONEY REVALUED"),
        (edit("entitlements", {"net": 1}, event_id="D2"), "DIVIDENDS MONEY REVALUED"),
        (edit("entitlements", {"book": "B2"}, event_id="D1"), "DIVIDENDS MONEY"),
        (drop("entitlements", event_id="D1"), "DIVIDENDS MONEY"),
        (edit("lines", BASE, account="1410"), "ENTRIES ROLL DIVIDENDS"),
        (edit("money", BASE, account="1020", currency="EUR"), "MONEY REVALUED"),
        (edit("money", LOCAL, account="1430"), "MONEY REVALUED"),
        (drop("money", account="1430"), "MONEY"),
        (drop("money", account="3900", currency="EUR"), "MONEY"),
        (edit("closing", BASE, account="1410"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION MONEY"),
        (edit("money", BASE, account="3900", currency="EUR"), "MONEY"),
        (edit("conversions", {"numerator": "1"}, date=day(LAST), currency="EUR"), "REVALUED"),
        (drop("conversions", date=day(LAST), currency="GBP"), "REVALUED"),
    ],
)
def test_a_tampered_figure_fails_its_checks(tamper: Tamper, fails: str) -> None:
    failed = [check.id for check in tie_outs(tamper(october())) if not check.passed]
    assert failed == fails.split()


@pytest.mark.parametrize(
    ("tamper", "fails"),
    [
        (edit("cash_lots", {"closed": 1}, currency="EUR"), "CASH-LOTS"),
        (edit("cash_lots", {"relieved_base": 1}, currency="EUR"), "CASH-LOTS"),
        (edit("cash_lots", {"side": "long"}, currency="GBP"), "CASH-LOTS"),
        (drop("cash_lots", currency="GBP"), "CASH-LOTS"),
        (
            edit("closing", BASE, account="1020", currency="EUR"),
            "TB TB-BOOK TB-STRATEGY ROLL EQUATION MONEY CASH-LOTS",
        ),
        (edit("unsettled", {"revalued": 1}, **FEES), "UNSETTLED MONEY"),
        (edit("money", BASE, account="1020", currency="EUR"), "MONEY"),
    ],
)
def test_where_cash_is_in_lots_these_are_checked_in_both_currencies(
    tamper: Tamper, fails: str
) -> None:
    """Under US-TAX foreign cash keeps what it cost: it is in lots and not revalued."""
    failed = [check.id for check in tie_outs(tamper(october(TAX))) if not check.passed]
    assert failed == fails.split()


def test_cash_that_is_in_lots_and_revalued_is_checked_in_its_own_currency() -> None:
    both_ways = replace(GAAP, cash_fx="average")
    assert [check.id for check in tie_outs(october(both_ways)) if not check.passed] == []
    (failed,) = (
        check
        for check in tie_outs(edit("cash_lots", {"closed": 1}, currency="EUR")(october(both_ways)))
        if not check.passed
    )
    assert (failed.id, failed.differences) == (
        "CASH-LOTS",
        ("1020 / EUR / K1: -1 local",),
    )


# What a basis does not do there is nothing to compare of.
NOTHING_COMPARED = {GAAP: ["CASH-LOTS"], TAX: ["DIVIDENDS", "REVALUED"]}


@pytest.mark.parametrize("policy", [GAAP, TAX], ids=lambda policy: policy.name)
def test_untouched_every_check_passes_and_has_compared_something(policy: BasisPolicy) -> None:
    checks = tie_outs(october(policy))
    assert [check.id for check in checks] == ALL.split()
    assert [check.id for check in checks if not check.passed] == []
    assert [check.id for check in checks if not check.compared] == NOTHING_COMPARED[policy]


def test_before_a_month_is_valued_nothing_is_said_of_closing_rates() -> None:
    """`subledger check` looks at open months too: their balances stand at older rates."""
    open_ = replace(october(), valued_on=None, conversions=october().conversions.slice(0, 0))
    open_ = edit("money", BASE, account="3900", currency="USD")(open_)
    checks = {check.id: check for check in tie_outs(open_)}
    assert [name for name, check in checks.items() if not check.passed] == ["MONEY"]
    assert [checks[name].compared for name in ("REVALUED", "FX-TRADING")] == [0, 0]


def test_a_manual_accrual_on_an_account_of_items_is_no_item() -> None:
    """Accounts such as 2450 hold items, and what manual journals post there."""
    closed = october()
    seq = 1 + max(closed.journal.entries["seq"].to_pylist())
    head = {"seq": seq, "kind": "manual", "event_kind": "journal", "event_id": "J1"}
    lines = [
        {"seq": seq, "line": n, "account": account, "currency": "USD", "amount": amount,
         "amount_base": amount, "book": "B1", "strategy": "S1", "broker_account": "K1"}
        for n, (account, amount) in enumerate((("6410", 9), ("2450", -9)), 1)
    ]  # fmt: skip
    added = Journal(facts.table(ENTRIES, [head]), facts.table(LINES, lines))
    closing = balances_after(closed.closing, added.lines)
    posted = replace(closed, journal=joined([closed.journal, added]), closing=closing)
    assert [check.id for check in tie_outs(posted) if not check.passed] == []


def test_gains_on_lots_and_on_money_may_stand_on_one_account() -> None:
    """A chart may map both to it; only those of the slots of lots are in the realised report."""
    closed = october()
    slots = CHART.slots
    one = replace(slots["gain.realised.fx"], default=slots["gain.fx.realised"].default)
    lines = closed.journal.lines
    account = pc.if_else(
        pc.equal(lines["slot"], one.name), pa.scalar(one.default), lines["account"]
    )
    lines = lines.set_column(lines.schema.get_field_index("account"), "account", account)
    journal = replace(closed.journal, lines=lines)
    chart = replace(CHART, slots={**slots, one.name: one})
    assert realised_is_ledger(replace(closed, chart=chart, journal=journal)).passed


def test_a_check_names_the_place_that_differs() -> None:
    (failed,) = [
        check
        for check in tie_outs(edit("lots", {"relieved_base": 1}, lot_id="A1")(october()))
        if not check.passed
    ]
    assert (failed.differences, failed.left, failed.right) == (
        ("AAA / USD: -1 in base",),
        59617,
        59618,
    )


def test_a_month_without_anything_ties() -> None:
    empty = replace(
        october(),
        opening=BALANCES.empty(),
        closing=BALANCES.empty(),
        journal=Journal.empty(),
        reliefs=october().reliefs.slice(0, 0),
        lots=october().lots.slice(0, 0),
        unsettled=october().unsettled.slice(0, 0),
        unsettled_before=october().unsettled.slice(0, 0),
        entitlements=october().entitlements.slice(0, 0),
        money=october().money.slice(0, 0),
    )
    assert [check.id for check in tie_outs(empty) if not check.passed] == []
