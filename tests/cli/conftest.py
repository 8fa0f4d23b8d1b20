from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner, Result

from subledger.cli import app
from subledger.operations.books import open_books

Run: TypeAlias = Callable[..., Result]

FILES = {
    "instruments": """\
instrument,asset_class,currency,name,exchange
AAA,equity,USD,Alpha Co,XNYS
BBB,equity,USD,Beta Co,XNYS
""",
    "trades": """\
trade_id,status,trade_date,settlement_date,settled_date,book,broker_account,\
strategy,instrument,side,quantity,price,currency,commission
T1,settled,2022-09-06,2022-09-08,2022-09-08,B1,PB1,S1,AAA,buy,100,10.00,USD,1.00
T2,settled,2022-09-07,2022-09-09,2022-09-09,B1,PB1,S1,AAA,buy,100,12.00,USD,1.00
T3,settled,2022-09-08,2022-09-12,2022-09-12,B1,PB1,S1,AAA,sell,150,13.00,USD,1.50
T4,settled,2022-09-09,2022-09-13,2022-09-13,B1,PB1,S1,BBB,sell,50,20.00,USD,0.50
T5,settled,2022-09-12,2022-09-14,2022-09-14,B1,PB1,S1,BBB,buy,20,18.00,USD,0.20
T6,confirmed,2022-09-29,2022-10-03,,B1,PB1,S1,BBB,buy,10,19.00,USD,0.10
""",
    "cash": """\
event_id,date,kind,broker_account,book,currency,amount
C1,2022-09-01,contribution,PB1,B1,USD,10000.00
""",
    "prices": """\
date,instrument,price,currency,source
2022-09-30,AAA,14.00,USD,test
2022-09-30,BBB,19.50,USD,test
""",
    "late": """\
trade_id,status,trade_date,settlement_date,settled_date,book,broker_account,\
strategy,instrument,side,quantity,price,currency
T7,settled,2022-09-20,2022-09-22,2022-09-22,B1,PB1,S1,AAA,buy,5,11.00,USD
""",
}


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of a tiny firm, NAME.csv each."""
    folder = tmp_path_factory.mktemp("files")
    for name, text in FILES.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.fixture(scope="session")
def imported_once(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Path:
    folder = tmp_path_factory.mktemp("imported") / "books"
    assert invoke("init", "--books", str(folder)).exit_code == 0
    for kind in ("instruments", "trades", "cash", "prices"):
        done = invoke("import", kind, str(files / f"{kind}.csv"), "--books", str(folder))
        assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def posted_once(tmp_path_factory: pytest.TempPathFactory, imported_once: Path) -> Path:
    folder = tmp_path_factory.mktemp("posted") / "books"
    shutil.copytree(imported_once, folder)
    assert invoke("post", "--books", str(folder)).exit_code == 0
    return folder


@pytest.fixture(scope="session")
def closed_once(tmp_path_factory: pytest.TempPathFactory, posted_once: Path) -> Path:
    folder = tmp_path_factory.mktemp("closed") / "books"
    shutil.copytree(posted_once, folder)
    assert invoke("close", "2022-09", "--books", str(folder)).exit_code == 0
    return folder


@pytest.fixture
def imported(tmp_path: Path, imported_once: Path) -> Path:
    """Return books in which everything is imported and nothing posted."""
    return Path(shutil.copytree(imported_once, tmp_path / "books"))


@pytest.fixture
def posted(tmp_path: Path, posted_once: Path) -> Path:
    """Return books in which September is posted."""
    return Path(shutil.copytree(posted_once, tmp_path / "books"))


@pytest.fixture
def closed(tmp_path: Path, closed_once: Path) -> Path:
    """Return books in which September is closed."""
    return Path(shutil.copytree(closed_once, tmp_path / "books"))


@pytest.fixture
def late(closed: Path, files: Path, run: Run) -> Path:
    """Return books in which a trade of a closed period came late."""
    run("import", "trades", str(files / "late.csv"), books=closed)
    run("post", books=closed)
    return closed


@pytest.fixture
def run() -> Run:
    """Run a command, on a books folder where one is named."""

    def command(*arguments: str, books: Path | None = None) -> Result:
        return invoke(*arguments, *(("--books", str(books)) if books else ()))

    return command


@pytest.fixture
def batches() -> Callable[[Path], int]:
    """Count the batches of a books folder."""
    return lambda folder: open_books(folder).control.read().as_at
