"""An investment-accounting subledger: settled trades in, a closed month out.

Importing the package loads nothing else; each name below is loaded when it is first used. Their
types stand in `__init__.pyi`.
"""

from __future__ import annotations

import os
from importlib import import_module

# Arrow's own allocator keeps what was freed; a close needs a fifth less memory without it. Whoever
# has chosen an allocator, or loaded pyarrow before, keeps theirs.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

__version__ = "0.1.0"

_HOMES = {
    "Books": "subledger.api",
    "Finding": "subledger.errors",
    "Refused": "subledger.errors",
    "Relieved": "subledger.api",
    "create": "subledger.api",
    "open": "subledger.api",
    "relieve": "subledger.api",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module 'subledger' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, loaded or not."""
    return sorted({*globals(), *_HOMES})
