"""Lots and marks explained: what opened a lot, what it is worth, and what is open of it now."""

from __future__ import annotations

from subledger.explain.actions import (
    action_of,
    action_text,
    is_acted_on,
    predecessor_of,
    successor_of,
)
from subledger.explain.figures import Figures, added, operand, ratio, subtracted
from subledger.explain.journal import live_entries
from subledger.explain.lot_history import JoinStep, LotHistory
from subledger.explain.lot_terms import Level, LotState, LotTerms
from subledger.explain.material import Material
from subledger.explain.moves import Touched
from subledger.explain.nodes import Arithmetic, Node, facts_of
from subledger.explain.rates import Workings

_JOINED = "lots of its pool that were joined at average cost"


def lot_figures(material: Material, terms: LotTerms) -> Figures:
    """Return how to write figures of a lot."""
    return material.figures(terms.currency, terms.instrument)


def owner_text(owner: tuple[str, ...]) -> str:
    """Return book, strategy and broker account in words."""
    labels = ("book", "strategy", "broker account")
    return ", ".join(f"{label} {name}" for label, name in zip(labels, owner, strict=True) if name)


def views_of(level: Level, figures: Figures) -> list[tuple[str, str]]:
    """Return the parts of a mark with what follows their name: one where all is in base."""
    base = figures.decimals.base
    if figures.is_base:
        return [("", figures.base(level.price))]
    return [
        ("", figures.money(level.local)),
        (f" from price in {base}", figures.base(level.price)),
        (f" from FX in {base}", figures.base(level.fx)),
    ]


def write_release(written: Workings, terms: LotTerms, *, before: LotState, after: LotState) -> None:
    """Write out what a relief releases of each part of a lot's mark."""
    figures = lot_figures(written.material, terms)
    if not any(before.mark):
        return
    parts = zip(
        views_of(after.released.less(before.released), figures),
        views_of(before.mark, figures),
        views_of(before.released, figures),
        strict=True,
    )
    for (name, released), (_, mark), (_, earlier) in parts:
        words = ratio(mark, figures.units(after.since), whole=figures.units(before.marked_quantity))
        written.add(
            Arithmetic(
                f"mark{name} released = round(mark x closed since / units marked)"
                " - released before",
                f"{released} = {words} - {operand(earlier)}",
            )
        )


def opening_node(material: Material, history: LotHistory) -> Node:
    """Return what opened a lot, from which file and row, at which cost."""
    terms, start = history.terms, history.start
    figures = lot_figures(material, terms)
    if terms.made_by is not None or terms.origin == "pool":
        return _pool_node(material, history)
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
            *cost_facts(terms, figures=figures),
            *_start_facts(terms, start, figures=figures),
        ]
    )
    return Node("lot", f"Lot {terms.lot_id}", facts, batches=(fact["batch"],))


def _start_facts(terms: LotTerms, start: LotState, *, figures: Figures) -> list[tuple[str, object]]:
    """Return how a lot stood when the first month at hand began."""
    if not terms.began or not (start.closed or any(start.mark)):
        return []
    closed = figures.units(start.closed)
    words = f"{closed} units closed, {figures.money(start.relieved)} relieved"
    if start.marked_quantity:
        words += (
            f"; mark {figures.money(start.mark.local)} on"
            f" {figures.units(start.marked_quantity)} units"
        )
        words += f", {figures.money(start.released.local)} of it released"
    return [(f"when {terms.began} began", words)]


def cost_facts(terms: LotTerms, *, figures: Figures) -> list[tuple[str, object]]:
    """Return what a lot cost, or a short brought, in its currency and in base."""
    name = "cost" if terms.side == "long" else "opening proceeds"
    if figures.is_base:
        return [(name, figures.money(terms.cost))]
    base = figures.decimals.base
    return [
        (name, f"{figures.money(terms.cost)} {terms.currency}"),
        (f"{name} in {base}", figures.base(terms.cost_base)),
    ]


def _pool_node(material: Material, history: LotHistory) -> Node:
    """Return a version of a pool at average cost: the lots that it stands for, and what joined."""
    terms, start = history.terms, history.start
    figures = lot_figures(material, terms)
    written = Workings(material)
    made = terms.made_by
    if made is not None and terms.origin == "pool":
        ended = [move for move in made.moves if move.quantity < 0]
        acquired = [made.measures] if made.opened == terms.lot_id else []
        units = [-move.quantity for move in ended] + [row["quantity"] for row in acquired]
        cost = [-move.cost for move in ended] + [row["cost"] for row in acquired]
        cost_base = [-move.cost_base for move in ended] + [row["cost_base"] for row in acquired]
        words = " + ".join([*(move.lot_id for move in ended), *(["acquired"] if acquired else [])])
        written.add(
            added(
                figures.units(terms.opened),
                [figures.units(one) for one in units],
                formula=f"units of the pool = {words}",
            ),
            added(
                figures.money(terms.cost),
                [figures.money(one) for one in cost],
                formula=f"cost of the pool = {words}",
            ),
        )
        if not figures.is_base:
            written.add(
                added(
                    figures.base(terms.cost_base),
                    [figures.base(one) for one in cost_base],
                    formula=f"cost of the pool in {written.base} = {words}",
                )
            )
    by = _event_text(material, made) if made else ""
    stands_for = _stands_for(material, terms, figures=figures)
    together = "the pool" if stands_for == _JOINED else "its chain"
    facts = facts_of(
        [
            ("side", terms.side),
            ("instrument", terms.instrument),
            ("owner", owner_text(terms.owner)),
            ("stands for", stands_for),
            ("made by", by),
            ("opened on", f"{terms.opened_on}, with the first lot of {together}"),
            ("held from", terms.hold_from),
            ("entry", made.entry["entry_id"] if made else ""),
            ("units opened", figures.units(terms.opened)),
            *cost_facts(terms, figures=figures),
            *_start_facts(terms, start, figures=figures),
        ]
    )
    return written.node("lot", f"Lot {terms.lot_id}", facts=facts)


def _stands_for(material: Material, terms: LotTerms, *, figures: Figures) -> str:
    """Return what a later version of a chain stands for."""
    made = terms.made_by
    if made is not None and terms.origin == "action":
        ended = predecessor_of(made, terms.lot_id)
        return f"{ended.lot_id}, {figures.units(-ended.quantity)} units before"
    if made is None and is_acted_on(material, terms.instrument):
        return "the earlier lots of its chain"
    return _JOINED


def join_step_node(material: Material, history: LotHistory, *, step: JoinStep) -> Node:
    """Return the end of a lot in a pool: what was left of it, and of its mark."""
    terms, before = history.terms, step.before
    figures = lot_figures(material, terms)
    written = Workings(material)
    name = "cost" if terms.side == "long" else "opening proceeds"
    written.add(
        subtracted(
            figures.units(terms.opened - before.closed),
            figures.units(terms.opened),
            right=figures.units(before.closed),
            formula="units moved = units opened - closed",
        ),
        subtracted(
            figures.money(terms.cost - before.relieved),
            figures.money(terms.cost),
            right=figures.money(before.relieved),
            formula=f"cost moved = {name} of the lot - relieved",
        ),
    )
    if not figures.is_base:
        written.add(
            subtracted(
                figures.base(terms.cost_base - before.relieved_base),
                figures.base(terms.cost_base),
                right=figures.base(before.relieved_base),
                formula=f"cost moved in {written.base} = {name} of the lot - relieved",
            )
        )
    write_release(written, terms, before=before, after=step.after)
    news = [move.lot_id for move in step.by.moves if move.quantity > 0]
    by = _event_text(material, step.by)
    if step.by.entry["event_kind"] == "corporate_action":
        news = [successor_of(step.by, terms.lot_id).lot_id]
        return written.node("lot", f"Lot {terms.lot_id} ended: {news[0]} stands for it since {by}")
    title = f"Lot {terms.lot_id} ended: joined to {', '.join(news)} by {by}"
    return written.node("lot", title)


def _event_text(material: Material, one: Touched) -> str:
    """Return the event that moved cost between lots in words."""
    event_id = one.entry["event_id"]
    if one.entry["event_kind"] == "corporate_action":
        return action_text(action_of(material, event_id))
    return f"trade {event_id}"
