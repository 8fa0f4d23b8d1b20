"""Trades to legs and reliefs: amounts translated, the lot engine asked, legs split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from subledger.booking.inputs import Terms
from subledger.booking.lot_facts import LotFacts, long_term_from, lot_facts
from subledger.booking.naming_lots import LotNames, name_lots
from subledger.columns import (
    Codes,
    Days,
    Flags,
    Texts,
    days,
    group_codes,
    numbers,
    order_of,
    taken,
    texts,
)
from subledger.conversion import Conversions
from subledger.lots.engine import METHODS, POSITION_EFFECTS, Legs, Lots, Relieved, Trades
from subledger.lots.engines import relieve
from subledger.numbers import (
    Int64Array,
    add_columns,
    mul_div_columns,
    parse_decimal,
    product_columns,
)
from subledger.tables import FEES


@dataclass(frozen=True, slots=True)
class Translated:
    """What each trade comes to in base and in the currencies that it is not in.

    `fees_base` has each fee in base; `fees_in_cost` is the fee total in the trade's currency,
    `settlement_net` the net amount in the currency of settlement.
    """

    gross_base: Int64Array
    fees_base: Mapping[str, Int64Array]
    fees_in_cost: Int64Array
    settlement_net: Int64Array
    settlement_base: Int64Array


@dataclass(frozen=True)
class Traded:
    """Trades in processing order with what the lot engine made of them.

    `trades` is DATED_TRADES without the refused ones' effect: their rows have no leg.
    """

    trades: pa.Table
    translated: Translated
    opening_lots: pa.Table
    came: Days  # of each opening lot: the day at whose end it came into the books
    relieved: Relieved
    names: LotNames
    capitalised: Flags  # per trade: fees go into cost

    @cached_property
    def dates(self) -> Days:
        """Return the accounting date of each trade."""
        return days(self.trades, "accounting_date")

    @cached_property
    def facts(self) -> LotFacts:
        """Return who owns each lot, and its id, instrument, currency and dates."""
        return lot_facts(
            self.opening_lots, self.trades, engine=self.relieved.lots, names=self.names
        )

    @cached_property
    def recognised(self) -> Days:
        """Return the accounting date on which each lot came into the books; long ago if carried."""
        made = self.relieved.lots.trade[self.opening_lots.num_rows :]
        return np.concatenate([self.came, self.dates[made]])


def processing_order(trades: pa.Table) -> Codes:
    """Return the rows in the order in which trades meet the lots.

    By accounting date, then trade date, then execution as an instant (rows without one last), then
    `sequence` (rows without one last), then trade id by code point; never by order of rows.
    """
    instant = numbers(trades, "executed_instant")
    no_instant = trades.column("executed_instant").is_null().to_numpy()
    sequence = numbers(trades, "sequence")
    no_sequence = trades.column("sequence").is_null().to_numpy()
    by_id = texts(trades, "trade_id").ranks()
    return order_of(
        [
            days(trades, "accounting_date").astype(np.int64),
            days(trades, "trade_date").astype(np.int64),
            no_instant,
            instant,
            no_sequence,
            sequence,
            by_id,
        ]
    )


def translate(trades: pa.Table, terms: Terms, *, rates: Conversions) -> Translated:
    """Translate the gross amount and each fee of DATED_TRADES once, at the accounting date."""
    dates = days(trades, "accounting_date")
    currency, fee_currency = texts(trades, "currency"), texts(trades, "fee_currency")
    total = add_columns(*(numbers(trades, fee) for fee in FEES))
    settlement_net = _settlement_net(trades, terms, rates=rates)
    settled_in = texts(trades, "settlement_currency")
    return Translated(
        gross_base=rates.to_base(numbers(trades, "gross"), currency, dates=dates),
        fees_base={
            fee: rates.to_base(numbers(trades, fee), fee_currency, dates=dates) for fee in FEES
        },
        fees_in_cost=rates.cross(total, fee_currency, to_currencies=currency, dates=dates),
        settlement_net=settlement_net,
        settlement_base=rates.to_base(settlement_net, settled_in, dates=dates),
    )


def _settlement_net(trades: pa.Table, terms: Terms, *, rates: Conversions) -> Int64Array:
    """Return the net amount in the settlement currency: at the trade's own rate, else the day's."""
    net, currency = numbers(trades, "net"), texts(trades, "currency")
    settled_in, stated = texts(trades, "settlement_currency"), texts(trades, "settlement_rate")
    dates = days(trades, "accounting_date")
    found = rates.cross(net, currency, to_currencies=settled_in, dates=dates)
    rows = np.flatnonzero((stated != "") & (settled_in != currency))
    if not len(rows):
        return found
    parsed = [parse_decimal(stated[row]) for row in rows]
    shift = [
        scale + terms.decimals[currency[row]] - terms.decimals[settled_in[row]]
        for row, (_, scale) in zip(rows, parsed, strict=True)
    ]
    found[rows] = product_columns(net[rows], [mantissa for mantissa, _ in parsed], shift)
    return found


@dataclass(frozen=True, slots=True)
class Given:
    """LOTS that are there without a trade, and the day at whose end each came into the books."""

    lots: pa.Table
    came: Days


def trade(
    trades: pa.Table,
    given: Given,
    *,
    asset_class: Mapping[str, str],
    terms: Terms,
    rates: Conversions,
) -> Traded:
    """Run the lot engine over screened DATED_TRADES and the lots that are there."""
    lots, came = given.lots, given.came
    trades = taken(trades, processing_order(trades))
    policy, dates = terms.policy, days(trades, "accounting_date")
    classes = texts(trades, "instrument").mapped(asset_class)
    scope = {
        "book": texts(trades, "book"),
        "broker_account": texts(trades, "broker_account"),
        "asset_class": classes,
    }
    capitalised = policy.resolve("fees", dates, columns=scope) == "capitalise"
    translated = translate(trades, terms, rates=rates)
    names, picks, picks_from = name_lots(trades, lots, instruments=terms.instruments)
    pools, _ = group_codes(
        [Texts.joined([texts(lots, by), texts(trades, by)]) for by in policy.pool_by]
    )
    pool = pools.astype(np.int64)
    fees_base = add_columns(*translated.fees_base.values())
    since = np.searchsorted(dates, came, side="right")
    traded_on = days(trades, "trade_date")
    with_fees = policy.resolve("rank_with_fees", dates, columns=scope) == str(True)
    methods = policy.resolve("lot_method", dates, columns=scope)
    relieved = relieve(
        engine_lots(lots, pool[: lots.num_rows], since=since, names=names),
        Trades(
            pool=pool[lots.num_rows :],
            direction=np.where(texts(trades, "side") == "buy", 1, -1),
            effect=_codes(texts(trades, "position_effect"), POSITION_EFFECTS),
            quantity=numbers(trades, "quantity"),
            gross=numbers(trades, "gross"),
            fees=np.where(capitalised, translated.fees_in_cost, 0),
            gross_base=translated.gross_base,
            fees_base=np.where(capitalised, fees_base, 0),
            ranking_fees=np.where(with_fees, translated.fees_in_cost, 0),
            method=_codes(methods, {name: code for code, name in enumerate(METHODS)}),
            name=names.of_trade,
            picks_from=picks_from,
            may_short=policy.resolve("allow_short", dates, columns=scope) == str(True),
            traded_on=traded_on.astype(np.int64),
            long_from=long_term_from(traded_on).astype(np.int64),
        ),
        picks=picks,
    )
    return Traded(trades, translated, lots, came, relieved, names, capitalised)


def _codes(values: Texts, known: Mapping[str, int]) -> Int64Array:
    return values.looked_up(known)


def engine_lots(lots: pa.Table, pool: Int64Array, *, since: Codes, names: LotNames) -> Lots:
    """Return LOTS as the engine takes them."""
    opened_on, hold_from = days(lots, "opened_on"), days(lots, "hold_from")
    held_from = np.where(np.isnat(hold_from), opened_on, hold_from)
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
        ranking_cost=numbers(lots, "ranking_cost"),
        name=names.of_lot,
        version=names.version,
        opened_on=opened_on.astype(np.int64),
        long_from=long_term_from(held_from).astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class LegFees:
    """The fees of each leg, in their own currency and in base."""

    local: Mapping[str, Int64Array]
    base: Mapping[str, Int64Array]


def leg_fees(traded: Traded) -> LegFees:
    """Return each fee of each leg, split over the legs of a trade like the fee total."""
    local = {fee: numbers(traded.trades, fee) for fee in FEES}
    return LegFees(_split_fees(traded, local), _split_fees(traded, traded.translated.fees_base))


def _split_fees(traded: Traded, fees: Mapping[str, Int64Array]) -> dict[str, Int64Array]:
    """Split fees of trades over legs.

    Fees are added up in their declared order and each running total is split cumulatively, so that
    the parts of a fee add up to it over the legs, and to the leg's fee total over the kinds.
    """
    legs = traded.relieved.legs
    whole = numbers(traded.trades, "quantity")[legs.trade]
    total = np.zeros(len(legs.trade), np.int64)
    reached = np.zeros(len(legs.trade), np.int64)
    split: dict[str, Int64Array] = {}
    for fee in FEES:
        total = add_columns(total, fees[fee][legs.trade])
        share = mul_div_columns(total, legs.quantity, whole) - reached
        reached = reached + share
        split[fee] = share
    second = np.flatnonzero(second_leg(legs))
    for fee in FEES:
        split[fee][second] = fees[fee][legs.trade[second]] - split[fee][second - 1]
    return split


def leg_part(traded: Traded, totals: Int64Array) -> Int64Array:
    """Split an amount of each trade over its legs by quantity; the second takes the rest."""
    legs = traded.relieved.legs
    whole = numbers(traded.trades, "quantity")[legs.trade]
    part = mul_div_columns(totals[legs.trade], legs.quantity, whole)
    second = np.flatnonzero(second_leg(legs))
    part[second] = totals[legs.trade[second]] - part[second - 1]
    return part


def second_leg(legs: Legs) -> Flags:
    """Say of each leg whether it is the second of its trade."""
    second = np.zeros(len(legs.trade), bool)
    second[1:] = legs.trade[1:] == legs.trade[:-1]
    return second
