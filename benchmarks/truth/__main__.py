"""``make bench-truth``: judges the search against classifiers of which the exact answers are known.

Results go to stdout and, between their markers, into ``truth.md`` of the documentation, with the figure ``truth.png``;
progress goes to stderr. Pictures and scores are kept in the work folder, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import write_between_markers
from benchmarks.truth.figure import draw
from benchmarks.truth.pictures import RENDERER
from benchmarks.truth.results import measure
from benchmarks.truth.savings import savings_table
from benchmarks.truth.subjects import open_subjects, sample_images
from benchmarks.truth.tables import classifiers_table, coverage_table, panel_table, results_table
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples
from diffex_cli.birds.panel.members import PANEL
from diffex_cli.core import domains
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import did_you_mean

PAGE, FIGURE = "truth.md", "truth.png"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write into the page if its folder is given."""
    arguments = _parser().parse_args(argv)
    try:
        sections = _measured(arguments)
    except DiffexError as error:
        sys.exit(f"error: {error}")
    for name, text in sections.items():
        sys.stdout.write(f"\n{name}\n\n{text}\n")
        if arguments.docs is not None:
            write_between_markers(arguments.docs / PAGE, name, text)


def _measured(arguments: argparse.Namespace) -> dict[str, str]:
    """Marker → text; draws the figure on the way."""
    unknown = [name for name in arguments.panel if name not in PANEL]
    if unknown:
        raise UsageError(f"--panel {unknown[0]}: there is no such classifier{did_you_mean(unknown[0], tuple(PANEL))}")
    if arguments.joint_images < 0:
        raise UsageError(f"--joint-images {arguments.joint_images}: it must not be negative; 0 leaves the pairs out")
    members = {name: PANEL[name] for name in arguments.panel}
    subjects, missing = open_subjects(members, arguments.work / "scores", arguments.models)
    if missing:
        log(f"not trained, left out: {', '.join(missing)}")
    results = []
    for editor in arguments.editors:
        images = sample_images(arguments.images if editor == RENDERER else arguments.edited_images)
        results.append(measure(editor, subjects, arguments.work, images, arguments.joint_images, arguments.models))
    if arguments.docs is not None:
        draw(results, arguments.docs / FIGURE)
    corpus = corpus_yaml.read_corpus(domains.corpus_file("birds"))
    saved = {}
    if RENDERER in arguments.editors:
        saved["savings"] = savings_table(list(subjects.values()), corpus, sample_images(arguments.images))
    return {
        "panel": panel_table(members, missing),
        "results": f"{results_table(results)}\n\n{environment()}",
        "coverage": coverage_table(results),
        **saved,
        "classifiers": classifiers_table(results, corpus),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.truth", description=__doc__)
    parser.add_argument("--docs", type=Path, help="the folder of the page to renew; none is by default")
    parser.add_argument("--work", type=Path, default=Path("build/bench-truth"), help="keeps pictures and scores")
    parser.add_argument("--editors", nargs="+", default=[RENDERER, "ledits:birds"], metavar="SPEC")
    parser.add_argument("--images", type=int, default=samples.COUNT, metavar="N", help=f"for {RENDERER}")
    parser.add_argument("--edited-images", type=int, default=samples.COUNT, metavar="N", help="for the other editors")
    parser.add_argument(
        "--joint-images", type=int, default=12, metavar="N", help="of them, for pairs of attributes; 0 for no pairs"
    )
    parser.add_argument("--panel", nargs="+", default=list(PANEL), metavar="NAME", help="by default all classifiers")
    parser.add_argument("--models", type=Path, help="where the trained classifiers are; by default in the package")
    return parser


if __name__ == "__main__":
    main()
