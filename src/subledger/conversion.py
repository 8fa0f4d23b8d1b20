"""Amounts of one currency in another: applies CONVERSIONS to columns of amounts.

A conversion is one rational number, so a cross of two of them is rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from subledger.columns import Codes, Days, Flags, Texts, days, flags, group_codes, texts
from subledger.errors import InvariantError
from subledger.numbers import Int64Array, ratio_columns


@dataclass(frozen=True, slots=True)
class _Factor:
    """What one ledger unit of a currency is worth in those of the base currency."""

    numerator: int
    denominator: int
    stale: bool


_ITSELF = _Factor(1, 1, stale=False)


class Conversions:
    """The conversions of a run, by currency and date; the base currency is always known.

    Amounts are ledger units of their own currency, before and after; every result is rounded once,
    half to even. A currency without a conversion on a date raises InvariantError: screening has
    asked `known` before.
    """

    def __init__(self, table: pa.Table, base: str) -> None:
        """Take CONVERSIONS and the base currency that its rows lead to."""
        self.table = table
        self.base = base
        self._factors: Mapping[tuple[str, date], _Factor] = {
            (currency, on): _Factor(int(numerator), int(denominator), stale=bool(stale))
            for currency, on, numerator, denominator, stale in zip(
                texts(table, "currency"),
                days(table, "date").tolist(),
                texts(table, "numerator"),
                texts(table, "denominator"),
                flags(table, "stale"),
                strict=True,
            )
        }

    def factors(self, currency: str, on: date) -> tuple[int, int]:
        """Return numerator and denominator: base units = units * numerator / denominator."""
        factor = self._found(currency, on)
        if factor is None:
            raise InvariantError(f"no rate of {currency} on {on} passed the screening")
        return factor.numerator, factor.denominator

    def known(self, currencies: Texts, dates: Days) -> Flags:
        """Say row by row whether an amount of the currency can be converted on the date."""
        return self._each(currencies, dates, says=lambda factor: factor is not None)

    def stale(self, currencies: Texts, dates: Days) -> Flags:
        """Say row by row whether the conversion is known and rests on a stale rate."""
        return self._each(currencies, dates, says=lambda factor: bool(factor and factor.stale))

    def to_base(self, amounts: Int64Array, currencies: Texts, *, dates: Days) -> Int64Array:
        """Return amounts in the base currency; raise NumberOverflow beyond 64 bits."""
        same = Texts.repeated(self.base, len(amounts))
        return self.cross(amounts, currencies, to_currencies=same, dates=dates)

    def cross(
        self, amounts: Int64Array, from_currencies: Texts, *, to_currencies: Texts, dates: Days
    ) -> Int64Array:
        """Return amounts in other currencies, each at the two conversions of its date.

        Where every currency stays the same, they are the amounts given, not a copy.
        Raises NumberOverflow beyond 64 bits.
        """
        changed = np.flatnonzero(from_currencies != to_currencies)
        if not len(changed):
            return amounts
        result = np.array(amounts, np.int64)
        left, right, on = from_currencies[changed], to_currencies[changed], dates[changed]
        codes, first = group_codes([left, right, on])
        for rows, one in zip(_rows_of(codes, len(first)), first, strict=True):
            day = on[one].item()
            above, below = self.factors(left[one], day)
            divided, multiplied = self.factors(right[one], day)
            chosen = changed[rows]
            result[chosen] = ratio_columns(result[chosen], above * multiplied, below * divided)
        return result

    def _found(self, currency: str, on: date) -> _Factor | None:
        return _ITSELF if currency == self.base else self._factors.get((currency, on))

    def _each(
        self, currencies: Texts, dates: Days, *, says: Callable[[_Factor | None], bool]
    ) -> Flags:
        result = np.full(len(currencies), says(_ITSELF), dtype=bool)
        foreign = np.flatnonzero(currencies != self.base)
        names, on = currencies[foreign], dates[foreign]
        codes, first = group_codes([names, on])
        answers = [says(self._found(names[row], on[row].item())) for row in first]
        result[foreign] = np.array(answers, bool)[codes]
        return result


def _rows_of(codes: Codes, count: int) -> list[Codes]:
    """Return the rows of each group, by one sort rather than one search per group."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.searchsorted(codes[order], np.arange(1, count))) if count else []
