"""Measures and identities that events of several families share.

A fee measure is the positive part of that fee; `rebate` is the sum of the negative parts, positive.
"""

from __future__ import annotations

from subledger.chart.dimensions import Values
from subledger.tables import FEES

FEE_MEASURES = (*FEES, "rebate", "fees")
SUM_OF_FEES = f"fees = {' + '.join(FEES)} - rebate"

_RECEIVED = ("local: paid = amount", "base: fx_gain = paid - amount")
_PAID = ("local: paid = amount", "base: fx_gain = amount - paid")


def paid_or_received(values: Values) -> tuple[str, ...]:
    """Return the identities of an amount that settles what was booked earlier, by `direction`."""
    return _RECEIVED if values["direction"] == "receive" else _PAID


def net_of_fees(values: Values, *, buys: bool) -> str:
    """Return what is paid or received: fees in another currency are paid apart."""
    if values["fee_currency"] == "other":
        return "net = gross"
    return f"net = gross {'+' if buys else '-'} fees"
