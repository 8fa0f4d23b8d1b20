"""What a row means does not depend on the rows around it, nor on how many there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

AMOUNTS = st.sampled_from(
    ["1", "0.5", "100", "92233720368547758", "9999999999999", "1250", "1250.004", "12.5", "7e3", ""]
)
PRICES_OF_TRADES = st.sampled_from(["12.5", "0.00000001", "9223372036854775807", "-1", "100", ""])
ANY_TRADE = st.fixed_dictionaries(
    {},
    optional={
        "instrument": st.sampled_from(["ACME", "COIN", "BOND", "NEST", "CRUDE", "NOPE"]),
        "currency": st.sampled_from(["USD", "EUR", "ZZZ"]),
        "side": st.sampled_from(["buy", "sell"]),
        "quantity": AMOUNTS,
        "price": PRICES_OF_TRADES,
        "gross_amount": AMOUNTS,
        "net_amount": AMOUNTS,
        "commission": AMOUNTS,
        "tax": AMOUNTS,
        "accrued_interest": AMOUNTS,
        "fee_currency": st.sampled_from(["USD", "EUR", ""]),
        "settled_date": st.sampled_from(["2026-01-06", "2026-01-04", ""]),
    },
)


@given(rows=st.lists(ANY_TRADE, min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_trade_gets_the_same_verdict_alone_as_among_others(
    books: Any, rows: list[dict[str, str]]
) -> None:
    together = books.read("trades", *rows)
    alone = [books.read("trades", row) for row in rows]
    findings = [
        replace(finding, row=place + 2)
        for place, reading in enumerate(alone)
        for finding in reading.findings
    ]
    assert together.findings == findings
    if not findings:
        values = [reading.table.to_pylist()[0] | {"row": n + 2} for n, reading in enumerate(alone)]
        assert together.table.to_pylist() == values


def test_a_file_of_many_rows_is_read_as_one_of_few(books: Any) -> None:
    rows = [{"rate": f"1.{n + 1:03}", "source": f"S{n}"} for n in range(10)]
    few = books.read("rates", *rows)
    many = books.read("rates", *rows * 5_000)
    assert many.rows_read == 50_000
    wanted = [row | {"row": n + 2} for n, row in enumerate(few.table.to_pylist() * 5_000)]
    assert many.table.to_pylist() == wanted
