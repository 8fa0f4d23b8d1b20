"""Names in the ledger text: reversible where beancount needs another form, and never an escape."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subledger.errors import Refused
from subledger.exports import beancount_names as names

IDS = st.text("AZaz09_.:-X'"[:-1], min_size=1, max_size=8)
COMMODITY = re.compile(r"[A-Z](?:[A-Z0-9'._-]*[A-Z0-9])?\Z")
COMPONENT = re.compile(r"[A-Z0-9][A-Za-z0-9-]*\Z")


@given(IDS)
def test_a_commodity_name_is_valid_and_gives_the_instrument_back(instrument: str) -> None:
    name = names.commodity(instrument, {"USDT"})
    assert COMMODITY.match(name)
    assert names.instrument_of(name) == instrument


@given(st.lists(IDS, min_size=2, max_size=2, unique=True))
def test_two_ids_never_share_a_component_of_an_account(pair: list[str]) -> None:
    one, other = (names.component(identifier) for identifier in pair)
    assert COMPONENT.match(one)
    assert one != other


@pytest.mark.parametrize(
    ("instrument", "commodity", "component"),
    [
        ("AAPL", "AAPL", "AAPL"),
        ("BRK.B", "BRK.B", "BRK--B"),
        ("BTC-USD", "BTC-USD", "BTC-USD"),
        ("700.HK", "X'-700.HK", "700--HK"),
        ("kSHIB", "X'-'KSHIB", "X-----kSHIB"),
        ("CAD", "X'-CAD", "CAD"),
        ("TRUE", "X'-TRUE", "TRUE"),
        ("A.", "A.'0", "A--"),
        ("a:b_c", "X'-'A'1'B_'C", "X-----a----b---c"),
        ("X-.B", "X-.B", "X------md-B"),
        ("Residue", "R'E'S'I'D'U'E", "X-----Residue"),
        ("Summed", "S'U'M'M'E'D", "X-----Summed"),
    ],
)
def test_usual_ids_stay_readable(instrument: str, commodity: str, component: str) -> None:
    assert names.commodity(instrument) == commodity
    assert names.component(instrument) == component


@pytest.mark.parametrize("text", ["a\nplugin", "a\rb", "a\tb", "\x00", "a\u2028b", "a\u202eb"])
def test_a_control_character_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        names.quoted(text)
    assert [finding.code for finding in refused.value.findings] == ["LEDGER_TEXT"]


@pytest.mark.parametrize("text", ["a b", "", "a\n", 'a"', "ä", "a;b"])
def test_only_ids_stand_in_links_tags_and_accounts(text: str) -> None:
    with pytest.raises(Refused):
        names.link(text)


def test_quotes_and_backslashes_are_escaped() -> None:
    assert names.quoted('a"b\\') == '"a\\"b\\\\"'


@pytest.mark.parametrize("code", ["usd", "U D", "", "TRUE", "1A", "U\n"])
def test_a_currency_is_upper_case_letters_and_digits(code: str) -> None:
    with pytest.raises(Refused):
        names.currency(code)
