from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger import tables
from subledger.columns import numbers
from subledger.errors import InvariantError
from subledger.statements.report import Units, report_csv, report_json
from subledger.statements.schedules import lots, positions, realised, unrealised

Build = Callable[..., pa.Table]
NO_TRADES = tables.UNSETTLED.empty()
IBM = {"instrument": "IBM", "book": "A", "strategy": "MOM", "broker_account": "PB1"}
IBM |= {"currency": "USD"}


def lot(lot_id: str, side: str, quantity: int, cost: int, **more: Any) -> dict[str, Any]:
    given = {"lot_id": lot_id, "side": side, "opened": quantity, "cost": cost, "cost_base": cost}
    return IBM | given | {"opened_on": date(2022, 9, 1)} | more


def trade(side: str, quantity: int, **more: Any) -> dict[str, Any]:
    given = {"trade_id": f"{side}{quantity}", "side": side, "quantity": quantity, "item": "amount"}
    return IBM | given | more


def test_the_realised_report_names_the_closing_trades_book_and_the_lots_strategy(
    table: Build, units: Units
) -> None:
    relief = IBM | {
        "relief_id": "T9:r1", "kind": "trade", "trade_id": "T9", "lot_id": "T1", "side": "long",
        "lot_strategy": "ARB", "opened_on": date(2022, 9, 1), "closed_on": date(2022, 9, 30),
        "accounting_date": date(2022, 10, 4), "quantity": 5, "proceeds": 1200, "cost": 1000,
        "gain": 200, "proceeds_base": 1200, "cost_base": 1000, "gain_price_base": 200,
        "gain_base": 200, "term": "short",
    }  # fmt: skip
    report = realised(table(tables.RELIEFS, [relief]))
    assert report_csv(report, units).splitlines() == [
        (
            "relief_id,kind,trade_id,lot_id,instrument,book,strategy,lot_strategy,broker_account,"
            "side,opened_on,closed_on,accounting_date,activity_period,quantity,currency,proceeds,"
            "cost,gain,proceeds_base,cost_base,gain_price_base,gain_fx_base,gain_base,term"
        ),
        (
            "T9:r1,trade,T9,T1,IBM,A,MOM,ARB,PB1,long,2022-09-01,2022-09-30,2022-10-04,2022-09,5,"
            "USD,12.00,10.00,2.00,12.00,10.00,2.00,0.00,2.00,short"
        ),
    ]
    assert report.sums(units) == {
        "proceeds_base": "12.00", "cost_base": "10.00", "gain_price_base": "2.00",
        "gain_fx_base": "0.00", "gain_base": "2.00",
    }  # fmt: skip


def test_lots_show_what_is_left_of_them_in_acquisition_order(table: Build, units: Units) -> None:
    given = [
        lot("T2", "long", 10, 1000, closed=4, relieved=400, relieved_base=400),
        lot("T1", "long", 3, 330),
        lot("T0", "long", 5, 500, closed=5, relieved=500, relieved_base=500),
        lot("T3", "short", 7, 777, instrument="ABC"),
    ]
    assert report_csv(lots(table(tables.LOTS, given)), units).splitlines() == [
        (
            "lot_id,instrument,book,strategy,broker_account,side,opened_on,quantity,currency,cost,"
            "cost_base"
        ),
        "T3,ABC,A,MOM,PB1,short,2022-09-01,7,USD,7.77,7.77",
        "T2,IBM,A,MOM,PB1,long,2022-09-01,6,USD,6.00,6.00",
        "T1,IBM,A,MOM,PB1,long,2022-09-01,3,USD,3.30,3.30",
    ]


def instruments(table: Build, *names: str, **more: Any) -> pa.Table:
    rows = [{"instrument": name, "multiplier_mantissa": 1} | more for name in names]
    return table(tables.INSTRUMENTS, rows)


def mark(instrument: str, mantissa: int, scale: int, **more: Any) -> dict[str, Any]:
    given = {"instrument": instrument, "price_mantissa": mantissa, "price_scale": scale}
    place = {"price_date": date(2022, 9, 29), "source": "close", "level": 1}
    return given | place | {"mark_date": date(2022, 9, 30)} | more


def test_unrealised_shows_price_market_value_and_the_posted_mark_less_what_was_released(
    table: Build, units: Units
) -> None:
    held = [
        lot("T1", "long", 10, 1000, closed=4, relieved=400, relieved_base=400, marked_quantity=10,
            mark=250, mark_released=100),
        lot("T2", "short", 3, 400, marked_quantity=3, mark=25),
        lot("T3", "long", 2, 260),
    ]  # fmt: skip
    marks = [mark("IBM", 99, 0, mark_date=date(2022, 8, 31)), mark("IBM", 125000, 5)]
    report = unrealised(
        table(tables.LOTS, held),
        table(tables.MARKS, marks),
        instruments=instruments(table, "IBM"),
        units=units,
    )
    assert report_csv(report, units).splitlines() == [
        (
            "lot_id,instrument,book,strategy,broker_account,side,opened_on,quantity,currency,cost,"
            "cost_base,price,price_date,price_source,level,rate,market_value,unrealised,"
            "unrealised_price_base,unrealised_fx_base,unrealised_base"
        ),
        (
            "T1,IBM,A,MOM,PB1,long,2022-09-01,6,USD,6.00,6.00,1.25,2022-09-29,close,1,1,7.50,1.50,"
            "1.50,0.00,1.50"
        ),
        (
            "T2,IBM,A,MOM,PB1,short,2022-09-01,3,USD,4.00,4.00,1.25,2022-09-29,close,1,1,3.75,0.25,"
            "0.25,0.00,0.25"
        ),
        "T3,IBM,A,MOM,PB1,long,2022-09-01,2,USD,2.60,2.60,,,,,,,,0.00,0.00,0.00",
    ]
    rows = report_json(report, units)["rows"]
    assert isinstance(rows, list)
    assert rows[2]["price"] is rows[2]["market_value"] is rows[2]["price_date"] is None


@pytest.mark.parametrize(
    ("quantity", "mantissa", "scale", "value"),
    [(1, 125, 4, 1), (1, 135, 4, 1), (1, 15, 3, 2), (1, 25, 3, 2), (3, 10**17, 15, 30000)],
)
def test_market_value_is_rounded_half_to_even(
    table: Build, units: Units, quantity: int, mantissa: int, scale: int, value: int
) -> None:
    held = table(tables.LOTS, [lot("T1", "long", quantity, 0, marked_quantity=quantity)])
    marks = table(tables.MARKS, [mark("IBM", mantissa, scale)])
    report = unrealised(held, marks, instruments=instruments(table, "IBM"), units=units)
    assert report.table["market_value"].to_pylist() == [value]


def test_market_value_folds_in_multiplier_and_decimals_of_quantity(
    table: Build, units: Units
) -> None:
    held = table(
        tables.LOTS,
        [lot("T1", "long", 250_000_000, 0, marked_quantity=1, instrument="BTC", currency="JPY")],
    )
    facts = instruments(
        table, "BTC", multiplier_mantissa=5, multiplier_scale=1, quantity_decimals=8
    )
    report = unrealised(
        held, table(tables.MARKS, [mark("BTC", 100, 0)]), instruments=facts, units=units
    )
    assert report.exact("quantity", units) == ["2.50000000"]
    assert report.exact("market_value", units) == ["125"]
    assert report.exact("rate", units) == [None]


def test_unrealised_shows_the_rate_of_the_mark_date_and_both_parts_of_the_gain(
    table: Build, units: Units
) -> None:
    """The local gain is market value less cost; in base the parts are what was posted."""
    held = lot("T1", "long", 10, 5000, currency="JPY", cost_base=3500, marked_quantity=10,
               mark=620, mark_fx=-140)  # fmt: skip
    report = unrealised(
        table(tables.LOTS, [held, lot("T2", "short", 1, 7, currency="JPY")]),
        table(tables.MARKS, [mark("IBM", 600, 0)]),
        instruments=instruments(table, "IBM"),
        units=units,
        conversions=table(
            tables.CONVERSIONS,
            [
                {"date": date(2022, 9, 29), "currency": "JPY", "rate": "0.0071"},
                {"date": date(2022, 9, 30), "currency": "JPY", "rate": "0.0069"},
                {"date": date(2022, 9, 30), "currency": "EUR", "rate": "0.98"},
            ],
        ),
    )
    names = ("cost", "cost_base", "rate", "market_value", "unrealised")
    bases = ("unrealised_price_base", "unrealised_fx_base", "unrealised_base")
    shown = [report.exact(name, units) for name in (*names, *bases)]
    assert [column[0] for column in shown] == [
        "5000", "35.00", "0.0069", "6000", "1000", "6.20", "-1.40", "4.80",
    ]  # fmt: skip
    assert [column[1] for column in shown] == [
        "7", "0.07", None, None, None, "0.00", "0.00", "0.00",
    ]  # fmt: skip


def test_a_lot_of_an_unknown_instrument_is_a_bug(table: Build, units: Units) -> None:
    held = table(tables.LOTS, [lot("T1", "long", 1, 1)])
    with pytest.raises(InvariantError, match="instrument"):
        unrealised(held, tables.MARKS.empty(), instruments=tables.INSTRUMENTS.empty(), units=units)


def test_nothing_held_gives_empty_schedules(units: Units) -> None:
    none = tables.LOTS.empty()
    report = unrealised(
        none, tables.MARKS.empty(), instruments=tables.INSTRUMENTS.empty(), units=units
    )
    place = positions(none, NO_TRADES, instruments=tables.INSTRUMENTS.empty())
    for empty in (realised(tables.RELIEFS.empty()), lots(none), place, report):
        assert empty.table.num_rows == 0
        assert len(report_csv(empty, units).splitlines()) == 1


def test_positions_tell_what_has_settled_of_them(table: Build, units: Units) -> None:
    held = [lot("T1", "long", 100, 1000), lot("T2", "long", 50, 600)]
    held += [lot("T3", "short", 30, 300, instrument="ABC")]
    pending = [
        trade("buy", 50),
        trade("sell", 30, instrument="ABC"),
        trade("sell", 20, instrument="KO"),
        trade("buy", 7, instrument="XOM"),
        # Money alone: fees in another currency, what a trade owes in one, and an exchange.
        trade("buy", 50, item="fees", currency="JPY"),
        trade("buy", 1000, instrument="EUR/USD"),
        trade("buy", 1000, instrument="EUR/USD", item="traded", currency="EUR"),
    ]
    pending[0] |= {"currency": "JPY"}  # settles in another currency than the instrument's
    known = instruments(table, "ABC", "IBM", "KO", "XOM", currency="USD")
    known = pa.concat_tables(
        [known, instruments(table, "EUR/USD", currency="USD", asset_class="fx_spot")]
    )
    report = positions(
        table(tables.LOTS, held), table(tables.UNSETTLED, pending), instruments=known
    )
    assert report_csv(report, units).splitlines() == [
        (
            "instrument,book,strategy,broker_account,side,quantity,settled_quantity,currency,cost,"
            "cost_base"
        ),
        "ABC,A,MOM,PB1,short,30,0,USD,3.00,3.00",
        "IBM,A,MOM,PB1,long,150,100,USD,16.00,16.00",
        "KO,A,MOM,PB1,long,0,20,USD,0.00,0.00",
        "XOM,A,MOM,PB1,short,0,7,USD,0.00,0.00",
    ]


sides = st.sampled_from(["long", "short"])
names = st.sampled_from(["IBM", "KO", "ABC"])


@given(
    held=st.lists(st.tuples(names, sides, st.integers(1, 10**9)), max_size=6),
    pending=st.lists(
        st.tuples(names, st.sampled_from(["buy", "sell"]), st.integers(1, 10**9)), max_size=6
    ),
)
def test_signed_settled_quantities_are_positions_less_unsettled_trades(
    held: list[tuple[str, str, int]], pending: list[tuple[str, str, int]], table: Build
) -> None:
    given_lots = [lot(f"T{n}", side, q, 0, instrument=i) for n, (i, side, q) in enumerate(held)]
    trades = [trade(side, q, instrument=i) for i, side, q in pending]
    report = positions(
        table(tables.LOTS, given_lots),
        table(tables.UNSETTLED, trades),
        instruments=instruments(table, "IBM", "KO", "ABC", currency="USD"),
    ).table
    expected = dict.fromkeys(["IBM", "KO", "ABC"], 0)
    for name, side, quantity in held:
        expected[name] += quantity if side == "long" else -quantity
    for name, side, quantity in pending:
        expected[name] -= quantity if side == "buy" else -quantity
    found = dict.fromkeys(expected, 0)
    for row in report.to_pylist():
        direction = 1 if row["side"] == "long" else -1
        found[row["instrument"]] += direction * row["settled_quantity"]
    assert found == expected
    assert int(numbers(report, "quantity").sum()) == sum(quantity for _, _, quantity in held)
