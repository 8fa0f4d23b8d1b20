"""What an entry does to each lot: the measures that its lines per lot are made of."""

from __future__ import annotations

from collections.abc import Sequence

from subledger.errors import InvariantError
from subledger.explain.actions import predecessor_of
from subledger.explain.lines import LotShare
from subledger.explain.lot_history import JoinStep, require_history
from subledger.explain.material import Material, Month, Row
from subledger.explain.moves import Move, Touched, owner_of, reliefs_of, touched


def lot_shares(
    material: Material, month: Month, *, entry: Row, measures: Row, lines: Sequence[Row]
) -> list[LotShare]:
    """Return the lots that an entry touches with their measures, in the order of its lines."""
    kind = entry["event_kind"]
    if kind == "trade":
        one = touched(month, entry, measures=measures, lines=lines)
        key = {"trade_id": entry["event_id"], "version": entry["event_version"]}
        return [
            *(
                _joined(material, one, lot_id=move.lot_id)
                for move in one.moves
                if move.quantity < 0
            ),
            *(_relieved(material, row) for row in reliefs_of(month, entry)),
            *_moved(one, owner_of(material.fact_rows("trades", **key)[0])),
        ]
    if kind == "corporate_action":
        one = touched(month, entry, measures=measures, lines=lines)
        return [_acted(material, one, move=move) for move in one.moves]
    if kind == "opening_lot":
        return [_of_cost(entry["event_id"], measures)]
    if kind == "mark":
        return [_marked(material, entry, lot_id=lot_id) for lot_id in marked_lots(lines)]
    return []


def _of_cost(lot_id: str, measures: Row, *, elsewhere: bool = False) -> LotShare:
    """Return the lot that an entry opened; `elsewhere` says that it is another owner's."""
    cost, cost_base = measures["cost"], measures["cost_base"]
    return LotShare(
        lot_id,
        {"cost": cost, "interbook_cost": elsewhere * cost},
        {"cost": cost_base, "interbook_cost": elsewhere * cost_base},
        {"cost": measures["quantity"]},
    )


def _moved(one: Touched, owner: tuple[str, str, str]) -> list[LotShare]:
    """Return what moved between lots, and the lot that the leg opened, if it did."""
    shares = []
    opens = 1 if one.opened else -1
    for move in one.moves:
        elsewhere = opens * (move.owner != owner)
        local = {"cost_moved": move.cost, "interbook_cost": elsewhere * move.cost}
        base = {"cost_moved": move.cost_base, "interbook_cost": elsewhere * move.cost_base}
        shares.append(LotShare(move.lot_id, local, base, {"cost_moved": move.quantity}))
    if one.opened:
        pool = one.move_of(one.opened)
        elsewhere_ = pool is not None and pool.owner != owner
        shares.append(_of_cost(one.opened, one.measures, elsewhere=elsewhere_))
    return shares


def _joined(material: Material, one: Touched, *, lot_id: str) -> LotShare:
    """Return what a lot that ends releases of its mark: all that is left of it."""
    step = require_history(material, lot_id).joining
    if not isinstance(step, JoinStep):
        raise InvariantError(f"{one.entry['entry_id']} ends lot {lot_id}, which was not open")
    released = step.released
    base = {"mark_released": released.price, "mark_fx_released": released.fx}
    return LotShare(lot_id, {"mark_released": released.local}, base)


def _acted(material: Material, one: Touched, *, move: Move) -> LotShare:
    """Return what an action took from a lot or gave it: units, cost and mark."""
    sign = 1 if move.quantity > 0 else -1
    ended = predecessor_of(one, move.lot_id).lot_id if sign > 0 else move.lot_id
    step = require_history(material, ended).joining
    if not isinstance(step, JoinStep):
        raise InvariantError(f"{one.entry['entry_id']} ends lot {ended}, which was not open")
    left = step.released
    local = {"cost_moved": move.cost, "mark_moved": sign * left.local}
    base = {"cost_moved": move.cost_base, "mark_moved": sign * left.price}
    base["mark_fx_moved"] = sign * left.fx
    return LotShare(move.lot_id, local, base, {"cost_moved": move.quantity})


def _relieved(material: Material, row: Row) -> LotShare:
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
    local["mark_released"] = row["mark_released"]
    if row["currency"] != material.units.base:
        step = require_history(material, row["lot_id"]).relief(row["relief_id"])
        local["mark_released"] = step.after.released.local - step.before.released.local
    for view in (local, base):
        view["interbook_cost"] = 0 if mine else view["cost_relieved"]
    return LotShare(row["lot_id"], local, base, {"cost_relieved": row["quantity"]})


def marked_lots(lines: Sequence[Row]) -> list[str]:
    """Return the lots of a mark entry in the order of its lines."""
    return list(dict.fromkeys(line["lot_id"] for line in lines if line["lot_id"]))


def _marked(material: Material, entry: Row, *, lot_id: str) -> LotShare:
    step = require_history(material, lot_id).mark_on(entry["accounting_date"])
    if step is None:
        raise InvariantError(f"{entry['entry_id']} marks lot {lot_id}, which was not open")
    change = step.change
    base = {"mark_change": change.price, "mark_fx_change": change.fx}
    return LotShare(lot_id, {"mark_change": change.local}, base)
