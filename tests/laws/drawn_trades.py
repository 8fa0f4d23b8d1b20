"""Random trades: of what is held, and exchanges of currencies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.currencies import ONLY_BASE, Currencies
from tests.laws.drawn import days, owners, prices, quantities, securities
from tests.laws.facts import CURRENCIES, day

from subledger import tables

_no_fees = st.just((0, 0, 0, 0, 0))
_some_fees = st.tuples(*[st.integers(-9, 15)] * 5)
_instrument = st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 3))
_status = st.sampled_from(("settled", "settled", "settled", "confirmed", "failed"))
_effect = st.sampled_from(("auto", "auto", "auto", "auto", "open", "close"))
_currency = st.sampled_from(CURRENCIES)
# The currency of the fees, that of settlement, and the rate at which it settles.
_abroad = st.none() | st.tuples(
    st.none() | _currency, st.none() | _currency, st.sampled_from(("", "", "1.25", "0.007", "131"))
)
_rest = (
    owners,
    st.sampled_from(("buy", "sell")),
    _effect,
    quantities,
    prices,
    _no_fees | _some_fees,
    days,
    st.integers(0, 4),
    _status,
    st.none() | st.integers(0, 3),
    st.integers(-1, 1),
)
_domestic = st.tuples(securities, *_rest, st.none())
_foreign = st.tuples(_instrument, *_rest, _abroad)


def _trade_row(
    number: int, drawn: tuple[Any, ...], held: Sequence[facts.Row], *, known: Currencies
) -> dict[str, Any]:
    which, owner, side, effect, size, price, fees, on, lag, status, sequence, off, abroad = drawn
    row = held[which]
    count, part = size
    quantity = max(1, count * 10 ** row["quantity_decimals"] // part)
    # A source may state its gross a little off; a zero price stays free of charge.
    gross = facts.worth(row, quantity, price, decimals=known.decimals[row["currency"]])
    fees_in, settled_in, at = abroad or (None, None, "")
    if row["asset_class"] == "fx_spot":
        settled_in = None
    return facts.trade(
        f"T{number:02d}",
        side,
        quantity,
        price=price,
        held=row,
        gross=max(gross + off, 0) if gross else 0,
        position_effect=effect,
        status=status,
        trade_date=day(on),
        settlement_date=day(on + lag),
        sequence=sequence,
        row=number + 2,
        fee_currency=fees_in or row["currency"],
        settlement_currency=settled_in or row["currency"],
        settlement_rate=at if settled_in not in {None, row["currency"]} else "",
        **owner,
        **dict(zip(tables.FEES, fees, strict=True)),
    )


@st.composite
def trades(
    draw: st.DrawFn,
    held: Sequence[facts.Row],
    *,
    known: Currencies = ONLY_BASE,
    most: int = 12,
) -> list[dict[str, Any]]:
    """Draw trades in any order of days, crossing zero and boxed ones among them."""
    one = _foreign if known.rates else _domestic
    drawn = draw(st.lists(one, min_size=1, max_size=most))
    return [_trade_row(number, one, held, known=known) for number, one in enumerate(drawn)]
