"""Cash that comes and goes by itself: capital, its later payment, interest, fees and the like."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import CASH, Amounts, Drafts, dimensions, translated
from subledger.chart.measures import CASH_KINDS
from subledger.columns import Codes, Days, Texts, days, numbers, texts
from subledger.conversion import Conversions
from subledger.numbers import subtract_columns

CAPITAL = ("contribution", "withdrawal")


def cash_drafts(cash: pa.Table, *, rates: Conversions) -> list[Drafts]:
    """Return drafts of screened DATED_CASH that settles no dividend."""
    kind, stage = texts(cash, "kind"), texts(cash, "stage")
    later = days(cash, "settled_date") != days(cash, "date")
    settled = Texts.either(later, "later", "at_once")
    received = Texts.either(numbers(cash, "amount") > 0, "receive", "pay")
    paid = stage == "capital_settlement"
    capital = [
        _of_event(
            cash,
            np.flatnonzero((kind == name) & ~paid),
            event=name,
            cells={"settled": settled},
            rates=rates,
        )
        for name in CAPITAL
    ]
    # Dividends and withholding are here only where no event is known.
    others = np.flatnonzero(kind.isin(CASH_KINDS))
    cells = {"kind": kind, "direction": received}
    return [
        *capital,
        _paid_later(cash, np.flatnonzero(paid), rates=rates),
        _of_event(cash, others, event="cash", cells=cells, rates=rates),
    ]


def _of_event(
    cash: pa.Table,
    rows: Codes,
    *,
    event: str,
    cells: Mapping[str, Texts],
    rates: Conversions,
) -> Drafts:
    part = cash.take(rows)
    on = days(part, "accounting_date")
    amount = translated(
        np.abs(numbers(part, "amount")), texts(part, "currency"), on=on, rates=rates
    )
    return _drafts(
        part,
        event,
        cells={name: values[rows] for name, values in cells.items()},
        activity=days(part, "date"),
        amounts={"amount": amount},
    )


def _paid_later(cash: pa.Table, rows: Codes, *, rates: Conversions) -> Drafts:
    """Return drafts of capital that is paid after its notice, at the rate of the notice."""
    part = cash.take(rows)
    currency, sum_ = texts(part, "currency"), np.abs(numbers(part, "amount"))
    amount = translated(sum_, currency, on=days(part, "told_on"), rates=rates)
    paid = translated(sum_, currency, on=days(part, "accounting_date"), rates=rates)
    receives = texts(part, "kind") == "contribution"
    sign = np.where(receives, 1, -1)
    gain = sign * subtract_columns(paid.base, amount.base)
    return _drafts(
        part,
        "capital_settlement",
        cells={"direction": Texts.either(receives, "receive", "pay")},
        activity=days(part, "settled_date"),
        amounts={"amount": amount, "paid": paid, "fx_gain": Amounts.base_only(gain)},
    )


def _drafts(
    part: pa.Table,
    event: str,
    *,
    cells: Mapping[str, Texts],
    activity: Days,
    amounts: Mapping[str, Amounts],
) -> Drafts:
    count = part.num_rows
    words = {name: texts(part, name) for name in ("memo", "reference")}
    return Drafts(
        event=event,
        kind="normal",
        day_order=CASH,
        cells=cells,
        event_id=texts(part, "event_id"),
        event_version=np.ones(count, np.int64),
        stage=texts(part, "stage"),
        leg=np.zeros(count, np.int64),
        accounting_date=days(part, "accounting_date"),
        activity_date=activity,
        **dimensions(part),
        amounts=amounts,
        words=words | ({"kind": cells["kind"]} if "kind" in cells else {}),
    )
