"""``make bench``: measures diffex on this machine and writes the tables that the documentation shows.

Each part's tables stand between markers in their page, so that one part can be renewed alone without
touching the prose. Results go to stdout and into the pages, progress to stderr.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.again import JOBS as AGAIN_JOBS
from benchmarks.again import again
from benchmarks.cold import cold_cache
from benchmarks.embedded import open_editor, quality_table, truth_table
from benchmarks.grid import edit_grid
from benchmarks.log import log
from benchmarks.markdown import write_between_markers
from benchmarks.memory import memory
from benchmarks.parity import parity
from benchmarks.profiling import profile
from benchmarks.report import SIZES as REPORT_SIZES
from benchmarks.report import reports
from benchmarks.scaling import SIZES, scaling
from benchmarks.scoring import scoring
from benchmarks.speed import speed
from benchmarks.steps import STEPS, steps
from benchmarks.workload import Pairs, parse_pairs
from diffex_cli.birds import samples
from diffex_cli.birds.attributes import Bird

PAGES: Mapping[str, str] = {
    "quality": "birds.md",
    "truth": "birds.md",
    "parity": "performance.md",
    "speed": "performance.md",
    "profile": "performance.md",
    "scaling": "performance.md",
    "steps": "performance.md",
    "scoring": "performance.md",
    "report": "performance.md",
    "again": "performance.md",
    "memory": "performance.md",
}
"""Part → the page that shows its tables."""

_GRID = "grid"
_GRID_FILE = "edits.png"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write into the pages if their folder is given."""
    arguments = _parser().parse_args(argv)
    with cold_cache():
        if _GRID in arguments.only and arguments.docs is not None:
            log("grid")
            grid = edit_grid(open_editor(arguments.editors[0]), list(samples.records())[1])
            grid.save(arguments.docs / _GRID_FILE, optimize=True)
        for part, run in _parts(arguments).items():
            if part in arguments.only:
                log(part)
                text = run()
                sys.stdout.write(f"\n{part}\n\n{text}\n")
                sys.stdout.flush()
                if arguments.docs is not None:
                    write_between_markers(arguments.docs / PAGES[part], part, text)


def _parts(arguments: argparse.Namespace) -> Mapping[str, Callable[[], str]]:
    return {
        "quality": lambda: quality_table(arguments.editors[0], _birds(arguments)),
        "truth": lambda: truth_table(arguments.editors, arguments.search_images),
        "parity": parity,
        "speed": lambda: speed(arguments.pairs, arguments.stock_pairs, arguments.options, compiled=arguments.compile),
        "profile": lambda: profile(arguments.profile_pairs, arguments.options),
        "scaling": lambda: scaling(arguments.sizes),
        "steps": lambda: steps(arguments.work, arguments.steps_images, arguments.steps),
        "scoring": lambda: scoring(arguments.score_images, arguments.rounds, before=arguments.before),
        "report": lambda: reports(arguments.report_sizes),
        "again": lambda: again(arguments.again_sizes, arguments.before),
        "memory": lambda: memory(before=arguments.before),
    }


def _birds(arguments: argparse.Namespace) -> Mapping[str, Bird]:
    if arguments.unseen:
        return samples.unseen(arguments.unseen, arguments.images)
    return dict(list(samples.records().items())[: arguments.images])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parts = (_GRID, *PAGES)
    parser.add_argument("--only", nargs="+", choices=parts, default=parts, metavar="PART", help=", ".join(parts))
    parser.add_argument("--docs", type=Path, help="the folder of the pages to renew; none are by default")
    domain = parser.add_argument_group("quality, truth, grid")
    domain.add_argument("--editors", nargs="+", default=["ledits:birds", "render:birds"])
    domain.add_argument("--images", type=int, default=samples.COUNT, help="for the edit quality")
    domain.add_argument("--unseen", metavar="SEED", help="for the edit quality: other birds than the samples")
    domain.add_argument("--search-images", type=int, default=16, help="for the rankings")
    engine = parser.add_argument_group("speed, profile, scaling")
    pairs: dict[str, Any] = {"type": parse_pairs, "metavar": "IMAGESxATTRIBUTES"}
    engine.add_argument("--pairs", default=Pairs(16, 12), help="that the engine edits in `speed`", **pairs)
    engine.add_argument("--stock-pairs", default=Pairs(4, 12), help="that the stock pipeline edits", **pairs)
    engine.add_argument(
        "--no-compile",
        dest="compile",
        action="store_false",
        help="leave out the compiled U-Net, which needs a C++ compiler",
    )
    engine.add_argument("--profile-pairs", default=Pairs(4, 12), **pairs)
    engine.add_argument("--sizes", nargs="+", default=SIZES, help="of the jobs in `scaling`", **pairs)
    engine.add_argument(
        "--options",
        nargs="*",
        default=["steps=16"],
        metavar="KEY=VALUE",
        help="of ledits:birds in `speed` and `profile`",
    )
    tiers = parser.add_argument_group("steps")
    tiers.add_argument("--steps", nargs="+", type=int, default=STEPS, metavar="N")
    tiers.add_argument("--steps-images", type=int, default=8, help="sample images, each with every attribute")
    tiers.add_argument(
        "--work", type=Path, default=Path("build/bench"), help="keeps the edits, so that an interrupted run goes on"
    )
    throughput = parser.add_argument_group("scoring")
    throughput.add_argument("--score-images", type=int, default=16, help="sample images, with their edits")
    throughput.add_argument("--rounds", type=int, default=3)
    pages = parser.add_argument_group("report")
    pages.add_argument("--report-sizes", nargs="+", default=REPORT_SIZES, help="of the runs", **pairs)
    stages = parser.add_argument_group("again, memory, scoring")
    stages.add_argument("--again-sizes", nargs="+", default=AGAIN_JOBS, help="of the runs in `again`", **pairs)
    stages.add_argument("--before", type=Path, help="a checkout of an earlier diffex, to measure beside this one")
    return parser


if __name__ == "__main__":
    main()
