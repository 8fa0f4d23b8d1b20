"""Corporate actions on lots explained: the units of each broker account and side, lot by lot."""

from __future__ import annotations

from collections.abc import Sequence

from subledger.booking.acting import ONE_SUCCESSOR
from subledger.booking.naming_lots import chain_of
from subledger.errors import InvariantError
from subledger.explain.material import Material, Row
from subledger.explain.moves import Move, Touched
from subledger.explain.nodes import Arithmetic, Node
from subledger.lots.ratios import units_for


def action_of(material: Material, event_id: str) -> Row:
    """Return the fact of a corporate action."""
    return material.fact_rows("corporate_actions", event_id=event_id)[-1]


def ratio_of(action: Row) -> tuple[int, int]:
    """Return the new units, and the old ones that they stand for."""
    ratio, per = (
        action[name] if action["kind"] != "symbol_change" else "1" for name in ("ratio", "per")
    )
    return units_for(action["kind"], ratio, per=per)


def is_acted_on(material: Material, instrument: str) -> bool:
    """Say whether lots of an instrument can be what a corporate action left."""
    return any(
        row["kind"] in ONE_SUCCESSOR
        for column in ("instrument", "new_instrument")
        for row in material.fact_rows("corporate_actions", **{column: instrument})
    )


def action_text(action: Row) -> str:
    """Return an action in words."""
    return f"{action['kind'].replace('_', ' ')} {action['event_id']}"


def successor_of(one: Touched, lot_id: str) -> Move:
    """Return what entered the lot that stands for one that an action ended."""
    chain, version = chain_of(lot_id)
    found = one.move_of(f"{chain}#{version + 1}")
    if found is None:
        raise InvariantError(f"{one.entry['entry_id']}: lot {lot_id} has no successor")
    return found


def predecessor_of(one: Touched, lot_id: str) -> Move:
    """Return what left the lot for which this one stands since an action."""
    chain, version = chain_of(lot_id)
    found = one.move_of(chain if version == 2 else f"{chain}#{version - 1}")  # noqa: PLR2004
    if found is None:
        raise InvariantError(f"{one.entry['entry_id']}: lot {lot_id} stands for none")
    return found


def units_node(material: Material, action: Row, *, one: Touched) -> Node:
    """Return how many units each lot has after an action, worked out account by account.

    The units so far of an account, the oldest lot first, are rounded down together.
    """
    (new, per), written = ratio_of(action), []
    places = material.figures(one.measures["currency"], action["instrument"])
    so_far: dict[str, int] = {}
    for ended in _ended(one):
        account = ended.owner[2]
        before = so_far.get(account, 0)
        after = so_far[account] = before - ended.quantity
        units = after * new // per - before * new // per
        begun = successor_of(one, ended.lot_id)
        if units != begun.quantity:
            raise InvariantError(f"lot {begun.lot_id}: booked {begun.quantity}, replayed {units}")
        held, had, got = (places.units(n) for n in (after, after * new // per, units))
        earlier = places.units(before * new // per)
        written.append(
            Arithmetic(
                f"units of {begun.lot_id} = units so far of {account} at {new} for {per},"
                f" {held} held, rounded down - before",
                f"{got} = {had} - {earlier}",
            )
        )
    return Node("lot", f"Units after {action_text(action)}", (), tuple(written))


def _ended(one: Touched) -> Sequence[Move]:
    return [move for move in one.moves if move.quantity < 0]
