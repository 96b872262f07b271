"""Asks what a hierarchy lacks: the question, and how its answer is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from diffex_cli.artifacts.corpus_yaml import MAX_DEPTH
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.corpus.generation.prompts import RULES, answer_tokens
from diffex_cli.corpus.generation.reading import Proposal, read, schema
from diffex_cli.language_models.asking import Reading
from diffex_cli.language_models.base import Picture, Question

_TASK = """\
You find out what an image classifier depends on. A hierarchy of visual attributes was tried: an image editor added \
each attribute to pictures, or took it away, and the change of the classifier's output was measured. You are shown \
cases that these attributes do not explain. Name what can be seen in these pictures, might be the reason, and is not \
in the hierarchy yet: compare what the pictures of the surprising cases have that others of the domain do not, also in \
their background, light, marks and instruments."""

_EXAMPLE = """\
Example of an answer, for portrait photographs whose hierarchy has "facial-hair" but not this:
{"attributes": [{"name": "goatee", "prompt": "goatee", "remove": false, "editable": true, "synonyms": [], \
"question": "Is there a goatee?", "group": "words", "below": "facial-hair"}]}"""

_BELOW = {
    "type": "string",
    "description": "id of the attribute of the hierarchy that it is a part or a variant of; empty for a new group",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """Something unexplained: what happened, and caption → picture, at least one."""

    text: str
    pictures: Mapping[str, Picture]


@dataclasses.dataclass(frozen=True, slots=True)
class Missing(Proposal):
    """An attribute that the hierarchy lacks, below the node of that id; empty for a new root."""

    below: str = ""


def question(corpus: Corpus, cases: Sequence[Case], breadth: int) -> Question:
    """The question about at least one case that the hierarchy does not explain."""
    lines, number = [], 1
    for case in cases:
        named = [f"picture {number + i} ({caption})" for i, caption in enumerate(case.pictures)]
        lines.append(f"- {', '.join(named)}: {case.text}")
        number += len(named)
    listed = [f"{node.id}: {node.name}{' (taken away)' if node.remove else ''}" for node in corpus.walk()]
    shape = schema(passages=False)
    item = shape["properties"]["attributes"]["items"]
    item["properties"]["below"] = _BELOW
    item["required"].append("below")
    return Question(
        system="\n\n".join([_TASK, RULES, _EXAMPLE, "\n".join(["The hierarchy, as id: name.", *listed])]),
        text="\n".join(
            [
                f"Domain: {corpus.domain}. The pictures are numbered in their order. The cases:",
                *lines,
                f"Name at most {breadth} attributes that are missing. "
                'If the hierarchy has them all, answer with an empty list of "attributes".',
            ]
        ),
        schema=shape,
        name="attributes",
        pictures=tuple(picture for case in cases for picture in case.pictures.values()),
        max_tokens=answer_tokens(breadth),
    )


def read_missing(content: Mapping[str, Any], corpus: Corpus, breadth: int) -> Reading[tuple[Missing, ...]]:
    """Check an answer about the hierarchy that was shown, of which at most ``breadth`` attributes were wanted."""
    items = content.get("attributes")
    if not isinstance(items, list):
        return Reading((), read(content, breadth).complaints)
    known = {node.id for node in corpus.walk()}
    proposals: list[Missing] = []
    complaints: list[str] = []
    for index, item in enumerate(items):
        reading = read({"attributes": [item]}, 1)
        here = f"attributes[{index}]"
        complaints += [complaint.replace("attributes[0]", here, 1) for complaint in reading.complaints]
        for proposal in reading.usable:
            below = "" if item.get("below") is None else item["below"]
            if not isinstance(below, str) or (below and below not in known):
                complaints.append(f"{here}.below must be an id of the hierarchy, or empty")
            elif below.count("/") + 2 > MAX_DEPTH:
                complaints.append(f"{here}.below is on the last level: name one above")
            elif len(proposals) < breadth:
                fields = {field.name: getattr(proposal, field.name) for field in dataclasses.fields(proposal)}
                proposals.append(Missing(**fields, below=below))
    return Reading(tuple(proposals), tuple(complaints))
