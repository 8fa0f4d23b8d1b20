"""A desk whose books are new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.operations.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return books of the template as it stands: settled trades, both bases."""
    return Desk(tmp_path / "books")


@pytest.fixture
def desk_with(tmp_path: Path) -> Callable[[dict[str, object]], Desk]:
    """Return books with settings of one's own."""

    def make(settings: dict[str, object]) -> Desk:
        return Desk(tmp_path / "books", settings)

    return make
