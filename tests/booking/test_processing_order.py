"""The order in which trades meet the lots: never that of rows, always that of the facts."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from tests.booking.entries import SHARE
from tests.laws import facts
from tests.laws.facts import day, trade

from subledger.booking.trading import processing_order
from subledger.tables import DATED_TRADES


def row(trade_id: str, **rest: Any) -> facts.Row:
    return trade(trade_id, "buy", 1, price="1", held=SHARE, accounting_date=day(5)) | rest


@pytest.mark.parametrize(
    "rows",
    [
        [row("B", accounting_date=day(4)), row("A", accounting_date=day(5))],
        # A late trade that was swept to a day comes before the trades of that day.
        [row("B", trade_date=day(1)), row("A", trade_date=day(5))],
        [row("B", trade_date=day(1), sequence=9), row("A", trade_date=day(5), sequence=1)],
        [row("B", executed_instant=5), row("A", executed_instant=6)],
        [row("B", executed_instant=-5), row("A", executed_instant=0)],
        [row("B", executed_instant=6, sequence=2), row("A", sequence=1)],
        [row("B", executed_instant=5, sequence=2), row("A", executed_instant=6, sequence=1)],
        [row("B", executed_instant=5, sequence=1), row("A", executed_instant=5, sequence=2)],
        [row("B", sequence=-1), row("A", sequence=0), row("0")],
        [row("B", sequence=7), row("A")],
        [row("A", sequence=1), row("B", sequence=1)],
        [row("A"), row("B"), row("a")],
        [row("T10"), row("T2"), row("T9")],
        [row("A-1"), row("A.1"), row("A1"), row("A:1")],
    ],
)
def test_trades_are_ordered_by_date_then_instant_then_sequence_then_id(
    rows: list[facts.Row],
) -> None:
    """A row without an instant or a sequence comes after those that have one."""
    table = facts.table(DATED_TRADES, rows)
    for order in (range(len(rows)), reversed(range(len(rows)))):
        given = table.take(pa.array(list(order)))
        found = given.take(pa.array(processing_order(given)))["trade_id"].to_pylist()
        assert found == [one["trade_id"] for one in rows]
