"""Facts of finished trades are not read again, and no window changes by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.laws.facts import GAAP, instrument, table, trade

from subledger import tables
from subledger.closing.finished import open_facts
from subledger.closing.knowledge import EventKey, Known, Sealed
from subledger.closing.window import POSTABLE, Window, open_window
from subledger.columns import concatenate
from subledger.events.known import known_trades
from subledger.store.hashing import same

START = date(2022, 8, 1)
THROUGH = date(2022, 8, 31)
SEAL = 3  # the last batch that the close knew
IDS = [f"T{n}" for n in range(6)]
HELD = instrument("ACME")
DAYS = st.integers(0, 60).map(lambda n: START + timedelta(days=n))


@dataclass(frozen=True)
class Facts:
    """Facts of a few trades, most of which are known when August is sealed."""

    trades: pa.Table
    settlements: pa.Table
    swept: Mapping[EventKey, date]
    waived: frozenset[EventKey]
    post_status: str


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    rows = []
    for n in range(draw(st.integers(1, 12))):
        status = draw(st.sampled_from(["confirmed", "settled", "failed", "cancelled"]))
        on = draw(DAYS)
        settled = {"settled_date": on + timedelta(days=draw(st.integers(0, 9)))}
        rows.append(
            trade(
                draw(st.sampled_from(IDS)),
                draw(st.sampled_from(["buy", "sell"])),
                10,
                price="10",
                held=HELD,
                version=draw(st.integers(1, 2)),
                status=status,
                trade_date=on,
                batch=draw(st.integers(1, 5)),
                row=n,
                **(settled if status == "settled" else {}),
            )
        )
    told = [
        {
            "trade_id": draw(st.sampled_from([*IDS, "T9"])),
            "event_id": f"S{n}",
            "date": draw(DAYS),
            "status": draw(st.sampled_from(["settled", "failed", "cured"])),
            "quantity": draw(st.sampled_from([None, None, 10, 4])),
            "batch": draw(st.integers(1, 5)),
            "row": n,
        }
        for n in range(draw(st.integers(0, 5)))
    ]
    keys = st.tuples(st.just("trades"), st.sampled_from(IDS), st.integers(1, 2))
    return Facts(
        table(tables.TRADES, rows),
        table(tables.SETTLEMENTS, told),
        draw(st.dictionaries(keys, DAYS, max_size=2)),
        draw(st.frozensets(keys, max_size=2)),
        draw(st.sampled_from(sorted(POSTABLE))),
    )


def sealed_by(given_: Facts) -> tuple[Sealed, pa.Table]:
    """Return what a close of August seals, and the trades that it knew."""
    then, _ = known_trades(_then(given_.trades), _then(given_.settlements))
    posted = [
        row
        for row in then.to_pylist()
        if row["status"] in POSTABLE[given_.post_status] and row["trade_date"] <= THROUGH
    ]
    open_items = [
        {"trade_id": row["trade_id"], "version": row["version"], "item": "amount"}
        for row in posted
        if row["status"] != "settled" or row["settled_date"] > THROUGH
    ]
    items = table(tables.UNSETTLED, open_items)
    return Sealed(THROUGH, SEAL, items, given_.swept, given_.waived), then


def _then(rows: pa.Table) -> pa.Table:
    return rows.filter(pa.array([batch <= SEAL for batch in rows["batch"].to_pylist()], pa.bool_()))


def window_of(trades: pa.Table, settlements: pa.Table, *, of: Facts, sealed: Sealed) -> Window:
    now, odd = known_trades(trades, settlements)
    before, _ = known_trades(_then(trades), _then(settlements))
    known = Known(now, before, odd)
    return open_window(known, sealed, policy=replace(GAAP, post_status=of.post_status))


def named(given_: Facts) -> set[str]:
    """Return the trades that are named by facts after the seal, or swept to a later day."""
    both = (given_.trades.to_pylist(), given_.settlements.to_pylist())
    later = {row["trade_id"] for rows in both for row in rows if row["batch"] > SEAL}
    return later | {name for (_, name, _), to in given_.swept.items() if to > THROUGH}


@settings(max_examples=300)
@given(facts())
def test_a_window_is_the_same_without_the_facts_of_finished_trades(given_: Facts) -> None:
    sealed, then = sealed_by(given_)
    old = (_then(given_.trades), _then(given_.settlements))
    kept = open_facts(then, old[1], sealed=sealed, trades=old[0])
    asked = named(given_)

    def pruned(rows: pa.Table, left: pa.Table, declared: tables.Table) -> pa.Table:
        held = {(row["batch"], row["row"]) for row in left.to_pylist()}

        def stays(row: dict[str, Any]) -> bool:
            return row["batch"] > SEAL or (
                row["trade_id"] in asked or (row["batch"], row["row"]) in held
            )

        chosen = [stays(row) for row in rows.to_pylist()]
        return concatenate(declared, [rows.filter(pa.array(chosen, pa.bool_()))])

    trades = pruned(given_.trades, kept[0], tables.TRADES)
    settlements = pruned(given_.settlements, kept[1], tables.SETTLEMENTS)
    event(f"left out: {given_.trades.num_rows - trades.num_rows > 0}")
    whole = window_of(given_.trades, given_.settlements, of=given_, sealed=sealed)
    part = window_of(trades, settlements, of=given_, sealed=sealed)
    assert same(part.events.trades, whole.events.trades)
    assert same(part.events.settling, whole.events.settling)
    assert same(part.exceptions, whole.exceptions)
    assert same(part.withheld, whole.withheld)


def test_of_a_trade_that_is_not_known_yet_facts_are_kept_together_or_not_at_all() -> None:
    """A settlement before the close and a failure after it: the first counts when it arrives."""
    told = [
        {"trade_id": "X", "event_id": "S1", "date": date(2022, 8, 20), "status": "settled"},
        {"trade_id": "X", "event_id": "S2", "date": date(2022, 9, 3), "status": "failed"},
        {"trade_id": "Y", "event_id": "S3", "date": date(2022, 8, 20), "status": "settled"},
    ]
    settlements = table(tables.SETTLEMENTS, [row | {"batch": 1, "row": 2} for row in told])
    trades = tables.TRADES.empty()
    known, _ = known_trades(trades, settlements)
    _, kept = open_facts(known, settlements, sealed=Sealed(THROUGH, SEAL), trades=trades)
    assert kept["event_id"].to_pylist() == ["S1", "S2"]
