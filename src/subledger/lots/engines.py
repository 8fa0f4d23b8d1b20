"""Which lot engine relieves: the compiled kernel where a batch is large, else the reference.

Both compute the same bytes. Loading the kernel takes about as long as the reference needs for LARGE
rows. Without numba, which is the extra `fast`, the reference does everything.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from subledger.lots import reference
from subledger.lots.engine import Engine, Lots, Picks, Relieved, Trades

LARGE = 20_000  # trades and lots
KERNEL, REFERENCE = "kernel", "reference"


@cache
def has_kernel() -> bool:
    """Say whether the kernel can be loaded: whether numba is installed."""
    return find_spec("numba") is not None


def relieve(lots: Lots, trades: Trades, *, picks: Picks) -> Relieved:
    """Relieve lots by trades with the engine that suits the batch."""
    rows = len(trades.pool) + len(lots.pool)
    suited = KERNEL if rows >= LARGE and has_kernel() else REFERENCE
    return engine(suited)(lots, trades, picks=picks)


def engine(name: str) -> Engine:
    """Return the engine of a name, whatever the batch: KERNEL or REFERENCE."""
    if name == REFERENCE:
        return reference.relieve
    from subledger.lots import kernel  # noqa: PLC0415 - loads numba

    return kernel.relieve


def notice(rows: int) -> str:
    """Return what is to be said of a batch of that many trades and lots: "" if nothing."""
    if rows < LARGE or has_kernel():
        return ""
    return (
        f"{rows} trades and lots without the compiled lot engine: install the extra fast"
        " (numba) and the same is done in seconds"
    )
