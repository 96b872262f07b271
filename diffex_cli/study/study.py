"""A study as its maker keeps it: which item is what. Participants never see this file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.keys import digest
from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import read_json, read_text_file
from diffex_cli.study.wording import METHODS, Kind

STUDY_SCHEMA = "diffex.study/1"
STUDY_FILE = "study.json"


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One thing to be looked at and asked about.

    Attributes:
        id: opaque; says nothing about the rest.
        turn: participants of this turn see it.
        candidate: id of the candidate that was edited.
        image, edit: keys of the input image and of the edit.
        size: how many attributes the edit changes.
        method: how the edit is explained; empty where that is not asked.
        options: what to choose from, the right one first; empty where ratings are asked for.
    """

    id: str
    turn: int
    candidate: str
    name: str
    image: str
    edit: str
    size: int = 1
    method: str = ""
    options: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Study:
    """A study.

    Attributes:
        id: a digest of all that participants can see, and of the truth.
        domain: of the run.
        heat: where heat maps come from, for tables; empty without any.
        turns: every participant takes one of so many.
        items: in the page's order, which is random.
    """

    id: str
    kind: Kind
    domain: str
    heat: str
    turns: int
    items: tuple[Item, ...]
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def of_turn(self, turn: int) -> tuple[Item, ...]:
        """What the participants of a turn see, in the page's order."""
        return tuple(item for item in self.items if item.turn == turn)


def study_id(kind: Kind, seed: int, heat: str, items: Sequence[Item]) -> str:
    """16 hex digits for a study of these items, whose own ids do not count."""
    content = [{**dataclasses.asdict(item), "id": ""} for item in items]
    return digest({"kind": kind, "seed": seed, "heat": heat, "items": content})[:16]


def write_study(study: Study, file: Path) -> None:
    content = {"schema": STUDY_SCHEMA, **dataclasses.asdict(study)}
    write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_study(file: Path) -> Study:
    """Read a study's file; a UsageError if it is missing or none."""
    content = read_object(file)
    if content.get("schema") != STUDY_SCHEMA:
        raise UsageError(
            f"{file} is not a study of this version of diffex (schema {STUDY_SCHEMA}): name a {STUDY_FILE}"
        )
    try:
        items = tuple(Item(**{**one, "options": tuple(one["options"])}) for one in content["items"])
        found = Study(
            id=content["id"],
            kind=content["kind"],
            domain=content["domain"],
            heat=content["heat"],
            turns=content["turns"],
            items=items,
            provenance=content["provenance"],
        )
    except (KeyError, TypeError) as error:
        raise UsageError(f"{file} lacks or garbles a key ({error}): make the study again") from error
    if not _is_whole(found):
        raise UsageError(f"{file} was changed by hand and no longer holds a complete study: make the study again")
    return found


def _is_whole(study: Study) -> bool:
    """Everything is of its type, and the items fit together."""
    texts: list[object] = [study.id, study.domain, study.heat]
    numbers: list[object] = [study.turns]
    for item in study.items:
        texts += [item.id, item.candidate, item.name, item.image, item.edit, item.method, *item.options]
        numbers += [item.turn, item.size]
    if not (all(isinstance(one, str) for one in texts) and all(type(one) is int for one in numbers)):
        return False
    ids = {item.id for item in study.items}
    placed = all(0 <= item.turn < study.turns and item.method in ("", *METHODS) for item in study.items)
    return study.kind in get_args(Kind) and 0 < len(ids) == len(study.items) and placed


def read_object(file: Path) -> dict[str, Any]:
    """Read a JSON object; a UsageError if the file is missing or holds something else."""
    text = read_text_file(file, "the file")
    try:
        content = read_json(text, "it")
    except UsageError as error:
        problem = str(error).removeprefix("it, ")
        raise UsageError(f"{file} is not a JSON file ({problem}): take the file as it was saved") from None
    if not isinstance(content, dict):
        raise UsageError(f"{file} does not hold a JSON object: take the file as it was saved")
    return content
