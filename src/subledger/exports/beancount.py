"""The journal of a month as ledger text, which an auditor opens without this program.

The ledger balances in base, entry by entry and to the last digit (`tolerance_multiplier "0"`).
Every lot is named by its terms, so that the reader's own booking proves each disposal against an
existing lot with enough units. The same tables give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from subledger.columns import texts
from subledger.errors import InvariantError
from subledger.exports import beancount_names as names
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_lines import Line, Owner, PostingWriter
from subledger.exports.beancount_month_end import assertions_text, prices_text, rates_text
from subledger.exports.beancount_order import OrderedMonth, in_file_order
from subledger.exports.beancount_uses import residues, uses_of

# What they are named after is no document to link.
_UNLINKED = frozenset({"mark", "fx_sweep", "year_end"})
_OF_AN_EVENT = frozenset({"revaluation", "cash_relief"})  # named after one, then "/" and more


@dataclass(frozen=True, slots=True)
class LedgerPart:
    """Files of the ledger by name, and the accounts that they use (USES)."""

    files: Mapping[str, str]
    uses: pa.Table


def month_files(
    context: LedgerContext, month: LedgerMonth, *, before: pa.Table | None = None
) -> LedgerPart:
    """Return the ledger files of one period: `YYYY-MM.beancount`, and `YYYY.beancount` for a year.

    `before` is USES of all periods before it. Entries of kind closing stand in the file of their
    year. Raises Refused (LEDGER_TEXT) when a text cannot be written.
    """
    ordered = in_file_order(context, month)
    uses = uses_of(context, ordered)
    inexact = residues(uses) | (residues(before) if before is not None else frozenset())
    written: dict[str, list[str]] = {month.period: []}
    for name, text in _transactions(context, month.period, ordered=ordered):
        written.setdefault(name, []).append(text)
    written[month.period] += [
        prices_text(context, month),
        rates_text(context, month),
        assertions_text(context, month, inexact=inexact),
    ]
    files = {
        f"{name}.beancount": _heading(context, name) + "".join(parts)
        for name, parts in sorted(written.items())
    }
    return LedgerPart(files, uses)


def _heading(context: LedgerContext, period: str) -> str:
    about = names.quoted(f"{context.entity}, {context.basis}, {period}")[1:-1]
    return f";; {about}\n;; Written by the close of the period. It is never edited.\n\n"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry's own columns, ready to be written."""

    entry_id: str
    kind: str
    accounting_date: str
    activity_date: str
    event_kind: str
    event_id: str
    event_version: int
    stage: str
    rule: str
    reverses: str
    reason: str
    narration: str


def _transactions(
    context: LedgerContext, period: str, *, ordered: OrderedMonth
) -> Iterator[tuple[str, str]]:
    """Yield each entry as text with the name of the period whose file it stands in."""
    writer = PostingWriter(context, ordered.terms)
    sources = _sources(context)
    lines = _lines(ordered)
    counterparties = ordered.lines.column("counterparty").to_pylist()
    spans = zip(ordered.first, ordered.first[1:], ordered.cancelled, strict=False)
    for entry, (start, end, cancelled) in zip(_entries(ordered), spans, strict=True):
        own = lines[start:end]
        if not own:
            raise InvariantError(f"entry {entry.entry_id} has no lines")
        owner = _owner_of(own)
        source = sources.get((entry.event_id, entry.event_version), ("", 0, ""))
        payee = next(filter(None, counterparties[start:end]), "") or source[2]
        text = [
            _header(entry, own, owner=owner, payee=payee, cancelled=cancelled),
            _metadata(entry, owner, source=source),
        ]
        for line in own:
            text.extend(writer.postings(line, owner))
        text.append("\n")
        in_year = entry.kind == "closing"
        yield (entry.accounting_date[:4] if in_year else period), "".join(text)


def _owner_of(lines: list[Line]) -> Owner:
    """Return the owner of the lines that belong to no lot, else of all; blank where they differ."""
    owners = {line.owner for line in lines if not line.lot_id} or {line.owner for line in lines}
    return owners.pop() if len(owners) == 1 else Owner("", "", "")


def _entries(ordered: OrderedMonth) -> Iterator[_Entry]:
    table = ordered.entries
    wanted = {name: table.column(name) for name in _Entry.__slots__}
    for name in ("accounting_date", "activity_date"):
        wanted[name] = wanted[name].cast(pa.string())
    rows = zip(*(column.to_pylist() for column in wanted.values()), strict=True)
    return (_Entry(*row) for row in rows)


_LINE_TEXTS = ("account", "currency", "lot_id", "instrument")


def _lines(ordered: OrderedMonth) -> list[Line]:
    table = ordered.lines
    text = {name: texts(table, name).tolist() for name in (*_LINE_TEXTS, *Owner._fields)}
    known: dict[Owner, Owner] = {}  # one object for all lines of an owner
    owners = map(Owner._make, zip(*(text[name] for name in Owner._fields), strict=True))
    rows = zip(
        text["account"],
        text["currency"],
        *(table.column(name).to_pylist() for name in ("amount", "amount_base", "quantity")),
        text["lot_id"],
        (known.setdefault(owner, owner) for owner in owners),
        text["instrument"],
        ordered.live,
        strict=True,
    )
    return [Line._make(row) for row in rows]


def _sources(context: LedgerContext) -> dict[tuple[str, int], tuple[str, int, str]]:
    """Return the first file and row that brought each version of an event; later ones add to it."""
    table = context.sources
    columns = [table.column(name).to_pylist() for name in ("event_id", "event_version")]
    files, rows = table.column("file").to_pylist(), table.column("row").to_pylist()
    known = "venue" in table.schema.names
    venues = table.column("venue").to_pylist() if known else [""] * table.num_rows
    found: dict[tuple[str, int], tuple[str, int, str]] = {}
    for event, version, *source in zip(*columns, files, rows, venues, strict=True):
        found.setdefault((event, version), (source[0], source[1], source[2]))
    return found


def _header(entry: _Entry, lines: list[Line], *, owner: Owner, payee: str, cancelled: bool) -> str:
    """Return the first line: date, payee, narration, tag of the strategy, links."""
    document = _document(entry)
    links = {document: None} if document else {}
    links.update((line.lot_id, None) for line in lines if line.live)
    if entry.reverses:
        links[entry.reverses] = None
    elif cancelled:
        links[entry.entry_id] = None
    words = [
        entry.accounting_date,
        "*",
        names.quoted(payee or owner.broker_account),
        names.quoted(entry.narration),
        *([f"#{names.link(owner.strategy)}"] if owner.strategy else []),
        *(f"^{names.link(identifier)}" for identifier in links),
    ]
    return " ".join(words) + "\n"


def _document(entry: _Entry) -> str:
    """Return the event to link: of an item or of cash that was spent the event it came from."""
    if entry.event_kind in _UNLINKED:
        return ""
    if entry.event_kind not in _OF_AN_EVENT:
        return entry.event_id
    named = entry.event_id.partition("/")[0]
    return "" if named.startswith(f"{entry.event_kind}:") else named


def _metadata(entry: _Entry, owner: Owner, *, source: tuple[str, int, str]) -> str:
    file, row, _ = source
    moved = entry.activity_date != entry.accounting_date
    pairs = (
        ("entry", entry.entry_id),
        ("kind", entry.kind),
        ("event", entry.event_id),
        ("stage", entry.stage),
        ("rule", entry.rule),
        ("reverses", entry.reverses),
        ("reason", entry.reason),
        ("activity-date", entry.activity_date if moved else ""),
        ("book", owner.book),
        ("strategy", owner.strategy),
        ("broker-account", owner.broker_account),
        ("source-file", file),
    )
    text = "".join(f"  {key}: {names.quoted(value)}\n" for key, value in pairs if value)
    version = f"  event-version: {entry.event_version}\n" if entry.event_id else ""
    return text + (f"  source-row: {row}\n" if file else "") + version
