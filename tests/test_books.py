"""Golden books: small firms whose inputs, steps and whole result stand in tests/books/.

Each folder has a README with the arithmetic by hand. `python -m tests.test_books` writes the
expected files anew; what changes is then to be read, line by line, before it is believed.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from subledger.operations.books import Books, open_books
from subledger.operations.checking import check
from subledger.operations.closing import close
from subledger.operations.creating import create
from subledger.operations.importing import import_file
from subledger.operations.posting import post
from subledger.operations.reporting import report, view_of
from subledger.operations.verifying import verify
from subledger.statements.report import report_csv

BOOKS = Path(__file__).resolve().parent / "books"
CASES = sorted(path.parent.name for path in BOOKS.glob("*/README.md") if "sample" not in str(path))
REPORTS = ("trial-balance", "realised", "lots", "journal")


def build(case: str, folder: Path, *, under: str = "") -> Books:
    """Do the steps of a case in a new folder.

    `under` names another template than the case's: its basis IFRS takes what is set for US-GAAP.
    """
    steps = read(case)
    template = under or steps.get("template", "prop-us")
    chosen = {"entity.name": "Golden LLC", **steps.get("settings", {})}
    overrides = steps.get("overrides", "")
    if under:
        chosen, overrides = _under_ifrs(chosen), overrides.replace("US-GAAP", "IFRS")
    create(folder, template=template, settings=chosen)
    settings = folder / "subledger.toml"
    settings.write_text(settings.read_text("utf-8") + overrides, "utf-8")
    books = open_books(folder)
    for step in steps["step"]:
        match step["do"]:
            case "import":
                import_file(books, step["kind"], path=BOOKS / case / step["file"])
            case "post":
                post(books)
            case "close":
                close(books, step["period"])
            case other:
                raise AssertionError(other)
    return books


def _under_ifrs(chosen: Mapping[str, object]) -> dict[str, object]:
    moved = {
        key.replace("US-GAAP", "IFRS"): value
        for key, value in chosen.items()
        if "US-TAX" not in key
    }
    return {"entity.base": "USD", **moved}


def read(case: str) -> Mapping[str, Any]:
    return tomllib.loads((BOOKS / case / "steps.toml").read_text(encoding="utf-8"))


def results(case: str, books: Books) -> dict[str, bytes]:
    """Return every expected file of a case by its place: reports and ledger months."""
    found, expected = {}, read(case)["expected"]
    for basis in books.settings.bases:
        for period in expected["periods"]:
            view = view_of(books, period, basis=basis)
            for name in (*REPORTS, *expected.get("reports", ())):
                table = report_csv(report(view, name), view.units)
                found[f"{basis}/{period}/{name}.csv"] = table.encode()
        for path in sorted((books.folder / "ledgers" / basis).glob("[0-9]*.beancount")):
            found[f"{basis}/{path.name}"] = path.read_bytes()
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_golden_books_come_out_byte_for_byte(case: str, tmp_path: Path) -> None:
    books = build(case, tmp_path / "books")
    expected = BOOKS / case / "expected"
    kept = {
        path.relative_to(expected).as_posix(): path.read_bytes()
        for path in sorted(expected.rglob("*"))
        if path.is_file()
    }
    made = results(case, books)
    assert sorted(made) == sorted(kept)
    assert [name for name in kept if made[name] != kept[name]] == []
    assert len(kept) >= len(books.settings.bases) * (len(REPORTS) + 1)
    assert [
        found.id for result in check(books) for found in result.checks if not found.passed
    ] == []
    assert [finding for result in verify(books) for finding in result.findings] == []


def test_there_are_golden_books() -> None:
    assert CASES == [
        "amended_and_cancelled",
        "average_across_books",
        "capital_and_cash",
        "classes_taken_over",
        "coins",
        "crossing_zero_with_fees",
        "currency_trading",
        "fees_in_another_currency",
        "foreign_share",
        "funding_reclaims_and_claims",
        "long_and_short",
        "lot_methods",
        "options_bought_and_written",
        "price_and_currency_gain",
        "regular_way_purchase",
        "splits",
        "swiss_dividend",
        "taken_over",
        "wide_pool",
        "year_end",
    ]


def write_expected(case: str) -> None:
    """Write the expected files of a case from what the books say now."""
    expected = BOOKS / case / "expected"
    shutil.rmtree(expected, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in results(case, build(case, Path(folder) / "books")).items():
            path = expected / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


if __name__ == "__main__":
    for named in sys.argv[1:] or CASES:
        write_expected(named)
