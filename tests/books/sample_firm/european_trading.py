"""How the sample firm trades the five European shares: one trade, its fees, and the orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone

from tests.books.sample_firm.generate import BROKERS
from tests.books.sample_firm.generate_european_market import (
    DOLLAR_HOLIDAYS,
    SHARES,
    EuropeanMarket,
    share_settles,
)
from tests.books.sample_firm.generating import Dice, Row, cents, half_even, price_text

NORTH, SOUTH = BROKERS
CLOCK_CHANGE = date(2022, 10, 30)  # of Europe; a week before the one of the United States
FIRST_ORDERS = date(2022, 9, 2)  # the day after the first purchase of currencies
HUNDREDTH_PERCENT = 10_000


@dataclass(frozen=True, slots=True)
class Owner:
    """A strategy of a book at a broker: it holds shares and cash of its own."""

    book: str
    strategy: str
    broker_account: str


OWNERS = (
    Owner("ARBOR", "MOMENTUM", NORTH),
    Owner("BIRCH", "STAT-ARB", NORTH),
    Owner("ARBOR", "STAT-ARB", SOUTH),
    Owner("BIRCH", "MOMENTUM", SOUTH),
)


@dataclass(frozen=True, slots=True)
class Trade:
    """One row of a blotter: price in 1/10,000, quantity in units, fees in cents."""

    order_id: str
    executed: datetime
    owner: Owner
    instrument: str
    currency: str
    side: str
    quantity: int
    settlement_date: date
    price: int = 0
    venue: str = ""
    commission: int = 0
    exchange_fee: int = 0
    clearing_fee: int = 0
    tax: int = 0
    fee_currency: str = ""  # where it is not the currency
    settlement_rate: int = 0  # in 1/10,000 dollar, where the trade settles in dollars
    trade_id: str = ""
    sequence: int = 0
    version: int = 1
    status: str = "settled"
    settled_date: date | None = None

    @property
    def trade_date(self) -> date:
        """Return the day of the execution at its exchange."""
        return self.executed.date()

    @property
    def units(self) -> int:
        """Return the signed quantity: bought is positive."""
        return self.quantity if self.side == "buy" else -self.quantity

    @property
    def gross(self) -> int:
        """Return quantity x price in cents of the currency."""
        return half_even(self.quantity * self.price, 100)

    @property
    def fees(self) -> int:
        """Return all fees in cents of their currency."""
        return self.commission + self.exchange_fee + self.clearing_fee + self.tax

    @property
    def net(self) -> int:
        """Return what is paid or received for it in cents; fees elsewhere are no part of it."""
        fees = 0 if self.fee_currency else self.fees
        return self.gross + (fees if self.side == "buy" else -fees)

    def row(self) -> Row:
        """Return the columns of a trades file."""
        exchange = self.instrument not in SHARES
        return {
            "trade_id": self.trade_id,
            "version": self.version,
            "status": self.status,
            "trade_date": self.trade_date,
            "settlement_date": self.settlement_date,
            "settled_date": self.settled_date or "",
            "executed_at": self.executed.isoformat(),
            "sequence": self.sequence,
            "book": self.owner.book,
            "broker_account": self.owner.broker_account,
            "strategy": self.owner.strategy,
            "counterparty": BROKERS[self.owner.broker_account],
            "venue": self.venue,
            "order_id": self.order_id,
            "instrument": self.instrument,
            "side": self.side,
            "quantity": f"{self.quantity}.00" if exchange else self.quantity,
            "price": price_text(self.price),
            "currency": self.currency,
            "gross_amount": cents(self.gross),
            "net_amount": cents(self.net),
            "commission": cents(self.commission),
            "exchange_fee": cents(self.exchange_fee),
            "clearing_fee": cents(self.clearing_fee),
            "tax": cents(self.tax),
            "fee_currency": self.fee_currency,
            "settlement_currency": "USD" if self.settlement_rate else "",
            "settlement_rate": price_text(self.settlement_rate) if self.settlement_rate else "",
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """Positions that are wanted on a day so that the dividends meet longs and shorts."""

    day: date
    owner: Owner
    share: str
    target: int


# ALPEN trades ex on 27 October, FROMAGE on 10 November. The purchase of 26 October is not settled
# on the ex-date and is entitled; the sale on the ex-date comes too late to lose the dividend.
PLANS = (
    Plan(date(2022, 10, 18), OWNERS[0], "EXAMPLE-ALPEN", 1_043),
    Plan(date(2022, 10, 18), OWNERS[1], "EXAMPLE-ALPEN", 612),
    Plan(date(2022, 10, 18), OWNERS[2], "EXAMPLE-ALPEN", -715),
    Plan(date(2022, 10, 18), OWNERS[3], "EXAMPLE-ALPEN", 0),
    Plan(date(2022, 10, 26), OWNERS[1], "EXAMPLE-ALPEN", 866),
    Plan(date(2022, 10, 27), OWNERS[0], "EXAMPLE-ALPEN", 743),
    Plan(date(2022, 11, 7), OWNERS[0], "EXAMPLE-FROMAGE", 512),
    Plan(date(2022, 11, 7), OWNERS[1], "EXAMPLE-FROMAGE", 333),
    Plan(date(2022, 11, 7), OWNERS[2], "EXAMPLE-FROMAGE", 0),
    Plan(date(2022, 11, 7), OWNERS[3], "EXAMPLE-FROMAGE", -407),
)
# The shares that nobody trades unplanned, from the first plan of each to its ex-date.
QUIET = {
    "EXAMPLE-ALPEN": (date(2022, 10, 18), date(2022, 10, 27)),
    "EXAMPLE-FROMAGE": (date(2022, 11, 7), date(2022, 11, 10)),
}


def _target(dice: Dice, strategy: str, history: Sequence[int]) -> int:
    """Return the shares that a strategy wants to hold, given the closes before the session."""
    now, before = history[-1], history[-min(len(history), 10)]
    follows = (now >= before) == (strategy == "MOMENTUM")
    money = dice.between(8_000, 60_000) * (1 if follows or dice.below(4) == 0 else -1)
    shares = abs(money) * 10_000 // now
    return shares if money > 0 else -shares


def _executed(dice: Dice, share: str, day: date) -> datetime:
    """Return an instant of continuous trading, in local time with its offset."""
    london = SHARES[share].exchange == "XLON"
    hours = (0 if london else 1) + (1 if day < CLOCK_CHANGE else 0)
    zone = timezone(timedelta(hours=hours))
    opening = datetime(day.year, day.month, day.day, 8 if london else 9, tzinfo=zone)
    return opening + timedelta(seconds=dice.below(510 * 60))


def _with_fees(trade: Trade, *, maker: bool, dollars: int) -> Trade:
    """Return a trade with its fees; PB-SOUTH charges trades in euros in dollars."""
    share, gross = SHARES[trade.instrument], trade.gross
    north = trade.owner.broker_account == NORTH
    free = maker and not north and share.currency == "EUR"  # what is left is a rebate
    local = (
        0 if free else max(400, half_even(gross * 5, HUNDREDTH_PERCENT)),
        half_even(gross * (-10 if maker else 15), 100 * HUNDREDTH_PERCENT),
        0 if free else 5 + half_even(trade.quantity, 100),
        half_even(gross * share.buyers_tax, HUNDREDTH_PERCENT) if trade.side == "buy" else 0,
    )
    in_dollars = not north and share.currency == "EUR"
    commission, exchange_fee, clearing_fee, tax = (
        half_even(fee * dollars, 10_000) if in_dollars else fee for fee in local
    )
    return replace(
        trade,
        commission=commission,
        exchange_fee=exchange_fee,
        clearing_fee=clearing_fee,
        tax=tax,
        fee_currency="USD" if in_dollars else "",
    )


def _fills(dice: Dice, order: Trade, market: EuropeanMarket) -> list[Trade]:
    """Return the executions of an order: one or two, near the close of the day."""
    day, share = order.trade_date, SHARES[order.instrument]
    close = market.closes[day][order.instrument]
    dollars = market.dollars(share.currency, day)
    in_dollars = dice.below(9) == 0 and order.settlement_date not in DOLLAR_HOLIDAYS
    rate = dollars + dice.between(-15, 15) if in_dollars else 0
    parts = [order.quantity]
    if order.quantity > 1 and dice.below(5) == 0:
        first = dice.between(1, order.quantity - 1)
        parts = [first, order.quantity - first]
    fills = []
    for part in parts:
        price = close + close * dice.between(-60, 60) // 10_000 // share.tick * share.tick
        executed = _executed(dice, order.instrument, day)
        fill = replace(order, executed=executed, quantity=part, price=price, settlement_rate=rate)
        fills.append(_with_fees(fill, maker=dice.below(3) == 0, dollars=dollars))
    return fills


def _unplanned(dice: Dice, day: date, *, market: EuropeanMarket) -> Plan | None:
    """Return what an owner wants of its own accord, if it may trade that share on the day."""
    owner = OWNERS[dice.below(len(OWNERS))]
    share = dice.one_of(market.trading(day))
    target = _target(dice, owner.strategy, market.history(share, day))
    first, last = QUIET.get(share, (date.max, date.min))
    return None if first <= day <= last else Plan(day, owner, share, target)


def trades_of_day(
    dice: Dice, day: date, *, market: EuropeanMarket, held: dict[tuple[Owner, str], int]
) -> list[Trade]:
    """Return a day's trades in shares; `held` is the shares of each owner, and is moved along."""
    if day < FIRST_ORDERS:
        return []
    wanted = [_unplanned(dice, day, market=market) for _ in range(dice.between(1, 3))]
    plans = [plan for plan in wanted if plan] + [plan for plan in PLANS if plan.day == day]
    fills: list[Trade] = []
    for number, plan in enumerate(plans, start=1):
        change = plan.target - held[plan.owner, plan.share]
        if change == 0:
            continue
        held[plan.owner, plan.share] = plan.target
        order = Trade(
            f"OE-{day:%Y%m%d}-{number}",
            datetime(day.year, day.month, day.day, tzinfo=UTC),
            owner=plan.owner,
            instrument=plan.share,
            currency=SHARES[plan.share].currency,
            side="buy" if change > 0 else "sell",
            quantity=abs(change),
            settlement_date=share_settles(plan.share, day),
            venue=SHARES[plan.share].exchange,
        )
        fills += _fills(dice, order, market)
    return numbered("E", fills)


def numbered(letter: str, trades: Sequence[Trade]) -> list[Trade]:
    """Return the trades of one day in order of execution, each with its id and sequence."""
    ordered = sorted(trades, key=lambda trade: (trade.executed, trade.order_id, trade.quantity))
    return [
        replace(trade, trade_id=f"{letter}-{trade.trade_date:%Y%m%d}-{number:02d}", sequence=number)
        for number, trade in enumerate(ordered, start=1)
    ]
