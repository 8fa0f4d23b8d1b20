"""Dividends that a Flex file announces, and changes of identifier, as a corporate actions file.

A change of identifier, where one contract takes the place of another, is a symbol change. Other
corporate actions are not mapped: each is a note.

The broker posts an accrual (code Po) when a stock goes ex and reverses it (Re) when it pays; a
correction is another pair. An accrual that is withdrawn before its pay date is no dividend.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from subledger.importers.ibkr_flex_instruments import Names
from subledger.importers.ibkr_flex_trades import EXACT, day_of
from subledger.importers.ibkr_flex_xml import Flex, FlexRow, Statement, iso, plain
from subledger.numbers import mul_div, to_text

_HALF_CENT = Fraction(1, 200)
_RATE_DECIMALS = 4

DIVIDEND_TYPES = ("Dividends", "Payment In Lieu Of Dividends")

HEADER = (
    "event_id",
    "kind",
    "ex_date",
    "pay_date",
    "instrument",
    "ratio",
    "amount",
    "currency",
    "withholding_rate",
    "new_instrument",
)


@dataclass(frozen=True, slots=True)
class Announced:
    """A dividend as its accruals tell it; `gross` and `tax` are the account's, positive if long."""

    event_id: str
    row: FlexRow  # its last accrual
    contract: str
    ex_date: date
    pay_date: date | None
    rate: Decimal
    quantity: Decimal
    gross: Decimal
    tax: Decimal

    def may_pay(self, amount: Decimal) -> bool:
        """Say whether an amount is the accrued one, or rate x quantity to a cent."""
        product = Fraction(self.rate) * Fraction(self.quantity)
        return amount == self.gross or abs(Fraction(amount) - product) <= _HALF_CENT


def paid_by(flex: Flex, statement: Statement, *, names: Names) -> dict[str, str]:
    """Return the id of the dividend that each action of the broker pays, as far as it is told.

    The accruals of a file need not name the action. Then it is that of the payment with the
    contract, the ex-date and the amount of the dividend; a withholding names the same action.
    A payment without an action tells nothing.
    """
    announced = _dividends_of(flex, statement, names=names)
    paid: dict[str, str] = {}
    for row in statement.of("CashTransaction"):
        action = row.text("actionID")
        if row.text("type") not in DIVIDEND_TYPES or not row.text("exDate") or not action:
            continue
        ids = {
            dividend.event_id
            for dividend in announced
            if dividend.contract == row.text("conid")
            and dividend.ex_date == flex.day(row, "exDate")
            and dividend.may_pay(flex.number(row, "amount") or Decimal(0))
        }
        if len(ids) == 1:
            paid[action] = ids.pop()
    return paid


def _dividends_of(flex: Flex, statement: Statement, *, names: Names) -> list[Announced]:
    """Return the dividends that the accruals of a statement announce, in their order.

    Note: FLEX_NOT_IMPORTED, for accruals of fees and for those that were withdrawn.
    """
    found = (_announced(flex, rows, names=names) for rows in _announcements(flex, statement))
    return [dividend for dividend in found if dividend is not None]


def _accruals(statement: Statement) -> list[FlexRow]:
    """Return the changes of accruals, or what is open at the end where a file has no changes."""
    return list(statement.of("ChangeInDividendAccrual")) or list(
        statement.of("OpenDividendAccrual")
    )


def corporate_actions(flex: Flex, names: Names) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a corporate actions file. Note: FLEX_NOT_IMPORTED."""
    announced: dict[str, Announced] = {}
    for statement in flex.statements:
        for dividend in _dividends_of(flex, statement, names=names):
            announced.setdefault(dividend.event_id, dividend)
    rows = [(dividend.row.line, _dividend(dividend, names)) for dividend in announced.values()]
    changed: set[str] = set()
    for statement in flex.statements:
        for action, parts in _by_action(statement).items():
            change = _changed(flex, parts, names=names)
            if change is None:
                message = f"a corporate action of type {parts[0].text('type')} is left out"
                flex.note(
                    "FLEX_NOT_IMPORTED", message, row=parts[0], value=parts[0].text("description")
                )
            elif action not in changed:
                changed.add(action)
                rows.append((parts[0].line, change))
    return sorted(rows, key=lambda row: row[0])


def _dividend(dividend: Announced, names: Names) -> dict[str, str]:
    return dict.fromkeys(HEADER, "") | {
        "event_id": dividend.event_id,
        "kind": "dividend",
        "ex_date": iso(dividend.ex_date),
        "pay_date": iso(dividend.pay_date),
        "instrument": names.of(dividend.row),
        "amount": plain(dividend.rate),
        "currency": dividend.row.text("currency"),
        "withholding_rate": _tax_rate(dividend),
    }


def _by_action(statement: Statement) -> dict[str, list[FlexRow]]:
    """Return the elements of each corporate action: details, or summaries without details."""
    actions: dict[str, list[FlexRow]] = {}
    for row in statement.of("CorporateAction"):
        name = row.text("actionID") or row.text("transactionID") or row.text("description")
        actions.setdefault(name, []).append(row)
    for name, rows in actions.items():
        details = [row for row in rows if row.text("levelOfDetail") != "SUMMARY"]
        actions[name] = details or rows
    return actions


def _changed(flex: Flex, parts: list[FlexRow], *, names: Names) -> dict[str, str] | None:
    """Return the row of a change of identifier: as many units leave one contract as enter one."""
    zero = Decimal(0)
    leaving = [row for row in parts if (flex.number(row, "quantity") or zero) < zero]
    entering = [row for row in parts if (flex.number(row, "quantity") or zero) > zero]
    old, new = ({names.of(row) for row in rows} for rows in (leaving, entering))
    action = parts[0].text("actionID")
    identifier = all(row.text("type") == "IC" for row in parts) and action != ""
    balanced = _sum(flex, parts, name="quantity") == zero
    if not (identifier and balanced and len(old) == len(new) == 1):
        return None
    return dict.fromkeys(HEADER, "") | {
        "event_id": f"ibkr:{action}",
        "kind": "symbol_change",
        "ex_date": iso(day_of(flex, parts[0])),
        "instrument": old.pop(),
        "ratio": "1",
        "new_instrument": new.pop(),
    }


def _announced(flex: Flex, rows: list[FlexRow], *, names: Names) -> Announced | None:
    """Return the dividend that accruals of one announcement tell, if it stands."""
    first, last = rows[0], rows[-1]
    ex_date, pay_date = flex.day(last, "exDate"), flex.day(last, "payDate")
    rate, quantity = flex.number(last, "grossRate"), flex.number(last, "quantity")
    if ex_date is None or rate is None:
        return None
    before, after = _around_payment(flex, rows)
    gross, tax = (_sum(flex, before or after, name=name) for name in ("grossAmount", "tax"))
    if not before:
        gross, tax = gross.copy_negate(), tax.copy_negate()
    if not gross:
        message = "an accrual that is no dividend, or was withdrawn, is left out"
        flex.note("FLEX_NOT_IMPORTED", message, row=last, value=names.of(last))
        return None
    action, contract = last.text("actionID"), last.text("conid")
    # The first rate stays in the id: a later one corrects the same dividend.
    named = f"{contract}:{ex_date:%Y%m%d}:{first.text('grossRate')}"
    return Announced(
        event_id=f"ibkr:{action or named}",
        row=last,
        contract=contract,
        ex_date=ex_date,
        pay_date=pay_date,
        rate=rate,
        quantity=quantity or Decimal(0),
        gross=gross,
        tax=tax,
    )


def _around_payment(flex: Flex, rows: list[FlexRow]) -> tuple[list[FlexRow], list[FlexRow]]:
    """Return the accruals before the pay date, and the reversals on it or after it.

    Where an earlier file holds the posting there are only reversals, which take it back.
    """
    before: list[FlexRow] = []
    after: list[FlexRow] = []
    pay_date = flex.day(rows[-1], "payDate")
    for row in rows:
        day = flex.day(row, "date")
        paid = pay_date is not None and day is not None and day >= pay_date
        (after if paid else before).append(row)
    return before, after


def _announcements(flex: Flex, statement: Statement) -> list[list[FlexRow]]:
    """Return the accruals of each dividend: those of one contract, ex-date and rate.

    When a rate is corrected, the reversal states the new rate and the amount that was posted at
    the old one: it goes with the posting that nothing else reverses.
    """
    groups: dict[tuple[str, ...], list[FlexRow]] = {}
    for row in _accruals(statement):
        key = tuple(row.text(name) for name in ("actionID", "conid", "exDate", "grossRate"))
        groups.setdefault(key, []).append(row)
    open_at: dict[tuple[tuple[str, ...], Decimal], tuple[str, ...]] = {}
    for key, rows in groups.items():
        before, after = _around_payment(flex, rows)
        if before and not after:
            open_at[key[:3], _sum(flex, before, name="grossAmount")] = key
    for key, rows in list(groups.items()):
        before, after = _around_payment(flex, rows)
        posted = _sum(flex, after, name="grossAmount").copy_negate()
        corrected = None if before else open_at.get((key[:3], posted))
        if corrected is not None:
            groups[corrected].extend(groups.pop(key))
    return list(groups.values())


def _sum(flex: Flex, rows: list[FlexRow], *, name: str) -> Decimal:
    total = Decimal(0)
    for row in rows:
        total = EXACT.add(total, flex.number(row, name) or Decimal(0))
    return total


def _tax_rate(dividend: Announced) -> str:
    """Return the fraction withheld: the one with fewest decimals that gives the tax to a cent.

    The broker states the tax as an amount that it has rounded, and no rate.
    """
    tax, gross = Fraction(dividend.tax), Fraction(dividend.gross)
    if not tax or tax * gross < 0 or abs(tax) > abs(gross):
        return ""
    share = tax / gross
    for decimals in range(_RATE_DECIMALS + 1):
        mantissa = mul_div(share.numerator, 10**decimals, share.denominator)
        if abs(Fraction(mantissa, 10**decimals) * gross - tax) <= _HALF_CENT:
            return to_text(mantissa, decimals)
    return ""
