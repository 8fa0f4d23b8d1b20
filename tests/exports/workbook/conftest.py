"""A month of a small firm, made by a seeded generator, as the workbook's pack."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.exports.workbook.abroad import go_abroad

from subledger import tables
from subledger.chart.chart import Chart
from subledger.chart.loading import load_chart
from subledger.columns import Texts
from subledger.conversion import Conversions
from subledger.exports.workbook import (
    BY_CURRENCY,
    Check,
    ClosePack,
    Seal,
    accounts_of_slots,
    netting_of,
    schedules_of,
    write_workbook,
)
from subledger.exports.workbook_details import with_item_accounts
from subledger.journal.journal import Journal
from subledger.periods import month_of
from subledger.statements import currencies, financial, lists, pnl, schedules
from subledger.statements.balances import balances_after, movements
from subledger.statements.report import Report, Units
from subledger.statements.trial_balance import trial_balance

CHART_FOLDER = Path(__file__).resolve().parents[3] / "chart_of_accounts" / "prop-us"
MONTH = month_of(date(2022, 9, 1))
NAMES = ("AAPL", "AMD", "BAC", "XOM", "GE", "JPM")
OWNERS = (("EQ-CORE", "MEAN-REV", "IB1"), ("EQ-CORE", "STAT-ARB-US", "IB1"), ("EQ-FAST", "X", "MS"))
ABROAD = "SAP"
PLACES = dict.fromkeys((*NAMES, ABROAD), 0) | {"AMD": 3}
UNITS = Units("USD", {"USD": 2, "EUR": 2, "JPY": 0}, PLACES)
Row = dict[str, Any]


def _blank(table: tables.Table) -> Row:
    kinds = {field.name: field.type for field in table.schema}
    return {name: "" if tables.is_text(kind) else 0 for name, kind in kinds.items()}


@dataclass
class Firm:
    """Books in the making: entries, lines, lots, reliefs and unsettled trades as rows."""

    entries: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    reliefs: list[Row] = field(default_factory=list)
    unsettled: list[Row] = field(default_factory=list)
    entitlements: list[Row] = field(default_factory=list)
    money: list[Row] = field(default_factory=list)
    conversions: list[Row] = field(default_factory=list)

    def post(self, on: date, event: str, *, lines: list[Row], **entry: Any) -> None:
        seq = len(self.entries) + 1
        month = month_of(on).label
        given = {
            "seq": seq, "entry_id": f"JE-{seq:07d}", "kind": "normal", "accounting_date": on,
            "activity_date": on, "period": month, "activity_period": month, "event_id": event,
            "event_kind": "trade", "event_version": 1, "rule": "equity.trade",
        }  # fmt: skip
        self.entries.append(_blank(tables.ENTRIES) | given | entry)
        for number, line in enumerate(lines, start=1):
            amount = line["amount_base"]
            place = {"seq": seq, "line": number, "currency": "USD", "amount": amount}
            self.lines.append(_blank(tables.LINES) | {"quantity": None} | place | line)

    def table(self, declared: tables.Table, rows: list[Row]) -> pa.Table:
        return pa.Table.from_pylist(rows, schema=declared.schema)

    def posted(self, month: str) -> Journal:
        entries = [entry for entry in self.entries if entry["period"] == month]
        known = {entry["seq"] for entry in entries}
        lines = [line for line in self.lines if line["seq"] in known]
        return Journal(self.table(tables.ENTRIES, entries), self.table(tables.LINES, lines))


def _line(account: str, amount: int, owner: tuple[str, str, str], **more: Any) -> Row:
    book, strategy, broker_account = owner
    place = {"book": book, "strategy": strategy, "broker_account": broker_account}
    return {"account": account, "amount_base": amount} | place | more


def trade(firm: Firm, chance: random.Random, *, number: int, on: date) -> None:
    """Open a lot, long or short, or close one in full; then settle it unless the month is over."""
    owner = chance.choice(OWNERS)
    name = chance.choice(NAMES)
    event = f"T-{on:%Y%m%d}-{number:06d}"
    fees = chance.randrange(10, 900)
    mine = [
        lot
        for lot in firm.lots[-40:]
        if lot["closed"] == 0 and (lot["book"], lot["instrument"]) == (owner[0], name)
    ]
    if mine and chance.random() < 0.6:
        cash = _close(firm, chance, lot=mine[0], event=event, on=on, fees=fees)
        owner = (mine[0]["book"], mine[0]["strategy"], mine[0]["broker_account"])
    else:
        cash = _open(firm, chance, owner=owner, name=name, event=event, on=on, fees=fees)
    due = "1110" if cash > 0 else "2110"
    if on + timedelta(days=2) <= MONTH.end:
        lines = [_line("1020", cash, owner), _line(due, -cash, owner, instrument=name)]
        settled = on + timedelta(days=2)
        firm.post(settled, f"S-{event}", lines=lines, event_kind="settlement", rule="settlement")
    else:
        side = "sell" if cash > 0 else "buy"
        firm.unsettled.append(
            _blank(tables.UNSETTLED)
            | {"trade_id": event, "version": 1, "status": "settled", "trade_date": on}
            | {"settlement_date": on + timedelta(days=2), "instrument": name, "side": side}
            | {"quantity": 100, "currency": "USD", "amount": cash, "amount_base": cash}
            | {"item": "amount", "account": due}
        )


def _open(
    firm: Firm,
    chance: random.Random,
    *,
    owner: tuple[str, str, str],
    name: str,
    event: str,
    on: date,
    fees: int,
) -> int:
    quantity, cost = 100 * chance.randrange(1, 40), chance.randrange(100_000, 9_000_000)
    long = chance.random() < 0.7
    sign = 1 if long else -1
    firm.lots.append(
        _blank(tables.LOTS)
        | {"lot_id": event, "instrument": name, "side": "long" if long else "short"}
        | {"book": owner[0], "strategy": owner[1], "broker_account": owner[2], "opened_on": on}
        | {"currency": "USD", "opened": quantity, "cost": cost, "cost_base": cost, "version": 1}
        | {"hold_from": None}
    )
    cash = -sign * cost - fees
    account = "1210" if long else "2210"
    held = {"instrument": name, "lot_id": event, "quantity": sign * quantity}
    lines = [
        _line(account, sign * cost, owner, slot="investment.cost", **held),
        _line("6110", fees, owner, instrument=name, slot="expense.commission"),
        _line("1110" if cash > 0 else "2110", cash, owner, instrument=name),
    ]
    firm.post(on, event, lines=lines)
    return cash


def _close(firm: Firm, chance: random.Random, *, lot: Row, event: str, on: date, fees: int) -> int:
    owner = (lot["book"], lot["strategy"], lot["broker_account"])
    sign = 1 if lot["side"] == "long" else -1
    cost: int = lot["cost"]
    gain = chance.randrange(-400_000, 500_000)
    gain = max(gain, 1 - cost) if sign > 0 else min(gain, cost - 1)
    released, lot["mark_released"] = lot["mark"], lot["mark"]
    lot |= {"closed": lot["opened"], "relieved": cost, "relieved_base": cost}
    cash = sign * cost + gain - fees
    name = lot["instrument"]
    account = "1210" if sign > 0 else "2210"
    held = {"instrument": name, "lot_id": lot["lot_id"], "quantity": -sign * lot["opened"]}
    lines = [
        _line(account, -sign * cost, owner, **held),
        _line("4110", -gain, owner, instrument=name, slot="gain.realised.price"),
        _line("6110", fees, owner, instrument=name, slot="expense.commission"),
        _line("1110" if cash > 0 else "2110", cash, owner, instrument=name),
        _line("1211" if sign > 0 else "2211", -released, owner, instrument=name),
        _line("4210", released, owner, instrument=name),
    ]
    firm.post(on, event, lines=[line for line in lines if line["amount_base"]])
    proceeds = cost + gain if sign > 0 else cost
    paid = cost if sign > 0 else cost - gain
    if on.month == MONTH.start.month:
        firm.reliefs.append(
            _blank(tables.RELIEFS)
            | {name: lot[name] for name in ("lot_id", "instrument", "side", "opened_on")}
            | {"relief_id": f"{event}:r1", "kind": "normal", "trade_id": event, "version": 1}
            | dict(zip(("book", "strategy", "broker_account"), owner, strict=True))
            | dict(zip(("lot_book", "lot_strategy", "lot_broker_account"), owner, strict=True))
            | {"closed_on": on, "accounting_date": on, "quantity": lot["opened"]}
            | {"currency": "USD", "proceeds": proceeds, "cost": paid, "gain": gain}
            | {"proceeds_base": proceeds, "cost_base": paid}
            | {"gain_price_base": gain, "gain_base": gain, "term": "short"}
        )
    return cash


def mark(firm: Firm, chance: random.Random, *, on: date) -> None:
    """Mark every open lot; the last entry is posted, reversed and posted again."""
    for lot in firm.lots:
        if lot["closed"]:
            continue
        owner = (lot["book"], lot["strategy"], lot["broker_account"])
        gain = chance.randrange(-300_000, 350_000)
        change = gain - lot["mark"]
        lot |= {"mark": gain, "marked_quantity": lot["opened"]}
        account = "1211" if lot["side"] == "long" else "2211"
        lines = [
            _line(account, change, owner, instrument=lot["instrument"]),
            _line("4210", -change, owner, instrument=lot["instrument"]),
        ]
        if change:
            firm.post(on, lot["lot_id"], lines=lines, kind="mark", event_kind="mark")
    last = firm.entries[-1]["entry_id"]
    turned = [line | {"amount_base": -line["amount_base"]} for line in lines]
    reason = "price amended & <rechecked> after the vendor's correction of the closing auction"
    firm.post(on, "M-1", lines=turned, kind="reversal", reverses=last, reason=reason)
    firm.post(on, "M-1", lines=lines, kind="mark")


def make_firm(trades: int, *, seed: int = 7, capital: int = 500_000_000_00) -> Firm:
    firm, chance = Firm(), random.Random(seed)  # noqa: S311
    start = date(2022, 8, 1)
    for owner in OWNERS:
        lines = [_line("1020", capital, owner), _line("3010", -capital, owner)]
        firm.post(start, f"C-{owner[2]}-{owner[1]}", lines=lines, event_kind="contribution")
    for number in range(trades):
        day = start + timedelta(days=60 * number // max(trades, 1))
        if day.month == 9 and firm.entries[-1]["period"] == "2022-08":
            mark(firm, chance, on=date(2022, 8, 31))
        trade(firm, chance, number=number, on=min(day, MONTH.end))
    mark(firm, chance, on=MONTH.end)
    return firm


def load_the_chart() -> Chart:
    return load_chart({file.name: file.read_bytes() for file in CHART_FOLDER.glob("*.toml")})


def make_pack(firm: Firm) -> ClosePack:
    chart = load_the_chart()
    before, posted = firm.posted("2022-08"), firm.posted("2022-09")
    opening = movements(before)
    closing = balances_after(opening, posted.lines)
    statements, accounts = chart.statements, chart.accounts
    reports: dict[str, Report] = {
        "trial-balance": trial_balance(opening, posted, accounts=accounts),
        "balance-sheet": financial.balance_sheet(
            statements, accounts, closing=closing, prior=opening
        ),
        "income-statement": financial.income_statement(
            statements, accounts, moved=movements(posted), prior=movements(before)
        ),
        "journal": lists.journal(
            posted, entity="Example", basis="US-GAAP", batches=lists.BATCHES.empty_table()
        ),
        BY_CURRENCY: trial_balance(opening, posted, accounts=accounts, by=("currency",)),
        "pnl": pnl.pnl(posted, buckets=pnl.buckets_of(accounts)),
        **_schedules(firm),
        **_currencies(firm, chart, opening=opening, closing=closing),
    }
    return ClosePack(
        entity="Example Trading & Partners LLC",
        basis="US-GAAP",
        period=MONTH,
        status="closed",
        seal=Seal("9f2c" * 16, "1248", "subledger 0.1.0", chart.hash),
        units=UNITS,
        reports=reports,
        statements=statements,
        accounts=accounts,
        schedules=schedules_of(chart),
        slots=accounts_of_slots(chart),
        prior=trial_balance(tables.BALANCES.empty(), before, accounts=accounts),
        prior_label="2022-08",
        netting=netting_of(statements, accounts, closing=closing, prior=opening),
        checks=(
            Check("UNSETTLED", "", 0, 0, 2, verdict=True, note="item by item"),
            Check("positions", "Positions: open lots are the shares held", 1234, 1234, 0, True),
        ),
    )


def _currencies(
    firm: Firm, chart: Chart, *, opening: pa.Table, closing: pa.Table
) -> dict[str, Report]:
    """Return the reports of foreign currency and of dividends."""
    money, unsettled, entitlements, conversions = (
        firm.table(declared, rows)
        for declared, rows in (
            (tables.MONEY, firm.money),
            (tables.UNSETTLED, firm.unsettled),
            (tables.ENTITLEMENTS, firm.entitlements),
            (tables.CONVERSIONS, firm.conversions),
        )
    )
    held = currencies.Held(opening, closing, money, unsettled, entitlements)
    return {
        "entitlements": lists.entitlements(entitlements),
        "rates": currencies.rates(conversions),
        "fx": currencies.fx(
            held,
            Conversions(conversions, "USD"),
            sections=currencies.sections_of(chart),
            accounts=chart.accounts,
            on=MONTH.end,
        ),
    }


def _schedules(firm: Firm) -> dict[str, Report]:
    lots = firm.table(tables.LOTS, firm.lots)
    marks = [
        {"mark_date": MONTH.end, "instrument": name, "price_mantissa": 12_345_678 + place}
        | {"price_scale": 5, "price_date": MONTH.end, "source": "close", "level": 1}
        for place, name in enumerate(NAMES)
    ]
    marks.append(
        {"mark_date": MONTH.end, "instrument": ABROAD, "price_mantissa": 130, "price_scale": 0}
        | {"price_date": MONTH.end, "source": "close", "level": 1}
    )
    instruments = [
        _blank(tables.INSTRUMENTS)
        | {"instrument": name, "multiplier_mantissa": 1, "negative_price": False}
        | {"valid_from": None, "quantity_decimals": UNITS.quantity_decimals[name]}
        for name in (*NAMES, ABROAD)
    ]
    withheld = _blank(tables.TRADES) | {
        "trade_id": "T-FAILED-1", "status": "failed", "trade_date": MONTH.end, "net": 12_345,
        "settlement_date": MONTH.end, "settled_date": None, "instrument": "GE", "side": "buy",
        "quantity": 10, "currency": "USD",
    }  # fmt: skip
    return {
        "realised": schedules.realised(firm.table(tables.RELIEFS, firm.reliefs)),
        "lots": schedules.lots(lots),
        "unrealised": schedules.unrealised(
            lots,
            firm.table(tables.MARKS, marks),
            instruments=firm.table(tables.INSTRUMENTS, instruments),
            units=UNITS,
            conversions=firm.table(tables.CONVERSIONS, firm.conversions),
        ),
        "unsettled": with_item_accounts(
            lists.unsettled(
                firm.table(tables.UNSETTLED, firm.unsettled),
                firm.table(tables.TRADES, [withheld]),
                on=MONTH.end,
                base="USD",
            ),
            firm.table(tables.UNSETTLED, firm.unsettled),
        ),
    }


@pytest.fixture(scope="session")
def foreign_pack() -> ClosePack:
    """Return a month of a firm that also has euros and yen."""
    firm = make_firm(30)
    go_abroad(firm)
    # Cash in both currencies, a payable and a dividend stand at the closing rate.
    held = 210_000 + 52_500 - 100_000 + 4_250
    revalued = Check("REVALUED", "", held, held, 2, verdict=True, note="4 compared")
    made = make_pack(firm)
    return replace(made, checks=(*made.checks, revalued))


@pytest.fixture(scope="session")
def pack() -> ClosePack:
    """Return a month of 150 trades."""
    return make_pack(make_firm(150))


@pytest.fixture
def with_text(pack: ClosePack) -> Callable[[str], ClosePack]:
    """Return a function that puts a text into the reason of every line of the journal."""

    def put(text: str) -> ClosePack:
        journal = pack.reports["journal"]
        place = journal.table.schema.get_field_index("reason")
        column = Texts.repeated(text, journal.table.num_rows).dictionary()
        table = journal.table.set_column(place, journal.table.schema.field(place), column)
        changed = replace(journal, table=table)
        return replace(pack, reports={**pack.reports, "journal": changed})

    return put


@pytest.fixture(scope="session")
def rich_pack() -> ClosePack:
    """Return a month of a firm whose cash has 17 digits, more than float64 holds."""
    return make_pack(make_firm(20, capital=300_000_000_000_000_01))


@pytest.fixture(scope="session")
def written(pack: ClosePack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the workbook of the month."""
    path = tmp_path_factory.mktemp("package") / "workbook.xlsx"
    write_workbook(path, pack)
    return path
