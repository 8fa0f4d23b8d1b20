"""Prices and exchange rates that a Flex file states beside its transactions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from subledger.importers.ibkr_flex_instruments import Names
from subledger.importers.ibkr_flex_trades import EXECUTION, day_of
from subledger.importers.ibkr_flex_xml import Flex, FlexRow, Statement, iso, plain

SOURCE = "ibkr-flex"
PRICES_HEADER = ("date", "instrument", "price", "currency", "source")
RATES_HEADER = ("date", "base", "quote", "rate", "source")

# The elements that state the rate of their currency on their day.
_RATED = (
    "Trade",
    "OpenPosition",
    "PriorPeriodPosition",
    "CashTransaction",
    "ChangeInDividendAccrual",
    "OpenDividendAccrual",
    "CorporateAction",
)
_POSITION_LEVELS = ("SUMMARY", "")  # lots repeat the price of their position
_ONE = Decimal(1)

_Known = dict[tuple[date, str], tuple[FlexRow, Decimal]]


def prices(flex: Flex, names: Names) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a prices file: one price per instrument and day.

    Marks of open positions count first, then closing prices of executions, then those of prior
    positions. A price of zero is none: the broker writes it where it has no price. Finding:
    FLEX_PRICES_DIFFER, where two elements of one kind state different prices.
    """
    found: _Known = {}
    for tag, attribute, levels in (
        ("OpenPosition", "markPrice", _POSITION_LEVELS),
        ("Trade", "closePrice", EXECUTION),
        ("PriorPeriodPosition", "price", _POSITION_LEVELS),
    ):
        stated: _Known = {}
        for statement in flex.statements:
            for row in statement.of(tag):
                if row.text("levelOfDetail") in levels and row.text("assetCategory") != "CASH":
                    _price(flex, row, stated=stated, attribute=attribute, instrument=names.of(row))
        for key in sorted(stated.keys() & found.keys()):
            _note_other(flex, key, stated=stated[key], taken=found[key][1])
        found = stated | found
    return [
        (
            row.line,
            {
                "date": iso(day),
                "instrument": instrument,
                "price": plain(price),
                "currency": row.text("currency"),
                "source": SOURCE,
            },
        )
        for (day, instrument), (row, price) in sorted(found.items(), key=lambda it: it[1][0].line)
    ]


def _price(flex: Flex, row: FlexRow, *, stated: _Known, attribute: str, instrument: str) -> None:
    """Add a price to what elements of one kind state."""
    price, day = flex.number(row, attribute), day_of(flex, row)
    if not price or day is None or not instrument:
        return
    first, known = stated.setdefault((day, instrument), (row, price))
    if known != price:
        message = f"another price of {instrument} on {day} than {known} in row {first.line}"
        flex.find("FLEX_PRICES_DIFFER", message, row=row, column=attribute)


def _note_other(
    flex: Flex, key: tuple[date, str], *, stated: tuple[FlexRow, Decimal], taken: Decimal
) -> None:
    row, price = stated
    if price != taken:
        message = f"the price {price} of {key[1]} on {key[0]} is not taken: another row has {taken}"
        flex.note("FLEX_ASSUMED", message, row=row, value=plain(price))


def rates(flex: Flex) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a rates file: one unit of a currency in the base currency of a statement.

    The broker's own conversion rates count first, then `fxRateToBase` of any element; where
    elements of one day differ the last one counts. Findings: FLEX_NO_BASE. Notes: FLEX_ASSUMED,
    FLEX_RATES_DIFFER.
    """
    rows: dict[tuple[date, str, str], tuple[int, dict[str, str]]] = {}
    for statement in flex.statements:
        quote = _base(flex, statement)
        stated = _stated(flex, statement) | _converted(flex, statement, quote=quote)
        if not quote:
            if stated:
                row = next(iter(stated.values()))[0]
                message = "no currency is the base currency of the statement"
                flex.find("FLEX_NO_BASE", message, row=row, column="fxRateToBase")
            continue
        for (day, currency), (row, rate) in stated.items():
            if currency != quote:
                text = {"date": iso(day), "base": currency, "quote": quote}
                text |= {"rate": plain(rate), "source": SOURCE}
                rows[day, currency, quote] = (row.line, text)
    return sorted(rows.values(), key=lambda row: row[0])


def _stated(flex: Flex, statement: Statement) -> _Known:
    """Return what the elements of a statement state, the last element of a day."""
    stated: _Known = {}
    for row in sorted(statement.of(*_RATED), key=lambda row: row.line):
        rate, day = flex.number(row, "fxRateToBase"), day_of(flex, row)
        currency = row.text("currency")
        if not rate or day is None or not currency:
            continue
        before = stated.get((day, currency))
        if before is not None and before[1] != rate:
            message = f"{currency} on {day}: {rate} is taken, not {plain(before[1])} of before"
            flex.note("FLEX_RATES_DIFFER", message, row=row, value=plain(rate))
        stated[day, currency] = (row, rate)
    return stated


def _converted(flex: Flex, statement: Statement, *, quote: str) -> _Known:
    """Return the conversion rates to the base currency that the broker lists."""
    listed: _Known = {}
    for row in statement.of("ConversionRate"):
        rate, day = flex.number(row, "rate"), flex.day(row, "reportDate")
        if rate and day is not None and row.text("toCurrency") == quote:
            listed[day, row.text("fromCurrency")] = (row, rate)
    return listed


def _base(flex: Flex, statement: Statement) -> str:
    """Return the base currency of a statement: as stated, else the one whose rate is always 1."""
    for row in statement.of("AccountInformation"):
        if row.text("currency"):
            return row.text("currency")
    rates_of: dict[str, set[Decimal]] = {}
    first: dict[str, FlexRow] = {}
    for row in statement.of(*_RATED):
        rate = flex.number(row, "fxRateToBase")
        if rate and row.text("currency"):
            rates_of.setdefault(row.text("currency"), set()).add(rate)
            first.setdefault(row.text("currency"), row)
    ones = [currency for currency, found in rates_of.items() if found == {_ONE}]
    if len(ones) != 1:
        return ""
    message = "the base currency is not stated: it is taken to be the one whose rate is always 1"
    flex.note("FLEX_ASSUMED", message, row=first[ones[0]], value=ones[0])
    return ones[0]
