"""The independent proof: a store that holds has no finding, and no change goes unseen."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from subledger import tables
from subledger.store import schema
from subledger.store.checking import check_store
from subledger.store.control import Control
from subledger.store.hashing import sha256
from subledger.store.segments import write_segment
from subledger.store.triggers import append_only

if TYPE_CHECKING:
    from tests.store.conftest import Clock, Samples


@pytest.fixture
def books(full_books: Path, tmp_path: Path) -> Path:
    shutil.copytree(full_books / "store", tmp_path / "store")
    return tmp_path


def codes(books: Path) -> list[str]:
    findings = check_store(books).findings
    assert all(finding.file for finding in findings)
    return [finding.code for finding in findings]


def forge(books: Path, table: str, statement: str) -> None:
    """Change a table as its owner could: triggers off, change, triggers back as they were."""
    connection = sqlite3.connect(books / "store" / "control.db", isolation_level=None)
    triggers = append_only(table, schema.unique_keys(schema.METADATA.tables[table]))
    for name in triggers:
        connection.execute(f'drop trigger "{name}"')
    connection.execute(statement)
    for trigger in triggers.values():
        connection.execute(trigger)
    connection.close()


def test_a_store_that_holds_has_no_finding_and_says_how_much_was_compared(books: Path) -> None:
    checked = check_store(books)
    assert checked.findings == []
    assert checked.compared == {
        "databases": 1,
        "batches": 2,
        "segments": 8,
        "rows": 16,
        "seals": 2,
        "raw files": 2,
    }


def test_a_changed_byte_of_any_file_is_found_and_the_file_named(books: Path) -> None:
    seed = random.Random(2022)  # noqa: S311
    paths = sorted((books / "store" / "segments").rglob("*.parquet"))
    paths += sorted((books / "store" / "raw").iterdir())
    for path in paths:
        content = path.read_bytes()
        changed = bytearray(content)
        changed[seed.randrange(len(content))] ^= 1 << seed.randrange(8)
        path.chmod(0o640)
        path.write_bytes(changed)
        (finding,) = check_store(books).findings
        assert finding.code in {"SEGMENT_CHANGED", "RAW_CHANGED"}
        assert finding.file == path.relative_to(books / "store").as_posix()
        path.write_bytes(content)
    assert codes(books) == []


def test_a_missing_file_is_found(books: Path) -> None:
    for folder, code in (("segments/lots", "SEGMENT_MISSING"), ("raw", "RAW_MISSING")):
        path = next(p for p in sorted((books / "store" / folder).rglob("*")) if p.is_file())
        content = path.read_bytes()
        path.unlink()
        assert codes(books) == [code]
        path.write_bytes(content)


def test_a_segment_rewritten_with_its_file_hash_is_found(books: Path, samples: Samples) -> None:
    path = min((books / "store" / "segments" / "lots").rglob("*.parquet"))
    file = write_segment(books, tables.LOTS, table=samples.lots("T9"), folder="forged", batch=1)
    path.chmod(0o640)
    path.write_bytes((books / file.path).read_bytes())
    where = path.relative_to(books / "store").as_posix()
    forge(
        books,
        "segment",
        f"update segment set file_sha256 = '{sha256(path.read_bytes())}' where path = '{where}'",
    )
    assert codes(books) == ["BATCH_CHANGED", "SEGMENT_CHANGED"]


@pytest.mark.parametrize(
    ("table", "change", "found"),
    [
        ("price", "update price set price_mantissa = 7 where version = 1", ["BATCH_CHANGED"]),
        ("price", "delete from price where version = 2", ["BATCH_CHANGED"]),
        ("rate", "update rate set rate_mantissa = 7 where version = 1", ["BATCH_CHANGED"]),
        ("rate", "delete from rate", ["BATCH_CHANGED"]),
        ("batch", "update batch set actor = 'bob' where seq = 2", ["BATCH_CHANGED"]),
        ("exception_event", "update exception_event set reason = 'x'", ["BATCH_CHANGED"]),
        ("close_seal", "update close_seal set seal = '[]'", ["BATCH_CHANGED", "SEAL_CHANGED"]),
        ("segment", "update segment set debit = '1'", ["BATCH_CHANGED", "TOTALS_DIFFER"]),
        (
            "segment",
            f"update segment set chain = '{'a' * 64}' where n = 1",
            ["BATCH_CHANGED", "CHAIN_BROKEN"],
        ),
        (
            "fixed_setting",
            "insert into fixed_setting select 'more', 'x', 2",
            ["BATCH_CHANGED"],
        ),
    ],
)
def test_a_changed_row_of_the_control_database_is_found(
    books: Path, table: str, change: str, found: list[str]
) -> None:
    forge(books, table, change)
    seen = codes(books)
    assert sorted(set(seen)) == sorted(set(found))


def test_a_changed_trigger_is_found(books: Path) -> None:
    connection = sqlite3.connect(books / "store" / "control.db", isolation_level=None)
    connection.execute("drop trigger price_no_delete")
    connection.close()
    assert codes(books) == ["STORE_SCHEMA"]


def test_a_flip_of_any_bit_of_the_control_database_is_found_or_changes_nothing(
    books: Path, clock: Clock
) -> None:
    path = books / "store" / "control.db"
    content = path.read_bytes()

    def answers() -> list[object]:
        reading = Control.open(books, create=False, clock=clock, actor="ada").read()
        return [
            reading.batches(),
            reading.all_segments(),
            reading.closes(),
            reading.prices(),
            reading.rates(),
            reading.instruments(),
            reading.exceptions(),
            reading.fixed(),
            reading.postings("US-GAAP"),
            reading.mark_dates("US-GAAP"),
            reading.chart("c" * 64),
        ]

    expected = answers()
    seed = random.Random(2022)  # noqa: S311
    written = [position for position, byte in enumerate(content) if byte]
    caught = 0
    for position in seed.sample(written, 60):
        changed = bytearray(content)
        changed[position] ^= 1 << seed.randrange(8)
        path.write_bytes(changed)
        if check_store(books).findings:
            caught += 1
        else:
            assert answers() == expected, position
    assert caught > 30


def test_without_a_store_the_answer_is_a_finding_not_an_error(tmp_path: Path) -> None:
    assert codes(tmp_path) == ["NO_STORE"]
