"""Package and check: what is sent out, the same bytes each time, and what the demo compares."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
from tests.operations.desk import Desk, codes, refusal

from subledger.operations import packaging
from subledger.operations.checking import check, period_checks, sealed_checks
from subledger.operations.demonstrating import _compare, demo
from subledger.operations.packaging import package
from subledger.operations.reporting import REPORTS, view_of

TRADE = "trade_id trade_date settled_date side quantity price"


@pytest.fixture
def traded(desk: Desk) -> Desk:
    desk.takes("trades", f"{TRADE}\nT1 01-05 01-07 buy 100 10.00\nT2 02-03 02-05 sell 30 11.00")
    desk.takes("prices", "date price\n01-30 11.00\n02-27 12.00")
    desk.close("2026-01")
    desk.post()
    return desk


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_package_holds_the_workbook_every_report_and_a_manifest_of_both(traded: Desk) -> None:
    (gaap, tax) = package(traded.books, "2026-01")
    expected = sorted([*(f"{name}.csv" for name in REPORTS), "workbook.xlsx", "manifest.json"])
    assert [sorted(gaap.files), sorted(tax.files)] == [expected, expected]
    written = files(gaap.folder)
    assert sorted(written) == expected
    manifest = json.loads(written["manifest.json"])
    seal = traded.books.control.read().closes("US-GAAP")[0]
    stated = {name: manifest[name] for name in ("entity", "basis", "period", "status", "seal")}
    assert stated == {
        "entity": "Desk LLC",
        "basis": "US-GAAP",
        "period": "2026-01",
        "status": "closed",
        "seal": seal.hash,
    }
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == sha256(written[name]).hexdigest()
    balance = list(csv.DictReader(written["trial-balance.csv"].decode().splitlines()))
    assert [(row["account"], row["closing"]) for row in balance] == [
        ("1020", "-1000.00"),
        ("1210", "1000.00"),
        ("1211", "100.00"),
        ("2110", "0.00"),
        ("4210", "-100.00"),
    ]


def test_a_report_too_long_for_csv_goes_out_as_the_sealed_tables_it_is_drawn_from(
    traded: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json.loads(files(package(traded.books, "2026-01")[0].folder)["manifest.json"])
    monkeypatch.setattr(packaging, "CSV_ROWS", 1)
    folder = package(traded.books, "2026-01")[0].folder
    written = files(folder)
    manifest = json.loads(written["manifest.json"])
    assert "journal.csv" not in written
    assert "journal.csv" not in manifest["files"]
    stated = manifest["instead_of_csv"]["journal"]
    was = whole["files"]["journal.csv"]
    assert stated["rows"] == was["rows"]
    assert stated["totals"] == {name: was["totals"][name] for name in ("debit", "credit")}
    reading = traded.books.control.read()
    sealed = [*reading.segments("entries", "US-GAAP"), *reading.segments("lines", "US-GAAP")]
    sealed = [segment for segment in sealed if segment.period == "2026-01"]
    assert len(stated["files"]) == len(sealed)
    for name, segment in zip(stated["files"], sealed, strict=True):
        assert written[name] == (traded.folder / "store" / segment.path).read_bytes()
        assert manifest["files"][name] == {"rows": segment.rows, "sha256": segment.file_sha256}
    assert "lots.csv" in written


def test_the_checks_of_a_closed_month_are_those_that_its_close_has_sealed(traded: Desk) -> None:
    for basis in ("US-GAAP", "US-TAX"):
        view = view_of(traded.books, "2026-01", basis=basis)
        assert sealed_checks(view) == period_checks(view)
        still_open = view_of(traded.books, "2026-02", basis=basis)
        assert sealed_checks(still_open) == period_checks(still_open)


def test_packaging_twice_gives_the_same_bytes_and_other_books_change_nothing(traded: Desk) -> None:
    first = files(package(traded.books, "2026-01")[0].folder)
    traded.close("2026-02")
    second = files(package(traded.books, "2026-01")[0].folder)
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_a_package_of_an_open_period_says_that_it_is_open(traded: Desk) -> None:
    made = package(traded.books, "2026-02", bases=["US-TAX"])
    manifest = json.loads((made[0].folder / "manifest.json").read_text())
    assert (manifest["status"], manifest["seal"]) == ("open", "")
    assert manifest["knowledge_seq"] == traded.batch
    assert [result.basis for result in made] == ["US-TAX"]
    assert package(traded.books, "2026-02", dry_run=True)[0].files == ()
    assert not (traded.folder / "reports/2026-02/US-GAAP").exists()


def test_every_check_of_every_month_passes(traded: Desk) -> None:
    traded.close("2026-02")
    results = check(traded.books)
    assert [(result.basis, result.period) for result in results] == [
        (basis, period) for basis in ("US-GAAP", "US-TAX") for period in ("2026-01", "2026-02")
    ]
    failed = [found for result in results for found in result.checks if not found.passed]
    assert failed == []


def test_the_demo_compares_every_byte_and_of_a_workbook_its_parts(
    traded: Desk, tmp_path: Path
) -> None:
    package(traded.books, "2026-01")
    kept = tmp_path / "kept"
    for name in ("ledgers", "reports"):
        shutil.copytree(traded.folder / name, kept / name)
    workbook = kept / "reports/2026-01/US-TAX/workbook.xlsx"
    packed_again(workbook)
    assert _compare(traded.folder, kept) == ([], len(files(kept)))
    ledger = kept / "ledgers/US-TAX/2026-01.beancount"
    ledger.chmod(0o644)
    ledger.write_bytes(ledger.read_bytes().replace(b"1", b"2", 1))
    packed_again(workbook, other=True)
    (kept / "reports/2026-01/US-GAAP/lots.csv").unlink()
    findings, _ = _compare(traded.folder, kept)
    assert [(finding.code, finding.file) for finding in findings] == [
        ("DEMO_DIFFERS", "ledgers/US-TAX/2026-01.beancount"),
        ("DEMO_DIFFERS", "reports/2026-01/US-GAAP/lots.csv"),
        ("DEMO_DIFFERS", "reports/2026-01/US-TAX/workbook.xlsx"),
    ]


def packed_again(workbook: Path, *, other: bool = False) -> None:
    """Write a workbook anew from its parts, one of them with another digit."""
    with zipfile.ZipFile(workbook) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    if other:
        parts["xl/workbook.xml"] += b" "
    with zipfile.ZipFile(workbook, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def test_where_nothing_is_compared_the_demo_says_so(tmp_path: Path) -> None:
    findings, compared = _compare(tmp_path, tmp_path)
    assert (codes(findings), compared) == (["DEMO_DIFFERS"], 0)


def test_the_demo_replaces_no_folder_that_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("keep")
    assert refusal(demo, tmp_path, None, echo=print) == ["DEMO_FOLDER"]
    assert (tmp_path / "notes.txt").read_text() == "keep"
