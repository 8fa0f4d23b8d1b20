"""Ledger folders by themselves: without a store, an edit is still named by file and line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.operations.desk import Desk, refusal

from subledger.operations.verifying_ledgers import verify_folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a books folder with one closed month, as a clone of it would be: without its store."""
    desk = Desk(tmp_path_factory.mktemp("alone") / "books")
    desk.takes(
        "trades",
        """
        trade_id trade_date settled_date side quantity price commission
        T1       2026-01-05 2026-01-07   buy  3        3.33 0.01
        T2       2026-01-06 2026-01-08   sell 1        4.00 0.01
        """,
    )
    desk.takes("prices", "date price\n2026-01-30 3.50")
    desk.close("2026-01")
    shutil.rmtree(desk.folder / "store")
    return desk.folder


@pytest.fixture
def folder(alone: Path, tmp_path: Path) -> Path:
    """Return a copy that a test may harm."""
    shutil.copytree(alone, tmp_path / "books")
    for path in (tmp_path / "books").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path / "books"


def found(folder: Path) -> list[tuple[str, str, int | None]]:
    results = verify_folder(folder)
    return [(f.code, f.file, f.row) for result in results for f in result.findings]


def test_an_untouched_folder_agrees_with_its_manifest_and_with_beancount(alone: Path) -> None:
    results = verify_folder(alone)
    assert [(result.basis, result.findings) for result in results] == [
        ("US-GAAP", ()),
        ("US-TAX", ()),
    ]
    assert all(result.compared > 50 for result in results)


def test_a_changed_digit_is_named_by_file_and_line(folder: Path) -> None:
    path = folder / "ledgers" / "US-GAAP" / "2026-01.beancount"
    lines = path.read_text().split("\n")
    row = next(n for n, line in enumerate(lines, 1) if "Assets:Cash-At-Brokers" in line)
    lines[row - 1] = lines[row - 1].replace("10.00 USD", "11.00 USD")
    path.write_text("\n".join(lines))
    assert found(folder) == [("LEDGER_EDITED", "ledgers/US-GAAP/2026-01.beancount", row)]


def test_an_edit_that_hides_in_a_new_manifest_does_not_balance(folder: Path) -> None:
    ledger = folder / "ledgers" / "US-GAAP"
    manifest = json.loads((ledger / "MANIFEST.json").read_text())
    manifest["balances"]["1020"] = "-1.00"
    (ledger / "MANIFEST.json").write_text(json.dumps(manifest))
    assert found(folder) == [("LEDGER_DIFFERS", "", None)]


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "other/1"}'])
def test_a_folder_without_a_readable_manifest_is_not_verified(folder: Path, text: str) -> None:
    (folder / "ledgers" / "US-TAX" / "MANIFEST.json").write_text(text)
    assert [code for code, _, _ in found(folder)] == ["LEDGER_MANIFEST"]


def test_a_folder_without_store_and_ledger_has_nothing_to_verify(folder: Path) -> None:
    shutil.rmtree(folder / "ledgers")
    assert refusal(verify_folder, folder) == ["NO_STORE"]
