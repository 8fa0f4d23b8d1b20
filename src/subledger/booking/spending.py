"""Foreign cash relieved at its own rate, where the policy is not the rate of the day.

Cash that comes in is a lot at the rate of its day; cash that goes out relieves lots, first in first
out or at average, and what it was worth that day less what it had cost is a realised FX gain. Cash
that is owed stands as short lots. The lot engine does the relieving: units are ledger units of the
currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import SPENDING, Amounts, Drafts, repeated
from subledger.booking.inputs import Terms
from subledger.booking.lines import Block, Composed
from subledger.booking.money import accounts_of_slot
from subledger.booking.naming_lots import chain_of
from subledger.chart.measures import CASH_SLOT
from subledger.columns import Flags, Texts, build, days, group_codes, numbers, texts
from subledger.lots.engine import AUTO, METHODS, Lots, Picks, Relieved, Trades
from subledger.lots.engines import relieve
from subledger.numbers import Int64Array, group_sums
from subledger.tables import CASH_LOTS

# Cash of one currency at one broker is one pool, whichever book or strategy it is counted for.
_POOL = ("account", "broker_account", "currency")
_FACTS = (*_POOL, "book", "strategy")
_METHOD = {"average": METHODS.index("AVERAGE"), "fifo": METHODS.index("FIFO")}


@dataclass(frozen=True, slots=True)
class _Moved:
    """Lines that move foreign cash, in the order of the journal."""

    lines: Mapping[str, Any]
    event: Texts  # id of what moved it, unique


def spend(carried: pa.Table, made: Composed, *, terms: Terms) -> tuple[list[Drafts], pa.Table]:
    """Return drafts `cash_relief` of what spending realised, and CASH_LOTS after the window.

    `made` are all entries of the window but those of closes, in the order of the journal. Under
    `day_rate` there are no lots: the rate of the day is all that spending knows.
    """
    if terms.policy.cash_fx == "day_rate":
        return [], CASH_LOTS.empty()
    moved = _moved(made, terms)
    amount, in_base = moved.lines["amount"], moved.lines["amount_base"]
    pools, _ = group_codes([Texts.joined([texts(carried, by), moved.lines[by]]) for by in _POOL])
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
            traded_on=none,
            long_from=none,
        ),
        picks=Picks(*(np.empty(0, np.int64) for _ in Picks._fields)),
    )
    drafts = _drafts(made, moved, relieved=relieved)
    return [drafts], _lots_left(carried, made, moved=moved, relieved=relieved, ids=list(codes))


def _moved(made: Composed, terms: Terms) -> _Moved:
    cash = accounts_of_slot(terms.chart, CASH_SLOT)
    base = terms.policy.base_currency

    def moves(block: Block) -> Flags:
        foreign = block.texts("account").isin(cash) & (block.texts("currency") != base)
        moved: Flags = block.amount.values() != 0
        return foreign & moved

    lines = made.lines(moves)
    named = ("event_id", "event_kind", "stage", "leg")
    heads = [made.entries[name][lines["entry"]].tolist() for name in named]
    ids = ["/".join(map(str, head)) for head in zip(*heads, strict=True)]
    # A manual journal may move the same cash in several lines.
    seen: dict[str, int] = {}
    unique = []
    for name in ids:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}/{seen[name]}")
    return _Moved(lines, Texts.of(unique))


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
        opened_on=np.zeros(len(pool), np.int64),
        long_from=np.zeros(len(pool), np.int64),
    )


def _drafts(made: Composed, moved: _Moved, *, relieved: Relieved) -> Drafts:
    """Return a draft per line that relieved cash at another rate than that of its day."""
    legs, reliefs = relieved.legs, relieved.reliefs
    cost = group_sums(reliefs.leg.astype(np.intp), reliefs.cost_base, len(legs.trade))
    gain = np.where(legs.opens, 0, legs.side * (legs.gross_base - cost))
    leg = np.flatnonzero(gain)
    line = legs.trade[leg]
    entry, count = moved.lines["entry"][line], len(leg)
    wanted = ("event_id", "event_version", "accounting_date", "activity_date")
    heads = {name: made.entries[name][entry] for name in wanted}
    dimensions: dict[str, Any] = {
        name: moved.lines[name][line] for name in ("book", "strategy", "broker_account")
    }
    currency, account = moved.lines["currency"][line], moved.lines["account"][line]
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
    line = np.maximum(lots.trade, 0)

    def fact(name: str) -> Texts:
        before = texts(carried, name)
        return Texts.of([before[n] if n < given else moved.lines[name][line[n]] for n in start])

    dates = days(carried, "opened_on")
    activity = made.entries["activity_date"]
    opened_on = [dates[n] if n < given else activity[moved.lines["entry"][line[n]]] for n in start]
    versions = zip(lots.name[rows].tolist(), lots.version[rows].tolist(), strict=True)
    return build(
        CASH_LOTS,
        {
            "lot_id": Texts.of(ids[name] if n == 1 else f"{ids[name]}#{n}" for name, n in versions),
            **{name: fact(name) for name in _FACTS},
            "side": Texts.either(lots.side[rows] > 0, "long", "short"),
            "opened_on": np.array(opened_on, "datetime64[D]"),
            "opened": lots.opened[rows],
            "closed": lots.closed[rows],
            "cost_base": lots.cost_base[rows],
            "relieved_base": lots.relieved_base[rows],
        },
    )
