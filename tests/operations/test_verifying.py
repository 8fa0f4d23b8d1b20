"""Verify: whatever is changed on disk is found, and named by file and line."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from tests.operations.desk import Desk, refusal

from subledger.errors import Finding
from subledger.exports.beancount_reuse import WrittenLedger
from subledger.exports.beancount_uses import merge_uses
from subledger.operations.books import open_books
from subledger.operations.closing import close
from subledger.operations.ledgers import (
    ledger_context,
    ledger_texts,
    sealed_ledger,
    sealed_months,
    with_months,
)
from subledger.operations.verifying import verify
from subledger.tables import BALANCES


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a books folder with three closed months, a year between them, long and short."""
    desk = Desk(tmp_path_factory.mktemp("verify") / "books")
    desk.takes(
        "trades",
        """
        trade_id trade_date settled_date side quantity price commission
        T1       2025-11-05 2025-11-07   buy  100      10.00 1.00
        T2       2025-12-09 2025-12-11   sell 130      13.00 2.00
        T3       2026-01-06 2026-01-08   buy  10       12.00 0.50
        """,
    )
    desk.takes("prices", "date price\n2025-11-28 11.00\n2025-12-31 12.00\n2026-01-30 12.50")
    for period in ("2025-11", "2025-12", "2025", "2026-01"):
        desk.close(period)
    return desk.folder


@pytest.fixture
def folder(sealed: Path, tmp_path: Path) -> Path:
    """Return a copy of the sealed books that a test may harm."""
    shutil.copytree(sealed, tmp_path / "books")
    for path in (tmp_path / "books").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path / "books"


def findings(folder: Path, label: str | None = None) -> list[Finding]:
    return [finding for result in verify(open_books(folder), label) for finding in result.findings]


def test_sealed_books_have_no_finding_and_much_was_compared(sealed: Path) -> None:
    results = verify(open_books(sealed))
    assert [(result.basis, result.findings) for result in results] == [
        ("store", ()),
        ("US-GAAP", ()),
        ("US-TAX", ()),
    ]
    assert all(result.compared > 20 for result in results)


@pytest.mark.parametrize("label", ["2025-11", "2025-12", "2025", "2026-01"])
def test_every_closed_period_can_be_verified_by_name(sealed: Path, label: str) -> None:
    assert findings(sealed, label) == []


def test_a_period_that_is_not_closed_cannot_be_verified(sealed: Path) -> None:
    assert refusal(findings, sealed, "2026-02") == ["NOT_CLOSED"]


def other_digit(text: str, pattern: str) -> tuple[str, int]:
    """Change the last digit of the first match; return the text and the line it stands on."""
    found = re.search(pattern, text, re.MULTILINE)
    assert found is not None, pattern
    place = found.start() + max(n for n, c in enumerate(found.group()) if c.isdigit())
    changed = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    return changed, text.count("\n", 0, place) + 1


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("2026-01.beancount", r"^  Assets:\S+ +.*-?[0-9]+\.[0-9]+ USD$"),
        ("2026-01.beancount", r"^ +cost: .*[0-9]"),
        ("2025-12.beancount", r"^  Liabilities:\S+.*\{[0-9.]+"),
        ("2025.beancount", r"^  Equity:\S+ .*[0-9]+\.[0-9]+ USD$"),
        ("2025-11.beancount", r'^ +rule: ".*'),
        ("accounts.beancount", r'gl-code: "[0-9]+"'),
        ("main.beancount", r"[0-9]"),
    ],
)
def test_a_changed_digit_of_the_ledger_is_found_with_file_and_line(
    folder: Path, file: str, pattern: str
) -> None:
    path = folder / "ledgers" / "US-GAAP" / file
    if pattern.startswith(r"^ +rule"):
        text = path.read_text()
        changed = text.replace("trade.long.open", "trade.lung.open", 1)
        line = text[: text.index("trade.long.open")].count("\n") + 1
    else:
        changed, line = other_digit(path.read_text(), pattern)
    path.write_text(changed)
    found = [(f.code, f.file, f.row) for f in findings(folder)]
    assert found == [("LEDGER_EDITED", f"ledgers/US-GAAP/{file}", line)]


def cut(folder: Path) -> Path:
    return next((folder / "store" / "segments").rglob("*.parquet"))


def raw(folder: Path) -> Path:
    return min((folder / "store" / "raw").iterdir())


@pytest.mark.parametrize(
    ("victim", "code"), [(cut, "SEGMENT_CHANGED"), (raw, "RAW_CHANGED")], ids=["segment", "raw"]
)
def test_a_changed_byte_of_the_store_is_found_with_the_file(
    folder: Path, victim: Callable[[Path], Path], code: str
) -> None:
    path = victim(folder)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    (finding,) = findings(folder)
    assert (finding.code, Path(str(finding.file)).name) == (code, path.name)


def test_files_of_sealed_periods_are_what_writing_them_anew_gives(
    sealed: Path, tmp_path: Path
) -> None:
    """Each close takes the files of earlier ones as they were sealed."""
    books = open_books(sealed)
    reading = books.control.read()
    for basis in ("US-GAAP", "US-TAX"):
        context = ledger_context(books, reading, basis=basis)
        months = sealed_months(reading, basis)
        nothing = WrittenLedger({}, merge_uses([]))
        balances = reading.latest(BALANCES, basis=basis, period="2026-01")
        assert balances is not None
        through = date(2026, 1, 31)
        written = with_months(context, months, before=nothing, scratch=tmp_path / basis)
        files = ledger_texts(
            context, written, balances=balances, through=through, scratch=tmp_path / basis
        )
        folder = sealed / "ledgers" / basis
        texts = {name: file.read() for name, file in files.items()}
        assert texts == {path.name: path.read_text() for path in folder.iterdir()}
        known = sealed_ledger(reading, context, scratch=tmp_path / "unused").files
        assert {name: file.read() for name, file in known.items()}.items() < texts.items()
        assert not (tmp_path / "unused").exists()


def test_an_account_that_is_renamed_has_its_new_name_in_every_month(folder: Path) -> None:
    """One ledger cannot hold both names: a balance of the old one would be asserted of the new."""
    chart = folder / "chart_of_accounts" / "prop-us" / "accounts.toml"
    text = chart.read_text()
    assert 'name = "Cash at brokers"' in text
    chart.write_text(text.replace('name = "Cash at brokers"', 'name = "Money at brokers"'))
    close(open_books(folder), "2026-02", bases=["US-TAX"])
    ledger = folder / "ledgers" / "US-TAX"
    assert " Assets:Money-At-Brokers " in (ledger / "2025-11.beancount").read_text()
    assert "Cash-At-Brokers" not in "".join(path.read_text() for path in ledger.iterdir())
    assert findings(folder) == []


def test_foreign_money_dividends_and_pools_are_proved_in_each_currency(tmp_path: Path) -> None:
    """Lots of one pool version live over a month's end; an account in francs is empty again."""
    average = {"basis.US-GAAP.lots.method": "AVERAGE", "rates.max_age": 31}
    desk = Desk(tmp_path / "books", average)
    desk.takes(
        "trades",
        """
        trade_id trade_date settled_date side quantity price commission instrument currency
        T1       2025-11-05 2025-11-07   buy  3        10.00 1.00       EURO       EUR
        T2       2025-11-20 2025-11-24   buy  4        13.00 0.33       EURO       EUR
        T3       2025-12-09 2025-12-11   sell 5        12.00 0.00       EURO       EUR
        T4       2025-12-10 2025-12-12   buy  9        0.01  7.00       EURO       EUR
        T5       2025-12-11 2025-12-15   sell 20       11.00 0.07       EURO       EUR
        """,
    )
    desk.takes("prices", "date price instrument\n2025-11-28 11.00 EURO\n2025-12-31 12.00 EURO")
    desk.takes(
        "rates",
        """
        date       base quote rate
        2025-11-03 EUR  USD   1.0711
        2025-11-28 EUR  USD   1.0533
        2025-12-08 EUR  USD   1.0917
        2025-12-12 EUR  USD   1.1003
        2025-12-31 EUR  USD   1.0300
        """,
    )
    dividend = "event_id kind ex_date pay_date instrument amount currency"
    desk.takes("corporate_actions", f"{dividend}\nD1 dividend 2025-11-25 2025-12-02 EURO 0.33 EUR")
    received = "event_id date kind amount instrument currency"
    desk.takes("cash", f"{received}\nX1 2025-12-02 dividend 2.31 EURO EUR")
    for period in ("2025-11", "2025-12"):
        desk.close(period)
    results = verify(open_books(desk.folder))
    assert [result.findings for result in results] == [(), (), ()]
    assert results[1].notes[-1] == (
        "beancount agrees on 50 balances through 2025-12-31:"
        " 18 in base, 15 in EUR, 15 in USD, 2 in units"
    )
    text = (desk.folder / "ledgers" / "US-GAAP" / "2025-12.beancount").read_text()
    assert "2025-12-31 price EUR 1.03 USD\n  price-date: 2025-12-31\n" in text
    assert ', 2025-11-05, "T1#2"}' in text
    assert ', 2025-11-05, "T1#3"}' in text


def change(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "store" / "control.db") as connection:
        triggers = connection.execute("select name, sql from sqlite_master where type = 'trigger'")
        kept = triggers.fetchall()
        for name, _ in kept:
            connection.execute(f'drop trigger "{name}"')
        connection.execute(statement)
        for _, sql in kept:
            connection.execute(sql)
    connection.close()


def test_a_changed_seal_price_or_batch_is_found(folder: Path) -> None:
    change(
        folder, "update close_seal set seal = replace(seal, '\"period\"', '\"Period\"') where n=1"
    )
    assert {finding.code for finding in findings(folder)} == {"BATCH_CHANGED", "SEAL_CHANGED"}


def test_a_missing_and_a_foreign_ledger_file_are_found(folder: Path) -> None:
    ledger = folder / "ledgers" / "US-TAX"
    (ledger / "2025-12.beancount").unlink()
    (ledger / "2025-13.beancount").write_text("2025-12-31 open Assets:Other\n")
    found = sorted((f.code, f.file) for f in findings(folder))
    assert found == [
        ("LEDGER_FILE_MISSING", "ledgers/US-TAX/2025-12.beancount"),
        ("LEDGER_FILE_UNKNOWN", "ledgers/US-TAX/2025-13.beancount"),
    ]
