"""Two writers at once: one waits or is refused, and no number is lost or given twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from subledger import tables
from subledger.errors import Exit, Refused
from subledger.store import connection as connections
from subledger.store.control import Control

if TYPE_CHECKING:
    from tests.store.conftest import Samples


def test_writers_at_once_get_numbers_without_gap(
    reopen: Callable[[], Control], samples: Samples
) -> None:
    barrier = threading.Barrier(2)
    reopen()

    def write() -> list[int]:
        control = reopen()
        barrier.wait()
        numbers = []
        for _ in range(5):
            with control.write("post", {}) as unit:
                first = 1 + unit.reading.rows(tables.ENTRIES, basis="US-GAAP").num_rows
                unit.add_segment(tables.ENTRIES, samples.entries(first, 2), basis="US-GAAP")
                numbers.append(unit.seq)
        return numbers

    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(write) for _ in range(2)]
        numbers = sorted(number for task in tasks for number in task.result())
    assert numbers == list(range(1, 11))
    entries = reopen().read().rows(tables.ENTRIES, basis="US-GAAP")
    assert entries["seq"].to_pylist() == list(range(1, 21))


def test_a_writer_that_meets_the_lock_is_refused_and_names_it(
    reopen: Callable[[], Control], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BUSY_MILLISECONDS", 50)
    one, other = reopen(), reopen()
    with one.write("post", {}):
        with pytest.raises(Refused) as refused, other.write("post", {}):
            pytest.fail("the command must not start")
        assert other.read().as_at == 0
    finding = refused.value.findings[0]
    assert (finding.code, refused.value.exit) == ("BUSY", Exit.BUSY)
    assert finding.file == str(one.place.database)
    assert one.read().as_at == 1


def test_two_closes_at_once_seal_once(reopen: Callable[[], Control]) -> None:
    barrier = threading.Barrier(2)
    reopen()

    def close() -> str:
        control = reopen()
        barrier.wait()
        try:
            with control.write("close", {}) as unit:
                unit.add_close("US-GAAP", "2022-09", knowledge_seq=0, seal="{}")
        except Refused as refused:
            return refused.findings[0].code
        return "closed"

    with ThreadPoolExecutor(2) as pool:
        tasks = [pool.submit(close) for _ in range(2)]
        answers = sorted(task.result() for task in tasks)
    assert answers == ["PERIOD_CLOSED", "closed"]
    assert len(reopen().read().closes()) == 1


def test_a_reading_does_not_see_what_is_committed_after_it_began(control: Control) -> None:
    reading = control.read()
    with control.write("post", {}) as unit:
        unit.fix("entity", "X")
    assert (reading.batches(), reading.fixed()) == ([], {})
    assert control.read().fixed() == {"entity": "X"}
