from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from subledger.errors import InvariantError, refuse
from subledger.numbers import NumberOverflow
from subledger.operations import posting

Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("error", "exit_code", "said"),
    [
        (refuse("PERIOD_CLOSED", "closed"), 4, "PERIOD_CLOSED closed\n  fix: "),
        (refuse("SEGMENT_CHANGED", "changed"), 5, "SEGMENT_CHANGED changed\n  fix: "),
        (refuse("BUSY", "held"), 75, "BUSY held\n  fix: "),
        (NumberOverflow("9 does not fit in 64 bits"), 3, "NUMBER_TOO_LARGE 9 does not fit"),
        (OSError(28, "No space left on device"), 74, "IO_ERROR No space left on device\n"),
        (PermissionError(13, "Permission denied", "x.db"), 73, "x.db: CANNOT_WRITE Permission"),
        (InvariantError("lines"), 70, "subledger: a bug: InvariantError: lines\n"),
        (KeyboardInterrupt(), 130, "subledger: interrupted\n"),
        (BrokenPipeError(32, "Broken pipe"), 0, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_whatever_happens_ends_in_its_exit_code(
    run: Run,
    imported: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    exit_code: int,
    said: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(posting, "post", fail)
    done = run("post", books=imported)
    assert (done.exit_code, done.stderr[: len(said)]) == (exit_code, said)
    assert "Traceback" not in done.output


def test_a_bug_shows_where_it_is_only_when_asked(
    run: Run, imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(posting, "post", fail)
    assert "in fail" not in run("post", books=imported).stderr
    assert "in fail" in run("--traceback", "post", books=imported).stderr


def test_a_wrong_number_is_read_aloud(run: Run, imported: Path, tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(
        "date,instrument,price\n2022-09-30,AAA,1,5\n2022-09-31,AAA,1e3\n"
    )
    done = run("import", "prices", str(tmp_path / "prices.csv"), books=imported)
    assert done.exit_code == 3
    assert (
        done.stderr
        == """\
prices.csv row 2: WRONG_FIELD_COUNT 4 fields, where the header has 3
  fix: quote fields that hold a comma, and give every row all fields
prices.csv row 3 column date: NO_SUCH_DAY the calendar has no such day (found '2022-09-31')
  fix: correct the day
prices.csv row 3 column price: NUMBER_EXPONENT a number has no exponent (found '1e3')
  fix: write it out in full
"""
    )


def test_a_folder_without_books_is_read_aloud(run: Run, tmp_path: Path) -> None:
    done = run("status", books=tmp_path)
    assert done.exit_code == 2
    assert done.stderr == (
        f"NOT_A_BOOKS_FOLDER there is no subledger.toml in {tmp_path}\n"
        "  fix: run subledger init, or name the folder with --books\n"
    )


def test_a_basis_that_is_not_kept_is_read_aloud(run: Run, imported: Path) -> None:
    done = run("post", "--basis", "IFRS", books=imported)
    assert done.exit_code == 2
    assert done.stderr == (
        "UNKNOWN_BASIS bases of these books: US-GAAP, US-TAX (found 'IFRS')\n"
        "  fix: use one of [basis.*] in subledger.toml\n"
    )


def test_a_long_list_of_findings_is_cut_with_a_count(
    run: Run, imported: Path, tmp_path: Path
) -> None:
    rows = "2022-09-30,ZZZ,1\n" * 60
    (tmp_path / "prices.csv").write_text(f"date,instrument,price\n{rows}")
    done = run("import", "prices", str(tmp_path / "prices.csv"), books=imported)
    assert done.stderr.count("UNKNOWN_INSTRUMENT") == 50
    assert done.stderr.endswith("... and 10 more findings\n")


def test_what_steers_a_terminal_is_shown_escaped(run: Run, imported: Path, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.csv").write_text("price\n")
    done = run("import", "prices", str(tmp_path / "a\x1b[2J.csv"), books=imported)
    assert "\x1b" not in done.stderr
    assert done.stderr.startswith("a\\x1b[2J.csv row 1 column date: MISSING_COLUMN")


def test_xlsx_of_one_report_is_not_offered_and_nothing_is_done(
    run: Run, imported: Path, batches: Callable[[Path], int]
) -> None:
    done = run("post", "--format", "xlsx", books=imported)
    assert (done.exit_code, done.stderr.split()[0]) == (2, "NOT_OFFERED")
    assert batches(imported) == 4


def test_usage_errors_exit_2(run: Run) -> None:
    for wrong in (["nonsense"], ["report"], ["status", "--as-at", "x"], ["post", "--colour"]):
        assert run(*wrong).exit_code == 2
