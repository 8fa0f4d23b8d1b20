"""One job of a benchmark in a process of its own: `python -m subledger.operations.bench_child`.

Only the standard library is imported before the job begins, so that its time and its peak memory
are those of a fresh command. The job stands in the first argument as JSON, and what it measured is
the last line of stdout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path

WHOLE = "whole job"
REPEATS, ENOUGH = 3, 30  # runs of the lot engine per method; seconds after which none is added


@dataclass(frozen=True, slots=True)
class Measured:
    """What one stage took: seconds by the clock and of processors, 0 where they are not known.

    `peak` is the most memory that its process held so far, in bytes.
    """

    part: str
    stage: str
    rows: int
    seconds: float
    peak: int = 0
    note: str = ""
    cpu: float = 0


@dataclass
class Stopwatch:
    """The stages of a job as they are measured."""

    part: str
    stages: list[Measured] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str, rows: int = 0) -> Iterator[None]:
        """Measure what runs inside."""
        start, used = time.perf_counter(), time.process_time()
        yield
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
        self.stages.append(Measured(self.part, name, rows, seconds, peak_memory(), cpu=cpu))


def peak_memory() -> int:
    """Return the most memory that this process has held, in bytes; 0 where nothing tells."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage, whose peak includes the memory of the process that started this one.
        found = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(found[0].split()[1]) * 1024 if found else 0
    return _usage(of_children=False)[0]


def _usage(*, of_children: bool) -> tuple[int, float]:
    """Return the peak of memory in bytes and the seconds of processors."""
    if sys.platform == "win32":
        return 0, 0
    import resource  # noqa: PLC0415 - not everywhere

    used = resource.getrusage(resource.RUSAGE_CHILDREN if of_children else resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_maxrss * unit, used.ru_utime + used.ru_stime


def write_book(recipe: dict[str, int], folder: str, *, form: str) -> dict[str, int]:
    """Generate a book and write its files."""
    from subledger.operations.bench_book import Recipe, generate  # noqa: PLC0415

    book = generate(Recipe(**recipe))
    book.write(Path(folder), form)
    return {"trades": len(book.quantity), "closing": book.closing}


def close_month(
    folder: str, files: dict[str, str], *, bases: list[str], executor: str = "inline"
) -> list[Measured]:
    """Take a month from its files to the package as a user's commands do, stage by stage."""
    watch = Stopwatch("month")
    with watch.stage("start of the program"):
        from subledger.executors import executor as booked_by  # noqa: PLC0415
        from subledger.memory import share_among_threads  # noqa: PLC0415
        from subledger.operations.bench_book import PERIOD  # noqa: PLC0415
        from subledger.operations.books import open_books  # noqa: PLC0415
        from subledger.operations.closing import close  # noqa: PLC0415
        from subledger.operations.importing import import_file  # noqa: PLC0415
        from subledger.operations.packaging import package  # noqa: PLC0415
    share_among_threads()  # as the command line does
    rows = 0
    with booked_by(executor) as run:
        books = open_books(Path(folder), executor=run)
        for kind, path in files.items():
            with watch.stage(f"import {kind}"):
                rows = import_file(books, kind, path=Path(path)).rows_read
            watch.stages[-1] = replace(watch.stages[-1], rows=rows)
        steps: list[tuple[float, str]] = []
        with watch.stage("close", rows):
            close(books, PERIOD, bases=bases, progress=lambda text: _note(steps, text))
            _note(steps, "the end")
        with watch.stage("package", rows):
            package(books, PERIOD, bases=bases)
    # The one that started this process knows how long it took by the clock.
    whole = Measured("month", WHOLE, rows, 0, peak_memory(), cpu=time.process_time())
    return [*watch.stages, whole, *_of_steps(steps)]


def _note(steps: list[tuple[float, str]], text: str) -> None:
    steps.append((time.perf_counter(), text))


def _of_steps(steps: list[tuple[float, str]]) -> list[Measured]:
    """Return the steps of a close from when each began; the last one ends with the close."""
    measured = [
        Measured("close", text.partition(":")[0], 0, end - start, note=text.partition(": ")[2])
        for (start, text), (end, _) in pairwise(steps)
    ]
    last = measured.pop()
    return [*measured, replace(last, note=f"{last.note} Then the period is sealed.")]


def relieve_lots(recipe: dict[str, int], methods: list[str]) -> list[Measured]:
    """Relieve the lots of a book in memory by each method; the best run counts."""
    from subledger.operations.bench_book import Recipe, generate  # noqa: PLC0415
    from subledger.operations.bench_lots import engine_trades, lots_and_gains  # noqa: PLC0415

    book = generate(Recipe(**recipe))
    lots_and_gains(engine_trades(book, methods[0]))  # loads the engine; the first time, compiles it
    measured = []
    for method in methods:
        trades = engine_trades(book, method)
        runs: list[tuple[float, float]] = []
        while len(runs) < REPEATS and sum(seconds for seconds, _ in runs) < ENOUGH:
            start, used = time.perf_counter(), time.process_time()
            gains = lots_and_gains(trades)
            runs.append((time.perf_counter() - start, time.process_time() - used))
        seconds, cpu = min(runs)
        note = f"gain {int(gains.gain.sum())} cents, {len(gains.relieved.reliefs.lot)} reliefs"
        rows = len(book.quantity)
        measured.append(Measured("lots", method, rows, seconds, peak_memory(), note, cpu))
    return measured


def write_texts(recipe: dict[str, int], files: dict[str, str]) -> list[str]:
    """Write a book as text for other programs: a file for each form that is named."""
    from subledger.operations.bench_book import Recipe, generate  # noqa: PLC0415
    from subledger.operations.bench_texts import WRITERS, postings_of  # noqa: PLC0415

    postings = postings_of(generate(Recipe(**recipe)))
    for form, path in files.items():
        WRITERS[form](postings, Path(path))
    return sorted(files)


def run_program(command: list[str], limit: float, *, rows: int) -> Measured:
    """Run another program up to a limit of seconds; its output is not read."""
    start, note = time.perf_counter(), ""
    try:
        done = subprocess.run(  # noqa: S603 - a command of our own
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        note = f"stopped after {limit:.0f} s"
    else:
        if done.returncode or done.stderr.strip():
            error = done.stderr.decode(errors="replace").strip().split("\n")[0]
            note = f"exit {done.returncode}: {error}"
    seconds, (peak, cpu) = time.perf_counter() - start, _usage(of_children=True)
    return Measured("peers", Path(command[0]).name, rows, seconds, peak, note, cpu)


JOBS: dict[str, Callable[..., object]] = {
    "write_book": write_book,
    "close_month": close_month,
    "relieve_lots": relieve_lots,
    "write_texts": write_texts,
    "run_program": run_program,
}


def main() -> None:
    """Do the job that the first argument names, with the arguments that it gives."""
    job = json.loads(sys.argv[1])
    done = JOBS[job.pop("job")](**job)
    sys.stdout.write("\n" + json.dumps(done, default=asdict) + "\n")


if __name__ == "__main__":
    main()
