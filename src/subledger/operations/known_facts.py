"""The facts that a month has to know: those since the last close, and what it left open.

A fact of a closed month is read again only where a later fact, or a sweep, names its trade.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.closing.knowledge import Known, Sealed
from subledger.columns import Texts, concatenate, rows_named, texts
from subledger.events.known import known_trades
from subledger.store.reading import Reading
from subledger.store.records import Segment
from subledger.tables import FACTS

_MOVED = ("trades", "settlements")


def known_facts(reading: Reading, sealed: Sealed) -> Known:
    """Return what is known of the open months, with the trades as the last close knew them.

    Trades that were finished when it sealed, and facts of closed days that it knew, may be absent.
    """
    trades, settlements = trade_facts(reading, sealed)
    then = pc.less_equal(trades["batch"], sealed.batch)
    settled_then = pc.less_equal(settlements["batch"], sealed.batch)
    now, odd = known_trades(trades, settlements)
    before = now.slice(0, 0)
    if sealed.batch:
        before, _ = known_trades(trades.filter(then), settlements.filter(settled_then))
    return Known(
        trades=now,
        trades_when_sealed=before,
        odd_settlements=odd,
        cash=_since(reading, "cash", sealed=sealed),
        corporate_actions=reading.facts("corporate_actions"),
        journals=_since(reading, "journals", sealed=sealed),
        opening_lots=reading.facts("opening_lots"),
        opening_balances=reading.facts("opening_balances"),
        trade_facts=trades,
        settlement_facts=settlements,
    )


def trade_facts(reading: Reading, sealed: Sealed) -> tuple[pa.Table, pa.Table]:
    """Return the facts of TRADES and SETTLEMENTS that can have an effect on the open months."""
    if sealed.open_trades is None or sealed.open_settlements is None:
        return reading.facts("trades"), reading.facts("settlements")
    segments = {kind: reading.segments(kind, "") for kind in _MOVED}
    new = [one for kind in _MOVED for one in segments[kind] if one.batch > sealed.batch]
    old = {kind: [one for one in segments[kind] if one.batch <= sealed.batch] for kind in _MOVED}
    parts = {"trades": [sealed.open_trades], "settlements": [sealed.open_settlements]}
    for one in new:
        parts[one.kind].append(reading.read(FACTS[one.kind], one))
    known = Texts.joined([texts(part, "trade_id") for kind in _MOVED for part in parts[kind]])
    kept = Texts.joined([texts(parts[kind][0], "trade_id") for kind in _MOVED])
    swept = Texts.of(sorted(sealed.swept_forward("trades")))
    for kind in _MOVED:
        for segment in old[kind]:
            if _may_name(segment, new, swept=swept):
                asked = Texts.joined([known, swept])
                parts[kind].append(_named(reading, segment, asked=asked, kept=kept))
    found = {kind: concatenate(FACTS[kind], parts[kind]) for kind in _MOVED}
    return found["trades"], found["settlements"]


def _may_name(segment: Segment, others: Iterable[Segment], *, swept: Texts) -> bool:
    """Say whether a segment may hold a trade that later ones, or sweeps, name.

    The manifest has the least and greatest trade id of each; that of an earlier program has not.
    """
    if segment.first_id is None or segment.last_id is None:
        return True
    spans = [(one.first_id or "", one.last_id) for one in others]
    spans += [(name, name) for name in swept.tolist()]
    return any(
        first <= segment.last_id and (last is None or last >= segment.first_id)
        for first, last in spans
    )


def _named(reading: Reading, segment: Segment, *, asked: Texts, kept: Texts) -> pa.Table:
    """Return the facts of a segment whose trades are asked for and are not kept already."""
    declared = FACTS[segment.kind]
    ids = texts(reading.read(declared, segment, columns=("trade_id",)), "trade_id")
    rows = np.flatnonzero((rows_named(ids, among=asked) >= 0) & (rows_named(ids, among=kept) < 0))
    if not len(rows):
        return declared.empty()
    return reading.read(declared, segment).take(pa.array(rows))


def _since(reading: Reading, kind: str, *, sealed: Sealed) -> pa.Table:
    """Return the facts of a kind but for segments that a close knew and that end before it."""
    parts: Sequence[Segment] = reading.segments(kind, "")
    if sealed.through is not None and not sealed.swept_forward(kind):
        through = sealed.through.isoformat()
        parts = [
            one
            for one in parts
            if one.batch > sealed.batch or one.last_day is None or one.last_day > through
        ]
    return concatenate(FACTS[kind], [reading.read(FACTS[kind], one) for one in parts])
