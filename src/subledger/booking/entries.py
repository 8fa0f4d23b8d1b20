"""Drafts and posting rules to balanced entries: one rule per cell, one line per template line.

Rules are applied per rule, not per entry. An entry that does not sum to zero, per currency and in
base, cannot leave this room: the rules were proved to balance, so it would be a bug.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.booking.drafts import Amounts, Drafts
from subledger.booking.inputs import Terms
from subledger.booking.lines import At, Block, Composed
from subledger.chart import Chart, Rule, RuleLine
from subledger.chart.measures import BALANCE_SLOT, CURRENCY_OF
from subledger.columns import Codes, Days, Flags, Texts, group_codes, run_starts
from subledger.errors import InvariantError
from subledger.numbers import Int64Array, add_columns, group_sums

_OWNER = ("book", "strategy", "broker_account")


def apply_rules(drafts: Drafts, terms: Terms) -> Composed:
    """Return the entries that the chart's rules make of drafts of one event kind.

    Drafts whose lines are all zero make no entry. Raises InvariantError when no rule covers a
    draft, since screening has asked for each cell before.
    """
    if not len(drafts):
        return Composed(_entries(drafts, np.empty(0, np.intp), rules=[], rule_of=None), [])
    rule_of, rules = _rules(drafts, terms)
    making = _Making(drafts, terms, np.zeros(len(drafts), np.int32))
    blocks = [
        block
        for number, rule in enumerate(rules)
        for chosen in [rule_of == number if len(rules) > 1 else None]
        for template in rule.lines
        if (block := making.block(chosen, template)) is not None
    ]
    _prove_balanced(blocks, len(drafts))
    used = np.flatnonzero(making.filled)
    if len(used) < len(drafts):
        renumber = np.zeros(len(drafts), np.int32)
        renumber[used] = np.arange(len(used), dtype=np.int32)
        blocks = [block.moved(renumber) for block in blocks]
    within = None if drafts.within is None else drafts.within[used]
    return Composed(_entries(drafts, used, rules=rules, rule_of=rule_of), blocks, within)


def _rules(drafts: Drafts, terms: Terms) -> tuple[Codes, list[Rule]]:
    """Find the rule of each draft, looking up every distinct cell and date once."""
    names = tuple(drafts.cells)
    dates = drafts.accounting_date
    cells, first = group_codes([*drafts.cells.values(), dates])
    rules: list[Rule] = []
    of_cell = np.zeros(len(first), np.intp)
    for number, row in enumerate(first):
        cell = {name: drafts.cells[name][row] for name in names}
        on = dates[row].astype(object)
        rule = terms.chart.rule_for(drafts.event, cell, basis=terms.policy.name, on=on)
        if not isinstance(rule, Rule):
            raise InvariantError(f"no rule for {drafts.event} {cell} passed the screening")
        if rule not in rules:
            rules.append(rule)
        of_cell[number] = rules.index(rule)
    return of_cell[cells], rules


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that one template line makes: which draft, and which lot row (None: none)."""

    draft: Codes
    lot: Codes | None


@dataclass(frozen=True, slots=True)
class _Making:
    """Lines in the making: how many each draft has so far."""

    drafts: Drafts
    terms: Terms
    filled: np.ndarray[Any, np.dtype[np.int32]]

    def block(self, chosen: Flags | None, template: RuleLine) -> Block | None:
        """Return the lines that a template line makes of the drafts chosen (None: of all)."""
        drafts, per_lot = self.drafts, template.per == "lot"
        of = drafts.lots.amounts if per_lot else drafts.amounts
        amounts = of.get(template.amount)
        if amounts is None:  # a measure that this event never yields
            return None
        units = drafts.lots.units.get(template.amount) if per_lot else drafts.quantity
        if not template.quantity:
            units = None
        rows = self._rows(chosen, amounts, units=units, per_lot=per_lot)
        if not len(rows.draft):
            return None
        at = rows.draft if rows.lot is None else rows.lot
        accounts = self._accounts(rows, template)
        amount, amount_base = _signed(amounts, at, template=template)
        return Block(
            entry=rows.draft.astype(np.int32),
            place=self._places(rows),
            slot=template.slot,
            measure=template.amount,
            columns=self._columns(rows, accounts, role=CURRENCY_OF[template.amount]),
            amount=amount,
            amount_base=amount_base,
            quantity=_quantity(template, units, at=at),
        )

    def _rows(
        self, chosen: Flags | None, amounts: Amounts, *, units: Int64Array | None, per_lot: bool
    ) -> _Rows:
        """Return where a template line has an amount, or units, among the drafts of its rule."""
        something = amounts.local != 0
        if amounts.base is not amounts.local:
            something |= amounts.base != 0
        if units is not None:
            something |= units != 0
        lots = self.drafts.lots
        if not per_lot:
            wanted = something if chosen is None else chosen & something
            return _Rows(np.flatnonzero(wanted), None)
        wanted = something if chosen is None else chosen[lots.draft] & something
        rows = np.flatnonzero(wanted)
        draft = lots.draft[rows]
        if len(draft) and (draft[1:] < draft[:-1]).any():
            order = np.argsort(draft, kind="stable")
            rows, draft = rows[order], draft[order]
        return _Rows(draft.astype(np.intp), rows)

    def _places(self, rows: _Rows) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Return the place of each line among those of its entry, after the ones before."""
        if rows.lot is None:
            places = self.filled[rows.draft]
            self.filled[rows.draft] = places + np.int32(1)
            return places
        starts = run_starts(rows.draft)
        lengths = np.diff(np.append(starts, len(rows.draft)))
        within = np.arange(len(rows.draft)) - np.repeat(starts, lengths)
        places = self.filled[rows.draft] + within.astype(np.int32)
        self.filled[rows.draft[starts]] += lengths.astype(np.int32)
        return places

    def _accounts(self, rows: _Rows, template: RuleLine) -> At:
        """Return the account of each line: that of its slot, or of the balance it changes."""
        drafts, at = self.drafts, rows.draft
        if template.slot == BALANCE_SLOT and drafts.account is not None:
            return At(drafts.account, at)
        owner = drafts if rows.lot is None else drafts.lots
        place = at if rows.lot is None else rows.lot
        classes = drafts.cells.get("asset_class")
        return At(
            resolve_accounts(
                self.terms,
                template.slot,
                owner={name: getattr(owner, name)[place] for name in _OWNER},
                asset_class=Texts.repeated("", len(at)) if classes is None else classes[at],
                dates=drafts.accounting_date[at],
            ),
            slice(None),
        )

    def _columns(self, rows: _Rows, accounts: At, *, role: str) -> dict[str, str | At]:
        """Return the text columns of lines."""
        drafts, at = self.drafts, rows.draft
        owner = drafts if rows.lot is None else drafts.lots
        place = at if rows.lot is None else rows.lot
        found: Texts = accounts.values()
        lot_id: str | At = "" if rows.lot is None else At(drafts.lots.lot_id, rows.lot)
        named = At(drafts.instrument, at)
        if rows.lot is not None and drafts.lots.instrument is not None:
            named = At(drafts.lots.instrument, rows.lot)
        kept = keeping(self.terms.chart, found, names=("instrument", "counterparty", "lot"))
        return {
            "account": accounts,
            "currency": At(drafts.currencies.get(role, drafts.currency), at),
            **{name: At(getattr(owner, name), place) for name in _OWNER},
            "instrument": _where(kept["instrument"], named),
            "counterparty": _where(kept["counterparty"], At(drafts.counterparty, at)),
            "lot_id": _where(kept["lot"], lot_id),
        }


def _signed(amounts: Amounts, at: Codes, *, template: RuleLine) -> tuple[At, At]:
    """Return the local and the base amount of lines; the same column where both are one."""
    base = At(amounts.base, at, template.sign)
    if CURRENCY_OF[template.amount] == "base_only":
        return At(np.zeros(1, np.int64), np.zeros(len(at), np.intp)), base
    return base if amounts.local is amounts.base else At(amounts.local, at, template.sign), base


def _quantity(template: RuleLine, units: Int64Array | None, *, at: Codes) -> At | None:
    if not template.quantity:
        return None
    if units is None:
        return At(np.zeros(1, np.int64), np.zeros(len(at), np.intp))
    return At(units, at, template.sign)


def _where(kept: Flags | bool, column: str | At) -> str | At:  # noqa: FBT001 - all, none or some
    """Return a column blanked where it is not kept."""
    if isinstance(column, str) or kept is True:
        return column
    if kept is False:
        return ""
    return At(Texts.either(np.asarray(kept), column.values(), ""), slice(None))


def resolve_accounts(
    terms: Terms, slot: str, *, owner: Mapping[str, Texts], asset_class: Texts, dates: Days
) -> Texts:
    """Return the account of a slot row by row, asking once per distinct combination."""
    found = terms.chart.slots[slot]
    if found.timeless and not found.overrides:
        return Texts.repeated(found.default, len(asset_class))
    keys: list[Texts | Days] = [asset_class, *(owner[name] for name in _OWNER)]
    if not found.timeless:
        keys.append(dates)
    codes, first = group_codes(keys)
    accounts = [
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
    return Texts.of(accounts)[codes]


def keeping(chart: Chart, accounts: Texts, *, names: Sequence[str]) -> dict[str, Flags | bool]:
    """Say of each dimension for which rows the account requires or keeps it: all, none or some."""
    known = accounts.distinct()
    kept: dict[str, Flags | bool] = {}
    for name in names:
        wanted = [
            number
            for number in known
            if name in chart.accounts[number].required or name in chart.accounts[number].keeps
        ]
        some = bool(wanted) and len(wanted) < len(known)
        kept[name] = accounts.isin(wanted) if some else bool(wanted)
    return kept


def kept_dimensions(
    chart: Chart, accounts: Texts, *, columns: Mapping[str, Texts]
) -> dict[str, Texts]:
    """Blank the dimensions that an account neither requires nor keeps."""
    kept = keeping(chart, accounts, names=tuple(columns))
    return {
        name: Texts.either(np.broadcast_to(kept[name], len(accounts)), values, "")
        for name, values in columns.items()
    }


def _prove_balanced(blocks: Sequence[Block], count: int) -> None:
    """Raise InvariantError when lines do not sum to zero per entry, per currency and in base."""
    currencies = sorted({name for block in blocks for name in block.texts("currency").distinct()})
    sums: list[tuple[Callable[[Block], At], str]] = [(lambda block: block.amount_base, "")]
    one_in_base = len(currencies) == 1 and all(b.amount is b.amount_base for b in blocks)
    if not one_in_base:
        sums += [(lambda block: block.amount, name) for name in currencies]
    for of, currency in sums:
        total = np.zeros(count, np.int64)
        for block in blocks:
            entry, amounts = block.entry, of(block).values()
            if currency and len(currencies) > 1:
                rows = np.flatnonzero(block.texts("currency") == currency)
                entry, amounts = entry[rows], amounts[rows]
            total = add_columns(total, group_sums(entry.astype(np.intp), amounts, count))
        if total.any():
            raise InvariantError("an entry does not sum to zero")


def _entries(
    drafts: Drafts, used: Codes, *, rules: Sequence[Rule], rule_of: Codes | None
) -> dict[str, Any]:
    """Return the entry columns of the drafts that have lines."""
    every = len(used) == len(drafts)

    def of(values: Any) -> Any:  # noqa: ANN401 - a column of any kind
        return values if every else values[used]

    accounting, activity = of(drafts.accounting_date), of(drafts.activity_date)
    nothing = Texts.repeated("", len(used))
    of_rule = np.empty(0, np.intp) if rule_of is None else of(rule_of)
    ids, hashes = Texts.of([rule.id for rule in rules]), Texts.of([rule.hash for rule in rules])
    return {
        "day_order": np.full(len(used), drafts.day_order),
        "kind": Texts.repeated(drafts.kind, len(used)),
        "accounting_date": accounting,
        "activity_date": activity,
        "period": months(accounting),
        "activity_period": months(activity),
        "event_kind": Texts.repeated(drafts.event, len(used)),
        "event_id": of(drafts.event_id),
        "event_version": of(drafts.event_version),
        "stage": of(drafts.stage),
        "leg": of(drafts.leg),
        "rule": ids[of_rule] if rules else nothing,
        "rule_hash": hashes[of_rule] if rules else nothing,
        "reason": nothing,
        "narration": _narrations(drafts, used, rules=rules, rule_of=of_rule),
    }


def _narrations(
    drafts: Drafts, used: Codes, *, rules: Sequence[Rule], rule_of: Codes
) -> pa.StringArray:
    """Return the narration of each draft used, as its rule words it.

    Few are alike, so that they are not coded before the journal is whole.
    """
    parts, places = [pa.array([], pa.string())], [np.empty(0, np.intp)]
    for number, rule in enumerate(rules):
        rows = np.flatnonzero(rule_of == number)
        said = {name: one[used[rows]] for name, one in drafts.words.items()}
        parts.append(_filled_in(rule.narration, said, count=len(rows)))
        places.append(rows)
    order = np.empty(len(used), np.intp)
    order[np.concatenate(places)] = np.arange(len(used))
    return pa.concat_arrays(parts).take(pa.array(order))


def _filled_in(template: str, words: Mapping[str, Texts], *, count: int) -> pa.StringArray:
    """Return a template with the words of each row in the places that it names."""
    parts: list[Any] = [pa.nulls(count, pa.string()).fill_null("")]
    for text, name, _, _ in Formatter().parse(template):
        parts += [text] if text else []
        parts += [words[name].plain()] if name is not None else []
    return pc.binary_join_element_wise(*parts, "")


def months(dates: Days) -> Texts:
    """Return the month of each date as its label, 2026-01."""
    labels, codes = group_codes([dates.astype("datetime64[M]").astype(np.int64)])
    distinct = dates[codes].astype("datetime64[M]").astype(str)
    return Texts.of(distinct.tolist())[labels]
