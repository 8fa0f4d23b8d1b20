"""Foreign cash relieved at its own rate, where the policy is not the rate of the day.

Cash that comes in is a lot at the rate of its day; cash that goes out relieves lots, first in first
out or at average, and what it was worth that day less what it had cost is a realised FX gain. Cash
that is owed stands as short lots. The lot engine does the relieving: units are ledger units of the
currency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import SPENDING, Amounts, Drafts, repeated
from subledger.booking.entries import Composed
from subledger.booking.inputs import Terms
from subledger.booking.money import accounts_of_slot
from subledger.booking.naming_lots import chain_of
from subledger.chart.measures import CASH_SLOT
from subledger.columns import Codes, Texts, build, days, group_codes, numbers, texts
from subledger.lots.engine import AUTO, METHODS, Lots, Picks, Relieved, Trades
from subledger.lots.reference import relieve
from subledger.numbers import Int64Array, group_sums
from subledger.tables import CASH_LOTS

# Cash of one currency at one broker is one pool, whichever book or strategy it is counted for.
_POOL = ("account", "broker_account", "currency")
_FACTS = (*_POOL, "book", "strategy")
_METHOD = {"average": METHODS.index("AVERAGE"), "fifo": METHODS.index("FIFO")}


@dataclass(frozen=True, slots=True)
class _Moved:
    """Lines that move foreign cash, in the order of the journal: rows of lines, and their entry."""

    lines: Codes
    entry: Codes
    event: Texts  # id of what moved it, unique


def spend(carried: pa.Table, made: Composed, *, terms: Terms) -> tuple[list[Drafts], pa.Table]:
    """Return drafts `cash_relief` of what spending realised, and CASH_LOTS after the window.

    `made` are all entries of the window but those of closes, in the order of the journal. Under
    `day_rate` there are no lots: the rate of the day is all that spending knows.
    """
    if terms.policy.cash_fx == "day_rate":
        return [], CASH_LOTS.empty()
    moved = _moved(made, terms)
    amount = made.lines["amount"][moved.lines].astype(np.int64)
    in_base = made.lines["amount_base"][moved.lines].astype(np.int64)
    pools, _ = group_codes(
        [np.concatenate([texts(carried, by), made.lines[by][moved.lines]]) for by in _POOL]
    )
    pool = pools.astype(np.int64)
    direction = np.where(amount > 0, 1, -1)
    count = len(amount)
    chains = [chain_of(name) for name in texts(carried, "lot_id")]
    codes: dict[str, int] = {}
    of_lot = [codes.setdefault(name, len(codes)) for name, _ in chains]
    of_move = [codes.setdefault(name, len(codes)) for name in moved.event]
    version = np.array([n for _, n in chains], np.int64)
    none = np.zeros(count, np.int64)
    relieved = relieve(
        _given(carried, pool[: carried.num_rows], name=np.array(of_lot, np.int64), version=version),
        Trades(
            pool=pool[carried.num_rows :],
            direction=direction,
            effect=np.full(count, AUTO, np.int64),
            quantity=np.abs(amount),
            gross=np.abs(amount),
            fees=none,
            gross_base=direction * in_base,
            fees_base=none,
            ranking_fees=none,
            method=np.full(count, _METHOD[terms.policy.cash_fx], np.int64),
            name=np.array(of_move, np.int64),
            picks_from=np.zeros(count + 1, np.int64),
            may_short=np.ones(count, bool),
        ),
        picks=Picks(*(np.empty(0, np.int64) for _ in Picks._fields)),
    )
    drafts = _drafts(made, moved, relieved=relieved)
    return [drafts], _lots_left(carried, made, moved=moved, relieved=relieved, ids=list(codes))


def _moved(made: Composed, terms: Terms) -> _Moved:
    cash = accounts_of_slot(terms.chart, CASH_SLOT)
    lines, base = made.lines, terms.policy.base_currency
    on_cash = np.array([account in cash for account in lines["account"]], bool)
    moves = on_cash & (lines["currency"] != base) & (lines["amount"] != 0)
    rows = np.flatnonzero(moves)
    entry = lines["entry"][rows].astype(np.intp)
    heads = made.entries
    ids = [
        f"{heads['event_id'][n]}/{heads['event_kind'][n]}/{heads['stage'][n]}/{heads['leg'][n]}"
        for n in entry
    ]
    # A manual journal may move the same cash in several lines.
    seen: dict[str, int] = {}
    unique = []
    for name in ids:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}/{seen[name]}")
    return _Moved(rows, entry, np.array(unique, dtype=object))


def _given(lots: pa.Table, pool: Int64Array, *, name: Int64Array, version: Int64Array) -> Lots:
    opened, closed = numbers(lots, "opened"), numbers(lots, "closed")
    return Lots(
        pool=pool,
        side=np.where(texts(lots, "side") == "long", 1, -1),
        opened=opened,
        closed=closed,
        cost=opened,
        relieved=closed,
        cost_base=numbers(lots, "cost_base"),
        relieved_base=numbers(lots, "relieved_base"),
        trade=np.full(len(pool), -1),
        since=np.zeros(len(pool), np.int64),
        ranking_cost=opened,
        name=name,
        version=version,
    )


def _drafts(made: Composed, moved: _Moved, *, relieved: Relieved) -> Drafts:
    """Return a draft per line that relieved cash at another rate than that of its day."""
    legs, reliefs = relieved.legs, relieved.reliefs
    cost = group_sums(reliefs.leg.astype(np.intp), reliefs.cost_base, len(legs.trade))
    gain = np.where(legs.opens, 0, legs.side * (legs.gross_base - cost))
    leg = np.flatnonzero(gain)
    line = moved.lines[legs.trade[leg]]
    entry, count = made.lines["entry"][line].astype(np.intp), len(leg)
    heads = {name: values[entry] for name, values in made.entries.items()}
    dimensions: dict[str, Any] = {
        name: made.lines[name][line] for name in ("book", "strategy", "broker_account")
    }
    currency, account = made.lines["currency"][line], made.lines["account"][line]
    return Drafts(
        event="cash_relief",
        kind="normal",
        day_order=SPENDING,
        cells={},
        event_id=moved.event[legs.trade[leg]],
        event_version=heads["event_version"],
        stage=repeated("spent", count),
        leg=np.zeros(count, np.int64),
        accounting_date=heads["accounting_date"],
        activity_date=heads["activity_date"],
        **dimensions,
        instrument=repeated("", count),
        counterparty=repeated("", count),
        currency=currency,
        amounts={"fx_gain": Amounts.base_only(gain[leg])},
        words={"account": account, "currency": currency, "event_id": heads["event_id"]},
        account=account,
    )


def _lots_left(
    carried: pa.Table, made: Composed, *, moved: _Moved, relieved: Relieved, ids: list[str]
) -> pa.Table:
    """Return CASH_LOTS still open, in the order in which they came."""
    lots = relieved.lots
    rows = np.flatnonzero(lots.opened > lots.closed)
    given = carried.num_rows
    _, first = np.unique(lots.name, return_index=True)
    start = first[np.searchsorted(lots.name[first], lots.name)][rows]
    line = moved.lines[np.maximum(lots.trade, 0)] if len(moved.lines) else np.empty(0, np.intp)

    def fact(name: str) -> Texts:
        before = texts(carried, name)
        return np.array(
            [before[n] if n < given else made.lines[name][line[n]] for n in start], dtype=object
        )

    dates = days(carried, "opened_on")
    activity = made.entries["activity_date"]
    opened_on = [
        dates[n] if n < given else activity[int(made.lines["entry"][line[n]])] for n in start
    ]
    versions = zip(lots.name[rows].tolist(), lots.version[rows].tolist(), strict=True)
    return build(
        CASH_LOTS,
        {
            "lot_id": np.array(
                [ids[name] if n == 1 else f"{ids[name]}#{n}" for name, n in versions], dtype=object
            ),
            **{name: fact(name) for name in _FACTS},
            "side": np.where(lots.side[rows] > 0, "long", "short"),
            "opened_on": np.array(opened_on, "datetime64[D]"),
            "opened": lots.opened[rows],
            "closed": lots.closed[rows],
            "cost_base": lots.cost_base[rows],
            "relieved_base": lots.relieved_base[rows],
        },
    )
