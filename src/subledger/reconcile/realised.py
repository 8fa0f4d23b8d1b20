"""What the broker says each closing trade realised, against what our lots say it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Context, Decimal, Inexact
from typing import NamedTuple

import pyarrow as pa

from subledger.columns import group_codes, numbers, texts
from subledger.numbers import group_sums, to_decimal
from subledger.statements.report import Report, number_text
from subledger.tables import text

# Differences of amounts are exact, or they raise.
_EXACT = Context(prec=120, traps=[Inexact])

AGREES, DIFFERS, NOT_BOOKED, NOT_STATED = "agrees", "differs", "not booked", "not stated"
INCONSISTENT = "broker inconsistent"

SCHEMA = pa.schema(
    [
        text("trade_id"),
        text("instrument"),
        text("currency"),
        text(
            "result",
            "agrees, differs, broker inconsistent, not booked (by us), not stated (by the broker)",
        ),
        number_text("ours"),
        number_text("theirs"),
        number_text("difference"),
        number_text("theirs_by_rows"),
    ]
)


class Realised(NamedTuple):
    """A realised gain in the currency of its trade.

    `by_rows` is another gain, where the broker's own rows of the lots give another one than the
    broker states; None where they do not, and of ours.
    """

    trade_id: str
    instrument: str
    currency: str
    gain: Decimal
    by_rows: Decimal | None = None


def realised_by_us(reliefs: Iterable[pa.Table], decimals: Mapping[str, int]) -> list[Realised]:
    """Return the gain of each trade that relieved lots, from RELIEFS of several periods."""
    table = pa.concat_tables(list(reliefs))
    codes, first = group_codes([texts(table, "trade_id")])
    gains = group_sums(codes, numbers(table, "gain"), len(first))
    trades, instruments = texts(table, "trade_id")[first], texts(table, "instrument")[first]
    currencies = texts(table, "currency")[first]
    rows = zip(trades, instruments, currencies, gains.tolist(), strict=True)
    return [
        Realised(trade, instrument, currency, to_decimal(gain, decimals[currency]))
        for trade, instrument, currency, gain in rows
    ]


def compare_realised(
    ours: Sequence[Realised], theirs: Sequence[Realised], *, tolerance: Decimal
) -> Report:
    """Return every closing trade that either side knows, with both gains and their difference.

    A difference up to the tolerance, in the trade's currency, agrees. Where the broker states one
    gain and its own rows give another, and ours is within the tolerance of either, the result is
    that the broker is inconsistent, however little the two are apart.
    """
    known, stated = {one.trade_id: one for one in ours}, {one.trade_id: one for one in theirs}
    rows = []
    for trade in sorted(known.keys() | stated.keys()):
        we, they = known.get(trade), stated.get(trade)
        one = we or stated[trade]
        difference = _EXACT.subtract(we.gain, they.gain) if we and they else None
        by_rows = they.by_rows if they else None
        rows.append(
            {
                "trade_id": trade,
                "instrument": one.instrument,
                "currency": one.currency,
                "result": _result(we, they, tolerance=tolerance),
                "ours": _plain(we.gain if we else None),
                "theirs": _plain(they.gain if they else None),
                "difference": _plain(difference),
                "theirs_by_rows": _plain(by_rows),
            }
        )
    columns = {name: [row[name] for row in rows] for name in SCHEMA.names}
    return Report(
        "reconcile", "Realised gains, ours against the broker's", pa.table(columns, SCHEMA)
    )


def _result(ours: Realised | None, theirs: Realised | None, *, tolerance: Decimal) -> str:
    """Return the result of one trade, which at least one side knows."""
    if ours is None:
        return NOT_BOOKED
    if theirs is None:
        return NOT_STATED
    stated = [theirs.gain] if theirs.by_rows is None else [theirs.gain, theirs.by_rows]
    if all(abs(_EXACT.subtract(ours.gain, gain)) > tolerance for gain in stated):
        return DIFFERS
    return AGREES if theirs.by_rows is None else INCONSISTENT


def _plain(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")
