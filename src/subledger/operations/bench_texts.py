"""The generated book as text for other programs: the same accounting, two entries per trade.

Each book and instrument has its account. For beancount a disposal names the lots that our engine
relieved (cost, date and trade), so that bean-check proves both the lots and the gains; hledger and
ledger, which know no such lots, get the same postings as amounts at cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.operations.bench_book import (
    ACCOUNTS,
    CURRENCY,
    FEES,
    Generated,
    Whole,
    cents,
    iso,
    taken,
)
from subledger.operations.bench_lots import Gains, engine_trades, lots_and_gains

METHOD = "FIFO"
_SECURITIES, _CASH = "Assets:Securities:", "Assets:Cash:"
_UNSETTLED, _GAINS = "Liabilities:Unsettled:", "Income:Realised:"
_CHUNK = 100_000  # trades whose text is held at once
_EXPENSES = dict(
    zip(FEES, ("Expenses:Commissions", "Expenses:Exchange", "Expenses:Regulatory"), strict=True)
)
_LINES = 16  # places of a trade's lines in its text

Pieces = list[tuple[Whole, int, pa.Array]]  # trades, place in the trade's text, lines


@dataclass(frozen=True)
class Postings:
    """A generated book with what our engine makes of it, and a name for every account."""

    book: Generated
    gains: Gains
    ids: pa.Array
    security: pa.Array  # of each trade: its account of securities
    instrument: pa.Array
    owner: pa.Array  # the broker account
    desk: pa.Array  # the book

    def header(self, trades: Whole) -> pa.Array:
        """Return the first lines of the entries of the trade date."""
        return _line(iso(self.book.traded[trades]), ' * "', _of(self.ids, trades), '"')

    def settlement(self, trades: Whole) -> pa.Array:
        """Return the first lines of the entries of settlement."""
        days = iso(self.book.settles[trades])
        return _line("\n", days, ' * "', _of(self.ids, trades), '"')


def postings_of(book: Generated) -> Postings:
    """Relieve the lots of a book, FIFO, and name its accounts."""
    gains = lots_and_gains(engine_trades(book, METHOD))
    desk, instrument = taken(book.books, book.book), taken(book.instruments, book.instrument)
    owner = pc.cast(pa.array(book.book % ACCOUNTS + 1), pa.string())
    return Postings(
        book=book,
        gains=gains,
        ids=book.trade_ids,
        security=_joined(_SECURITIES, desk, ":", instrument),
        instrument=instrument,
        owner=_joined("PB", owner),
        desk=desk,
    )


def write_beancount(postings: Postings, path: Path) -> None:
    """Write a book as beancount reads it: units at cost, each lot by its trade."""
    accounts = pc.unique(postings.security).to_pylist()
    owners = pc.unique(postings.owner).to_pylist()
    accounts += [f"{name}{owner}" for owner in owners for name in (_CASH, _UNSETTLED)]
    accounts += [f"{name}:{owner}" for owner in owners for name in _EXPENSES.values()]
    accounts += [f"{_GAINS}{desk}" for desk in pc.unique(postings.desk).to_pylist()]
    booked = (f' "{METHOD}"' if name.startswith(_SECURITIES) else "" for name in accounts)
    lines = sorted(f"1970-01-01 open {n}{b}\n" for n, b in zip(accounts, booked, strict=True))
    opened = "".join(lines)
    _write(postings, path, head=opened + "\n", securities=_units)


def write_ledger(postings: Postings, path: Path) -> None:
    """Write a book as hledger and ledger read it: amounts at cost."""
    _write(postings, path, head="", securities=_amounts)


def _write(
    postings: Postings,
    path: Path,
    *,
    head: str,
    securities: Callable[[Postings, range], Pieces],
) -> None:
    with path.open("wb") as file:
        file.write(head.encode())
        for start in range(0, len(postings.book.quantity), _CHUNK):
            some = range(start, min(start + _CHUNK, len(postings.book.quantity)))
            pieces = [*securities(postings, some), *_money(postings, some)]
            file.writelines(_in_order(pieces))


def _in_order(pieces: Pieces) -> Iterator[bytes]:
    """Yield the text of some trades, its lines in order."""
    keys = np.concatenate([trades * _LINES + place for trades, place, _ in pieces])
    lines = pa.concat_arrays([text for _, _, text in pieces])
    text = lines.take(pa.array(np.argsort(keys, kind="stable")))
    ends = np.frombuffer(text.buffers()[1], np.int32, len(text) + 1, text.offset * 4)
    yield text.buffers()[2].to_pybytes()[ends[0] : ends[-1]]


def _units(postings: Postings, some: range) -> Pieces:
    """Return the lines of securities as units at cost, each disposal lot by lot."""
    legs, reliefs, lots = (getattr(postings.gains.relieved, n) for n in ("legs", "reliefs", "lots"))
    first, last = np.searchsorted(legs.trade[reliefs.leg], [some.start, some.stop])
    part = slice(first, last)
    leg = reliefs.leg[part]
    closing = (leg, -legs.side[leg] * reliefs.quantity[part], lots.trade[reliefs.lot[part]])
    opening = np.flatnonzero(legs.opens & (legs.trade >= some.start) & (legs.trade < some.stop))
    made = (opening, legs.side[opening] * legs.quantity[opening], legs.trade[opening])
    pieces: Pieces = []
    for place, (rows, units, lot) in ((1, closing), (2, made)):
        trades = legs.trade[rows]
        text = _line(
            *("  ", _of(postings.security, trades), "  ", pc.cast(pa.array(units), pa.string())),
            *(" ", _of(postings.instrument, trades), " {", _cents(postings.book.price[lot])),
            *(f" {CURRENCY}, ", iso(postings.book.traded[lot]), ', "', _of(postings.ids, lot)),
            '"}',
        )
        pieces.append((trades, place, text))
    return pieces


def _amounts(postings: Postings, some: range) -> Pieces:
    """Return the lines of securities as amounts at cost: one per leg."""
    legs = postings.gains.relieved.legs
    closing, gain = _of_trades(postings, some)
    opening = np.flatnonzero(legs.opens & (legs.trade >= some.start) & (legs.trade < some.stop))
    # What is sold of a long, or bought back of a short, leaves at its cost: gross less the gain.
    cost = legs.side[closing] * gain - legs.gross[closing]
    pieces: Pieces = []
    for place, rows, amounts in (
        (1, closing, legs.side[closing] * cost),
        (2, opening, legs.side[opening] * legs.gross[opening]),
    ):
        trades = legs.trade[rows]
        pieces.append((trades, place, _posting(_of(postings.security, trades), amounts)))
    return pieces


def _of_trades(postings: Postings, some: range) -> tuple[Whole, Whole]:
    """Return the closing legs of some trades, and their gains."""
    legs, gains = postings.gains.relieved.legs, postings.gains
    chosen = slice(*np.searchsorted(legs.trade[gains.leg], [some.start, some.stop]))
    return gains.leg[chosen], gains.gain[chosen]


def _money(postings: Postings, some: range) -> Pieces:
    """Return the lines of some trades that every program reads alike."""
    book, trades = postings.book, np.arange(some.start, some.stop, dtype=np.int64)
    legs = postings.gains.relieved.legs
    owner = _of(postings.owner, trades)
    owed = np.where(book.buys, -book.net, book.net)[some.start : some.stop]
    unsettled = _joined(_UNSETTLED, owner)
    pieces: Pieces = [
        (trades, 0, postings.header(trades)),
        (trades, 8, _posting(unsettled, owed)),
        (trades, 9, postings.settlement(trades)),
        (trades, 10, _posting(unsettled, -owed)),
        (trades, 11, _joined(_posting(_joined(_CASH, owner), owed), "\n")),
    ]
    for place, (name, account) in enumerate(_EXPENSES.items(), 3):
        paid = trades[book.fees[name][some.start : some.stop] != 0]
        accounts = _joined(f"{account}:", _of(postings.owner, paid))
        pieces.append((paid, place, _posting(accounts, book.fees[name][paid])))
    leg, gain = _of_trades(postings, some)
    closing = legs.trade[leg[gain != 0]]
    accounts = _joined(_GAINS, _of(postings.desk, closing))
    pieces.append((closing, 6, _posting(accounts, -gain[gain != 0])))
    return pieces


def _posting(accounts: pa.Array, amounts: Whole) -> pa.Array:
    return _line("  ", accounts, "  ", _cents(amounts), f" {CURRENCY}")


def _cents(amounts: Whole) -> pa.Array:
    return pc.cast(cents(amounts), pa.string())


def _of(values: pa.Array, rows: Whole) -> pa.Array:
    return values.take(pa.array(rows))


def _line(*parts: pa.Array | str) -> pa.Array:
    return _joined(*parts, "\n")


def _joined(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


WRITERS = {"beancount": write_beancount, "ledger": write_ledger}
