"""What an entry was made from: its measures, its cell of the decision table, its lots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from subledger.chart import Chart, Rule
from subledger.errors import InvariantError
from subledger.explain.legs import CLOSES, fee_policies
from subledger.explain.lines import Derivation, LotShare, rederive
from subledger.explain.lot_history import owner_of
from subledger.explain.lots import relief_number, require_history
from subledger.explain.material import Material, Month, Row, rows_where

ENTRY_KEY = ("event_kind", "event_id", "event_version", "stage", "leg")


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
    for cell in _cells(material, entry, measures=measures):
        rule = _rule(material, chart, entry=entry, cell=cell)
        found = Derivation(rule, cell, measures, lots)
        if rederive(found, lines, base=material.units.base) is not None:
            return found
    raise InvariantError(f"{entry['entry_id']}: rule {entry['rule']} does not give its lines")


def measures_of(month: Month, entry: Row) -> Row:
    """Return the measures of an entry."""
    found = rows_where(month.measures, **{name: entry[name] for name in ENTRY_KEY})
    if len(found) != 1:
        raise InvariantError(f"{entry['entry_id']} has {len(found)} rows of measures")
    return found[0]


def _rule(material: Material, chart: Chart, *, entry: Row, cell: Mapping[str, str]) -> Rule:
    on = entry["accounting_date"]
    rule = chart.rule_for(entry["event_kind"], cell, basis=material.policy.name, on=on)
    if not isinstance(rule, Rule) or rule.hash != entry["rule_hash"]:
        raise InvariantError(f"{entry['entry_id']}: the chart has no rule {entry['rule']} of then")
    return rule


def _cells(material: Material, entry: Row, *, measures: Row) -> Iterator[dict[str, str]]:
    """Yield the cell of an event; of a trade one per fee policy, that of the settings first."""
    kind = entry["event_kind"]
    if kind in ("contribution", "withdrawal"):
        cash = material.fact_rows("cash", event_id=entry["event_id"])[-1]
        yield {"settled": "at_once" if cash["settled_date"] == cash["date"] else "later"}
    elif kind == "capital_settlement":
        yield {"direction": measures["side"]}
    else:
        asset_class = str(material.instrument(instrument_of(material, entry))["asset_class"])
        if kind == "trade":
            given = {"side": measures["side"], "effect": measures["effect"]}
            for policy in fee_policies(_fee_policy(material, entry, asset_class=asset_class)):
                yield {"asset_class": asset_class, **given, "fees": policy}
        else:
            name = "direction" if kind == "settlement" else "side"
            yield {"asset_class": asset_class, name: measures["side"]}


def _fee_policy(material: Material, entry: Row, *, asset_class: str) -> str:
    trade = trade_of(material, entry)
    scope = {name: np.array([trade[name]], dtype=object) for name in ("book", "broker_account")}
    scope["asset_class"] = np.array([asset_class], dtype=object)
    on = np.array([entry["accounting_date"]], "datetime64[D]")
    return str(material.policy.resolve("fees", on, columns=scope)[0])


def instrument_of(material: Material, entry: Row) -> str:
    """Return the instrument of an entry of a trade, settlement, mark or lot taken over."""
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


def reliefs_of(month: Month, entry: Row) -> list[Row]:
    """Return the reliefs of the trade that an entry closes lots with, in order of relief."""
    if entry["event_kind"] != "trade" or entry["leg"] != CLOSES:
        return []
    key = {"trade_id": entry["event_id"], "version": entry["event_version"]}
    return sorted(rows_where(month.reliefs, **key), key=relief_number)


def lot_shares(
    material: Material, month: Month, *, entry: Row, measures: Row, lines: Sequence[Row]
) -> list[LotShare]:
    """Return the lots that an entry touches with their measures, in the order of its lines."""
    kind = entry["event_kind"]
    if kind == "trade" and entry["leg"] == CLOSES:
        return [_relieved(row) for row in reliefs_of(month, entry)]
    if kind in ("trade", "opening_lot"):
        local, base = {"cost": measures["cost"]}, {"cost": measures["cost_base"]}
        return [LotShare(entry["event_id"], measures["quantity"], local, base)]
    if kind == "mark":
        return [_marked(material, entry, lot_id=lot_id) for lot_id in marked_lots(lines)]
    return []


def _relieved(row: Row) -> LotShare:
    carried = "cost" if row["side"] == "long" else "proceeds"
    mine = owner_of(row) == (row["lot_book"], row["lot_strategy"], row["lot_broker_account"])
    local = {"cost_relieved": row[carried], "realised_price": row["gain"]}
    base = {
        "cost_relieved": row[f"{carried}_base"],
        "realised_price": row["gain_price_base"],
        "realised_fx": row["gain_fx_base"],
        "mark_released": row["mark_released"],
        "mark_fx_released": row["mark_fx_released"],
    }
    for view in (local, base):
        view["interbook_cost"] = 0 if mine else view["cost_relieved"]
    return LotShare(row["lot_id"], row["quantity"], local, base)


def marked_lots(lines: Sequence[Row]) -> list[str]:
    """Return the lots of a mark entry in the order of its lines."""
    return list(dict.fromkeys(line["lot_id"] for line in lines if line["lot_id"]))


def _marked(material: Material, entry: Row, *, lot_id: str) -> LotShare:
    step = require_history(material, lot_id).mark_on(entry["accounting_date"])
    if step is None:
        raise InvariantError(f"{entry['entry_id']} marks lot {lot_id}, which was not open")
    change = {"mark_change": step.change}
    return LotShare(lot_id, 0, change, change)
