"""Large books without the compiled lot engine are slow, and the program says so."""

from __future__ import annotations

import pytest

from subledger.lots import engines


def test_a_large_batch_without_numba_is_told_how_to_be_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engines, "has_kernel", lambda: False)
    assert engines.notice(engines.LARGE) == (
        "20000 trades and lots without the compiled lot engine: install the extra fast (numba)"
        " and the same is done in seconds"
    )
    assert engines.notice(engines.LARGE - 1) == ""


def test_nothing_is_said_where_the_engine_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_kernel", lambda: True)
    assert engines.notice(10**6) == ""
