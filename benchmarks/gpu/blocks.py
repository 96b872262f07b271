"""All rows, the most telling first: minutes may be short."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.gpu.bench import MODELS, Bench, Case
from benchmarks.gpu.edits import batch_cases, edit_cases
from benchmarks.gpu.exact import parity_cases, same_cases
from benchmarks.gpu.limits import finder_cases, worker_cases
from benchmarks.gpu.switches import compile_cases, switch_cases

BLOCKS = ("edit", "batch", "finder", "same", "parity", "switches", "workers")


def all_cases(bench: Bench) -> Iterator[Case]:
    """Each model in turn, so that it is made once; what takes long to prepare comes last."""
    for model in MODELS:
        headline, *others = edit_cases(bench, model)
        yield headline
        yield from same_cases(bench, model)
        yield from parity_cases(bench, model)
        yield from finder_cases(bench, model)
        yield from batch_cases(bench, model, 1, "auto")
        yield from others
        yield from switch_cases(bench, model)
    for model in MODELS[::-1]:  # the one that is on the device first
        for concepts, mask in ((1, "none"), (2, "auto"), (2, "none")):
            yield from batch_cases(bench, model, concepts, mask)
        yield from compile_cases(bench, model)
        yield from worker_cases(bench, model)
