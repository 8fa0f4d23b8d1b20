"""A finance desk in a test: books in a folder, files given as text, reports read as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from subledger.errors import Finding, Refused
from subledger.operations.books import Books, open_books
from subledger.operations.closing import CloseResult, close
from subledger.operations.creating import create
from subledger.operations.exceptions import list_exceptions, sweep, waive
from subledger.operations.importing import Delivery, ImportResult, import_bytes
from subledger.operations.marking import mark
from subledger.operations.posting import PostResult, post
from subledger.operations.reporting import report, view_of
from subledger.statements.report import Report

Rows = list[tuple[str, ...]]

INSTRUMENTS = """
instrument asset_class currency quantity_decimals exchange
ACME       equity      USD      0                 XNYS
BOLT       equity      USD      0                 XNYS
COIN       crypto      USD      8                 -
RITE       rights      USD      0                 -
EURO       equity      EUR      0                 -
"""

# What a row has when a test does not say otherwise.
COMMON: Mapping[str, Mapping[str, str]] = {
    "trades": {
        "status": "settled",
        "book": "B1",
        "broker_account": "K1",
        "strategy": "S1",
        "instrument": "ACME",
        "currency": "USD",
    },
    "prices": {"instrument": "ACME"},
    "settlements": {"status": "settled"},
    "cash": {"kind": "contribution", "broker_account": "K1", "book": "B1", "currency": "USD"},
    "journals": {"currency": "USD", "book": "B1", "reason": "month end"},
    "opening_lots": {
        "instrument": "ACME",
        "side": "long",
        "currency": "USD",
        "broker_account": "K1",
        "book": "B1",
        "strategy": "S1",
    },
    "opening_balances": {"currency": "USD", "book": "B1"},
}


def grid(text: str) -> Rows:
    """Return a table drawn as text: rows of words, `-` where there is nothing, `_` for a blank."""
    return [tuple(line.split()) for line in text.strip().splitlines()]


def full_date(value: str) -> str:
    """Return a date of 2026 that is written as month and day, and anything else as it is."""
    short = len(value) == len("01-05") and value[2] == "-" and value.replace("-", "").isdigit()
    return f"2026-{value}" if short else value


def csv_of(kind: str, text: str) -> bytes:
    """Return the bytes of a file that a drawn table stands for, with what is common filled in."""
    header, *rows = grid(text)
    records = [
        dict(COMMON.get(kind, {})) | dict(zip(header, map(_cell, row), strict=True)) for row in rows
    ]
    for record in records:
        if kind == "trades":
            bought = date.fromisoformat(record["trade_date"])
            record.setdefault("settlement_date", (bought + timedelta(days=2)).isoformat())
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


def _cell(word: str) -> str:
    return "" if word == "-" else full_date(word.replace("_", " "))


@dataclass
class Desk:
    """Books in a folder, and what a controller does with them."""

    folder: Path
    settings: Mapping[str, object] = field(default_factory=dict)
    names: int = 0

    def __post_init__(self) -> None:
        create(self.folder, settings={"entity.name": "Desk LLC", **self.settings})
        self.takes("instruments", INSTRUMENTS)

    @cached_property
    def books(self) -> Books:
        """Return the books, opened once: opening proves the chart."""
        return open_books(self.folder)

    def takes(self, kind: str, text: str, *, file: str = "") -> ImportResult:
        """Import a file drawn as a table."""
        self.names += 1
        name = file or f"{kind}-{self.names}.csv"
        return import_bytes(self.books, Delivery(kind, name, csv_of(kind, text)))

    def post(self, *bases: str) -> list[PostResult]:
        """Post every basis named, or all."""
        return post(self.books, bases)

    def close(self, period: str, *bases: str, dry_run: bool = False) -> list[CloseResult]:
        """Close a period of every basis named, or of all."""
        return close(self.books, period, bases=bases, dry_run=dry_run)

    def mark(self, day: str, *bases: str) -> list[PostResult]:
        """Mark a date of 2026, given as month and day."""
        return mark(self.books, date.fromisoformat(full_date(day)), bases=bases)

    def made(self, name: str, period: str, *, basis: str = "", as_at: int | None = None) -> Report:
        """Return a report."""
        return report(view_of(self.books, period, basis=basis, as_at=as_at), name)

    def report(
        self,
        name: str,
        period: str,
        columns: str = "",
        *,
        basis: str = "",
        as_at: int | None = None,
    ) -> Rows:
        """Return the rows of a report, as text, under the header of the columns chosen."""
        made = self.made(name, period, basis=basis, as_at=as_at)
        return self._rows(made, columns)

    def exceptions(self, columns: str = "code period event_id status", basis: str = "") -> Rows:
        """Return the exception queue of a basis (the first where none is named), as text."""
        bases = [basis] if basis else [self.books.policies()[0].name]
        return self._rows(list_exceptions(self.books, bases), columns)

    def _rows(self, made: Report, columns: str) -> Rows:
        names = columns.split() or made.table.column_names
        books = self.books
        units = books.units(books.control.read())
        cells = [[_shown(text) for text in made.exact(name, units)] for name in names]
        return [tuple(names), *zip(*cells, strict=True)]

    def exception_id(self, code: str, event_id: str = "", *, basis: str = "US-GAAP") -> str:
        """Return the id of the one open exception of a code (and event)."""
        rows = self.exceptions("exception_id code event_id status", basis)[1:]
        found = [
            row[0]
            for row in rows
            if row[1] == code and event_id in ("", row[2]) and row[3] == "open"
        ]
        assert len(found) == 1, rows
        return found[0]

    def waive(self, code: str, event_id: str = "", *, basis: str = "US-GAAP") -> None:
        """Waive the one open exception of a code."""
        found = self.exception_id(code, event_id, basis=basis)
        waive(self.books, found, reason="agreed with the auditor")

    def sweep(self, code: str, event_id: str = "", *, basis: str = "US-GAAP") -> date:
        """Sweep the one open exception of a code."""
        return sweep(self.books, self.exception_id(code, event_id, basis=basis))

    @property
    def batch(self) -> int:
        """Return the number of the last batch."""
        return self.books.control.read().as_at


def _shown(text: str | None) -> str:
    return "-" if text is None else text.replace(" ", "_")


def codes(findings: Sequence[Finding]) -> list[str]:
    """Return the codes of findings, in order."""
    return [finding.code for finding in findings]


def refusal(call: Any, *arguments: Any, **named: Any) -> list[str]:
    """Return the codes with which a call is refused."""
    try:
        call(*arguments, **named)
    except Refused as refused:
        return codes(refused.findings)
    raise AssertionError("it was not refused")
