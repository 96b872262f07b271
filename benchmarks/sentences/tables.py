"""The judged answers as Markdown: how often the true cause is named, what is claimed wrongly, and every case."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from benchmarks.markdown import table
from benchmarks.sentences.builds import BEFORE, THIS
from benchmarks.sentences.cases import Case
from benchmarks.sentences.judging import TRUE, VERDICTS, Cause, Judged, Verdict, judge, planted_on_top
from benchmarks.sentences.records import Record, Records
from diffex_cli.artifacts import corpus_yaml
from diffex_cli.core import domains
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.report.numbers import signed

_HEADS: Mapping[Verdict, str] = {
    "top": "the strongest",
    "half": "at least half of it",
    "less": "less than half",
    "wrong": "wrong",
    "missed": "none, but there is one",
    "nothing": "none, rightly",
}
_MARKS: Mapping[Verdict, str] = {"top": "✓", "half": "✓", "less": "<½", "wrong": "✗"}
_ROWS = {
    "shortcut": "`shortcut`",
    "species": "`species`",
    "planted": "planted, the shortcut truly on top",
    "other": "planted, something else on top",
    "function": "formulas",
    "null": "know nothing",
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """A case with what each build answered, by the build's name."""

    case: Case
    row: str
    records: Mapping[str, Record]
    judged: Mapping[str, Judged]


def sections(wanted: Sequence[Case], records: Records, sources: str) -> dict[str, str]:
    """Marker → text.

    Args:
        sources: of this build as it is now; answers of other code are counted below the table.
    """
    corpus = corpus_yaml.read_corpus(domains.corpus_file("birds"))
    asked = [_asked(case, records, corpus) for case in wanted]
    answered = [one for one in asked if THIS in one.records]
    names = {node.id: node.name for node in corpus.walk()}
    causes = [one for one in answered if one.row != "null"]
    return {
        "sentences": "\n\n".join(
            (
                _verdicts("of the first causes, true", causes, lambda judged: (judged.first,)),
                _verdicts("of all causes, true", causes, lambda judged: (judged.speaks_for, judged.speaks_against)),
                *_notes(asked, sources),
            )
        ),
        "claims": _claims(answered, {node.id for node in corpus.walk() if node.children}),
        "wrong-sentences": _wrong(causes, names),
        "sentences-by-case": "\n\n".join(_by_case(causes, names)),
    }


def _asked(case: Case, records: Records, corpus: Corpus) -> _Asked:
    found = {build: record for build in (THIS, BEFORE) if (record := records.get(case, build)) is not None}
    row = case.group
    if row == "planted" and found and not planted_on_top(next(iter(found.values())), corpus):
        row = "other"
    return _Asked(case, row, found, {build: judge(record) for build, record in found.items()})


def _verdicts(what: str, asked: Sequence[_Asked], causes: Callable[[Judged], tuple[Cause, ...]]) -> str:
    """How often each verdict was given; in brackets those of the build before."""
    rows = []
    for first, some in _grouped(asked):
        counts = {
            build: Counter(cause.verdict for one in some if build in one.judged for cause in causes(one.judged[build]))
            for build in (THIS, BEFORE)
        }
        rows.append(
            (
                *first,
                _both(
                    *(
                        _share(sum(count[one] for one in TRUE), count.total() - count["nothing"])
                        for count in counts.values()
                    )
                ),
                *(_both(*(str(count[one]) if count else "" for count in counts.values())) for one in VERDICTS),
            )
        )
    header = ("classifiers", "editor", "images", "searches", what, *(_HEADS[one] for one in VERDICTS))
    return table(header, rows)


def _claims(asked: Sequence[_Asked], groups: Set[str]) -> str:
    rows = []
    for first, some in _grouped(asked):
        figures = []
        for build in (THIS, BEFORE):
            judged = [one.judged[build] for one in some if build in one.judged]
            said, wrong = sum(one.claims for one in judged), [id for one in judged for id in one.wrong]
            of_groups = len([id for id in wrong if id in groups])
            cells = (str(said), str(len(wrong)), _share(len(wrong), said), str(of_groups))
            figures.append(cells if judged else ("",) * len(cells))
        rows.append((*first, *itertools.starmap(_both, zip(*figures, strict=True))))
    header = (
        *("classifiers", "editor", "images", "searches"),
        *("attributes presented as found", "of these wrong", "share", "groups among the wrong"),
    )
    return table(header, rows)


def _wrong(asked: Sequence[_Asked], names: Mapping[str, str]) -> str:
    rows = []
    for one in asked:
        judged = one.judged[THIS]
        for cause in (judged.speaks_for, judged.speaks_against):
            if cause.named is not None and cause.verdict not in TRUE:
                top = f"{names[cause.top]} {signed(cause.largest)}"
                sentence = one.records[THIS].answer.sentence.replace("|", "\\|")
                rows.append(
                    (
                        *_case(one.case),
                        one.case.editor,
                        str(one.case.images),
                        f"{names[cause.named]} {signed(cause.said)}",
                        f"{signed(cause.exact)} ({_HEADS[cause.verdict]})",
                        top,
                        sentence,
                    )
                )
    header = ("classifier", "class", "editor", "images", "named", "truly", "truly strongest", "the sentence")
    return table(header, rows) if rows else "None."


def _by_case(asked: Sequence[_Asked], names: Mapping[str, str]) -> Iterator[str]:
    for (editor, images), some in _split(asked, lambda one: (one.case.editor, one.case.images)):
        rows = []
        for one in some:
            judged = one.judged[THIS]
            truly = [
                f"{names[cause.top]} {signed(cause.largest)}" for cause in (judged.speaks_for, judged.speaks_against)
            ]
            told = [_told(one.judged[build], names) if build in one.judged else "–" for build in (THIS, BEFORE)]
            rows.append((*_case(one.case), *truly, *told))
        header = ("classifier", "class", "truly most for it", "truly most against it", THIS, BEFORE)
        yield f"**`{editor}`, {images} images**\n\n{table(header, rows)}"


def _told(judged: Judged, names: Mapping[str, str]) -> str:
    told = [
        f"{names[cause.named]} {signed(cause.said)} ({signed(cause.exact)}) {_MARKS[cause.verdict]}"
        for cause in (judged.speaks_for, judged.speaks_against)
        if cause.named is not None
    ]
    return "; ".join(told) or "nothing"


def _notes(asked: Sequence[_Asked], sources: str) -> Iterator[str]:
    for build in (THIS, BEFORE):
        lacking = [one.case.id for one in asked if build not in one.records]
        if lacking:
            yield f"{len(lacking)} of {len(asked)} searches of {build} are not done yet, such as `{lacking[0]}`."
    old = sum(one.records[THIS].sources != sources for one in asked if THIS in one.records)
    if old:
        yield f"{old} answers of this build were given before its code changed: run the benchmark again."


def _grouped(asked: Sequence[_Asked]) -> Iterator[tuple[tuple[str, ...], list[_Asked]]]:
    """The first cells of each row of a table, and the cases behind it; the last rows are of all that have causes."""
    places = list(_ROWS)
    for (_, editor, images), some in _split(
        asked, lambda one: (places.index(one.row), one.case.editor, one.case.images)
    ):
        yield (_ROWS[some[0].row], f"`{editor}`", str(images), str(len(some))), some
    causes = [one for one in asked if one.row != "null"]
    for (editor, images), some in _split(causes, lambda one: (one.case.editor, one.case.images)):
        yield (("**all** but those that know nothing", f"`{editor}`", str(images), str(len(some))), some)


def _split(
    asked: Iterable[_Asked], key: Callable[[_Asked], tuple[object, ...]]
) -> Iterator[tuple[tuple[object, ...], list[_Asked]]]:
    for found, some in itertools.groupby(sorted(asked, key=key), key):
        yield found, list(some)


def _case(case: Case) -> tuple[str, str]:
    return f"`{case.classifier.removeprefix('birds:')}`", case.target


def _true(count: Counter[Verdict]) -> str:
    """Of the causes that there are."""
    return _share(sum(count[one] for one in TRUE), count.total() - count["nothing"])


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""


def _both(this: str, before: str) -> str:
    return f"{this or '–'} ({before})" if before else this or "–"
