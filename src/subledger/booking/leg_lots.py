"""The lots that legs touch: what leaves them, what is joined to a pool, what opens them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from subledger.booking.drafts import Amounts, LotRows
from subledger.booking.gains import ReliefAmounts, owned_elsewhere
from subledger.booking.marking import Leaving, Marked
from subledger.booking.trading import Traded
from subledger.columns import Codes
from subledger.numbers import Int64Array, add_columns


class _Parts(NamedTuple):
    """How many rows there are of each part, in the order in which they stand."""

    leaving: int
    joined: int
    opened: int

    def units(self, part: str, values: Int64Array) -> Int64Array:
        """Return the values of one part as a column of all rows, zero elsewhere."""
        place = self._fields.index(part)
        before, after = sum(self[:place]), sum(self[place + 1 :])
        return np.concatenate([np.zeros(before, np.int64), values, np.zeros(after, np.int64)])

    def amounts(self, part: str, values: Amounts) -> Amounts:
        """Return the amounts of one part as a measure of all rows."""
        local = self.units(part, values.local)
        same = values.base is values.local
        return Amounts(local, local if same else self.units(part, values.base))


def leg_lots(traded: Traded, marked: Marked, *, reliefs: ReliefAmounts) -> LotRows:
    """Return what each leg does to lots, with the measures that belong to one lot."""
    legs, leaving, moves = traded.relieved.legs, marked.leaving, traded.relieved.moves
    opening = np.flatnonzero(legs.opens)
    lot = np.concatenate([leaving.lot, moves.lot, legs.lot[opening]])
    leg = np.concatenate([leaving.leg, moves.leg, opening]).astype(np.intp)
    parts = _Parts(len(leaving.lot), len(moves.lot), len(opening))
    released, none = marked.released, np.zeros(len(reliefs.gain), np.int64)

    def relieved(local: Int64Array, base: Int64Array) -> Amounts:
        return parts.amounts("leaving", _of_reliefs(leaving, Amounts.of(local, base)))

    cost_relieved = relieved(reliefs.cost, reliefs.cost_base)
    cost = parts.amounts("opened", _acquired(traded, opening))
    moved = parts.amounts("joined", Amounts.of(moves.cost, moves.cost_base))
    # What a lot of another owner gains in cost is owed by it at an opening, to it at a closing.
    gained = cost_relieved.plus(cost).plus(moved.signed(np.where(legs.opens[leg], 1, -1)))
    elsewhere = owned_elsewhere(traded, lot=lot, trade_row=legs.trade[leg])
    owners = traded.facts
    return LotRows(
        draft=leg,
        lot_id=owners.lot_id[lot],
        **owners.owner(lot),
        amounts={
            "cost_relieved": cost_relieved,
            "cost_moved": moved,
            "cost": cost,
            "interbook_cost": gained.signed(elsewhere.astype(np.int64)),
            "realised_price": relieved(reliefs.gain, reliefs.price_base),
            "realised_fx": relieved(none, reliefs.fx_base),
            "mark_released": parts.amounts("leaving", Amounts.of(released.local, released.price)),
            "mark_fx_released": parts.amounts("leaving", Amounts.base_only(released.fx)),
        },
        units={
            "cost_relieved": parts.units(
                "leaving", np.where(leaving.relief >= 0, leaving.quantity, 0)
            ),
            "cost_moved": parts.units("joined", moves.quantity),
            "cost": parts.units("opened", legs.quantity[opening]),
        },
    )


def _of_reliefs(leaving: Leaving, amounts: Amounts) -> Amounts:
    """Return amounts of reliefs for everything that leaves lots; a joining has none."""
    if not (leaving.relief < 0).any():
        return amounts.at(leaving.relief)
    # Row -1 is a zero behind the others: where lots are joined alone, there are no others.
    return Amounts.of(*(np.append(one, 0)[leaving.relief] for one in (amounts.local, amounts.base)))


def _acquired(traded: Traded, opening: Codes) -> Amounts:
    """Return the cost of what opening legs acquired: gross with or less what goes into cost."""
    legs = traded.relieved.legs
    side = legs.side[opening]
    return Amounts.of(
        add_columns(legs.gross[opening], side * legs.fees[opening]),
        add_columns(legs.gross_base[opening], side * legs.fees_base[opening]),
    )
