"""Arrow without pandas: the program hands columns to Arrow, and a DataFrame only in the API."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

import pyarrow as pa


class _WithoutPandas(MetaPathFinder):
    """Finds pandas missing; whatever else is looked for is left to the other finders."""

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        """Raise for pandas as where it is not installed."""
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname, name=fullname)
        return None


def leave_pandas_out() -> None:
    """Have Arrow look for pandas now and find none, unless it is loaded already.

    At the first list that it is given Arrow loads pandas, a third of the start of a command and
    32 MB, only to ask whether the list is a column of pandas. It asks once; where it needs pandas
    after all, as in `to_pandas`, it looks again. pandas itself can be imported as ever.
    """
    if "pandas" in sys.modules:
        return
    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([])  # without a type, so that it is asked wherever Arrow asks
    finally:
        sys.meta_path.remove(finder)
