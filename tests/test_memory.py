"""The process gives back what it no longer needs, where the system's C library can be told."""

from __future__ import annotations

import subprocess
import sys

import pytest

from subledger import memory

_GIVES_BACK = """
import re, sys
import numpy as np
from subledger.memory import give_back, share_among_threads

def held() -> int:
    status = open("/proc/self/status").read()
    return int(re.search(r"VmRSS:\\s+(\\d+)", status)[1]) // 1024

share_among_threads()
kept, gone = [], []
for _ in range(20_000):  # small ones, between which the system gets nothing back by itself
    gone.append(np.ones(1_000))
    kept.append(np.ones(1))
del gone
before = held()
give_back()
print(before - held())
"""


@pytest.mark.skipif(memory._library() is None, reason="the C library cannot be told")
def test_memory_that_is_no_longer_needed_is_given_back() -> None:
    found = subprocess.run(
        [sys.executable, "-c", _GIVES_BACK], capture_output=True, text=True, check=True
    )
    assert int(found.stdout) > 50  # MB, of 160 that were let go


def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    memory._library.cache_clear()
    try:
        memory.share_among_threads()
        memory.give_back()
        assert memory._library() is None
    finally:
        monkeypatch.undo()
        memory._library.cache_clear()
