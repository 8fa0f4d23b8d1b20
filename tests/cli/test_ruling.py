from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Run = Callable[..., Result]


def test_the_shipped_rules_are_proved_without_a_store(run: Run, tmp_path: Path) -> None:
    run("init", books=tmp_path)
    done = run("rules", "check", books=tmp_path)
    assert done.exit_code == 0
    assert done.stdout.startswith("chart_of_accounts/prop-us for US-GAAP, US-TAX: ")
    assert done.stdout.endswith(" cells, no findings\n")
    assert not (tmp_path / "store").exists()


def test_a_rule_that_does_not_balance_is_named(run: Run, tmp_path: Path) -> None:
    run("init", books=tmp_path)
    rules = tmp_path / "chart_of_accounts" / "prop-us" / "posting_rules.toml"
    text = rules.read_text()
    assert 'amount = "commission"' in text
    rules.write_text(text.replace('amount = "commission"', 'amount = "tax"'))
    done = run("rules", "check", "--format", "json", books=tmp_path)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["rows"][0]["findings"] == done.stderr.count("\n  fix: ")
    assert "RULE_UNBALANCED" in done.stderr


def test_rules_explain_shows_the_lines_of_a_cell(run: Run, imported: Path) -> None:
    cell = ("asset_class=equity", "item=amount", "direction=pay")
    where = [word for part in cell for word in ("--where", part)]
    done = run("rules", "explain", "settlement", *where, "--basis", "US-TAX", books=imported)
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()[4:]]
    released = "revaluation_released base_only"
    assert lines == [
        f"US-TAX equity, amount, pay settlement.pay {line}"
        for line in (
            "1 dr payable.unsettled 2110 Unsettled purchases amount event",
            "2 cr cash 1020 Cash at brokers paid event",
            "3 cr gain.fx.realised 4410 Realised FX on monetary items fx_gain base_only",
            f"4 dr gain.fx.unrealised 4420 Unrealised FX on monetary items {released}",
            f"5 cr payable.unsettled 2110 Unsettled purchases {released}",
        )
    ]
    wrong = run("rules", "explain", "trade", "--where", "side=up", books=imported)
    assert (wrong.exit_code, wrong.stderr.split()[0]) == (2, "UNKNOWN_EVENT")
