"""Reliefs explained: which lot was chosen and why, what left it, and what the gain is."""

from __future__ import annotations

import numpy as np

from subledger.booking.lot_facts import long_term_from
from subledger.explain.choosing import chosen_facts
from subledger.explain.figures import operand, ratio, subtracted
from subledger.explain.journal import live_entries
from subledger.explain.lot_history import LotHistory, ReliefStep, require_history
from subledger.explain.lot_terms import LotTerms
from subledger.explain.lots import lot_figures, opening_node, owner_text, write_release
from subledger.explain.material import Material, Row, rows_where
from subledger.explain.moves import owner_of, relief_number
from subledger.explain.nodes import Arithmetic, Fact, Node, facts_of
from subledger.explain.rates import Workings
from subledger.numbers import part_of

_OWNER = ("book", "strategy", "broker_account")


def write_relief(written: Workings, history: LotHistory, *, step: ReliefStep) -> None:
    """Write out a relief: units, cost relieved so far less before, share of the trade, gain."""
    terms, row = history.terms, step.row
    figures = lot_figures(written.material, terms)
    closed = figures.units(step.before.closed), figures.units(row["quantity"])
    written.add(
        Arithmetic(
            "closed of the lot = closed before + quantity",
            f"{figures.units(step.after.closed)} = {closed[0]} + {closed[1]}",
        )
    )
    for in_base in (False, True)[: 1 if figures.is_base else 2]:
        _write_cost(written, history, step=step, in_base=in_base)
        _write_share_of_leg(written, row, terms=terms, in_base=in_base)
    written.add(
        subtracted(
            figures.money(row["gain"]),
            figures.money(row["proceeds"]),
            right=figures.money(row["cost"]),
            formula="gain = proceeds - cost",
        )
    )
    if not figures.is_base:
        _write_gain_in_base(written, terms, row=row)
    write_release(written, terms, before=step.before, after=step.after)


def _write_cost(written: Workings, history: LotHistory, *, step: ReliefStep, in_base: bool) -> None:
    terms, row = history.terms, step.row
    figures = lot_figures(written.material, terms)
    carried = "cost" if terms.side == "long" else "proceeds"
    tail = "_base" if in_base else ""
    whole, before = (
        (terms.cost_base, step.before.relieved_base)
        if in_base
        else (terms.cost, step.before.relieved)
    )
    reached = ratio(
        figures.amount(whole, in_base=in_base),
        figures.units(step.after.closed),
        whole=figures.units(terms.opened),
    )
    written.add(
        _cumulative(
            f"{carried}{_in(written, in_base)} = "
            f"round({carried} of the lot x closed / opened) - relieved before",
            figures.amount(row[f"{carried}{tail}"], in_base=in_base),
            reached=reached,
            before=figures.amount(before, in_base=in_base),
        )
    )


def _in(written: Workings, in_base: bool) -> str:  # noqa: FBT001 - a view of figures
    return f" in {written.base}" if in_base else ""


def _cumulative(formula: str, result: str, *, reached: str, before: str) -> Arithmetic:
    return Arithmetic(formula, f"{result} = {reached} - {operand(before)}")


def _write_share_of_leg(written: Workings, row: Row, *, terms: LotTerms, in_base: bool) -> None:
    """Write out the relief's share of what the closing leg brought or cost."""
    name = "proceeds" if terms.side == "long" else "cost"
    column = f"{name}_base" if in_base else name
    figures = lot_figures(written.material, terms)
    key = {"event_kind": "trade", "event_id": row["trade_id"], "event_version": row["version"]}
    for month, leg in written.material.rows("measures", **key, leg=row["leg"]):
        same = rows_where(month.reliefs, trade_id=row["trade_id"], version=row["version"])
        number = relief_number(row)
        so_far = sum(one["quantity"] for one in same if relief_number(one) <= number)
        before = part_of(leg[column], so_far - row["quantity"], leg["quantity"])
        words = ratio(
            figures.amount(leg[column], in_base=in_base),
            figures.units(so_far),
            whole=figures.units(leg["quantity"]),
        )
        into = _in(written, in_base)
        formula = f"{name}{into} = round({name} of the leg x quantity so far / its quantity)"
        written.add(
            _cumulative(
                f"{formula} - before",
                figures.amount(row[column], in_base=in_base),
                reached=words,
                before=figures.amount(before, in_base=in_base),
            )
        )
        return


def _write_gain_in_base(written: Workings, terms: LotTerms, *, row: Row) -> None:
    """Write out the gain in base: its price part at the rate that the policy names, and FX."""
    figures, base = lot_figures(written.material, terms), written.base
    if written.material.policy.fx_split == "acquisition_rate" and terms.cost:
        words = ratio(
            figures.money(row["gain"]),
            figures.base(terms.cost_base),
            whole=figures.money(terms.cost),
        )
        carried = "cost" if terms.side == "long" else "opening proceeds"
        formula = f"round(gain x {carried} of the lot in {base} / {carried} of the lot)"
        written.add(
            Arithmetic(
                f"price gain in {base} = {formula}",
                f"{figures.base(row['gain_price_base'])} = {words}",
            )
        )
    else:
        rate = written.rate(row["currency"], row["accounting_date"])
        if rate is not None:
            written.add(
                Arithmetic(
                    f"price gain in {base} = round(gain x rate of the disposal)",
                    f"{figures.base(row['gain_price_base'])} = "
                    f"{rate.words(figures.money(row['gain']))}",
                )
            )
    names = ("gain_fx_base", "proceeds_base", "cost_base", "gain_price_base")
    gain, *parts = (figures.base(row[name]) for name in names)
    written.add(
        Arithmetic(
            f"FX gain in {base} = proceeds - cost - price gain",
            f"{gain} = {' - '.join(operand(part) for part in parts)}",
        )
    )


def relief_step_node(material: Material, history: LotHistory, *, step: ReliefStep) -> Node:
    """Return a relief as one step of a trade or a lot."""
    row, terms = step.row, history.terms
    figures = lot_figures(material, terms)
    title = (
        f"Relief {row['relief_id']}: {figures.units(row['quantity'])} of {terms.side} lot "
        f"{terms.lot_id}, opened {row['opened_on']}, by trade {row['trade_id']} on"
        f" {row['closed_on']}"
    )
    written = Workings(material)
    chosen = chosen_facts(written, terms, row=row)
    write_relief(written, history, step=step)
    return written.node(
        "relief", title, facts=facts_of([("term", row["term"]), *chosen, *_owners(row)])
    )


def _owners(row: Row) -> list[tuple[str, object]]:
    """Return whose lot a trade relieved, where it is another owner's."""
    mine, lots = owner_of(row), tuple(row[f"lot_{name}"] for name in _OWNER)
    if mine == lots:
        return []
    return [
        ("lot belongs to", owner_text(lots)),
        ("trade belongs to", f"{owner_text(mine)}: the cost is due from it to the lot's owner"),
    ]


def relief_node(material: Material, row: Row) -> Node:
    """Return a relief in full: the trade, the lot, the arithmetic, the holding period."""
    history = require_history(material, row["lot_id"])
    step = history.relief(row["relief_id"])
    figures = lot_figures(material, history.terms)
    trade = material.fact_rows("trades", trade_id=row["trade_id"], version=row["version"])[0]
    key = {"event_id": row["trade_id"], "stage": "trade", "leg": row["leg"]}
    entries = [entry["entry_id"] for entry in live_entries(material, event_kind="trade", **key)]
    written = Workings(material)
    facts = facts_of(
        [
            ("instrument", row["instrument"]),
            ("quantity", figures.units(row["quantity"])),
            ("closed by", f"trade {row['trade_id']} version {row['version']}"),
            ("closed on", f"{row['closed_on']}, in the books on {row['accounting_date']}"),
            ("source", material.place(trade)),
            ("entry", ", ".join(entries)),
            *chosen_facts(written, history.terms, row=row),
            *_owners(row),
        ]
    )
    written.batches.append(trade["batch"])
    write_relief(written, history, step=step)
    node = written.node("relief", f"Relief {row['relief_id']}", facts=facts)
    return node.with_children(_term_node(history.terms, row), opening_node(material, history))


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
