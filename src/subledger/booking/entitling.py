"""Dividends: who is entitled on the ex-date, and which cash settles it.

Positions by accounting date at the close before the ex-date are entitled. The broker pays per
account, so the amount of an account is rounded once and split over its books and strategies by
quantity; tax is withheld on the net position of the account. Income is recognised on the ex-date,
or on the day of payment where that is the policy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import quantity_decimals
from subledger.booking.excepting import refused_rows
from subledger.booking.inputs import Terms
from subledger.booking.lot_facts import OWNER
from subledger.booking.marking import Leaving
from subledger.booking.trading import Traded
from subledger.columns import Days, Texts, concatenate, days, group_codes, ordered, texts
from subledger.numbers import (
    Int64Array,
    allocate,
    group_sums,
    mul_div,
    parse_decimal,
    product,
    to_text,
)
from subledger.tables import ENTITLEMENTS


@dataclass(frozen=True, slots=True)
class Payment:
    """Cash rows of one day that settle the entitlements of one event at one broker account.

    `difference` is what came beyond what was expected, within the tolerance.
    """

    rows: tuple[int, ...]
    entitled: tuple[int, ...]
    difference: int


@dataclass(frozen=True, slots=True)
class Matched:
    """Dividend cash: payments, rows that no known event explains, and rows that differ from one."""

    payments: list[Payment]
    without_event: list[int]
    differing: list[tuple[int, str]]


class _Flow(NamedTuple):
    """Units that entered (positive) or left lots, one row each."""

    on: Days
    lot: Int64Array
    units: Int64Array


def entitled(actions: pa.Table, traded: Traded, *, leaving: Leaving, terms: Terms) -> pa.Table:
    """Return ENTITLEMENTS of DATED_ACTIONS, not yet recognised."""
    flow = _flow(traded, leaving)
    facts, sides = traded.facts, traded.relieved.lots.side
    parts = []
    for action in actions.filter(pa.array(texts(actions, "stage") == "entitlement")).to_pylist():
        on = np.datetime64(action["accounting_date"])
        of_it = facts.instrument == action["instrument"]
        rows = np.flatnonzero((flow.on < on) & of_it[flow.lot])
        lot = flow.lot[rows]
        keys = [*facts.owner(lot).values(), Texts.either(sides[lot] > 0, "long", "short")]
        codes, first = group_codes(keys)
        units = group_sums(codes, flow.units[rows], len(first))
        owners = zip(*(key[first] for key in keys), strict=True)
        held = dict(zip(owners, units.tolist(), strict=True))
        parts.append(_of_action(action, held, terms=terms))
    return ordered(ENTITLEMENTS, concatenate(ENTITLEMENTS, parts))


def _flow(traded: Traded, leaving: Leaving) -> _Flow:
    """Return every movement of units of lots, with its accounting date."""
    engine, dates = traded.relieved, traded.dates
    given = np.arange(traded.opening_lots.num_rows)
    opening = np.flatnonzero(engine.legs.opens)
    joined = np.flatnonzero(engine.moves.quantity > 0)
    recognised = traded.recognised
    of_leg = dates[engine.legs.trade]
    # A lot taken over on a day is held at the end of it.
    return _Flow(
        np.concatenate(
            [
                recognised[given],
                of_leg[opening],
                of_leg[engine.moves.leg[joined]],
                of_leg[leaving.leg],
            ]
        ),
        np.concatenate(
            [given, engine.legs.lot[opening], engine.moves.lot[joined], leaving.lot]
        ).astype(np.int64),
        np.concatenate(
            [
                engine.lots.opened[given] - traded_closed(traded),
                engine.legs.quantity[opening],
                engine.moves.quantity[joined],
                -leaving.quantity,
            ]
        ),
    )


def traded_closed(traded: Traded) -> Int64Array:
    """Return the units of each given lot that were relieved before the window."""
    return np.asarray(traded.opening_lots.column("closed").to_numpy(), np.int64)


def _of_action(
    action: Mapping[str, Any], held: Mapping[tuple[str, ...], int], *, terms: Terms
) -> pa.Table:
    """Return the ENTITLEMENTS of one dividend, each account's amounts split over its owners."""
    shares: dict[tuple[str, str], list[tuple[tuple[str, ...], int]]] = {}
    for key, units in sorted(held.items()):
        if units:
            shares.setdefault((key[OWNER.index("broker_account")], key[-1]), []).append(
                (key, units)
            )
    units_of = {key: sum(units for _, units in owners) for key, owners in shares.items()}
    rows: list[dict[str, Any]] = []
    for (account, side), owners in shares.items():
        # The broker knows one position per account, and withholds tax on that.
        net = units_of[account, side] - units_of.get((account, "short"), 0)
        taxed = max(net, 0) if side == "long" else 0
        rows.extend(_split(action, owners, taxed=taxed, terms=terms))
    columns = {name: [row[name] for row in rows] for name in ENTITLEMENTS.schema.names}
    return pa.table(columns, schema=ENTITLEMENTS.schema)


def _split(
    action: Mapping[str, Any],
    owners: Sequence[tuple[tuple[str, ...], int]],
    *,
    taxed: int,
    terms: Terms,
) -> Iterator[dict[str, Any]]:
    """Yield an entitlement per owner of one account and side; `taxed` units bear withholding."""
    weights = [units for _, units in owners]
    places = quantity_decimals(terms)[action["instrument"]]
    shift = places + action["amount_scale"] - terms.decimals[action["currency"]]
    gross = product(sum(weights), action["amount_mantissa"], shift)
    on_taxed = product(taxed, action["amount_mantissa"], shift)
    fractions = {
        name: mul_div(on_taxed, action[f"{name}_mantissa"], 10 ** action[f"{name}_scale"])
        for name in ("withholding", "reclaimable")
    }
    split = zip(
        owners,
        allocate(gross, weights),
        allocate(fractions["withholding"] - fractions["reclaimable"], weights),
        allocate(fractions["reclaimable"], weights),
        strict=True,
    )
    for (key, units), amount, withheld, reclaimable in split:
        yield {
            **{name: action[name] for name in ("event_id", "instrument", "ex_date", "pay_date")},
            **{name: action[name] for name in ("currency", "batch", "row")},
            **dict(zip((*OWNER, "side"), key, strict=True)),
            "quantity": units,
            "gross": amount,
            "withheld": withheld,
            "reclaimable": reclaimable,
            "net": amount - withheld - reclaimable,
            "net_base": 0,
            "revalued": 0,
            "recognised": False,
            "account": "",
        }


def match(cash: pa.Table, items: pa.Table, *, announced: frozenset[str], terms: Terms) -> Matched:
    """Match dividend and withholding rows of DATED_CASH with ENTITLEMENTS, day by day.

    A row belongs to the announced event that it names in `reference`, or to the only open one of
    its instrument, broker account and day of payment. All rows of one day, event and broker account
    together must be what is expected, within the tolerance; then they settle it as a whole. What
    names an event of which nothing is open on that day, differs.
    """
    rows, entitlements = cash.to_pylist(), items.to_pylist()
    of_day: dict[Any, list[int]] = {}
    for number, row in enumerate(rows):
        if row["kind"] in ("dividend", "withholding"):
            of_day.setdefault(row["accounting_date"], []).append(number)
    found = Matched([], [], [])
    settled: set[int] = set()
    for on, of_this_day in sorted(of_day.items()):
        open_ = {
            n: item
            for n, item in enumerate(entitlements)
            if item["ex_date"] <= on and n not in settled
        }
        groups: dict[tuple[str, str], list[int]] = {}
        for number in of_this_day:
            event = _event_of(rows[number], list(open_.values()), announced=announced)
            groups.setdefault((event, rows[number]["broker_account"]), []).append(number)
        for (event, account), group in sorted(groups.items()):
            due = {
                n: item
                for n, item in open_.items()
                if (item["event_id"], item["broker_account"]) == (event, account)
            }
            came = {n: rows[n] for n in group}
            settled |= _settled(found, event, due=due, came=came, terms=terms)
    return found


def _settled(
    found: Matched,
    event: str,
    *,
    due: Mapping[int, Mapping[str, Any]],
    came: Mapping[int, Mapping[str, Any]],
    terms: Terms,
) -> set[int]:
    """Add what the cash of one day, event and account does; return the items that it settles."""
    if not event:
        found.without_event.extend(came)
        return set()
    received = sum(row["amount"] for row in came.values())
    expected = sum(_signed(item) for item in due.values())
    currencies = {one["currency"] for one in (*came.values(), *due.values())}
    named = {one["instrument"] for one in (*came.values(), *due.values())} - {""}
    alike = len(currencies) == len(named) == 1
    if due and alike and _within(received - expected, currencies, terms=terms):
        found.payments.append(Payment(tuple(came), tuple(due), received - expected))
        return set(due)
    paid_in = next(iter(came.values()))["currency"]
    owed_in = next((item["currency"] for item in due.values()), paid_in)
    amounts = (
        f"{to_text(received, terms.decimals[paid_in])} {paid_in} came, "
        f"{to_text(expected, terms.decimals[owed_in])} {owed_in} is due"
    )
    message = f"{event}: {amounts if due else 'nothing of it is open there on that day'}"
    found.differing.extend((n, message) for n in came)
    return set()


def _event_of(
    row: Mapping[str, Any], open_: Sequence[Mapping[str, Any]], *, announced: frozenset[str]
) -> str:
    """Return the event that a cash row pays, "" where none is known."""
    if row["reference"] in announced:
        return str(row["reference"])
    found = {
        item["event_id"]
        for item in open_
        if (item["instrument"], item["broker_account"], item["pay_date"])
        == (row["instrument"], row["broker_account"], row["settled_date"])
    }
    return str(found.pop()) if len(found) == 1 else ""


def _signed(item: Mapping[str, Any]) -> int:
    return int(item["net"] if item["side"] == "long" else -item["net"])


def _within(difference: int, currencies: set[str], *, terms: Terms) -> bool:
    mantissa, scale = parse_decimal(terms.tolerance)
    decimals = terms.decimals[next(iter(currencies))]
    return bool(abs(difference) * 10**scale <= mantissa * 10**decimals)


def recognition_dates(
    items: pa.Table, actions: pa.Table, *, payments: Sequence[Payment], paid_on: Days, terms: Terms
) -> Days:
    """Return the day in this window on which each item's income is recognised, else NaT.

    That is the ex-date or, where dividends are recognised when paid, the earlier of the announced
    day and the day of payment. `paid_on` is the accounting date of each cash row.
    """
    by_payment = terms.policy.dividends == "pay_date"
    wanted = texts(actions, "stage") == ("payment" if by_payment else "entitlement")
    chosen = actions.filter(pa.array(wanted))
    on = dict(zip(texts(chosen, "event_id"), days(chosen, "accounting_date"), strict=True))
    never = np.datetime64("NaT", "D")
    found = np.array([on.get(event, never) for event in texts(items, "event_id")], "datetime64[D]")
    for payment in payments if by_payment else ():
        came = paid_on[list(payment.rows)].max()
        for item in payment.entitled:
            found[item] = np.fmin(found[item], came)
    return found


def held_actions(actions: pa.Table, traded: Traded, *, leaving: Leaving, terms: Terms) -> pa.Table:
    """Return EXCEPTIONS of corporate actions that are not booked yet, where units are held."""
    flow, facts = _flow(traded, leaving), traded.facts
    kinds, on = texts(actions, "kind"), days(actions, "accounting_date")
    entitles = texts(actions, "stage") == "entitlement"
    rows = [
        row
        for row in np.flatnonzero((kinds != "dividend") & entitles)
        if np.any(
            group_sums(
                flow.lot[flow.on < on[row]].astype(np.intp),
                flow.units[flow.on < on[row]],
                len(facts.instrument),
            )[facts.instrument == texts(actions, "instrument")[row]]
        )
    ]
    part = actions.take(np.array(rows, np.intp))
    words = [f"corporate action {kind} is not booked yet" for kind in texts(part, "kind")]
    return refused_rows(
        part,
        basis=terms.policy.name,
        code="LATER_CORPORATE_ACTION",
        keys={"event": "event_id", "date": "accounting_date", "amount": ""},
        message=Texts.of(words),
    )
