"""Interactive Brokers' Flex statements (XML): one file, read once for each kind that it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from subledger.errors import Finding
from subledger.importers import ibkr_flex_actions as actions
from subledger.importers import ibkr_flex_cash as cash
from subledger.importers import ibkr_flex_instruments as instruments
from subledger.importers import ibkr_flex_market as market
from subledger.importers import ibkr_flex_trades as trades
from subledger.importers.ibkr_flex_instruments import Names, names_of
from subledger.importers.ibkr_flex_xml import Flex, parse_flex, times
from subledger.importers.source import Intake, Source

Row: TypeAlias = tuple[int, dict[str, str]]


def _cash(flex: Flex, names: Names) -> list[Row]:
    # What the accruals leave out is noted with the corporate actions, not once more here.
    noted = len(flex.notes)
    paid: dict[str, dict[str, str]] = {}
    for statement in flex.statements:  # an account may have several
        told = actions.paid_by(flex, statement, names=names)
        paid.setdefault(statement.account, {}).update(told)
    del flex.notes[noted:]
    return cash.cash(flex, names, paid=paid)


def _corporate_actions(flex: Flex, names: Names) -> list[Row]:
    return actions.corporate_actions(flex, names)


_KINDS: Mapping[str, tuple[Sequence[str], Callable[[Flex, Names], list[Row]]]] = {
    "trades": (trades.HEADER, trades.trades),
    "instruments": (instruments.HEADER, instruments.instruments),
    "cash": (cash.HEADER, _cash),
    "prices": (market.PRICES_HEADER, market.prices),
    "rates": (market.RATES_HEADER, lambda flex, _: market.rates(flex)),
    "corporate_actions": (actions.HEADER, _corporate_actions),
}

# What some kind reads, and what repeats it or says nothing that is booked.
_READ = frozenset(
    {
        "AccountInformation",
        "Trade",
        "Order",
        "SymbolSummary",
        "AssetSummary",
        "Lot",
        "TradeConfirm",
        "CashTransaction",
        "ChangeInDividendAccrual",
        "OpenDividendAccrual",
        "CorporateAction",
        "OpenPosition",
        "PriorPeriodPosition",
        "SecurityInfo",
        "ConversionRate",
    }
)


def read_ibkr_flex(data: bytes, intake: Intake) -> Source:
    """Read a Flex file as a canonical file of a kind.

    The header is that of the kind's columns; a row's number is the line of its XML element.
    Findings: those of `parse_flex`, FLEX_KIND, FLEX_VALUE and those of the kind. Notes:
    FLEX_SKIPPED, FLEX_NOT_IMPORTED, FLEX_ASSUMED and those of the kind.
    """
    if intake.kind not in _KINDS:
        message = f"a Flex file brings {', '.join(_KINDS)}"
        found = Finding("FLEX_KIND", message, intake.file, value=intake.kind)
        return Source((), (), [], [found])
    flex = parse_flex(data, intake)
    if flex.findings:
        return Source((), (), [], flex.findings, notes=flex.notes)
    header, read = _KINDS[intake.kind]
    rows = read(flex, names_of(flex))
    if intake.kind == "trades":
        _note_unread(flex)
    for said in (flex.findings, flex.notes):
        said.sort(key=lambda finding: finding.row or 0)
    columns = tuple([row[name] for _, row in rows] for name in header)
    numbers = [number for number, _ in rows]
    return Source(tuple(header), columns, numbers, flex.findings, notes=flex.notes)


def _note_unread(flex: Flex) -> None:
    """Note, with the trades, what no kind reads: once per element."""
    for statement in flex.statements:
        for tag in sorted(statement.rows.keys() - _READ):
            rows = statement.rows[tag]
            skipped = any(note.value == tag for note in flex.notes)
            if not skipped:
                message = f"{tag} is not imported; it occurs {times(len(rows))}"
                flex.note("FLEX_NOT_IMPORTED", message, row=rows[0], value=tag)
