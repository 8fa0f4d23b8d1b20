"""The lot engine alone: trades in, realised gains and open lots out, without books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import pyarrow as pa

from subledger.booking.carrying import carried_lots, reliefs_table
from subledger.booking.inputs import Terms
from subledger.booking.marking import mark_lots
from subledger.booking.policy import BasisPolicy
from subledger.booking.trading import Given, Traded, trade
from subledger.chart import Chart
from subledger.closing.knowledge import Known, Sealed
from subledger.closing.window import open_window
from subledger.columns import Flags, build, numbers, texts
from subledger.conversion import Conversions
from subledger.errors import Finding, Refused, refuse
from subledger.events.context import Context
from subledger.events.identity import admit
from subledger.events.kinds import KINDS
from subledger.events.known import known_trades
from subledger.importers.canonical import read_source
from subledger.importers.source import Source
from subledger.lots.engine import METHODS, OVER_CLOSE, REFUSAL_CODES, SHORT_NOT_ALLOWED
from subledger.numbers import MAX_DECIMALS
from subledger.statements import schedules
from subledger.statements.report import Report, Units
from subledger.tables import CONVERSIONS, INSTRUMENTS, LOTS, MARKS, SETTLEMENTS, is_text

FIRST_ROW = 2  # the first row counts as line 2, as in a file with a header
FEES = ("capitalise", "expense")


@dataclass(frozen=True, slots=True)
class ReliefTerms:
    """How lots are relieved; `decimals` are those of money."""

    method: str = "FIFO"
    fees: str = "capitalise"
    decimals: int = 8
    allow_short: bool = True
    rank_with_fees: bool = True


@dataclass(frozen=True, slots=True)
class ReliefReports:
    """What the engine did: realised gains and open lots as reports, and their decimals."""

    realised: Report
    lots: Report
    units: Units


def relieve(
    columns: Mapping[str, Sequence[str]], file: str, *, terms: ReliefTerms
) -> ReliefReports:
    """Relieve lots by trades, whatever their status unless cancelled.

    Args:
        columns: The columns of a trades file as text; all in one currency, fees included. Lots
            are pooled by book, strategy, broker account and instrument.
        file: The name that findings give to them.
        terms: The policies.

    Raises:
        Refused: NOT_OFFERED for a method, policy or case that is not offered; every finding about
            the rows; OVER_CLOSE, SHORT_NOT_ALLOWED, LOT_UNKNOWN, LOTS_MISMATCH and LOTS_NOT_NAMED
            for trades that the engine refuses.
    """
    _require_offered(terms)
    trades, held, decimals = _known(columns, file, terms=terms)
    currency = next(iter(texts(trades, "currency")), "")
    policy = BasisPolicy(
        name="relieve",
        base_currency=currency,
        post_status="confirmed",
        fees=terms.fees,
        lot_method=terms.method,
        allow_short=terms.allow_short,
        rank_with_fees=terms.rank_with_fees,
    )
    dated = open_window(Known(trades, trades), Sealed(), policy=policy).events.trades
    chart = Chart("", {}, {}, (), (), {}, {})  # the engine asks it nothing
    given = Terms(policy, chart, held, decimals)
    classes = dict.fromkeys(texts(held, "instrument"), "equity")
    never, rates = np.empty(0, "datetime64[D]"), Conversions(CONVERSIONS.empty(), currency)
    lots, marks = LOTS.empty(), MARKS.empty()
    traded = trade(dated, Given(lots, never), asset_class=classes, terms=given, rates=rates)
    _require_booked(traded, file)
    marked = mark_lots(traded, marks, terms=given, rates=rates)
    relieved = reliefs_table(traded, marked, rates=rates, fx_split=policy.fx_split)
    places = dict(zip(texts(held, "instrument"), numbers(held, "quantity_decimals"), strict=True))
    return ReliefReports(
        schedules.realised(relieved),
        schedules.lots(carried_lots(traded, marked)),
        Units(
            currency,
            {**decimals, currency: terms.decimals},
            {name: int(number) for name, number in places.items()},
        ),
    )


def _require_offered(terms: ReliefTerms) -> None:
    for name, value, offered in (
        ("method", terms.method, METHODS),
        ("fees", terms.fees, FEES),
        ("decimals", terms.decimals, range(MAX_DECIMALS + 1)),
    ):
        if value not in offered:
            message = f"offered: {', '.join(map(str, offered))}"
            raise refuse("NOT_OFFERED", message, column=name, value=str(value))


def _known(
    columns: Mapping[str, Sequence[str]], file: str, *, terms: ReliefTerms
) -> tuple[pa.Table, pa.Table, dict[str, int]]:
    """Return the trades as known after all rows, the instruments they name, and the decimals."""
    rows = max((len(values) for values in columns.values()), default=0)
    numbered = list(range(FIRST_ROW, rows + FIRST_ROW))
    source = Source(tuple(columns), tuple(list(values) for values in columns.values()), numbered)
    money = ("currency", "fee_currency", "settlement_currency")
    currencies = set(chain.from_iterable(columns.get(name, ()) for name in money))
    decimals = dict.fromkeys(sorted(currencies - {""}), terms.decimals)
    held = _instruments(columns)
    context = Context(base_currency="", decimals=decimals, instruments=held)
    reading = read_source(KINDS["trades"], source, file=file, context=context)
    if reading.findings:
        raise Refused(reading.findings)
    admitted = admit("trades", reading.table, known={}, file=file)
    findings = [*admitted.findings, *_not_offered(admitted.rows, file)]
    if findings:
        raise Refused(findings)
    return known_trades(admitted.rows, SETTLEMENTS.empty())[0], held, decimals


def _instruments(columns: Mapping[str, Sequence[str]]) -> pa.Table:
    """Return INSTRUMENTS that the trades name, each with the decimals that its quantities need."""
    names, currencies = columns.get("instrument", ()), columns.get("currency", ())
    quantities = columns.get("quantity", ())
    named = columns.get("lots", ("",) * len(names))
    places: dict[str, int] = {}
    own: dict[str, str] = {}
    for name, currency, quantity, lots in zip(names, currencies, quantities, named, strict=False):
        parts = (quantity, *(part.rpartition(":")[2] for part in lots.split(";")))
        needed = max(len(part.partition(".")[2].rstrip("0")) for part in parts)
        places[name] = min(max(places.get(name, 0), needed), MAX_DECIMALS)
        own.setdefault(name, currency)
    count = len(places)
    given = {field.name: _nothing(field, count) for field in INSTRUMENTS.schema}
    given |= {
        "instrument": np.array(list(places), dtype=object),
        "asset_class": np.full(count, "equity", dtype=object),
        "currency": np.array(list(own.values()), dtype=object),
        "multiplier_mantissa": np.ones(count, np.int64),
        "quantity_decimals": np.array(list(places.values()), np.int64),
    }
    return build(INSTRUMENTS, given)


def _nothing(field: pa.Field, count: int) -> object:
    if is_text(field.type):
        return np.full(count, "", dtype=object)
    if pa.types.is_date(field.type):
        return np.full(count, np.datetime64("NaT"), "datetime64[D]")
    return np.zeros(count, bool if pa.types.is_boolean(field.type) else np.int64)


def _not_offered(trades: pa.Table, file: str) -> list[Finding]:
    """Return a finding for each trade that the engine alone cannot relieve."""
    currency = texts(trades, "currency")
    other = currency != currency[:1]
    for name in ("fee_currency", "settlement_currency"):
        other |= texts(trades, name) != currency
    cases: tuple[tuple[str, Flags, str], ...] = (
        ("currency", other, "trades, fees and settlements in one currency at a time"),
        ("accrued_interest", numbers(trades, "accrued_interest") != 0, "accrued interest"),
    )
    return [
        Finding("NOT_OFFERED", message, file, int(row), column)
        for column, wrong, message in cases
        for row in numbers(trades, "row")[wrong]
    ]


def _require_booked(traded: Traded, file: str) -> None:
    """Refuse with every trade that the engine refused."""
    refused, rows = traded.relieved.refused, numbers(traded.trades, "row")
    ids = texts(traded.trades, "trade_id")
    findings = []
    for n in np.flatnonzero(refused):
        reason = int(refused[n])
        column = "quantity" if reason in (OVER_CLOSE, SHORT_NOT_ALLOWED) else "lots"
        code, message = REFUSAL_CODES[reason], f"trade {ids[n]}"
        findings.append(Finding(code, message, file, int(rows[n]), column))
    if findings:
        raise Refused(findings)
