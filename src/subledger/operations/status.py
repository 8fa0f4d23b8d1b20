"""Status: how far each basis is closed, and what is open."""

from __future__ import annotations

import json

import pyarrow as pa

from subledger import tables
from subledger.operations.books import Books
from subledger.statements.report import Report
from subledger.store.reading import Reading

_STATUS = pa.schema(
    [
        tables.text("basis"),
        tables.text("period"),
        tables.text("status", "closed or open"),
        tables.whole("entries"),
        tables.whole("open_exceptions"),
        tables.text("seal", "first 16 digits of the hash of the seal"),
    ]
)


def status(books: Books, *, as_at: int | None = None) -> Report:
    """Return one row per basis and period that has entries or a seal, in order of time."""
    reading = books.control.read(as_at)
    rows = [row for policy in books.policies() for row in _rows(reading, policy.name)]
    meta = {"entity": books.settings.entity, "knowledge_seq": str(reading.as_at)}
    return Report("status", "Status", pa.Table.from_pylist(rows, schema=_STATUS), (), meta)


def _rows(reading: Reading, basis: str) -> list[dict[str, object]]:
    seals = {close.period: close for close in reading.closes(basis)}
    last = max((json.loads(close.seal)["through"][:7] for close in seals.values()), default="")
    states = reading.exceptions(basis).to_pylist()
    labels = sorted({*reading.periods("entries", basis), *seals}, key=lambda name: (name + "~")[:8])
    rows: list[dict[str, object]] = []
    for label in labels:
        entries = sum(s.rows for s in reading.segments("entries", basis, period=label))
        waiting = [r for r in states if r["period"] == label and r["status"] == "open"]
        closed = label in seals or label <= last
        rows.append(
            {
                "basis": basis,
                "period": label,
                "status": "closed" if closed else "open",
                "entries": entries,
                "open_exceptions": len(waiting),
                "seal": seals[label].hash[:16] if label in seals else "",
            }
        )
    return rows


_HISTORY = pa.schema(
    [
        tables.maybe_whole("batch", "null: refused, nothing was changed"),
        tables.text("at", "UTC"),
        tables.text("actor"),
        tables.text("command"),
        tables.text("arguments", "JSON"),
        tables.text("file"),
        tables.maybe_whole("rows_new"),
        tables.text("refused", "codes of the refusal"),
    ]
)


def history(books: Books, *, as_at: int | None = None) -> Report:
    """Return every writing command in order of time: who ran what, and what was refused."""
    reading = books.control.read(as_at)
    rows = [
        {
            "batch": batch.seq,
            "at": batch.at,
            "actor": batch.actor,
            "command": batch.command,
            "arguments": json.dumps(dict(batch.arguments), sort_keys=True),
            "file": batch.imported.file_name if batch.imported else "",
            "rows_new": batch.imported.rows_appended if batch.imported else None,
            "refused": "",
        }
        for batch in reading.batches()
    ]
    rows += [
        {
            "batch": None,
            "at": command.at,
            "actor": command.actor,
            "command": command.command,
            "arguments": json.dumps(dict(command.arguments), sort_keys=True),
            "file": str(command.arguments.get("file", "")),
            "rows_new": None,
            "refused": " ".join(command.codes),
        }
        for command in reading.refused_commands()
    ]
    rows.sort(key=lambda row: str(row["at"]))
    table = pa.Table.from_pylist(rows, schema=_HISTORY)
    meta = {"entity": books.settings.entity, "knowledge_seq": str(reading.as_at)}
    return Report("history", "Commands", table, (), meta)
