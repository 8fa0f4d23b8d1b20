"""The control database: units of work, as-at reading, numbers without gap, the clock."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from subledger import tables
from subledger.errors import Exit, Finding, InvariantError, Refused
from subledger.store.control import Control
from subledger.store.records import Imported

if TYPE_CHECKING:
    from tests.store.conftest import Clock, Samples

IMPORTED = Imported("trades", "csv", "t.csv", 12, "a" * 64, "b" * 64, 2, 1, 1)


def refusal(refused: pytest.ExceptionInfo[Refused]) -> tuple[str, Exit]:
    return refused.value.findings[0].code, refused.value.exit


def files_of(control: Control) -> list[str]:
    store = control.place.store
    return sorted(
        path.relative_to(store).as_posix()
        for folder in ("segments", "raw")
        for path in (store / folder).rglob("*")
        if path.is_file()
    )


def test_a_batch_tells_who_did_what_when_and_what_it_read(control: Control) -> None:
    finding = Finding("LATE", "kept", "t.csv", 2, "trade_date", "2022-08-31")
    with control.write("import", {"kind": "trades", "file": "t.csv"}) as unit:
        unit.imported(IMPORTED)
        unit.note([finding])
    (batch,) = control.read().batches()
    assert replace(batch, program_version="", hash="") == replace(
        batch,
        seq=1,
        command="import",
        arguments={"kind": "trades", "file": "t.csv"},
        actor="ada",
        at="2022-10-03T09:00:01.000000Z",
        clock_regressed=False,
        imported=IMPORTED,
        notes=(finding,),
        previous="0" * 64,
        program_version="",
        hash="",
    )
    assert control.read().imported("trades", raw_sha256="a" * 64) == batch
    assert control.read().imported("trades", raw_sha256="c" * 64, content_hash="b" * 64) == batch
    assert control.read().imported("cash", raw_sha256="a" * 64) is None


def test_facts_come_back_in_the_order_in_which_they_became_known(
    control: Control, samples: Samples
) -> None:
    for names in (("T2", "T1"), ("T3",)):
        with control.write("import", {}) as unit:
            unit.add_facts("trades", samples.trades(unit.seq, *names))
    facts = control.read().facts("trades")
    assert facts["trade_id"].to_pylist() == ["T2", "T1", "T3"]
    assert facts["batch"].to_pylist() == [1, 1, 2]
    assert facts.schema.equals(tables.TRADES.schema)
    assert control.read(as_at=1).facts("trades")["trade_id"].to_pylist() == ["T2", "T1"]
    assert control.read(as_at=0).facts("cash").num_rows == 0


def test_facts_of_another_batch_are_a_broken_promise(control: Control, samples: Samples) -> None:
    with pytest.raises(InvariantError), control.write("import", {}) as unit:
        unit.add_facts("trades", samples.trades(9, "T1"))


def test_every_question_can_be_asked_as_at_an_earlier_batch(
    control: Control, samples: Samples
) -> None:
    for _ in range(3):
        with control.write("import", {}) as unit:
            samples.everything(unit)
    reading = control.read(as_at=2)
    assert reading.as_at == 2
    assert [batch.seq for batch in reading.batches()] == [1, 2]
    assert reading.rows(tables.ENTRIES, basis="US-GAAP")["seq"].to_pylist() == [1, 2, 3, 4]
    lots = reading.latest(tables.LOTS, basis="US-GAAP", period="2022-09")
    assert lots is not None
    assert lots["lot_id"].to_pylist() == ["T2"]
    assert reading.instruments()["name"].to_pylist() == ["v2"]
    assert reading.prices()["price_mantissa"].to_pylist() == [102]
    assert reading.rates()["rate_mantissa"].to_pylist() == [10_002]
    assert reading.rates().schema.equals(tables.RATES.schema)
    assert [close.period for close in reading.closes("US-GAAP")] == ["2022-01", "2022-02"]
    states = reading.exceptions("US-GAAP").select(["exception_id", "status"]).to_pylist()
    assert states == [
        {"exception_id": "X1", "status": "fixed"},
        {"exception_id": "X2", "status": "open"},
    ]
    assert reading.mark_dates("US-GAAP") == [date(2022, 9, 30)]
    assert reading.postings("US-GAAP") == [(1, "c" * 64), (2, "c" * 64)]
    assert reading.chart("c" * 64) == {"accounts.toml": b"# none\n"}
    assert reading.periods("lots", "US-GAAP") == ["2022-09"]
    assert reading.latest(tables.LOTS, basis="US-TAX", period="2022-09") is None
    with pytest.raises(Refused) as refused:
        control.read(as_at=4)
    assert refusal(refused) == ("UNKNOWN_BATCH", Exit.USAGE)


def test_writing_the_same_content_again_adds_nothing(control: Control, samples: Samples) -> None:
    added = []
    for names in (("T1",), ("T1",), (), (), ("T1",)):
        with control.write("post", {}) as unit:
            segment = unit.add_segment(
                tables.LOTS, samples.lots(*names), basis="US-GAAP", period="2022-09"
            )
            added.append(segment and segment.rows)
    assert added == [1, None, 0, None, 1]


def test_what_was_never_written_and_is_empty_is_not_written(
    control: Control, samples: Samples
) -> None:
    with control.write("post", {}) as unit:
        assert unit.add_segment(tables.LOTS, samples.lots(), basis="US-GAAP") is None
        assert unit.add_facts("trades", samples.trades(unit.seq)) is None
    assert control.read().all_segments() == []


def test_entries_must_continue_the_numbers_of_their_basis(
    control: Control, samples: Samples
) -> None:
    with control.write("post", {}) as unit:
        unit.add_segment(tables.ENTRIES, samples.entries(1, 3), basis="US-GAAP")
        unit.add_segment(tables.ENTRIES, samples.entries(1, 2), basis="US-TAX")
    for first in (3, 5):
        with pytest.raises(InvariantError, match="gap"), control.write("post", {}) as unit:
            unit.add_segment(tables.ENTRIES, samples.entries(first, 1), basis="US-GAAP")
    with control.write("post", {}) as unit:
        unit.add_segment(tables.ENTRIES, samples.entries(4, 1), basis="US-GAAP")
    segments = control.read().segments("entries", "US-GAAP")
    assert [(s.first_seq, s.last_seq) for s in segments] == [(1, 3), (4, 4)]
    assert [batch.seq for batch in control.read().batches()] == [1, 2]


def test_lines_that_do_not_balance_are_not_written(control: Control, samples: Samples) -> None:
    odd = samples.lines(1, 1).slice(0, 1)
    with pytest.raises(InvariantError, match="balance"), control.write("post", {}) as unit:
        unit.add_segment(tables.LINES, odd, basis="US-GAAP")


def test_control_totals_beyond_64_bits_are_exact(control: Control, samples: Samples) -> None:
    with control.write("post", {}) as unit:
        segment = unit.add_segment(
            tables.LINES, samples.lines(1, 3, amount=2**63 - 1), basis="US-GAAP"
        )
    assert segment is not None
    assert (segment.debit, segment.credit) == (str(3 * (2**63 - 1)),) * 2


def test_whatever_is_raised_undoes_everything_and_the_files_are_swept(
    control: Control, samples: Samples
) -> None:
    with control.write("import", {}) as unit:
        samples.everything(unit)
    before = files_of(control), control.read().head()
    with pytest.raises(ZeroDivisionError), control.write("import", {}) as unit:  # noqa: PT012
        samples.everything(unit)
        raise ZeroDivisionError
    assert len(files_of(control)) > len(before[0])
    assert control.read().facts("trades")["trade_id"].to_pylist() == ["T1"]
    with control.write("nothing", {}) as unit:
        unit.abandon()
    assert (files_of(control), control.read().head()) == before


def test_a_dry_run_changes_no_byte(control: Control, samples: Samples) -> None:
    with control.write("import", {}, dry_run=True) as unit:
        samples.everything(unit)
        assert unit.seq == 1
        assert unit.so_far.facts("trades")["trade_id"].to_pylist() == ["T1"]
        assert unit.so_far.exceptions()["status"].to_pylist() == ["open"]
        assert unit.reading.exceptions().num_rows == 0
    assert (control.read().as_at, files_of(control)) == (0, [])


def test_an_exception_raised_at_any_statement_leaves_the_state_before(
    control: Control, samples: Samples
) -> None:
    with control.write("import", {}) as unit:
        samples.everything(unit)
    head = control.read().head()
    countdown = [0]

    def stop(*_: object) -> None:
        countdown[0] -= 1
        if countdown[0] == 0:
            raise ZeroDivisionError

    event.listen(control._writer, "before_cursor_execute", stop)
    event.listen(control._writer, "commit", stop)
    points = 0
    while True:
        points += 1
        countdown[0] = points
        try:
            with control.write("import", {}) as unit:
                samples.everything(unit)
        except ZeroDivisionError:
            assert control.read().head() == head
            assert control.read().as_at == 1
            continue
        break
    assert points > 30
    assert control.read().as_at == 2
    assert control.read().facts("trades")["trade_id"].to_pylist() == ["T1", "T2"]


def test_a_clock_that_goes_back_is_not_believed_and_is_flagged(
    control: Control, clock: Clock
) -> None:
    with control.write("a", {}):
        pass
    clock.now -= timedelta(days=3650)
    with control.write("b", {}):
        pass
    clock.now += timedelta(days=7300)
    with control.write("c", {}):
        pass
    stamps = [(batch.at, batch.clock_regressed) for batch in control.read().batches()]
    assert stamps == [
        ("2022-10-03T09:00:01.000000Z", False),
        ("2022-10-03T09:00:01.000001Z", True),
        ("2032-09-30T09:00:03.000000Z", False),
    ]


def test_exceptions_open_are_fixed_open_again_and_keep_what_people_decided(
    control: Control, samples: Samples
) -> None:
    def states() -> dict[str, str]:
        table = control.read().exceptions("US-GAAP")
        names, statuses = table["exception_id"].to_pylist(), table["status"].to_pylist()
        return dict(zip(names, statuses, strict=True))

    with control.write("post", {}) as unit:
        unit.set_exceptions("US-GAAP", samples.exceptions("A", "B", "C"))
    with control.write("exceptions waive", {}) as unit:
        unit.exception_event("B", "waived", reason="agreed")
        unit.exception_event("C", "swept", swept_to=date(2022, 10, 1))
    with control.write("post", {}) as unit:
        unit.set_exceptions("US-GAAP", samples.exceptions())
    assert states() == {"A": "fixed", "B": "waived", "C": "swept"}
    with control.write("post", {}) as unit:
        unit.set_exceptions("US-GAAP", samples.exceptions("A", "B", at_risk=6))
    assert states() == {"A": "open", "B": "waived", "C": "swept"}
    with control.write("mark", {}) as unit:
        unit.set_exceptions("US-GAAP", samples.exceptions(), codes=["STALE_PRICE"])
    assert states() == {"A": "open", "B": "waived", "C": "swept"}
    table = control.read().exceptions()
    assert table["amount_at_risk"].to_pylist() == [6, 6, 5]
    assert table["reason"].to_pylist() == ["", "agreed", ""]
    assert table["swept_to"].to_pylist() == [None, None, date(2022, 10, 1)]


def test_a_setting_that_was_fixed_cannot_change(control: Control) -> None:
    with control.write("post", {}) as unit:
        unit.fix("decimals.USD", "2")
        unit.fix("decimals.USD", "2")
    with pytest.raises(Refused) as refused, control.write("post", {}) as unit:
        unit.fix("decimals.USD", "6")
    assert refusal(refused) == ("SETTING_FIXED", Exit.USAGE)
    assert control.read().fixed() == {"decimals.USD": "2"}


def test_a_period_is_sealed_once_and_seals_are_chained(control: Control) -> None:
    with control.write("close", {}) as unit:
        first = unit.add_close("US-GAAP", "2022-09", knowledge_seq=0, seal='{"a":1}')
    with control.write("close", {}) as unit:
        second = unit.add_close("US-GAAP", "2022-10", knowledge_seq=1, seal="{}")
    with pytest.raises(Refused) as refused, control.write("close", {}) as unit:
        unit.add_close("US-GAAP", "2022-09", knowledge_seq=2, seal="{}")
    assert refusal(refused) == ("PERIOD_CLOSED", Exit.CLOSED)
    assert second.previous == first.hash
    assert control.read().closes("US-GAAP") == [first, second]


def test_a_refused_command_is_kept_without_becoming_a_batch(control: Control) -> None:
    control.record_refusal("import", {"file": "t.csv"}, codes=["ID_CONFLICT"])
    (refused,) = control.read().refused_commands()
    assert (refused.actor, refused.command, refused.arguments, refused.codes) == (
        "ada",
        "import",
        {"file": "t.csv"},
        ("ID_CONFLICT",),
    )
    assert control.read().as_at == 0


def test_a_books_folder_without_store_can_be_asked_but_not_read(
    tmp_path: Path, clock: Clock
) -> None:
    with pytest.raises(Refused) as refused:
        Control.open(tmp_path, create=False, clock=clock, actor="ada")
    assert refusal(refused) == ("NO_STORE", Exit.USAGE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///../control.db",
        "sqlite:////tmp/control.db",
        "sqlite://",
        "mysql://localhost/x",
        "nonsense",
        "sqlite:///store/control.db?mode=memory",
    ],
)
def test_a_url_that_leaves_the_books_folder_is_refused(
    tmp_path: Path, clock: Clock, url: str
) -> None:
    with pytest.raises(Refused) as refused:
        Control.open(tmp_path, url, create=True, clock=clock, actor="ada")
    assert refusal(refused) == ("STORE_URL", Exit.USAGE)


def test_a_store_of_a_newer_program_is_refused(
    control: Control, reopen: Callable[[], Control]
) -> None:
    assert control.place.database is not None
    with sqlite3.connect(control.place.database) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    with pytest.raises(Refused) as refused:
        reopen()
    assert refusal(refused) == ("STORE_NEWER", Exit.USAGE)


def test_a_file_that_is_no_database_is_refused(
    control: Control, reopen: Callable[[], Control]
) -> None:
    assert control.place.database is not None
    control.place.database.write_bytes(b"nonsense" * 1000)
    with pytest.raises(Refused) as refused:
        reopen()
    assert refusal(refused) == ("STORE_DAMAGED", Exit.INTEGRITY)


def test_a_folder_without_permission_is_refused_before_anything_is_written(
    control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(Refused) as refused, control.write("import", {}):
        pytest.fail("the command must not start")
    assert refusal(refused) == ("CANNOT_WRITE", Exit.CANNOT_WRITE)


def test_a_full_disk_undoes_everything_and_the_next_command_works(
    control: Control, samples: Samples
) -> None:
    limit = [1]

    def fill(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"pragma max_page_count = {limit[0]}")

    event.listen(control._writer, "connect", fill)
    with pytest.raises(Refused) as refused, control.write("import", {}) as unit:
        unit.fix("entity", "x" * 100_000)
    assert refusal(refused) == ("IO_ERROR", Exit.IO)
    assert refused.value.findings[0].file == str(control.place.database)
    assert control.read().as_at == 0
    limit[0] = 1_000_000
    with control.write("import", {}) as unit:
        samples.everything(unit)
    assert control.read().as_at == 1


def test_an_old_copy_of_the_control_database_is_refused_and_nothing_is_swept(
    control: Control, samples: Samples
) -> None:
    assert control.place.database is not None
    old = control.place.database.read_bytes()
    for _ in range(2):
        with control.write("import", {}) as unit:
            samples.everything(unit)
    before = files_of(control)
    control.place.database.write_bytes(old)
    with pytest.raises(Refused) as refused, control.write("import", {}):
        pytest.fail("the command must not start")
    assert refusal(refused) == ("STORE_BEHIND", Exit.INTEGRITY)
    assert files_of(control) == before
