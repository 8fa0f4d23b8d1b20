"""Writes the sample firm's European files: generated, always the same.

Usage, from the repository's root: `python -m tests.books.sample_firm.generate_european_trades`
reads rates.csv and prices.csv (for the days on which a month's blotter is taken) and writes
european_trades.csv, european_corrections.csv, european_settlements.csv, european_cash.csv and
corporate_actions.csv into the folders of the months.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from tests.books.sample_firm import generate, generate_european_market
from tests.books.sample_firm.european_cash import DIVIDENDS, cash_of_month, exchanges
from tests.books.sample_firm.european_trading import SOUTH, Owner, Trade, trades_of_day
from tests.books.sample_firm.generate import MONTHS
from tests.books.sample_firm.generate_european_market import (
    FIRST_PRICE,
    LAST_PRICE,
    EuropeanMarket,
    weekdays,
)
from tests.books.sample_firm.generating import Dice, Row, write_rows

HERE = Path(__file__).resolve().parent
SEED = 20220902
CORRECTED = "2022-10"

Cuts = Mapping[str, date]  # the evening on which each month's blotter is taken


def month_of(trade: Trade) -> str:
    """Return the month of a trade date."""
    return f"{trade.trade_date:%Y-%m}"


def _traded(market: EuropeanMarket) -> list[Trade]:
    """Return the trades in shares of all months as they were executed."""
    dice = Dice(SEED)
    held: dict[tuple[Owner, str], int] = defaultdict(int)
    days = weekdays(FIRST_PRICE, LAST_PRICE)
    return [trade for day in days for trade in trades_of_day(dice, day, market=market, held=held)]


def _failed(trades: Sequence[Trade], cuts: Cuts) -> dict[str, date]:
    """Return the trades that fail, with the days on which they settle in the end.

    In September and October the last sale of PB-SOUTH with fees in dollars that was due before
    the cut; and the first trade after the middle of September, which settles a day late.
    """
    found: dict[str, date] = {}
    for month in MONTHS[:-1]:
        due = [
            trade
            for trade in trades
            if month_of(trade) == month
            and trade.settlement_date < cuts[month].replace(day=1)
            and trade.owner.broker_account == SOUTH
            and trade.fee_currency
            and trade.side == "sell"
        ]
        found[due[-1].trade_id] = weekdays(cuts[month], LAST_PRICE)[6]
    late = next(trade for trade in trades if trade.trade_date > date(2022, 9, 15))
    found[late.trade_id] = weekdays(late.settlement_date, LAST_PRICE)[1]
    return found


def _with_fates(trades: Iterable[Trade], fails: Mapping[str, date]) -> list[Trade]:
    """Return the trades with the days on which they settle in the end."""
    return [
        replace(trade, settled_date=fails.get(trade.trade_id, trade.settlement_date))
        for trade in trades
    ]


def _as_known(trade: Trade, cut: date) -> Trade:
    """Return a trade as the blotter of its month knows it."""
    if trade.settled_date is not None and trade.settled_date <= cut:
        return trade
    status = "failed" if trade.settlement_date < cut else "confirmed"
    return replace(trade, status=status, settled_date=None)


def _settlements(month: str, trades: Iterable[Trade], *, cuts: Cuts) -> list[Row]:
    """Return the settlements of the month of trades that an earlier blotter left unsettled."""
    rows: list[Row] = []
    for trade in trades:
        day, known = trade.settled_date, cuts[month_of(trade)]
        if day is not None and month_of(trade) < month and day > known and f"{day:%Y-%m}" == month:
            event_id = f"S-{trade.trade_id}-1"
            rows.append(
                {"trade_id": trade.trade_id, "event_id": event_id, "date": day, "status": "settled"}
            )
    return sorted(rows, key=lambda row: (str(row["date"]), str(row["event_id"])))


def _corrections(trades: Sequence[Trade], cut: date) -> list[Trade]:
    """Return what is corrected in October: two prices, and a purchase of the last day cancelled."""
    settled = [trade for trade in trades if (trade.settled_date or date.max) < cut.replace(day=1)]
    share = next(trade for trade in settled if trade.fee_currency and trade.trade_id[0] == "E")
    exchange = next(trade for trade in settled if trade.trade_id[0] == "X")
    last = trades[-1].trade_date
    cancelled = next(
        trade
        for trade in reversed(trades)
        if trade.trade_date == last and trade.trade_id[0] == "E" and trade.side == "buy"
    )
    return [
        replace(share, version=2, price=share.price + 500),
        replace(exchange, version=2, price=exchange.price - 4),
        replace(cancelled, status="cancelled", settled_date=None),
    ]


def write_files(folder: Path, market: EuropeanMarket, *, cuts: Cuts) -> None:
    """Write the European files of every month into a folder per month."""
    shares = _traded(market)
    shares = _with_fates(shares, _failed(shares, cuts))
    everything = shares + _with_fates(exchanges(shares, market), {})
    everything.sort(key=lambda trade: (trade.trade_date, trade.executed, trade.trade_id))
    october = [trade for trade in everything if month_of(trade) == CORRECTED]
    corrections = _corrections(october, cuts[CORRECTED])
    cancelled = {trade.trade_id for trade in corrections if trade.status == "cancelled"}
    alive = [trade for trade in everything if trade.trade_id not in cancelled]
    write_rows(
        folder / CORRECTED / "european_corrections.csv", [trade.row() for trade in corrections]
    )
    for month in MONTHS:
        blotter = [_as_known(t, cuts[month]) for t in everything if month_of(t) == month]
        for name, rows in (
            ("european_trades", [trade.row() for trade in blotter]),
            ("european_settlements", _settlements(month, alive, cuts=cuts)),
            ("european_cash", cash_of_month(month, alive)),
            ("corporate_actions", [d.row() for d in DIVIDENDS if f"{d.ex_date:%Y-%m}" == month]),
        ):
            if rows:
                write_rows(folder / month / f"{name}.csv", rows)


def main() -> None:
    """Write the files beside this script."""
    american = generate.read_market(HERE / "prices.csv")
    cuts = {month: american.cut(month) for month in MONTHS}
    write_files(HERE, generate_european_market.read_market(HERE / "rates.csv"), cuts=cuts)


if __name__ == "__main__":
    main()
