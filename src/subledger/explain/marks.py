"""Marks of lots explained: market value less cost, less the mark before, in its three parts."""

from __future__ import annotations

from subledger.explain.figures import Figures, operand, ratio, subtracted
from subledger.explain.lot_history import JoinStep, LotHistory, MarkStep, ReliefStep
from subledger.explain.lot_terms import LotTerms
from subledger.explain.lots import (
    join_step_node,
    lot_figures,
    opening_node,
    views_of,
)
from subledger.explain.material import Material, rows_where
from subledger.explain.nodes import Arithmetic, Node, facts_of
from subledger.explain.prices import market_value, price_text
from subledger.explain.rates import Workings
from subledger.explain.reliefs import relief_step_node


def mark_step_node(material: Material, history: LotHistory, *, step: MarkStep) -> Node:
    """Return a mark of a lot: value less cost, less the mark before, and the price's source."""
    terms, row = history.terms, step.row
    figures = lot_figures(material, terms)
    written = Workings(material)
    words, _ = market_value(material, step.quantity, price=row, figures=figures)
    value = figures.money(step.value)
    written.add(
        Arithmetic("market value = round(quantity x price x multiplier)", f"{value} = {words}")
    )
    _write_open_cost(written, terms, step=step, in_base=False)
    _write_gain(written, terms, step=step)
    if not figures.is_base:
        _write_in_base(written, terms, step=step)
    _write_change(written, figures, step=step)
    price, batch = price_source(material, step)
    written.batches += batch
    units = figures.units(step.quantity)
    title = f"Mark of {row['mark_date']}: {units} of {terms.side} lot {terms.lot_id}"
    return written.node("mark", title, facts=facts_of([("price", price)]))


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


def _cost_name(terms: LotTerms) -> str:
    return "cost" if terms.side == "long" else "opening proceeds"


def _write_open_cost(written: Workings, terms: LotTerms, *, step: MarkStep, in_base: bool) -> None:
    figures = lot_figures(written.material, terms)
    whole, relieved, left = (
        (terms.cost_base, step.before.relieved_base, step.cost_base)
        if in_base
        else (terms.cost, step.before.relieved, step.cost)
    )
    name = _cost_name(terms)
    into = f" in {written.base}" if in_base else ""
    written.add(
        subtracted(
            figures.amount(left, in_base=in_base),
            figures.amount(whole, in_base=in_base),
            right=figures.amount(relieved, in_base=in_base),
            formula=f"{name} open{into} = {name} of the lot - relieved",
        )
    )


def _write_gain(written: Workings, terms: LotTerms, *, step: MarkStep) -> None:
    figures = lot_figures(written.material, terms)
    sides = [("market value", step.value), (f"{_cost_name(terms)} open", step.cost)]
    (first, left), (second, right) = sides if terms.side == "long" else sides[::-1]
    written.add(
        subtracted(
            figures.money(step.target.local),
            figures.money(left),
            right=figures.money(right),
            formula=f"mark = {first} - {second}",
        )
    )


def _write_in_base(written: Workings, terms: LotTerms, *, step: MarkStep) -> None:
    """Write out the parts of a mark in base: price at the rate of the policy, and FX."""
    figures, base, row = lot_figures(written.material, terms), written.base, step.row
    written.translate(
        "market value",
        step.value,
        currency=terms.currency,
        on=row["mark_date"],
        booked=step.value_base,
    )
    _write_open_cost(written, terms, step=step, in_base=True)
    local, price = figures.money(step.target.local), figures.base(step.target.price)
    if written.material.policy.fx_split == "acquisition_rate" and terms.cost:
        words = ratio(local, figures.base(terms.cost_base), whole=figures.money(terms.cost))
        formula = f"round(mark x {_cost_name(terms)} of the lot in {base} / that of the lot)"
    else:
        rate = written.rate(terms.currency, row["mark_date"])
        words = rate.words(local) if rate else price
        formula = "round(mark x rate)"
    written.add(Arithmetic(f"mark from price in {base} = {formula}", f"{price} = {words}"))
    sides = [("market value", step.value_base), (f"{_cost_name(terms)} open", step.cost_base)]
    (first, left), (second, right) = sides if terms.side == "long" else sides[::-1]
    parts = [figures.base(one) for one in (left, right, step.target.price)]
    written.add(
        Arithmetic(
            f"mark from FX in {base} = {first} - {second} - mark from price",
            f"{figures.base(step.target.fx)} = {' - '.join(operand(part) for part in parts)}",
        )
    )


def _write_change(written: Workings, figures: Figures, *, step: MarkStep) -> None:
    """Write out each part's change since the last mark, less what was released since."""
    before = step.before
    standing = before.mark.less(before.released)
    rows = zip(
        *(
            views_of(level, figures)
            for level in (before.mark, before.released, standing, step.target, step.change)
        ),
        strict=True,
    )
    for (name, last), (_, released), (_, stood), (_, target), (_, change) in rows:
        if any(before.mark):
            formula = f"mark{name} before = last mark - released since"
            written.add(subtracted(stood, last, right=released, formula=formula))
        formula = f"change{name} = mark{name} - mark before"
        written.add(subtracted(change, target, right=stood, formula=formula))


def lot_node(material: Material, history: LotHistory) -> Node:
    """Return a lot in full: what opened it, each relief and mark in order, what is open now."""
    opened = opening_node(material, history)
    steps = (_step_node(material, history, step=step) for step in history.steps)
    return opened.with_children(*steps, _open_now(material, history))


def _step_node(
    material: Material, history: LotHistory, *, step: ReliefStep | MarkStep | JoinStep
) -> Node:
    if isinstance(step, ReliefStep):
        return relief_step_node(material, history, step=step)
    if isinstance(step, JoinStep):
        return join_step_node(material, history, step=step)
    return mark_step_node(material, history, step=step)


def _open_now(material: Material, history: LotHistory) -> Node:
    terms, end = history.terms, history.end
    figures = lot_figures(material, terms)
    name = _cost_name(terms)
    written = Workings(material)
    written.add(
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
    )
    if not figures.is_base:
        written.add(
            subtracted(
                figures.base(terms.cost_base - end.relieved_base),
                figures.base(terms.cost_base),
                right=figures.base(end.relieved_base),
                formula=f"{name} open in {written.base} = {name} of the lot - relieved",
            )
        )
    if any(end.mark):
        standing = end.mark.less(end.released)
        rows = zip(
            *(views_of(level, figures) for level in (standing, end.mark, end.released)),
            strict=True,
        )
        for (name, left), (_, mark), (_, released) in rows:
            formula = f"mark{name} open = last mark - released since"
            written.add(subtracted(left, mark, right=released, formula=formula))
    return written.node("lot", "Open now")
