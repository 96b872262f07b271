"""Finds backends by name, without importing any that is not asked for.

A backend is an entry point in one of the groups below; diffex's own are declared in its
``pyproject.toml`` in the same way as a third party's. A *spec* names one on the command line:
``name[:model][:key=value,…]``, for example ``ledits:birds:steps=8`` or
``transformers:google/vit-base-patch16-224``.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any

from diffex_cli.core.errors import SecretError, UsageError
from diffex_cli.core.secrets import REMEDY, secret_in

EDITORS = "diffex.editors"
CLASSIFIERS = "diffex.classifiers"
CORPUS_PROVIDERS = "diffex.corpus_providers"
VERIFIERS = "diffex.verifiers"
REGIONS = "diffex.regions"

KINDS = {
    EDITORS: "editor",
    CLASSIFIERS: "classifier",
    CORPUS_PROVIDERS: "corpus provider",
    VERIFIERS: "verifier",
    REGIONS: "region",
}

OBJECT = "object"
"""Stands for a backend in the spec of one that a Python program handed over open: ``object:module.Class``."""

_OPTIONS = re.compile(r"(?:^|:)(?=\w+\s*=)")
"""Where the options begin; a value may hold colons, as an address does."""


_QUOTED = re.compile(r"""(?P<mark>['"])(?P<inside>.+?)(?P=mark)(?=[:,]|$)""")
_PAIR = re.compile(
    r"""\s*(?P<key>\w+)\s*=\s*(?:(?P<mark>['"])(?P<inside>.+?)(?P=mark)|(?P<value>[^,]*[^,\s][^,]*))\s*(?:,(?=.)|$)"""
)
HOW_TO_QUOTE = "; quote a path that holds = or , or :, as in \"onnx:'epoch=3.onnx':mean=0,std=1\""
"""Ends a sentence about options that may be a path."""


@dataclasses.dataclass(frozen=True, slots=True)
class Spec:
    """A parsed ``name[:model][:key=value,…]``.

    ``model`` is whatever the backend makes of it (a folder, a hub id, ``module:callable``); it may
    itself contain colons. ``options`` are the comma-separated pairs from the first part on that begins with ``key=``.
    """

    text: str
    name: str
    model: str
    options: Mapping[str, str]


def parse_spec(text: str) -> Spec:
    """Split a spec; a ``UsageError`` if it is empty, an option is not ``key=value``, or it holds a secret. A model or a
    value may stand in single or double quotes, and then hold what else would end it."""
    if secret := secret_in(text):
        raise SecretError(f"a spec must not hold {secret}: {REMEDY}")
    name, _, rest = text.partition(":")
    if not name:
        raise UsageError(f"{text!r} names no backend: write name[:model][:key=value,…], e.g. ledits:birds")
    quoted = _QUOTED.match(rest)
    if quoted is not None:
        model, rest = quoted["inside"], rest[quoted.end() :].removeprefix(":")
    else:
        begin = _OPTIONS.search(rest)
        model, rest = (rest, "") if begin is None else (rest[: begin.start()], rest[begin.end() :])
    return Spec(text=text, name=name, model=model, options=dict(_pairs(rest, text)))


def _pairs(given: str, text: str) -> Iterator[tuple[str, str]]:
    while given:
        found = _PAIR.match(given)
        if found is None:
            pair = given.partition(",")[0]
            raise UsageError(f"{pair!r} in {text!r} is not key=value{HOW_TO_QUOTE}")
        yield found["key"], found["inside"] or found["value"].strip()
        given = given[found.end() :]


_SHORT = 48
"""Characters of a spec that a title has room for."""


def short_spec(text: str) -> str:
    """A spec for where there is little room: without its options, and of a long model's path only its end."""
    if len(text) <= _SHORT:
        return text
    name, _, rest = text.partition(":")
    options = _OPTIONS.search(rest)
    model, more = (rest, "") if options is None else (rest[: options.start()], ":…")
    short = f"{name}:{model}{more}"
    if len(short) <= _SHORT:
        return short
    end = model.replace("\\", "/").rstrip("/").rpartition("/")[2]
    room = _SHORT - len(f"{name}:…/{more}")
    return f"{name}:…/{end}{more}" if len(end) <= room else f"{name}:…{end[-room:]}{more}"


def names(group: str) -> tuple[str, ...]:
    """The names of all installed backends of a group, sorted."""
    return tuple(sorted(entry.name for entry in entry_points(group=group)))


def find(group: str, name: str) -> Callable[..., Any]:
    """Import one backend's factory, which takes a :class:`Spec`; a ``UsageError`` lists those that exist."""
    if name == OBJECT:
        kind = KINDS[group]
        raise UsageError(
            f"the {kind} of this run was an object of a Python program, which nobody else can open: "
            f"name one with --{kind} SPEC"
        )
    for entry in entry_points(group=group):
        if entry.name == name:
            factory: Callable[..., Any] = entry.load()
            return factory
    raise UsageError(f"there is no {KINDS[group]} {name!r}{did_you_mean(name, names(group))}")


def is_foreign(group: str, name: str) -> bool:
    """Whether a backend of that name is installed, and is another package's than diffex's own."""
    found = next((entry for entry in entry_points(group=group) if entry.name == name), None)
    return found is not None and found.module.partition(".")[0] != __name__.partition(".")[0]


def did_you_mean(wrong: str, known: tuple[str, ...]) -> str:
    """The tail of a sentence about an unknown name: a close match if any, and all that exist."""
    return f"{close_match(wrong, known)}; there are: {', '.join(known)}"


def close_match(wrong: str, known: tuple[str, ...]) -> str:
    """The same without all that exist, where that is too much to list."""
    close = difflib.get_close_matches(wrong, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
