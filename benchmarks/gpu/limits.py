"""``finder`` and ``workers``: a batch that outgrows the memory, and two processes on one device."""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from benchmarks.gpu.bench import Bench, Case, NotMeasuredError
from benchmarks.gpu.engine import candidates, picture, requests, run
from benchmarks.gpu.kept import Figures
from benchmarks.gpu.timing import peak, spent, spread
from diffex_cli.core.machine import cache_folder, quiet_transformers
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.base import EditResult
from diffex_cli.editors.parallel import ParallelEditor

_EDITS = 48
_ROOM = 6
"""Edits for which the finder is left about enough memory."""


def finder_cases(bench: Bench, model: str) -> Iterator[Case]:
    """Torch is given less memory than the first guess of rows needs, and really runs out of it."""
    yield Case("finder", model, (f"{_EDITS}",), 60 if model == "sdxl" else 25, lambda: _finder(bench, model))


def _finder(bench: Bench, model: str) -> Figures:
    bench.need_cuda("running out of memory safely")
    held, options = bench.held(model), {"steps": bench.few_steps, "mask": "guidance"}
    images, some = {"0": picture(held.side)}, candidates(_EDITS)
    small = held.editor({**options, "rows": 4})
    run(small, images, some[:2])
    bench.free()
    one = (peak([spent(lambda: run(small, images, some[:2]), bench.device)]) or 0) * 2**30 / 2
    bench.free()
    total = torch.cuda.get_device_properties(bench.device).total_memory
    allowed = torch.cuda.memory_reserved(bench.device) + _ROOM * one
    remembered = cache_folder() / "rows.json"
    remembered.unlink(missing_ok=True)
    torch.cuda.set_per_process_memory_fraction(min(1.0, allowed / total), bench.device)
    try:
        editor = held.editor(options)
        results: list[EditResult] = []
        took = spent(lambda: results.extend(editor.edit(images, requests(["0"], some), 0)), bench.device)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, bench.device)
        bench.free()
    return {
        "room": _ROOM * one / 2**30,
        "rows": editor.row_limit,
        "made": sum(result.status == "ok" for result in results),
        "seconds": took.seconds,
        "again": next(iter(json.loads(remembered.read_text()).values())) if remembered.exists() else None,
    }


def worker_cases(bench: Bench, model: str) -> Iterator[Case]:
    """The same job by one process and by two; the model lies in a folder for them, in the kit's dtype."""
    yield Case("workers", model, ("2",), 90, lambda: _workers(bench, model))


def _workers(bench: Bench, model: str) -> Figures:
    held, rounds = bench.held(model), bench.rounds
    images = {f"{k}": picture(held.side, k) for k in range(4)}
    some = candidates(2 if bench.tiny else 4)
    edits = len(images) * len(some)
    with tempfile.TemporaryDirectory() as folder:
        with quiet_transformers():
            held.pipeline.save_pretrained(Path(folder) / "model", safe_serialization=True)
        dtype = str(bench.dtype).removeprefix("torch.")
        options = f"steps={bench.few_steps},dtype={dtype},mask=guidance,rows={2 * len(some)}"
        spec = parse_spec(f"ledits:{folder}/model:{options}")
        try:
            editors = [ParallelEditor(spec, [str(bench.device)] * count) for count in (1, 2)]
        except Exception as error:  # the entry points of a source tree that was not installed
            raise NotMeasuredError(f"the editor cannot be opened by name: {error}") from error
        times: list[list[float]] = [[], []]
        try:
            for editor in editors:
                run(editor, images, some)
            for seed in range(1, rounds + 1):
                for editor, kept in zip(editors, times, strict=True):
                    work = functools.partial(run, editor, images, some, seed)
                    kept.append(spent(work, bench.device).seconds)
        finally:
            for editor in editors:
                editor.close()
    return {"edits": edits, "one": spread(times[0], 1 / edits), "two": spread(times[1], 1 / edits)}
