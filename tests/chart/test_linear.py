from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.chart.linear import form_text, parse_form, parse_identity, plus, reduce, total

NAMES = ("gross", "fees", "commission", "rebate", "net")
forms = st.dictionaries(st.sampled_from(NAMES), st.integers(-3, 3).filter(bool))


def test_a_sum_of_measures_is_read_with_its_signs() -> None:
    assert parse_form("gross + fees - rebate") == {"gross": 1, "fees": 1, "rebate": -1}
    assert parse_form("-gross") == {"gross": -1}
    assert parse_form("gross - gross") == {}
    assert parse_form("0") == {}
    assert parse_identity("net = gross + fees") == ("net", {"gross": 1, "fees": 1})


@pytest.mark.parametrize("text", ["gross fees", "gross +", "2 * gross", "gross + Fees", "1"])
def test_what_is_not_a_sum_of_measures_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a sum of measures"):
        parse_form(text)


def test_a_text_without_equals_is_not_an_identity() -> None:
    with pytest.raises(ValueError, match="is not an identity"):
        parse_identity("gross + fees")


def test_derived_measures_are_replaced_until_none_is_left() -> None:
    definitions = {
        "net": {"gross": 1, "fees": 1},
        "fees": {"commission": 1, "rebate": -1},
    }
    assert reduce({"net": 2, "gross": -2}, definitions) == {"commission": 2, "rebate": -2}


def test_a_form_prints_what_is_added_first() -> None:
    assert form_text({"gross": -2, "net": 1, "rebate": -1}, NAMES) == "net - 2 gross - rebate"
    assert form_text({"gross": -1}, NAMES) == "-gross"
    assert form_text({}, NAMES) == "0"


@given(forms, forms)
def test_reduction_is_linear(one: dict[str, int], other: dict[str, int]) -> None:
    definitions = {"net": {"gross": 1, "fees": 1}, "fees": {"commission": 1, "rebate": -1}}
    apart = total([reduce(one, definitions), reduce(other, definitions)])
    assert reduce(plus(one, other), definitions) == apart
