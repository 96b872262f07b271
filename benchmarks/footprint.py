"""One job in a process of its own: its time and its memory, as JSON.

``python -m benchmarks.footprint SPEC IMAGESxATTRIBUTES``; ``scaling`` starts one for every size,
since memory that a process has once had it may keep.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks.cold import cold_cache
from benchmarks.counting import counting_rows
from benchmarks.workload import Pairs, open_engine, parse_pairs, run_edits, workload

_INTERVAL = 0.02


@dataclasses.dataclass(frozen=True, slots=True)
class Footprint:
    """What a job took.

    Attributes:
        seconds: for all of them, the model loaded and warm.
        rows: through the U-Net.
        loaded: resident bytes before, with the model loaded and one edit made.
        peak: the most resident bytes while the edits were made.
    """

    edits: int
    seconds: float
    rows: int
    loaded: int
    peak: int


def measure(spec: str, pairs: Pairs) -> Footprint:
    """Run a job in this process."""
    with cold_cache():
        editor, work = open_engine(spec), workload(pairs)
        run_edits(editor, workload(Pairs(1, 1)), seed=1)
        loaded = psutil.Process().memory_info().rss
        with counting_rows() as count, _sampled_memory() as samples:
            started = time.perf_counter()
            edits = run_edits(editor, work)
            seconds = time.perf_counter() - started
    return Footprint(edits, seconds, count.rows, loaded, max(samples))


def measure_apart(spec: str, pairs: Pairs) -> Footprint:
    """Run a job in a new process."""
    command = [sys.executable, "-m", "benchmarks.footprint", spec, f"{pairs.images}x{pairs.attributes}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own module
    return Footprint(**json.loads(done.stdout))


@contextmanager
def _sampled_memory() -> Iterator[list[int]]:
    """The process's resident bytes, every few milliseconds while the block runs, and at its ends."""
    process, stop = psutil.Process(), threading.Event()
    samples = [process.memory_info().rss]

    def watch() -> None:
        while not stop.wait(_INTERVAL):
            samples.append(process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()
        samples.append(process.memory_info().rss)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(dataclasses.asdict(measure(sys.argv[1], parse_pairs(sys.argv[2])))))
