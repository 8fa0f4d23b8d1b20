"""Executors: the same bytes whoever books, and a refusal where nobody can."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from tests.laws.facts import GAAP, day, instrument, trade
from tests.laws.firm import Firm
from typer.testing import CliRunner

import subledger
from subledger import executors
from subledger.booking.book import book
from subledger.booking.inputs import Booking, Carried
from subledger.cli import app
from subledger.errors import CODES, Exit, Refused
from subledger.executors import INLINE, Dask, Executor, Threads, executor
from subledger.numbers import NumberOverflow
from subledger.tables import STATES


def firm() -> Firm:
    """Return a firm that buys four instruments and sells most of them again, and is marked."""
    held = [instrument(f"I{number}") for number in range(4)]
    trades = [
        trade(f"{side}{number}.{n}", side, units, price=str(10 + n), held=one, trade_date=day(n))
        for number, one in enumerate(held)
        for n, (side, units) in enumerate([("buy", 5), ("buy", 7), ("sell", 8), ("sell", 9)])
    ]
    marks = [
        {"mark_date": day(5), "price_date": day(5), "session": day(5), "price_scale": 0}
        | {"instrument": one["instrument"], "price_mantissa": 11}
        for one in held
    ]
    return Firm(GAAP, held, trades=trades, marks=marks)


def booked(run: Executor) -> Booking:
    made = firm()
    return book(made.events(), Carried(), terms=made.terms, executor=run)


def tables_of(booking: Booking) -> dict[str, list[dict[str, object]]]:
    """Return the rows of all tables of a booking."""
    found = {one.name: getattr(booking, one.name) for one in fields(booking)}
    found |= {state.name: booking.carried.state(state) for state in STATES}
    return {name: table.to_pylist() for name, table in found.items() if isinstance(table, pa.Table)}


def worker_of(number: int) -> tuple[int, int]:
    """Say which process looks at a number."""
    return number, os.getpid()


def end_the_process(_: int) -> None:
    """Be lost."""
    os._exit(1)


def overflow(number: int) -> None:
    """Raise what booking raises."""
    raise NumberOverflow(f"part {number}")


@pytest.fixture(scope="module")
def workers() -> Iterator[Dask]:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    with executors.dask_workers(2, least=1) as run:
        yield run


def test_two_workers_of_dask_give_the_same_bytes(workers: Dask) -> None:
    assert workers.parts == 2 * 2
    assert tables_of(booked(workers)) == tables_of(booked(INLINE))


def test_parts_are_booked_by_several_processes_and_come_back_in_order(workers: Dask) -> None:
    found = workers.map(worker_of, range(8))
    assert [number for number, _ in found] == list(range(8))
    assert len({process for _, process in found} - {os.getpid()}) == 2


def test_a_scheduler_is_reached_by_its_address(workers: Dask) -> None:
    address = workers.client.scheduler.address.removeprefix("tcp://")
    with executor(f"dask://{address}") as run:
        assert tables_of(booked(run)) == tables_of(booked(INLINE))


def test_a_lost_worker_is_refused() -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    with executors.dask_workers(1, least=1) as run, pytest.raises(Refused) as refused:
        run.map(end_the_process, range(2))
    assert [finding.code for finding in refused.value.findings] == ["WORKER_LOST"]


def test_what_a_part_raises_is_raised(workers: Dask) -> None:
    with pytest.raises(NumberOverflow, match="part"):
        workers.map(overflow, range(2))


def test_threads_give_the_same_bytes() -> None:
    assert tables_of(booked(Threads(2, least=1))) == tables_of(booked(INLINE))


def test_one_part_is_not_sent_away() -> None:
    with executor("threads") as run:
        assert run.map(worker_of, [7]) == [(7, os.getpid())]


@pytest.mark.parametrize("name", ["", "inline"])
def test_inline_books_a_window_in_one_part(name: str) -> None:
    with executor(name) as run:
        assert run is INLINE


def test_an_unknown_executor_is_refused() -> None:
    with pytest.raises(Refused) as refused, executor("spark"):
        pass
    [finding] = refused.value.findings
    assert (finding.code, finding.value) == ("UNKNOWN_EXECUTOR", "spark")
    assert CODES[finding.code].exit is Exit.USAGE


@pytest.mark.parametrize("name", ["dask", "dask://127.0.0.1:8786"])
def test_dask_is_refused_where_it_is_not_installed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Refused) as refused, executor(name):
        pass
    assert [finding.code for finding in refused.value.findings] == ["DASK_MISSING"]


def test_a_scheduler_that_does_not_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    monkeypatch.setattr(executors, "PATIENCE", 1)
    with socket.socket() as free:  # bound and not listening: nothing answers there
        free.bind(("127.0.0.1", 0))
        name = f"dask://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(Refused) as refused, executor(name):
            pass
    [finding] = refused.value.findings
    assert (finding.code, finding.value) == ("NO_SCHEDULER", name)
    assert CODES[finding.code].exit is Exit.IO


def test_what_is_not_an_address_is_refused() -> None:
    pytest.importorskip("distributed", reason="the extra dask is not installed")
    with pytest.raises(Refused) as refused, executor("dask://nowhere"):
        pass
    assert [finding.code for finding in refused.value.findings] == ["NO_SCHEDULER"]


def test_the_command_line_and_python_take_an_executor(tmp_path: Path) -> None:
    books = subledger.create(tmp_path / "acme")
    assert books.post(executor="threads")[0].entries == 0
    for command in (["post"], ["mark", "2026-01-31"], ["close", "2026-01"]):
        done = CliRunner().invoke(app, [*command, "--books", str(books.folder), *SPARK])
        assert (command, done.exit_code) == (command, Exit.USAGE)
        assert "UNKNOWN_EXECUTOR" in done.stderr
    for ask in (books.post, partial(books.mark, "2026-01-31"), partial(books.close, "2026-01")):
        with pytest.raises(Refused) as refused:
            ask(executor="spark")
        assert [finding.code for finding in refused.value.findings] == ["UNKNOWN_EXECUTOR"]


SPARK = ("--executor", "spark")
