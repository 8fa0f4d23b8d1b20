"""What a benchmark measures is the same each time; how long it takes is asserted nowhere."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from subledger.errors import Refused
from subledger.lots.engine import METHODS
from subledger.operations import benchmarking
from subledger.operations.bench_book import KINDS, PERIOD, Generated, Recipe, generate
from subledger.operations.bench_child import Measured, run_program
from subledger.operations.bench_lots import engine_trades, lots_and_gains
from subledger.operations.bench_machine import installed, machine
from subledger.operations.bench_texts import postings_of, write_beancount, write_ledger
from subledger.operations.benchmarking import BenchResult, BenchTerms, bench
from subledger.operations.books import open_books
from subledger.operations.reporting import report, view_of

SMALL = Recipe(trades=400, instruments=12, books=3)
STAGES = (
    *("start of the program", "import instruments", "import prices", "import trades"),
    *("close", "package", "whole job"),
)


@pytest.fixture(scope="module")
def book() -> Generated:
    return generate(SMALL)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench") / "kept"


@pytest.fixture(scope="module")
def done(kept: Path) -> BenchResult:
    return bench(BenchTerms(SMALL, peers=True), kept)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_same_recipe_gives_the_same_bytes(tmp_path: Path, form: str) -> None:
    for name in ("first", "second"):
        generate(SMALL).write(tmp_path / name, form)
    generate(Recipe(400, 12, 3, seed=1)).write(tmp_path / "other", form)
    first, second, other = (digests(tmp_path / n) for n in ("first", "second", "other"))
    assert sorted(first) == [f"{kind}.{form}" for kind in KINDS]
    assert first == second
    assert first[f"trades.{form}"] != other[f"trades.{form}"]


def test_csv_and_parquet_say_the_same(tmp_path: Path, book: Generated) -> None:
    book.write(tmp_path), book.write(tmp_path, "parquet")
    for kind in KINDS:
        typed = pq.read_table(tmp_path / f"{kind}.parquet")
        options = pcsv.ConvertOptions(column_types=typed.schema)
        assert pcsv.read_csv(tmp_path / f"{kind}.csv", convert_options=options).equals(typed)


def test_the_book_is_skewed_and_55_percent_of_its_trades_close_something() -> None:
    book = generate(Recipe(20_000, 100, 5))
    assert book.closing == 11_000
    counts = np.bincount(book.instrument)
    assert (len(counts), int(counts.argmax())) == (100, 0)
    assert counts[0] > 10 * counts[50:].mean()
    relieved = lots_and_gains(engine_trades(book, "FIFO")).relieved
    closing = relieved.legs.trade[~relieved.legs.opens]
    assert len(np.unique(closing)) == book.closing
    sides = relieved.legs.side[relieved.legs.opens]
    assert {1, -1} == set(sides.tolist()), "longs and shorts"
    both = np.intersect1d(closing, relieved.legs.trade[relieved.legs.opens])
    assert len(both), "some trades cross zero"


def test_trades_stand_in_the_order_of_execution_and_settle_by_early_next_month(
    book: Generated,
) -> None:
    moments = book.traded.astype("datetime64[ms]").astype(np.int64) + book.moment
    assert (np.diff(moments) >= 0).all()
    assert set(book.traded.astype("datetime64[M]").astype(str)) == {PERIOD}
    assert set(np.busday_count(book.traded, book.settles).tolist()) <= {1, 2, 3}  # 3: a holiday
    assert set(book.settles.astype("datetime64[M]").astype(str)) == {PERIOD, "2026-02"}
    assert len(set(book.trade_ids.to_pylist())) == SMALL.trades
    assert (book.fees["exchange_fee"] < 0).any(), "rebates"


def test_every_stage_is_listed_with_its_rows(done: BenchResult) -> None:
    month = [one for one in done.measured if one.part == "month"]
    assert tuple(one.stage for one in month) == STAGES
    assert {one.stage: one.rows for one in month} == {
        **dict.fromkeys(STAGES, SMALL.trades),
        "start of the program": 0,
        "import instruments": SMALL.instruments,
        "import prices": SMALL.instruments,
    }
    assert all(one.seconds > 0 for one in month)
    steps = [one.stage for one in done.measured if one.part == "close"]
    assert steps == [f"US-GAAP 2026-01 step {n}/{len(steps)}" for n in range(1, len(steps) + 1)]
    assert len(steps) > 1


def test_every_method_that_needs_no_named_lots_is_run_alone(done: BenchResult) -> None:
    lots = [one.stage for one in done.measured if one.part == "lots"]
    assert lots[0] == "FIFO"
    assert set(lots) == set(METHODS) - {"SPECIFIC"}


def test_ratios_are_those_of_a_peer_to_the_whole_job_and_to_the_lots_alone() -> None:
    month = Measured("month", "whole job", 10, 2.0)
    lots = Measured("lots", "FIFO", 10, 0.5)
    slow = Measured("peers", "slow", 10, 30.0, note="stopped after 30 s")
    broken = Measured("peers", "broken", 10, 1.0, note="exit 1: no")
    missing = Measured("peers", "missing", 0, 0, note="not installed")
    done = BenchResult(BenchTerms(SMALL), 5, (month, lots, slow, broken, missing))
    assert done.ratios(slow) == (15.0, 60.0)
    assert [done.ratios(one) for one in (month, lots, broken, missing)] == [None] * 4


def test_each_peer_is_timed_or_said_to_be_missing(done: BenchResult) -> None:
    peers = {one.stage: one for one in done.measured if one.part == "peers"}
    assert list(peers) == [peer.program for peer in benchmarking.PEERS]
    for name, peer in peers.items():
        if installed(name):
            assert not peer.note.startswith("exit"), peer.note
            assert done.ratios(peer) is not None
        else:
            assert peer.note == "not installed"


def test_the_month_closes_and_its_gain_is_that_of_the_lots_alone(
    kept: Path, done: BenchResult, book: Generated
) -> None:
    books = open_books(kept / "books")
    assert list(books.settings.bases) == ["US-GAAP"]
    realised = report(view_of(books, PERIOD, basis="US-GAAP"), "realised").table
    gains = lots_and_gains(engine_trades(book, "FIFO"))
    assert realised.num_rows == len(gains.relieved.reliefs.lot)
    assert sum(realised["gain"].to_pylist()) == gains.gain.sum()
    assert (kept / "books" / "reports" / PERIOD / "US-GAAP" / "workbook.xlsx").is_file()
    assert done.closing == book.closing


def entries(text: str) -> Iterator[list[str]]:
    for entry in re.split(r"\n(?=\d{4}-)", text):
        head, *lines = entry.strip().split("\n")
        if " open " not in head:
            yield lines


def weight(line: str) -> tuple[str, Decimal]:
    """Return the account of a posting, and its amount in the currency."""
    account, number, _, *cost = line.split()
    return account, Decimal(number) * Decimal(cost[0].removeprefix("{") if cost else 1)


def test_every_entry_of_the_texts_balances_and_both_hold_two_per_trade(
    tmp_path: Path, book: Generated
) -> None:
    postings = postings_of(book)
    found = []
    for write in (write_beancount, write_ledger):
        write(postings, tmp_path / "text")
        totals: dict[str, Decimal] = defaultdict(Decimal)
        sums = []
        for lines in entries((tmp_path / "text").read_text()):
            weights = [weight(line) for line in lines]
            sums.append(sum(value for _, value in weights))
            for account, value in weights:
                totals[account] += value
        assert sums == [0] * (2 * SMALL.trades)
        found.append(totals)
    units, amounts = found
    assert units == amounts
    paid = sum(value for account, value in units.items() if account.startswith("Expenses:"))
    assert paid == Decimal(int(book.all_fees.sum())) / 100
    gained = sum(value for account, value in units.items() if account.startswith("Income:"))
    assert gained == -Decimal(int(postings.gains.gain.sum())) / 100


@pytest.mark.skipif(not installed("bean-check"), reason="bean-check is not installed")
def test_bean_check_accepts_lots_and_gains_as_ours_relieved_them(
    tmp_path: Path, book: Generated
) -> None:
    write_beancount(postings_of(book), tmp_path / "trades.beancount")
    command = [installed("bean-check"), "--no-cache", str(tmp_path / "trades.beancount")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_a_text_in_several_chunks_is_the_text_in_one(
    tmp_path: Path, book: Generated, monkeypatch: pytest.MonkeyPatch
) -> None:
    postings = postings_of(book)
    write_beancount(postings, tmp_path / "one")
    monkeypatch.setattr("subledger.operations.bench_texts._CHUNK", 7)
    write_beancount(postings, tmp_path / "many")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "many").read_bytes()


def test_a_peer_that_takes_too_long_is_stopped_and_one_that_fails_says_so() -> None:
    endless = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    assert run_program(endless, 0.01, rows=1).note == "stopped after 0 s"
    failing = [sys.executable, "-c", "raise SystemExit('no such file')"]
    assert run_program(failing, 60, rows=1).note == "exit 1: no such file"


def test_a_peer_that_is_not_installed_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    measured = benchmarking._peers(tmp_path / "peers", BenchTerms(SMALL))
    assert [one.note for one in measured] == ["not installed"] * len(benchmarking.PEERS)


def test_what_cannot_be_measured_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    for terms, folder, code in (
        (BenchTerms(SMALL, form="xlsx"), None, "NOT_OFFERED"),
        (BenchTerms(SMALL, bases=("IFRS",)), None, "UNKNOWN_BASIS"),
        (BenchTerms(SMALL), tmp_path, "BOOKS_EXIST"),
    ):
        with pytest.raises(Refused) as refused:
            bench(terms, folder)
        assert [finding.code for finding in refused.value.findings] == [code]
    with pytest.raises(Refused, match="NOT_OFFERED"):
        generate(Recipe(0))


def test_the_machine_is_described_and_not_named() -> None:
    described = machine()
    assert {"cores", "memory", "processor", "system", "python", "packages"} == set(described)
    assert "numpy " in described["packages"]
    assert not any(platform.node() in value for value in described.values())
