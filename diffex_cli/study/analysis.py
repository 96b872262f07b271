"""What the answers to a study say: means with intervals, and how far raters agree.

People and language models are never pooled. The mean of a figure is over raters, each of whom counts once with the
mean of all answers that belong to it. Two 95 % intervals go with it, by Student's t: over the raters, for these items
(as the ± of the paper's Table 3), and over the items, for these raters, because ten attributes are a sample, too. A
share of right answers to which each rater contributes one answer, or for which all raters are equally right, has
Wilson's interval (1927), counting each rater once: the t interval of "all were right" would have no width.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from diffex_cli.search.statistics.intervals import student_interval, wilson
from diffex_cli.study.agreement import Level, alpha
from diffex_cli.study.answers import AnswerFile, Rater
from diffex_cli.study.choosing import MANY
from diffex_cli.study.study import Item, Study
from diffex_cli.study.wording import METHOD_TITLES, METHODS, WORDINGS, Kind, Query

TOGETHER = ""
"""The part of a figure that is about everything."""


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """A mean.

    Attributes:
        query: the name of what was asked.
        part: of which items: a method, or how many attributes they change; empty for all.
        attribute: of which attribute's items; empty for all of the part.
        mean: a rating from 1 to 5, or a share of right answers in [0, 1].
        low, high: the 95 % interval over the raters; NaN if there is but one.
        low_items, high_items: that over the items; NaN if there is but one.
    """

    query: str
    part: str
    attribute: str
    mean: float
    low: float
    high: float
    low_items: float
    high_items: float
    raters: int
    items: int
    answers: int


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One part's mean minus another's, over the raters who answered both.

    Attributes:
        mean: NaN if no rater answered both.
        low, high: the 95 % interval, paired by rater; NaN for fewer than two.
    """

    query: str
    part: str
    other: str
    mean: float
    low: float
    high: float
    raters: int


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """Krippendorff's alpha of the answers to one query; NaN if it cannot be told."""

    query: str
    level: Level
    alpha: float


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """What the people say, or the language models.

    Attributes:
        incomplete: how many did not answer all their items.
        figures: the parts as a whole, then their attributes.
    """

    rater: Rater
    names: tuple[str, ...]
    incomplete: int
    figures: tuple[Figure, ...]
    differences: tuple[Difference, ...]
    agreement: tuple[Agreement, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Findings:
    """What a study found; of the people first. ``heat`` is where heat maps came from."""

    study: str
    kind: Kind
    domain: str
    heat: str
    groups: tuple[Group, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Answer:
    rater: str
    item: Item
    value: float
    code: float
    """What raters agree on: the rating, or a number that stands for the chosen words."""


def analyse(study: Study, files: Sequence[AnswerFile]) -> Findings:
    """The figures of a study, from checked answers to it, each rater once."""
    groups = []
    for rater in ("person", "model"):
        own = [given for given in files if given.rater == rater]
        if own:
            groups.append(_group(study, own))
    return Findings(study.id, study.kind, study.domain, study.heat, tuple(groups))


def part_of(kind: Kind, item: Item) -> str:
    """Which part of a study's figures an item belongs to."""
    if kind == "identify":
        return item.method
    if kind == "joint":
        return str(item.size) if item.size < MANY else f"{MANY}+"
    return TOGETHER


def part_title(kind: Kind, part: str, heat: str = "") -> str:
    if kind == "joint":
        return "1 attribute" if part == "1" else f"{part.removesuffix('+')}{' or more' * part.endswith('+')} attributes"
    for method in METHODS:
        if part == method:
            return f"{METHOD_TITLES[method]} ({heat})" if method == "heatmap" else METHOD_TITLES[method]
    return part


def _group(study: Study, files: Sequence[AnswerFile]) -> Group:
    figures: list[Figure] = []
    differences: list[Difference] = []
    agreement: list[Agreement] = []
    for query in WORDINGS[study.kind].queries:
        answers = _answers(study, query, files)
        by_part: dict[str, list[_Answer]] = {part: [] for part in _parts(study)}
        for answer in answers:
            by_part[part_of(study.kind, answer.item)].append(answer)
        figures += [_figure(query, part, TOGETHER, some) for part, some in by_part.items()]
        for part, some in by_part.items():
            for name, few in _by(some, lambda answer: answer.item.name).items():
                figures.append(_figure(query, part, name, few))
        for part, other in combinations(by_part, 2):
            differences.append(_difference(query, part, other, by_part[part], by_part[other]))
        level: Level = "ordinal" if query.rated else "nominal"
        units = [[answer.code for answer in some] for some in _by(answers, lambda answer: answer.item.id).values()]
        agreement.append(Agreement(query.name, level, alpha(units, level)))
    return Group(
        rater=files[0].rater,
        names=tuple(given.participant for given in files),
        incomplete=sum(not given.complete for given in files),
        figures=tuple(figures),
        differences=tuple(differences),
        agreement=tuple(agreement),
    )


def _parts(study: Study) -> tuple[str, ...]:
    found = {part_of(study.kind, item) for item in study.items}
    return tuple(method for method in METHODS if method in found) if study.kind == "identify" else tuple(sorted(found))


def _answers(study: Study, query: Query, files: Sequence[AnswerFile]) -> list[_Answer]:
    items = {item.id: item for item in study.items}
    codes = {words: code for code, words in enumerate(sorted({one for item in study.items for one in item.options}))}
    found = []
    for given in files:
        for id, answer in given.answers.items():
            item, value = items[id], answer[query.name]
            if isinstance(value, int):
                found.append(_Answer(given.participant, item, float(value), float(value)))
            else:
                right = value == item.options[0]
                found.append(_Answer(given.participant, item, float(right), float(codes[value])))
    return found


def _figure(query: Query, part: str, attribute: str, answers: Sequence[_Answer]) -> Figure:
    by_rater, by_item = _means(answers, lambda one: one.rater), _means(answers, lambda one: one.item.id)
    raters, items = (student_interval(list(some.values())) for some in (by_rater, by_item))
    low, high, low_items, high_items = _clipped(query, raters.low, raters.high, items.low, items.high)
    if not query.rated and by_rater and (len(answers) == len(by_rater) or len(set(by_rater.values())) == 1):
        low, high = wilson(raters.mean, len(by_rater))
    return Figure(
        query=query.name,
        part=part,
        attribute=attribute,
        mean=raters.mean,
        low=low,
        high=high,
        low_items=low_items,
        high_items=high_items,
        raters=len(by_rater),
        items=len(by_item),
        answers=len(answers),
    )


def _clipped(query: Query, *ends: float) -> tuple[float, ...]:
    """Ends of intervals as they can be: a share lies between 0 and 1."""
    return ends if query.rated else tuple(math.nan if math.isnan(end) else min(max(end, 0.0), 1.0) for end in ends)


def _difference(query: Query, part: str, other: str, ours: Sequence[_Answer], theirs: Sequence[_Answer]) -> Difference:
    mine, yours = _means(ours, lambda one: one.rater), _means(theirs, lambda one: one.rater)
    found = student_interval([mine[rater] - yours[rater] for rater in mine if rater in yours])
    return Difference(query.name, part, other, found.mean, found.low, found.high, found.n)


def _means(answers: Sequence[_Answer], key: Callable[[_Answer], str]) -> Mapping[str, float]:
    return {name: math.fsum(one.value for one in some) / len(some) for name, some in sorted(_by(answers, key).items())}


def _by(answers: Sequence[_Answer], key: Callable[[_Answer], str]) -> dict[str, list[_Answer]]:
    found: dict[str, list[_Answer]] = {}
    for answer in answers:
        found.setdefault(key(answer), []).append(answer)
    return found
