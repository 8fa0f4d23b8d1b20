"""Benchmark: a generated month from its files to the package, the lot engine alone, and peers.

Every job runs in a fresh process of its own; generating the book is not counted. Peers read the
same trades as text and do nothing but load and balance them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from subledger.config import FILE_NAME, load_settings
from subledger.errors import refuse
from subledger.lots.engine import METHODS
from subledger.operations.bench_book import INPUTS, KINDS, Recipe
from subledger.operations.bench_child import WHOLE, Measured
from subledger.operations.bench_lots import NAMED
from subledger.operations.bench_machine import installed, version_of
from subledger.operations.creating import create

MONTH_TRADES, PEERS_TRADES = 1_000_000, 300_000
BASIS = "US-GAAP"
OUR_LOTS = "FIFO"


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that loads and balances a ledger: its arguments, and the form that it reads."""

    program: str
    form: str
    arguments: tuple[str, ...]

    def command(self, file: Path) -> list[str] | None:
        """Return how to run it on a file, or None where it is not installed."""
        found = installed(self.program)
        arguments = [str(file) if part == "FILE" else part for part in self.arguments]
        return [found, *arguments] if found else None


PEERS = (
    Peer("bean-check", "beancount", ("--no-cache", "FILE")),
    Peer("hledger", "ledger", ("-f", "FILE", "bal")),
    Peer("ledger", "ledger", ("-f", "FILE", "bal")),
)


@dataclass(frozen=True, slots=True)
class BenchTerms:
    """What is measured, who books; `limit` is how many seconds a peer may take."""

    recipe: Recipe
    bases: tuple[str, ...] = (BASIS,)
    form: str = "csv"
    peers: bool = False
    limit: int = 900
    executor: str = "inline"


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What was measured, stage by stage, and how many of the trades close something."""

    terms: BenchTerms
    closing: int
    measured: tuple[Measured, ...]

    def seconds(self, part: str, stage: str) -> float:
        """Return what one stage took."""
        found = (one for one in self.measured if (one.part, one.stage) == (part, stage))
        return next(found).seconds

    def ratios(self, peer: Measured) -> tuple[float, float] | None:
        """Return how many times our whole job, and our lots alone, a peer took; None if it failed.

        Of a peer that was stopped the ratios are lower bounds.
        """
        if peer.part != "peers" or not peer.seconds or peer.note.startswith("exit"):
            return None
        job = self.seconds("month", WHOLE)
        return peer.seconds / job, peer.seconds / self.seconds("lots", OUR_LOTS)


def bench(terms: BenchTerms, folder: Path | None = None) -> BenchResult:
    """Generate a book and measure its month, in a folder that is kept where one is named.

    Raises:
        Refused: NOT_OFFERED for a form or a number of trades that cannot be; BOOKS_EXIST when the
            folder holds something; UNKNOWN_BASIS.
    """
    if terms.form not in INPUTS:
        message = f"offered: {', '.join(INPUTS)}"
        raise refuse("NOT_OFFERED", message, column="input", value=terms.form)
    with _room(folder) as place:
        recipe, files = asdict(terms.recipe), place / "input"
        _make_books(place / "books", terms.bases)
        made = _child("write_book", recipe=recipe, folder=str(files), form=terms.form)
        methods = [method for method in METHODS if method != NAMED]
        # Before the month, so that kernels that are compiled once are there when it begins.
        lots = _measured(_child("relieve_lots", recipe=recipe, methods=methods))
        month = _month(place / "books", files, terms=terms)
        peers = _peers(place / "peers", terms) if terms.peers else []
    return BenchResult(terms, made["closing"], (*month, *lots, *peers))


@contextmanager
def _room(folder: Path | None) -> Iterator[Path]:
    """Give an empty folder: the one that is named, which is kept, or a temporary one."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="subledger-bench-") as name:
            yield Path(name)
        return
    if folder.exists() and any(folder.iterdir()):
        raise refuse("BOOKS_EXIST", "the folder holds something", file=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    yield folder.resolve()


def _make_books(folder: Path, bases: Sequence[str]) -> None:
    """Make books that keep the bases named and no other."""
    create(folder, settings={"entity.name": "Bench Trading LLC"})
    known = load_settings(folder).bases
    for basis in bases:
        if basis not in known:
            raise refuse("UNKNOWN_BASIS", f"offered: {', '.join(known)}", value=basis)
    left_out = {f"[basis.{basis}]" for basis in known if basis not in bases}
    sections = (folder / FILE_NAME).read_text(encoding="utf-8").split("\n\n")
    kept = [section for section in sections if left_out.isdisjoint(section.split("\n"))]
    (folder / FILE_NAME).write_text("\n\n".join(kept), encoding="utf-8", newline="\n")


def _month(books: Path, files: Path, *, terms: BenchTerms) -> list[Measured]:
    """Measure the month, and last the whole job, the start and end of its process included."""
    paths = {kind: str(files / f"{kind}.{terms.form}") for kind in KINDS}
    start = time.perf_counter()
    job = {"folder": str(books), "files": paths, "bases": terms.bases}
    done = _child("close_month", **job, executor=terms.executor)
    seconds = time.perf_counter() - start
    return [replace(one, seconds=seconds) if one.stage == WHOLE else one for one in _measured(done)]


def _peers(folder: Path, terms: BenchTerms) -> list[Measured]:
    """Measure each peer that is installed on the same trades; say which are not."""
    folder.mkdir()
    files = {peer.form: folder / f"trades.{peer.form}" for peer in PEERS}
    names = {form: str(path) for form, path in files.items()}
    _child("write_texts", recipe=asdict(terms.recipe), files=names)
    measured = []
    for peer in PEERS:
        command = peer.command(files[peer.form])
        if command is None:
            measured.append(Measured("peers", peer.program, 0, 0, note="not installed"))
            continue
        rows = terms.recipe.trades
        done = _child("run_program", command=command, limit=terms.limit, rows=rows)
        [one] = _measured([done])
        measured.append(replace(one, note=one.note or version_of(command[0])))
    return measured


def _child(job: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON of the job's own
    """Do one job in a fresh process and return what it measured."""
    text = json.dumps({"job": job, **arguments})
    command = [sys.executable, "-m", "subledger.operations.bench_child", text]
    done = subprocess.run(  # noqa: S603 - this interpreter, our own module
        command, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _measured(rows: Sequence[Mapping[str, Any]]) -> list[Measured]:
    return [Measured(**row) for row in rows]
