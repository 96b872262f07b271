"""Files of answers: ``diffex.answers/1``, saved by the page or written for a language model."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from diffex_cli.artifacts.files import write_text
from diffex_cli.core.errors import UsageError
from diffex_cli.study.order import turn_of
from diffex_cli.study.study import Study, read_object
from diffex_cli.study.wording import HIGHEST, LOWEST, WORDINGS, Kind, Query

ANSWERS_SCHEMA = "diffex.answers/1"

Rater: TypeAlias = Literal["person", "model"]

_REMEDY = "take the file as the page saved it, or leave it out"


Picked = Mapping[str, int | str]
"""Query's name → a rating or a chosen option."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rating:
    """What a model answered: its code, its items, answers by the item's id, and a sentence for each that has none."""

    participant: str
    order: tuple[str, ...]
    answers: Mapping[str, Picked]
    problems: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerFile:
    """What one rater said.

    Attributes:
        participant: the rater's code.
        model: the model's settings; empty for a person.
        complete: every item of the rater's turn was answered.
        answers: by the item's id.
    """

    file: Path
    study: str
    kind: Kind
    participant: str
    rater: Rater
    model: Mapping[str, object]
    complete: bool
    answers: Mapping[str, Picked]


def read_answers(file: Path) -> AnswerFile:
    """Read a file of answers; :func:`check_answers` holds it against its study.

    Raises:
        UsageError: it is missing or malformed.
    """
    content = read_object(file)
    if content.get("schema") != ANSWERS_SCHEMA:
        raise UsageError(
            f"{file} is not a file of answers of this version of diffex (schema {ANSWERS_SCHEMA}): {_REMEDY}"
        )
    rater = _mapping(file, content, "rater")
    kind = rater.get("kind")
    if kind not in get_args(Rater):
        raise UsageError(f"{file}: rater.kind must be person or model, not {kind!r}: {_REMEDY}")
    model = _mapping(file, rater, "settings") if kind == "model" else {}
    for key in ("study", "kind", "participant"):
        if not isinstance(content.get(key), str) or not content[key].strip():
            raise UsageError(f"{file}: {key} must be a text that is not empty: {_REMEDY}")
    if type(content.get("complete")) is not bool:
        raise UsageError(f"{file}: complete must be true or false: {_REMEDY}")
    answers = _mapping(file, content, "answers")
    return AnswerFile(
        file=file,
        study=content["study"],
        kind=content["kind"],
        participant=content["participant"],
        rater=cast(Rater, kind),
        model=model,
        complete=content["complete"],
        answers={item: _mapping(file, answers, item) for item in answers},
    )


def check_answers(given: AnswerFile, study: Study) -> AnswerFile:
    """The same file without what is no answer (such as the seconds that it took).

    Raises:
        UsageError: an answer is none of those that could be given, or to an item that this rater was not shown.
    """
    file = given.file
    turn = turn_of(study.id, given.participant, study.turns)
    items = {item.id: item for item in study.of_turn(turn)}
    if given.kind != study.kind:
        raise UsageError(f"{file}: kind is {given.kind!r}, but the study's is {study.kind!r}: {_REMEDY}")
    checked = {}
    for id, answer in given.answers.items():
        if id not in items:
            raise UsageError(f"{file}: {given.participant!r} was shown no item {id!r}: {_REMEDY}")
        for query in WORDINGS[study.kind].queries:
            _check(f"{file}: item {id}", query, answer.get(query.name), items[id].options)
        checked[id] = {query.name: answer[query.name] for query in WORDINGS[study.kind].queries}
    if given.complete and len(checked) < len(items):
        raise UsageError(f"{file} calls itself complete, but answers {len(checked)} of {len(items)} items: {_REMEDY}")
    return dataclasses.replace(given, answers=checked)


def check_distinct(files: Sequence[AnswerFile]) -> None:
    """Every rater counts once in a study; a UsageError names the two files where not."""
    seen: dict[tuple[str, str], Path] = {}
    for given in files:
        rater = given.study, given.participant
        if rater in seen:
            raise UsageError(
                f"{seen[rater]} and {given.file} are both answers of {given.participant!r} to study {given.study}: "
                "keep one of them"
            )
        seen[rater] = given.file


def write_answers(
    file: Path, study: str, kind: Kind, rating: Rating, model: Mapping[str, object], times: tuple[str, str]
) -> None:
    """Write a language model's answers, marked as such, with its settings and when it began and ended, ISO 8601."""
    content = {
        "schema": ANSWERS_SCHEMA,
        "study": study,
        "kind": kind,
        "participant": rating.participant,
        "rater": {"kind": "model", "settings": dict(model)},
        "started": times[0],
        "saved": times[1],
        "complete": len(rating.answers) == len(rating.order),
        "order": list(rating.order),
        "answers": {item: dict(rating.answers[item]) for item in rating.order if item in rating.answers},
    }
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def fault(query: Query, value: object, options: Sequence[str]) -> str:
    """What is wrong with an answer; empty if nothing is."""
    if query.rated:
        fits = type(value) is int and LOWEST <= value <= HIGHEST
        return "" if fits else f"{query.name} must be a whole number from {LOWEST} to {HIGHEST}, not {value!r}"
    options = query.options or options
    fits = isinstance(value, str) and value in options
    return "" if fits else f"{query.name} must be one of {', '.join(map(repr, options))}, not {value!r}"


def _check(place: str, query: Query, value: object, options: Sequence[str]) -> None:
    problem = fault(query, value, options)
    if problem:
        raise UsageError(f"{place}: {problem}: {_REMEDY}")


def _mapping(file: Path, content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = content.get(key)
    if not isinstance(found, dict):
        raise UsageError(f"{file}: {key} must be an object: {_REMEDY}")
    return found
