"""An imported file is copied from where it is, and is what was read."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from subledger.errors import Refused
from subledger.store.files import RAW, put_raw

CONTENT = b"a,b\n" + b"1,2\n" * 2_000_000  # more than is copied at a time


def test_a_file_is_copied_byte_for_byte_from_its_path(tmp_path: Path) -> None:
    source, name = tmp_path / "trades.csv", sha256(CONTENT).hexdigest()
    source.write_bytes(CONTENT)
    for _ in range(2):
        assert put_raw(tmp_path, source, name=name) == name
        assert (tmp_path / RAW / name).read_bytes() == CONTENT


def test_a_file_that_was_changed_or_taken_away_meanwhile_is_refused(tmp_path: Path) -> None:
    source, name = tmp_path / "trades.csv", sha256(CONTENT).hexdigest()
    source.write_bytes(CONTENT + b"3,4\n")
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            put_raw(tmp_path, source, name=name)
        assert [finding.code for finding in refused.value.findings] == ["FILE_UNREADABLE"]
        assert list((tmp_path / RAW).iterdir()) == []
        source.unlink(missing_ok=True)
