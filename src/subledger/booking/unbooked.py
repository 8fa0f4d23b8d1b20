"""What a booking leaves in doubt: trades refused, prices and rates missing or stale; rates used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from subledger.booking.excepting import doubts_table, refused_rows
from subledger.booking.inputs import Terms
from subledger.booking.revaluing import Doubt
from subledger.booking.trading import Traded
from subledger.columns import Codes, Days, Texts, concatenate, days, group_codes, numbers, texts
from subledger.conversion import Conversions
from subledger.lots.engine import REFUSAL_CODES
from subledger.numbers import group_sums
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
    """Where doubts come from: marks, currencies without a rate, and what is open at the end.

    `unpriced` and `stale` name instruments. `held` are the lots, balances and items open at the
    end, each table with its column currency.
    """

    unpriced: Sequence[Doubt]
    stale: Sequence[Doubt]
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
    basis, base = terms.policy.name, terms.policy.base_currency
    words = (
        ("MISSING_PRICE", given.unpriced, "no price on or before"),
        ("STALE_PRICE", given.stale, "the latest price is older than the last session before"),
        ("MISSING_RATE", given.unrated, "no exchange rate on or before"),
        ("STALE_RATE", stale, "the latest exchange rate is too old on"),
    )
    parts = [
        doubts_table(basis, code, doubts=list(found), words=text, base=base)
        for code, found, text in words
    ]
    return Found(concatenate(EXCEPTIONS, parts), used)


def engine_refusals(traded: Traded, basis: str) -> pa.Table:
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
                message=Texts.repeated(_REFUSED[code], part.num_rows),
            )
        )
    return concatenate(EXCEPTIONS, parts)


def _used(
    given: Doubts, entries: pa.Table, *, lines: pa.Table, rates: Conversions
) -> tuple[pa.Table, list[Doubt]]:
    """Return the CONVERSIONS of every line's currency and day, and the stale ones as doubts."""
    table = rates.table
    on, currency, amount = _line_pairs(entries, lines, base=rates.base)
    codes, first = group_codes([on, currency])
    sums = group_sums(codes, np.maximum(amount, 0), len(first))
    named = zip(on[first].astype(str).tolist(), currency[first], strict=True)
    at_risk = dict(zip(named, sums.tolist(), strict=True))
    held = _held_currencies(given)
    pairs = {(str(day), name) for day in given.mark_dates for name in held} | set(at_risk)
    keys = list(zip(days(table, "date").astype(str), texts(table, "currency"), strict=True))
    chosen = table.filter(pa.array([key in pairs for key in keys], pa.bool_()))
    stale = chosen.filter(chosen["stale"])
    dates, names = days(stale, "date"), texts(stale, "currency")
    found = [
        (day, name, at_risk.get((str(day), name), 0))
        for day, name in zip(dates, names, strict=True)
    ]
    return chosen, found


def _line_pairs(entries: pa.Table, lines: pa.Table, *, base: str) -> tuple[Days, Texts, np.ndarray]:
    """Return date, currency and base amount of each line in foreign currency that a rule made."""
    currency = texts(lines, "currency")
    foreign = currency != base
    ruled = np.flatnonzero(foreign)
    ruled = ruled[texts(lines, "slot")[ruled] != ""]
    rows: Codes = numbers(lines, "seq")[ruled].astype(np.intp)
    on = days(entries, "accounting_date")[rows]
    return on, currency[ruled], numbers(lines, "amount_base")[ruled]


def _held_currencies(given: Doubts) -> set[str]:
    found: set[str] = set()
    return found.union(*(texts(table, "currency").distinct() for table in given.held))
