"""Explain: from the id of an entry, lot, relief, trade or exception back to file and row."""

from __future__ import annotations

import re
from dataclasses import replace

from subledger.booking.naming_lots import chain_of
from subledger.errors import refuse
from subledger.explain.entries import entry_node
from subledger.explain.events import action_facts, cash_facts, journal_facts
from subledger.explain.files import files_node
from subledger.explain.lot_history import lot_history
from subledger.explain.marks import lot_node
from subledger.explain.material import Material, rows_where
from subledger.explain.nodes import Node, as_dict, outline, told_once
from subledger.explain.reliefs import relief_node
from subledger.explain.trades import exception_node, exceptions_of, month_of_entry, trade_node
from subledger.operations.books import Books
from subledger.operations.explaining_months import Asked
from subledger.periods import month_of
from subledger.store.records import Segment
from subledger.tables import ENTRIES

_RELIEF = re.compile(r"(?P<trade>.+):r[0-9]{4,}\Z")
_ENTRY = re.compile(r"(?P<basis>.+)-(?P<seq>[0-9]{8,18})\Z")


def explain_data(
    books: Books, identifier: str, *, basis: str = "", as_at: int | None = None
) -> dict[str, object]:
    """Return where an id comes from, JSON-ready, with every figure as exact text.

    The shape is `{"schema": "subledger.explain/1", "meta": {}, "rows": [], "totals": {}}`; each row
    is a node with facts, arithmetic, rows and children. Refuses with NOTHING_KNOWN.
    """
    asked = _asked(books, identifier, basis=basis, as_at=as_at)
    meta = {
        "title": f"Explanation of {identifier}",
        "base": books.settings.base,
        "id": identifier,
        "basis": asked.policy.name,
        "as_at": asked.reading.as_at,
    }
    rows = [as_dict(node) for node in _answer(asked, identifier)]
    return {"schema": "subledger.explain/1", "meta": meta, "rows": rows, "totals": {}}


def explain(
    books: Books, identifier: str, *, basis: str = "", as_at: int | None = None
) -> list[str]:
    """Return where an id comes from as indented text, line by line; refuses with NOTHING_KNOWN.

    `basis` is the first of the settings where none is named; the id of an entry or an exception
    names its own.
    """
    asked = _asked(books, identifier, basis=basis, as_at=as_at)
    lines: list[str] = []
    for node in _answer(asked, identifier):
        lines += [*([""] if lines else []), *outline(node)]
    return lines


def _asked(books: Books, identifier: str, *, basis: str, as_at: int | None) -> Asked:
    """Return the basis and the knowledge that a question is about."""
    policy = books.policy(basis) if basis else books.policies()[0]
    reading = books.control.read(as_at)
    match = _ENTRY.match(identifier)
    if match and match["basis"] in books.settings.bases:
        policy = books.policy(match["basis"])
    for row in rows_where(reading.exceptions(), exception_id=identifier):
        policy = books.policy(row["basis"])
    return Asked(books, reading, policy)


def _answer(asked: Asked, identifier: str) -> list[Node]:
    """Return what is known of an id, followed by the files that it rests on."""
    for look in (_entry, _exception, _relief, _trade_and_lot, _event):
        nodes = look(asked, identifier)
        if nodes:
            return [*told_once(nodes), *files_node(asked.material(()), nodes)]
    message = f"no entry, relief, trade, lot, event or exception of {asked.policy.name}"
    raise refuse("NOTHING_KNOWN", message, value=identifier)


def _entry(asked: Asked, identifier: str) -> list[Node]:
    match = _ENTRY.match(identifier)
    if match is None or match["basis"] != asked.policy.name:
        return []
    segment = asked.entry_segment(int(match["seq"]))
    return [] if segment is None else [_entry_node(asked, segment, identifier=identifier)]


def _entry_node(asked: Asked, segment: Segment, *, identifier: str) -> Node:
    """Return an entry with what became of it.

    An entry that was reversed is explained from what was known when it was posted.
    """
    links, entry = asked.links(segment.period, identifier)
    if links.reversal is not None:
        asked = replace(asked, reading=asked.books.control.read(segment.batch))
    material = asked.material(asked.entry_months(entry))
    return entry_node(material, month_of_entry(material, entry), entry=entry, links=links)


def _exception(asked: Asked, identifier: str) -> list[Node]:
    found = rows_where(asked.reading.exceptions(), exception_id=identifier)
    if not found:
        return []
    row, material = found[0], asked.material(())
    names = dict.fromkeys((row["event_id"], row["subject"]))
    events = [node for name in names for node in _trade(asked, name) or _facts(material, name)]
    return [exception_node(material, row), *events]


def _relief(asked: Asked, identifier: str) -> list[Node]:
    match = _RELIEF.match(identifier)
    if match is None:
        return []
    labels = asked.trade_months(match["trade"])
    material = asked.material(asked.between(labels))
    found = [row for _, row in material.rows("reliefs", relief_id=identifier)]
    return [relief_node(material, row) for row in found]


def _trade_and_lot(asked: Asked, identifier: str) -> list[Node]:
    return [*_trade(asked, identifier), *_lot(asked, identifier)]


def _trade(asked: Asked, identifier: str) -> list[Node]:
    labels = asked.trade_months(identifier)
    if not labels:
        return []
    return [trade_node(asked.material(asked.between(labels)), identifier)]


def _lot(asked: Asked, identifier: str) -> list[Node]:
    first, _ = chain_of(identifier)
    taken = rows_where(asked.facts["opening_lots"], lot_id=first)
    months = {month_of(row["as_of"]).label for row in taken} | asked.trade_months(first)
    labels = asked.while_open(identifier, months)
    history = lot_history(asked.material(labels), identifier) if labels else None
    return [] if history is None else [lot_node(asked.material(labels), history)]


def _facts(material: Material, identifier: str) -> list[Node]:
    nodes = []
    if material.fact_rows("cash", event_id=identifier):
        nodes.append(cash_facts(material, identifier))
    if material.fact_rows("corporate_actions", event_id=identifier):
        nodes.append(action_facts(material, identifier))
    if material.fact_rows("journals", journal_id=identifier):
        nodes.append(journal_facts(material, identifier))
    return nodes


def _event(asked: Asked, identifier: str) -> list[Node]:
    """Return the standing entries of any other event: cash, journal, mark, year-end."""
    nodes = []
    for label in asked.reading.periods("entries", asked.policy.name):
        journal = asked.reading.rows(ENTRIES, basis=asked.policy.name, period=label)
        every = rows_where(journal, event_id=identifier)
        gone = {row["reverses"] for row in every}
        for row in every:
            segment = asked.entry_segment(row["seq"])
            if segment and not row["reverses"] and row["entry_id"] not in gone:
                nodes.append(_entry_node(asked, segment, identifier=row["entry_id"]))
    if nodes:
        return nodes
    material = asked.material(())
    queued = [exception_node(material, row) for row in exceptions_of(material, identifier)]
    return [*_facts(material, identifier), *queued]
