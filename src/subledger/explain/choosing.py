"""Why a relief took the lot that it took: the method, and the figure that it ranks lots by."""

from __future__ import annotations

from subledger.explain.derivations import policy_of
from subledger.explain.figures import added, subtracted
from subledger.explain.lot_terms import LotTerms
from subledger.explain.lots import lot_figures
from subledger.explain.material import Row
from subledger.explain.moves import OPENS
from subledger.explain.nodes import Arithmetic
from subledger.explain.rates import Workings
from subledger.numbers import mul_div, part_of, to_text
from subledger.tables import FEES

_RANKED = ("HIFO", "LOFO", "HIGHEST_PRICE", "LOWEST_PRICE")
_MORE_DECIMALS = 4  # than the currency, of a cost per unit
_BECAUSE = {
    "FIFO": "the lot of its pool that came first is taken first",
    "LIFO": "the lot of its pool that came last is taken first",
    "AVERAGE": "one lot stands for its pool, at average cost",
    "SPECIFIC": "the trade names no lot, and none but this could be meant",
    "PRO_RATA": "all lots of its pool shrink in one proportion",
    "INTRADAY_FIFO": "lots of the day of the trade are taken first, then the lot that came first",
    "MIN_GAIN": "the lot with the smallest gain per unit is taken first",
    "MAX_GAIN": "the lot with the largest gain per unit is taken first",
    "BEST_TAX": "losses are taken first, short-term before long-term, then gains, long-term first",
}


def chosen_facts(written: Workings, terms: LotTerms, *, row: Row) -> list[tuple[str, object]]:
    """Return why a relief took its lot; a figure that lots are ranked by is written out."""
    key = {"trade_id": row["trade_id"], "version": row["version"]}
    trade = written.material.fact_rows("trades", **key)[0]
    if trade["lots"]:
        words = f"SPECIFIC: the trade names {trade['lots']}"
        named = [
            ("identified at", trade["identified_at"]),
            ("identified by", trade["identified_by"]),
        ]
        return [("chosen by", words), *named]
    asset_class = str(written.material.instrument(terms.instrument)["asset_class"])
    entry = {"accounting_date": row["accounting_date"]}
    method = policy_of(
        written.material, "lot_method", trade=trade, entry=entry, asset_class=asset_class
    )
    if method in _RANKED:
        _write_ranking(written, terms)
        return [("chosen by", f"{method}: {_ranked(str(method), terms.side)} is taken first")]
    return [("chosen by", f"{method}: {_BECAUSE[str(method)]}")]


def _ranked(method: str, side: str) -> str:
    """Return in words which lot a ranking takes first."""
    highest = method in ("HIFO", "HIGHEST_PRICE")
    if side == "long":
        return f"the {'highest' if highest else 'lowest'} cost per unit, with all fees,"
    # HIFO takes the least gain first: of shorts that is the lowest opening proceeds.
    if method in ("HIFO", "LOFO"):
        highest = not highest
    return f"the {'highest' if highest else 'lowest'} opening proceeds per unit, after all fees,"


def _write_ranking(written: Workings, terms: LotTerms) -> None:
    """Write out what a lot is ranked by, where it is known: its cost with all fees per unit."""
    figures = lot_figures(written.material, terms)
    long = terms.side == "long"
    name = "cost with fees" if long else "opening proceeds after fees"
    ranking_cost = terms.ranking_cost
    if ranking_cost is None:
        parts = _gross_and_fees(written, terms)
        if parts is None:
            return
        gross, fees = parts
        ranking_cost = gross + fees if long else gross - fees
        left, right = figures.money(gross), figures.money(fees)
        written.add(
            added(figures.money(ranking_cost), [left, right], formula=f"{name} = gross + fees")
            if long
            else subtracted(
                figures.money(ranking_cost), left, right=right, formula=f"{name} = gross - fees"
            )
        )
    decimals = figures.decimals
    places = decimals.decimals[terms.currency] + _MORE_DECIMALS
    shift = decimals.quantity_decimals.get(terms.instrument, 0) + _MORE_DECIMALS
    per_unit = to_text(mul_div(ranking_cost, 10**shift, terms.opened), places)
    words = f"round({figures.money(ranking_cost)} / {figures.units(terms.opened)})"
    written.add(Arithmetic(f"ranked by = round({name} / units opened)", f"{per_unit} = {words}"))


def _gross_and_fees(written: Workings, terms: LotTerms) -> tuple[int, int] | None:
    """Return gross and all fees of what opened a lot, in its currency."""
    material = written.material
    if terms.origin == "opening_lot":
        return terms.cost, 0
    key = {"event_kind": "trade", "event_id": terms.lot_id, "event_version": terms.version}
    for _, leg in material.rows("measures", **key, leg=OPENS):
        if leg["fee_currency"] in ("", leg["currency"]):
            return leg["gross"], leg["fees"]
        if terms.recognised is None:
            return None
        fact = material.fact_rows("trades", trade_id=terms.lot_id, version=terms.version)[0]
        given = written.rate(leg["fee_currency"], terms.recognised)
        wanted = written.rate(leg["currency"], terms.recognised)
        if given is None or wanted is None:
            return None
        whole = given.over(wanted).value(sum(fact[fee] for fee in FEES))
        closed = fact["quantity"] - leg["quantity"]
        return leg["gross"], whole - part_of(whole, closed, fact["quantity"])
    return None
