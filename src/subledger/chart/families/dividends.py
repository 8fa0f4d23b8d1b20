"""Dividends to which positions are entitled, and their payment; `difference` is a gain."""

from __future__ import annotations

from subledger.chart.dimensions import SIDES, EventKind, Family, Values, always


def _measures(values: Values) -> tuple[str, ...]:
    """Return the measures by `side`; nothing is withheld from what a short position owes."""
    if values["side"] == "short":
        return ("gross", "net")
    return ("gross", "withheld", "reclaimable", "net")


def _identities(values: Values) -> tuple[str, ...]:
    if values["side"] == "short":
        return ("net = gross",)
    return ("net = gross - withheld - reclaimable",)


def _payment_identities(values: Values) -> tuple[str, ...]:
    if values["side"] == "short":
        return ("local: paid = net - difference", "base: fx_gain = net - paid - difference")
    return ("local: paid = net + difference", "base: fx_gain = paid - net - difference")


DIVIDENDS = Family(
    events={
        "dividend": EventKind(
            dimensions={"side": SIDES},
            narration=("event_id", "instrument", "quantity"),
            measures=_measures,
            identities=_identities,
            item_measures=("net",),
            lines_of_items=("net",),
            with_instrument=True,
        ),
        "dividend_settlement": EventKind(
            dimensions={"side": SIDES},
            narration=("event_id", "instrument"),
            measures=always("net", "paid", "difference", "fx_gain", "revaluation_released"),
            identities=_payment_identities,
            lines_of_items=("net", "revaluation_released"),
            with_instrument=True,
        ),
    },
)
