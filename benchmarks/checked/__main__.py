"""``python -m benchmarks.checked``: what checking edits does to explanations, on the panel and on fresh classifiers.

Tables go to stdout and, between their markers, into ``truth.md``. Edits and marks are kept in the work folder,
so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks.checked.fresh import FUNCTIONS, NETWORKS, FunctionClassifier, NetworkClassifier
from benchmarks.checked.pairs import PairTruth, named_pair
from benchmarks.checked.tables import checked_table
from benchmarks.checked.trial import (
    VARIANTS,
    Marks,
    Memo,
    Subject,
    Variant,
    by_verifier,
    exact_effects,
    marks_of,
    prepared,
    searched,
)
from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import write_between_markers
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples
from diffex_cli.birds.panel.classifiers import FormulaClassifier
from diffex_cli.birds.panel.formulas import Formula
from diffex_cli.birds.panel.members import PANEL, Member
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import Groups, grouped

SETS = ("panel", "fresh")
Opener: TypeAlias = Callable[[], tuple[Classifier, str]]
"""Opens a classifier, and says the class that is explained."""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write into the page if its folder is given."""
    arguments = _parser().parse_args(argv)
    variants = {name: VARIANTS[name] for name in arguments.variants} | dict(map(by_verifier, arguments.verifiers))
    bench = _Bench(arguments.work, arguments.images, arguments.known)
    tables = []
    for editor in arguments.editor:
        found: dict[tuple[str, str], dict[str, Marks]] = {}
        for set_name in arguments.sets:
            for subject, opened in _subjects(set_name, arguments.work, arguments.numbers):
                if arguments.only and subject not in arguments.only:
                    continue
                for name, variant in variants.items():
                    marks = bench.marks(subject, opened, editor, name, variant)
                    if marks is not None:
                        found.setdefault((set_name, name), {})[subject] = marks
        tables.append(checked_table(editor, found, {name: one.against for name, one in variants.items()}))
    text = "\n\n".join([*tables, environment()])
    sys.stdout.write(f"{text}\n")
    if arguments.docs is not None:
        write_between_markers(arguments.docs / "truth.md", "checked", text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checked", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/bench-checked"), help="where it goes on")
    parser.add_argument("--docs", type=Path, help="the folder of the page to renew; none is by default")
    parser.add_argument(
        "--editor", nargs="+", default=["ledits:birds"], metavar="SPEC", help="by which editors, a table each"
    )
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=(*SETS, "drawn"))
    parser.add_argument("--numbers", nargs="+", type=int, default=range(12), metavar="N", help="of those drawn by lot")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS), choices=list(VARIANTS), metavar="NAME")
    parser.add_argument(
        "--verifiers", nargs="*", default=[], metavar="SPEC", help="this build with other verifiers, a variant each"
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these classifiers")
    parser.add_argument("--images", type=int, default=samples.COUNT, metavar="N", help="of the samples (all)")
    parser.add_argument("--known", action="store_true", help="only what was measured before; measure nothing")
    return parser


def _subjects(name: str, work: Path, numbers: Sequence[int]) -> Iterator[tuple[str, Opener]]:
    """The classifiers of a set, and what opens each: some are trained then."""
    probe = functools.cache(lambda: Memo(open_classifier("birds:probe")))
    if name == "drawn":
        for number in numbers:
            yield f"drawn-{number}", functools.partial(_function, f"drawn-{number}", probe)
        return
    if name == "fresh":
        for one in FUNCTIONS:
            yield f"fresh:{one}", functools.partial(_function, one, probe)
        for one in NETWORKS:
            yield f"fresh:{one}", functools.partial(_network, one, work / "fresh")
        return
    for member in PANEL.values():
        yield member.spec, functools.partial(_member, member, probe)


def _function(name: str, probe: Callable[[], Classifier]) -> tuple[Classifier, str]:
    return FunctionClassifier(name, probe()), "yes"


def _network(name: str, folder: Path) -> tuple[Classifier, str]:
    network = NetworkClassifier(name, folder)
    return network, network.labels[0]


def _member(member: Member, probe: Callable[[], Classifier]) -> tuple[Classifier, str]:
    if isinstance(member.source, Formula):
        return FormulaClassifier(member.name, member.source, probe()), member.target
    return open_classifier(member.spec), member.target


def _is_null(subject: str) -> bool:
    return any(member.spec == subject and member.family == "null" for member in PANEL.values())


class _Bench:
    """The marks so far, and those that are still to be made.

    Args:
        images: how many of the samples.
        known: make none.
    """

    def __init__(self, work: Path, images: int, known: bool) -> None:
        whole = images == samples.COUNT
        self._work, self._count, self._only_known = work, images, known
        self._run = work / ("run" if whole else f"run-{images}")
        self._suffix = "" if whole else f"/{images} images"
        self._hierarchy = corpus_yaml.read_corpus(domains.corpus_file("birds"))
        self._file = work / "marks.jsonl"
        lines = self._file.read_text().splitlines() if self._file.exists() else ()
        self._known = {key: Marks(**values) for key, values in map(json.loads, lines)}
        self._subject: Subject | None = None  # whose exact effects are at hand
        self._exact: dict[object, dict[str, float]] = {}  # by how groups are measured
        self._pairs: PairTruth | None = None

    def marks(self, subject: str, opened: Opener, editor: str, name: str, variant: Variant) -> Marks | None:
        """One search's; ``None`` if it is not known and is not to be made."""
        key = f"{subject}/{editor}/{name}{self._suffix}"
        if key not in self._known and not self._only_known:
            log(f"{subject}, {editor}: {name}")
            if self._subject is None or self._subject.name != subject:
                classifier, target = opened()
                self._subject, self._pairs, self._exact = (
                    Subject(subject, Memo(classifier), target, _is_null(subject)),
                    None,
                    {},
                )
            self._known[key] = self._made(self._subject, editor, variant)
            with self._file.open("a") as file:
                file.write(json.dumps([key, dataclasses.asdict(self._known[key])]) + "\n")
        return self._known.get(key)

    def _made(self, subject: Subject, editor: str, variant: Variant) -> Marks:
        images = prepared(self._run, self._count)
        groups: Groups = "words" if variant.options["groups"] == "words" else "corpus"
        if groups not in self._exact:
            self._exact[groups] = exact_effects(subject, grouped(self._hierarchy, groups), images)
        summary = searched(subject, self._run, editor, variant)
        pair = math.nan
        if "joint" in variant.options:
            self._pairs = self._pairs or PairTruth(subject, self._hierarchy, images, self._work / "pairs")
            pair = self._pairs.right(named_pair(summary.ranking, self._hierarchy))
        return marks_of(summary.ranking, self._exact[groups], summary.edits, pair)


if __name__ == "__main__":
    main()
