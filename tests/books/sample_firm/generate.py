"""Writes the sample firm's trades, corrections and settlements: generated, always the same.

Usage, from the repository's root: `python -m tests.books.sample_firm.generate` reads
instruments.csv and prices.csv; with `--prices` it first writes prices.csv from the package
skfolio, which must be installed. README.md says what is real and what is generated. The European
shares have scripts of their own.

Every number is an integer: prices in 1/10,000 dollar, money in cents, quantities in shares.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.books.sample_firm.generating import (
    Dice,
    Row,
    cents,
    half_even,
    price_text,
    write_rows,
)

HERE = Path(__file__).resolve().parent
SEED = 20220901
MONTHS = ("2022-09", "2022-10", "2022-11")
ORDERS_A_DAY = 27

STRATEGIES = ("MOMENTUM", "STAT-ARB")
BOOKS = ("ARBOR", "BIRCH")
BROKERS = {"PB-NORTH": "NORTH-SECURITIES", "PB-SOUTH": "SOUTH-SECURITIES"}
VENUES = ("ARCX", "BATS", "XNAS", "XNYS")

# The exchange trades on these days and the bond market rests: nothing settles.
BANK_HOLIDAYS = (date(2022, 10, 10), date(2022, 11, 11))
# Settlement days after the last price, for the trades of the last days of November.
AFTERWARDS = tuple(date(2022, 12, day) for day in (1, 2, 5, 6, 7, 8, 9))
SHORT_SESSION = date(2022, 11, 25)
CLOCK_CHANGE = date(2022, 11, 6)

Closes = Mapping[date, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Trade:
    """One row of a blotter; price in 1/10,000 dollar, quantity in shares."""

    order_id: str
    executed: datetime
    book: str
    strategy: str
    broker_account: str
    instrument: str
    side: str
    quantity: int
    settlement_date: date
    price: int = 0
    venue: str = ""
    maker: bool = False
    trade_id: str = ""
    sequence: int = 0
    version: int = 1
    status: str = "settled"
    settled_date: date | None = None

    @property
    def trade_date(self) -> date:
        """Return the day of the execution in New York."""
        return self.executed.date()

    def row(self) -> Row:
        """Return the columns of a trades file."""
        shares, gross = self.quantity, half_even(self.quantity * self.price, 100)
        fees = {
            "commission": max(100, half_even(shares, 2)),
            "exchange_fee": half_even(-20 * shares if self.maker else 30 * shares, 100),
            "clearing_fee": -(-2 * shares // 100),
            "regulatory_fee": -(-20 * gross // 1_000_000) if self.side == "sell" else 0,
        }
        net = gross + sum(fees.values()) * (1 if self.side == "buy" else -1)
        return {
            "trade_id": self.trade_id,
            "version": self.version,
            "status": self.status,
            "trade_date": self.trade_date,
            "settlement_date": self.settlement_date,
            "settled_date": self.settled_date or "",
            "executed_at": self.executed.strftime("%Y-%m-%dT%H:%M:%S")
            + ("-04:00" if self.trade_date < CLOCK_CHANGE else "-05:00"),
            "sequence": self.sequence,
            "book": self.book,
            "broker_account": self.broker_account,
            "strategy": self.strategy,
            "counterparty": BROKERS[self.broker_account],
            "venue": self.venue,
            "order_id": self.order_id,
            "instrument": self.instrument,
            "side": self.side,
            "quantity": shares,
            "price": price_text(self.price),
            "currency": "USD",
            "gross_amount": cents(gross),
            "net_amount": cents(net),
            **{name: cents(fee) for name, fee in fees.items()},
        }


@dataclass(frozen=True, slots=True)
class Market:
    """The closes by day and instrument in 1/10,000 dollar, and the days on which trades settle."""

    closes: Closes
    settlement: Sequence[date]

    def history(self, instrument: str, before: date) -> list[int]:
        """Return an instrument's closes before a day, the latest last."""
        return [row[instrument] for day, row in self.closes.items() if day < before]

    def after(self, day: date, count: int) -> date:
        """Return the count-th settlement day after a date."""
        return [later for later in self.settlement if later > day][count - 1]

    def sessions(self, month: str) -> list[date]:
        """Return the sessions of a month."""
        return [day for day in self.closes if f"{day:%Y-%m}" == month]

    def cut(self, month: str) -> date:
        """Return the evening on which a month's blotter is taken: the first day after it."""
        return self.after(self.sessions(month)[-1], 1)


def write_prices(file: Path) -> None:
    """Write the adjusted closes that skfolio carries, from the last session of August on."""
    from skfolio.datasets import load_sp500_dataset  # noqa: PLC0415

    closes = load_sp500_dataset().loc["2022-08-31":"2022-11-30"]
    rows = [
        {
            "date": day.date(),
            "instrument": instrument,
            "price": Decimal(str(close)).quantize(Decimal("0.0001")),
            "currency": "USD",
            "source": "skfolio adjusted close",
        }
        for day, row in closes.iterrows()
        for instrument, close in row.items()
    ]
    write_rows(file, rows)


def read_market(file: Path) -> Market:
    """Return the closes of prices.csv and the settlement days that follow from them."""
    closes: dict[date, dict[str, int]] = defaultdict(dict)
    with file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            price = int(Decimal(row["price"]).scaleb(4))
            closes[date.fromisoformat(row["date"])][row["instrument"]] = price
    settlement = [day for day in (*closes, *AFTERWARDS) if day not in BANK_HOLIDAYS]
    return Market(closes, settlement)


def _target(dice: Dice, strategy: str, history: Sequence[int]) -> int:
    """Return the shares that a strategy wants to hold, given the closes before the session."""
    now, before = history[-1], history[-min(len(history), 10)]
    rising = now >= before
    if strategy == "MOMENTUM":
        dollars = dice.between(30_000, 120_000) * (1 if rising else -1)
    else:
        against = dice.below(4) > 0
        dollars = dice.between(5_000, 90_000) * (-1 if rising == against else 1)
    shares = abs(dollars) * 10_000 // now
    return shares if dollars > 0 else -shares


def _executed(dice: Dice, day: date) -> datetime:
    seconds = dice.below(210 * 60 if day == SHORT_SESSION else 390 * 60)
    # A local time of New York; the row states its offset.
    opening = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)
    return opening + timedelta(seconds=seconds)


def _fills(dice: Dice, order: Trade, close: int) -> list[Trade]:
    """Return the executions of an order: one or two, near the close of the day."""
    shares = [order.quantity]
    if order.quantity > 1 and dice.below(2):
        first = dice.between(1, order.quantity - 1)
        shares = [first, order.quantity - first]
    fills = []
    for part in shares:
        price = close + close * dice.between(-60, 60) // 10_000
        if dice.below(10) < 7:
            price = price // 100 * 100
        executed, venue = _executed(dice, order.trade_date), dice.one_of(VENUES)
        fill = replace(order, executed=executed, venue=venue, quantity=part, price=price)
        fills.append(replace(fill, maker=dice.below(3) == 0))
    return fills


def trades_of_day(dice: Dice, day: date, *, market: Market, held: dict[str, int]) -> list[Trade]:
    """Return the trades of one session; `held` is the shares of each line, and is moved along."""
    instruments = list(market.closes[day])
    fills: list[Trade] = []
    for number in range(1, ORDERS_A_DAY + 1):
        book, strategy = dice.one_of(BOOKS), dice.one_of(STRATEGIES)
        broker_account, instrument = dice.one_of(list(BROKERS)), dice.one_of(instruments)
        line = f"{book}/{strategy}/{broker_account}/{instrument}"
        change = _target(dice, strategy, market.history(instrument, day)) - held[line]
        if change == 0:
            continue
        held[line] += change
        order = Trade(
            f"O-{day:%Y%m%d}-{number:03d}",
            datetime(day.year, day.month, day.day, tzinfo=UTC),
            book=book,
            strategy=strategy,
            broker_account=broker_account,
            instrument=instrument,
            side="buy" if change > 0 else "sell",
            quantity=abs(change),
            settlement_date=market.after(day, 2),
        )
        fills += _fills(dice, order, market.closes[day][instrument])
    fills.sort(key=lambda fill: (fill.executed, fill.order_id, fill.quantity))
    return [
        replace(fill, trade_id=f"T-{day:%Y%m%d}-{number:03d}", sequence=number)
        for number, fill in enumerate(fills, start=1)
    ]


@dataclass(slots=True)
class Blotter:
    """The trades of a month as known on the evening of its cut, and what happens to them later."""

    month: str
    trades: dict[str, Trade]
    corrections: list[Trade] = field(default_factory=list)
    later: list[Row] = field(default_factory=list)  # settlement events after the cut


def blotter_of_month(dice: Dice, month: str, *, market: Market, held: dict[str, int]) -> Blotter:
    """Return a month's trades with their fates: settled, late, failed, corrected, cancelled."""
    cut = market.cut(month)
    trades: list[Trade] = []
    for day in market.sessions(month):
        trades += trades_of_day(dice, day, market=market, held=held)
    blotter = Blotter(month, {trade.trade_id: trade for trade in trades})
    due = [trade for trade in trades if trade.settlement_date <= cut]
    for trade in due:
        delay = dice.between(1, 3) if dice.below(40) == 0 else 0
        settled = market.after(trade.settlement_date, delay) if delay else trade.settlement_date
        _set(blotter, trade, settled if settled <= cut else trade.settlement_date)
    _fail_some(dice, blotter, market=market, due=due)
    open_still = [trade for trade in trades if trade.settlement_date > cut]
    _settle_later(dice, blotter, market=market, pending=open_still)
    _correct_some(dice, blotter, market=market)
    return blotter


def _set(blotter: Blotter, trade: Trade, settled: date | None, status: str = "settled") -> None:
    blotter.trades[trade.trade_id] = replace(trade, status=status, settled_date=settled)


def _settlement(blotter: Blotter, trade: Trade, day: date, *, status: str = "settled") -> None:
    """Note a settlement event that comes after the cut."""
    number = sum(row["trade_id"] == trade.trade_id for row in blotter.later) + 1
    event_id = f"S-{trade.trade_id[2:]}-{number}"
    row = {"trade_id": trade.trade_id, "event_id": event_id, "date": day, "status": status}
    blotter.later.append(row)


def _fail_some(dice: Dice, blotter: Blotter, *, market: Market, due: Sequence[Trade]) -> None:
    """Let four trades of the last days fail and one of mid-month settle late."""
    cut = market.cut(blotter.month)
    last = market.sessions(blotter.month)[-6]
    recent = [trade for trade in due if trade.settlement_date >= last]
    for number, trade in enumerate(dice.some(recent, 4)):
        _set(blotter, trade, None, "failed")
        # One trade of September fails beyond the end of October.
        days = 27 if blotter.month == MONTHS[0] and number == 0 else dice.between(2, 7)
        if blotter.month != MONTHS[-1]:
            _settlement(blotter, trade, market.after(cut, days))
    middle = [trade for trade in due if 10 <= trade.settlement_date.day <= 20]
    for trade in dice.some(middle, 1):
        _set(blotter, trade, None, "confirmed")
        if blotter.month != MONTHS[-1]:
            _settlement(blotter, trade, market.after(cut, 4))


def _settle_later(
    dice: Dice, blotter: Blotter, *, market: Market, pending: Sequence[Trade]
) -> None:
    """Confirm the trades of the last day: they settle after the cut, two of them after a fail."""
    failing = {trade.trade_id for trade in dice.some(pending, 2)}
    for trade in pending:
        _set(blotter, trade, None, "confirmed")
        if blotter.month == MONTHS[-1]:
            continue
        if trade.trade_id in failing:
            _settlement(blotter, trade, trade.settlement_date, status="failed")
            _settlement(blotter, trade, market.after(trade.settlement_date, 3))
        else:
            _settlement(blotter, trade, trade.settlement_date)


def _correct_some(dice: Dice, blotter: Blotter, *, market: Market) -> None:
    """Amend a price and a quantity, cancel a trade of the last day, and find a forgotten one."""
    sessions = market.sessions(blotter.month)
    settled = [
        trade
        for trade in blotter.trades.values()
        if trade.settled_date is not None and trade.settled_date <= sessions[-1]
    ]
    price, quantity, forgotten = dice.some(settled, 3)
    last_day = [trade for trade in blotter.trades.values() if trade.trade_date == sessions[-1]]
    cancelled = dice.some(last_day, 1)[0]
    del blotter.trades[forgotten.trade_id]
    blotter.later = [row for row in blotter.later if row["trade_id"] != cancelled.trade_id]
    blotter.corrections = [
        replace(price, version=2, price=price.price + 1_000),
        replace(quantity, version=2, quantity=quantity.quantity + 10),
        replace(cancelled, status="cancelled"),
        forgotten,
    ]


def write_files(folder: Path, market: Market) -> None:
    """Write trades, corrections and settlements of every month into a folder per month."""
    dice = Dice(SEED)
    held: dict[str, int] = defaultdict(int)
    pending: list[Row] = []
    for month in MONTHS:
        blotter = blotter_of_month(dice, month, market=market, held=held)
        trades = sorted(blotter.trades.values(), key=lambda trade: trade.trade_id)
        write_rows(folder / month / "trades.csv", [trade.row() for trade in trades])
        write_rows(
            folder / month / "corrections.csv", [trade.row() for trade in blotter.corrections]
        )
        known = [row for row in pending if str(row["date"]) <= str(market.cut(month))]
        if known:
            known.sort(key=lambda row: (str(row["date"]), str(row["event_id"])))
            write_rows(folder / month / "settlements.csv", known)
        pending = [row for row in pending if row not in known] + blotter.later


def main() -> None:
    """Write the files beside this script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prices", action="store_true", help="write prices.csv from skfolio too")
    if parser.parse_args().prices:
        write_prices(HERE / "prices.csv")
    write_files(HERE, read_market(HERE / "prices.csv"))


if __name__ == "__main__":
    main()
