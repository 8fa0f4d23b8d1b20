"""The exchange rate of a date: direct, else inverse, else through the pivot; fresh before stale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import gcd
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from subledger.columns import Days, build, days, group_codes, numbers, texts
from subledger.numbers import Int64Array, ratio_text
from subledger.tables import CONVERSIONS

RATE_DIGITS = 8  # of a rate as people read it; what is booked is the exact ratio


@dataclass(frozen=True, slots=True)
class RateTerms:
    """What a conversion depends on beside the rates.

    Attributes:
        base: The base currency, into which is converted.
        pivot: The currency that cross rates go through; "" when none is named.
        max_age: Days after which a rate is stale.
        decimals: Decimals of the ledger unit by currency.
    """

    base: str
    pivot: str
    max_age: int
    decimals: Mapping[str, int]


class _Observed(NamedTuple):
    """The rates of one pair, one base = rate quote, in order of their dates."""

    days: Days
    mantissa: Int64Array
    scale: Int64Array
    source: Sequence[str]


class _Rate(NamedTuple):
    """What one unit of a currency is worth in another: an exact ratio, and where it is from."""

    numerator: int
    denominator: int
    path: str
    on: date  # of the oldest rate used
    source: str


_Pairs: TypeAlias = Mapping[tuple[str, str], _Observed]


def conversions_on(
    rates: pa.Table, dates: Sequence[date], *, currencies: Sequence[str], terms: RateTerms
) -> pa.Table:
    """Return CONVERSIONS: one row per date and currency for which any rate is known.

    The rate of a date is the latest on or before it. A pair is looked up as it is quoted, else
    inverted; without a fresh one both halves through the pivot; and only then among stale ones, in
    the same order. A cross is as old as the older of its halves. The base currency has no row.

    Args:
        rates: RATES, the latest version of each date and pair.
        dates: The days on which amounts are converted.
        currencies: What they are converted from.
        terms: Base currency, pivot, greatest age and decimals.
    """
    on = np.unique(np.array(dates, "datetime64[D]"))
    foreign = sorted(set(currencies) - {terms.base})
    pairs = _pairs(rates, {*foreign, terms.base, terms.pivot})
    found = {name: _rates(pairs, name, on=on, terms=terms) for name in foreign}
    rows = [
        _row(day, currency, rate=rate, terms=terms)
        for place, day in enumerate(on.tolist())
        for currency in foreign
        if (rate := found[currency][place]) is not None
    ]
    names = CONVERSIONS.schema.names
    return build(CONVERSIONS, {name: [row[name] for row in rows] for name in names})


def _pairs(rates: pa.Table, wanted: set[str]) -> _Pairs:
    """Return the observed rates between the wanted currencies by base and quote."""
    left, right = texts(rates, "base"), texts(rates, "quote")
    chosen = np.flatnonzero([b in wanted and q in wanted for b, q in zip(left, right, strict=True)])
    codes, first = group_codes([left[chosen], right[chosen]])
    observed = days(rates, "date")
    order = chosen[np.lexsort((observed[chosen], codes))]
    mantissa, scale = numbers(rates, "rate_mantissa"), numbers(rates, "rate_scale")
    source = texts(rates, "source")
    ends = np.cumsum(np.bincount(codes, minlength=len(first)))
    return {
        (left[chosen[row]], right[chosen[row]]): _Observed(
            observed[rows], mantissa[rows], scale[rows], source[rows].tolist()
        )
        for row, rows in zip(first, np.split(order, ends[:-1]), strict=False)
    }


def _rates(pairs: _Pairs, currency: str, *, on: Days, terms: RateTerms) -> list[_Rate | None]:
    """Return the rate of a currency in base on each date, None where there is none."""
    straight = _between(pairs, (currency, terms.base), on=on, max_age=terms.max_age)
    if terms.pivot in {"", currency, terms.base}:
        return straight
    halves = zip(
        _between(pairs, (currency, terms.pivot), on=on, max_age=terms.max_age),
        _between(pairs, (terms.pivot, terms.base), on=on, max_age=terms.max_age),
        strict=True,
    )
    crossed = [_crossed(first, second) for first, second in halves]
    return [
        _fresher([one, other], day, max_age=terms.max_age)
        for one, other, day in zip(straight, crossed, on.tolist(), strict=True)
    ]


def _between(pairs: _Pairs, pair: tuple[str, str], *, on: Days, max_age: int) -> list[_Rate | None]:
    """Return the rate of a pair on each date, as it is quoted or inverted."""
    quoted = _latest(pairs.get(pair), pair, on=on)
    inverse = [_inverted(rate) for rate in _latest(pairs.get(pair[::-1]), pair[::-1], on=on)]
    return [
        _fresher([one, other], day, max_age=max_age)
        for one, other, day in zip(quoted, inverse, on.tolist(), strict=True)
    ]


def _latest(observed: _Observed | None, pair: tuple[str, str], *, on: Days) -> list[_Rate | None]:
    if observed is None:
        return [None] * len(on)
    rows = np.searchsorted(observed.days, on, side="right") - 1
    return [None if row < 0 else _quoted(observed, row, pair=pair) for row in rows.tolist()]


def _quoted(observed: _Observed, row: int, *, pair: tuple[str, str]) -> _Rate:
    day: date = observed.days[row].item()
    return _Rate(
        int(observed.mantissa[row]),
        10 ** int(observed.scale[row]),
        f"{pair[0]}/{pair[1]} {day}",
        day,
        observed.source[row],
    )


def _inverted(rate: _Rate | None) -> _Rate | None:
    if rate is None:
        return None
    return _Rate(rate.denominator, rate.numerator, f"1/({rate.path})", rate.on, rate.source)


def _crossed(first: _Rate | None, second: _Rate | None) -> _Rate | None:
    if first is None or second is None:
        return None
    return _Rate(
        first.numerator * second.numerator,
        first.denominator * second.denominator,
        f"{first.path} * {second.path}",
        min(first.on, second.on),
        ", ".join(dict.fromkeys(source for source in (first.source, second.source) if source)),
    )


def _fresher(ways: Sequence[_Rate | None], day: date, *, max_age: int) -> _Rate | None:
    """Return the first way that is fresh, else the first there is."""
    known = [way for way in ways if way is not None]
    fresh = [way for way in known if not _stale(way, day, max_age=max_age)]
    return next(iter([*fresh, *known]), None)


def _stale(rate: _Rate, day: date, *, max_age: int) -> bool:
    return (day - rate.on).days > max_age


def _row(day: date, currency: str, *, rate: _Rate, terms: RateTerms) -> dict[str, object]:
    """Return a row of CONVERSIONS, with the decimals of both ledger units in its ratio."""
    numerator = rate.numerator * 10 ** terms.decimals[terms.base]
    denominator = rate.denominator * 10 ** terms.decimals[currency]
    shared = gcd(numerator, denominator)
    return {
        "date": day,
        "currency": currency,
        "numerator": str(numerator // shared),
        "denominator": str(denominator // shared),
        "rate": ratio_text(rate.numerator, rate.denominator, RATE_DIGITS),
        "path": rate.path,
        "rate_date": rate.on,
        "source": rate.source,
        "stale": _stale(rate, day, max_age=terms.max_age),
    }
