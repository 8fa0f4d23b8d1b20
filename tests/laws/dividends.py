"""Random dividends, and the cash that pays them, worked out in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from tests.laws import facts
from tests.laws.facts import CURRENCIES, day
from tests.laws.firm import LAST, Firm

_rates = st.sampled_from((("0", "0"), ("0.15", "0"), ("0.25", "0.1"), ("0.3", "0.3")))
_SIGN = {"buy": 1, "sell": -1, "long": 1, "short": -1}


@st.composite
def dividends(
    draw: st.DrawFn, held: Sequence[facts.Row], *, only: Sequence[str] = CURRENCIES
) -> list[dict[str, Any]]:
    """Draw dividends in the currency of the instrument or in another, paid later or undated."""
    one = st.tuples(
        st.integers(0, 2),
        st.integers(1, LAST),
        st.none() | st.integers(0, 4),
        st.integers(1, 5000),
        _rates,
        st.none() | st.sampled_from(only),
    )
    return [
        dividend(
            f"D{number}",
            held[which],
            ex=ex,
            pay=None if lag is None else ex + lag,
            amount=facts.decimal(f"{amount / 1000:.3f}"),
            withheld=rates,
            currency=currency or held[which]["currency"],
            row=number + 2,
        )
        for number, (which, ex, lag, amount, rates, currency) in enumerate(
            draw(st.lists(one, max_size=2))
        )
    ]


def dividend(
    event_id: str,
    held: facts.Row,
    *,
    ex: int,
    pay: int | None,
    amount: tuple[int, int],
    withheld: tuple[str, str],
    currency: str,
    row: int = 2,
) -> dict[str, Any]:
    """Return a row of CORPORATE_ACTIONS of kind dividend, batch 1."""
    withholding, reclaimable = (facts.decimal(text) for text in withheld)
    return {
        "event_id": event_id,
        "kind": "dividend",
        "ex_date": day(ex),
        "pay_date": None if pay is None else day(pay),
        "instrument": held["instrument"],
        "amount_mantissa": amount[0],
        "amount_scale": amount[1],
        "currency": currency,
        "withholding_mantissa": withholding[0],
        "withholding_scale": withholding[1],
        "reclaimable_mantissa": reclaimable[0],
        "reclaimable_scale": reclaimable[1],
        "batch": 1,
        "row": row,
    }


def positions(firm: Firm, action: Mapping[str, Any]) -> dict[str, int]:
    """Return the position of each broker account before an ex-date, by all trades of the firm."""
    held: dict[str, int] = defaultdict(int)
    moved = [
        (trade["trade_date"], trade)
        for trade in firm.trades
        if firm.policy.post_status == "confirmed" or trade["status"] == "settled"
    ]
    moved += [(lot["as_of"], lot) for lot in firm.opening_lots]
    for on, row in moved:
        if row["instrument"] == action["instrument"] and on < action["ex_date"]:
            held[row["broker_account"]] += _SIGN[row["side"]] * row["quantity"]
    return {account: units for account, units in held.items() if units}


def gross_of(firm: Firm, action: Mapping[str, Any], units: int) -> int:
    """Return units x amount in ledger units, rounded once, half to even."""
    places = firm.held_as(action["instrument"])["quantity_decimals"]
    exact = Fraction(units * action["amount_mantissa"], 10 ** (places + action["amount_scale"]))
    in_units: Fraction = exact * 10 ** firm.decimals[action["currency"]]
    return round(in_units)


def part_withheld(action: Mapping[str, Any], gross: int, *, what: str = "withholding") -> int:
    """Return the part of a gross amount that is withheld, or of it what can be reclaimed."""
    return round(Fraction(gross * action[f"{what}_mantissa"], 10 ** action[f"{what}_scale"]))


@st.composite
def dividend_cash(draw: st.DrawFn, firm: Firm) -> list[dict[str, Any]]:
    """Draw cash for some dividends: gross and withholding apart, on the pay date or another day."""
    rows: list[dict[str, Any]] = []
    for action in firm.actions:
        paid_on = action["pay_date"] or day(LAST)
        for account, units in sorted(positions(firm, action).items()):
            late, is_paid = draw(st.sampled_from((0, 0, 0, 2))), draw(st.booleans())
            if not is_paid:
                continue
            gross = gross_of(firm, action, abs(units))
            amounts = {"dividend": gross if units > 0 else -gross}
            withheld = part_withheld(action, gross) if units > 0 else 0
            if withheld:
                amounts["withholding"] = -withheld
            rows += [
                {
                    "event_id": f"P{len(rows) + number}",
                    "kind": kind,
                    "date": max(paid_on, action["ex_date"]) + (day(late) - day(0)),
                    "settled_date": max(paid_on, action["ex_date"]) + (day(late) - day(0)),
                    "broker_account": account,
                    "book": "B1",
                    "strategy": "S1",
                    "instrument": action["instrument"],
                    "currency": action["currency"],
                    "amount": amount,
                    "reference": action["event_id"] if late else "",
                    "batch": 1,
                    "row": 50 + len(rows) + number,
                }
                for number, (kind, amount) in enumerate(amounts.items())
                if amount
            ]
    return rows
