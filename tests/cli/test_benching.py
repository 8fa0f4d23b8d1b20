from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from subledger.operations import benchmarking
from subledger.operations.bench_child import Measured
from subledger.operations.benchmarking import BenchResult, BenchTerms

Run = Callable[..., Result]

MEASURED = (
    Measured("month", "post", 200, 0.5, 250_000_000),
    Measured("month", "whole job", 200, 2.0, 300_000_000),
    Measured("lots", "FIFO", 200, 0.01, 50_000_000, "gain 5 cents, 4 reliefs", cpu=0.02),
    Measured("peers", "hledger", 200, 16.5, 90_000_000, "hledger 1.25"),
    Measured("peers", "ledger", 0, 0.0, note="not installed"),
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[BenchTerms, Path | None]]:
    """Measure nothing, and note what was asked for."""
    calls: list[tuple[BenchTerms, Path | None]] = []

    def bench(terms: BenchTerms, folder: Path | None) -> BenchResult:
        calls.append((terms, folder))
        return BenchResult(terms, 110, MEASURED)

    monkeypatch.setattr(benchmarking, "bench", bench)
    return calls


Asked = list[tuple[BenchTerms, Path | None]]


def test_bench_prints_each_stage_the_ratios_of_peers_and_the_machine(
    run: Run, asked: Asked
) -> None:
    done = run("bench", "--peers")
    assert done.exit_code == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line]
    assert ["month", "post", "200", "0.500", "400", "250"] in lines
    assert ["lots", "FIFO", "200", "0.010", "0.020", "20000", "50", "gain"] in [
        row[:8] for row in lines
    ]
    assert ["peers", "hledger", "200", "16.500", "12", "90", "8.2", "1,650"] in [
        row[:8] for row in lines
    ]
    assert ["peers", "ledger", "not", "installed"] in lines
    assert ["Machine"] in lines


def test_a_million_trades_are_the_default_and_300000_beside_peers(run: Run, asked: Asked) -> None:
    run("bench")
    run("bench", "--peers")
    run("bench", "--trades", "5", "--input", "parquet", "--basis", "US-TAX", books=Path("kept"))
    terms, folders = [one for one, _ in asked], [folder for _, folder in asked]
    assert [one.recipe.trades for one in terms] == [1_000_000, 300_000, 5]
    assert [(one.bases, one.form, one.peers) for one in terms] == [
        (("US-GAAP",), "csv", False),
        (("US-GAAP",), "csv", True),
        (("US-TAX",), "parquet", False),
    ]
    assert folders == [None, None, Path("kept")]


def test_bench_for_scripts_holds_one_table(run: Run, asked: Asked) -> None:
    document = json.loads(run("bench", "--format", "json").stdout)
    assert document["schema"] == "subledger.bench/1"
    assert (document["meta"]["closing"], document["meta"]["input"]) == (110, "csv")
    assert document["meta"]["cores"]
    assert [row["stage"] for row in document["rows"]] == [one.stage for one in MEASURED]
    rows = list(csv.DictReader(io.StringIO(run("bench", "--format", "csv").stdout)))
    assert [row["seconds"] for row in rows] == ["0.500", "2.000", "0.010", "16.500", ""]


def test_a_book_without_trades_is_bad_usage(run: Run, asked: Asked) -> None:
    assert run("bench", "--trades", "0").exit_code == 2
    assert asked == []
