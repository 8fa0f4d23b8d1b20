"""The sample firm's foreign cash: currencies bought and sold, dividends, interest, borrow fees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone

from tests.books.sample_firm.european_trading import (
    OWNERS,
    SOUTH,
    Owner,
    Trade,
    numbered,
)
from tests.books.sample_firm.generate import BROKERS
from tests.books.sample_firm.generate_european_market import (
    PAIRS,
    SHARES,
    EuropeanMarket,
    exchange_settles,
)
from tests.books.sample_firm.generating import Row, cents, half_even

# The days on which currencies are exchanged: at the start, and for each month at the end of the
# one before, so that they are unsettled at its end.
EXCHANGES = (date(2022, 9, 1), date(2022, 9, 30), date(2022, 10, 31), date(2022, 11, 30))
# One purchase is forgotten and made late: its owner's account is overdrawn until then.
FORGOTTEN = (OWNERS[1], "GBP", EXCHANGES[1])
MADE_LATE = date(2022, 10, 19)
RESERVE, TAKEN_HOME = 2_000, 30_000  # units of a currency that stay, and beyond which it is sold
NEW_YORK_CLOCK_CHANGE = date(2022, 11, 6)


@dataclass(frozen=True, slots=True)
class Dividend:
    """A dividend: amount per share and rates in 1/10,000 (of the gross amount)."""

    event_id: str
    share: str
    ex_date: date
    record_date: date
    pay_date: date
    amount: int
    withholding: int
    reclaimable: int = 0

    def row(self) -> Row:
        """Return the columns of a corporate actions file."""
        return {
            "event_id": self.event_id,
            "kind": "dividend",
            "ex_date": self.ex_date,
            "record_date": self.record_date,
            "pay_date": self.pay_date,
            "instrument": self.share,
            "amount": f"{self.amount // 10_000}.{self.amount % 10_000:04d}",
            "currency": SHARES[self.share].currency,
            "withholding_rate": f"0.{self.withholding:04d}",
            "reclaimable_rate": f"0.{self.reclaimable:04d}" if self.reclaimable else "",
        }


DIVIDENDS = (
    Dividend(
        "CA-ALPEN-2022-10",
        "EXAMPLE-ALPEN",
        ex_date=date(2022, 10, 27),
        record_date=date(2022, 10, 28),
        pay_date=date(2022, 11, 3),
        amount=22_000,
        withholding=3_500,
        reclaimable=2_000,
    ),
    Dividend(
        "CA-FROMAGE-2022-11",
        "EXAMPLE-FROMAGE",
        ex_date=date(2022, 11, 10),
        record_date=date(2022, 11, 11),
        pay_date=date(2022, 11, 15),
        amount=4_375,
        withholding=2_500,
    ),
)


def _entitled(dividend: Dividend, trades: Iterable[Trade]) -> dict[Owner, int]:
    """Return the shares that each owner held at the end of the day before the ex-date."""
    held: dict[Owner, int] = defaultdict(int)
    for trade in trades:
        if trade.instrument == dividend.share and trade.trade_date < dividend.ex_date:
            held[trade.owner] += trade.units
    return held


def cash_of_dividend(dividend: Dividend, trades: Iterable[Trade]) -> Iterator[Row]:
    """Yield what each broker pays and withholds, and what the short position owes.

    A broker states one amount per account: it knows no books and no strategies.
    """
    held = _entitled(dividend, trades)
    for account in BROKERS:
        sides = [units for owner, units in held.items() if owner.broker_account == account]
        for units in (
            sum(unit for unit in sides if unit > 0),
            sum(unit for unit in sides if unit < 0),
        ):
            gross = half_even(units * dividend.amount, 100)
            withheld = -half_even(max(gross, 0) * dividend.withholding, 10_000)
            for kind, amount in (("dividend", gross), ("withholding", withheld)):
                if amount:
                    yield {
                        "event_id": f"C-{dividend.pay_date:%Y%m%d}-{account}-{kind}",
                        "date": dividend.pay_date,
                        "kind": kind,
                        "broker_account": account,
                        "book": "",
                        "strategy": "",
                        "currency": SHARES[dividend.share].currency,
                        "amount": cents(amount),
                        "instrument": dividend.share,
                        "reference": dividend.event_id,
                        "memo": "",
                    }


@dataclass(frozen=True, slots=True)
class Charge:
    """Interest or a borrow fee: an amount in cents, signed, + = received."""

    day: date
    kind: str
    owner: Owner
    currency: str
    amount: int
    memo: str
    share: str = ""

    def row(self, number: int) -> Row:
        """Return the columns of a cash file."""
        return {
            "event_id": f"C-{self.day:%Y%m%d}-E{number}",
            "date": self.day,
            "kind": self.kind,
            "broker_account": self.owner.broker_account,
            "book": self.owner.book,
            "strategy": self.owner.strategy,
            "currency": self.currency,
            "amount": cents(self.amount),
            "instrument": self.share,
            "reference": "",
            "memo": self.memo,
        }


CHARGES = (
    Charge(date(2022, 9, 30), "interest", OWNERS[0], "EUR", 1_873, "Credit interest of September"),
    Charge(date(2022, 10, 31), "interest", OWNERS[0], "EUR", 2_408, "Credit interest of October"),
    Charge(date(2022, 10, 31), "interest", FORGOTTEN[0], "GBP", -4_116, "Overdraft interest"),
    Charge(
        date(2022, 10, 31),
        "borrow_fee",
        OWNERS[2],
        "CHF",
        -6_350,
        "Shares borrowed in October",
        share="EXAMPLE-ALPEN",
    ),
    Charge(date(2022, 11, 30), "interest", OWNERS[0], "EUR", 2_935, "Credit interest of November"),
)


def _flows(trades: Sequence[Trade]) -> dict[tuple[Owner, str], dict[date, int]]:
    """Return the cents that trades and charges bring per owner, currency and settlement day."""
    flows: dict[tuple[Owner, str], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for trade in trades:
        if not trade.settlement_rate:
            amount = -trade.net if trade.side == "buy" else trade.net
            flows[trade.owner, trade.currency][trade.settled_date or trade.settlement_date] += (
                amount
            )
    for charge in CHARGES:
        flows[charge.owner, charge.currency][charge.day] += charge.amount
    for dividend in DIVIDENDS:
        for owner, units in _entitled(dividend, trades).items():
            kept = 10_000 - (dividend.withholding if units > 0 else 0)
            amount = half_even(units * dividend.amount * kept, 1_000_000)
            flows[owner, SHARES[dividend.share].currency][dividend.pay_date] += amount
    return flows


def _quantity(balance: int, flows: dict[date, int], *, first: date, last: date) -> int:
    """Return the units to buy (+) or sell (-) so that cash suffices from first to before last."""
    lowest = running = balance
    for day in sorted(flows):
        if first <= day < last:
            running += flows[day]
            lowest = min(lowest, running)
    spare = lowest // 100 - RESERVE
    return -(spare // 1_000) * 1_000 if lowest < 0 or spare > TAKEN_HOME else 0


def _exchange(owner: Owner, currency: str, *, units: int, day: date, dollars: int) -> Trade:
    """Return a purchase or sale of a currency against dollars.

    PB-NORTH takes its commission in dollars, PB-SOUTH in the currency that is bought or sold.
    """
    hours = -4 if day < NEW_YORK_CLOCK_CHANGE else -5
    minute = 5 * OWNERS.index(owner) + list(PAIRS).index(currency)
    zone = timezone(timedelta(hours=hours))
    executed = datetime(day.year, day.month, day.day, 10, minute, tzinfo=zone)
    trade = Trade(
        f"OX-{day:%Y%m%d}-{minute:02d}",
        executed,
        owner=owner,
        instrument=PAIRS[currency],
        currency="USD",
        side="buy" if units > 0 else "sell",
        quantity=abs(units),
        settlement_date=exchange_settles(currency, day),
        price=dollars + (3 if units > 0 else -3),
    )
    if owner.broker_account == SOUTH:
        commission = max(200, half_even(abs(units) * 100 * 2, 100_000))
        return replace(trade, commission=commission, fee_currency=currency)
    return replace(trade, commission=max(200, half_even(trade.gross * 2, 100_000)))


def exchanges(trades: Sequence[Trade], market: EuropeanMarket) -> list[Trade]:
    """Return the purchases and sales of currencies that the trades in shares make necessary."""
    flows = _flows(trades)
    made: dict[date, list[Trade]] = defaultdict(list)
    for (owner, currency), by_day in sorted(flows.items(), key=lambda item: _place(*item[0])):
        balance = 0
        starts = [exchange_settles(currency, day) for day in EXCHANGES]
        for day, first, last in zip(EXCHANGES, starts, [*starts[1:], date.max], strict=True):
            units = _quantity(balance, by_day, first=first, last=last)
            if units:
                late = (owner, currency, day) == FORGOTTEN
                when = MADE_LATE if late else day
                dollars = market.dollars(currency, when)
                trade = _exchange(owner, currency, units=units, day=when, dollars=dollars)
                made[when].append(trade)
                balance -= trade.fees if trade.fee_currency else 0
            balance += units * 100 + sum(by_day[d] for d in by_day if first <= d < last)
    return [trade for day in sorted(made) for trade in numbered("X", made[day])]


def _place(owner: Owner, currency: str) -> tuple[int, str]:
    return OWNERS.index(owner), currency


def cash_of_month(month: str, trades: Sequence[Trade]) -> list[Row]:
    """Return the rows of a month's cash file: dividends, interest and borrow fees."""
    charges = [charge for charge in CHARGES if f"{charge.day:%Y-%m}" == month]
    rows = [row for dividend in DIVIDENDS for row in cash_of_dividend(dividend, trades)]
    paid = [row for row in rows if str(row["date"])[:7] == month]
    rows = paid + [charge.row(number) for number, charge in enumerate(charges, start=1)]
    return sorted(rows, key=lambda row: str(row["date"]))
