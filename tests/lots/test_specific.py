"""Specific identification: lots that a trade names, and what is refused."""

from __future__ import annotations

import pytest
from tests.lots.steps import (
    GIVEN,
    LONG,
    SHORT,
    Step,
    buy,
    left,
    left_ids,
    legs,
    lots,
    naming,
    reliefs,
    run,
    sell,
)

from subledger.errors import CODES
from subledger.lots.engine import (
    AVERAGE,
    BOOKED,
    CLOSE,
    LOT_UNKNOWN,
    LOTS_MISMATCH,
    LOTS_NOT_NAMED,
    METHODS,
    OPEN,
    OVER_CLOSE,
    REFUSAL_CODES,
    SHORT_NOT_ALLOWED,
    SPECIFIC,
)

# 1,140 at 3.60, 1,830 at 3.80 and 1,500 at 4.80 were bought; 1,600 are sold at 4.60.
WESTGATE = (buy(1140, 410400), buy(1830, 695400), buy(1500, 720000))


def test_named_lots_are_relieved_and_no_others() -> None:
    """700 of the second and 900 of the third purchase are identified: a gain of 380.00.

    Source: Cruz and others, Fundamentals of Taxation, the problem "Westgate stock"; first in,
    first out the gain is 1,508.00.
    """
    named = naming(sell(1600, 736000), (1, 700), (2, 900))
    result = run(*WESTGATE, named, method=SPECIFIC)
    assert reliefs(result) == [(1, 700, 266000), (2, 900, 432000)]
    assert 736000 - 266000 - 432000 == 38000
    first = run(*WESTGATE, sell(1600, 736000))
    assert 736000 - sum(cost for *_, cost in reliefs(first)) == 150800


@pytest.mark.parametrize("method", range(len(METHODS)), ids=METHODS)
def test_a_trade_that_names_lots_is_specific_whatever_the_method(method: int) -> None:
    bought = [one._replace(method=SPECIFIC) for one in WESTGATE]
    named = naming(sell(3, 900, method=method), (1, 2), (0, 1))
    assert reliefs(run(*bought, named)) == [(1, 2, 760), (0, 1, 360)]


def test_lots_are_relieved_in_the_order_named_and_one_may_be_named_twice() -> None:
    result = run(buy(3, 1000), buy(1, 7), naming(sell(4, 1), (0, 1), (1, 1), (0, 2)))
    assert reliefs(result) == [(0, 1, 333), (1, 1, 7), (0, 2, 667)]


def test_lots_given_and_versions_of_a_pool_can_be_named() -> None:
    held = lots((10, 1000), (10, 2000))
    result = run(naming(sell(3, 1), (GIVEN + 1, 3)), held=held)
    assert reliefs(result) == [(1, 3, 600)]
    pooled = (buy(1, 10, method=AVERAGE), buy(1, 30, method=AVERAGE))
    assert reliefs(run(*pooled, naming(sell(1, 1), (0, 2, 1)))) == [(1, 1, 20)]
    ended = run(*pooled, naming(sell(1, 1), (0, 1, 1)))
    assert ended.refused.tolist() == [BOOKED, BOOKED, LOT_UNKNOWN]


def test_a_short_is_covered_by_name_and_the_rest_opens_a_long() -> None:
    """Three are short; all of them are named, and 2 of the 5 bought open a long."""
    result = run(sell(1, 90), sell(2, 220), naming(buy(5, 500), (1, 2), (0, 1)), method=SPECIFIC)
    assert reliefs(result) == [(1, 2, 220), (0, 1, 90)]
    assert legs(result)[2:] == [(2, False, SHORT, 3, 300, 0), (2, True, LONG, 2, 200, 0)]
    assert left(result) == [(LONG, 2, 200)]


def test_without_names_one_lot_or_all_lots_are_meant() -> None:
    alone = run(buy(10, 100), sell(4, 1), sell(6, 1), method=SPECIFIC)
    assert reliefs(alone) == [(0, 4, 40), (0, 6, 60)]
    every = run(buy(1, 10), buy(2, 40), sell(3, 1), method=SPECIFIC)
    assert reliefs(every) == [(0, 1, 10), (1, 2, 40)]
    beyond = run(buy(1, 10), buy(2, 40), sell(5, 50), method=SPECIFIC)
    assert left(beyond) == [(SHORT, 2, 20)]
    opening = run(buy(1, 10), buy(1, 10), buy(1, 10), sell(1, 9, effect=OPEN), method=SPECIFIC)
    assert opening.refused.tolist() == [BOOKED] * 4


HELD = (buy(2, 20), buy(3, 60), buy(4, 4)._replace(pool=1), sell(1, 1, effect=OPEN))


@pytest.mark.parametrize(
    ("trade", "code"),
    [
        (sell(1, 1, method=SPECIFIC), LOTS_NOT_NAMED),
        (naming(sell(1, 1), (9, 1)), LOT_UNKNOWN),  # no lot of that name
        (naming(sell(1, 1), (0, 2, 1)), LOT_UNKNOWN),  # no such version of it
        (naming(sell(1, 1), (2, 1)), LOT_UNKNOWN),  # of another pool
        (naming(sell(1, 1), (3, 1)), LOT_UNKNOWN),  # of the other side
        (naming(sell(3, 1), (0, 3)), LOT_UNKNOWN),  # has 2 units
        (naming(sell(3, 1), (0, 2), (0, 1)), LOT_UNKNOWN),  # the same, named twice
        (naming(sell(3, 1), (0, 2)), LOTS_MISMATCH),
        (naming(sell(3, 1), (0, 2), (1, 2)), LOTS_MISMATCH),
        (naming(sell(7, 1), (0, 2), (1, 2)), LOTS_MISMATCH),  # 5 of the 7 close
        (naming(sell(2, 1, effect=OPEN), (0, 2)), LOTS_MISMATCH),  # none closes
        (naming(sell(6, 1, effect=CLOSE), (9, 1)), OVER_CLOSE),
        (naming(buy(1, 1)._replace(pool=5), (0, 1)), LOT_UNKNOWN),  # nothing is open
    ],
)
def test_a_trade_whose_lots_are_not_plain_is_refused_whole(trade: Step, code: int) -> None:
    result = run(*HELD, trade, sell(5, 100))
    assert result.refused.tolist() == [BOOKED] * 4 + [code, BOOKED]
    assert 4 not in result.legs.trade
    assert left_ids(result) == [(2, 1, 4), (3, 1, 1)]


def test_a_short_that_is_not_allowed_is_refused_before_its_lots_are_looked_at() -> None:
    named = naming(sell(2, 1), (9, 1))
    result = run(named, held=lots((1, 1)), may_short=False)
    assert result.refused.tolist() == [SHORT_NOT_ALLOWED]


def test_every_refusal_of_the_engine_has_a_code_that_can_be_waived() -> None:
    assert all(CODES[code].waivable for code in REFUSAL_CODES.values())
    assert sorted(REFUSAL_CODES) == [1, 2, 3, 4, 5]
