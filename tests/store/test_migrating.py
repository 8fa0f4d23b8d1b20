"""A store of an earlier program: migrated before it is written, every seal and hash as it was."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from subledger import tables
from subledger.errors import Exit, Refused
from subledger.store import triggers
from subledger.store.checking import check_store
from subledger.store.control import Control
from subledger.store.hashing import sealed_as
from subledger.store.versions import complete, schema_at

if TYPE_CHECKING:
    from tests.store.conftest import Clock, Samples

MADE_BY_0001 = Path(__file__).with_name("made_by_0001")
HEAD_OF_0001 = "d963d2f00696ff1959677123958f3a461256937071947a5ba734ddaaf63ef429"


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """A books folder whose store was left by the program at schema 0001."""
    store = tmp_path / "store"
    store.mkdir()
    for folder in ("segments", "raw"):
        shutil.copytree(MADE_BY_0001 / folder, store / folder)
    connection = sqlite3.connect(store / "control.db")
    connection.executescript((MADE_BY_0001 / "control.sql").read_text(encoding="utf-8"))
    connection.close()
    return tmp_path


@pytest.fixture
def migrated(books: Path, clock: Clock) -> Control:
    return Control.open(books, create=True, clock=clock, actor="ada")


def row_of(control: Control, declared: tables.Table) -> dict[str, object]:
    table = control.read().latest(declared, basis="US-GAAP", period="2022-09")
    assert table is not None
    assert table.schema.equals(declared.schema, check_metadata=True)
    (row,) = table.to_pylist()
    return dict(row)


def test_a_reading_command_does_not_migrate_and_says_what_does(books: Path, clock: Clock) -> None:
    before = (books / "store" / "control.db").read_bytes()
    with pytest.raises(Refused) as refused:
        Control.open(books, create=False, clock=clock, actor="ada")
    (finding,) = refused.value.findings
    assert (finding.code, refused.value.exit) == ("STORE_OLDER", Exit.USAGE)
    assert [finding.code for finding in check_store(books).findings] == ["STORE_OLDER"]
    assert (books / "store" / "control.db").read_bytes() == before


def test_migrating_keeps_a_copy_and_every_hash(migrated: Control, books: Path) -> None:
    copy = sqlite3.connect(books / "store" / "control.db.before-0003")
    assert copy.execute("select version_num from alembic_version").fetchall() == [("0001",)]
    copy.close()
    assert migrated.read().head() == HEAD_OF_0001
    checked = check_store(books)
    assert checked.findings == []
    assert checked.compared == {
        "databases": 1,
        "batches": 3,
        "segments": 4,
        "rows": 4,
        "seals": 1,
        "raw files": 1,
    }


def test_a_migration_that_breaks_off_leaves_the_store_as_it_was(
    books: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> dict[str, str]:
        raise ZeroDivisionError

    monkeypatch.setattr(triggers, "append_only", stop)
    with pytest.raises(ZeroDivisionError):
        Control.open(books, create=True, clock=clock, actor="ada")
    connection = sqlite3.connect(books / "store" / "control.db")
    assert connection.execute("select version_num from alembic_version").fetchall() == [("0001",)]
    names = {name for (name,) in connection.execute("select name from sqlite_master")}
    assert "rate" not in names
    connection.close()
    monkeypatch.undo()
    Control.open(books, create=True, clock=clock, actor="ada")
    assert check_store(books).findings == []


def test_the_base_currency_comes_out_of_the_text_in_which_it_stood(migrated: Control) -> None:
    found = migrated.read().instruments().select(["instrument", "base_currency", "other"])
    assert found.to_pylist() == [
        {"instrument": "ACME", "base_currency": "", "other": ""},
        {"instrument": "EURUSD", "base_currency": "EUR", "other": '{"day_count":"act/360"}'},
        {"instrument": "GBPUSD", "base_currency": "GBP", "other": ""},
        {"instrument": "ODD", "base_currency": "", "other": ""},
    ]


def test_lots_of_before_rank_by_cost_and_are_marked_in_base_currency(migrated: Control) -> None:
    lot = row_of(migrated, tables.LOTS)
    names = ("cost", "ranking_cost", "mark", "mark_local", "mark_released", "mark_local_released")
    assert [lot[name] for name in names] == [125_000, 125_000, 1_000, 1_000, 400, 400]


def test_an_item_of_before_is_the_amount_of_its_trade(migrated: Control) -> None:
    item = row_of(migrated, tables.UNSETTLED)
    assert [item[name] for name in ("trade_id", "item", "amount", "revalued")] == [
        *("T1", "amount", -125_000, 0)
    ]


def test_fees_of_before_are_in_the_currency_of_their_trade(migrated: Control) -> None:
    row = row_of(migrated, tables.MEASURES)
    names = ("gross", "commission", "currency", "fee_currency", "settlement_currency", "traded")
    assert [row[name] for name in names] == [125_000, 100, "USD", "USD", "", 0]
    assert row["paid_base"] == row["fx_gain_base"] == row["translated_fees_base"] == 0


def test_a_close_of_before_still_seals_its_lots_and_items_and_no_others(migrated: Control) -> None:
    reading = migrated.read()
    states = json.loads(reading.closes("US-GAAP")[0].seal)["states"]
    for declared in (tables.LOTS, tables.UNSETTLED):
        table = reading.latest(declared, basis="US-GAAP", period="2022-09")
        assert table is not None
        assert sealed_as(table, declared, sealed=states[declared.name])
        assert not sealed_as(declared.empty(), declared, sealed=states[declared.name])
        for name in ("ranking_cost", "mark_local", "cost", "revalued", "amount"):
            if name in table.column_names:
                place = table.column_names.index(name)
                values = [value + 1 for value in table[name].to_pylist()]
                changed = table.set_column(place, declared.schema.field(place), [values])
                assert not sealed_as(changed, declared, sealed=states[declared.name]), name


def test_nothing_at_all_is_sealed_by_the_schema_of_before_too() -> None:
    before = tables.Table("lots", "", schema_at(tables.LOTS, 1), ())
    assert complete(before.empty(), tables.LOTS).equals(tables.LOTS.empty())


def test_a_migrated_store_is_written_on(
    migrated: Control, books: Path, clock: Clock, samples: Samples
) -> None:
    with migrated.write("import", {}) as unit:
        lots = samples.lots("T1")
        segment = unit.add_segment(tables.LOTS, lots, basis="US-GAAP", period="2022-10")
        unit.add_rates(samples.rates(unit.seq, ("EUR", 1, 10_876), ("EUR", 2, 10_877)))
        pair = {"instrument": "ODD", "asset_class": "fx_spot", "base_currency": "CHF"}
        unit.add_instruments(samples.rows(tables.INSTRUMENTS, {**pair, "batch": unit.seq}))
    assert segment is not None
    assert segment.schema_version == 2
    again = Control.open(books, create=False, clock=clock, actor="ada").read()
    assert again.rates()["rate_mantissa"].to_pylist() == [10_877]
    assert again.instruments()["base_currency"].to_pylist() == ["", "EUR", "GBP", "CHF"]
    assert check_store(books).findings == []


def test_the_rows_of_a_later_table_are_hashed_with_their_batch(
    migrated: Control, books: Path, samples: Samples
) -> None:
    with migrated.write("import", {}) as unit:
        unit.add_rates(samples.rates(unit.seq, ("EUR", 1, 10_876)))
    connection = sqlite3.connect(books / "store" / "control.db", isolation_level=None)
    (trigger,) = connection.execute(
        "select sql from sqlite_master where name = 'rate_no_update'"
    ).fetchone()
    connection.execute("drop trigger rate_no_update")
    connection.execute("update rate set rate_mantissa = 10875")
    connection.execute(trigger)
    connection.close()
    assert [finding.code for finding in check_store(books).findings] == ["BATCH_CHANGED"]
