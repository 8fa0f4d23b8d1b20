"""Instruments of a Flex file: their ids, and their rows as an instruments file.

A contract of the broker is its `conid`. Its id here is the broker's symbol in the characters that
an id may have. Where a symbol stands for several contracts of the file the lowest conid, which is
the oldest contract, keeps the symbol, and the others carry their conid behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from subledger.events.grammar import Unreadable, parse_id, parse_isin
from subledger.importers.ibkr_flex_xml import Flex, FlexRow, iso, plain

# The elements that say what an instrument is, the most trustworthy first. Of the last ones the
# currency is that of a payment, which need not be the instrument's.
_TRUSTED = ("SecurityInfo", "Trade", "OpenPosition", "CorporateAction")
_PAYMENTS = ("ChangeInDividendAccrual", "OpenDividendAccrual", "CashTransaction")
_NAMED_BY = ("SecurityInfo", "Trade", "OpenPosition", "ChangeInDividendAccrual")

_OPTION_SYMBOL = re.compile(r"\S+ +[0-9]{6}[CP][0-9]{8}\Z", re.ASCII)
_FOREIGN = re.compile(r"[^A-Za-z0-9_.:-]+", re.ASCII)
_MAX_ID = 64

CLASSES = {
    "STK": "equity",
    "OPT": "option",
    "FOP": "option",
    "WAR": "rights",
    "FUT": "future",
    "CASH": "fx_spot",
    "BOND": "bond",
    "BILL": "bond",
    "FUND": "fund",
    "CRYPTO": "crypto",
}
_SUBCLASSES = {("STK", "ETF"): "etf", ("STK", "RIGHT"): "rights"}
_WITH_MULTIPLIER = ("option", "future", "rights")

# The decimals are fixed once an instrument is known, so they do not follow the quantities of one
# file: the broker trades shares in ten-thousandths, and keeps currencies to eight decimals.
_DECIMALS = {"equity": 4, "etf": 4, "fund": 4, "fx_spot": 8, "crypto": 8}
_MOST_DECIMALS = 8

# ISO 10383 codes of the broker's names of exchanges.
EXCHANGES = {
    "NASDAQ": "XNAS",
    "NYSE": "XNYS",
    "ARCA": "ARCX",
    "AMEX": "XASE",
    "BATS": "BATS",
    "CBOE": "XCBO",
    "CFE": "XCBF",
    "CME": "XCME",
    "CBOT": "XCBT",
    "NYMEX": "XNYM",
    "COMEX": "XCEC",
    "IBIS": "XETR",
    "IBIS2": "XETR",
    "FWB": "XFRA",
    "FWB2": "XFRA",
    "EUREX": "XEUR",
    "LSE": "XLON",
    "LSEETF": "XLON",
    "EBS": "XSWX",
    "SBF": "XPAR",
    "AEB": "XAMS",
    "ENEXT.BE": "XBRU",
    "BVME": "XMIL",
    "BVME.ETF": "XMIL",
    "BM": "XMAD",
    "VSE": "XWBO",
    "SFB": "XSTO",
    "CPH": "XCSE",
    "HEX": "XHEL",
    "OSE": "XOSL",
    "WSE": "XWAR",
    "TSE": "XTSE",
    "VENTURE": "XTSX",
    "SEHK": "XHKG",
    "TSEJ": "XTKS",
    "ASX": "XASX",
    "SGX": "XSES",
}

HEADER = (
    "instrument",
    "asset_class",
    "currency",
    "name",
    "multiplier",
    "base_currency",
    "quantity_decimals",
    "isin",
    "cusip",
    "figi",
    "exchange",
    "underlying",
    "expiry",
    "strike",
    "put_call",
    "maturity",
    "issue_date",
    "country",
)


def id_of_symbol(symbol: str) -> str:
    """Return a symbol as an id: an option's without its blanks, else points for what is foreign."""
    if _OPTION_SYMBOL.match(symbol):
        return symbol.replace(" ", "")
    return _FOREIGN.sub(".", symbol).strip(".")[:_MAX_ID]


@dataclass(slots=True)
class Names:
    """The ids of the instruments of a file, found by contract, else by ISIN, else by symbol."""

    by_contract: dict[str, str] = field(default_factory=dict)
    by_isin: dict[str, str] = field(default_factory=dict)
    by_symbol: dict[str, str] = field(default_factory=dict)

    def of(self, row: FlexRow) -> str:
        """Return the id of the instrument that an element is about, "" where it names none."""
        contract = self.contract_of(row)
        symbol = row.text("symbol")
        return self.by_contract.get(contract) or id_of_symbol(symbol)

    def contract_of(self, row: FlexRow) -> str:
        """Return the contract that an element is about, "" where it names none that is known."""
        return (
            row.text("conid")
            or self.by_isin.get(row.text("isin"), "")
            or self.by_symbol.get(row.text("symbol"), "")
        )

    def underlying_of(self, row: FlexRow) -> str:
        """Return the id of the underlying that an element names."""
        known = self.by_contract.get(row.text("underlyingConid"))
        symbol = row.text("underlyingSymbol")
        return known or ("" if symbol == row.text("symbol") else id_of_symbol(symbol))


def names_of(flex: Flex) -> Names:
    """Return the ids of all instruments of a file."""
    symbols: dict[str, str] = {}
    names = Names()
    for row in _about_instruments(flex):
        contract, symbol = row.text("conid"), row.text("symbol")
        if not contract or not symbol:
            continue
        symbols.setdefault(contract, symbol)
        names.by_symbol.setdefault(symbol, contract)
        if row.text("isin"):
            names.by_isin.setdefault(row.text("isin"), contract)
    sharing: dict[str, list[str]] = {}
    for contract, symbol in symbols.items():
        sharing.setdefault(id_of_symbol(symbol), []).append(contract)
    for name, contracts in sharing.items():
        first, *others = sorted(contracts, key=lambda contract: (len(contract), contract))
        names.by_contract[first] = name
        for contract in others:
            suffix = f"-{contract}"
            names.by_contract[contract] = name[: _MAX_ID - len(suffix)] + suffix
    return names


def instruments(flex: Flex, names: Names) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of an instruments file: one per contract that the file names.

    Notes: FLEX_ASSUMED, where only a payment says the currency; FLEX_NOT_IMPORTED, for a class
    that has no place here and for an ISIN that is none.
    """
    found: dict[str, list[FlexRow]] = {}
    for row in _about_instruments(flex):
        if names.of(row):
            found.setdefault(names.contract_of(row) or names.of(row), []).append(row)
    rows: list[tuple[int, dict[str, str]]] = []
    for about in found.values():
        category = _first(about, "assetCategory")
        if category not in CLASSES:
            message = f"an instrument of the class {category or 'that is not given'} is left out"
            flex.note("FLEX_NOT_IMPORTED", message, row=about[0], value=names.of(about[0]))
            continue
        rows.append((about[0].line, _instrument(flex, names, about=about)))
        if about[0].tag in _PAYMENTS:
            message = "only payments name it, so its currency is taken to be theirs"
            flex.note("FLEX_ASSUMED", message, row=about[0], value=names.of(about[0]))
    return sorted(rows, key=lambda row: (row[0], row[1]["instrument"]))


def _about_instruments(flex: Flex) -> Iterator[FlexRow]:
    """Yield every element that describes an instrument, the most trustworthy first."""
    for tag in (*_TRUSTED, *_PAYMENTS):
        for statement in flex.statements:
            yield from statement.of(tag)


def _first(about: list[FlexRow], *names: str) -> str:
    """Return the first of some attributes that any element gives."""
    return next((row.text(name) for name in names for row in about if row.text(name)), "")


def _instrument(flex: Flex, names: Names, *, about: list[FlexRow]) -> dict[str, str]:
    category = _first(about, "assetCategory")
    kind = _SUBCLASSES.get((category, _first(about, "subCategory")), CLASSES[category])
    derivative = kind in _WITH_MULTIPLIER
    symbol = _first(about, "symbol")
    put_call = _first(about, "putCall") or _first(about, "subCategory")
    named = [row for row in about if row.tag in _NAMED_BY]
    return {
        "instrument": names.of(about[0]),
        "asset_class": kind,
        "currency": _first(about, "currency"),
        "name": _first(named, "description"),
        "multiplier": _number(flex, about, name="multiplier") if derivative else "",
        "base_currency": symbol.partition(".")[0] if kind == "fx_spot" else "",
        "quantity_decimals": str(_decimals(flex, about, kind=kind)),
        "isin": _isin(flex, about),
        "cusip": _first(about, "cusip"),
        "figi": _first(about, "figi"),
        "exchange": EXCHANGES.get(_first(about, "listingExchange"), ""),
        "underlying": names.underlying_of(about[0]) if derivative else "",
        "expiry": _day(flex, about, name="expiry") if derivative else "",
        "strike": _number(flex, about, name="strike") if kind == "option" else "",
        "put_call": {"C": "call", "P": "put"}.get(put_call, "") if kind == "option" else "",
        "maturity": _day(flex, about, name="maturity") if kind == "bond" else "",
        "issue_date": _day(flex, about, name="issueDate") if kind == "bond" else "",
        "country": _first(about, "issuerCountryCode"),
    }


def _number(flex: Flex, about: list[FlexRow], *, name: str) -> str:
    row = next((row for row in about if row.text(name)), None)
    return "" if row is None else plain(flex.number(row, name))


def _day(flex: Flex, about: list[FlexRow], *, name: str) -> str:
    row = next((row for row in about if row.text(name)), None)
    return "" if row is None else iso(flex.day(row, name))


def _isin(flex: Flex, about: list[FlexRow]) -> str:
    """Return the ISIN; one that is none is left out with a note: no amount depends on it."""
    row = next((row for row in about if row.text("isin")), None)
    if row is None:
        return ""
    try:
        return parse_isin(row.text("isin"))
    except Unreadable as unreadable:
        message = f"the ISIN is left out: {unreadable.message}"
        flex.note("FLEX_NOT_IMPORTED", message, row=row, value=row.text("isin"))
        return ""


def _decimals(flex: Flex, about: list[FlexRow], *, kind: str) -> int:
    """Return the decimals of quantities: those of the class, or more if the file has more."""
    decimals = _DECIMALS.get(kind, 0)
    for row in about:
        quantity = flex.number(row, "quantity") if row.tag == "Trade" else None
        exponent = quantity.normalize().as_tuple().exponent if quantity else 0
        decimals = max(decimals, -exponent if isinstance(exponent, int) else 0)
    return min(decimals, _MOST_DECIMALS)


def valid_id(text: str) -> str:
    """Return a text of the broker where it is an id as it stands, else ""."""
    try:
        return parse_id(text) if text else ""
    except Unreadable:
        return ""
