"""Declared rounding of a broker's format: digits beyond the unit, each a recorded note.

A canonical file is never rounded. A broker's format is where `[intake.FORMAT.rounding]` declares it
for a column; without that the digits are refused like those of any file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from subledger.errors import Finding
from subledger.events.context import Context
from subledger.events.grammar import Unreadable, parse_number
from subledger.events.typed import texts_of
from subledger.importers.source import Intake, Source
from subledger.numbers import NumberOverflow, mul_div, to_text
from subledger.tables import FEES

_NET = "net_amount"
# A small one is not rounded away: a fact that moves nothing is none.
_NEVER_ZERO = ("quantity", "amount")
_LEFT_OUT = "left out: it follows from the rounded amounts"

# The columns whose value gives the unit of a column, the first that is given.
_OF_INSTRUMENT = "instrument"
_UNITS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "trades": {
        "quantity": (_OF_INSTRUMENT,),
        "gross_amount": ("currency",),
        _NET: ("currency",),
        "accrued_interest": ("currency",),
        **dict.fromkeys(FEES, ("fee_currency", "currency")),
    },
    "cash": {"amount": ("currency",)},
}


def round_source(source: Source, intake: Intake, *, context: Context) -> Source:
    """Return the rows with the declared columns rounded half to even at their units.

    The net of a trade of which anything was rounded is left out: it follows from the rounded
    amounts, and a net that was rounded by itself need not. Note: INTAKE_ROUNDED, with the original
    text, per value.
    """
    units = _UNITS.get(intake.kind, {})
    declared = [name for name in source.header if name in intake.rounding and name in units]
    if not declared:
        return source
    columns = {
        name: texts_of(values) for name, values in zip(source.header, source.columns, strict=True)
    }
    places = _decimals(context)
    notes: list[Finding] = []
    for position, number in enumerate(source.numbers):
        said: dict[str, tuple[str, str]] = {}
        for name in declared:
            owners = (columns[owner][position] for owner in units[name] if owner in columns)
            unit = next((owner for owner in owners if owner), "")
            text = columns[name][position]
            fitting = _rounded(text, places[units[name][-1]].get(unit))
            if fitting != text and not (name in _NEVER_ZERO and not fitting.strip("-0.")):
                columns[name][position] = fitting
                said[name] = (f"rounded half to even to {fitting}", text)
        net = columns[_NET][position] if said and _NET in columns else ""
        if net:
            said[_NET] = (_LEFT_OUT, said.get(_NET, ("", net))[1])
            columns[_NET][position] = ""
        notes.extend(
            Finding("INTAKE_ROUNDED", message, intake.file, number, name, original)
            for name, (message, original) in said.items()
        )
    rounded = tuple(columns[name] for name in source.header)
    return replace(source, columns=rounded, notes=[*source.notes, *notes])


def _decimals(context: Context) -> dict[str, dict[str, int]]:
    """Return the decimals of currencies, and of the quantities of instruments.

    The quantity of an exchange of currencies is money: it has the unit of its currency as well.
    """
    instruments = context.instruments
    quantities = {
        name: min(decimals, context.decimals.get(money, decimals))
        for name, decimals, money in zip(
            instruments["instrument"].to_pylist(),
            instruments["quantity_decimals"].to_pylist(),
            instruments["base_currency"].to_pylist(),
            strict=True,
        )
    }
    return {"currency": dict(context.decimals), _OF_INSTRUMENT: quantities}


def _rounded(text: str, decimals: int | None) -> str:
    """Return a number with no more decimals than its unit, anything else as it is."""
    if not text or decimals is None:
        return text
    try:
        mantissa, scale = parse_number(text)
        if scale <= decimals:
            return text
        return to_text(mul_div(mantissa, 1, 10 ** (scale - decimals)), decimals)
    except (Unreadable, NumberOverflow):
        return text
