"""Schedules of tax lots: realised gains, open lots, unrealised gains and positions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns, numbers, tables
from subledger.errors import InvariantError
from subledger.numbers import Int64Array
from subledger.statements import grouping
from subledger.statements.report import (
    Report,
    Units,
    maybe_money,
    number_text,
)
from subledger.texts import Texts

_PLACE = ("instrument", "book", "strategy", "broker_account")
_LOT = (
    tables.text("lot_id"),
    *(tables.text(name) for name in _PLACE),
    tables.text("side"),
    tables.day("opened_on"),
    tables.units("quantity"),
    tables.text("currency"),
    tables.money("cost"),
    tables.base("cost_base"),
)
_REALISED = (
    *(tables.text(name) for name in ("relief_id", "kind", "trade_id", "lot_id", "instrument")),
    *(tables.text(name) for name in ("book", "strategy", "lot_strategy", "broker_account", "side")),
    *(tables.day(name) for name in ("opened_on", "closed_on", "accounting_date")),
    tables.text("activity_period"),
    tables.units("quantity"),
    tables.text("currency"),
    *(tables.money(name) for name in ("proceeds", "cost", "gain")),
    *(tables.base(name) for name in ("proceeds_base", "cost_base", "gain_price_base")),
    *(tables.base(name) for name in ("gain_fx_base", "gain_base")),
    tables.text("term"),
)
_UNREALISED = (
    *_LOT,
    number_text("price"),
    tables.maybe_day("price_date"),
    tables.text("price_source"),
    tables.maybe_whole("level"),
    number_text("rate"),
    maybe_money("market_value"),
    maybe_money("unrealised"),
    *(tables.base(f"unrealised_{name}base") for name in ("price_", "fx_", "")),
)
_POSITION = (
    *(tables.text(name) for name in (*_PLACE, "side")),
    tables.units("quantity"),
    tables.units("settled_quantity"),
    tables.text("currency"),
    tables.money("cost"),
    tables.base("cost_base"),
)
# The columns of RELIEFS that the report of realised gains is drawn from.
OF_RELIEFS = tuple(field.name for field in _REALISED if field.name in tables.RELIEFS.schema.names)


def realised(reliefs: pa.Table) -> Report:
    """Return every relief (`tables.RELIEFS`) with its gain; amounts positive, gains positive.

    `book` and `strategy` are the closing trade's, `lot_strategy` the lot's; of a short, proceeds
    are its opening sale's. The activity period is the month in which the lot was closed.
    """
    rows = grouping.ordered(reliefs, tables.RELIEFS.order)
    rows = rows.append_column("activity_period", _months(rows["closed_on"]))
    ids = columns.texts(rows, "relief_id").dictionary()
    rows = rows.set_column(rows.schema.get_field_index("relief_id"), "relief_id", ids)
    schema = pa.schema(_REALISED)
    totals = ("proceeds_base", "cost_base", "gain_price_base", "gain_fx_base", "gain_base")
    return Report("realised", "Realised gains", rows.select(schema.names).cast(schema), totals)


def _months(dates: pa.ChunkedArray) -> pa.Array:
    """Return the months of dates as text, each day of which is written once."""
    coded = dates.combine_chunks().dictionary_encode()
    written = pc.strftime(coded.dictionary, format="%Y-%m")
    return Texts(coded.indices.to_numpy(zero_copy_only=False), written).canonical().dictionary()


def lots(lots: pa.Table) -> Report:
    """Return the open lots (`tables.LOTS`): what is left of quantity and cost, both positive.

    Sorted by instrument, book, strategy and broker account; within these as they were given, in
    acquisition order.
    """
    return Report("lots", "Tax lots", _table(_open_lots(lots), _LOT), ("cost_base",))


def unrealised(
    lots: pa.Table,
    marks: pa.Table,
    *,
    instruments: pa.Table,
    units: Units,
    conversions: pa.Table | None = None,
) -> Report:
    """Return the open lots with their market value and unrealised gain.

    Args:
        lots: `tables.LOTS` at the period's end.
        marks: `tables.MARKS`; of several for an instrument the latest counts.
        instruments: `tables.INSTRUMENTS`, for multiplier and decimals.
        units: Decimals of the currencies.
        conversions: `tables.CONVERSIONS`, for the rate of the mark date; none without.

    `market_value` is open quantity x price x multiplier, rounded half to even and unsigned; the
    unrealised gain is it less cost, for a short cost less it. The base figures are what is posted:
    the last mark less what reliefs have released of it since, in a price and an FX part. A lot that
    was never marked has neither price nor market value.
    """
    rows = _open_lots(lots)
    latest = marks.sort_by([("mark_date", "descending")])
    mark = grouping.lookup(rows, latest, on=["instrument"])
    mark[columns.numbers(rows, "marked_quantity") == 0] = -1
    rows = _with_prices(rows, latest, mark=mark)
    rows = _with_rate(rows, conversions or tables.CONVERSIONS.empty(), base=units.base)
    rows = _with_market_value(
        rows, _market_values(rows, instruments, units=units), marked=mark >= 0
    )
    for part in ("price", "fx"):
        name = "mark" if part == "price" else "mark_fx"
        gain = columns.numbers(rows, name) - columns.numbers(rows, f"{name}_released")
        rows = rows.append_column(f"unrealised_{part}_base", pa.array(gain))
    total = pc.add_checked(rows["unrealised_price_base"], rows["unrealised_fx_base"])
    rows = rows.append_column("unrealised_base", total)
    totals = ("cost_base", "unrealised_price_base", "unrealised_fx_base", "unrealised_base")
    return Report("unrealised", "Unrealised gains", _table(rows, _UNREALISED), totals)


def positions(lots: pa.Table, unsettled: pa.Table, *, instruments: pa.Table) -> Report:
    """Return the position per instrument, book, strategy, broker account and side.

    `settled_quantity` is the position less its unsettled trades (`tables.UNSETTLED`), counted like
    `quantity` in the direction of `side`; it is negative where what has settled stands on the
    other side. Unsettled trades whose position is closed have a row of quantity zero; where both
    sides are open, the long one carries them. A trade counts once, whatever it still owes in money,
    and an exchange of currencies holds no position (`tables.INSTRUMENTS` says which).
    """
    keys = [*_PLACE, "side", "currency"]
    held = grouping.add_up(_open_lots(lots), keys, amounts=["quantity", "cost", "cost_base"])
    bought = _signed_unsettled(unsettled, instruments)
    rows = pa.concat_tables([held, _closed_positions(held, bought)])
    first = grouping.lookup(bought, rows, on=_PLACE)
    pending = numbers.group_sums(first, columns.numbers(bought, "bought"), rows.num_rows)
    direction = np.where(columns.texts(rows, "side") == "long", 1, -1)
    settled = columns.numbers(rows, "quantity") - direction * pending
    rows = rows.append_column("settled_quantity", pa.array(settled, pa.int64()))
    rows = grouping.ordered(_table(rows, _POSITION), [*_PLACE, "side"])
    return Report("positions", "Positions", rows, ("cost_base",))


def _table(rows: pa.Table, fields: tuple[pa.Field, ...]) -> pa.Table:
    schema = pa.schema(fields)
    return rows.select(schema.names).cast(schema)


def _open_lots(lots: pa.Table) -> pa.Table:
    rows = grouping.ordered(lots, _PLACE)
    rows = rows.append_column("quantity", pc.subtract_checked(rows["opened"], rows["closed"]))
    for name, relieved in (("cost", "relieved"), ("cost_base", "relieved_base")):
        left = pc.subtract_checked(rows[name], rows[relieved])
        rows = rows.set_column(rows.schema.get_field_index(name), name, left)
    return rows.filter(pc.greater(rows["quantity"], 0))


def _with_prices(rows: pa.Table, marks: pa.Table, *, mark: grouping.IndexArray) -> pa.Table:
    prices = [
        numbers.to_text(*numbers.trim(mantissa, scale))
        for mantissa, scale in zip(
            marks["price_mantissa"].to_pylist(), marks["price_scale"].to_pylist(), strict=True
        )
    ]
    given = pa.table({"price": pa.array(prices, pa.string()), "source": marks["source"]})
    added = {
        "price": pc.fill_null(grouping.pick(given["price"], mark), ""),
        "price_mantissa": pc.fill_null(grouping.pick(marks["price_mantissa"], mark), 0),
        "price_scale": pc.fill_null(grouping.pick(marks["price_scale"], mark), 0),
        "price_date": grouping.pick(marks["price_date"], mark),
        "price_source": pc.fill_null(grouping.pick(given["source"], mark), ""),
        "level": grouping.pick(marks["level"], mark),
        "mark_date": grouping.pick(marks["mark_date"], mark),
    }
    for name, values in added.items():
        rows = rows.append_column(name, values)
    return rows


def _with_rate(rows: pa.Table, conversions: pa.Table, *, base: str) -> pa.Table:
    """Add the rate of each lot's mark date, 1 in base currency; none where it is not marked."""
    used = conversions.select(["date", "currency", "rate"])
    used = used.rename_columns(["mark_date", "currency", "rate"])
    found = grouping.lookup(rows, used, on=["mark_date", "currency"])
    home = pc.and_(pc.is_valid(rows["mark_date"]), pc.equal(rows["currency"], base))
    foreign = pc.fill_null(grouping.pick(used["rate"], found), "")
    return rows.append_column("rate", pc.if_else(home, "1", foreign))


def _market_values(rows: pa.Table, instruments: pa.Table, *, units: Units) -> Int64Array:
    held = grouping.lookup(rows, instruments, on=["instrument"])
    if (held < 0).any():
        raise InvariantError("a lot's instrument is not known")
    facts = instruments.take(pa.array(held, pa.int64()))
    shift = (
        columns.numbers(rows, "price_scale")
        + columns.numbers(facts, "multiplier_scale")
        + columns.numbers(facts, "quantity_decimals")
        - columns.texts(rows, "currency").looked_up(units.decimals)
    )
    price = numbers.mul_div_columns(
        columns.numbers(rows, "price_mantissa"), columns.numbers(facts, "multiplier_mantissa"), 1
    )
    return numbers.product_columns(columns.numbers(rows, "quantity"), price, shift)


def _with_market_value(rows: pa.Table, values: Int64Array, *, marked: columns.Flags) -> pa.Table:
    cost = columns.numbers(rows, "cost")
    direction = np.where(columns.texts(rows, "side") == "long", 1, -1)
    rows = rows.append_column("market_value", pa.array(values, mask=~marked))
    return rows.append_column("unrealised", pa.array(direction * (values - cost), mask=~marked))


def _signed_unsettled(unsettled: pa.Table, instruments: pa.Table) -> pa.Table:
    """Return what unsettled trades in securities bought less what they sold, by place."""
    exchanged = instruments.filter(pc.equal(instruments["asset_class"], "fx_spot"))["instrument"]
    counted = pc.and_(
        pc.equal(unsettled["item"], "amount"),
        pa.array(~columns.texts(unsettled, "instrument").isin(exchanged.to_pylist())),
    )
    trades = unsettled.filter(counted)
    held = grouping.lookup(trades, instruments, on=["instrument"])
    if (held < 0).any():
        raise InvariantError("an unsettled trade's instrument is not known")
    quantity = columns.numbers(trades, "quantity")
    signed = np.where(columns.texts(trades, "side") == "buy", quantity, -quantity)
    rows = trades.select(list(_PLACE)).append_column("bought", pa.array(signed))
    rows = rows.append_column("currency", grouping.pick(instruments["currency"], held))
    sums = grouping.add_up(rows, [*_PLACE, "currency"], amounts=["bought"])
    return sums.filter(pc.not_equal(sums["bought"], 0))


def _closed_positions(held: pa.Table, bought: pa.Table) -> pa.Table:
    """Return rows for unsettled trades whose position is closed, on the side that has settled."""
    missing = grouping.lookup(bought, held, on=_PLACE) < 0
    rows = bought.filter(pa.array(missing))
    sold = columns.numbers(rows, "bought") < 0
    zero = pa.array(np.zeros(rows.num_rows, np.int64))
    rows = rows.append_column("side", pa.array(np.where(sold, "long", "short").tolist()))
    for name in ("quantity", "cost", "cost_base"):
        rows = rows.append_column(name, zero)
    return rows.select(held.column_names).cast(held.schema)
