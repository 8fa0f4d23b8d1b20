"""Tables on their way into the store: hashed once, compared, encoded and written, two at a time.

Hashing and encoding leave Python free, so a second thread helps where there is much to write.
Nothing here asks the database: what is written exists only once the manifest names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import tables
from subledger.errors import InvariantError
from subledger.journal.journal import control_totals
from subledger.store.hashing import FORM, GENESIS, canonical, hash_of
from subledger.store.records import APPENDED
from subledger.store.segments import SegmentFile, put_segment, segment_folder, segment_path

_THREADS = 2
_ROWS_WORTH_A_THREAD = 50_000
# The column of facts by whose least and greatest value a segment is known not to name an event.
NAMED_BY = {"trades": "trade_id", "settlements": "trade_id"}


@dataclass(frozen=True, slots=True)
class Folder:
    """Where segments of a basis and period are put, and by which batch; a dry run writes none."""

    store: Path
    basis: str
    period: str
    batch: int
    dry_run: bool


class ToSeal(NamedTuple):
    """A table to seal, and the manifest's row of the newest segment, which it may repeat or not."""

    declared: tables.Table
    table: pa.Table
    last: Mapping[str, Any] | None
    may_repeat: bool


class Sealed(NamedTuple):
    """What became of a table: its hash; the file and what the manifest tells, if it adds.

    The table itself, in canonical form, is there where a dry run has no file to read it from.
    """

    declared: tables.Table
    table: pa.Table | None
    content_hash: str
    file: SegmentFile | None
    facts: dict[str, Any]


class Sealing:
    """Tables that are being hashed, and written where they add anything, the largest first.

    Large ones are begun at once, beside whatever else the program does; `result` waits for them.
    """

    def __init__(self, place: Folder, wanted: Sequence[ToSeal], *, threads: int = _THREADS) -> None:
        self._place, self._wanted = place, wanted
        self._running: list[Future[Sealed]] = []
        if sum(one.table.num_rows for one in wanted) < _ROWS_WORTH_A_THREAD:
            return
        pool = ThreadPoolExecutor(threads)
        by_size = sorted(wanted, key=lambda one: -one.table.num_rows * one.table.num_columns)
        running = {id(one): pool.submit(_seal, place, one) for one in by_size}
        self._running = [running[id(one)] for one in wanted]
        self._wanted = ()  # so that each table can go as soon as it is written
        pool.shutdown(wait=False)

    def result(self) -> list[Sealed]:
        """Return what became of each table, in the order given."""
        if self._running:
            return [future.result() for future in self._running]
        return [_seal(self._place, one) for one in self._wanted]

    def wait(self) -> None:
        """Wait until nothing is being written, whatever became of it."""
        wait(self._running)


def _seal(place: Folder, wanted: ToSeal) -> Sealed:
    declared, table, last, may_repeat = wanted
    plain = canonical(table, declared)
    content = hash_of(plain, declared)
    kept = plain if place.dry_run else None
    unneeded = not plain.num_rows and (declared.name in APPENDED or last is None)
    compared = last if may_repeat else None
    if unneeded or (
        compared is not None and _repeats(plain, declared, content=content, last=compared)
    ):
        return Sealed(declared, kept, content, None, {})
    told = _sequence(declared, plain) | _totals(declared, plain) | _span(declared, plain)
    folder = segment_folder(declared.name, place.basis, period=place.period)
    path = segment_path(folder, content, batch=place.batch)
    if place.dry_run:
        file = SegmentFile(path, content, GENESIS, plain.num_rows)
    else:
        file = put_segment(place.store, declared, plain=plain, content=content, path=path)
    return Sealed(declared, kept, content, file, told)


def _repeats(
    plain: pa.Table, declared: tables.Table, *, content: str, last: Mapping[str, Any]
) -> bool:
    """Say whether the newest segment has the content of a table, in whichever form it is hashed."""
    if last["form"] == FORM or last["rows"] != plain.num_rows:
        return bool(last["content_hash"] == content)
    return bool(last["content_hash"] == hash_of(plain, declared, form=last["form"] or 1))


def _sequence(declared: tables.Table, table: pa.Table) -> dict[str, int | None]:
    if declared.name != "entries":
        return {"first_seq": None, "last_seq": None}
    numbers = table["seq"].to_numpy()
    if np.any(np.diff(numbers) != 1):
        raise InvariantError("the numbers of the entries have a gap or are not in order")
    return {"first_seq": int(numbers[0]), "last_seq": int(numbers[-1])}


def _totals(declared: tables.Table, table: pa.Table) -> dict[str, str | None]:
    if declared.name != "lines":
        return {"debit": None, "credit": None}
    debit, credit = control_totals(table)
    if debit != credit:
        raise InvariantError(f"the lines do not balance: debit {debit}, credit {credit}")
    return {"debit": str(debit), "credit": str(credit)}


def _span(declared: tables.Table, table: pa.Table) -> dict[str, str | None]:
    """Return the last day of facts, and the least and greatest name where they are looked up."""
    if declared.name not in tables.FACTS or not table.num_rows:
        return {"last_day": None, "first_id": None, "last_id": None}
    dates = [field.name for field in table.schema if pa.types.is_date32(field.type)]
    last = [day for name in dates if (day := pc.max(table[name]).as_py()) is not None]
    first_id = last_id = None
    if name := NAMED_BY.get(declared.name):
        named = pc.min_max(table[name].chunk(0).dictionary).as_py()
        first_id, last_id = named["min"], named["max"]
    last_day = max(last).isoformat() if last else None
    return {"last_day": last_day, "first_id": first_id, "last_id": last_id}
