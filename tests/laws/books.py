"""Small random firms: what hypothesis draws when a law is to hold for all books.

Amounts, dates and owners are few, so that events collide: on one day, in one pool, at one price.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import given, seed, settings
from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.currencies import ONLY_BASE, Currencies, currencies, instruments
from tests.laws.dividends import dividend_cash, dividends
from tests.laws.facts import BASE, CURRENCIES, GAAP, TAX, day
from tests.laws.firm import LAST, Firm, factors_of

from subledger import tables
from subledger.booking.policy import BasisPolicy, Override

BOOKS, STRATEGIES, BROKERS = ("B1", "B2"), ("S1", "S2"), ("K1", "K2")
POOLS = (
    ("book", "strategy", "broker_account", "instrument"),
    ("broker_account", "instrument"),
    ("instrument",),
    ("book", "instrument"),
)
# SPECIFIC needs named lots: `named_like` gives them, in the laws that compare methods.
UNNAMED = ("FIFO", "FIFO", "LIFO", "HIFO", "LOFO", "AVERAGE", "AVERAGE")
METHODS = (*UNNAMED, "SPECIFIC")
LATER_KINDS = ("interest", "fee", "tax", "borrow_fee", "rebate", "dividend", "withholding")

days = st.integers(0, LAST)
prices = st.tuples(st.integers(0, 2500), st.integers(0, 3)).map(
    lambda pair: f"{pair[0] / 10 ** pair[1]:.{pair[1]}f}"
)
_no_fees = st.just((0, 0, 0, 0, 0))
_some_fees = st.tuples(*[st.integers(-9, 15)] * 5)
# Most events are of one owner and one instrument, so that lots are relieved many times.
_often = (5, 1)
owners = st.tuples(
    *(
        st.sampled_from(
            [name for name, times in zip(names, _often, strict=True) for _ in range(times)]
        )
        for names in (BOOKS, STRATEGIES, BROKERS)
    )
).map(lambda owner: dict(zip(("book", "strategy", "broker_account"), owner, strict=True)))
_security = st.sampled_from((0, 0, 0, 0, 1, 1, 2))
_instrument = st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3, 3))

_status = st.sampled_from(("settled", "settled", "settled", "confirmed", "failed"))
_effect = st.sampled_from(("auto", "auto", "auto", "auto", "open", "close"))
_quantity = st.tuples(st.integers(1, 40), st.sampled_from((1, 1, 3, 7)))
_currency = st.sampled_from(CURRENCIES)
# The currency of the fees, that of settlement, and the rate at which it settles.
_abroad = st.none() | st.tuples(
    st.none() | _currency, st.none() | _currency, st.sampled_from(("", "", "1.25", "0.007", "131"))
)
_rest = (
    owners,
    st.sampled_from(("buy", "sell")),
    _effect,
    _quantity,
    prices,
    _no_fees | _some_fees,
    days,
    st.integers(0, 4),
    _status,
    st.none() | st.integers(0, 3),
    st.integers(-1, 1),
)
_domestic = st.tuples(_security, *_rest, st.none())
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


def inside(known: Currencies, only: Sequence[str] = CURRENCIES) -> st.SearchStrategy[str]:
    """Return the currencies of a firm."""
    return st.sampled_from(only if known.rates else (BASE,))


@st.composite
def cash(
    draw: st.DrawFn, known: Currencies = ONLY_BASE, *, only: Sequence[str] = CURRENCIES
) -> list[dict[str, Any]]:
    """Draw capital, paid at once or later, and where there are currencies other kinds of cash."""
    kinds = st.sampled_from(("capital", "capital", *(LATER_KINDS if known.rates else ())))
    one = st.tuples(
        kinds, st.booleans(), st.integers(1, 10**7), days, st.integers(0, 3), owners,
        inside(known, only),
    )  # fmt: skip
    drawn = draw(st.lists(one, max_size=4))
    return [
        {
            "event_id": f"C{number}",
            "kind": {True: "contribution", False: "withdrawal"}[comes]
            if kind == "capital"
            else kind,
            "date": day(on),
            "settled_date": day(on + lag),
            "currency": currency,
            "amount": amount if comes else -amount,
            "batch": 1,
            "row": number + 2,
            **owner,
        }
        for number, (kind, comes, amount, on, lag, owner, currency) in enumerate(drawn)
    ]


def _in_base(known: Currencies, amount: int, currency: str, on: int) -> int:
    if currency == BASE:
        return amount
    factors = factors_of(known.rates, known.decimals, pivot=known.pivot)
    return round(amount * factors[currency, day(on)])


@st.composite
def journals(
    draw: st.DrawFn, known: Currencies = ONLY_BASE, *, only: Sequence[str] = CURRENCIES
) -> list[dict[str, Any]]:
    """Draw accruals (some with a reversal) and capital that one strategy hands to the other."""
    one = st.tuples(
        st.booleans(),
        st.integers(1, 10**6),
        days,
        st.none() | st.integers(0, 5),
        owners,
        inside(known, only),
    )
    rows: list[dict[str, Any]] = []
    for number, drawn in enumerate(draw(st.lists(one, max_size=2))):
        moves, amount, on, later, owner, currency = drawn
        other = owner | {"strategy": "S2" if owner["strategy"] == "S1" else "S1"}
        lines: list[tuple[str, int, dict[str, str]]] = (
            [
                *(("3050", amount, owner), ("1020", -amount, owner)),
                *(("1020", amount, other), ("3050", -amount, other)),
            ]
            if moves
            else [("6410", amount, owner), ("2480", -amount, owner)]
        )
        rows += [
            {
                "journal_id": f"J{number}",
                "line": line,
                "date": day(on),
                "reverse_on": None if later is None else day(on + later),
                "account": account,
                "currency": currency,
                "amount": value,
                "amount_base": _in_base(known, value, currency, on),
                "reason": "because",
                "batch": 1,
                "row": len(rows) + line,
                **dimensions,
            }
            for line, (account, value, dimensions) in enumerate(lines, 1)
        ]
    return rows


@st.composite
def opening_lots(
    draw: st.DrawFn, held: Sequence[facts.Row], *, known: Currencies = ONLY_BASE
) -> list[dict[str, Any]]:
    """Draw lots taken over the day before the first, or on a later day, at the rate of that day."""
    one = st.tuples(
        _security,
        owners,
        st.booleans(),
        _quantity,
        st.integers(0, 10**5),
        st.integers(0, 400),
        st.sampled_from((-1, -1, -1, 4)),
    )
    rows = []
    for number, drawn in enumerate(draw(st.lists(one, max_size=3))):
        which, owner, is_long, (count, part), cost, age, taken_over = drawn
        as_of, currency = day(taken_over), held[which]["currency"]
        units = max(1, count * 10 ** held[which]["quantity_decimals"] // part)
        rows.append(
            {
                "as_of": as_of,
                "lot_id": f"L{number}",
                "instrument": held[which]["instrument"],
                "side": "long" if is_long else "short",
                "quantity": units,
                "opened_on": as_of - timedelta(days=age),
                "currency": currency,
                "cost": cost,
                "cost_base": _in_base(known, cost, currency, taken_over),
                "batch": 1,
                "row": number + 2,
                **owner,
            }
        )
    return rows


@st.composite
def opening_balances(
    draw: st.DrawFn, known: Currencies = ONLY_BASE, *, only: Sequence[str] = CURRENCIES
) -> list[dict[str, Any]]:
    """Draw cash and capital taken over the day before the first."""
    one = st.tuples(
        st.sampled_from(("1020", "3010", "3030")),
        st.integers(-(10**6), 10**6),
        owners,
        inside(known, only),
    )
    unique = st.lists(
        one, max_size=2, unique_by=lambda drawn: (drawn[0], drawn[3], *drawn[2].values())
    )
    return [
        {
            "as_of": day(-1),
            "account": account,
            "currency": currency,
            "amount": amount,
            "amount_base": _in_base(known, amount, currency, -1),
            "batch": 1,
            "row": number + 2,
            **owner,
        }
        for number, (account, amount, owner, currency) in enumerate(draw(unique))
    ]


@st.composite
def marks(
    draw: st.DrawFn, held: Sequence[facts.Row], *, dates: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """Draw a price of every instrument on some days, or on the days given."""
    chosen = draw(st.lists(days, min_size=1, max_size=4, unique=True)) if dates is None else dates
    return [
        mark(row["instrument"], day(on), price)
        for on in chosen
        for row, price in zip(held, draw(st.tuples(*[prices] * len(held))), strict=True)
    ]


def mark(instrument: str, on: date, price: str) -> dict[str, Any]:
    """Return a row of MARKS that is not stale."""
    mantissa, scale = facts.decimal(price)
    return {
        "mark_date": on,
        "price_date": on,
        "session": on,
        "instrument": instrument,
        "price_mantissa": mantissa,
        "price_scale": scale,
        "source": "X",
        "level": 1,
    }


@st.composite
def policies(draw: st.DrawFn, *, methods: Sequence[str] = METHODS) -> BasisPolicy:
    """Draw one of the two shipped bases, or any mixture of their policies with overrides."""
    kind = draw(st.sampled_from(("US-GAAP", "US-TAX", "mixed", "mixed")))
    if kind != "mixed":
        return GAAP if kind == "US-GAAP" else TAX
    method = st.sampled_from(methods)
    overrides = [
        Override({"book": "B2"}, {"fees": draw(st.sampled_from(("expense", "capitalise")))}),
        Override({"asset_class": "etf"}, {"allow_short": draw(st.booleans())}, start=day(5)),
        Override({"broker_account": "K1"}, {"lot_method": draw(method)}, start=day(6)),
    ]
    return BasisPolicy(
        "MIXED",
        BASE,
        post_status=draw(st.sampled_from(("settled", "confirmed"))),
        valuation=draw(st.sampled_from(("fair_value", "cost"))),
        fees=draw(st.sampled_from(("expense", "capitalise"))),
        fx_split=draw(st.sampled_from(("disposal_rate", "acquisition_rate"))),
        cash_fx=draw(st.sampled_from(("day_rate", "average", "fifo"))),
        dividends=draw(st.sampled_from(("ex_date", "pay_date"))),
        lot_method=draw(method),
        pool_by=draw(st.sampled_from(POOLS)),
        allow_short=draw(st.sampled_from((True, True, False))),
        overrides=overrides[draw(st.integers(0, 3)) :],
    )


@st.composite
def firms(
    draw: st.DrawFn,
    *,
    policy: BasisPolicy | None = None,
    openings: bool = True,
    most: int = 12,
    foreign: bool = True,
    moving: bool = True,
    only: Sequence[str] = CURRENCIES,
    methods: Sequence[str] = METHODS,
) -> Firm:
    """Draw a firm: facts of every kind that is booked, over two weeks in two months.

    It is in four currencies, or only in some of them; or not `foreign`, then in the base currency.
    """
    known = draw(currencies(moving=moving)) if foreign else ONLY_BASE
    held = draw(instruments(known if foreign else None, only=only))
    firm = Firm(
        policy=policy or draw(policies(methods=methods)),
        held=held,
        trades=draw(trades(held, known=known, most=most)),
        cash=draw(cash(known, only=only)),
        journals=draw(journals(known, only=only)),
        opening_lots=draw(opening_lots(held, known=known)) if openings else (),
        opening_balances=draw(opening_balances(known, only=only)) if openings else (),
        marks=draw(marks(held)),
        rates=known.rates,
        decimals=known.decimals,
        pivot=known.pivot,
    )
    if not foreign:
        return firm
    announced = firm.but(actions=draw(dividends(held, only=only)))
    return announced.but(cash=[*firm.cash, *draw(dividend_cash(announced))])


def for_any_firm(law: Callable[[Firm], None]) -> Callable[[], None]:
    """Hold a law against random firms: all such laws see the same ones, each booked once."""
    seen: Callable[[], None] = seed(0)(settings(max_examples=25)(given(firms())(law)))
    return seen
