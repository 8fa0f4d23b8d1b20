from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from subledger.errors import Finding
from subledger.operations import verifying_ledgers
from subledger.operations.verifying import VerifyResult

Run = Callable[..., Result]


def test_check_lists_every_check_of_every_basis(run: Run, closed: Path) -> None:
    done = run("check", "--format", "json", books=closed)
    rows = json.loads(done.stdout)["rows"]
    assert done.exit_code == 0
    assert {row["result"] for row in rows} == {"OK"}
    assert {row["basis"] for row in rows} == {"US-GAAP", "US-TAX"}
    table = run("check", "--basis", "US-TAX", books=closed).stdout
    assert "Trial balance sums to zero  " in table
    assert "US-GAAP" not in table


def test_close_seals_and_names_the_seal(run: Run, posted: Path) -> None:
    done = run("close", "2022-09", "--format", "json", books=posted)
    document = json.loads(done.stdout)
    assert (done.exit_code, document["schema"]) == (0, "subledger.close/1")
    assert [(row["basis"], row["withheld_trades"]) for row in document["rows"]] == [
        ("US-GAAP", 1),
        ("US-TAX", 1),
    ]
    assert all(len(row["seal"]) == 64 for row in document["rows"])
    assert (posted / "ledgers" / "US-GAAP" / "2022-09.beancount").is_file()


def test_a_close_out_of_order_exits_4(run: Run, posted: Path) -> None:
    for period in ("2022-10", "2022"):
        done = run("close", period, books=posted)
        assert (done.exit_code, done.stderr.split()[0]) == (4, "PERIOD_ORDER")
    assert run("close", "2022-Q3", books=posted).exit_code == 2


def test_a_close_that_lacks_prices_names_every_one(run: Run, files: Path, tmp_path: Path) -> None:
    run("init", books=tmp_path)
    for kind in ("instruments", "trades", "cash"):
        run("import", kind, str(files / f"{kind}.csv"), books=tmp_path)
    done = run("close", "2022-09", books=tmp_path)
    assert (done.exit_code, done.stdout) == (1, "")
    lines = [line for line in done.stderr.splitlines() if not line.startswith("  fix: ")]
    assert [line.split()[0] for line in lines] == ["MISSING_PRICE"] * 2
    assert [line.rsplit("'")[1] for line in lines] == ["AAA", "BBB"]
    assert not (tmp_path / "ledgers" / "US-GAAP").exists()


def test_package_and_export_write_files(run: Run, closed: Path, tmp_path: Path) -> None:
    dry = run("package", "2022-09", "--dry-run", books=closed)
    assert dry.exit_code == 0
    assert not (closed / "reports" / "2022-09").exists()
    done = run("package", "2022-09", "--basis", "US-TAX", "--format", "json", books=closed)
    assert [row["basis"] for row in json.loads(done.stdout)["rows"]] == ["US-TAX"]
    assert (closed / "reports" / "2022-09" / "US-TAX" / "workbook.xlsx").is_file()
    out = tmp_path / "ledger"
    export = run("export", "beancount", "2022-09", "--output", str(out), books=closed)
    assert export.exit_code == 0
    assert (out / "main.beancount").is_file()
    assert run("export", "csv", "2022-09", books=closed).exit_code == 2


@pytest.mark.parametrize(
    ("codes", "exit_code"),
    [((), 0), (("LEDGER_TOOL_MISSING",), 1), (("LEDGER_TOOL_MISSING", "LEDGER_EDITED"), 5)],
)
def test_verify_exits_with_the_gravest_finding(
    run: Run,
    closed: Path,
    monkeypatch: pytest.MonkeyPatch,
    codes: tuple[str, ...],
    exit_code: int,
) -> None:
    findings = tuple(Finding(code, "what", "2022-09.beancount", 7) for code in codes)
    result = VerifyResult("US-GAAP", 5, findings, ("note",))
    monkeypatch.setattr(verifying_ledgers, "verify", lambda *_, **__: [result])
    done = run("verify", "--format", "csv", books=closed)
    assert done.exit_code == exit_code
    said = "FAIL" if codes else "OK"
    assert (
        done.stdout == f"basis,compared,findings,result,notes\nUS-GAAP,5,{len(codes)},{said},note\n"
    )
    assert done.stderr.count("2022-09.beancount row 7: ") == len(codes)
