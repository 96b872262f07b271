"""Finds the answer in what a model wrote: the object that was asked for, in whatever it is wrapped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from diffex_cli.language_models.relaxed_json import Broken, read_value

_BRACKET = re.compile(r"[{\[]")
# Brackets, and the texts in which a bracket is none.
_TOKENS = re.compile(r'"(?:\\.|[^"\\\n])*"|[{}\[\]]')
_BEFORE, _AFTER = re.compile(r"\s*(?:```\s*\w*\s*)?"), re.compile(r"\s*(?:```)?\s*")
_QUOTED = re.compile(r'"\s*[{\[]\s*\\')
# What models, and the programs around them, put an answer's list into.
_ENVELOPES = re.compile(
    r"(final_?)?answers?|arguments|content|data|input|items|json|list|output|parameters|response|results?",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_DEEPEST = 4
# A model that writes more brackets which open nothing repeats itself.
_MOST_TRIES = 10_000
# How sure it is that something is the answer: it has the keys; it has them within an envelope; it is all that was said.
_DIRECT, _WRAPPED, _ALONE = 2, 1, 0


class Unfinished(Exception):  # noqa: N818
    """The text ends within an object or a list, and holds no answer."""


def find_object(text: str, schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The answer in a text without thoughts: all of it, or the last object within it that has the schema's keys.

    Code fences, and prose before and after, are passed over. So are envelopes (``{"result": …}``, the call of a
    function); a list alone is taken for the schema's only list; JSON in a text is read. An object within another one is
    never taken for the answer when the outer one is broken off.

    Raises:
        Unfinished: the text ends within an object or a list, and no answer came before.
    """
    found: Mapping[str, Any] | None = None
    rank, least, unfinished, at = _ALONE, _ALONE, False, 0
    tries = 0
    while tries < _MOST_TRIES and (match := _BRACKET.search(text, at)):
        start = match.start()
        try:
            value, at = read_value(text, start)
        except Broken as error:
            tries += 1
            if not error.begun:  # a bracket in prose
                at = start + 1
                continue
            if error.unfinished:
                unfinished = True
                break
            end = _closes(text, start) if least < _DIRECT else None
            if end is None:  # what follows may be within it
                least = _DIRECT
            at = end or error.at
            continue
        alone = bool(_BEFORE.fullmatch(text, 0, start) and _AFTER.fullmatch(text, at))
        content, how_sure = _candidate(value, schema, alone)
        if content is not None and how_sure >= max(rank, least):
            found, rank = content, how_sure
    if found is None:
        found, cut = _quoted(text, schema)
        unfinished |= cut
    if found is None and unfinished:
        raise Unfinished
    return None if found is None else _typed(found, schema)


def is_json(text: str) -> bool:
    """Whether a text is an object or a list, and nothing else."""
    return _read_all(text) is not None


def _closes(text: str, start: int) -> int | None:
    """Where the bracket that opens there is closed, be it JSON between them or not; ``None`` if it never is."""
    opening, depth = text[start], 0
    closing = {"{": "}", "[": "]"}[opening]
    for token in _TOKENS.finditer(text, start):
        depth += {opening: 1, closing: -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return None


def _candidate(value: Any, schema: Mapping[str, Any], alone: bool) -> tuple[Mapping[str, Any] | None, int]:
    if isinstance(value, dict) and _wanted(schema) <= value.keys():
        return value, _DIRECT
    inner = _unwrapped(value, schema, alone, listed=True)
    if inner is not None:
        return inner, _WRAPPED
    return (value, _ALONE) if alone and isinstance(value, dict) else (None, _ALONE)


def _wanted(schema: Mapping[str, Any]) -> set[str]:
    return set(schema.get("required") or schema.get("properties") or ())


def _unwrapped(
    value: Any, schema: Mapping[str, Any], alone: bool, *, listed: bool, depth: int = 0
) -> Mapping[str, Any] | None:
    """The one answer within an envelope. ``listed``: a list there may be the answer's."""
    if isinstance(value, str):
        value = _read_all(value)
    if depth > _DEEPEST or (not value and not alone):
        return None
    if isinstance(value, dict):
        if depth and _wanted(schema) <= value.keys() and all(map(_has_kind, *_members(value, schema))):
            return value
        inner = [
            _unwrapped(part, schema, alone, listed=bool(_ENVELOPES.fullmatch(key)), depth=depth + 1)
            for key, part in value.items()
        ]
        found = [content for content in inner if content is not None]
        return found[0] if len(found) == 1 else None
    if not isinstance(value, list):
        return None
    if listed and (key := _list_of(value, schema)):
        return {key: value}
    return _unwrapped(value[0], schema, alone, listed=False, depth=depth + 1) if len(value) == 1 else None


def _members(value: Mapping[str, Any], schema: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """The wanted values and their schemas."""
    names, properties = sorted(_wanted(schema)), schema.get("properties", {})
    return [value[name] for name in names], [properties.get(name, {}) for name in names]


def _list_of(items: list[Any], schema: Mapping[str, Any]) -> str | None:
    """The schema's only key, if such a list may stand there."""
    keys = _wanted(schema)
    key = next(iter(keys)) if len(keys) == 1 else ""
    property = schema.get("properties", {}).get(key, {})
    if property.get("type") != "array":
        return None
    item = property.get("items", {})
    known = item.get("properties", {}).keys()
    fits = all(_has_kind(each, item) and (not isinstance(each, dict) or each.keys() & known) for each in items)
    return key if fits else None


def _has_kind(value: Any, schema: Mapping[str, Any]) -> bool:
    kinds: dict[str, type] = {"array": list, "object": dict, "string": str}
    return isinstance(_typed(value, schema), kinds.get(schema.get("type", ""), object))


def _typed(value: Any, schema: Mapping[str, Any]) -> Any:
    """A value, where it is a text though the schema wants none, read: a list, an object, a number or a flag."""
    kind = schema.get("type")
    if isinstance(value, str):
        if kind in ("array", "object"):
            inner = _read_all(value)
            return _typed(inner, schema) if isinstance(inner, list if kind == "array" else dict) else value
        if kind == "integer" and _INTEGER.fullmatch(value.strip()):
            return int(value)
        return {"true": True, "false": False}.get(value.strip().lower(), value) if kind == "boolean" else value
    if isinstance(value, list) and kind == "array":
        return [_typed(each, schema.get("items", {})) for each in value]
    if isinstance(value, dict) and kind == "object":
        properties = schema.get("properties", {})
        return {key: _typed(each, properties.get(key, {})) for key, each in value.items()}
    return int(value) if kind == "integer" and isinstance(value, float) and value.is_integer() else value


def _read_all(text: str) -> Any:
    """The object or list that a text is; ``None`` if it is none."""
    try:
        value, end = read_value(text.strip())
    except Broken:
        return None
    return value if isinstance(value, dict | list) and end == len(text.strip()) else None


def _quoted(text: str, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, bool]:
    """The answer where its JSON is written as a text in JSON, with the quotes around it or without; whether cut off."""
    match = _QUOTED.search(text)
    for attempt, start in ((text, match.start()),) if match else ((f'"{text}"', 0),) if '\\"' in text else ():
        try:
            inner = read_value(attempt, start).value
            return find_object(inner, schema), False
        except Broken as error:
            return None, error.unfinished
        except Unfinished:
            return None, True
    return None, False
