"""The measures of a trade's legs: gross and fees, how a crossing splits them, the identities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subledger.chart.measures import FEE_POLICIES, cell_of, contract, identities_of
from subledger.errors import InvariantError
from subledger.explain.figures import Figures, added, identity, operand, ratio, subtracted
from subledger.explain.lines import LotShare, currency_of
from subledger.explain.material import Row
from subledger.explain.nodes import Arithmetic
from subledger.explain.prices import gross_arithmetic
from subledger.explain.rates import Workings
from subledger.numbers import parse_decimal, part_of, product
from subledger.tables import FEES

CLOSES, OPENS = 1, 2

# What a leg's measures add up from its lots, in words.
_SUMS = {
    "cost_relieved": "cost of each lot relieved",
    "cost_moved": "cost that left or entered each lot of the pool",
    "interbook_cost": "cost of each lot of another owner",
    "realised_price": "price gain of each lot",
    "realised_fx": "FX gain of each lot",
    "mark_released": "mark of each lot released",
    "mark_fx_released": "FX mark of each lot released",
}


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade's fact with the measures of its legs in order, and those of the leg explained."""

    fact: Row
    legs: Sequence[Row]
    leg: Row

    @property
    def crosses(self) -> bool:
        """Say whether the trade both closes and opens."""
        return len(self.legs) > 1

    @property
    def is_first(self) -> bool:
        """Say whether the leg explained is the first."""
        return bool(self.leg["leg"] == self.legs[0]["leg"])

    @property
    def fee_currency(self) -> str:
        """Return the currency of the fees."""
        return str(self.fact["fee_currency"] or self.fact["currency"])

    def summed(self, name: str) -> int:
        """Return a measure over all legs."""
        return sum(row[name] for row in self.legs)


def write_leg(written: Workings, trade: Trade, *, cell: Mapping[str, str], entry: Row) -> None:
    """Write out gross and fees of a leg, locally and in base, and what crosses currencies."""
    fact, on = trade.fact, entry["accounting_date"]
    written.add(*gross_arithmetic(written.material, fact))
    gross_base = written.translate(
        "gross",
        fact["gross"],
        currency=fact["currency"],
        on=on,
        booked=trade.summed("gross_base"),
    )
    figures = written.material.figures(fact["currency"], fact["instrument"])
    if trade.crosses:
        written.add(_split(trade, "gross", whole=fact["gross"], figures=figures))
    if trade.crosses and not figures.is_base:
        in_base = written.material.figures(written.base, fact["instrument"])
        base = written.base
        written.add(_split(trade, "gross", whole=gross_base, figures=in_base, into=base))
    _write_fees(written, trade, entry=entry)
    if cell.get("fees") == "capitalise" and cell["fee_currency"] == "other":
        _write_translated_fees(written, trade, entry=entry)
    if cell.get("settlement") == "other":
        _write_settlement(written, trade, entry=entry)


def _split(trade: Trade, name: str, *, whole: int, figures: Figures, into: str = "") -> Arithmetic:
    """Write out the leg's part of an amount of a trade that crosses zero.

    `into` names the base currency where the amount is in it by translation.
    """
    tail = f" in {into}" if into else ""
    units, of_trade = trade.legs[0]["quantity"], trade.fact["quantity"]
    first = part_of(whole, units, of_trade)
    if trade.is_first:
        words = ratio(figures.money(whole), figures.units(units), whole=figures.units(of_trade))
        return Arithmetic(
            f"{name} of leg 1{tail} = round({name}{tail} x quantity of leg 1 / quantity)",
            f"{figures.money(first)} = {words}",
        )
    return subtracted(
        figures.money(whole - first),
        figures.money(whole),
        right=figures.money(first),
        formula=f"{name} of leg 2{tail} = {name} of the trade - {name} of leg 1",
    )


def _write_fees(written: Workings, trade: Trade, *, entry: Row) -> None:
    fact, currency = trade.fact, trade.fee_currency
    charged = {fee: fact[fee] for fee in FEES if fact[fee]}
    figures = written.material.figures(currency, fact["instrument"])
    on = entry["accounting_date"]
    if not figures.is_base:
        in_base = {
            fee: written.translate(fee, amount, currency=currency, on=on)
            for fee, amount in charged.items()
        }
        if written.rate(currency, on) and sum(in_base.values()) != trade.summed("fees_base"):
            raise InvariantError(f"{entry['entry_id']}: fees are not booked at the rate of {on}")
    _split_fees(written, trade, fees=charged, figures=figures)
    if not figures.is_base:
        base_figures = written.material.figures(written.base, fact["instrument"])
        _split_fees(written, trade, fees=in_base, figures=base_figures, into=written.base)


def _split_fees(
    written: Workings, trade: Trade, *, fees: Mapping[str, int], figures: Figures, into: str = ""
) -> None:
    """Write out the leg's part of each fee: the share of the fees so far, less the shares before.

    `into` names the base currency where the fees are in it by translation.
    """
    if not trade.crosses:
        return
    units, of_trade = trade.legs[0]["quantity"], trade.fact["quantity"]
    tail = f" in {into}" if into else ""
    total = before = 0
    for fee, amount in fees.items():
        total += amount
        reached = part_of(total, units, of_trade)
        first = reached - before
        if trade.is_first:
            words = ratio(figures.money(total), figures.units(units), whole=figures.units(of_trade))
            formula = f"{fee} of leg 1{tail} = round(fees up to it x quantity of leg 1 / quantity)"
            figures_ = f"{figures.money(first)} = {words} - {operand(figures.money(before))}"
            written.add(Arithmetic(f"{formula} - those split before", figures_))
        else:
            written.add(
                subtracted(
                    figures.money(amount - first),
                    figures.money(amount),
                    right=figures.money(first),
                    formula=f"{fee} of leg 2{tail} = {fee} of the trade - {fee} of leg 1",
                )
            )
        before = reached


def _write_translated_fees(written: Workings, trade: Trade, *, entry: Row) -> None:
    """Write out fees of another currency that go into cost or proceeds."""
    fact, on = trade.fact, entry["accounting_date"]
    given, wanted = written.rate(trade.fee_currency, on), written.rate(fact["currency"], on)
    if given is None or wanted is None:
        return
    total = sum(fact[fee] for fee in FEES)
    rate = given.over(wanted)
    whole = rate.value(total)
    _check(entry, trade, name="translated_fees", found=whole)
    figures = written.material.figures(fact["currency"], fact["instrument"])
    fees = written.material.figures(trade.fee_currency).money(total)
    written.add(
        Arithmetic(
            f"translated_fees = round(all fees in {trade.fee_currency} x rate)",
            f"{figures.money(whole)} = {rate.words(fees)}",
        )
    )
    if trade.crosses:
        written.add(_split(trade, "translated_fees", whole=whole, figures=figures))


def _write_settlement(written: Workings, trade: Trade, *, entry: Row) -> None:
    """Write out the net amount in the currency in which the trade settles."""
    fact, on, material = trade.fact, entry["accounting_date"], written.material
    settled_in = fact["settlement_currency"]
    figures = material.figures(settled_in, fact["instrument"])
    net = material.figures(fact["currency"]).money(fact["net"])
    if fact["settlement_rate"]:
        mantissa, scale = parse_decimal(fact["settlement_rate"])
        decimals = material.units.decimals
        shift = scale + decimals[fact["currency"]] - decimals[settled_in]
        whole = product(fact["net"], mantissa, shift)
        words = f"round({operand(net)} x {fact['settlement_rate']})"
        formula = "settlement_net = round(net x settlement rate of the trade)"
    else:
        given, wanted = written.rate(fact["currency"], on), written.rate(settled_in, on)
        if given is None or wanted is None:
            return
        rate = given.over(wanted)
        whole, words = rate.value(fact["net"]), rate.words(net)
        formula = f"settlement_net in {settled_in} = round(net x rate)"
    _check(entry, trade, name="settlement_net", found=whole)
    written.add(Arithmetic(formula, f"{figures.money(whole)} = {words}"))
    booked = trade.summed("settlement_net_base")
    translated = written.translate(
        "settlement_net", whole, currency=settled_in, on=on, booked=booked
    )
    if trade.crosses:
        written.add(_split(trade, "settlement_net", whole=whole, figures=figures))
    if trade.crosses and not figures.is_base:
        in_base = material.figures(written.base, fact["instrument"])
        base, whole = written.base, translated
        written.add(_split(trade, "settlement_net", whole=whole, figures=in_base, into=base))


def _check(entry: Row, trade: Trade, *, name: str, found: int) -> None:
    booked = trade.summed(name)
    if booked != found:
        raise InvariantError(f"{entry['entry_id']}: {name} booked {booked}, worked out {found}")


def write_identities(written: Workings, measures: Row, *, cell: Mapping[str, str]) -> None:
    """Write out the identities of an event's cell with its measures, locally and in base.

    The base view is left out where the measure is in the base currency: it is the same. Raises
    InvariantError for an identity that does not hold.
    """
    event = measures["event_kind"]
    key = cell_of(event, cell)
    roles = contract(event, key).currencies
    for text in identities_of(event, key):
        view, _, rest = text.rpartition(": ")
        derived = rest.partition(" = ")[0].strip()
        figures = written.material.figures(currency_of(measures, roles[derived]))
        for in_base in (False, True):
            if view and (view == "base") != in_base:
                continue
            one, holds = identity(rest, measures, figures=figures, in_base=in_base)
            if not holds:
                raise InvariantError(f"{measures['event_id']}: {one.formula}: {one.figures}")
            # What is moved between lots is written as their sum; nothing at all need be translated.
            repeats = in_base and (figures.is_base or not (measures[derived] or _any(one)))
            if derived != "cost_moved" and not repeats:
                written.add(one)


def _any(one: Arithmetic) -> bool:
    """Say whether an equation has any figure but zero."""
    return any(digit in one.figures for digit in "123456789")


def fee_policies(preferred: str) -> tuple[str, ...]:
    """Return the fee policies, that of the settings first."""
    return (preferred, *(policy for policy in FEE_POLICIES if policy != preferred))


def write_sums(written: Workings, measures: Row, *, lots: Sequence[LotShare]) -> None:
    """Write out what a leg's measures add up from its lots.

    Raises InvariantError where they add up to something else.
    """
    figures = written.material.figures(measures["currency"])
    for name, words in _SUMS.items():
        for in_base in (False, True):
            views = [lot.base if in_base else lot.local for lot in lots]
            parts = [view[name] for view in views if view.get(name)]
            if not any(parts) or (in_base and figures.is_base):
                continue
            total = measures[f"{name}_base" if in_base else name]
            if sum(parts) != total:
                raise InvariantError(f"{measures['event_id']}: {name} is not that of its lots")
            if name == "realised_price" and not in_base:
                continue  # an identity says it already
            tail = f" in {written.base}" if in_base else ""
            written.add(
                added(
                    figures.amount(total, in_base=in_base),
                    [figures.amount(part, in_base=in_base) for part in parts],
                    formula=f"{name}{tail} = {words}",
                )
            )
