"""``search.yaml``: what was searched, level by level, and what came of it. ``docs/artifacts.md`` defines each key.

The fields are the keys, in the file's order. What has a default may be missing or null in a file: earlier versions and
other programs leave it out. A figure that is not known is ``None``.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from diffex_cli.artifacts.documents import read_document, write_document
from diffex_cli.core.errors import UsageError
from diffex_cli.core.settings import Scale

SEARCH_SCHEMA = "diffex.search/1"

SETTINGS = (
    *("seed", "algorithm", "beam", "delta", "max_depth"),
    *("scale", "accept", "direction", "racing", "max_edits"),
)
"""The settings that are keys of their own name, as used."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backend:
    """An editor or a classifier."""

    spec: str
    fingerprint: str


@dataclasses.dataclass(frozen=True, slots=True)
class Floor:
    """The influence that noise alone can show."""

    value: float | None = None
    source: str = ""
    arms: int = 0
    n: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Detectable:
    """The effect that a search of this size would have found; infinite if nothing could have passed."""

    effect: float | None = None
    alpha: float | None = None
    power: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Holdout:
    """The effect on the images that the search did not use."""

    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    confirmed: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Tried:
    """One candidate of a level."""

    candidate: str
    name: str = ""
    parent: str | None = None
    effect: float | None = None
    influence: float | None = None
    reach: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    status: str = ""
    expanded: bool | None = None
    reason: str = ""
    p_value: float | None = None
    p_corrected: float | None = None
    below_floor: bool | None = None
    passed: bool | None = None
    holdout: Holdout | None = None
    images: int | None = None
    decided: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class TriedSet:
    """A set of attributes in one edit."""

    candidate: str
    name: str = ""
    parts: tuple[str, ...] = ()
    effect: float | None = None
    influence: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    singles: tuple[float | None, ...] = ()
    sum: float | None = None
    interaction: float | None = None
    interaction_low: float | None = None
    interaction_high: float | None = None
    shared: int | None = None
    status: str = ""
    reason: str = ""
    p_value: float | None = None
    p_corrected: float | None = None
    below_floor: bool | None = None
    passed: bool | None = None
    holdout: Holdout | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Screened:
    """A candidate as the cheaper editor saw it."""

    candidate: str
    name: str = ""
    parent: str | None = None
    effect: float | None = None
    reach: float | None = None
    n: int | None = None
    images: int | None = None
    survived: bool = False
    expanded: bool | None = None
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ScreeningRecord:
    """What a cheaper editor did first."""

    editor: Backend
    edits: int = 0
    candidates: tuple[Screened, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class SearchLevel:
    """One level of the hierarchy, its candidates in the search's order of preference."""

    depth: int
    candidates: tuple[Tried, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """The whole file; ``unsaid`` alone is no key of it: which of :data:`SETTINGS` the file that was read lacks."""

    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    target: str
    name: str | None = None
    best: str | None = None
    best_joint: str | None = None
    passed: tuple[str, ...] = ()
    images: int
    algorithm: str | None = None
    beam: int | None = None
    delta: float
    max_depth: int | None = None
    seed: int
    scale: Scale = "logit"
    accept: str | None = None
    direction: str = "corpus"
    racing: bool | None = None
    max_edits: int | None = None
    held_out: tuple[str, ...] = ()
    joint_size: int | None = None
    floor: Floor = Floor()
    detectable: Detectable = Detectable()
    corrected_for: int | None = None
    corrected_for_sets: int | None = None
    editor: Backend
    classifier: Backend
    corpus_sha256: str | None = None
    images_sha256: str | None = None
    screening: ScreeningRecord | None = None
    levels: tuple[SearchLevel, ...] = ()
    joint: tuple[TriedSet, ...] = ()
    unsaid: frozenset[str] = frozenset()

    @property
    def searched(self) -> int:
        """How many images the search used."""
        return self.images - len(self.held_out)

    @property
    def tried(self) -> dict[str, Tried | TriedSet]:
        """All that was tried, by candidate id."""
        singles = {one.candidate: one for level in self.levels for one in level.candidates}
        return {**singles, **{one.candidate: one for one in self.joint}}


def write_search(path: Path, document: SearchDocument) -> None:
    """Replace the file."""
    content = dataclasses.asdict(document)
    del content["unsaid"]
    write_document(path, SEARCH_SCHEMA, content)


def read_search(path: Path) -> SearchDocument:
    """Read the file, whoever wrote it; keys that nobody knows are left out.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is no such document, or a key is missing or of the wrong type.
    """
    content = read_document(path, SEARCH_SCHEMA)
    try:
        document: SearchDocument = _record(SearchDocument, content, "")
    except ValueError as error:
        raise UsageError(
            f"{path} lacks or garbles a key ({error}): run `diffex search --run {path.parent}` again"
        ) from error
    return dataclasses.replace(document, unsaid=frozenset(SETTINGS) - content.keys())


def _record(kind: type, content: object, place: str) -> Any:
    """A mapping as a dataclass.

    Args:
        place: of it in the document, for people.

    Raises:
        ValueError: it is none; the text names the key.
    """
    if not isinstance(content, Mapping):
        raise _wrong(place, "a mapping", content)
    values = {}
    for key, (type_, needed) in _keys(kind).items():
        value, name = content.get(key), f"{place}.{key}".lstrip(".")
        if value is not None:
            values[key] = _value(type_, value, name)
        elif needed:
            raise ValueError(f"{name} is missing")
    return kind(**values)


@functools.cache
def _keys(kind: type) -> dict[str, tuple[Any, bool]]:
    """A dataclass's keys, each with its type and whether it has to be there."""
    types = get_type_hints(kind)
    return {
        field.name: (types[field.name], field.default is field.default_factory is dataclasses.MISSING)
        for field in dataclasses.fields(kind)
        if field.name != "unsaid"
    }


def _value(kind: Any, value: object, place: str) -> Any:
    """A value as the type of a field has it."""
    if isinstance(kind, UnionType):  # with None
        return None if value is None else _value(get_args(kind)[0], value, place)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise _wrong(place, "a list", value)
        return tuple(_value(get_args(kind)[0], one, f"{place}[{i}]") for i, one in enumerate(value))
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise _wrong(place, " or ".join(get_args(kind)), value)
        return value
    if dataclasses.is_dataclass(kind):
        return _record(kind, value, place)  # type: ignore[arg-type]
    what, read = _SCALARS.get(kind, ("a mapping", _mapping))
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _wrong(place, what, value) from error


def _text(value: object) -> str:
    # a class may be called 1, or 2024-01-01
    if isinstance(value, bool) or not isinstance(value, str | int | float | datetime.date):
        raise TypeError
    return str(value)


def _float(value: object) -> float:
    # YAML takes 1e-3 for text, since it has no dot
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return float(value)


def _int(value: object) -> int:
    number = _float(value)
    if not number.is_integer():
        raise ValueError
    return value if isinstance(value, int) else int(number)


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    json.dumps(value, default=str)  # fails at one that holds itself
    return value


_SCALARS: Mapping[Any, tuple[str, Callable[[object], object]]] = {
    str: ("text", _text),
    float: ("a number", _float),
    int: ("a whole number", _int),
    bool: ("true or false", _bool),
}


def _wrong(place: str, wanted: str, value: object) -> ValueError:
    kinds: dict[type, str] = {dict: "a mapping", list: "a list"}
    found = repr(value[:40]) if isinstance(value, str) else kinds.get(type(value), type(value).__name__)
    return ValueError(f"{place}: {wanted} is expected, not {found}")
