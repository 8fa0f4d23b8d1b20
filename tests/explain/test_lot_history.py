"""A lot replayed: what it gives, and that figures booked otherwise are not explained away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from subledger import tables
from subledger.booking.policy import BasisPolicy
from subledger.errors import InvariantError
from subledger.explain.lot_history import LotHistory, MarkStep, lot_history
from subledger.explain.lot_terms import Level
from subledger.explain.material import Material, Month
from subledger.statements.report import Units


def table(declared: tables.Table, *rows: dict[str, Any]) -> pa.Table:
    """Return a declared table; what a row does not give is empty, zero or the first of January."""
    blank: dict[str, Any] = {}
    for field in declared.schema:
        if not field.nullable:
            by_kind = {pa.date32(): date(2026, 1, 1), pa.bool_(): False}
            blank[field.name] = "" if tables.is_text(field.type) else by_kind.get(field.type, 0)
    return pa.Table.from_pylist([blank | row for row in rows], schema=declared.schema)


RELIEF = {"lot_id": "L", "version": 1, "side": "long"}


def material(*, third: int) -> Material:
    """A carried lot of 3 units for 10.00, relieved one by one, marked after the first relief."""
    lot = {"lot_id": "L", "instrument": "A", "side": "long", "currency": "USD", "opened": 3}
    reliefs = [
        RELIEF | {"relief_id": f"S{n}:r0001", "trade_id": f"S{n}", "quantity": 1, **amounts}
        for n, amounts in enumerate(
            (
                {"cost": 333, "cost_base": 333, "accounting_date": date(2026, 1, 5)},
                {"cost": 334, "cost_base": 334, "accounting_date": date(2026, 1, 7)},
                {"cost": third, "cost_base": third, "accounting_date": date(2026, 1, 8)},
            )
        )
    ]
    released = [{}, {"mark_released": 66}, {"mark_released": 67}]
    mark = {"mark_date": date(2026, 1, 6), "instrument": "A", "price_mantissa": 4, "price_scale": 0}
    instrument = {"instrument": "A", "multiplier_mantissa": 1}
    month = Month(
        "2026-01",
        entries=tables.ENTRIES.empty(),
        lines=tables.LINES.empty(),
        measures=tables.MEASURES.empty(),
        reliefs=table(tables.RELIEFS, *(a | b for a, b in zip(reliefs, released, strict=True))),
        marks=table(tables.MARKS, mark),
        lots_before=table(tables.LOTS, lot | {"cost": 1000, "cost_base": 1000}),
        prices=tables.PRICES.empty(),
    )
    trades = [{"trade_id": f"S{n}", "version": 1} for n in range(3)]
    facts = {kind: declared.empty() for kind, declared in tables.FACTS.items()}
    return Material(
        policy=BasisPolicy("US-GAAP", "USD"),
        units=Units("USD", {"USD": 2}, {"A": 0}),
        instruments=table(tables.INSTRUMENTS, instrument),
        months=[month],
        facts=facts | {"trades": table(tables.TRADES, *trades)},
        exceptions=tables.EXCEPTIONS.empty(),
        commands={},
        posted=[],
        charts=[],
    )


def replayed(known: Material) -> LotHistory:
    history = lot_history(known, "L")
    assert history is not None
    return history


def test_a_lot_is_relieved_cumulatively_and_its_mark_released_with_it() -> None:
    history = replayed(material(third=333))
    assert [step.after.relieved for step in history.steps] == [333, 333, 667, 1000]
    mark = history.mark_on(date(2026, 1, 6))
    assert isinstance(mark, MarkStep)
    assert (mark.quantity, mark.value, mark.cost) == (2, 800, 667)
    assert mark.target == Level(133, 133, 0)
    assert history.end.closed == 3
    assert history.end.released == history.end.mark == Level(133, 133, 0)
    assert history.terms.began == "2026-01"


def test_a_relief_that_was_booked_otherwise_is_a_broken_promise() -> None:
    with pytest.raises(InvariantError, match=r"S2:r0001: booked \(334, 334, 67, 0\), replayed"):
        lot_history(material(third=334), "L")


def test_a_lot_that_no_month_has_is_not_known() -> None:
    known = material(third=333)
    assert lot_history(known, "other") is None
    assert lot_history(replace(known, months=[]), "L") is None
