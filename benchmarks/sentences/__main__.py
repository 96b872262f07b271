"""Asks whether the first sentence of a search names the true cause, of this build and of an earlier one beside it.

Every case is a search at the shipped defaults by the real commands: a classifier of which the exact effects are known,
a class, an editor, and a number of images. All classifiers share the edits of one editor. Answers are kept in the work
folder, so that an interrupted run goes on; those of a build whose code has changed since are asked for again. Results
go to stdout and, between their markers, into ``truth.md`` of the documentation; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.log import log
from benchmarks.markdown import write_between_markers
from benchmarks.sentences.builds import BEFORE, HERE, THIS, Build
from benchmarks.sentences.cases import COUNTS, EDITORS, GROUPS, Case, cases
from benchmarks.sentences.exact import Truth
from benchmarks.sentences.records import Record, Records
from benchmarks.sentences.tables import sections
from diffex_cli.birds import samples
from diffex_cli.core.errors import DiffexError, UsageError

PAGE = "truth.md"


def main(argv: Sequence[str] | None = None) -> None:
    """Ask, judge, print, and write into the page if its folder is given."""
    arguments = _parser().parse_args(argv)
    try:
        wanted = _wanted(arguments)
        records = Records(arguments.work / "answers.jsonl")
        failed = [] if arguments.tables_only else _ask(wanted, records, arguments)
        texts = sections(wanted, records, Build(THIS, HERE, arguments.work).sources)
    except DiffexError as error:
        sys.exit(f"error: {error}")
    for name, text in texts.items():
        sys.stdout.write(f"\n{name}\n\n{text}\n")
        if arguments.docs is not None:
            write_between_markers(arguments.docs / PAGE, name, text)
    if failed:
        sys.exit(f"error: {len(failed)} searches failed, the first: {failed[0]}")


def _wanted(arguments: argparse.Namespace) -> tuple[Case, ...]:
    for count in arguments.images:
        if not 2 <= count <= samples.COUNT:
            raise UsageError(f"--images {count}: there are {samples.COUNT} sample images, and at least 2 are needed")
    found = cases(arguments.editors, arguments.images, arguments.groups)
    unknown = set(arguments.classifiers) - {one.classifier for one in found}
    if unknown:
        raise UsageError(f"--classifiers {min(unknown)}: it is in none of the groups {', '.join(arguments.groups)}")
    return tuple(one for one in found if not arguments.classifiers or one.classifier in arguments.classifiers)


def _ask(wanted: Sequence[Case], records: Records, arguments: argparse.Namespace) -> list[DiffexError]:
    """Ask what is not answered yet, and give what failed."""
    failed = []
    truth = Truth(arguments.work / "scores")
    with ExitStack() as stack:
        builds = [stack.enter_context(Build(THIS, HERE, arguments.work))]
        if arguments.base is not None:
            builds.append(stack.enter_context(Build(BEFORE, arguments.base, arguments.work, builds[0])))
        sources = {build.name: build.sources for build in builds}
        for number, case in enumerate(wanted, 1):
            for build in builds:
                known = records.get(case, build.name)
                if known is not None and known.sources == sources[build.name]:
                    continue
                try:
                    answer = build.ask(case)
                except DiffexError as error:
                    log(str(error))
                    failed.append(error)
                    continue
                exact = truth.effects(case.classifier, case.target, answer.searched)
                records.add(Record(case, build.name, sources[build.name], answer, exact))
                log(f"{number}/{len(wanted)} {case.id}, {build.name}: {answer.made} edits made. {answer.sentence}")
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sentences", description=__doc__)
    parser.add_argument("--docs", type=Path, help="the folder of the page to renew; none is by default")
    parser.add_argument("--work", type=Path, default=Path("build/bench-sentences"), help="keeps runs and answers")
    parser.add_argument("--base", type=Path, metavar="CHECKOUT", help="an earlier diffex to ask the same")
    parser.add_argument("--editors", nargs="+", default=list(EDITORS), metavar="SPEC")
    parser.add_argument("--images", nargs="+", type=int, default=list(COUNTS), metavar="N")
    parser.add_argument("--groups", nargs="+", default=list(GROUPS), choices=GROUPS, metavar="GROUP")
    parser.add_argument("--classifiers", nargs="+", default=[], metavar="SPEC", help="of the groups, only these")
    parser.add_argument("--tables-only", action="store_true", help="ask nothing: show the answers so far")
    return parser


if __name__ == "__main__":
    main()
