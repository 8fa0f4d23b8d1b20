"""FIFO against its closed form: unit k bought meets unit k sold, in SQL run by DuckDB."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lots.steps import Step, lots, picks_of, relieved, rows_of, run, trades_of
from tests.lots.test_engines import skewed_book

from subledger.lots.engine import FIFO, Relieved, Trades

# Units of a pool are numbered as they are bought, and as they are sold. The k-th bought meets the
# k-th sold whichever came first: the later trade closes what the earlier opened.
PAIRS = """
    WITH numbered AS (
        SELECT *, sum(quantity) OVER (
            PARTITION BY pool, direction ORDER BY trade
        )::HUGEINT AS upto FROM trades
    )
    SELECT greatest(b.trade, s.trade) AS closing, least(b.trade, s.trade) AS opening,
        (least(b.upto, s.upto) - greatest(b.upto - b.quantity, s.upto - s.quantity))::BIGINT
    FROM numbered b JOIN numbered s ON b.pool = s.pool
        AND b.upto > s.upto - s.quantity AND s.upto > b.upto - b.quantity
    WHERE b.direction = 1 AND s.direction = -1
    ORDER BY closing, opening
"""


def pairs_in_sql(trades: Trades) -> list[tuple[int, ...]]:
    """Return (closing trade, opening trade, units) of every pair that meets."""
    columns = {name: getattr(trades, name) for name in ("pool", "direction", "quantity")}
    table = pa.table({"trade": range(len(trades.pool)), **columns})
    with duckdb.connect() as connection:
        connection.register("trades", table)
        return connection.execute(PAIRS).fetchall()


def pairs_of(result: Relieved) -> list[tuple[int, ...]]:
    closing = result.legs.trade[result.reliefs.leg]
    opening = result.lots.trade[result.reliefs.lot]
    return rows_of(closing, opening, result.reliefs.quantity)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            Step,
            direction=st.sampled_from((1, -1)),
            quantity=st.integers(1, 2**40),
            gross=st.just(1),
            fees=st.just(0),
            effect=st.just(0),
            method=st.just(FIFO),
            ranking_fees=st.just(0),
            picks=st.just(()),
            pool=st.integers(0, 2),
            gross_base=st.just(1),
            fees_base=st.just(0),
            on=st.just(0),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_unit_k_bought_meets_unit_k_sold(steps: list[Step]) -> None:
    assert pairs_of(run(*steps)) == pairs_in_sql(trades_of(steps))


def test_a_skewed_book_of_many_pools_meets_as_its_closed_form_says() -> None:
    trades = skewed_book(20_000, methods=(FIFO,), pools=500)
    assert pairs_of(relieved(lots(), trades, picks_of(()), threads=2)) == pairs_in_sql(trades)
