"""Holds an answer against the schema that was asked for, and makes proposals of it."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from diffex_cli.artifacts.corpus_yaml import LONGEST_QUESTION
from diffex_cli.core.hierarchy import Group, Node, slug
from diffex_cli.core.wording import present
from diffex_cli.corpus.generation.grounding import Passage, quoted
from diffex_cli.language_models.asking import Reading

LONGEST_NAME = 80
LONGEST_PROMPT = 200

_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "name": {"type": "string", "description": "a short name for people, in English"},
    "prompt": {"type": "string", "description": "what the image editor is told: a noun phrase, clear without context"},
    "remove": {"type": "boolean", "description": "true if the editor is to take away what the prompt names"},
    "editable": {
        "type": "boolean",
        "description": "true if it can be seen, and be changed without making the picture one of something else",
    },
    "synonyms": {"type": "array", "items": {"type": "string"}, "description": "other names for the same, if any"},
    "question": {
        "type": "string",
        "description": "a short yes/no question about a picture; yes means that what the prompt names is there",
    },
    "group": {
        "type": "string",
        "enum": list(get_args(Group)),
        "description": "words if the prompt names one thing that an editor can draw, members if it names a dimension",
    },
}
_PASSAGE = {"type": "integer", "description": "the number of the passage that it is taken from; 0 if of none"}


@dataclasses.dataclass(frozen=True, slots=True)
class Proposal:
    """One attribute as it was proposed, with a :class:`~diffex_cli.core.hierarchy.Node`'s fields and further names.

    ``slug`` is the last part of its id; made from the name if empty.
    """

    name: str
    prompt: str
    remove: bool = False
    synonyms: tuple[str, ...] = ()
    source: str = ""
    placebo: bool = False
    overrides: Mapping[str, float] = dataclasses.field(default_factory=dict)
    replaces: str = ""
    slug: str = ""
    question: str = ""
    group: Group = "members"

    @classmethod
    def of(cls, node: Node) -> Proposal:
        """A node's own attribute, without its children."""
        return cls(
            node.name,
            node.prompt,
            node.remove,
            source=node.source,
            placebo=node.placebo,
            overrides=node.overrides,
            replaces=node.replaces,
            slug=node.id.rpartition("/")[2],
            question=node.question,
            group=node.group,
        )


Proposals = tuple[Proposal, ...]


def schema(passages: bool) -> dict[str, Any]:
    """The JSON schema of an answer. All keys are required and no others allowed, as providers' strict modes ask."""
    fields = {**_FIELDS, **({"passage": _PASSAGE} if passages else {})}
    item = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return {
        "type": "object",
        "properties": {"attributes": {"type": "array", "items": item}},
        "required": ["attributes"],
        "additionalProperties": False,
    }


def read(
    content: Mapping[str, Any], breadth: int, least: int = 0, passages: Sequence[Passage] = ()
) -> Reading[Proposals]:
    """Check an answer with at least and at most so many attributes.

    What cannot be seen or edited is left out, as is what comes after the first ``breadth`` attributes. Only
    the name is indispensable; another key that is missing or null gets its plain value (no question, a group by its
    members), one of the wrong kind is a complaint. Passages are those that were shown, in their order.
    """
    items = content.get("attributes")
    if not isinstance(items, list):
        return Reading((), ("'attributes' must be a list of objects",))
    proposals: list[Proposal] = []
    complaints: list[str] = []
    for index, item in enumerate(items):
        try:
            proposal = _proposal(item, passages)
        except ValueError as error:
            complaints.append(f"attributes[{index}]{error}")
            continue
        if proposal is not None and len(proposals) < breadth:
            proposals.append(proposal)
    if len(proposals) < least:
        complaints.append(f"'attributes' must name at least {least} that can be seen and edited")
    return Reading(tuple(proposals), tuple(complaints))


def _proposal(item: object, passages: Sequence[Passage]) -> Proposal | None:
    """One attribute, or ``None`` if it is not editable."""
    if not isinstance(item, dict):
        raise ValueError(" must be an object")
    item = {key: value for key, value in item.items() if value is not None}
    name = _text(item.get("name"), "name", LONGEST_NAME)
    prompt = _text(item.get("prompt", name), "prompt", LONGEST_PROMPT)
    if not slug(name):
        raise ValueError(".name must hold English letters")
    remove = _flag(item.get("remove", False), "remove")
    editable = _flag(item.get("editable", True), "editable")
    synonyms = item.get("synonyms", [])
    if not isinstance(synonyms, list) or not all(isinstance(synonym, str) for synonym in synonyms):
        raise ValueError(".synonyms must be a list of texts")
    number = item.get("passage", 0)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= len(passages):
        raise ValueError(f".passage must be a whole number from 0 to {len(passages)}")
    question, group = _question(item.get("question", "")), item.get("group", "members")
    if group not in get_args(Group):
        raise ValueError(f".group must be one of {', '.join(get_args(Group))}")
    if not editable:
        return None
    source = quoted(passages[number - 1]) if number else ""
    added, remove = _addition(name, prompt, remove)
    # of an absence that was turned round it is not known which way its question goes
    question = question if added == prompt else ""
    return Proposal(name, added, remove, tuple(synonyms), source, question=question, group=group)


def _question(value: object) -> str:
    """Ends with a question mark; empty where none is told."""
    if isinstance(value, str) and not value.strip():
        return ""
    text = _text(value, "question", LONGEST_QUESTION - 1)
    return text if text.endswith("?") else f"{text.rstrip('.')}?"


def _addition(name: str, prompt: str, remove: bool) -> tuple[str, bool]:
    """Words for what is to be seen, whatever is done with it: an editor that reads "no crest" draws a crest."""
    absent = present(prompt)
    return (prompt, remove or present(name) is not None) if absent is None else (absent, True)


def _text(value: object, key: str, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f".{key} must be text")
    text = " ".join(value.split())
    if len(text) > longest:
        raise ValueError(f".{key} must have at most {longest} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError(f".{key} must hold no control characters")
    return text


def _flag(value: object, key: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f".{key} must be true or false")
    return value
