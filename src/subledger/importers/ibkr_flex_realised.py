"""What a Flex file says its closing executions realised, and whether its own rows say the same.

Nothing of it is imported; it is there to be compared with. The broker relieves lots first in, first
out, states the cost of a lot on the execution that opens it and the cost relieved on the one that
closes it, with opposite signs. Where both stand in the file, they must add up to zero.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from subledger.errors import Refused
from subledger.importers.ibkr_flex_instruments import Names, names_of
from subledger.importers.ibkr_flex_trades import Numbering, executions_of, identity_of
from subledger.importers.ibkr_flex_xml import Flex, FlexRow, Statement, parse_flex
from subledger.importers.source import Intake
from subledger.numbers import ratio_text

# What is not exact in decimals is shown with so many digits.
_DIGITS = 12


class BrokerRealised(NamedTuple):
    """What the broker says a closing execution realised, in the currency of the instrument.

    `cost` is the cost relieved as the execution states it: negative of a long lot, positive of a
    short one (its opening proceeds). `by_rows` is the gain that follows from the costs on the
    broker's own opening executions, where it is another one; None where they agree, and where the
    file does not show all of them.
    """

    trade_id: str
    instrument: str
    currency: str
    realised: Decimal  # fifoPnlRealized
    cost: Decimal | None = None
    by_rows: Decimal | None = None


class _Execution(NamedTuple):
    """An execution as far as it opens or closes lots; `order` is that of processing."""

    trade_id: str
    contract: tuple[str, str]  # account and instrument
    order: tuple[date, datetime, int, str]
    effect: str  # O or C
    quantity: Decimal | None
    cost: Decimal | None
    expired: bool  # by the end of the statement


def realised_by_broker(data: bytes, file: str) -> list[BrokerRealised]:
    """Return what the broker's own statement says each closing execution realised.

    Executions are numbered as the trades are; cancelled ones realised nothing.

    Raises:
        Refused: with the findings of `parse_flex`, FLEX_VALUE and FLEX_CANCELLATION.
    """
    flex = parse_flex(data, Intake(file=file, kind="trades"))
    if flex.findings:
        raise Refused(flex.findings)
    names, numbering = names_of(flex), Numbering()
    found: list[BrokerRealised] = []
    for statement in flex.statements:
        stated, executions = _stated(flex, statement, names=names, numbering=numbering)
        other = _gaps(executions)
        found += [
            one._replace(by_rows=_less(one.realised, other[one.trade_id]))
            if one.trade_id in other
            else one
            for one in stated
        ]
    if flex.findings:
        raise Refused(sorted(flex.findings, key=lambda finding: finding.row or 0))
    return found


def _stated(
    flex: Flex, statement: Statement, *, names: Names, numbering: Numbering
) -> tuple[list[BrokerRealised], list[_Execution]]:
    """Return what the executions of a statement realised, and all of them."""
    rows, cancelled = executions_of(flex, statement)
    through = flex.day(statement.row, "toDate")
    stated: list[BrokerRealised] = []
    executions: list[_Execution] = []
    for row in rows:
        trade_id, sequence = identity_of(flex, row, statement=statement, numbering=numbering)
        if row.text("transactionID") in cancelled:
            continue
        realised = flex.number(row, "fifoPnlRealized") or Decimal(0)
        effect, cost = row.text("openCloseIndicator"), flex.number(row, "cost")
        instrument = names.of(row)
        if realised or "C" in effect:
            currency = row.text("currency")
            stated.append(BrokerRealised(trade_id, instrument, currency, realised, cost))
        executions.append(
            _Execution(
                trade_id,
                (statement.account_of(row), instrument),
                _order(flex, row, sequence=sequence),
                effect,
                flex.number(row, "quantity"),
                cost,
                _expired(flex, row, through=through),
            )
        )
    return stated, executions


def _order(flex: Flex, row: FlexRow, *, sequence: str) -> tuple[date, datetime, int, str]:
    """Return what executions are sorted by; of numbers as text the longer one is the larger."""
    day = flex.day(row, "tradeDate") or date.min
    moment = flex.moment(row, "dateTime") or datetime.min  # noqa: DTZ901 - the broker's own clock
    return day, moment, len(sequence), sequence


def _expired(flex: Flex, row: FlexRow, *, through: date | None) -> bool:
    if not row.text("expiry"):
        return False
    expiry = flex.day(row, "expiry")
    return through is not None and expiry is not None and expiry <= through


def _gaps(executions: Sequence[_Execution]) -> dict[str, Fraction]:
    """Return by how much closing costs exceed those of the openings they close, where they do.

    Only contracts are judged that have expired and whose executions add up to nothing: nothing of
    them was held before, so every lot was opened in the statement. A cost is rounded to the digits
    that the statement has, once per lot; that much is no contradiction.
    """
    contracts: dict[tuple[str, str], list[_Execution]] = {}
    for one in executions:
        contracts.setdefault(one.contract, []).append(one)
    unit = _last_digit(one.cost for one in executions if one.effect == "C")
    found: dict[str, Fraction] = {}
    for ones in contracts.values():
        if all(one.expired and one.effect in {"O", "C"} for one in ones) and _is_whole(ones):
            found |= _gaps_of(sorted(ones, key=lambda one: one.order), unit=unit)
    return found


def _last_digit(costs: Iterable[Decimal | None]) -> Fraction:
    """Return one unit of the finest digit among costs."""
    exponents = [cost.as_tuple().exponent for cost in costs if cost is not None]
    finest = min((one for one in exponents if isinstance(one, int)), default=0)
    return Fraction(10) ** min(finest, 0)


def _is_whole(executions: Sequence[_Execution]) -> bool:
    """Say whether executions state quantity and cost, and leave no position."""
    if any(not one.quantity or one.cost is None for one in executions):
        return False
    return not sum((Fraction(one.quantity or 0) for one in executions), Fraction(0))


def _gaps_of(executions: Sequence[_Execution], *, unit: Fraction) -> dict[str, Fraction]:
    """Return the gaps of one contract's closing executions, first in, first out."""
    found: dict[str, Fraction] = {}
    lots: deque[tuple[Fraction, Fraction]] = deque()  # units that are left, cost of one unit
    for one in executions:
        units, cost = Fraction(one.quantity or 0), Fraction(one.cost or 0)
        if one.effect == "O":
            lots.append((units, cost / units))
            continue
        gap, relieved = cost, 0
        while units and lots and lots[0][0] * units < 0:
            left, price = lots.popleft()
            taken = -units if abs(units) < abs(left) else left
            gap, units, relieved = gap + taken * price, units + taken, relieved + 1
            if left != taken:
                lots.appendleft((left - taken, price))
        if units:
            return {}  # it closes what the statement does not show as open
        if abs(gap) > relieved * unit:
            found[one.trade_id] = gap
    return found


def _less(realised: Decimal, gap: Fraction) -> Decimal:
    """Return a gain without what its cost is too high by; rounded only where it has no end."""
    exact = Fraction(realised) - gap
    if not exact:
        return Decimal(0)
    text = ratio_text(abs(exact.numerator), exact.denominator, _DIGITS)
    return Decimal(text).copy_sign(Decimal(exact.numerator))
