"""The text of a month's entries, one line at a time: the plain reference of the ledger's writer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pyarrow as pa
from tests.exports.ledger.plain_order import LotTerms, OrderedMonth, in_file_order

from subledger import numbers
from subledger.columns import texts
from subledger.exports import beancount_names as names
from subledger.exports.beancount_accounts import LONG, SHORT, AccountBook
from subledger.exports.beancount_input import LedgerContext, LedgerMonth
from subledger.exports.beancount_units import residue, unit_cost

_NAME_WIDTH, _NUMBER_WIDTH = 58, 16
# What they are named after is no document to link.
_UNLINKED = frozenset({"mark", "fx_sweep", "year_end"})
_OF_AN_EVENT = frozenset({"revaluation", "cash_relief"})  # named after one, then "/" and more


def plain_text(context: LedgerContext, month: LedgerMonth) -> dict[str, str]:
    """Return the entries of each file of a month as text, without heading and month end."""
    ordered = in_file_order(context, month)
    written: dict[str, str] = {month.period: ""}
    for name, text in _transactions(context, month.period, ordered=ordered):
        written[name] = written.get(name, "") + text
    return {f"{name}.beancount": text for name, text in written.items()}


class Owner(NamedTuple):
    """Who a line belongs to."""

    book: str
    strategy: str
    broker_account: str


class Line(NamedTuple):
    """A line of an entry; amounts debit-positive, `live` if it carries units of a lot."""

    account: str
    currency: str
    amount: int
    amount_base: int
    quantity: int | None
    lot_id: str
    owner: Owner
    instrument: str
    live: bool


class PostingWriter:
    """Writes lines as postings, remembering the text of accounts and commodities."""

    def __init__(self, context: LedgerContext, terms: Mapping[str, LotTerms]) -> None:
        self._units = context.units
        self._base = names.currency(context.units.base)
        self._decimals = context.units.decimals_of_base()
        self._book = AccountBook(context.accounts)
        self._terms = terms
        self._padded: dict[tuple[str, str, str, str], tuple[str, str]] = {}
        self._commodities: dict[str, tuple[str, int]] = {}

    def postings(self, line: Line, owner: Owner) -> Iterator[str]:
        """Yield the residue of a line, its posting and the posting's metadata, as lines of text.

        `owner` is that of the entry; another one stands as metadata.
        """
        if line.live:
            yield from self._lot(line)
        elif line.quantity:
            yield from self._without_units(line)
        elif line.currency == self._base:
            yield from self._base_money(line)
        else:
            yield from self._foreign_money(line)
        if line.owner != owner:
            yield from _owner(line.owner)

    def _lot(self, line: Line) -> Iterator[str]:
        terms = self._terms[line.lot_id]
        quantity = line.quantity or 0
        side = self._book.side(line.account, kind=SHORT if terms.short else LONG)
        padded, residual = self._account(line, side, units=True)
        commodity, decimals = self._commodity(line.instrument)
        number = numbers.to_text(quantity, decimals)
        rest, scale = residue(
            line.amount_base,
            self._decimals,
            weight=quantity * terms.unit,
            scale=decimals + terms.scale,
        )
        if rest:
            yield self._money(residual, rest, decimals=scale)
        yield f"{padded}{number:>{_NUMBER_WIDTH}} {commodity} {terms.text}\n"
        yield self._cost(line)

    def _without_units(self, line: Line) -> Iterator[str]:
        _, residual = self._account(line, "", units=True)
        commodity, decimals = self._commodity(line.instrument)
        yield self._money(residual, line.amount_base, decimals=self._decimals)
        yield f"    units: {numbers.to_text(line.quantity or 0, decimals)} {commodity}\n"
        yield self._cost(line)
        yield _lot_id(line)

    def _base_money(self, line: Line) -> Iterator[str]:
        padded, residual = self._account(line, "", units=False)
        only_base = line.amount_base - line.amount
        if only_base:
            yield self._money(residual, only_base, decimals=self._decimals)
        if line.amount or not only_base:
            yield self._money(padded, line.amount, decimals=self._decimals)
        yield _lot_id(line)

    def _foreign_money(self, line: Line) -> Iterator[str]:
        padded, residual = self._account(line, "", units=False)
        decimals = self._units.decimals[line.currency]
        rate, scale = self._rate(line, decimals)
        rest, rest_scale = residue(
            line.amount_base, self._decimals, weight=line.amount * rate, scale=decimals + scale
        )
        if rest:
            yield self._money(residual, rest, decimals=rest_scale)
        if line.amount or not rest:
            number = numbers.to_text(line.amount, decimals)
            price = f"{numbers.to_text(rate, scale)} {self._base}"
            yield f"{padded}{number:>{_NUMBER_WIDTH}} {names.currency(line.currency)} @ {price}\n"
        yield _lot_id(line)

    def _rate(self, line: Line, decimals: int) -> tuple[int, int]:
        """Return what one unit of the line's currency is worth in base; below zero is zero."""
        if line.amount == 0:
            return 0, 0
        sign = 1 if line.amount > 0 else -1
        return unit_cost(
            sign * line.amount_base,
            abs(line.amount),
            decimals=self._decimals,
            quantity_decimals=decimals,
        )

    def _money(self, padded: str, amount: int, *, decimals: int) -> str:
        return f"{padded}{numbers.to_text(amount, decimals):>{_NUMBER_WIDTH}} {self._base}\n"

    def _cost(self, line: Line) -> str:
        """Return the line's exact cost in its own currency as metadata."""
        decimals = self._units.decimals[line.currency]
        return f"    cost: {numbers.to_text(line.amount, decimals)} {line.currency}\n"

    def _account(self, line: Line, side: str, *, units: bool) -> tuple[str, str]:
        """Return the line's account and its residue's, each as a posting begins."""
        key = (line.account, line.owner.book, line.instrument, side if units else "money")
        known = self._padded.get(key)
        if known is None:
            name = self._book.name(
                line.account, book=line.owner.book, instrument=line.instrument, units=units
            )
            name += side
            left_over = f"{name}:{names.RESIDUE}"
            known = f"  {name:<{_NAME_WIDTH}} ", f"  {left_over:<{_NAME_WIDTH}} "
            self._padded[key] = known
        return known

    def _commodity(self, instrument: str) -> tuple[str, int]:
        known = self._commodities.get(instrument)
        if known is None:
            name = names.commodity(instrument, self._units.decimals)
            known = self._commodities[instrument] = name, self._units.quantity_decimals[instrument]
        return known


def _lot_id(line: Line) -> str:
    return f"    lot: {names.quoted(line.lot_id)}\n" if line.lot_id else ""


def _owner(owner: Owner) -> Iterator[str]:
    for key, value in (
        ("book", owner.book),
        ("strategy", owner.strategy),
        ("broker-account", owner.broker_account),
    ):
        yield f"    {key}: {names.quoted(value)}\n"


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
    table = context.sources()
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
