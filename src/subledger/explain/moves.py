"""Cost that moved between lots: lots end in a pool or by an action, others stand for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from subledger.errors import InvariantError
from subledger.explain.material import Material, Month, Row, rows_where

CLOSES, OPENS = 1, 2
_MOVING = ("trade", "corporate_action")


@dataclass(frozen=True, slots=True)
class Move:
    """What entered a lot (positive) or left it, with the owner of the lot."""

    lot_id: str
    owner: tuple[str, str, str]
    quantity: int
    cost: int
    cost_base: int


@dataclass(frozen=True, slots=True)
class Touched:
    """What an entry did to lots beside reliefs: the lot that a trade opened, and the moves.

    Moves are in order, the new lot's last.
    """

    entry: Row
    measures: Row
    opened: str
    moves: Sequence[Move]

    def move_of(self, lot_id: str) -> Move | None:
        """Return the move of a lot, None where nothing moved."""
        return next((move for move in self.moves if move.lot_id == lot_id), None)


def relief_number(row: Row) -> int:
    """Return the place of a relief among those of its trade."""
    return int(row["relief_id"].rpartition(":r")[2])


def reliefs_of(month: Month, entry: Row) -> list[Row]:
    """Return the reliefs of the trade that an entry closes lots with, in order of relief."""
    if entry["event_kind"] != "trade" or entry["leg"] != CLOSES:
        return []
    key = {"trade_id": entry["event_id"], "version": entry["event_version"]}
    return sorted(rows_where(month.reliefs, **key), key=relief_number)


def owner_of(row: Row) -> tuple[str, str, str]:
    """Return book, strategy and broker account of a row."""
    return row["book"], row["strategy"], row["broker_account"]


def touched(month: Month, entry: Row, *, measures: Row, lines: Sequence[Row]) -> Touched:
    """Return what an entry did to lots: what its lines leave beside known reliefs."""
    sign = 1 if measures["side"] == "long" else -1
    found: dict[str, Move] = {}
    for line in lines:
        if line["quantity"] is not None and line["lot_id"]:
            one = Move(
                line["lot_id"],
                owner_of(line),
                *(sign * line[name] for name in ("quantity", "amount", "amount_base")),
            )
            found[one.lot_id] = _plus(found.get(one.lot_id), one)
    opened = ""
    if entry["leg"] == OPENS:
        news = [lot_id for lot_id, net in found.items() if net.quantity > 0]
        opened = news[0] if len(news) == 1 else entry["event_id"]
        if opened in found:
            given = (-measures[name] for name in ("quantity", "cost", "cost_base"))
            found[opened] = _plus(found[opened], Move(opened, found[opened].owner, *given))
    for row in reliefs_of(month, entry):
        if row["lot_id"] in found:
            carried = "cost" if row["side"] == "long" else "proceeds"
            taken = (row["quantity"], row[carried], row[f"{carried}_base"])
            owner = found[row["lot_id"]].owner
            found[row["lot_id"]] = _plus(found[row["lot_id"]], Move(row["lot_id"], owner, *taken))
    moves = [one for one in found.values() if one.quantity or one.cost or one.cost_base]
    return Touched(entry, measures, opened, sorted(moves, key=lambda one: one.quantity > 0))


def _plus(first: Move | None, second: Move) -> Move:
    if first is None:
        return second
    return Move(
        first.lot_id,
        first.owner,
        first.quantity + second.quantity,
        first.cost + second.cost,
        first.cost_base + second.cost_base,
    )


def moves_with(material: Material, lot_id: str) -> Iterator[tuple[Month, Touched]]:
    """Yield the standing entries that moved cost out of a lot or into it."""
    for month in material.months:
        seqs = {
            line["seq"]
            for line in rows_where(month.lines, lot_id=lot_id)
            if line["quantity"] is not None
        }
        for seq in sorted(seqs):
            entry = rows_where(month.entries, seq=seq)[0]
            if entry["event_kind"] not in _MOVING or entry["reverses"]:
                continue
            if rows_where(month.entries, reverses=entry["entry_id"]):
                continue
            lines = rows_where(month.lines, seq=seq)
            one = touched(month, entry, measures=measures_of(month, entry), lines=lines)
            if one.move_of(lot_id):
                yield month, one


_ENTRY_KEY = ("event_kind", "event_id", "event_version", "stage", "leg")


def measures_of(month: Month, entry: Row) -> Row:
    """Return the measures of an entry."""
    found = rows_where(month.measures, **{name: entry[name] for name in _ENTRY_KEY})
    if len(found) != 1:
        raise InvariantError(f"{entry['entry_id']} has {len(found)} rows of measures")
    return found[0]
