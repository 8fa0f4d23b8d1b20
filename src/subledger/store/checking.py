"""The independent proof of the store: every file and every row against hashes computed anew.

Nothing that is stored as a total, hash or chain is believed; each is computed from what it is
about and compared. A finding names the first segment, batch, seal or file that does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from subledger import tables
from subledger.errors import Finding, InvariantError, Refused
from subledger.journal.journal import control_totals
from subledger.store import schema
from subledger.store.connection import (
    Place,
    changed_triggers,
    engine_for,
    find_place,
    prepare,
    refusing_database_errors,
)
from subledger.store.files import RAW
from subledger.store.hashing import (
    GENESIS,
    batch_hash,
    matches,
    next_in_chain,
    seal_hash,
    sha256,
)
from subledger.store.records import Segment
from subledger.store.segments import decode_segment, segment_bytes
from subledger.store.unit import recorded_form

DECLARED: dict[str, tables.Table] = {
    value.name: value for value in vars(tables).values() if isinstance(value, tables.Table)
}


# What a record that was changed can raise wherever it is read.
_UNREADABLE = (ValueError, TypeError, LookupError, InvariantError, DBAPIError, pa.ArrowException)


@dataclass(slots=True)
class Checked:
    """What was found, and how much was compared; nothing compared proves nothing."""

    findings: list[Finding] = field(default_factory=list)
    compared: dict[str, int] = field(default_factory=dict)

    def count(self, what: str, number: int = 1) -> None:
        """Add to the number of things of a kind that were compared."""
        self.compared[what] = self.compared.get(what, 0) + number


@dataclass(frozen=True, slots=True)
class _Store:
    connection: Connection
    place: Place


def check_store(books: Path, url: str = "sqlite:///store/control.db") -> Checked:
    """Verify the whole store of a books folder and return every finding (exit 5 each).

    Compared are the database's own consistency, its triggers, the chain of batches with all they
    recorded, every segment (file, content, chain, entry numbers, control totals), every seal and
    every imported file.
    """
    checked = Checked()
    try:
        place = find_place(books, url)
        prepare(place, create=False)
        with refusing_database_errors(place), engine_for(place, write=False).begin() as connection:
            for check in _CHECKS:
                checked.findings.extend(check(_Store(connection, place), checked))
    except Refused as refused:
        checked.findings.extend(refused.findings)
    except _UNREADABLE as error:
        message = f"a record cannot be read: {error}"
        checked.findings.append(Finding("STORE_DAMAGED", message, file=str(books)))
    return checked


def _check_database(store: _Store, checked: Checked) -> Iterator[Finding]:
    checked.count("databases")
    if store.connection.dialect.name == "sqlite":
        for row in store.connection.execute(text("pragma integrity_check")):
            if row[0] != "ok":
                yield Finding("STORE_DAMAGED", str(row[0]), file=store.place.name)
        for row in store.connection.execute(text("pragma foreign_key_check")):
            yield Finding(
                "STORE_DAMAGED", f"{row[0]} names what is not there", file=store.place.name
            )
    for name in changed_triggers(store.connection):
        yield Finding(
            "STORE_SCHEMA", "a trigger is missing or changed", store.place.name, value=name
        )


def _check_batches(store: _Store, checked: Checked) -> Iterator[Finding]:
    previous, last_at = GENESIS, ""
    rows = (
        store.connection.execute(select(schema.BATCH).order_by(schema.BATCH.c.seq)).mappings().all()
    )
    for expected, row in enumerate(rows, 1):
        checked.count("batches")
        seq = row["seq"]
        if seq != expected:
            yield Finding("SEQUENCE_GAP", f"batch {expected} is missing", file=store.place.name)
            return
        own = {key: value for key, value in row.items() if key not in {"previous", "hash"}}
        computed = batch_hash(previous, own, content=recorded_form(store.connection, seq))
        if (row["previous"], row["hash"]) != (previous, computed) or row["at"] <= last_at:
            yield Finding(
                "BATCH_CHANGED", f"batch {seq} does not hold", store.place.name, value=str(seq)
            )
            return
        previous, last_at = row["hash"], row["at"]
    yield from _unowned(store, last=len(rows))


def _unowned(store: _Store, *, last: int) -> Iterator[Finding]:
    for table in schema.RECORDED:
        known = schema.known_in(table)
        outside = select(known).where((known > last) | (known < 1)).limit(1)
        if store.connection.scalar(outside) is not None:
            yield Finding("BATCH_CHANGED", f"{table.name} has rows of no batch", store.place.name)


def _check_segments(store: _Store, checked: Checked) -> Iterator[Finding]:
    chains: dict[tuple[str, str], str] = {}
    numbers: dict[str, int] = {}
    query = select(schema.SEGMENT).order_by(schema.SEGMENT.c.n)
    for n, row in enumerate(store.connection.execute(query).mappings(), 1):
        segment = Segment(**row)
        checked.count("segments")
        if segment.n != n:
            yield Finding("SEQUENCE_GAP", f"segment {n} is missing", file=store.place.name)
            return
        try:
            table = _read(store.place.store, segment)
        except Refused as refused:
            yield from refused.findings
            return
        checked.count("rows", table.num_rows)
        chain = (segment.kind, segment.basis)
        previous = chains.get(chain, GENESIS)
        if (segment.previous, segment.chain) != (
            previous,
            next_in_chain(previous, segment.content_hash),
        ):
            yield _about(
                segment, "CHAIN_BROKEN", message="its chain does not follow from the one before"
            )
            return
        chains[chain] = segment.chain
        yield from _check_rows(segment, table, numbers=numbers)


def _about(segment: Segment, code: str, *, message: str) -> Finding:
    return Finding(code, f"segment {segment.n}: {message}", file=segment.path)


def _read(folder: Path, segment: Segment) -> pa.Table:
    """Return the rows of a segment whose file, content and number of rows hold."""
    data = segment_bytes(folder, segment.path)
    if sha256(data) != segment.file_sha256:
        raise Refused([_about(segment, "SEGMENT_CHANGED", message="the file's SHA-256 differs")])
    declared = DECLARED.get(segment.kind)
    if declared is None:
        raise Refused(
            [_about(segment, "SEGMENT_CHANGED", message=f"no table {segment.kind} is known")]
        )
    try:
        table, version = decode_segment(data, declared)
    except (pa.ArrowException, InvariantError, OSError) as error:
        finding = _about(segment, "SEGMENT_CHANGED", message=f"it cannot be read: {error}")
        raise Refused([finding]) from error
    stated = (table.num_rows, version) == (segment.rows, segment.schema_version)
    if not stated or not matches(table, declared, version=version, hashed=segment.content_hash):
        raise Refused(
            [_about(segment, "SEGMENT_CHANGED", message="the hash of its content differs")]
        )
    return table


def _check_rows(segment: Segment, table: pa.Table, *, numbers: dict[str, int]) -> Iterator[Finding]:
    """Check entry numbers and the totals of lines; `numbers` has the last entry per basis."""
    if segment.kind == "entries":
        last = numbers.get(segment.basis, 0)
        expected = np.arange(last + 1, last + 1 + table.num_rows)
        if not np.array_equal(table["seq"].to_numpy(), expected) or (
            segment.first_seq,
            segment.last_seq,
        ) != (last + 1, last + table.num_rows):
            yield _about(segment, "SEQUENCE_GAP", message=f"its entries do not follow entry {last}")
        numbers[segment.basis] = last + table.num_rows
    if segment.kind == "lines":
        debit, credit = control_totals(table)
        stated = (segment.debit, segment.credit)
        if debit != credit or stated != (str(debit), str(credit)):
            yield _about(segment, "TOTALS_DIFFER", message=f"debit {debit}, credit {credit}")
        unbalanced = _unbalanced(table)
        if unbalanced:
            yield _about(
                segment, "TOTALS_DIFFER", message=f"entry {unbalanced[0]} does not balance"
            )


def _unbalanced(lines: pa.Table) -> list[int]:
    """Return the entries whose lines do not sum to zero per currency and in base."""
    odd: set[int] = set()
    for keys, amount in ((["seq"], "amount_base"), (["seq", "currency"], "amount")):
        # Two halves of 32 bits are summed, because a sum of 64 bits wraps silently.
        values = lines[amount].to_numpy()
        halved = lines.select(keys)
        halved = halved.append_column("high", pa.array(values >> np.int64(32)))
        halved = halved.append_column("low", pa.array(values & np.int64(0xFFFFFFFF)))
        sums = halved.group_by(keys).aggregate([("high", "sum"), ("low", "sum")])
        high, low = sums["high_sum"].to_numpy(), sums["low_sum"].to_numpy()
        carried = high + (low >> np.int64(32))
        nonzero = (carried != 0) | (low & np.int64(0xFFFFFFFF) != 0)
        odd.update(sums["seq"].to_numpy()[nonzero].tolist())
    return sorted(odd)


def _check_seals(store: _Store, checked: Checked) -> Iterator[Finding]:
    table = schema.CLOSE_SEAL
    before: dict[str, tuple[int, str]] = {}
    query = select(table).order_by(table.c.basis, table.c.n)
    for row in store.connection.execute(query).mappings():
        checked.count("seals")
        basis = row["basis"]
        n, previous = before.get(basis, (0, GENESIS))
        own: dict[str, Any] = {k: v for k, v in row.items() if k not in {"previous", "hash"}}
        if (row["n"], row["previous"], row["hash"]) != (n + 1, previous, seal_hash(previous, own)):
            message = f"the seal of {basis} {row['period']} version {row['version']} does not hold"
            yield Finding("SEAL_CHANGED", message, file=store.place.name)
            return
        before[basis] = (n + 1, row["hash"])


def _check_raw(store: _Store, checked: Checked) -> Iterator[Finding]:
    for row in store.connection.execute(select(schema.RAW_FILE)).mappings():
        checked.count("raw files")
        path = store.place.store / RAW / row["sha256"]
        where = f"{RAW}/{row['sha256']}"
        if not path.is_file():
            yield Finding("RAW_MISSING", "there is no such file", file=where)
        elif sha256(path.read_bytes()) != row["sha256"]:
            yield Finding("RAW_CHANGED", "its SHA-256 is not its name", file=where)


_CHECKS: tuple[Callable[[_Store, Checked], Iterator[Finding]], ...] = (
    _check_database,
    _check_batches,
    _check_segments,
    _check_seals,
    _check_raw,
)
