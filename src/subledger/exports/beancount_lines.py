"""Lines of entries as postings of the ledger text, each exact in base.

A line becomes one posting, and a second one in the `:Residue` sub-account of the same account where
units at unit cost, or foreign money at a rate, are not the line's base amount to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers
from subledger.columns import Flags, Texts
from subledger.exports import beancount_names as names
from subledger.exports.beancount_accounts import LineAccounts
from subledger.exports.beancount_bytes import (
    Sheet,
    narrowed,
    quoted_texts,
    scaled_texts,
    used_codes,
)
from subledger.exports.beancount_input import LedgerContext
from subledger.exports.beancount_lots import LotTerms
from subledger.exports.beancount_order import OrderedMonth
from subledger.exports.beancount_units import Residues, residues_of, unit_costs
from subledger.numbers import Int64Array

NUMBER_WIDTH = 16
_LOT, _UNITS, _BASE, _FOREIGN = range(4)
_BODY = np.array([6, 7, 3, 5])  # pieces of a posting of each form
_RESIDUE = 3  # pieces of a posting of residue


class Owner(NamedTuple):
    """Who a line belongs to."""

    book: str
    strategy: str
    broker_account: str


@dataclass(frozen=True)
class MonthLines:
    """The columns of a month's lines, in the order of the table, and what is known of each owner.

    `order` are the lines in the order of the file, as are the codes of `accounts`.
    """

    order: npt.NDArray[np.int32]
    accounts: LineAccounts
    terms: LotTerms
    lot: npt.NDArray[np.int32]  # in the order of the file; -1 of lines that carry none
    text: Mapping[str, Texts]
    number: Mapping[str, Int64Array]
    owner: npt.NDArray[np.int32]
    owners: list[Owner]

    @classmethod
    def of(
        cls, ordered: OrderedMonth, accounts: LineAccounts, *, summary: bool = False
    ) -> MonthLines:
        """Return the lines of a month; those of a summary name no lots."""
        lines = ordered.lines
        wanted = ("currency", "instrument", "lot_id", "counterparty")
        owned = [columns.texts(lines, name) for name in Owner._fields]
        owner, first = columns.group_codes(owned)
        text = {name: columns.texts(lines, name) for name in wanted}
        text["instrument"] = narrowed(text["instrument"])
        if summary:
            text["lot_id"] = Texts.repeated("", lines.num_rows)
        names_of = (column[first].objects().tolist() for column in owned)
        return cls(
            ordered.line_order,
            accounts,
            ordered.terms,
            ordered.lot,
            text,
            {name: columns.numbers(lines, name) for name in ("amount", "amount_base", "quantity")},
            owner.astype(np.int32),
            [Owner._make(row) for row in zip(*names_of, strict=True)],
        )

    def at(self, places: Int64Array) -> Lines:
        """Return the lines at some places in the file."""
        rows = self.order[places]
        return Lines(
            currency=self.text["currency"][rows],
            instrument=self.text["instrument"][rows],
            lot_id=self.text["lot_id"][rows],
            amount=self.number["amount"][rows],
            amount_base=self.number["amount_base"][rows],
            quantity=self.number["quantity"][rows],
            owner=self.owner[rows],
            lot=self.lot[places],
            account=self.accounts.codes[places],
        )


class Lines(NamedTuple):
    """Some lines in the order of the file; `account` is a code of the month's accounts."""

    currency: Texts
    instrument: Texts
    lot_id: Texts
    amount: Int64Array
    amount_base: Int64Array
    quantity: Int64Array
    owner: npt.NDArray[np.int32]
    lot: npt.NDArray[np.int32]
    account: npt.NDArray[np.int32]


class PostingWriter:
    """Writes lines as postings, whose residue and metadata stand before and after them.

    Lots that were opened up to the day `summarised` are written at their price, without a lot, for
    the ledger tells of that time in daily sums.
    """

    def __init__(
        self, context: LedgerContext, lines: MonthLines, *, summarised: date | None = None
    ) -> None:
        self._units = context.units
        self._base = names.currency(context.units.base)
        self._decimals = context.units.decimals_of_base()
        self._accounts, self._terms = lines.accounts, lines.terms
        self._owners = pa.array([_owner(owner) for owner in lines.owners], pa.string())
        self._without_lot = lines.terms.opened_by(summarised)
        self._no_lot = pc.index(lines.text["lot_id"].values, "").as_py()
        known = lines.text["instrument"].values.to_pylist()
        decimals = context.units.quantity_decimals
        self._places = np.array([decimals[name] if name else 0 for name in known], np.int64)
        commodities = [self._commodity(name) if name else "" for name in known]
        self._of_lots = pa.array([f" {one} " for one in commodities], pa.string())
        self._of_units = pa.array([f" {one}\n    cost: " for one in commodities], pa.string())

    def plan(self, lines: Lines, owner: npt.NDArray[np.int32]) -> Plan:
        """Find what stands in the postings of some lines; `owner` is that of each line's entry."""
        form = np.full(len(lines.lot), _FOREIGN, np.int8)
        form[np.asarray(lines.currency == self._base, bool)] = _BASE
        form[lines.quantity != 0] = _UNITS
        lots = np.flatnonzero(lines.lot >= 0)
        form[lots] = _LOT
        lot = lines.lot[lots]
        foreign = np.flatnonzero(form == _FOREIGN)
        rate, rate_scale = self._rates(lines, foreign)
        left = self._left_over(lines, form=form, lot=(lots, lot), rate=(foreign, rate, rate_scale))
        over = left.rest != 0
        over[list(left.wide)] = True
        nothing = (form >= _BASE) & (lines.amount == 0) & over
        body = np.where(nothing, 0, _BODY[form])
        named = lines.lot_id.codes != self._no_lot
        named[lots] &= self._without_lot[lot]
        return Plan(
            lines, form, left, over, body, named, lines.owner != owner, lots, lot, rate, rate_scale
        )

    def _rates(self, lines: Lines, rows: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Return what one unit of each line's currency is worth in base; below zero is zero."""
        amount = lines.amount[rows]
        return unit_costs(
            np.sign(amount) * lines.amount_base[rows],
            np.abs(amount),
            decimals=self._decimals,
            quantity_decimals=self._decimals_of(lines.currency[rows]),
        )

    def _decimals_of(self, currency: Texts) -> Int64Array:
        return currency.looked_up(self._units.decimals)

    def _left_over(
        self,
        lines: Lines,
        *,
        form: npt.NDArray[np.int8],
        lot: tuple[Int64Array, npt.NDArray[np.int32]],
        rate: tuple[Int64Array, Int64Array, Int64Array],
    ) -> Residues:
        """Return the residue of each line."""
        rest = np.where(form == _BASE, lines.amount_base - lines.amount, 0)
        scale = np.full(len(rest), self._decimals)
        wide: dict[int, tuple[int, int]] = {}
        rows, of = lot
        places = self._places[lines.instrument.codes[rows]]
        of_lots = residues_of(
            lines.amount_base[rows],
            self._decimals,
            quantity=lines.quantity[rows],
            unit=self._terms.unit[of],
            scale=places + self._terms.scale[of],
        )
        foreign, mantissa, at = rate
        of_money = residues_of(
            lines.amount_base[foreign],
            self._decimals,
            quantity=lines.amount[foreign],
            unit=mantissa,
            scale=self._decimals_of(lines.currency[foreign]) + at,
        )
        for chosen, found in ((rows, of_lots), (foreign, of_money)):
            rest[chosen], scale[chosen] = found.rest, found.scale
            wide |= {int(chosen[row]): number for row, number in found.wide.items()}
        return Residues(rest, scale, wide)

    def put(self, sheet: Sheet, places: Int64Array, *, plan: Plan) -> None:
        """Write the postings; each line's pieces stand from its place on."""
        own = places + _RESIDUE * plan.over
        self._put_residue(sheet, places, plan=plan)
        self._put_accounts(sheet, own, plan=plan)
        self._put_lots(sheet, own, plan=plan)
        self._put_units(sheet, own, plan=plan)
        self._put_money(sheet, own, plan=plan)
        named = np.flatnonzero(plan.named)
        lot_ids = narrowed(plan.lines.lot_id[named])
        label = pc.binary_join_element_wise("    lot: ", quoted_texts(lot_ids.values), "\n", "")
        sheet.put((own + plan.body)[named], label, codes=lot_ids.codes)
        other = np.flatnonzero(plan.other_owner)
        after = (own + plan.body + plan.named)[other]
        sheet.put(after, self._owners, codes=plan.lines.owner[other])

    def _put_residue(self, sheet: Sheet, places: Int64Array, *, plan: Plan) -> None:
        rows = np.flatnonzero(plan.over)
        used, codes = used_codes(plan.lines.account[rows], len(self._accounts.names))
        sheet.put(places[rows], self._accounts.residual.take(pa.array(used)), codes=codes)
        written = scaled_texts(plan.left.rest[rows], plan.left.scale[rows], width=NUMBER_WIDTH)
        sheet.put(places[rows] + 1, written)
        for row, (number, scale) in plan.left.wide.items():
            at = places[row : row + 1] + 1
            sheet.put_text(at, f"{numbers.to_text(number, scale):>{NUMBER_WIDTH}}")
        sheet.put_text(places[rows] + 2, f" {self._base}\n")

    def _put_accounts(self, sheet: Sheet, own: Int64Array, *, plan: Plan) -> None:
        for found, chosen in (
            (self._accounts.padded, (plan.form != _UNITS) & (plan.body > 0)),
            (self._accounts.residual, plan.form == _UNITS),
        ):
            rows = np.flatnonzero(chosen)
            used, codes = used_codes(plan.lines.account[rows], len(self._accounts.names))
            sheet.put(own[rows], found.take(pa.array(used)), codes=codes)

    def _put_lots(self, sheet: Sheet, own: Int64Array, *, plan: Plan) -> None:
        rows, lines = plan.lots, plan.lines
        at = own[rows]
        of = lines.instrument.codes[rows]
        quantity = scaled_texts(lines.quantity[rows], self._places[of], width=NUMBER_WIDTH)
        sheet.put(at + 1, quantity)
        sheet.put(at + 2, self._of_lots, codes=of)
        used, codes = used_codes(plan.lot, len(self._terms.unit))
        terms = self._terms.texts_of(used, self._base, without=self._without_lot[used])
        sheet.put(at + 3, pc.binary_join_element_wise(terms, "\n    cost: ", ""), codes=codes)
        self._put_cost(sheet, at + 4, lines=lines, rows=rows)

    def _put_units(self, sheet: Sheet, own: Int64Array, *, plan: Plan) -> None:
        rows, lines = np.flatnonzero(plan.form == _UNITS), plan.lines
        at = own[rows]
        decimals = np.full(len(rows), self._decimals)
        sheet.put(at + 1, scaled_texts(lines.amount_base[rows], decimals, width=NUMBER_WIDTH))
        sheet.put_text(at + 2, f" {self._base}\n    units: ")
        of = lines.instrument.codes[rows]
        sheet.put(at + 3, scaled_texts(lines.quantity[rows], self._places[of]))
        sheet.put(at + 4, self._of_units, codes=of)
        self._put_cost(sheet, at + 5, lines=lines, rows=rows)

    def _put_money(self, sheet: Sheet, own: Int64Array, *, plan: Plan) -> None:
        lines, written = plan.lines, plan.body > 0
        rows = np.flatnonzero((plan.form == _BASE) & written)
        decimals = np.full(len(rows), self._decimals)
        sheet.put(own[rows] + 1, scaled_texts(lines.amount[rows], decimals, width=NUMBER_WIDTH))
        sheet.put_text(own[rows] + 2, f" {self._base}\n")
        foreign = np.flatnonzero(plan.form == _FOREIGN)
        kept = np.flatnonzero(written[foreign])
        rows = foreign[kept]
        currency = lines.currency[rows]
        decimals = self._decimals_of(currency)
        sheet.put(own[rows] + 1, scaled_texts(lines.amount[rows], decimals, width=NUMBER_WIDTH))
        sheet.put_coded(own[rows] + 2, currency, write=lambda code: f" {names.currency(code)} @ ")
        sheet.put(own[rows] + 3, scaled_texts(plan.rate[kept], plan.rate_scale[kept]))
        sheet.put_text(own[rows] + 4, f" {self._base}\n")

    def _put_cost(self, sheet: Sheet, at: Int64Array, *, lines: Lines, rows: Int64Array) -> None:
        """Write each line's exact cost in its own currency."""
        currency = lines.currency[rows]
        sheet.put(at, scaled_texts(lines.amount[rows], self._decimals_of(currency)))
        sheet.put_coded(at + 1, currency, write=lambda code: f" {code}\n")

    def _commodity(self, instrument: str) -> str:
        return names.commodity(instrument, self._units.decimals)


@dataclass(frozen=True, slots=True)
class Plan:
    """What stands in the postings of some lines: `size` pieces of each."""

    lines: Lines
    form: npt.NDArray[np.int8]
    left: Residues
    over: Flags  # there is residue
    body: Int64Array
    named: Flags  # the lot stands as metadata
    other_owner: Flags
    lots: Int64Array  # lines in units of lots, and their rows among the terms
    lot: npt.NDArray[np.int32]
    rate: Int64Array  # of each line in foreign money
    rate_scale: Int64Array

    @property
    def size(self) -> Int64Array:
        """Return how many pieces each line has."""
        return _RESIDUE * self.over + self.body + self.named + self.other_owner


def _owner(owner: Owner) -> str:
    pairs = zip(("book", "strategy", "broker-account"), owner, strict=True)
    return "".join(f"    {key}: {names.quoted(value)}\n" for key, value in pairs)
