"""Settings that would reach into a closed period are refused, and others are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from subledger.booking.policy import BasisPolicy, Override
from subledger.closing.policy_changes import policy_changes
from subledger.closing.sealing import stated_policy

THROUGH = date(2022, 9, 30)
POLICY = BasisPolicy("US-GAAP", "USD")


def changed(now: BasisPolicy, sealed: dict[str, Any] | None = None) -> list[tuple[str, str | None]]:
    """Return code and key of every finding against a seal of the policy as it was."""
    findings = policy_changes(sealed or stated_policy(POLICY), now, through=THROUGH)
    return [(finding.code, finding.column) for finding in findings]


@pytest.mark.parametrize(
    "setting",
    [
        {"lot_method": "HIFO"},
        {"rank_with_fees": False},
        {"dividends": "pay_date"},
        {"cash_fx": "fifo"},
        {"fx_split": "acquisition_rate"},
    ],
)
def test_a_setting_that_was_sealed_may_not_change(setting: dict[str, Any]) -> None:
    (name,) = setting
    assert changed(POLICY) == []
    assert changed(replace(POLICY, **setting)) == [("POLICY_CLOSED", f"basis.US-GAAP.{name}")]


def test_the_filter_and_what_is_only_printed_may_change() -> None:
    assert changed(replace(POLICY, post_status="confirmed", not_included="wash sales")) == []


def test_an_override_begins_after_the_last_closed_day() -> None:
    override = Override({"book": "B1"}, {"lot_method": "HIFO"}, date(2022, 10, 1))
    assert changed(replace(POLICY, overrides=(override,))) == []
    early = replace(override, start=THROUGH)
    assert changed(replace(POLICY, overrides=(early,))) == [
        ("POLICY_CLOSED", "basis.US-GAAP.override")
    ]


def test_a_seal_from_before_dividends_could_be_set_means_the_ex_date() -> None:
    sealed = stated_policy(POLICY)
    del sealed["dividends"]
    assert changed(POLICY, sealed) == []
    assert changed(replace(POLICY, dividends="pay_date"), sealed) == [
        ("POLICY_CLOSED", "basis.US-GAAP.dividends")
    ]


def test_a_seal_says_that_lots_rank_without_fees_and_else_nothing() -> None:
    assert "rank_with_fees" not in stated_policy(POLICY)
    sealed = stated_policy(replace(POLICY, rank_with_fees=False))
    assert sealed["rank_with_fees"] is False
    assert changed(POLICY, sealed) == [("POLICY_CLOSED", "basis.US-GAAP.rank_with_fees")]
