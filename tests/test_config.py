"""subledger.toml: what it may say, what is refused, and the file that init writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from subledger.booking.policy import BasisPolicy, Override
from subledger.config import Rates, Settings, load_settings, parse_settings, settings_text
from subledger.errors import Exit, Refused
from subledger.lots.engine import METHODS

ROOT = Path(__file__).resolve().parents[1]
REFUSALS = ROOT / "tests" / "refusals"
LEAST = """\
chart = "chart_of_accounts/prop-us"
[entity]
name = "Example Trading LLC"
base = "USD"
[basis.US-GAAP]
"""


def parse(text: str) -> Settings:
    return parse_settings(text.encode(), Path("acme"), file="subledger.toml")


def refusals(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(Refused) as refused:
        parse(text)
    return [(f.code, f.column, f.value) for f in refused.value.findings]


def test_the_least_file_has_every_default_of_the_manual() -> None:
    settings = parse(LEAST)
    assert settings.entity == "Example Trading LLC"
    assert (settings.base, settings.base_decimals) == ("USD", 2)
    assert settings.chart_folder == Path("acme/chart_of_accounts/prop-us")
    assert settings.bases == {"US-GAAP": BasisPolicy("US-GAAP", "USD")}
    assert settings.rates == Rates(max_age=5, pivot="")
    assert settings.store_url == "sqlite:///store/control.db"
    assert settings.tolerances == {"gross": "0.01", "settlement": "0.01"}
    assert (list(settings.sources), dict(settings.intake)) == ([], {})


def test_decimals_are_those_of_iso_4217_unless_the_file_says_otherwise() -> None:
    text = LEAST + "[currencies.USD]\ndecimals = 6\n[currencies.BTC]\ndecimals = 8\n"
    decimals = parse(text).currencies
    found = {code: decimals[code] for code in ("USD", "BTC", "EUR", "JPY", "KWD")}
    assert found == {"USD": 6, "BTC": 8, "EUR": 2, "JPY": 0, "KWD": 3}


def test_every_policy_of_a_basis_reaches_its_policy() -> None:
    text = """\
recognition = "trade_date"
post_status = "confirmed"
valuation = "cost"
fees = "capitalise"
fx_split = "acquisition_rate"
cash_fx = "average"
dividends = "pay_date"
fiscal_year_start = "07-01"
lots.method = "HIFO"
lots.pool_by = ["broker_account", "instrument"]
lots.allow_short = false
[[basis.US-GAAP.override]]
book = "B1"
asset_class = "etf"
from = "2026-02-01"
lots.allow_short = true
[[basis.US-GAAP.override]]
broker_account = "PB:1"
from = 2026-03-01
fees = "expense"
lots.method = "SPECIFIC"
"""
    assert parse(LEAST + text).bases["US-GAAP"] == BasisPolicy(
        "US-GAAP",
        "USD",
        post_status="confirmed",
        valuation="cost",
        fees="capitalise",
        fx_split="acquisition_rate",
        cash_fx="average",
        dividends="pay_date",
        lot_method="HIFO",
        pool_by=("broker_account", "instrument"),
        allow_short=False,
        fiscal_first_month=7,
        overrides=(
            Override({"book": "B1", "asset_class": "etf"}, {"allow_short": True}, date(2026, 2, 1)),
            Override(
                {"broker_account": "PB:1"},
                {"lot_method": "SPECIFIC", "fees": "expense"},
                date(2026, 3, 1),
            ),
        ),
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_lot_method_can_be_that_of_a_basis_or_of_an_override(method: str) -> None:
    override = f'[[basis.US-GAAP.override]]\nasset_class = "etf"\nlots.method = "{method}"\n'
    policy = parse(LEAST + f'lots.method = "{method}"\n' + override).bases["US-GAAP"]
    assert (policy.lot_method, policy.overrides[0].settings) == (method, {"lot_method": method})


def test_only_cost_with_relieved_cash_is_never_revalued() -> None:
    assert {
        (valuation, cash_fx): BasisPolicy("B", "USD", valuation=valuation, cash_fx=cash_fx).revalues
        for valuation in ("fair_value", "cost")
        for cash_fx in ("day_rate", "average", "fifo")
    } == {
        ("fair_value", "day_rate"): True,
        ("fair_value", "average"): True,
        ("fair_value", "fifo"): True,
        ("cost", "day_rate"): True,
        ("cost", "average"): False,
        ("cost", "fifo"): False,
    }


def test_what_rates_depend_on_comes_from_the_file() -> None:
    terms = parse(LEAST + '[rates]\nmax_age = 7\npivot = "EUR"\n').rate_terms
    assert (terms.base, terms.pivot, terms.max_age) == ("USD", "EUR", 7)
    assert terms.decimals["JPY"] == 0


def test_a_format_may_round_the_columns_that_it_names() -> None:
    text = '[intake.ibkr-flex.rounding]\ncommission = "half_even"\ntax = "half_even"\n'
    assert parse(LEAST + text).intake == {
        "ibkr-flex": {"commission": "half_even", "tax": "half_even"}
    }


def test_every_finding_of_a_file_is_told_at_once() -> None:
    text = LEAST.replace('base = "USD"', 'base = "usd"') + (
        'fees = "capitalize"\nlotz.method = "FIFO"\n[rates]\nmax_age = "5"\n'
    )
    assert refusals(text) == [
        ("SETTING_VALUE", "basis.US-GAAP.fees", "capitalize"),
        ("SETTING_UNKNOWN", "basis.US-GAAP.lotz", ""),
        ("SETTING_VALUE", "entity.base", "usd"),
        ("SETTING_VALUE", "rates.max_age", "5"),
    ]


def test_an_unknown_key_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(Refused, match="did you mean post_status"):
        parse(LEAST + 'post_stats = "settled"\n')


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        ('recognition = "settlement_date"', "recognition", "settlement_date"),
        ('valuation = "mark_at_year_end"', "valuation", "mark_at_year_end"),
        ('lots.method = "UK_S104"', "lots.method", "UK_S104"),
        ('fiscal_year_start = "04-06"', "fiscal_year_start", "04-06"),
        (
            '[[basis.US-GAAP.override]]\nbook = "B1"\nlots.method = "UK_S104"',
            "override[1].lots.method",
            "UK_S104",
        ),
    ],
)
def test_what_is_planned_is_refused_as_not_offered_yet(line: str, column: str, value: str) -> None:
    assert refusals(LEAST + line) == [("NOT_OFFERED_YET", f"basis.US-GAAP.{column}", value)]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ('lots.pool_by = ["book"]', "basis.US-GAAP.lots.pool_by"),
        ('lots.pool_by = ["book", "book", "instrument"]', "basis.US-GAAP.lots.pool_by"),
        ('lots.method = "fifo"', "basis.US-GAAP.lots.method"),
        ('dividends = "record_date"', "basis.US-GAAP.dividends"),
        ('lots.allow_short = "no"', "basis.US-GAAP.lots.allow_short"),
        ('fiscal_year_start = "1 July"', "basis.US-GAAP.fiscal_year_start"),
        ('[[basis.US-GAAP.override]]\nbook = "B1"', "basis.US-GAAP.override[1]"),
        ('[[basis.US-GAAP.override]]\nfees = "expense"', "basis.US-GAAP.override[1]"),
        (
            '[[basis.US-GAAP.override]]\nfrom = "20260201"\nfees = "expense"',
            "basis.US-GAAP.override[1].from",
        ),
        ("[currencies.USD]\ndecimals = 9", "currencies.USD.decimals"),
        ("[currencies.USD]\ndecimals = true", "currencies.USD.decimals"),
        ("[tolerance]\ngross = 0.01", "tolerance.gross"),
        ('[tolerance]\ngross = "-1"', "tolerance.gross"),
        ('[tolerance]\ngross = "1e-2"', "tolerance.gross"),
        ('[store]\nurl = "control.db"', "store.url"),
        ('[rates]\npivot = "BTC"', "rates.pivot"),
        ('[intake.ibkr-flex.rounding]\ncommission = "up"', "intake.ibkr-flex.rounding.commission"),
        ('[[sources]]\nbroker_account = "X"\nkind = "x"\nfrequency = "daily"', "sources[1].kind"),
    ],
)
def test_a_value_that_cannot_be_is_refused(line: str, column: str) -> None:
    assert [found[:2] for found in refusals(LEAST + line)] == [("SETTING_VALUE", column)]


@pytest.mark.parametrize("chart", ["/etc", "../chart", "a/../../b", "..\\b"])
def test_a_chart_outside_the_books_folder_is_refused(chart: str) -> None:
    text = LEAST.replace('"chart_of_accounts/prop-us"', f"'{chart}'")
    assert refusals(text) == [("SETTING_VALUE", "chart", chart)]


def test_a_base_currency_without_decimals_is_refused() -> None:
    text = LEAST.replace('base = "USD"', 'base = "BTC"')
    assert refusals(text) == [("SETTING_VALUE", "entity.base", "BTC")]
    assert parse(text + "[currencies.BTC]\ndecimals = 8\n").base_decimals == 8


@pytest.mark.parametrize(
    "code",
    ["SETTINGS_SYNTAX", "SETTING_UNKNOWN", "SETTING_MISSING", "SETTING_VALUE", "NOT_OFFERED_YET"],
)
def test_the_bad_input_of_each_code_is_refused_with_it(code: str) -> None:
    with pytest.raises(Refused) as refused:
        load_settings(REFUSALS / code)
    assert [(f.code, f.file) for f in refused.value.findings] == [(code, "subledger.toml")]
    assert refused.value.exit == Exit.REFUSED


def test_a_syntax_error_names_its_line() -> None:
    with pytest.raises(Refused) as refused:
        load_settings(REFUSALS / "SETTINGS_SYNTAX")
    assert refused.value.findings[0].row == 2


def test_a_folder_without_the_file_is_no_books_folder(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        load_settings(tmp_path)
    assert [finding.code for finding in refused.value.findings] == ["NOT_A_BOOKS_FOLDER"]


def test_the_file_may_have_a_byte_order_mark_and_crlf() -> None:
    content = b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode()
    settings = parse_settings(content, Path(), file="subledger.toml")
    assert settings.bases == parse(LEAST).bases


def test_the_template_gives_tax_lots_wider_pools_at_cost_with_fees_in_it() -> None:
    bases = parse(settings_text("prop-us")).bases
    assert bases == {
        "US-GAAP": BasisPolicy("US-GAAP", "USD"),
        "US-TAX": BasisPolicy(
            "US-TAX",
            "USD",
            valuation="cost",
            fees="capitalise",
            cash_fx="fifo",
            dividends="pay_date",
            pool_by=("broker_account", "instrument"),
            not_included=(
                "wash sales, straddles, constructive sales, mark-to-market elections and section"
                " 1256 contracts"
            ),
        ),
    }


def test_the_template_under_ifrs_has_one_basis_at_fair_value_with_fees_expensed_in_euros() -> None:
    settings = parse(settings_text("prop-ifrs"))
    assert settings.bases == {"IFRS": BasisPolicy("IFRS", "EUR")}
    assert (settings.base, settings.currencies["EUR"]) == ("EUR", 2)
    assert settings.chart_folder.name == "prop-ifrs"
    american = parse(settings_text("prop-us")).bases["US-GAAP"]
    assert replace(american, name="IFRS", base_currency="EUR") == settings.bases["IFRS"]


def test_single_settings_are_set_from_text_as_from_python() -> None:
    text = settings_text(
        "prop-us",
        {
            "entity.name": 'Acme "Quant" Österreich',
            "currencies.USD.decimals": "6",
            "basis.US-GAAP.lots.allow_short": "false",
            "basis.US-GAAP.lots.pool_by": "book,instrument",
            "basis.IFRS.post_status": "confirmed",
            "rates.pivot": "EUR",
        },
    )
    python = settings_text(
        "prop-us",
        {
            "entity.name": 'Acme "Quant" Österreich',
            "currencies.USD.decimals": 6,
            "basis.US-GAAP.lots.allow_short": False,
            "basis.US-GAAP.lots.pool_by": ("book", "instrument"),
            "basis.IFRS.post_status": "confirmed",
            "rates.pivot": "EUR",
        },
    )
    assert text == python
    settings = parse(text)
    assert settings.entity == 'Acme "Quant" Österreich'
    assert settings.currencies["USD"] == 6
    assert settings.bases["US-GAAP"].pool_by == ("book", "instrument")
    assert not settings.bases["US-GAAP"].allow_short
    assert settings.bases["IFRS"].post_status == "confirmed"
    assert settings.rates.pivot == "EUR"


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("basis.US-GAAP.lots.method", "UK_S104", "NOT_OFFERED_YET"),
        ("basis.US-GAAP.lots.methods", "FIFO", "SETTING_UNKNOWN"),
        ("currencies.USD.decimals", "six", "SETTING_VALUE"),
        ("basis.US-GAAP", "x", "SETTING_VALUE"),
        ("entity", "x", "SETTING_VALUE"),
        ("chart.name", "x", "SETTING_UNKNOWN"),
        ("", "x", "SETTING_UNKNOWN"),
        ("entity..name", "x", "SETTING_UNKNOWN"),
        ("entity.name", "two\nlines", "SETTING_VALUE"),
        ("rates.max_age", None, "SETTING_VALUE"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_init(key: str, value: object, code: str) -> None:
    with pytest.raises(Refused) as refused:
        settings_text("prop-us", {key: value})
    assert [finding.code for finding in refused.value.findings] == [code]


def test_an_unknown_template_is_refused_as_usage() -> None:
    with pytest.raises(Refused, match="offered: prop-ifrs, prop-us") as refused:
        settings_text("prop-usa")
    assert refused.value.exit == Exit.USAGE


def test_the_root_is_the_sample_firms_books_folder() -> None:
    settings = load_settings(ROOT)
    assert settings.entity == "Sample Trading LLC"
    assert {name: basis.post_status for name, basis in settings.bases.items()} == {
        "US-GAAP": "confirmed",
        "US-TAX": "confirmed",
    }


def test_lots_rank_with_fees_unless_a_basis_or_an_override_says_otherwise() -> None:
    plain = parse(LEAST).bases["US-GAAP"]
    assert plain.rank_with_fees
    override = '[[basis.US-GAAP.override]]\nbook = "B1"\nlots.rank_with_fees = true\n'
    policy = parse(LEAST + "lots.rank_with_fees = false\n" + override).bases["US-GAAP"]
    assert not policy.rank_with_fees
    assert policy.overrides[0].settings == {"rank_with_fees": True}
