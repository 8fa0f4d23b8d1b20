"""A journal in a few words, written as a ledger and proved by beancount in a child process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from subledger import tables
from subledger.chart.accounts import Account
from subledger.exports.bean_check import ledger_balances, run_bean_check
from subledger.exports.beancount import LedgerPart, month_files
from subledger.exports.beancount_compare import compare_with_trial_balance
from subledger.exports.beancount_frame import frame_files
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_seal import compare_text
from subledger.exports.beancount_uses import merge_uses
from subledger.statements.report import Units

CHART = {
    account.number: account
    for account in (
        Account("1010", "Cash at brokers", "asset", "debit", manual=True),
        Account("1190", "Due from books", "asset", "debit"),
        Account("1210", "Securities, at cost", "asset", "debit", required=("instrument", "lot")),
        Account("1251", "Marks on securities", "asset", "debit", required=("instrument", "lot")),
        Account("2190", "Due to books", "liability", "credit"),
        Account("2210", "Securities sold short", "liability", "credit", required=("lot",)),
        Account("3100", "Capital", "equity", "credit"),
        Account("3900", "Retained earnings", "equity", "credit"),
        Account("4110", "Realised gains", "income", "credit"),
        Account("4210", "Unrealised gains", "income", "credit"),
    )
}
DECIMALS = {"AAPL": 0, "BRK.B": 0, "700.HK": 0, "kSHIB": 8, "ALL": 0}
UNITS = Units("USD", {"USD": 2, "EUR": 2}, DECIMALS)
OWNER = {"book": "B1", "strategy": "MOM", "broker_account": "IB-1"}


def filled(table: tables.Table, rows: list[dict[str, Any]]) -> pa.Table:
    blank = {pa.int64(): 0, pa.date32(): date(2022, 1, 1), pa.bool_(): False}
    empty = {
        declared.name: None if declared.nullable else blank.get(declared.type, "")
        for declared in table.schema
    }
    return pa.Table.from_pylist([empty | row for row in rows], schema=table.schema)


INSTRUMENTS = filled(
    tables.INSTRUMENTS,
    [
        {"instrument": name, "asset_class": "equity", "currency": "USD", "multiplier_mantissa": 1}
        for name in DECIMALS
    ],
)
CONTEXT = LedgerContext("Example Trading LLC", "US-GAAP", UNITS, CHART, INSTRUMENTS)


@dataclass
class Journal:
    entries: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)

    def post(self, day: str, event_id: str, *lines: dict[str, Any], **further: Any) -> str:
        seq = len(self.entries) + 1
        when = date.fromisoformat(day)
        own = {
            "seq": seq,
            "entry_id": f"JE-{seq:06d}",
            "kind": "normal",
            "accounting_date": when,
            "activity_date": when,
            "period": day[:7],
            "event_kind": "trade",
            "event_id": event_id,
            "event_version": 1,
            "stage": "trade",
            "rule": "a.rule",
            "narration": "n",
        }
        self.entries.append(own | further)
        self.lines += [
            OWNER | line | {"seq": seq, "line": number} for number, line in enumerate(lines, 1)
        ]
        assert sum(line["amount_base"] for line in lines) == 0
        return str(own["entry_id"])

    def reverse(self, entry_id: str, **further: Any) -> None:
        entry = next(e for e in self.entries if e["entry_id"] == entry_id)
        signed = ("amount", "amount_base", "quantity")
        lines = [
            line | {name: -line[name] for name in signed if name in line}
            for line in self.lines
            if line["seq"] == entry["seq"]
        ]
        day = entry["accounting_date"].isoformat()
        given = {"kind": "reversal", "reverses": entry_id} | further
        self.post(given.pop("day", day), entry["event_id"], *lines, **given)

    def month(self, period: str, **further: pa.Table) -> LedgerMonth:
        entries = [entry for entry in self.entries if entry["period"] == period]
        seqs = {entry["seq"] for entry in entries}
        lines = [line for line in self.lines if line["seq"] in seqs]
        return LedgerMonth(
            period, filled(tables.ENTRIES, entries), filled(tables.LINES, lines), **further
        )

    def balances(self) -> pa.Table:
        keys = ("account", "currency", *(column.name for column in tables.DIMENSIONS))
        found: dict[tuple[str, ...], list[int]] = {}
        for line in self.lines:
            sums = found.setdefault(tuple(line.get(key, "") for key in keys), [0, 0, 0])
            for place, name in enumerate(("amount", "amount_base", "quantity")):
                sums[place] += line.get(name) or 0
        return filled(
            tables.BALANCES,
            [
                dict(zip(keys, key, strict=True))
                | {"amount": sums[0], "amount_base": sums[1], "quantity": sums[2]}
                for key, sums in found.items()
            ],
        )


def texts_of(part: LedgerPart) -> dict[str, str]:
    """Return the text of each file."""
    return {name: b"".join(content()).decode() for name, content in part.files.items()}


def hashes_of(files: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 that each text has as a file."""
    return {name: sha256(text.encode()).hexdigest() for name, text in files.items()}


def write_ledger(
    folder: Path, parts: list[LedgerPart], context: LedgerContext = CONTEXT
) -> dict[str, str]:
    files: dict[str, str] = {}
    for part in parts:
        files |= texts_of(part)
    files |= frame_files(context, merge_uses([part.uses for part in parts]), files=files)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return files


def prove_ledger(folder: Path, journal: Journal, *months: LedgerMonth) -> str:
    """Write the months, let beancount prove them, and return the text of the months."""
    parts: list[LedgerPart] = []
    for month in months:
        before = merge_uses([part.uses for part in parts])
        parts.append(month_files(CONTEXT, month, before=before))
    files = write_ledger(folder, parts)
    assert run_bean_check(folder) == []
    compared, findings = compare_with_trial_balance(
        ledger_balances(folder, base="USD"), journal.balances(), units=UNITS
    )
    assert findings == []
    assert compared.total
    assert compare_text(hashes_of(files), folder, text_of=str) == (
        sum(text.count("\n") for text in files.values()),
        [],
    )
    return "".join(text for name, text in sorted(files.items()) if name[0].isdigit())


@pytest.fixture
def context() -> LedgerContext:
    return CONTEXT


@pytest.fixture
def journal() -> Journal:
    return Journal()


@pytest.fixture(scope="session")
def write() -> Callable[..., dict[str, str]]:
    """Write parts to a folder with the files that frame them, and return the text by file."""
    return write_ledger


@pytest.fixture
def prove() -> Callable[..., str]:
    """Write months, let beancount prove them, and return the text of the months."""
    return prove_ledger


@pytest.fixture
def table() -> Callable[..., pa.Table]:
    """Return a declared table from rows that leave out what is empty."""
    return filled
