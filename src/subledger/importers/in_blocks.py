"""Long files whose rows are judged each by itself: some rows at a time, two lots of them at once.

The texts of all rows are then never in memory together. Only what is sound is taken so: of a file
with anything to find, or that does not show plainly how it is read, nothing is said here, and the
reader of whole files decides.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import BinaryIO

import pyarrow as pa

from subledger.events.context import Context
from subledger.events.kinds import KINDS
from subledger.events.reading import Reading
from subledger.importers import csv_columns, parquet_file
from subledger.importers.arrival import LONG
from subledger.importers.canonical import read_source
from subledger.importers.source import Block, Intake
from subledger.tables import Table
from subledger.texts import Texts, from_arrow

_AT_ONCE, _AHEAD = 2, 0
_BLOCKS: Mapping[str, Callable[[BinaryIO, Intake], Iterator[Block]]] = {
    "csv": csv_columns.blocks,
    "parquet": parquet_file.blocks,
}


def read_in_blocks(
    content: BinaryIO, intake: Intake, *, context: Context, mapping: Mapping[str, str] | None = None
) -> Reading | None:
    """Return a file as `canonical.read_file` would, or None where that must read it.

    `content` is read from its beginning; where it stands afterwards is not said.
    """
    kind, blocks = KINDS[intake.kind], _BLOCKS.get(intake.format)
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    if blocks is None or not kind.by_rows or intake.rounding:
        return None
    if not LONG <= size <= intake.limits.size:
        return None
    judged = partial(_judged, intake=intake, context=context, mapping=mapping)
    found: list[Reading] = []
    try:
        for reading in _in_order(judged, blocks(content, intake)):
            if reading is None:
                return None
            found.append(reading)
    except parquet_file.DAMAGED:
        return None
    count = sum(reading.rows_read for reading in found)
    if not found or count > intake.limits.rows:
        return None
    notes = [note for reading in found for note in reading.notes]
    tables = [reading.table for reading in found]
    found.clear()
    return Reading(_joined(kind.table, tables), notes, rows_read=count)


def _judged(
    block: Block, *, intake: Intake, context: Context, mapping: Mapping[str, str] | None
) -> Reading | None:
    source = block()
    if source is None:
        return None
    kind = KINDS[intake.kind]
    reading = read_source(kind, source, file=intake.file, context=context, mapping=mapping)
    return None if reading.findings else reading


def _in_order(
    judged: Callable[[Block], Reading | None], blocks: Iterable[Block]
) -> Iterator[Reading | None]:
    """Yield what becomes of each block in the order of the file."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting: deque[Future[Reading | None]] = deque()
        for block in blocks:
            waiting.append(pool.submit(judged, block))
            if len(waiting) > _AT_ONCE + _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _joined(declared: Table, tables: list[pa.Table]) -> pa.Table:
    """Return the rows of tables, one after another; of `tables` each column is let go of."""
    waiting = [[table.column(n).chunk(0) for table in tables] for n in range(len(declared.schema))]
    tables.clear()
    arrays = []
    while waiting:
        arrays.append(_one(waiting.pop(0)))
        pa.default_memory_pool().release_unused()
    return pa.Table.from_arrays(arrays, schema=declared.schema)


def _one(parts: list[pa.Array]) -> pa.Array:
    if pa.types.is_dictionary(parts[0].type):
        return Texts.joined([from_arrow(part) for part in parts]).dictionary()
    return pa.concat_arrays(parts)
