"""The book that a benchmark closes: generated trades of one month, the same from a seed.

Instruments and books are drawn by Zipf's law, so that a few pools hold most of the trades, as in
the books of a real desk. Every figure is drawn as a whole number, so that a seed gives the same
bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from subledger.errors import refuse

Whole = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
Flags = npt.NDArray[np.bool_]

PERIOD = "2026-01"
CURRENCY = "USD"
KINDS = ("instruments", "prices", "trades")  # in the order in which they are imported
INPUTS = ("csv", "parquet")
FEES = ("commission", "exchange_fee", "regulatory_fee")
ACCOUNTS, STRATEGIES = 4, 6

_HOLIDAYS = np.array(["2026-01-01", "2026-01-19", "2026-02-16"], "datetime64[D]")
_DAY = 86_400_000  # milliseconds
_OPEN, _SESSION = 52_200_000, 23_400_000  # 14:30 UTC, and six hours and a half
_CLOSING, _OF = 11, 20  # 55 % of the trades close something
_FLAT_BUYS = 65  # % of the trades that open a position from nothing
_ROUND_LOTS = np.array([1, 1, 5, 10, 10, 50, 100], np.int64)
_VENUES = ("XNAS", "XNYS", "ARCX", "BATS")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a generated book is made from; the same recipe gives the same bytes."""

    trades: int
    instruments: int = 1_000
    books: int = 20
    seed: int = 20_260_131


@dataclass(frozen=True)
class Generated:
    """A generated month: columns of its trades in the order of their execution.

    Amounts are cents, `instrument` and `book` positions among their names, `fees` by their names
    in FEES; `closing` counts the trades that close something.
    """

    recipe: Recipe
    traded: Days
    settles: Days
    moment: Whole  # milliseconds of the day, in UTC
    sequence: Whole
    instrument: Whole
    book: Whole
    venue: Whole
    buys: Flags
    quantity: Whole
    price: Whole
    fees: Mapping[str, Whole]
    last_prices: Whole
    closing: int

    @property
    def gross(self) -> Whole:
        """Return quantity times price of each trade."""
        return self.quantity * self.price

    @property
    def net(self) -> Whole:
        """Return what each trade settles for: fees make a purchase dearer, a sale poorer."""
        return self.gross + np.where(self.buys, self.all_fees, -self.all_fees)

    @cached_property
    def all_fees(self) -> Whole:
        """Return the fees of each trade."""
        fees: Whole = np.sum(list(self.fees.values()), axis=0)
        return fees

    @cached_property
    def trade_ids(self) -> pa.Array:
        """Return the id of each trade: its day and its number on that day."""
        days = pc.replace_substring(iso(self.traded), "-", "")
        numbers = pc.utf8_lpad(pc.cast(pa.array(self.sequence), pa.string()), 7, "0")
        return pc.binary_join_element_wise("T", days, numbers, "-")

    @property
    def instruments(self) -> pa.Array:
        """Return the names of all instruments."""
        return _names("I", self.recipe.instruments)

    @property
    def books(self) -> pa.Array:
        """Return the names of all books."""
        return _names("BOOK", self.recipe.books)

    def tables(self) -> dict[str, pa.Table]:
        """Return a table of each kind of file, typed as a Parquet file would be."""
        count = self.recipe.instruments
        currency = pa.repeat(CURRENCY, count)
        instruments = {
            "instrument": self.instruments,
            "asset_class": pa.repeat("equity", count),
            "currency": currency,
        }
        prices = {
            "date": pa.array(np.repeat(sessions()[-1:], count)),
            "instrument": self.instruments,
            "price": cents(self.last_prices),
            "currency": currency,
            "source": pa.repeat("bench", count),
        }
        return {
            "instruments": pa.table(instruments),
            "prices": pa.table(prices),
            "trades": self._trades(),
        }

    def _trades(self) -> pa.Table:
        count = len(self.quantity)
        settles = pa.array(self.settles)
        executed = self.traded.astype("datetime64[ms]") + self.moment.astype("timedelta64[ms]")
        columns = {
            "trade_id": self.trade_ids,
            "status": pa.repeat("settled", count),
            "trade_date": pa.array(self.traded),
            "settlement_date": settles,
            "settled_date": settles,
            "executed_at": pa.array(executed).cast(pa.timestamp("ms", "UTC")),
            "sequence": pa.array(self.sequence),
            "book": taken(self.books, self.book),
            "broker_account": taken(_names("PB", ACCOUNTS), self.book % ACCOUNTS),
            "strategy": taken(_names("ALGO", STRATEGIES), self.book % STRATEGIES),
            "venue": taken(pa.array(_VENUES), self.venue),
            "instrument": taken(self.instruments, self.instrument),
            "side": taken(pa.array(["sell", "buy"]), self.buys),
            "quantity": pa.array(self.quantity),
            "price": cents(self.price),
            "currency": pa.repeat(CURRENCY, count),
            "gross_amount": cents(self.gross),
            "net_amount": cents(self.net),
        }
        return pa.table(columns | {name: cents(fee) for name, fee in self.fees.items()})

    def write(self, folder: Path, form: str = "csv") -> dict[str, Path]:
        """Write one file of each kind into a folder and return them by kind."""
        folder.mkdir(parents=True, exist_ok=True)
        written = {kind: folder / f"{kind}.{form}" for kind in KINDS}
        unquoted = csv.WriteOptions(quoting_style="none", quoting_header="none")
        for kind, table in self.tables().items():
            if form == "parquet":
                pq.write_table(table, written[kind])
            else:
                csv.write_csv(_with_texts(table), written[kind], unquoted)
        return written


def generate(recipe: Recipe) -> Generated:
    """Generate the trades of a month: longs, shorts, flips, fees in cents; 55 % of them close.

    Every trade is settled, on the next business day or the one after; those of the month's last
    days therefore settle in the next month.

    Raises:
        Refused: NOT_OFFERED when there is not at least one trade.
    """
    if recipe.trades < 1:
        raise refuse(
            "NOT_OFFERED", "a book without trades", column="trades", value=str(recipe.trades)
        )
    rng, days, count = np.random.default_rng(recipe.seed), sessions(), recipe.trades
    base = rng.integers(500, 50_000, recipe.instruments)
    drift = np.cumsum(rng.integers(-120, 125, (len(days), recipe.instruments)), axis=0)
    levels = base * (10_000 + drift) // 10_000
    day = np.arange(count, dtype=np.int64) * len(days) // count
    instrument = _zipf(rng, recipe.instruments, count=count)
    book = _zipf(rng, recipe.books, count=count)
    quantity = rng.integers(1, 61, count) * _ROUND_LOTS[rng.integers(0, len(_ROUND_LOTS), count)]
    buys, closing = _sides(instrument * recipe.books + book, quantity, rng=rng)
    around = levels[day, instrument] * (10_000 + rng.integers(-80, 81, count))
    price = np.maximum(around, 10_000) // 10_000
    fees = {
        "commission": np.maximum(quantity // 2, 35),
        "exchange_fee": quantity * rng.integers(-30, 31, count) // 100,  # below zero: a rebate
        "regulatory_fee": np.where(buys, 0, quantity * price * 278 // 10_000_000 + 1),
    }
    moments = np.sort(day * _DAY + _OPEN + rng.integers(0, _SESSION, count)) - day * _DAY
    return Generated(
        recipe=recipe,
        traded=days[day],
        settles=np.busday_offset(days[day], 1 + (instrument % 5 == 0), holidays=_HOLIDAYS),
        moment=moments,
        sequence=np.arange(count, dtype=np.int64) - np.searchsorted(day, day) + 1,
        instrument=instrument,
        book=book,
        venue=rng.integers(0, len(_VENUES), count),
        buys=buys,
        quantity=quantity,
        price=price,
        fees=fees,
        last_prices=levels[-1],
        closing=closing,
    )


def sessions() -> Days:
    """Return the business days of the period."""
    first, after = np.array([PERIOD, np.datetime64(PERIOD) + 1], "datetime64[D]")
    days: Days = np.arange(first, after)
    return days[np.is_busday(days, holidays=_HOLIDAYS)]


def _zipf(rng: np.random.Generator, size: int, *, count: int) -> Whole:
    """Draw ranks by Zipf's law: rank r comes 1/r as often as the first."""
    bounds = np.cumsum(10**12 // np.arange(1, size + 1, dtype=np.int64))
    return np.searchsorted(bounds, rng.integers(0, bounds[-1], count), side="right")


def _sides(pools: Whole, quantity: Whole, *, rng: np.random.Generator) -> tuple[Flags, int]:
    """Choose buys and sells so that 55 % of the trades oppose what their pool holds.

    A loop, because whether a trade can close depends on all trades of its pool before it; it is
    part of the generation, which no benchmark counts.
    """
    held = [0] * (int(pools.max()) + 1)
    first = (rng.integers(0, 100, len(pools)) < _FLAT_BUYS).tolist()
    buys = bytearray(len(pools))
    closing = 0
    for place, (pool, units) in enumerate(zip(pools.tolist(), quantity.tolist(), strict=True)):
        position = held[pool]
        if position and closing * _OF < _CLOSING * (place + 1):
            buy = position < 0
            closing += 1
        else:
            buy = position > 0 if position else first[place]
        buys[place] = buy
        held[pool] = position + (units if buy else -units)
    return np.frombuffer(buys, np.bool_), closing


def _names(prefix: str, count: int) -> pa.Array:
    width = len(str(count))
    return pa.array([f"{prefix}{number:0{width}}" for number in range(1, count + 1)])


def taken(values: pa.Array, codes: npt.NDArray[np.generic]) -> pa.Array:
    """Return the value of each code."""
    return values.take(pa.array(codes.astype(np.int32)))


def iso(days: Days) -> pa.Array:
    """Return days as texts."""
    return pc.cast(pa.array(days), pa.string())


def cents(amounts: Whole) -> pa.Array:
    """Return whole cents as decimals: 128 bits each, the upper 64 of which hold the sign."""
    words = np.stack([amounts, amounts >> 63], axis=1).astype("<i8")
    buffers = [None, pa.py_buffer(words.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(amounts), buffers)


def _with_texts(table: pa.Table) -> pa.Table:
    """Return a table with its instants as a CSV file shows them: ISO 8601 with their offset."""
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            moments = pc.cast(pc.cast(table[place], pa.timestamp("ms")), pa.string())
            texts = pc.binary_join_element_wise(pc.replace_substring(moments, " ", "T"), "Z", "")
            table = table.set_column(place, field.name, texts)
    return table
