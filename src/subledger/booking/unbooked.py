"""What a booking leaves in doubt: trades refused, prices and rates missing or stale; rates used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger.booking.excepting import doubts_table, refused_rows
from subledger.booking.inputs import Terms
from subledger.booking.marking import Marked
from subledger.booking.revaluing import Doubt
from subledger.booking.trading import Traded
from subledger.columns import Codes, Days, Texts, concatenate, days, group_codes, numbers, texts
from subledger.conversion import Conversions
from subledger.lots.engine import REFUSAL_CODES
from subledger.numbers import exact_sum
from subledger.tables import EXCEPTIONS

_REFUSED = {
    "OVER_CLOSE": "position_effect close goes beyond the open quantity",
    "SHORT_NOT_ALLOWED": "the sale goes beyond the position and shorts are not allowed",
    "LOT_UNKNOWN": "a lot that the trade names is not open, or has fewer units",
    "LOTS_MISMATCH": "the named lots do not add up to the quantity that is closed",
    "LOTS_NOT_NAMED": "specific identification needs named lots where several are open",
}


@dataclass(frozen=True, slots=True)
class Doubts:
    """Where doubts come from: trades, marks, currencies without a rate, and balances at the end.

    `held` are the balances and items open at the end, each table with its column currency.
    """

    traded: Traded
    marked: Marked
    unrated: Sequence[Doubt]
    mark_dates: Days
    held: Sequence[pa.Table]


@dataclass(frozen=True, slots=True)
class Found:
    """EXCEPTIONS of a booking, and the CONVERSIONS that it used."""

    exceptions: pa.Table
    conversions: pa.Table


def doubts(
    given: Doubts, entries: pa.Table, *, lines: pa.Table, terms: Terms, rates: Conversions
) -> Found:
    """Return what is in doubt after booking ENTRIES and LINES."""
    used, stale = _used(given, entries, lines=lines, rates=rates)
    marked, basis, base = given.marked, terms.policy.name, terms.policy.base_currency
    words = (
        ("MISSING_PRICE", marked.unpriced, "no price on or before"),
        ("STALE_PRICE", marked.stale, "the latest price is older than the last session before"),
        ("MISSING_RATE", [*marked.unrated, *given.unrated], "no exchange rate on or before"),
        ("STALE_RATE", stale, "the latest exchange rate is too old on"),
    )
    parts = [
        doubts_table(basis, code, doubts=list(found), words=text, base=base)
        for code, found, text in words
    ]
    return Found(concatenate(EXCEPTIONS, [_engine_refusals(given.traded, basis), *parts]), used)


def _engine_refusals(traded: Traded, basis: str) -> pa.Table:
    """Return EXCEPTIONS of the trades that the lot engine refused."""
    refused = traded.relieved.refused
    parts = []
    for reason, code in REFUSAL_CODES.items():
        part = traded.trades.take(np.flatnonzero(refused == reason))
        parts.append(
            refused_rows(
                part,
                basis=basis,
                code=code,
                keys={"event": "trade_id", "date": "accounting_date", "amount": "net"},
                message=np.full(part.num_rows, _REFUSED[code], dtype=object),
            )
        )
    return concatenate(EXCEPTIONS, parts)


def _used(
    given: Doubts, entries: pa.Table, *, lines: pa.Table, rates: Conversions
) -> tuple[pa.Table, list[Doubt]]:
    """Return the CONVERSIONS of every line's currency and day, and the stale ones as doubts."""
    table = rates.table
    on, currency, amount = _line_pairs(entries, lines)
    held = _held_currencies(given)
    pairs = {(str(day), name) for day in given.mark_dates for name in held} | set(
        zip(on.astype(str), currency, strict=True)
    )
    keys = list(zip(days(table, "date").astype(str), texts(table, "currency"), strict=True))
    chosen = table.filter(pa.array([key in pairs for key in keys], pa.bool_()))
    codes, first = group_codes([on, currency])
    at_risk: dict[tuple[str, str], int] = {}
    for number, row in enumerate(first):
        own = np.maximum(amount[codes == number], 0)
        at_risk[str(on[row]), currency[row]] = exact_sum(own)
    stale = chosen.filter(chosen["stale"])
    dates, names = days(stale, "date"), texts(stale, "currency")
    found = [
        (day, name, at_risk.get((str(day), name), 0))
        for day, name in zip(dates, names, strict=True)
    ]
    return chosen, found


def _line_pairs(entries: pa.Table, lines: pa.Table) -> tuple[Days, Texts, np.ndarray]:
    """Return date, currency and base amount of each line that a rule made."""
    rows: Codes = numbers(lines, "seq").astype(np.intp)
    ruled = np.flatnonzero(texts(lines, "slot") != "")
    on = days(entries, "accounting_date")[rows[ruled]]
    return on, texts(lines, "currency")[ruled], numbers(lines, "amount_base")[ruled]


def _held_currencies(given: Doubts) -> set[str]:
    lots = given.traded.relieved.lots
    held = given.traded.facts.currency[lots.opened > lots.closed]
    return set(held).union(*(texts(table, "currency") for table in given.held))
