"""Lots, reliefs and marks explained: what was taken, at what cost, and what is open now."""

from __future__ import annotations

import numpy as np

from subledger.booking.carrying import long_term_from
from subledger.errors import InvariantError
from subledger.explain.figures import Figures, operand, ratio, subtracted
from subledger.explain.journal import live_entries
from subledger.explain.legs import market_value, price_text
from subledger.explain.lot_history import (
    LotHistory,
    LotState,
    LotTerms,
    MarkStep,
    ReliefStep,
    lot_history,
    owner_of,
)
from subledger.explain.material import Material, Row, rows_where
from subledger.explain.nodes import Arithmetic, Fact, Node, facts_of
from subledger.numbers import part_of

_OWNER = ("book", "strategy", "broker_account")


def lot_figures(material: Material, terms: LotTerms) -> Figures:
    """Return how to write figures of a lot."""
    return material.figures(terms.currency, terms.instrument)


def relief_arithmetic(
    material: Material, history: LotHistory, *, step: ReliefStep
) -> tuple[Arithmetic, ...]:
    """Write out a relief: units, cost relieved so far less before, share of the trade, gain."""
    terms, row = history.terms, step.row
    figures = lot_figures(material, terms)
    closed = figures.units(step.before.closed), figures.units(row["quantity"])
    carried, share = ("cost", "proceeds") if terms.side == "long" else ("proceeds", "cost")
    written = [
        Arithmetic(
            "closed of the lot = closed before + quantity",
            f"{figures.units(step.after.closed)} = {closed[0]} + {closed[1]}",
        ),
        _cumulative(
            f"{carried} = round({carried} of the lot x closed / opened) - relieved before",
            figures.money(row[carried]),
            reached=ratio(
                figures.money(terms.cost),
                figures.units(step.after.closed),
                whole=figures.units(terms.opened),
            ),
            before=figures.money(step.before.relieved),
        ),
        *_share_of_leg(material, row, name=share, figures=figures),
        subtracted(
            figures.money(row["gain"]),
            figures.money(row["proceeds"]),
            right=figures.money(row["cost"]),
            formula="gain = proceeds - cost",
        ),
    ]
    return (*written, *_release(step, figures))


def _cumulative(formula: str, result: str, *, reached: str, before: str) -> Arithmetic:
    return Arithmetic(formula, f"{result} = {reached} - {operand(before)}")


def _share_of_leg(material: Material, row: Row, *, name: str, figures: Figures) -> list[Arithmetic]:
    """Write out the relief's share of what the closing leg brought or cost."""
    key = {"event_kind": "trade", "event_id": row["trade_id"], "event_version": row["version"]}
    for month, leg in material.rows("measures", **key, leg=row["leg"]):
        same = rows_where(month.reliefs, trade_id=row["trade_id"], version=row["version"])
        number = relief_number(row)
        so_far = sum(one["quantity"] for one in same if relief_number(one) <= number)
        earlier = so_far - row["quantity"]
        before = part_of(leg[name], earlier, leg["quantity"])
        words = ratio(
            figures.money(leg[name]), figures.units(so_far), whole=figures.units(leg["quantity"])
        )
        formula = f"{name} = round({name} of the leg x quantity so far / its quantity) - before"
        return [
            _cumulative(
                formula, figures.money(row[name]), reached=words, before=figures.money(before)
            )
        ]
    return []


def relief_number(row: Row) -> int:
    """Return the place of a relief among those of its trade."""
    return int(row["relief_id"].rpartition(":r")[2])


def _release(step: ReliefStep, figures: Figures) -> list[Arithmetic]:
    before, after = step.before, step.after
    if not before.mark:
        return []
    words = ratio(
        figures.base(before.mark),
        figures.units(after.since),
        whole=figures.units(before.marked_quantity),
    )
    return [
        _cumulative(
            "mark released = round(mark x closed since / units marked) - released before",
            figures.base(after.mark_released - before.mark_released),
            reached=words,
            before=figures.base(before.mark_released),
        )
    ]


def relief_step_node(material: Material, history: LotHistory, *, step: ReliefStep) -> Node:
    """Return a relief as one step of a trade or a lot."""
    row, terms = step.row, history.terms
    figures = lot_figures(material, terms)
    title = (
        f"Relief {row['relief_id']}: {figures.units(row['quantity'])} of {terms.side} lot "
        f"{terms.lot_id}, opened {row['opened_on']}, by trade {row['trade_id']} on"
        f" {row['closed_on']}"
    )
    facts = facts_of([("term", row["term"]), *_owners(row)])
    return Node("relief", title, facts, relief_arithmetic(material, history, step=step))


def _owners(row: Row) -> list[tuple[str, object]]:
    """Return whose lot a trade relieved, where it is another owner's."""
    mine, lots = owner_of(row), tuple(row[f"lot_{name}"] for name in _OWNER)
    if mine == lots:
        return []
    return [
        ("lot belongs to", owner_text(lots)),
        ("trade belongs to", f"{owner_text(mine)}: the cost is due from it to the lot's owner"),
    ]


def owner_text(owner: tuple[str, ...]) -> str:
    """Return book, strategy and broker account in words."""
    labels = ("book", "strategy", "broker account")
    return ", ".join(f"{label} {name}" for label, name in zip(labels, owner, strict=True) if name)


def relief_node(material: Material, row: Row) -> Node:
    """Return a relief in full: the trade, the lot, the arithmetic, the holding period."""
    history = require_history(material, row["lot_id"])
    step = history.relief(row["relief_id"])
    figures = lot_figures(material, history.terms)
    trade = material.fact_rows("trades", trade_id=row["trade_id"], version=row["version"])[0]
    key = {"event_id": row["trade_id"], "stage": "trade", "leg": row["leg"]}
    entries = [entry["entry_id"] for entry in live_entries(material, event_kind="trade", **key)]
    facts = facts_of(
        [
            ("instrument", row["instrument"]),
            ("quantity", figures.units(row["quantity"])),
            ("closed by", f"trade {row['trade_id']} version {row['version']}"),
            ("closed on", f"{row['closed_on']}, in the books on {row['accounting_date']}"),
            ("source", material.place(trade)),
            ("entry", ", ".join(entries)),
            *_owners(row),
        ]
    )
    return Node(
        "relief",
        f"Relief {row['relief_id']}",
        facts,
        relief_arithmetic(material, history, step=step),
        children=(_term_node(history.terms, row), opening_node(material, history)),
        batches=(trade["batch"],),
    )


def _term_node(terms: LotTerms, row: Row) -> Node:
    """Return why a relief is short-term or long-term."""
    acquired = terms.hold_from or terms.opened_on
    days = np.array([acquired], "datetime64[D]")
    facts = [
        Fact("term", row["term"]),
        Fact("held from", acquired.isoformat()),
        Fact("closed on", row["closed_on"].isoformat()),
    ]
    if terms.side == "long":
        facts.append(Fact("long from", str(long_term_from(days)[0])))
    else:
        facts.append(Fact("because", "lots sold short are reported as short-term"))
    return Node("relief", "Holding period", tuple(facts))


def require_history(material: Material, lot_id: str) -> LotHistory:
    """Return the history of a lot that is known to be in the months at hand."""
    history = lot_history(material, lot_id)
    if history is None:
        raise InvariantError(f"no month at hand has lot {lot_id}")
    return history


def opening_node(material: Material, history: LotHistory) -> Node:
    """Return what opened a lot, from which file and row, at which cost."""
    terms, start = history.terms, history.start
    figures = lot_figures(material, terms)
    if terms.origin == "trade":
        key = {"trade_id": terms.lot_id, "version": terms.version}
        fact = material.fact_rows("trades", **key)[0]
        by = f"trade {terms.lot_id} version {terms.version}"
    else:
        fact = material.fact_rows("opening_lots", lot_id=terms.lot_id)[-1]
        by = f"taken over as of {fact['as_of']}"
    entries = live_entries(material, event_id=terms.lot_id, event_kind=terms.origin)
    wanted = 2 if terms.origin == "trade" else 0
    made = [entry["entry_id"] for entry in entries if entry["leg"] == wanted]
    facts = facts_of(
        [
            ("side", terms.side),
            ("instrument", terms.instrument),
            ("owner", owner_text(terms.owner)),
            ("opened by", by),
            ("opened on", terms.opened_on),
            ("held from", terms.hold_from),
            ("source", material.place(fact)),
            ("entry", ", ".join(made)),
            ("units opened", figures.units(terms.opened)),
            ("cost" if terms.side == "long" else "opening proceeds", figures.money(terms.cost)),
            *_start_facts(terms, start, figures=figures),
        ]
    )
    return Node("lot", f"Lot {terms.lot_id}", facts, batches=(fact["batch"],))


def _start_facts(terms: LotTerms, start: LotState, *, figures: Figures) -> list[tuple[str, object]]:
    """Return how a lot stood when the first month at hand began."""
    if not terms.began or not (start.closed or start.mark):
        return []
    closed = figures.units(start.closed)
    words = f"{closed} units closed, {figures.money(start.relieved)} relieved"
    if start.marked_quantity:
        words += (
            f"; mark {figures.base(start.mark)} on {figures.units(start.marked_quantity)} units"
        )
        words += f", {figures.base(start.mark_released)} of it released"
    return [(f"when {terms.began} began", words)]


def mark_step_node(material: Material, history: LotHistory, *, step: MarkStep) -> Node:
    """Return a mark of a lot: value less cost, less the mark before, and the price's source."""
    terms, row = history.terms, step.row
    figures = lot_figures(material, terms)
    words, _ = market_value(material, step.quantity, price=row, figures=figures, in_base=True)
    value, cost, target = (figures.base(n) for n in (step.value, step.cost, step.target))
    before = step.before.mark - step.before.mark_released
    name = "cost" if terms.side == "long" else "opening proceeds"
    left, right = (value, cost) if terms.side == "long" else (cost, value)
    order = ("market value", f"{name} open")
    first, second = order if terms.side == "long" else order[::-1]
    written = (
        Arithmetic("market value = round(quantity x price x multiplier)", f"{value} = {words}"),
        subtracted(
            cost,
            figures.base(terms.cost_base),
            right=figures.base(step.before.relieved_base),
            formula=f"{name} open = {name} of the lot - relieved",
        ),
        subtracted(target, left, right=right, formula=f"mark = {first} - {second}"),
        subtracted(
            figures.base(before),
            figures.base(step.before.mark),
            right=figures.base(step.before.mark_released),
            formula="mark before = last mark - released since",
        ),
        subtracted(
            figures.base(step.change),
            target,
            right=figures.base(before),
            formula="change = mark - mark before",
        ),
    )
    price, batch = price_source(material, step)
    units = figures.units(step.quantity)
    title = f"Mark of {row['mark_date']}: {units} of {terms.side} lot {terms.lot_id}"
    return Node("mark", title, facts_of([("price", price)]), written, batches=batch)


def price_source(material: Material, step: MarkStep) -> tuple[str, tuple[int, ...]]:
    """Return a mark's price with its date, source, level, file and row, and the batch of it."""
    row = step.row
    words = f"{price_text(row)} of {row['price_date']}"
    words += f", {row['source']}" if row["source"] else ""
    words += f", level {row['level']}" if row["level"] else ""
    key = {name: row[name] for name in ("instrument", "price_mantissa", "price_scale")}
    found = rows_where(step.month.prices, date=row["price_date"], **key)
    if not found:
        return words, ()
    return f"{words}, {material.place(found[-1])}", (found[-1]["batch"],)


def lot_node(material: Material, history: LotHistory) -> Node:
    """Return a lot in full: what opened it, each relief and mark in order, what is open now."""
    opened = opening_node(material, history)
    steps = tuple(
        relief_step_node(material, history, step=step)
        if isinstance(step, ReliefStep)
        else mark_step_node(material, history, step=step)
        for step in history.steps
    )
    return opened.with_children(*steps, _open_now(material, history))


def _open_now(material: Material, history: LotHistory) -> Node:
    terms, end = history.terms, history.end
    figures = lot_figures(material, terms)
    name = "cost" if terms.side == "long" else "opening proceeds"
    written = [
        subtracted(
            figures.units(terms.opened - end.closed),
            figures.units(terms.opened),
            right=figures.units(end.closed),
            formula="units open = units opened - closed",
        ),
        subtracted(
            figures.money(terms.cost - end.relieved),
            figures.money(terms.cost),
            right=figures.money(end.relieved),
            formula=f"{name} open = {name} of the lot - relieved",
        ),
    ]
    if end.mark:
        written.append(
            subtracted(
                figures.base(end.mark - end.mark_released),
                figures.base(end.mark),
                right=figures.base(end.mark_released),
                formula="mark open = last mark - released since",
            )
        )
    return Node("lot", "Open now", (), tuple(written))
