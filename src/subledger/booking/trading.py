"""Trades to legs, reliefs and measures: what a trade did to the lots, in named amounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.inputs import Terms
from subledger.columns import (
    Codes,
    Days,
    Flags,
    Texts,
    column,
    days,
    group_codes,
    numbers,
    running_totals,
    texts,
)
from subledger.lots.engine import POSITION_EFFECTS, Legs, Lots, Relieved, Trades
from subledger.lots.reference import relieve_fifo
from subledger.numbers import Int64Array, add_columns, mul_div_columns, subtract_columns
from subledger.tables import FEES

OWNER = ("book", "strategy", "broker_account")


@dataclass(frozen=True, slots=True)
class Traded:
    """Trades in processing order with what the lot engine made of them.

    `trades` is DATED_TRADES without the refused ones' effect: their rows have no leg.
    """

    trades: pa.Table
    opening_lots: pa.Table
    came: Days  # of each opening lot: the day at whose end it came into the books
    relieved: Relieved
    capitalised: Flags  # per trade: fees go into cost


def processing_order(trades: pa.Table) -> Codes:
    """Return the rows in the order in which trades meet the lots.

    By accounting date, then trade date, then execution as an instant (rows without one last), then
    `sequence` (rows without one last), then trade id by code point; never by order of rows.
    """
    instant = numbers(trades, "executed_instant")
    no_instant = trades.column("executed_instant").is_null().to_numpy()
    sequence = numbers(trades, "sequence")
    no_sequence = trades.column("sequence").is_null().to_numpy()
    by_id = np.argsort(np.argsort(texts(trades, "trade_id").astype(str), kind="stable"))
    return np.lexsort(
        (
            by_id,
            sequence,
            no_sequence,
            instant,
            no_instant,
            days(trades, "trade_date").astype(np.int64),
            days(trades, "accounting_date").astype(np.int64),
        )
    )


def trade(
    trades: pa.Table,
    lots: pa.Table,
    *,
    came: Days,
    asset_class: Mapping[str, str],
    terms: Terms,
) -> Traded:
    """Run the lot engine over screened DATED_TRADES and LOTS, each there from the end of a day."""
    trades = trades.take(processing_order(trades))
    policy, dates = terms.policy, days(trades, "accounting_date")
    classes = np.array([asset_class[name] for name in texts(trades, "instrument")], dtype=object)
    scope = {
        "book": texts(trades, "book"),
        "broker_account": texts(trades, "broker_account"),
        "asset_class": classes,
    }
    capitalised = policy.resolve("fees", dates, columns=scope) == "capitalise"
    fees = np.where(capitalised, _total_fees(trades), 0)
    gross = numbers(trades, "gross")
    pools, _ = group_codes(
        [np.concatenate([texts(lots, by), texts(trades, by)]) for by in policy.pool_by]
    )
    pool = pools.astype(np.int64)
    relieved = relieve_fifo(
        _given(lots, pool[: lots.num_rows], since=np.searchsorted(dates, came, side="right")),
        Trades(
            pool=pool[lots.num_rows :],
            direction=np.where(texts(trades, "side") == "buy", 1, -1),
            effect=np.array(
                [POSITION_EFFECTS[name] for name in texts(trades, "position_effect")], np.int64
            ),
            quantity=numbers(trades, "quantity"),
            gross=gross,
            fees=fees,
            gross_base=gross,
            fees_base=fees,
            may_short=policy.resolve("allow_short", dates, columns=scope).astype(bool),
        ),
    )
    return Traded(trades, lots, came, relieved, capitalised)


def _total_fees(trades: pa.Table) -> Int64Array:
    return add_columns(*(numbers(trades, fee) for fee in FEES))


def _given(lots: pa.Table, pool: Int64Array, *, since: Int64Array) -> Lots:
    """Return LOTS as the engine takes them."""
    return Lots(
        pool=pool,
        side=np.where(texts(lots, "side") == "long", 1, -1),
        opened=numbers(lots, "opened"),
        closed=numbers(lots, "closed"),
        cost=numbers(lots, "cost"),
        relieved=numbers(lots, "relieved"),
        cost_base=numbers(lots, "cost_base"),
        relieved_base=numbers(lots, "relieved_base"),
        trade=np.full(len(pool), -1),
        since=since.astype(np.int64),
    )


def leg_fees(traded: Traded) -> dict[str, Int64Array]:
    """Return each fee of each leg, split over the legs of a trade like the fee total.

    Fees are added up in their declared order and each running total is split cumulatively, so that
    the parts of a fee add up to it over the legs, and to the leg's fee total over the kinds.
    """
    legs, trades = traded.relieved.legs, traded.trades
    whole = numbers(trades, "quantity")[legs.trade]
    total = np.zeros(len(legs.trade), np.int64)
    reached = np.zeros(len(legs.trade), np.int64)
    split: dict[str, Int64Array] = {}
    for fee in FEES:
        amount = numbers(trades, fee)[legs.trade]
        total = add_columns(total, amount)
        share = mul_div_columns(total, legs.quantity, whole) - reached
        reached = reached + share
        split[fee] = share
    second = np.flatnonzero(_second_leg(legs))
    for fee in FEES:
        split[fee][second] = numbers(trades, fee)[legs.trade[second]] - split[fee][second - 1]
    return split


def _second_leg(legs: Legs) -> Flags:
    second = np.zeros(len(legs.trade), bool)
    second[1:] = legs.trade[1:] == legs.trade[:-1]
    return second


@dataclass(frozen=True, slots=True)
class ReliefAmounts:
    """Per relief: the closing trade's share, the lot's cost and the gain; base currency alike.

    `consideration` is what the closing trade brought (long) or cost (short), after the fees that
    the policy capitalises.
    """

    trade: Int64Array
    consideration: Int64Array
    cost: Int64Array
    cost_base: Int64Array
    gain: Int64Array
    elsewhere: Flags  # the lot has another book, strategy or broker account than the trade


def relief_amounts(traded: Traded) -> ReliefAmounts:
    """Split each closing leg's consideration over its reliefs by quantity, cumulatively."""
    legs, reliefs = traded.relieved.legs, traded.relieved.reliefs
    side = legs.side[reliefs.leg]
    total = subtract_columns(legs.gross, legs.side * legs.fees)[reliefs.leg]
    so_far = running_totals(reliefs.quantity, reliefs.leg.astype(np.intp))
    reached = mul_div_columns(total, so_far, legs.quantity[reliefs.leg])
    before = np.concatenate([np.zeros(1, np.int64), reached[:-1]])
    starts = np.ones(len(reached), bool)
    starts[1:] = reliefs.leg[1:] != reliefs.leg[:-1]
    consideration = reached - np.where(starts, 0, before[: len(reached)])
    trade_row = legs.trade[reliefs.leg]
    elsewhere = np.zeros(len(trade_row), bool)
    for name, owner in lot_facts(traded).owner(reliefs.lot).items():
        elsewhere |= owner != texts(traded.trades, name)[trade_row]
    gain = side * subtract_columns(consideration, reliefs.cost)
    return ReliefAmounts(trade_row, consideration, reliefs.cost, reliefs.cost_base, gain, elsewhere)


@dataclass(frozen=True, slots=True)
class LotFacts:
    """Who owns each lot, and its id, instrument, currency, dates and version."""

    lot_id: Texts
    book: Texts
    strategy: Texts
    broker_account: Texts
    instrument: Texts
    currency: Texts
    version: Int64Array
    opened_on: Days
    hold_from: Days  # start of the holding period where it differs, else NaT

    def owner(self, rows: Codes | Int64Array) -> dict[str, Any]:
        """Return book, strategy and broker account of some lots."""
        return {name: getattr(self, name)[rows] for name in OWNER}


def lot_facts(traded: Traded) -> LotFacts:
    """Return the facts of every lot; one that a trade opened has the trade's id and facts."""
    lots, trades = traded.opening_lots, traded.trades
    made = traded.relieved.lots.trade[lots.num_rows :]

    def joined(name: str, source: str) -> Any:  # noqa: ANN401 - a column of any kind
        return np.concatenate([column(lots, name), column(trades, source)[made]])

    never = np.full(len(made), np.datetime64("NaT"), "datetime64[D]")
    return LotFacts(
        lot_id=joined("lot_id", "trade_id"),
        **{name: joined(name, name) for name in (*OWNER, "instrument", "currency", "version")},
        opened_on=joined("opened_on", "trade_date"),
        hold_from=np.concatenate([days(lots, "hold_from"), never]),
    )


def by_arrival(lots: Lots) -> Codes:
    """Return the rows of lots in the order in which they came into the books."""
    return np.lexsort((lots.trade < 0, lots.since))


def lot_recognised(traded: Traded) -> Days:
    """Return the accounting date on which each lot came into the books; long ago if carried."""
    made = traded.relieved.lots.trade[traded.opening_lots.num_rows :]
    return np.concatenate([traded.came, days(traded.trades, "accounting_date")[made]])
