"""Drafts and posting rules to balanced entries: one rule per cell, one line per template line.

Rules are applied per rule, not per entry. An entry that does not sum to zero, per currency and in
base, cannot leave this room: the rules were proved to balance, so it would be a bug.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from subledger.booking.drafts import DIMENSION_NAMES, Amounts, Drafts
from subledger.booking.inputs import Terms
from subledger.chart import Chart, Rule, RuleLine
from subledger.chart.measures import BALANCE_SLOT, CURRENCY_OF
from subledger.columns import Codes, Days, Flags, Texts, build, group_codes, run_starts
from subledger.errors import InvariantError
from subledger.numbers import Int64Array, group_sums
from subledger.tables import ENTRIES, LINES

_OWNER = ("book", "strategy", "broker_account")
_TEXTS = ("account", "slot", "currency", "lot_id", *DIMENSION_NAMES)


_NONE = np.empty(0, np.intp)


@dataclass(frozen=True, slots=True)
class Composed:
    """Entries and lines of one booking, in no final order; lines refer to entries by row.

    Lines have the columns of LINES, and `measure`: the measure that a rule's line is made of.
    """

    entries: dict[str, npt.NDArray[Any]]
    lines: dict[str, npt.NDArray[Any]]


def apply_rules(drafts: Drafts, terms: Terms) -> Composed:
    """Return the entries that the chart's rules make of drafts of one event kind.

    Drafts whose lines are all zero make no entry. Raises InvariantError when no rule covers a
    draft, since screening has asked for each cell before.
    """
    if not len(drafts):
        return Composed(_entries(drafts, _NONE, rules=[], rule_of=_NONE), _joined([]))
    rule_of, rules = _rules(drafts, terms)
    parts = [
        _line(drafts, rows, template=template, terms=terms, position=position)
        for number, rule in enumerate(rules)
        for position, template in enumerate(rule.lines)
        if len(rows := _rows(drafts, rule_of == number, template=template))
    ]
    lines = _joined(parts)
    order = np.lexsort((lines["within"], lines["position"], lines["entry"]))
    lines = {name: values[order] for name, values in lines.items()}
    _prove_balanced(lines)
    used = np.unique(lines["entry"]).astype(np.intp)
    renumber = np.zeros(len(drafts), np.int64)
    renumber[used] = np.arange(len(used))
    lines["entry"] = renumber[lines["entry"].astype(np.intp)]
    return Composed(_entries(drafts, used, rules=rules, rule_of=rule_of), lines)


def _rules(drafts: Drafts, terms: Terms) -> tuple[Codes, list[Rule]]:
    """Find the rule of each draft, looking up every distinct cell and date once."""
    names = tuple(drafts.cells)
    dates = drafts.accounting_date.astype(object)
    cells, first = group_codes(
        [*drafts.cells.values(), np.array([str(day) for day in dates], dtype=object)]
    )
    rules: list[Rule] = []
    of_cell = np.zeros(len(first), np.intp)
    for number, row in enumerate(first):
        cell = {name: drafts.cells[name][row] for name in names}
        rule = terms.chart.rule_for(drafts.event, cell, basis=terms.policy.name, on=dates[row])
        if not isinstance(rule, Rule):
            raise InvariantError(f"no rule for {drafts.event} {cell} passed the screening")
        if rule not in rules:
            rules.append(rule)
        of_cell[number] = rules.index(rule)
    return of_cell[cells], rules


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that one template line makes: which draft, and which lot row (-1: none)."""

    draft: Codes
    lot: Codes
    amounts: Amounts

    def __len__(self) -> int:
        return len(self.draft)


def _rows(drafts: Drafts, chosen: Flags, *, template: RuleLine) -> _Rows:
    """Return where a template line has an amount, or units, among the drafts of its rule."""
    if template.per == "lot":
        amounts = drafts.lots.amounts.get(template.amount)
        draft = drafts.lots.draft
        kept = chosen[draft]
        units = drafts.lots.units.get(template.amount)
    else:
        amounts = drafts.amounts.get(template.amount)
        draft = np.arange(len(drafts))
        kept, units = chosen, drafts.quantity
    if amounts is None:  # a measure that this event never yields
        nothing = np.empty(0, np.int64)
        return _Rows(np.empty(0, np.intp), np.empty(0, np.intp), Amounts(nothing, nothing))
    something = (amounts.local != 0) | (amounts.base != 0)
    if template.quantity and units is not None:
        something |= units != 0
    rows = np.flatnonzero(kept & something)
    lot = rows if template.per == "lot" else np.full(len(rows), -1)
    return _Rows(draft[rows].astype(np.intp), lot.astype(np.intp), amounts.at(rows))


def _line(
    drafts: Drafts, rows: _Rows, *, template: RuleLine, terms: Terms, position: int
) -> dict[str, npt.NDArray[Any]]:
    """Return the line columns that one template line makes."""
    at, lots = rows.draft, drafts.lots
    per_lot = template.per == "lot"
    owner: Mapping[str, Texts] = {
        name: getattr(lots, name)[rows.lot] if per_lot else getattr(drafts, name)[at]
        for name in _OWNER
    }
    accounts = _accounts(drafts, at, template=template, owner=owner, terms=terms)
    units = lots.units.get(template.amount) if per_lot else drafts.quantity
    if units is not None:
        units = units[rows.lot if per_lot else at]
    role = CURRENCY_OF[template.amount]
    local = np.zeros(len(at), np.int64) if role == "base_only" else rows.amounts.local
    kept = kept_dimensions(
        terms.chart,
        accounts,
        columns={
            "instrument": drafts.instrument[at],
            "counterparty": drafts.counterparty[at],
            "lot": lots.lot_id[rows.lot] if per_lot else np.full(len(at), "", dtype=object),
        },
    )
    return {
        "entry": at.astype(np.int64),
        "position": np.full(len(at), position),
        "within": rows.lot.astype(np.int64),
        "account": accounts,
        "slot": np.full(len(at), template.slot, dtype=object),
        "measure": np.full(len(at), template.amount, dtype=object),
        "currency": drafts.currencies.get(role, drafts.currency)[at],
        "amount": template.sign * local,
        "amount_base": template.sign * rows.amounts.base,
        "quantity": template.sign * units
        if template.quantity and units is not None
        else np.zeros(len(at), np.int64),
        "has_quantity": np.full(len(at), template.quantity),
        "lot_id": kept.pop("lot"),
        **owner,
        **kept,
    }


def _accounts(
    drafts: Drafts, at: Codes, *, template: RuleLine, owner: Mapping[str, Texts], terms: Terms
) -> Texts:
    """Return the account of each line: that of its slot, or of the balance that it changes."""
    if template.slot == BALANCE_SLOT and drafts.account is not None:
        return drafts.account[at]
    asset_class = drafts.cells.get("asset_class")
    classes = asset_class[at] if asset_class is not None else np.full(len(at), "", dtype=object)
    dates = drafts.accounting_date[at]
    return resolve_accounts(terms, template.slot, owner=owner, asset_class=classes, dates=dates)


def resolve_accounts(
    terms: Terms, slot: str, *, owner: Mapping[str, Texts], asset_class: Texts, dates: Days
) -> Texts:
    """Return the account of a slot row by row, asking once per distinct combination."""
    keys = [asset_class, *(owner[name] for name in _OWNER)]
    if not terms.chart.slots[slot].timeless:
        keys.append(dates.astype(str).astype(object))
    codes, first = group_codes(keys)
    found = [
        terms.chart.account_for(
            slot,
            basis=terms.policy.name,
            on=dates[row].astype(object),
            asset_class=asset_class[row],
            book=owner["book"][row],
            strategy=owner["strategy"][row],
            broker_account=owner["broker_account"][row],
        )
        for row in first
    ]
    return np.array(found, dtype=object)[codes]


def kept_dimensions(
    chart: Chart, accounts: Texts, *, columns: Mapping[str, Texts]
) -> dict[str, Texts]:
    """Blank the dimensions that an account neither requires nor keeps."""
    kept = {}
    for name, values in columns.items():
        keeping = {
            number
            for number in set(accounts)
            if name in chart.accounts[number].required or name in chart.accounts[number].keeps
        }
        keeps = np.array([account in keeping for account in accounts], bool)
        kept[name] = np.where(keeps, values, "").astype(object)
    return kept


def _joined(
    parts: Sequence[Mapping[str, npt.NDArray[Any]]],
) -> dict[str, npt.NDArray[Any]]:
    if not parts:
        numbers = ("entry", "position", "within", "amount", "amount_base", "quantity")
        return {
            **{name: np.empty(0, np.int64) for name in numbers},
            **{name: np.empty(0, dtype=object) for name in (*_TEXTS, "measure")},
            "has_quantity": np.empty(0, bool),
        }
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _prove_balanced(lines: Mapping[str, npt.NDArray[Any]]) -> None:
    """Raise InvariantError when lines do not sum to zero per entry, per currency and in base."""
    entry = lines["entry"].astype(np.int64)
    codes, first = group_codes([entry, lines["currency"]])
    per_currency = group_sums(codes, lines["amount"].astype(np.int64), len(first))
    count = int(entry.max()) + 1 if len(entry) else 0
    in_base = group_sums(entry.astype(np.intp), lines["amount_base"].astype(np.int64), count)
    if per_currency.any() or in_base.any():
        raise InvariantError("an entry does not sum to zero")


def _entries(
    drafts: Drafts, used: Codes, *, rules: Sequence[Rule], rule_of: Codes
) -> dict[str, npt.NDArray[Any]]:
    """Return the entry columns of the drafts that have lines."""
    accounting, activity = drafts.accounting_date[used], drafts.activity_date[used]
    of_rule = rule_of[used]
    ids = np.array([rule.id for rule in rules], dtype=object)
    hashes = np.array([rule.hash for rule in rules], dtype=object)
    return {
        "day_order": np.full(len(used), drafts.day_order),
        "kind": np.full(len(used), drafts.kind, dtype=object),
        "accounting_date": accounting,
        "activity_date": activity,
        "period": months(accounting),
        "activity_period": months(activity),
        "event_kind": np.full(len(used), drafts.event, dtype=object),
        "event_id": drafts.event_id[used],
        "event_version": drafts.event_version[used],
        "stage": drafts.stage[used],
        "leg": drafts.leg[used],
        "rule": ids[of_rule] if len(rules) else of_rule.astype(object),
        "rule_hash": hashes[of_rule] if len(rules) else of_rule.astype(object),
        "reason": np.full(len(used), "", dtype=object),
        "narration": _narrations(drafts, used, rules=rules, rule_of=of_rule),
    }


def _narrations(drafts: Drafts, used: Codes, *, rules: Sequence[Rule], rule_of: Codes) -> Texts:
    words = {name: values[used] for name, values in drafts.words.items()}
    rows = zip(*words.values(), strict=True)
    return np.array(
        [
            rules[number].narration.format_map(dict(zip(words, row, strict=True)))
            for number, row in zip(rule_of, rows, strict=True)
        ],
        dtype=object,
    )


def months(dates: npt.NDArray[np.datetime64]) -> Texts:
    """Return the month of each date as its label, 2026-01."""
    return dates.astype("datetime64[M]").astype(str).astype(object)


def finish(parts: Sequence[Composed]) -> tuple[pa.Table, pa.Table]:
    """Return ENTRIES and LINES of all parts in the order of the journal, numbered from 0.

    The order is accounting date, kind of event, activity date, then the order of drafts within
    their kind, which for trades is the order in which they met the lots.
    """
    whole = in_order(parts)
    table = build(
        ENTRIES,
        {
            **{name: values for name, values in whole.entries.items() if name != "day_order"},
            "seq": np.arange(len(whole.entries["event_id"])),
            "entry_id": "",
            "reverses": "",
        },
    )
    return table, lines_table(whole.lines, whole.lines["entry"].astype(np.int64))


def in_order(parts: Sequence[Composed]) -> Composed:
    """Return all parts as one, entries in the order of the journal, lines by entry."""
    offsets = np.cumsum([0, *(len(part.entries["event_id"]) for part in parts)])
    entries = {
        name: np.concatenate([part.entries[name] for part in parts]) for name in parts[0].entries
    }
    lines = {name: np.concatenate([part.lines[name] for part in parts]) for name in parts[0].lines}
    position = np.concatenate(
        [part.lines["entry"].astype(np.int64) + offsets[n] for n, part in enumerate(parts)]
    )
    order = np.lexsort(
        (
            np.arange(len(entries["event_id"])),
            entries["day_order"],
            entries["accounting_date"].astype(np.int64),
        )
    )
    seq = np.empty(len(order), np.int64)
    seq[order] = np.arange(len(order))
    by_entry = np.argsort(seq[position], kind="stable")
    lines["entry"] = seq[position]
    return Composed(
        {name: values[order] for name, values in entries.items()},
        {name: values[by_entry] for name, values in lines.items()},
    )


def lines_table(lines: Mapping[str, npt.NDArray[Any]], seq: Int64Array) -> pa.Table:
    """Return LINES in order, numbered from 1 within each entry."""
    order = np.argsort(seq, kind="stable")
    sorted_seq = seq[order]
    starts = run_starts(sorted_seq)
    lengths = np.diff(np.append(starts, len(sorted_seq)))
    columns = {name: lines[name][order] for name in (*_TEXTS, "amount", "amount_base")}
    quantity = np.ma.masked_array(
        lines["quantity"][order], ~lines["has_quantity"][order].astype(bool)
    )
    return build(
        LINES,
        {
            **columns,
            "seq": sorted_seq,
            "line": np.arange(len(sorted_seq)) - np.repeat(starts, lengths) + 1,
            "quantity": quantity,
        },
    )
