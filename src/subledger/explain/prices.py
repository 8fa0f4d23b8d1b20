"""Amounts from prices: quantity x price x multiplier, written out."""

from __future__ import annotations

from subledger.explain.figures import Figures, operand, subtracted
from subledger.explain.material import Material, Row
from subledger.explain.nodes import Arithmetic
from subledger.numbers import product, to_text


def gross_arithmetic(material: Material, trade: Row) -> tuple[Arithmetic, ...]:
    """Write out a trade's gross: quantity x price x multiplier, and a stated one's difference."""
    figures = material.figures(trade["currency"], trade["instrument"])
    words, computed = market_value(material, trade["quantity"], price=trade, figures=figures)
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
    material: Material, quantity: int, *, price: Row, figures: Figures
) -> tuple[str, int]:
    """Return quantity x price x multiplier in words, with what was rounded, and its value.

    `price` carries price_mantissa and price_scale; the value is in ledger units of the currency of
    `figures`.
    """
    instrument = material.instrument(figures.instrument)
    scale = instrument["quantity_decimals"] + instrument["multiplier_scale"] + price["price_scale"]
    mantissa = price["price_mantissa"] * instrument["multiplier_mantissa"]
    places = figures.decimals.decimals[figures.currency]
    value = product(quantity, mantissa, scale - places)
    multiplier = to_text(instrument["multiplier_mantissa"], instrument["multiplier_scale"])
    words = f"round({figures.units(quantity)} x {operand(price_text(price))} x {multiplier})"
    exact = quantity * mantissa
    if scale > places and exact % 10 ** (scale - places):
        words += f" = round({to_text(exact, scale)})"
    return words, value


def price_text(row: Row) -> str:
    """Return the price of a row of trades, prices or marks, as exact text."""
    return to_text(row["price_mantissa"], row["price_scale"])
