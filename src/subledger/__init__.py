"""An investment-accounting subledger: settled trades in, a closed month out.

Importing the package loads nothing else; each name below is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subledger.api import Books, Relieved, create, open, relieve  # noqa: A004 - as json.load
    from subledger.errors import Finding, Refused

__version__ = "0.1.0"
__all__ = ["Books", "Finding", "Refused", "Relieved", "create", "open", "relieve"]

_HOMES = {"Finding": "subledger.errors", "Refused": "subledger.errors"}


def __getattr__(name: str) -> object:
    """Load a public name from its module."""
    if name not in __all__:
        raise AttributeError(f"module 'subledger' has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES.get(name, "subledger.api")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, loaded or not."""
    return sorted({*globals(), *__all__})
