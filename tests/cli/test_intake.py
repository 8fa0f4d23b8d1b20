from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Run = Callable[..., Result]
Count = Callable[[Path], int]


def test_an_import_says_what_was_new_and_known(run: Run, imported: Path, files: Path) -> None:
    done = run("import", "trades", str(files / "late.csv"), books=imported)
    assert done.stdout == (
        "Import\n\n"
        "kind    file      rows_read  rows_new  rows_known  batch  duplicate\n"
        "------  --------  ---------  --------  ----------  -----  ---------\n"
        "trades  late.csv          1         1           0      5  no\n"
    )


def test_the_same_file_twice_writes_nothing(
    run: Run, imported: Path, files: Path, batches: Count
) -> None:
    done = run("import", "trades", str(files / "trades.csv"), books=imported)
    assert done.exit_code == 0
    assert done.stderr == "the same file was imported by batch 2; nothing was written\n"
    assert batches(imported) == 4


def test_a_dry_run_of_each_writer_writes_nothing(
    run: Run, imported: Path, files: Path, batches: Count
) -> None:
    late = str(files / "late.csv")
    for command in (
        ("import", "trades", late),
        ("post",),
        ("mark", "2022-09-30"),
        ("close", "2022-09"),
    ):
        done = run(*command, "--dry-run", books=imported)
        assert done.exit_code == 0, done.stderr
        assert done.stderr.endswith("dry run: nothing was written\n")
        assert batches(imported) == 4


def test_a_mapping_gives_our_names_to_foreign_columns(
    run: Run, imported: Path, files: Path, tmp_path: Path
) -> None:
    text = (files / "late.csv").read_text().replace("trade_id,", "Deal,", 1)
    (tmp_path / "blotter.csv").write_text(text)
    (tmp_path / "mapping.toml").write_text('[columns]\nDeal = "trade_id"\n')
    command = ("import", "trades", str(tmp_path / "blotter.csv"))
    assert run(*command, books=imported).exit_code == 3
    mapped = run(*command, "--mapping", str(tmp_path / "mapping.toml"), books=imported)
    assert mapped.exit_code == 0
    (tmp_path / "mapping.toml").write_text("columns = 1")
    refused = run(*command, "--mapping", str(tmp_path / "mapping.toml"), books=imported)
    assert refused.exit_code == 2
    assert "MAPPING_FORMAT" in refused.stderr


def test_a_named_format_wins_over_the_first_bytes(run: Run, imported: Path, files: Path) -> None:
    command = ("import", "trades", str(files / "late.csv"), "--format")
    parquet = run(*command, "parquet", books=imported)
    assert parquet.exit_code == 3
    assert parquet.stderr.startswith("late.csv: FORMAT_UNREADABLE ")
    other = run(*command, "xls", books=imported)
    assert (other.exit_code, other.stderr.split()[0]) == (2, "UNKNOWN_FORMAT")
    assert run(*command, "csv", "--dry-run", books=imported).exit_code == 0


def test_posting_acts_on_every_basis_unless_one_is_named(run: Run, imported: Path) -> None:
    one = run("post", "--basis", "US-TAX", "--format", "csv", books=imported)
    rest = run("post", "--format", "csv", books=imported)
    again = run("post", "--format", "csv", books=imported)
    header = "basis,entries,reversals,exceptions,withheld,months\n"
    assert one.stdout == f"{header}US-TAX,11,0,0,1,2022-09\n"
    assert rest.stdout == f"{header}US-GAAP,11,0,0,1,2022-09\nUS-TAX,0,0,0,1,\n"
    assert again.stdout == f"{header}US-GAAP,0,0,0,1,\nUS-TAX,0,0,0,1,\n"


def test_marking_posts_the_change_of_bases_at_fair_value(run: Run, posted: Path) -> None:
    done = run("mark", "2022-09-30", "--format", "csv", books=posted)
    assert done.stdout.splitlines()[1:] == ["US-GAAP,2,0,0,1,2022-09", "US-TAX,0,0,0,1,"]
    assert run("mark", "20220930", books=posted).exit_code == 2
