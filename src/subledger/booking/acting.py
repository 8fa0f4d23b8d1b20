"""Corporate actions on open lots at the start of the ex-date: each ends, and has a successor.

Positions by accounting date at the close before the ex-date are concerned, as with dividends. Units
change per broker account and side, rounded once there; cost, mark and days of acquisition go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import (
    ACTION,
    Amounts,
    Drafts,
    LotRows,
    classes_of,
    quantity_decimals,
    repeated,
)
from subledger.booking.excepting import refused_rows
from subledger.booking.lot_facts import OWNER
from subledger.booking.naming_lots import LotNames, chains_of
from subledger.booking.part import Booked, Part, posted, without_lots
from subledger.booking.trading import engine_lots
from subledger.columns import (
    Codes,
    Flags,
    Texts,
    build,
    concatenate,
    days,
    group_codes,
    numbers,
    rows_named,
    taken,
    texts,
)
from subledger.lots.actions import Scaled, scaled
from subledger.lots.ratios import units_for
from subledger.numbers import Int64Array, parse_decimal, subtract_columns
from subledger.tables import LOTS

# Kinds of which a lot has exactly one successor, at the cost that it has.
ONE_SUCCESSOR = ("split", "reverse_split", "stock_dividend", "symbol_change")
_MARKS = ("mark_local", "mark", "mark_fx")
_RENAMED = "symbol_change"


class Changed(NamedTuple):
    """The open LOTS after actions, row by row as they were before, and what was booked."""

    lots: pa.Table
    made: Sequence[Booked]
    exceptions: Sequence[pa.Table]


class _Found(NamedTuple):
    """The lots that the actions of one pass concern, and what becomes of them."""

    rows: Codes  # of LOTS
    action: Codes  # of each of these lots, the row of its action
    of_group: Codes  # of each broker account and instrument, the row of its action
    scaled: Scaled
    names: LotNames


def books_alone(actions: pa.Table) -> list[bool]:
    """Say of each row of actions whether lots, and nothing else, can be booked for it.

    A stock dividend of another instrument divides cost, and a price for fractions pays cash.
    """
    columns = ("kind", "instrument", "new_instrument", "cash_in_lieu_price")
    rows = zip(*(texts(actions, name) for name in columns), strict=True)
    return [
        kind in ONE_SUCCESSOR
        and (kind == _RENAMED or other in ("", own))
        and (not price or not parse_decimal(price)[0])
        for kind, own, other, price in rows
    ]


def passes(actions: pa.Table) -> Iterator[Codes]:
    """Yield the rows of one day's actions that lots meet at once, one after the other.

    An instrument has one at a time, by event id; one that other lots are moved into waits for them.
    """
    own, new = list(texts(actions, "instrument")), list(texts(actions, "new_instrument"))
    ids, kinds = list(texts(actions, "event_id")), list(texts(actions, "kind"))
    left = sorted(range(len(ids)), key=lambda row: ids[row])
    while left:
        entered = {new[row] for row in left if kinds[row] == _RENAMED}
        first: dict[str, int] = {}
        for row in left:
            first.setdefault(own[row], row)
        # Instruments that change places wait for each other, and so none of them waits.
        chosen = [row for name, row in first.items() if name not in entered] or list(first.values())
        left = [row for row in left if row not in chosen]
        yield np.array(chosen, np.intp)


def act(lots: pa.Table, actions: pa.Table, *, part: Part) -> Changed:
    """Return open LOTS, in the order of arrival, after the actions of one day.

    An action that leaves a fraction of a unit that nothing is said of, or a lot without a unit, is
    an exception, whole: no lot of any account is changed by it.
    """
    made: list[Booked] = []
    exceptions: list[pa.Table] = []
    for rows in passes(actions):
        of_pass = taken(actions, rows)
        found = _found(lots, of_pass)
        refused = _refused(found, of_pass, part=part)
        if refused.any():
            exceptions.append(_exceptions(taken(of_pass, np.flatnonzero(refused)), part=part))
            of_pass = taken(of_pass, np.flatnonzero(~refused))
            found = _found(lots, of_pass)
        if len(found.rows):
            ended = taken(lots, found.rows)
            begun = _successors(ended, of_pass, found=found)
            drafts = _drafts(ended, begun, actions=of_pass, found=found, part=part)
            made.append(without_lots(posted(part, drafts, within=drafts.within)))
            place = np.arange(lots.num_rows)
            place[found.rows] = lots.num_rows + np.arange(len(found.rows))
            lots = taken(concatenate(LOTS, [lots, begun]), place)
    return Changed(lots, made, exceptions)


def _found(lots: pa.Table, actions: pa.Table) -> _Found:
    """Return what becomes of the lots whose instruments have one of these actions."""
    action = rows_named(texts(lots, "instrument"), among=texts(actions, "instrument"))
    rows = np.flatnonzero(action >= 0)
    action, chosen = action[rows].astype(np.intp), taken(lots, rows)
    chains, version = chains_of(texts(chosen, "lot_id"))
    of_lot = chains.codes.astype(np.int64)
    names = LotNames(chains.values, of_lot, version, np.empty(0, np.int64))
    nothing = np.zeros(len(rows), np.int64)
    engine = engine_lots(chosen, nothing, since=nothing, names=names)
    group, first = group_codes([texts(chosen, "broker_account"), texts(chosen, "instrument")])
    new, per = ratios(actions)
    result = scaled(engine, group, new=new[action], per=per[action], version=version + 1)
    return _Found(rows, action, action[first], result, names)


def ratios(actions: pa.Table) -> tuple[Int64Array, Int64Array]:
    """Return for each action the new units, and the old ones that they stand for."""
    columns = [texts(actions, name) for name in ("kind", "ratio", "per")]
    codes, first = group_codes(columns)
    pairs = [
        units_for(kind, "1", per="1") if kind == _RENAMED else units_for(kind, ratio, per=per)
        for kind, ratio, per in zip(*(column[first] for column in columns), strict=True)
    ]
    found = np.array(pairs, np.int64).reshape(-1, 2)[codes]
    return found[:, 0], found[:, 1]


def _refused(found: _Found, actions: pa.Table, *, part: Part) -> Flags:
    """Say of each action whether it leaves a fraction that counts, or a lot without a unit."""
    refused = np.zeros(actions.num_rows, bool)
    refused[found.action[found.scaled.without_units.lot_from]] = True
    names = texts(actions, "instrument")
    whole = names.looked_up(quantity_decimals(part.terms)) == 0
    kept = texts(actions, "cash_in_lieu_price") == ""
    left = found.scaled.fractions
    odd = np.zeros(actions.num_rows, bool)
    odd[found.of_group[left.group[left.numerator > 0]]] = True
    found_odd: Flags = refused | (odd & whole & kept)
    return found_odd


def _exceptions(actions: pa.Table, *, part: Part) -> pa.Table:
    words = [
        f"{kind} of {name} leaves a fraction of a unit"
        for kind, name in zip(texts(actions, "kind"), texts(actions, "instrument"), strict=True)
    ]
    return refused_rows(
        actions,
        basis=part.terms.policy.name,
        code="ACTION_FRACTION",
        keys={"event": "event_id", "date": "accounting_date", "amount": ""},
        message=Texts.of(words),
    )


def _successors(ended: pa.Table, actions: pa.Table, *, found: _Found) -> pa.Table:
    """Return LOTS that stand for those that ended: with what is left of their cost and mark."""
    after = found.scaled.acted.lots
    nothing = np.zeros(len(found.rows), np.int64)
    renamed, new = texts(actions, "kind") == _RENAMED, texts(actions, "new_instrument")
    of_lot = found.action
    return build(
        LOTS,
        {name: ended.column(name) for name in LOTS.schema.names}
        | {
            "lot_id": found.names.lot_ids(after.name, after.version),
            "instrument": Texts.either(renamed[of_lot], new[of_lot], texts(ended, "instrument")),
            "opened": after.opened,
            "cost": after.cost,
            "cost_base": after.cost_base,
            "ranking_cost": after.ranking_cost,
            **dict.fromkeys(("closed", "relieved", "relieved_base"), nothing),
            "marked_quantity": np.where(numbers(ended, "marked_quantity") > 0, after.opened, 0),
            **{name: _mark_left(ended, name) for name in _MARKS},
            **{f"{name}_released": nothing for name in _MARKS},
        },
    )


def _mark_left(lots: pa.Table, name: str) -> Int64Array:
    return subtract_columns(numbers(lots, name), numbers(lots, f"{name}_released"))


def _drafts(
    ended: pa.Table, begun: pa.Table, *, actions: pa.Table, found: _Found, part: Part
) -> Drafts:
    """Return a draft per action and side, with the lots that end before those that begin."""
    short = (texts(ended, "side") == "short").astype(np.intp)
    entry, draft = np.unique(found.action * 2 + short, return_inverse=True)
    action, count = entry // 2, len(entry)
    side = Texts.either(entry % 2 == 0, "long", "short")
    names, nothing = texts(actions, "instrument")[action], repeated("", count)
    on, (new, per) = days(actions, "accounting_date")[action], ratios(actions)
    lots = _lot_rows(ended, begun, draft=np.concatenate([draft, draft]).astype(np.intp))
    kinds = texts(actions, "kind")[action]
    within = None
    if part.ranks is not None:
        every = texts(part.lot_actions, "event_id")
        place = rows_named(texts(actions, "event_id")[action], among=every)
        within = part.ranks.lot_actions[place] * 2 + entry % 2
    return Drafts(
        event="corporate_action",
        kind="normal",
        day_order=ACTION,
        cells={"kind": kinds, "asset_class": classes_of(names, part.asset_class), "side": side},
        event_id=texts(actions, "event_id")[action],
        event_version=np.ones(count, np.int64),
        stage="action/" + side,
        leg=np.zeros(count, np.int64),
        accounting_date=on,
        activity_date=on,
        book=nothing,
        strategy=nothing,
        broker_account=nothing,
        counterparty=nothing,
        instrument=names,
        currency=texts(ended, "currency")[np.unique(draft, return_index=True)[1]],
        amounts={name: one.summed(lots.draft, count) for name, one in lots.amounts.items()},
        words={
            "event_id": texts(actions, "event_id")[action],
            "instrument": names,
            "kind": kinds.mapped({kind: kind.replace("_", " ") for kind in ONE_SUCCESSOR}),
            "new": Texts.of([str(n) for n in new[action].tolist()]),
            "per": Texts.of([str(n) for n in per[action].tolist()]),
        },
        lots=lots,
        within=within,
    )


def _lot_rows(ended: pa.Table, begun: pa.Table, *, draft: Codes) -> LotRows:
    """Return what leaves the lots that end and enters those that begin."""

    def both(name: str) -> Texts:
        return Texts.joined([texts(ended, name), texts(begun, name)])

    def moved(values: Int64Array) -> Int64Array:
        return np.concatenate([-values, values])

    units = np.concatenate(
        [
            subtract_columns(numbers(ended, "closed"), numbers(ended, "opened")),
            numbers(begun, "opened"),
        ]
    )
    return LotRows(
        draft=draft,
        lot_id=both("lot_id"),
        **{name: both(name) for name in OWNER},
        amounts={
            "cost_moved": Amounts.of(
                moved(numbers(begun, "cost")), moved(numbers(begun, "cost_base"))
            ),
            "mark_moved": Amounts.of(
                moved(numbers(begun, "mark_local")), moved(numbers(begun, "mark"))
            ),
            "mark_fx_moved": Amounts.base_only(moved(numbers(begun, "mark_fx"))),
        },
        units={"cost_moved": units},
        instrument=both("instrument"),
    )
