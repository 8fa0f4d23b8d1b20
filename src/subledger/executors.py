"""Who books the parts of a window: this process, its threads, or the workers of Dask.

Whoever does it, the same bytes come out. Dask is the extra `dask` and is imported here alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from subledger.booking.partitioning import INLINE, Executor
from subledger.errors import refuse

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ADDRESS", "DASK", "INLINE", "THREADS", "Executor", "executor"]

THREADS, DASK = "threads", "dask"
ADDRESS = "dask://"  # and HOST:PORT of a scheduler

LEAST = 20_000  # trades and open lots for which a part is worth its overhead
PER_WORKER = 2  # parts, so that one large instrument does not keep all others waiting
PATIENCE = 10  # seconds in which a scheduler answers

Item = TypeVar("Item")
Found = TypeVar("Found")


@contextmanager
def executor(name: str = "") -> Iterator[Executor]:
    """Give the executor of a name: inline (or nothing), threads, dask, or dask://HOST:PORT.

    Refuses with UNKNOWN_EXECUTOR, DASK_MISSING and NO_SCHEDULER. Workers that were started for
    it end with it.
    """
    if name in ("", "inline"):
        yield INLINE
    elif name == THREADS:
        yield Threads(os.cpu_count() or 1)
    elif name == DASK:
        with dask_workers(os.cpu_count() or 1) as run:
            yield run
    elif name.startswith(ADDRESS):
        with dask_scheduler(name.removeprefix(ADDRESS)) as run:
            yield run
    else:
        raise refuse("UNKNOWN_EXECUTOR", "inline, threads, dask or dask://HOST:PORT", value=name)


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads of this process: most of booking is done in compiled code, outside the GIL."""

    workers: int
    least: int = LEAST

    @property
    def parts(self) -> int:
        """Return into how many parts a window is divided at most."""
        return PER_WORKER * self.workers

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        """Return what the function makes of each item, in the order of the items."""
        given = list(items)
        if len(given) == 1:
            return [function(given[0])]
        with ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(function, given))


@dataclass(frozen=True, slots=True)
class Dask:
    """The workers of a Dask cluster, as many as it has when a window is divided."""

    client: Client
    least: int = LEAST

    @property
    def parts(self) -> int:
        """Return into how many parts a window is divided at most."""
        threads: int = sum(self.client.ncores().values())
        return PER_WORKER * max(threads, 1)

    def map(self, function: Callable[[Item], Found], items: Iterable[Item]) -> list[Found]:
        """Return what the function makes of each item, in the order of the items.

        A window in one part is not worth a journey. Refuses with WORKER_LOST; what the function
        raises is raised.
        """
        from distributed import KilledWorker  # noqa: PLC0415 - an extra

        given = list(items)
        if len(given) == 1:
            return [function(given[0])]
        try:
            sent = self.client.scatter(given, hash=False)
            found: list[Found] = self.client.gather(self.client.map(function, sent, pure=False))
        except (CancelledError, KilledWorker, OSError) as error:
            raise refuse("WORKER_LOST", f"{error}") from error
        return found


@contextmanager
def dask_workers(count: int, *, least: int = LEAST) -> Iterator[Dask]:
    """Start that many worker processes on this machine, and end them."""
    _require_dask()
    from distributed import Client, LocalCluster  # noqa: PLC0415 - an extra

    cluster = LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",  # any free port: two commands may run
        memory_limit=0,
    )
    with cluster, Client(cluster, direct_to_workers=True, set_as_default=False) as client:
        yield Dask(client, least)


@contextmanager
def dask_scheduler(address: str) -> Iterator[Dask]:
    """Connect to the scheduler of a cluster that others run."""
    _require_dask()
    from distributed import Client  # noqa: PLC0415 - an extra

    url = f"tcp://{address}"
    try:
        client = Client(url, timeout=PATIENCE, direct_to_workers=True, set_as_default=False)
    except (OSError, ValueError) as error:
        raise refuse("NO_SCHEDULER", f"{error}", value=f"{ADDRESS}{address}") from error
    with client:
        yield Dask(client)


def _require_dask() -> None:
    try:
        import distributed  # noqa: F401, PLC0415 - an extra
    except ImportError:
        message = "the extra dask is not installed"
        raise refuse("DASK_MISSING", message, value=DASK) from None
