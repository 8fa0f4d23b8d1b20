"""The memory of the program's own process: it keeps little of what it no longer needs.

Only the C library of most Linux systems can be told; elsewhere nothing is done.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

_ARENA_MAX = -8  # the number of the parameter in malloc.h


@cache
def _library() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None


def share_among_threads() -> None:
    """Let all threads take memory from one place, so that each can have what another gave back.

    It is for programs: a library leaves the process that loads it as it is.
    """
    if library := _library():
        library.mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Give back to the system what is no longer in use, before much else is needed."""
    if library := _library():
        library.malloc_trim(0)
