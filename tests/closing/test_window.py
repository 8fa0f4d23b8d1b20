"""Which events an open month takes: late in every form, swept, waived, withheld, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.booking.entries import SHARE
from tests.laws import facts
from tests.laws.facts import trade

from subledger import tables
from subledger.booking.policy import BasisPolicy
from subledger.closing.knowledge import EventKey, Known, Sealed
from subledger.closing.window import Window, open_window
from subledger.events.known import known_trades
from subledger.periods import month_of

SEALED, OPEN = date(2022, 9, 20), date(2022, 10, 5)
THROUGH, FIRST = date(2022, 9, 30), date(2022, 10, 1)
BEFORE, AFTER = 3, 7  # batches known to the seal, and later ones
SEAL = 5


@dataclass(frozen=True)
class Case:
    """Facts before and after a seal, and what the open window makes of them.

    `books`, `settles` and `withheld` are ids with their dates, `late` ids with their amounts.
    """

    before: Sequence[facts.Row] = ()
    after: Sequence[facts.Row] = ()
    settlements: Sequence[facts.Row] = ()
    items: Sequence[str] = ()
    status: str = "confirmed"
    swept: Mapping[EventKey, date] = field(default_factory=dict)
    waived: frozenset[EventKey] = frozenset()
    books: Mapping[str, date] = field(default_factory=dict)
    settles: Mapping[str, date] = field(default_factory=dict)
    withheld: Sequence[str] = ()
    late: Sequence[str] = ()


def fact(on: date, status: str = "confirmed", **rest: Any) -> dict[str, Any]:
    """Return trade T of a day; it settles two days later."""
    row = trade("T", "buy", 10, price="1", held=SHARE, trade_date=on, status=status) | rest
    if status == "settled":
        row |= {"settled_date": rest.get("settled_date", row["settlement_date"])}
    return row


V1: EventKey = ("trades", "T", 1)
CASES = {
    "a trade of the open month is booked": Case(after=[fact(OPEN)], books={"T": OPEN}),
    "a trade of the closed month that was known is not looked at again": Case(
        before=[fact(SEALED)], items=["T"]
    ),
    "a trade of the closed month that comes later is late": Case(after=[fact(SEALED)], late=["T"]),
    "a correction of a sealed trade is late": Case(
        before=[fact(SEALED)], after=[fact(SEALED, version=2, net=999)], items=["T"], late=["T"]
    ),
    "a correction that moves a sealed trade into the open month is late, not booked again": Case(
        before=[fact(SEALED)], after=[fact(OPEN, version=2)], items=["T"], late=["T"]
    ),
    "a correction that moves an open trade into the closed month is late": Case(
        before=[fact(OPEN)], after=[fact(SEALED, version=2)], late=["T"]
    ),
    "a cancellation of a sealed trade is late": Case(
        before=[fact(SEALED)], after=[fact(SEALED, "cancelled")], items=["T"], late=["T"]
    ),
    "a cancellation of a trade that was never posted is nothing": Case(
        before=[fact(SEALED)], after=[fact(SEALED, "cancelled")], status="settled"
    ),
    "a cancelled trade of the open month is nothing": Case(
        before=[fact(OPEN)], after=[fact(OPEN, "cancelled")]
    ),
    "an open item settles in the open month": Case(
        before=[fact(SEALED)],
        after=[fact(SEALED, "settled", settled_date=OPEN)],
        items=["T"],
        settles={"T": OPEN},
    ),
    "an open item that settled in the closed month is late": Case(
        before=[fact(SEALED)], after=[fact(SEALED, "settled")], items=["T"], late=["T"]
    ),
    "the settlement of an open item that is swept stands on the day it is swept to": Case(
        before=[fact(SEALED)],
        after=[fact(SEALED, "settled")],
        items=["T"],
        swept={V1: FIRST},
        settles={"T": FIRST},
    ),
    "a failure of an open item is no entry": Case(
        before=[fact(SEALED)], after=[fact(SEALED, "failed")], items=["T"]
    ),
    "a settlement fact settles an open item": Case(
        before=[fact(SEALED)],
        settlements=[{"event_id": "S", "trade_id": "T", "date": OPEN, "status": "settled"}],
        items=["T"],
        settles={"T": OPEN},
    ),
    "a trade that waits for settlement is withheld": Case(
        after=[fact(OPEN)], status="settled", withheld=["T"]
    ),
    "a withheld trade of the closed month stays withheld": Case(
        before=[fact(SEALED)], status="settled", withheld=["T"]
    ),
    "a withheld trade of the closed month that settles later is late": Case(
        before=[fact(SEALED)],
        after=[fact(SEALED, "settled", settled_date=OPEN)],
        status="settled",
        late=["T"],
    ),
    "a swept trade is booked on the day it is swept to, and settles not before": Case(
        after=[fact(SEALED, "settled")],
        swept={V1: FIRST},
        books={"T": FIRST},
        settles={"T": FIRST},
    ),
    "a swept trade of a later date is booked there as well": Case(
        before=[fact(SEALED)], swept={V1: OPEN}, books={"T": OPEN}
    ),
    "a late trade that is waived stays listed and is not booked": Case(
        after=[fact(SEALED)], waived=frozenset({V1}), late=["T"]
    ),
    "a waived trade was never booked, so that its correction is booked where it falls": Case(
        before=[fact(SEALED)],
        after=[fact(OPEN, version=2)],
        waived=frozenset({V1}),
        books={"T": OPEN},
    ),
    "a trade of the open month settles in it, never before it is booked": Case(
        after=[fact(OPEN, "settled", settled_date=date(2022, 10, 6))],
        books={"T": OPEN},
        settles={"T": date(2022, 10, 6)},
    ),
}


def window_of(case: Case) -> Window:
    rows = [row | {"batch": BEFORE} for row in case.before]
    rows += [row | {"batch": AFTER} for row in case.after]
    settled = facts.table(tables.SETTLEMENTS, [{"batch": AFTER, **row} for row in case.settlements])
    now, odd = known_trades(facts.table(tables.TRADES, rows), settled)
    then, _ = known_trades(
        facts.table(tables.TRADES, [row for row in rows if row["batch"] == BEFORE]),
        settled.slice(0, 0),
    )
    items = [{"trade_id": name, "version": 1} for name in case.items]
    sealed = Sealed(
        THROUGH, SEAL, facts.table(tables.UNSETTLED, items), swept=case.swept, waived=case.waived
    )
    policy = BasisPolicy("B", "USD", post_status=case.status)
    return open_window(Known(now, then, odd), sealed, policy=policy)


def dated(table: pa.Table) -> dict[str, date]:
    rows = table.to_pylist()
    return {row["trade_id"]: row["accounting_date"] for row in rows}


@pytest.mark.parametrize("name", CASES)
def test_trades_and_settlements_around_a_seal(name: str) -> None:
    case = CASES[name]
    window = window_of(case)
    assert dated(window.events.trades) == case.books
    assert dated(window.events.settling) == case.settles
    assert list(dated(window.withheld)) == list(case.withheld)
    rows = window.exceptions.to_pylist()
    assert [(row["code"], row["event_id"], row["period"]) for row in rows] == [
        ("LATE", name, "2022-10") for name in case.late
    ]


CASH = {"currency": "USD", "amount": 500, "kind": "contribution"}


@pytest.mark.parametrize(
    ("told", "paid", "batch", "stages", "late"),
    [
        (OPEN, OPEN, AFTER, ["capital"], False),
        (OPEN, date(2022, 11, 2), AFTER, ["capital", "capital_settlement"], False),
        (SEALED, SEALED, BEFORE, [], False),
        (SEALED, OPEN, BEFORE, ["capital_settlement"], False),
        (SEALED, SEALED, AFTER, [], True),
        (SEALED, OPEN, AFTER, [], True),
    ],
)
def test_cash_around_a_seal(
    told: date, paid: date, batch: int, stages: list[str], *, late: bool
) -> None:
    row = CASH | {"event_id": "C", "date": told, "settled_date": paid, "batch": batch}
    window = around(cash=[row])
    assert window.events.cash["stage"].to_pylist() == stages
    assert window.exceptions["event_id"].to_pylist() == ["C"] * late


def test_late_cash_that_is_swept_is_told_and_paid_from_that_day_on() -> None:
    row = CASH | {"event_id": "C", "date": SEALED, "settled_date": OPEN, "batch": AFTER}
    window = around(cash=[row], swept={("cash", "C", 1): FIRST})
    assert window.events.cash.select(["stage", "accounting_date"]).to_pylist() == [
        {"stage": "capital", "accounting_date": FIRST},
        {"stage": "capital_settlement", "accounting_date": OPEN},
    ]
    assert window.exceptions.num_rows == 0


def test_a_waived_journal_is_not_reversed_later() -> None:
    rows = [
        {"journal_id": "J", "line": n, "date": SEALED, "reverse_on": OPEN, "batch": BEFORE}
        | {"amount": amount, "account": "6410", "currency": "USD"}
        for n, amount in ((1, 5), (2, -5))
    ]
    assert around(journals=rows).events.journals["stage"].to_pylist() == ["manual_reversal"] * 2
    waived = around(journals=rows, waived=frozenset({("journals", "J", 1)}))
    assert waived.events.journals.num_rows == 0


@pytest.mark.parametrize(
    ("as_of", "batch", "basis", "taken", "late"),
    [
        (OPEN, AFTER, "", 1, 0),
        (OPEN, AFTER, "B", 1, 0),
        (OPEN, AFTER, "OTHER", 0, 0),
        (SEALED, BEFORE, "", 0, 0),
        (SEALED, AFTER, "", 0, 1),
        (SEALED, AFTER, "OTHER", 0, 0),
    ],
)
def test_what_is_taken_over_around_a_seal(
    as_of: date, batch: int, basis: str, taken: int, late: int
) -> None:
    row = {"as_of": as_of, "batch": batch, "basis": basis, "currency": "USD"}
    window = around(opening_lots=[{**row, "lot_id": "L"}], opening_balances=[row])
    assert window.events.opening_lots.num_rows == taken
    assert window.events.opening_balances.num_rows == taken
    assert window.exceptions.num_rows == 2 * late


def test_late_amounts_at_risk_are_positive_and_say_where_they_came_from() -> None:
    row = CASH | {"event_id": "C", "date": SEALED, "settled_date": SEALED, "batch": AFTER, "row": 9}
    (found,) = around(cash=[row | {"amount": -700, "kind": "withdrawal"}]).exceptions.to_pylist()
    columns = ("code", "basis", "period", "amount_at_risk", "currency", "batch", "row")
    assert [found[name] for name in columns] == ["LATE", "B", "2022-10", 700, "USD", AFTER, 9]


@pytest.mark.parametrize(
    ("fact_", "code"),
    [
        ({"trade_id": "X"}, "UNKNOWN_TRADE"),
        ({"trade_id": "T", "quantity": 4}, "LATER_PARTIAL_SETTLEMENT"),
        ({"trade_id": "T", "amount": 999}, "LATER_PARTIAL_SETTLEMENT"),
    ],
)
def test_a_settlement_of_a_part_or_of_no_trade_is_an_exception(
    fact_: Mapping[str, Any], code: str
) -> None:
    row = {"event_id": "S", "date": OPEN, "status": "settled", **fact_}
    window = window_of(Case(before=[fact(SEALED)], settlements=[row], items=["T"]))
    assert window.exceptions["code"].to_pylist() == [code]
    assert window.events.settling.num_rows == 0


def around(**given: Any) -> Window:
    """Return the open window over facts other than trades."""
    swept, waived = given.pop("swept", {}), given.pop("waived", frozenset())
    sealed = Sealed(THROUGH, SEAL, swept=swept, waived=waived)
    nothing, odd = known_trades(tables.TRADES.empty(), tables.SETTLEMENTS.empty())
    declared = {"cash": tables.CASH, "journals": tables.JOURNALS}
    declared |= {"opening_lots": tables.OPENING_LOTS, "opening_balances": tables.OPENING_BALANCES}
    known = {name: facts.table(declared[name], rows) for name, rows in given.items()}
    policy = BasisPolicy("B", "USD", post_status="confirmed")
    return open_window(Known(nothing, nothing, odd, **known), sealed, policy=policy)


def test_open_months_have_no_gap_and_begin_after_the_seal() -> None:
    late = {"event_id": "C", "date": date(2022, 12, 5), "settled_date": date(2023, 1, 2)}
    window = around(cash=[CASH | late | {"batch": AFTER}])
    months = window.months(Sealed(THROUGH, SEAL))
    assert [month.label for month in months] == ["2022-10", "2022-11", "2022-12", "2023-01"]
    assert [window.within(month).cash.num_rows for month in months] == [0, 0, 1, 1]
    fresh = window.months(Sealed())
    assert [month.label for month in fresh] == ["2022-12", "2023-01"]
    assert around().months(Sealed()) == []
    assert around().months(Sealed(THROUGH)) == [month_of(FIRST)]


def test_a_month_takes_the_events_from_its_first_to_its_last_day() -> None:
    on = [date(2022, 9, 30), date(2022, 10, 1), date(2022, 10, 31), date(2022, 11, 1)]
    rows = [
        CASH | {"event_id": f"C{n}", "date": day, "settled_date": day} for n, day in enumerate(on)
    ]
    window = around(cash=rows)
    inside = window.within(month_of(OPEN)).cash["event_id"].to_pylist()
    assert inside == ["C1", "C2"]
    assert np.array_equal(Sealed(THROUGH).is_closed(np.array(on, "datetime64[D]")), [1, 0, 0, 0])
