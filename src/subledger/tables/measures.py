"""The measures of entries by family, and the columns in which MEASURES holds them.

The order of the names is that of the columns, which the hash of a table covers: a new measure is
added at the end of its family, with the version of the schema from which on it is known. A column
that came later than version 1 is declared by `added(version, ...)`, so that rows sealed before
are read with zeros there; columns are added and never renamed, moved or taken away. All columns of
one release share one version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pyarrow as pa

from subledger.tables.declaring import FEES, added, base, money

# Each name with the version of the schema from which on MEASURES has its columns.
_OF_TRADES = {
    "gross": 1,
    **dict.fromkeys(FEES, 1),
    "rebate": 1,
    "fees": 1,
    "translated_fees": 2,
    "net": 1,
    "settlement_net": 2,
    "traded": 2,
    "cost": 1,
    "proceeds": 1,
    "cost_moved": 2,
    "cost_relieved": 1,
    "interbook_cost": 1,
    "realised_price": 1,
    "realised_fx": 1,
    "mark_released": 1,
    "mark_fx_released": 1,
}
_OF_MARKS = {
    "mark_change": 1,
    "mark_fx_change": 1,
}
_OF_DIVIDENDS = {
    "withheld": 2,
    "reclaimable": 2,
}
_OF_SETTLEMENTS = {
    "amount": 1,
    "paid": 2,
    "difference": 2,
}
_OF_MONEY = {
    "fx_gain": 2,
    "revaluation": 2,
    "revaluation_released": 2,
}
# What leaves one lot and enters another, so that it sums to zero over an entry.
_OF_ACTIONS = {
    "mark_moved": 3,
    "mark_fx_moved": 3,
}
_SINCE: Mapping[str, int] = {
    **_OF_TRADES,
    **_OF_MARKS,
    **_OF_DIVIDENDS,
    **_OF_SETTLEMENTS,
    **_OF_MONEY,
    **_OF_ACTIONS,
}

MEASURE_NAMES: tuple[str, ...] = tuple(_SINCE)


def measure_columns() -> tuple[pa.Field, ...]:
    """Return two columns per measure: all in the row's currency, then all in base (`_base`)."""
    return (*_columns(money, ""), *_columns(base, "_base"))


def _columns(declare: Callable[[str], pa.Field], suffix: str) -> Iterator[pa.Field]:
    for name, since in _SINCE.items():
        field = declare(f"{name}{suffix}")
        yield field if since == 1 else added(since, field)
