"""Every tie-out of a close fails when its figure is tampered with, and the others do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pyarrow as pa
import pytest
from tests.booking.entries import FUND, SHARE, events_of
from tests.laws.books import Firm, mark
from tests.laws.facts import CHART, GAAP, day, trade
from tests.laws.reading import journal_of
from tests.laws.test_time_cut import between

from subledger.booking.book import book
from subledger.booking.inputs import Carried
from subledger.closing.checks import Closed, tie_outs
from subledger.journal.difference import difference
from subledger.journal.journal import Journal
from subledger.statements.balances import balances_after
from subledger.tables import BALANCES

OCTOBER = 7  # 2022-10-01, counted from the first day
ALL = (
    "TB TB-BOOK TB-STRATEGY ENTRIES ROLL EQUATION LOTS-UNITS LOTS-COST UNSETTLED REALISED "
    "UNREALISED NUMBERS"
)
Tamper = Callable[[Closed], Closed]


@cache
def october() -> Closed:
    """Return what the checks of October look at: positions of either side in two months."""
    firm = Firm(
        GAAP,
        (SHARE, FUND),
        trades=[
            trade("A1", "buy", 10, price="10", held=SHARE, commission=3),
            trade("A2", "sell", 4, price="12", held=SHARE, trade_date=day(8), tax=-1),
            trade("F1", "sell", 9, price="7", held=FUND, book="B2", strategy="S2"),
            trade("F2", "buy", 2, price="6", held=FUND, book="B2", strategy="S2", status="settled",
                  trade_date=day(9)),
        ],
        marks=[
            *(mark("AAA", day(on), price) for on, price in ((6, "11"), (37, "9"))),
            *(mark("FND", day(on), price) for on, price in ((6, "8"), (37, "9"))),
        ],
    )  # fmt: skip
    events = events_of(firm)
    september = book(between(events, -500, OCTOBER), Carried(), terms=firm.terms)
    booking = book(between(events, OCTOBER, 500), september.carried, terms=firm.terms)
    opening = balances_after(BALANCES.empty(), september.lines)
    return Closed(
        chart=CHART,
        opening=opening,
        closing=balances_after(opening, booking.lines),
        journal=difference(journal_of(booking), Journal.empty(), basis="B", next_seq=1),
        reliefs=booking.reliefs,
        lots=booking.carried.lots,
        unsettled=booking.carried.unsettled,
        unsettled_before=september.carried.unsettled,
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

    def tamper(closed: Closed) -> Closed:
        if part in ("entries", "lines"):
            journal = closed.journal
            table = edited(getattr(journal, part), change, **where)
            return replace(closed, journal=replace(journal, **{part: table}))
        return replace(closed, **{part: edited(getattr(closed, part), change, **where)})

    return tamper


def drop(part: str, **where: Any) -> Tamper:
    """Return the removal of one row of one table."""

    def tamper(closed: Closed) -> Closed:
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
SWAP = both(
    edit("unsettled", {"amount_base": 1, "amount": 1}, trade_id="A1"),
    edit("unsettled", {"amount_base": -1, "amount": -1}, trade_id="F1"),
)


@pytest.mark.parametrize(
    ("tamper", "fails"),
    [
        (edit("closing", BASE, account="4110"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION"),
        (edit("closing", BASE, account="1020"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION"),
        (edit("closing", BASE, account="1110"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION UNSETTLED"),
        (edit("closing", BASE, account="1210"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION LOTS-COST"),
        (edit("closing", BASE, account="2221"), "TB TB-BOOK TB-STRATEGY ROLL EQUATION UNREALISED"),
        (edit("closing", {"book": "B2"}, account="4110", book="B1"), "TB-BOOK"),
        (edit("closing", {"strategy": "S2"}, account="4110", strategy="S1"), "TB-STRATEGY"),
        (edit("closing", {"quantity": 1}, account="1210"), "LOTS-UNITS"),
        (edit("opening", BASE, account="6110"), "ROLL"),
        (edit("lines", {"amount": 1}, account="1110"), "ENTRIES"),
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
    ],
)
def test_a_tampered_figure_fails_its_checks(tamper: Tamper, fails: str) -> None:
    failed = [check.id for check in tie_outs(tamper(october())) if not check.passed]
    assert failed == fails.split()


def test_untouched_every_check_passes_and_has_compared_something() -> None:
    checks = tie_outs(october())
    assert [check.id for check in checks] == ALL.split()
    assert [check.id for check in checks if not check.passed] == []
    assert [check.id for check in checks if check.compared == 0] == []


def test_a_check_names_the_place_that_differs() -> None:
    (failed,) = [
        check
        for check in tie_outs(edit("lots", {"relieved_base": 1}, lot_id="A1")(october()))
        if not check.passed
    ]
    assert (failed.differences, failed.left, failed.right) == (("AAA: -1",), 1099, 1100)


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
    )
    assert [check.id for check in tie_outs(empty) if not check.passed] == []
