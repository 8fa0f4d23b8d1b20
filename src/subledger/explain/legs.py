"""The measures of a trade's legs: gross and fees, how a crossing splits them, the identities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subledger.chart.measures import FEE_POLICIES, identities_of
from subledger.errors import InvariantError
from subledger.explain.figures import Figures, added, identity, operand, ratio, subtracted
from subledger.explain.material import Material, Row
from subledger.explain.nodes import Arithmetic
from subledger.numbers import part_of, product, to_text
from subledger.tables import FEES

CLOSES, OPENS = 1, 2


def gross_arithmetic(material: Material, trade: Row) -> tuple[Arithmetic, ...]:
    """Write out a trade's gross: quantity x price x multiplier, and a stated one's difference."""
    figures = material.figures(trade["currency"], trade["instrument"])
    words, computed = market_value(
        material, trade["quantity"], price=trade, figures=figures, in_base=False
    )
    if computed == trade["gross"]:
        return (
            Arithmetic(
                "gross = round(quantity x price x multiplier)",
                f"{figures.money(computed)} = {words}",
            ),
        )
    stated = figures.money(trade["gross"])
    return (
        Arithmetic(
            "computed gross = round(quantity x price x multiplier)",
            f"{figures.money(computed)} = {words}",
        ),
        subtracted(
            figures.money(trade["gross"] - computed),
            stated,
            right=figures.money(computed),
            formula="within tolerance = gross, as the source states it - computed gross",
        ),
    )


def market_value(
    material: Material, quantity: int, *, price: Row, figures: Figures, in_base: bool
) -> tuple[str, int]:
    """Return quantity x price x multiplier in words, with what was rounded, and its value.

    `price` carries price_mantissa and price_scale; the value is in ledger units.
    """
    instrument = material.instrument(figures.instrument)
    scale = instrument["quantity_decimals"] + instrument["multiplier_scale"] + price["price_scale"]
    exact = quantity * price["price_mantissa"] * instrument["multiplier_mantissa"]
    units = figures.decimals
    places = units.decimals_of_base() if in_base else units.decimals[figures.currency]
    value = product(
        quantity, price["price_mantissa"] * instrument["multiplier_mantissa"], scale - places
    )
    multiplier = to_text(instrument["multiplier_mantissa"], instrument["multiplier_scale"])
    words = f"round({figures.units(quantity)} x {operand(price_text(price))} x {multiplier})"
    if scale > places and exact % 10 ** (scale - places):
        words += f" = round({to_text(exact, scale)})"
    return words, value


def price_text(row: Row) -> str:
    """Return the price of a row of trades, prices or marks, as exact text."""
    return to_text(row["price_mantissa"], row["price_scale"])


def split_arithmetic(
    material: Material, trade: Row, *, legs: Sequence[Row], leg: int
) -> tuple[Arithmetic, ...]:
    """Write out how gross and fees of a trade that crosses zero are split over its legs.

    `legs` are the measures of both; a trade of one leg has nothing to split.
    """
    if len(legs) < OPENS:
        return ()
    figures = material.figures(trade["currency"], trade["instrument"])
    first = legs[0]
    shares = _fee_shares(trade, first["quantity"])
    if leg == CLOSES:
        part, whole = figures.units(first["quantity"]), figures.units(trade["quantity"])
        words = ratio(figures.money(trade["gross"]), part, whole=whole)
        return (
            Arithmetic(
                "gross of leg 1 = round(gross x quantity of leg 1 / quantity)",
                f"{figures.money(first['gross'])} = {words}",
            ),
            *(_share_arithmetic(share, (part, whole), figures=figures) for share in shares),
        )
    parts = [("gross", first["gross"]), *((share.fee, share.amount) for share in shares)]
    return tuple(
        subtracted(
            figures.money(trade[name] - amount),
            figures.money(trade[name]),
            right=figures.money(amount),
            formula=f"{name} of leg 2 = {name} of the trade - {name} of leg 1",
        )
        for name, amount in parts
    )


@dataclass(frozen=True, slots=True)
class _FeeShare:
    """The first leg's part of one fee; `total` adds up the fees so far, `before` their parts."""

    fee: str
    amount: int
    total: int
    before: int


def _fee_shares(trade: Row, quantity: int) -> list[_FeeShare]:
    """Split each fee of a trade: the rounded share of the fees so far, less the shares before."""
    shares: list[_FeeShare] = []
    total = before = 0
    for fee in FEES:
        if trade[fee]:
            total += trade[fee]
            reached = part_of(total, quantity, trade["quantity"])
            shares.append(_FeeShare(fee, reached - before, total, before))
            before = reached
    return shares


def _share_arithmetic(share: _FeeShare, units: tuple[str, str], *, figures: Figures) -> Arithmetic:
    words = ratio(figures.money(share.total), units[0], whole=units[1])
    return Arithmetic(
        f"{share.fee} of leg 1 = round(fees up to it x quantity of leg 1 / quantity)"
        " - those split before",
        f"{figures.money(share.amount)} = {words} - {operand(figures.money(share.before))}",
    )


def identity_arithmetic(
    measures: Row, cell: Mapping[str, str], *, figures: Figures
) -> tuple[Arithmetic, ...]:
    """Write out the identities of an event's cell with its measures, locally and in base.

    The base view is left out where the event is in the base currency: it is the same. Raises
    InvariantError for an identity that does not hold.
    """
    written = []
    for text in identities_of(measures["event_kind"], tuple(cell.values())):
        view, _, rest = text.rpartition(": ")
        for in_base in (False, True):
            if (view and (view == "base") != in_base) or (in_base and figures.is_base):
                continue
            one, holds = identity(rest, measures, figures=figures, in_base=in_base)
            if not holds:
                raise InvariantError(f"{measures['event_id']}: {one.formula}: {one.figures}")
            written.append(one)
    return tuple(written)


def fee_policies(preferred: str) -> tuple[str, ...]:
    """Return the fee policies, that of the settings first."""
    return (preferred, *(policy for policy in FEE_POLICIES if policy != preferred))


def sum_arithmetic(
    measures: Row, reliefs: Sequence[Row], *, figures: Figures
) -> tuple[Arithmetic, ...]:
    """Write out what a closing leg's measures add up from its reliefs."""
    long = measures["side"] == "long"
    carried = "cost" if long else "proceeds"
    elsewhere = [
        row
        for row in reliefs
        if any(row[name] != row[f"lot_{name}"] for name in ("book", "strategy", "broker_account"))
    ]
    sums = [("cost_relieved", [row[carried] for row in reliefs], "cost of each lot relieved")]
    if elsewhere:
        parts = [row[carried] for row in elsewhere]
        sums.append(("interbook_cost", parts, "cost of each lot of another owner"))
    written = [
        added(
            figures.money(measures[name]),
            [figures.money(p) for p in parts],
            formula=f"{name} = {words}",
        )
        for name, parts, words in sums
    ]
    if any(row["mark_released"] for row in reliefs):
        released = [figures.base(row["mark_released"]) for row in reliefs]
        total = figures.base(measures["mark_released_base"])
        written.append(added(total, released, formula="mark_released = mark of each lot released"))
    return tuple(written)
