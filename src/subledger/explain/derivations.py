"""What an entry was made from: its measures, its cell of the decision table, its lots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from subledger.booking.items import ITEMS
from subledger.booking.money import accounts_of_slot
from subledger.chart import Chart, Rule
from subledger.chart.measures import EVENTS_WITH_INSTRUMENT
from subledger.columns import Texts
from subledger.errors import InvariantError
from subledger.explain.actions import action_of
from subledger.explain.legs import fee_policies
from subledger.explain.lines import Derivation, rederive
from subledger.explain.material import Material, Month, Row
from subledger.explain.moves import measures_of
from subledger.explain.shares import lot_shares


def derivation(
    material: Material, month: Month, *, entry: Row, lines: Sequence[Row]
) -> Derivation | None:
    """Return what an entry was made from; None for one that names its accounts itself.

    Raises InvariantError when the chart that it was posted with does not give its lines.
    """
    if not entry["rule"]:
        return None
    measures = measures_of(month, entry)
    chart = material.chart_at(material.batch_of(entry["seq"]))
    lots = lot_shares(material, month, entry=entry, measures=measures, lines=lines)
    for cell in _cells(material, chart, entry=entry, measures=measures):
        rule = _rule(material, chart, entry=entry, cell=cell)
        found = Derivation(rule, cell, measures, lots)
        if rederive(found, lines) is not None:
            return found
    raise InvariantError(f"{entry['entry_id']}: rule {entry['rule']} does not give its lines")


def _rule(material: Material, chart: Chart, *, entry: Row, cell: Mapping[str, str]) -> Rule:
    on = entry["accounting_date"]
    rule = chart.rule_for(entry["event_kind"], cell, basis=material.policy.name, on=on)
    if not isinstance(rule, Rule) or rule.hash != entry["rule_hash"]:
        raise InvariantError(f"{entry['entry_id']}: the chart has no rule {entry['rule']} of then")
    return rule


def _cells(
    material: Material, chart: Chart, *, entry: Row, measures: Row
) -> Iterator[dict[str, str]]:
    """Yield the cell of an event; of a trade one per fee policy, that of the settings first."""
    kind, side = entry["event_kind"], measures["side"]
    if kind in ("contribution", "withdrawal"):
        cash = material.fact_rows("cash", event_id=entry["event_id"])[-1]
        yield {"settled": "at_once" if cash["settled_date"] == cash["date"] else "later"}
    elif kind == "cash":
        cash = material.fact_rows("cash", event_id=entry["event_id"])[-1]
        yield {"kind": cash["kind"], "direction": side}
    elif kind == "capital_settlement":
        yield {"direction": side}
    elif kind in ("dividend", "dividend_settlement"):
        yield {"side": side}
    elif kind == "fx_trade":
        yield {"side": side, "fee_currency": _same_or_other(measures, "fee_currency")}
    elif kind == "revaluation":
        yield {"of": revalued(material, chart, event_id=entry["event_id"])}
    elif kind in EVENTS_WITH_INSTRUMENT:
        yield from _instrument_cells(material, entry=entry, measures=measures)
    else:
        yield {}


def _instrument_cells(material: Material, *, entry: Row, measures: Row) -> Iterator[dict[str, str]]:
    kind, side = entry["event_kind"], measures["side"]
    asset_class = str(material.instrument(instrument_of(material, entry))["asset_class"])
    if kind == "settlement":
        item = ITEMS[entry["leg"]]
        yield {"asset_class": asset_class, "item": item, "direction": side}
    elif kind == "corporate_action":
        action = action_of(material, entry["event_id"])
        yield {"kind": action["kind"], "asset_class": asset_class, "side": side}
    elif kind == "trade":
        currencies = {
            "fee_currency": _same_or_other(measures, "fee_currency"),
            "settlement": _same_or_other(measures, "settlement_currency"),
        }
        for policy in fee_policies(_fee_policy(material, entry, asset_class=asset_class)):
            known = {"asset_class": asset_class, "side": side, "effect": measures["effect"]}
            yield {**known, "fees": policy, **currencies}
    else:
        yield {"asset_class": asset_class, "side": side}


def _same_or_other(measures: Row, name: str) -> str:
    return "same" if measures[name] in ("", measures["currency"]) else "other"


def revalued(material: Material, chart: Chart, *, event_id: str) -> str:
    """Return what a revaluation is of, as `chart.measures.REVALUED` names it."""
    if event_id.startswith("revaluation:"):
        account = event_id.removeprefix("revaluation:").partition("/")[0]
        return "cash" if account in accounts_of_slot(chart, "cash") else "other"
    event, _, last = event_id.rpartition("/")
    if last in ITEMS and material.fact_rows("trades", trade_id=event):
        return "unsettled"
    return "entitlement"


def _fee_policy(material: Material, entry: Row, *, asset_class: str) -> str:
    trade = trade_of(material, entry)
    return str(policy_of(material, "fees", trade=trade, entry=entry, asset_class=asset_class))


def policy_of(
    material: Material, setting: str, *, trade: Row, entry: Row, asset_class: str
) -> object:
    """Return a policy as it is for a trade on the accounting date of its entry."""
    scope = {name: Texts.of([trade[name]]) for name in ("book", "broker_account")}
    scope["asset_class"] = Texts.of([asset_class])
    on = np.array([entry["accounting_date"]], "datetime64[D]")
    return material.policy.resolve(setting, on, columns=scope)[0]


def instrument_of(material: Material, entry: Row) -> str:
    """Return the instrument of an entry of a trade, settlement, mark, action or lot taken over."""
    if entry["event_kind"] == "corporate_action":
        return str(action_of(material, entry["event_id"])["instrument"])
    if entry["event_kind"] == "mark":
        return str(entry["event_id"].removeprefix("mark:").rpartition(":")[0])
    if entry["event_kind"] == "opening_lot":
        taken = material.fact_rows("opening_lots", lot_id=entry["event_id"])
        return str(taken[-1]["instrument"])
    return str(trade_of(material, entry)["instrument"])


def trade_of(material: Material, entry: Row) -> Row:
    """Return the first fact of the version of the trade that an entry books."""
    key = {"trade_id": entry["event_id"], "version": entry["event_version"]}
    return material.fact_rows("trades", **key)[0]
