"""Demo: the sample firm's three months rebuilt, and compared with the committed books."""

from __future__ import annotations

import shutil
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from subledger.errors import Finding, refuse
from subledger.operations.books import Books, open_books
from subledger.operations.checking import CheckResult, check
from subledger.operations.closing import close
from subledger.operations.creating import package_data
from subledger.operations.importing import Delivery, import_bytes
from subledger.operations.packaging import package
from subledger.operations.posting import post

MARKER = ".subledger-demo"
_COMPARED = ("ledgers", "reports")

Echo = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The rebuilt books, their last period, and how they compare with the committed ones."""

    books: Books
    period: str
    checks: list[CheckResult]
    files_compared: int
    findings: tuple[Finding, ...]


def demo(folder: Path, compare: Path | None, *, echo: Echo) -> DemoResult:
    """Build the sample firm's books in a folder, and compare every byte with committed ones.

    A folder that is there already is replaced only if an earlier demo made it (DEMO_FOLDER).
    """
    data, charts = package_data("sample_firm"), package_data("chart_of_accounts")
    _prepare(folder, package_data("subledger.toml"), charts=charts)
    books = open_books(folder)
    period = ""
    for step in tomllib.loads((data / "steps.toml").read_text())["step"]:
        echo(_run(books, data, step=step))
        period = step.get("period", period)
    findings, compared = ([], 0) if compare is None else _compare(folder, compare)
    return DemoResult(books, period, check(books), compared, tuple(findings))


def _prepare(folder: Path, settings: Path, *, charts: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise refuse("DEMO_FOLDER", "the folder holds something else", file=str(folder))
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("Made by subledger demo; the next demo replaces this folder.\n")
    shutil.copyfile(settings, folder / "subledger.toml")
    shutil.copytree(charts, folder / "chart_of_accounts")


def _run(books: Books, data: Path, *, step: dict[str, str]) -> str:
    """Run one step of the list and say what it did."""
    match step["do"]:
        case "import":
            content = (data / step["file"]).read_bytes()
            done = import_bytes(books, Delivery(step["kind"], step["file"], content))
            return f"import {step['kind']} {step['file']}: {done.rows_new} new rows"
        case "post":
            results = post(books)
            return "post: " + "; ".join(
                f"{r.basis} {r.entries} entries, {r.reversals} reversals" for r in results
            )
        case "close":
            closed = close(books, step["period"])
            passed = "; ".join(f"{r.basis} {len(r.checks)} checks passed" for r in closed)
            return f"close {step['period']}: {passed}"
        case "package":
            made = package(books, step["period"])
            return f"package {step['period']}: {sum(len(r.files) for r in made)} files"
        case other:
            raise refuse("DEMO_FOLDER", f"unknown step {other}", file="steps.toml")


def _compare(folder: Path, committed: Path) -> tuple[list[Finding], int]:
    """Compare ledgers and reports byte by byte; of a workbook, the unzipped parts."""
    findings, compared = [], 0
    for root in _COMPARED:
        built, kept = _files(folder / root), _files(committed / root)
        for name in sorted(built.keys() | kept.keys()):
            compared += 1
            place = f"{root}/{name}"
            if name not in kept or name not in built:
                where = "committed" if name not in kept else "rebuilt"
                findings.append(Finding("DEMO_DIFFERS", f"the file is not {where}", file=place))
            elif not _same(built[name], kept[name]):
                findings.append(Finding("DEMO_DIFFERS", "the bytes differ", file=place))
    if not compared:
        findings.append(Finding("DEMO_DIFFERS", "nothing was compared", file=str(committed)))
    return findings, compared


def _files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "README.md"
    }


def _same(first: Path, second: Path) -> bool:
    if first.suffix == ".xlsx":
        return list(_parts(first)) == list(_parts(second))
    return first.read_bytes() == second.read_bytes()


def _parts(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            yield name, archive.read(name)
