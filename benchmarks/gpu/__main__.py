"""Measures the engine beside the stock pipelines on a GPU: full-size SDXL and Stable Diffusion 1.5, random weights.

Figures are kept as they come, and a run that was cut off goes on where it was. Results go to stdout, progress to
stderr. Without a GPU it says so and ends with exit code 0.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from benchmarks.cold import cold_cache
from benchmarks.gpu.bench import MODELS, Bench, Case, NotMeasuredError
from benchmarks.gpu.blocks import BLOCKS, all_cases
from benchmarks.gpu.card import described, machine_key
from benchmarks.gpu.kept import Figures, Kept
from benchmarks.gpu.tables import block_table, line, write_page
from benchmarks.log import log
from diffex_cli.core.errors import UsageError
from diffex_cli.core.machine import pick_device
from diffex_cli.editors.models.batching import is_out_of_memory

NOT_REACHED = "not reached: time was up"
DTYPES = ("float16", "bfloat16", "float32")
_MARGIN = 5.0
"""Seconds to end in."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure what is not known yet, print all, and write the page if it is asked for."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.tiny and arguments.docs:
        parser.error("--docs shows full-size models only: leave --tiny out")
    if arguments.device == "cpu" and not arguments.tiny:
        parser.error("full-size models would take hours on the CPU: give --tiny, too")
    if arguments.device != "cpu" and not torch.cuda.is_available():
        sys.stdout.write("no GPU: torch finds no CUDA device here, nothing was measured\n")
        return
    try:
        device = pick_device(arguments.device)
    except UsageError as error:
        parser.error(str(error))
    bench = Bench(device, getattr(torch, arguments.dtype), arguments.tiny)
    kept = Kept(arguments.results)
    machine = machine_key(device, bench.dtype, bench.tiny)
    log(machine)
    cases = [case for case in all_cases(bench) if case.block in arguments.only and case.model in arguments.models]
    with cold_cache(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries', once an edit
        found = measured(bench, cases, kept, machine, time.monotonic() + 60 * arguments.minutes)
    _tell(cases, found, described(device, bench.dtype), arguments.docs)


def measured(bench: Bench, cases: Sequence[Case], kept: Kept, machine: str, end: float) -> Mapping[str, Figures | str]:
    """Case → figures, or why there are none; what is kept is not measured again. ``end``: by time.monotonic."""
    found: dict[str, Figures | str] = {}
    for case in cases:
        known = kept.get(machine, case.name)
        if known is not None:
            found[case.name] = known
        elif time.monotonic() + (0 if bench.tiny else case.seconds) + _MARGIN > end:
            found[case.name] = NOT_REACHED
        else:
            found[case.name] = result = _measure(bench, case)
            if not isinstance(result, str):
                kept.put(machine, case.name, result)
            log(f"{case.name}: {result if isinstance(result, str) else line(case.block, result)}")
    return found


def _measure(bench: Bench, case: Case) -> Figures | str:
    """No case may end the run: the next ones may work."""
    try:
        return case.measure()
    except NotMeasuredError as why:
        return f"not measured: {why}"
    except torch.AcceleratorError as error:
        if not is_out_of_memory(error):
            raise  # the device is lost
        return f"not measured: {_first_line(error)}"
    except Exception as error:
        return f"not measured: {_first_line(error)}"
    finally:
        bench.free()


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}".replace("|", "/") if lines else type(error).__name__


def _tell(cases: Sequence[Case], found: Mapping[str, Figures | str], machine: str, docs: Path | None) -> None:
    tables = {
        block: block_table(block, [(case.model, case.label, found[case.name]) for case in cases if case.block == block])
        for block in BLOCKS
        if any(case.block == block for case in cases)
    }
    for block, text in tables.items():
        sys.stdout.write(f"\n{block}\n\n{text}\n")
    late = [case.name for case in cases if found[case.name] == NOT_REACHED]
    sys.stdout.write(f"\n{machine}\n")
    if late:
        sys.stdout.write(f"\nNot reached, the same command goes on from here: {'; '.join(late)}\n")
    if docs is not None:
        write_page(docs / "gpu.md", machine, tables)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--minutes", type=float, default=8, help="after which no row is begun that would end later")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:1 …; cpu with --tiny")
    parser.add_argument("--dtype", choices=DTYPES, default="float16")
    parser.add_argument("--tiny", action="store_true", help="tiny models, to rehearse all of it")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--only", nargs="+", choices=BLOCKS, default=BLOCKS, metavar="BLOCK", help=", ".join(BLOCKS))
    parser.add_argument("--results", type=Path, default=Path("build/gpu.jsonl"), help="keeps the figures")
    parser.add_argument("--docs", type=Path, help="the folder of gpu.md, to renew its tables")
    return parser


if __name__ == "__main__":
    main()
