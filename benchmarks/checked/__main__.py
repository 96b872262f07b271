"""``python -m benchmarks.checked``: what checking edits does to explanations, on the panel and on fresh classifiers.

Tables go to stdout and, between their markers, into ``truth.md``. Edits and marks are kept in the work folder,
so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.checked.fresh import FUNCTIONS, NETWORKS, FunctionClassifier, NetworkClassifier
from benchmarks.checked.tables import checked_table
from benchmarks.checked.trial import VARIANTS, Marks, Memo, Subject, exact_effects, marks_of, searched
from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import write_between_markers
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.birds import samples
from diffex_cli.birds.panel.classifiers import FormulaClassifier
from diffex_cli.birds.panel.formulas import Formula
from diffex_cli.birds.panel.members import PANEL
from diffex_cli.classifiers.opened import open_classifier
from diffex_cli.core import domains

SETS = ("panel", "fresh")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write into the page if its folder is given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checked", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/bench-checked"), help="where it goes on")
    parser.add_argument("--docs", type=Path, help="the folder of the page to renew; none is by default")
    parser.add_argument("--editor", default="ledits:birds", metavar="SPEC")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these classifiers")
    arguments = parser.parse_args(argv)
    done = _Done(arguments.work / "marks.jsonl")
    hierarchy = corpus_yaml.read_corpus(domains.corpus_file("birds"))
    images = tuple(samples.records())
    found: dict[tuple[str, str], list[Marks]] = {}
    for set_name in arguments.sets:
        for subject in _subjects(set_name, arguments.work):
            if arguments.only and subject.name not in arguments.only:
                continue
            exact: dict[str, float] | None = None
            for variant in arguments.variants:
                marks = done.known(subject, arguments.editor, variant)
                if marks is None:
                    log(f"{set_name}, {subject.name}: {variant}")
                    exact = exact_effects(subject, hierarchy, images) if exact is None else exact
                    summary = searched(subject, arguments.work / "run", arguments.editor, VARIANTS[variant])
                    marks = marks_of(summary.ranking, exact, summary.edits)
                    done.add(subject, arguments.editor, variant, marks)
                found.setdefault((set_name, variant), []).append(marks)
    text = f"{checked_table(arguments.editor, found)}\n\n{environment()}"
    sys.stdout.write(f"{text}\n")
    if arguments.docs is not None:
        write_between_markers(arguments.docs / "truth.md", "checked", text)


def _subjects(name: str, work: Path) -> Iterator[Subject]:
    probe = Memo(open_classifier("birds:probe"))
    if name == "fresh":
        for one in FUNCTIONS:
            yield Subject(f"fresh:{one}", Memo(FunctionClassifier(one, probe)), "yes")
        for one, (_, planted) in NETWORKS.items():
            yield Subject(f"fresh:{one}", Memo(NetworkClassifier(one, work / "fresh")), planted.labels[0])
        return
    for member in PANEL.values():
        own = (
            FormulaClassifier(member.name, member.source, probe)
            if isinstance(member.source, Formula)
            else open_classifier(member.spec)
        )
        yield Subject(member.spec, Memo(own), member.target)


class _Done:
    """The marks so far."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Marks] = {}
        for line in file.read_text().splitlines() if file.exists() else ():
            key, values = json.loads(line)
            self._known[key] = Marks(**values)

    def known(self, subject: Subject, editor: str, variant: str) -> Marks | None:
        return self._known.get(f"{subject.name}/{editor}/{variant}")

    def add(self, subject: Subject, editor: str, variant: str, marks: Marks) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a") as file:
            file.write(json.dumps([f"{subject.name}/{editor}/{variant}", dataclasses.asdict(marks)]) + "\n")


if __name__ == "__main__":
    main()
