"""Reading the ledger files with beancount: what is refused unread, and what it finds."""

from __future__ import annotations

import os
import sys
from base64 import b64decode
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from subledger import tables
from subledger.errors import Refused
from subledger.exports.bean_check import LEDGER_BALANCES, ledger_balances, run_bean_check
from subledger.exports.beancount_compare import compare_with_trial_balance
from subledger.exports.beancount_seal import compare_text, find_edit, line_digests
from subledger.exports.beancount_text import KEPT, write_text
from subledger.statements.report import Units

MAIN = """\
option "title" "E"
option "operating_currency" "USD"
option "tolerance_multiplier" "0"
option "booking_method" "STRICT"
include "2022-01.beancount"
"""
MONTH = """\
2022-01-01 open Assets:Cash
  gl-code: "1010"
2022-01-01 open Assets:Stock:B1:X
  gl-code: "1210"
2022-01-01 open Assets:Stock:B1:X:Residue USD
  gl-code: "1210"
  part: "residue"
2022-01-01 open Equity:Capital
  gl-code: "3100"
2022-01-01 commodity X
  ticker: "X"
2022-01-03 * "p" "n"
  Assets:Stock:B1:X                 0.00000003 X {3333333.33333333 USD, 2022-01-03, "T1"}
  Assets:Stock:B1:X:Residue         0.0000000000000001 USD
  Assets:Cash                      -0.10 USD
2022-02-03 * "p" "n"
  Assets:Cash                       5.00 EUR @ 1.12345678 USD
  Equity:Capital                   -5.6172839 USD
"""


def hashes(files: dict[str, str]) -> dict[str, str]:
    return {name: sha256(text.encode()).hexdigest() for name, text in files.items()}


def ledger(folder: Path, main: str = MAIN, month: str = MONTH) -> Path:
    (folder / "main.beancount").write_text(main)
    (folder / "2022-01.beancount").write_text(month)
    return folder


def test_balances_keep_every_digit(tmp_path: Path) -> None:
    found = ledger_balances(ledger(tmp_path), base="USD")
    assert found.schema.equals(LEDGER_BALANCES.schema)
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("1010", "EUR", False, "5.00", "5.6172839000"),
        ("1010", "USD", False, "-0.10", "-0.10"),
        ("1210", "USD", False, "0", "0.0000000000000001"),
        ("1210", "X", True, "0.00000003", "0.0999999999999999"),
        ("3100", "USD", False, "-5.6172839", "-5.6172839"),
    ]


def test_balances_stop_at_a_date(tmp_path: Path) -> None:
    found = ledger_balances(ledger(tmp_path), base="USD", until=date(2022, 1, 31))
    assert found.column("gl_code").to_pylist() == ["1010", "1210", "1210"]


def test_an_error_is_named_with_file_and_line(tmp_path: Path) -> None:
    (found,) = run_bean_check(ledger(tmp_path, month=MONTH.replace("-0.10", "-0.11")))
    assert (found.code, found.file, found.row) == ("LEDGER_CHECK", "2022-01.beancount", 12)
    assert found.message.startswith("Transaction does not balance")


def test_balances_of_a_ledger_with_errors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        ledger_balances(ledger(tmp_path, month=MONTH.replace("-0.10", "-0.11")), base="USD")


@pytest.mark.parametrize(
    "line",
    [
        'plugin "evil"',
        '  plugin "beancount.plugins.check_average_cost" "__import__(\'os\')"',
        'option "insert_pythonpath" "True"',
        'option "plugin" "evil"',
        'option  "title" "x"',
        'include "/etc/passwd"',
        'include "../other.beancount"',
        'include "*.beancount"',
        'include "other.beancount"',
        "\r",
        "\x0b",
    ],
)
@pytest.mark.parametrize("where", ["main", "month"])
def test_what_could_run_or_read_anything_else_is_refused_unread(
    tmp_path: Path, line: str, where: str
) -> None:
    (tmp_path / "evil.py").write_text("open('ran', 'w')")
    (tmp_path / "other.beancount").write_text("")
    if where == "main":
        ledger(tmp_path, main=f"{MAIN}{line}\n")
    else:
        ledger(tmp_path, month=f"{MONTH}{line}\n")
    known = ["main.beancount", "2022-01.beancount"]
    (found,) = run_bean_check(tmp_path, known)
    file, row = ("main.beancount", 6) if where == "main" else ("2022-01.beancount", 19)
    assert (found.code, found.file, found.row) == ("LEDGER_UNSAFE", file, row)
    assert not list(tmp_path.rglob("ran"))


def test_a_cache_beside_the_ledger_is_never_loaded(tmp_path: Path) -> None:
    cache = ledger(tmp_path) / ".main.beancount.picklecache"
    cache.write_bytes(b"cos\nsystem\n(S'touch " + os.fsencode(tmp_path / "ran") + b"'\ntR.")
    assert run_bean_check(tmp_path) == []
    assert not (tmp_path / "ran").exists()
    expected = hashes({"main.beancount": MAIN, "2022-01.beancount": MONTH})
    compared, (found,) = compare_text(expected, tmp_path, text_of=str)
    assert compared == MAIN.count("\n") + MONTH.count("\n")
    assert (found.code, found.file) == ("LEDGER_FILE_UNKNOWN", cache.name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    ledger(tmp_path)
    (tmp_path / "2022-01.beancount").unlink()
    found = run_bean_check(tmp_path, ["main.beancount", "2022-01.beancount"])
    assert [finding.code for finding in found] == ["LEDGER_FILE_MISSING"]
    expected = hashes({"main.beancount": MAIN, "2022-01.beancount": MONTH})
    _, found = compare_text(expected, tmp_path, text_of=lambda _: MONTH)
    assert [finding.code for finding in found] == ["LEDGER_FILE_MISSING"]


def test_a_missing_program_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    (found,) = run_bean_check(ledger(tmp_path))
    assert found.code == "LEDGER_TOOL_MISSING"
    assert found.remedy == 'install them: pip install "subledger[verify]"'


def test_a_file_written_in_parts_has_the_hashes_of_its_text(tmp_path: Path) -> None:
    parts = [line.encode() for line in MONTH.splitlines(keepends=True)]
    written = write_text(tmp_path / "2022-01.beancount", parts)
    assert written.read() == MONTH
    assert written.sha256 == hashes({"": MONTH})[""]
    kept = [digest[: 2 * KEPT] for digest in line_digests(MONTH)]
    assert b64decode(written.lines).hex() == "".join(kept)
    with pytest.raises(ValueError, match="within a line"):
        write_text(tmp_path / "2022-02.beancount", [b"half of a"])


@pytest.mark.parametrize(
    ("edited", "rows"),
    [
        (MONTH.replace("-0.10", "-0.20"), [15]),
        (MONTH.replace("\n", "\r\n", 1), [1]),
        (MONTH + "\n", [20]),
        (MONTH[:-1], [19]),
        (MONTH.replace("0.10 USD", "0.10 USD "), [15]),
    ],
)
def test_line_digests_name_the_edited_line(tmp_path: Path, edited: str, rows: list[int]) -> None:
    path = tmp_path / "2022-01.beancount"
    path.write_bytes(edited.encode())
    for expected in (MONTH, line_digests(MONTH)):
        found = find_edit(expected, path)
        assert [(finding.code, finding.row) for finding in found] == [
            ("LEDGER_EDITED", row) for row in rows
        ]


def test_many_edits_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "2022-01.beancount"
    path.write_text("\n".join(f"{row}" for row in range(50)))
    found = find_edit("\n" * 49, path)
    assert len(found) == 21
    assert found[-1].message == "50 lines differ; the first 20 are named"


def test_zero_figures_compared_is_a_failure() -> None:
    units = Units("USD", {"USD": 2}, {})
    compared, found = compare_with_trial_balance(
        LEDGER_BALANCES.empty(), tables.BALANCES.empty(), units=units
    )
    assert compared.total == 0
    assert [finding.code for finding in found] == ["LEDGER_NOTHING_COMPARED"]
